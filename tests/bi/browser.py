"""A headless Chromium that remembers what the server answered it."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
PATIENCE = 120
# Only this machine is asked for anything.
ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1400,6000",
]  # fmt: skip


@dataclass
class Answer:
    """What the server said to a chart: its id, the status, and the rows of its first query."""

    chart: int
    status: int
    rows: list[dict[str, Any]]


@dataclass
class Page:
    """What a page asked for: answers to charts, and addresses on other machines that were asked."""

    answers: dict[int, Answer] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)


class Browser:
    """One person's browser."""

    def __init__(self, url: str) -> None:
        options = webdriver.ChromeOptions()
        for argument in ARGUMENTS:
            options.add_argument(argument)
        options.binary_location = str(CHROMIUM)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
        self.url = url
        self.driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
        self.driver.set_script_timeout(PATIENCE)

    def login(self, name: str, password: str) -> None:
        """Log in by the form. Raises ``RuntimeError`` where that does not come to be.

        The login page tells the server that it was opened, and the answer to that carries a new session,
        whose token is not the form's. A form that is sent before it comes is refused.
        """
        wait = WebDriverWait(self.driver, PATIENCE)
        for _ in range(5):
            self.driver.get(f"{self.url}/login/")
            [field] = wait.until(lambda driver: driver.find_elements(By.ID, "username"))
            field.send_keys(name)
            self.driver.find_element(By.ID, "password").send_keys(password)
            self.driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
            wait.until(staleness_of(field))
            status, _ = self.api("/api/v1/me/")
            if status == 200:
                return
        raise RuntimeError(f"{name} is not logged in")

    def api(self, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON of a call that this person's browser makes."""
        found = self.driver.execute_async_script(
            """
            const [path, body, done] = arguments;
            const token = async () => (await (await fetch('/api/v1/security/csrf_token/')).json()).result;
            (async () => {
              const options = body === null ? {} : {method: 'POST', body: JSON.stringify(body),
                headers: {'Content-Type': 'application/json', 'X-CSRFToken': await token()}};
              const answer = await fetch(path, options);
              const text = await answer.text();
              let said; try { said = JSON.parse(text); } catch { said = text; }
              done([answer.status, said]);
            })().catch(error => done([0, String(error)]));
            """,
            path, body,
        )  # fmt: skip
        return int(found[0]), found[1]

    def open(self, slug: str, charts: int) -> Page:
        """Open a dashboard and wait until so many charts have their rows, and nothing loads any more."""
        self.driver.get_log("performance")
        self.driver.get(f"{self.url}/superset/dashboard/{slug}/")
        page, deadline = Page(), time.monotonic() + PATIENCE
        asked: dict[str, int] = {}
        while time.monotonic() < deadline:
            time.sleep(1)
            for event in self._events():
                self._note(event, page, asked)
            if len(page.answers) >= charts and not asked and not self._loading():
                time.sleep(1)
                return page
        raise TimeoutError(f"{slug}: {len(page.answers)} of {charts} charts answered")

    def _loading(self) -> list[Any]:
        return self.driver.find_elements(By.CSS_SELECTOR, "[data-test=loading-indicator], .loading")

    def _events(self) -> Iterator[dict[str, Any]]:
        for entry in self.driver.get_log("performance"):
            yield json.loads(entry["message"])["message"]

    def _note(self, event: dict[str, Any], page: Page, asked: dict[str, int]) -> None:
        method, said = event["method"], event["params"]
        if method == "Network.requestWillBeSent":
            address = said["request"]["url"]
            if address.startswith("http") and not address.startswith(self.url):
                page.elsewhere[said["requestId"]] = address
            form = re.search(r"/api/v1/chart/data\?form_data=%7B%22slice_id%22%3A(\d+)%7D", address)
            if form:
                asked[said["requestId"]] = int(form[1])
        elif method == "Network.loadingFailed" and said["requestId"] in page.elsewhere:
            if said.get("blockedReason") == "csp":
                del page.elsewhere[said["requestId"]]
        elif method == "Network.responseReceived" and said["requestId"] in asked:
            page.answers[asked[said["requestId"]]] = Answer(
                asked[said["requestId"]], said["response"]["status"], []
            )
        elif method == "Network.loadingFinished" and said["requestId"] in asked:
            chart = asked.pop(said["requestId"])
            body = self.driver.execute_cdp_cmd(
                "Network.getResponseBody", {"requestId": said["requestId"]}
            )["body"]
            if page.answers[chart].status == 200:
                page.answers[chart].rows = json.loads(body)["result"][0]["data"]
