"""Tells people how a close or a refresh went: a line in the log, and a webhook where one is configured.

``PLUMBLINE_WEBHOOK`` is the address; it is a secret, so it is read from the environment and never logged.
What is sent is a JSON object with ``text``, which chat services show, and the facts beside it.
"""

from __future__ import annotations

import json
import logging
import os
import urllib.request
from urllib.error import URLError

LOG = logging.getLogger("plumbline")
ADDRESS = "PLUMBLINE_WEBHOOK"
SECONDS_TO_WAIT = 10


def notify(what: str, is_good: bool, **facts: str) -> bool:
    """Log what happened and send it; True where it was sent. What fails here never fails a close."""
    said = {"text": what, "state": "success" if is_good else "failure", **facts}
    LOG.log(logging.INFO if is_good else logging.ERROR, json.dumps(said, ensure_ascii=False))
    address = os.environ.get(ADDRESS)
    if not address:
        return False
    if not address.startswith(("http://", "https://")):
        LOG.warning("%s is not an http address: nothing was sent", ADDRESS)
        return False
    request = urllib.request.Request(
        address,
        json.dumps(said, ensure_ascii=False).encode(),
        {"Content-Type": "application/json; charset=utf-8"},
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS_TO_WAIT):
            return True
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        LOG.warning("the webhook could not be told: %s", reason)
        return False
