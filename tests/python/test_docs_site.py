"""The docs site: one file, with the metric dictionary, that loads nothing from elsewhere."""

from __future__ import annotations

import json
import re
import sys

from orchestration.docs_site import FOLDER
from tests.python.conftest import Company

# The page has its content as JSON.
ZH = json.dumps("客户拜访量").strip('"')


def test_the_site_is_one_file_with_models_columns_and_metrics(closed_demo: Company) -> None:
    done = closed_demo.run(sys.executable, "-m", "orchestration.docs_site")
    assert done.returncode == 0, done.stdout + done.stderr
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    for word in ("# Metric dictionary", ZH, "fct_pay_ledger", "amount_renewal_rate"):
        assert word in page, word
    # types are of the warehouse as it is
    assert "DECIMAL(18,4)" in page
    loaded = re.findall(r"<(?:script|img|iframe)[^>]+src=[\"']?(https?:[^\"'> ]+)", page)
    loaded += re.findall(r"<link[^>]+rel=.?stylesheet[^>]+href=[\"']?(https?:[^\"'> ]+)", page)
    assert loaded == []
    assert '"send_anonymous_usage_stats": false' in page
