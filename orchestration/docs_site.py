"""The site of the project's docs: every model, column, test and metric, lineage, the metric dictionary.

``python -m orchestration.docs_site`` (``make docs``) writes one file, ``build/docs/index.html``, that needs
no server and no network. Types and sizes are those of the warehouse as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from orchestration.lib.contract import PROJECT_DIR
from orchestration.terminal import shown

FOLDER = PROJECT_DIR / "build" / "docs"
OVERVIEW = """{{% docs __overview__ %}}
# Plumbline

The open warehouse that turns CRM, billing and HR tables into sales facts, scores, commissions, rankings and
grade moves, and closes the month on them, to the cent.

- **Models** lie under *Project*, *models*: `staging`, `intermediate`, `marts` (the public ones, with
  enforced contracts), `checks`. The policy tables are the seeds.
- **Metrics** and saved queries are those of the semantic layer; **exposures** are what leaves the
  warehouse.
- The round button at the lower right opens the lineage of whatever is shown.

{metrics}
{{% enddocs %}}
"""


def main() -> int:
    """Build the site. Returns dbt's exit code."""
    blocks = FOLDER / "blocks"
    blocks.mkdir(parents=True, exist_ok=True)
    metrics = (PROJECT_DIR / "docs" / "metrics.md").read_text(encoding="utf-8")
    (blocks / "overview.md").write_text(OVERVIEW.format(metrics=metrics), encoding="utf-8")
    target = FOLDER / "target"
    done = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "docs", "generate", "--static"],
        cwd=PROJECT_DIR,
        env={
            **os.environ,
            "PLUMBLINE_DOC_BLOCKS": str(blocks.relative_to(PROJECT_DIR)),
            "DBT_TARGET_PATH": str(target),
        },
        check=False,
    )
    if done.returncode == 0:
        shutil.copyfile(target / "static_index.html", FOLDER / "index.html")
        print(f"Open {shown(FOLDER / 'index.html')}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
