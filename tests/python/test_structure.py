"""The shape of the dbt project, read off its manifest and its files."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

from orchestration.lib.contract import PROJECT_DIR, landing_tables
from orchestration.lib.landed_again import is_looked_up

PREFIXES = {
    "staging": ("stg_", "base_"),
    "intermediate": ("int_",),
    "marts": ("dim_", "fct_"),
    "checks": ("chk_",),
}
MODELS = PROJECT_DIR / "models"


def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    found = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert len(found) > 50
    return found


def layer(node: dict[str, Any]) -> str:
    return str(node["fqn"][1])


def test_layers_read_only_what_lies_before_them(manifest: dict[str, Any]) -> None:
    """Sources and seeds feed staging; staging never reads later layers; only their count reads checks."""
    for node in models(manifest):
        for parent_id in node["depends_on"]["nodes"]:
            kind = parent_id.split(".")[0]
            if kind == "source":
                is_python = parent_id.split(".")[2] in ("orchestration", "landing_log")
                # These count the landed rows where they lie.
                counts = node["name"] in (
                    "int_landing_tables", "int_landed_fates", "int_fates_without_months",
                    "int_stages_without_deal",
                )  # fmt: skip
                assert layer(node) == "staging" or is_python or counts, (node["name"], parent_id)
            elif kind == "model":
                parent = manifest["nodes"][parent_id]
                if layer(node) == "staging":
                    assert layer(parent) == "staging", (node["name"], parent["name"])
                if node["name"] != "fct_findings":
                    assert layer(parent) != "checks", (node["name"], parent["name"])


def test_findings_are_counted_of_every_check(manifest: dict[str, Any]) -> None:
    checks = {node["unique_id"] for node in models(manifest) if layer(node) == "checks"}
    counted = manifest["nodes"]["model.plumbline.fct_findings"]["depends_on"]["nodes"]
    assert set(counted) - {"seed.plumbline.policy_close_gates"} == checks
    areas = {manifest["nodes"][name]["fqn"][2] for name in checks}
    text = (MODELS / "marts" / "findings" / "fct_findings.sql").read_text()
    assert set(re.findall(r"^    '(\w+)': \[", text, re.MULTILINE)) == areas


def test_models_are_named_after_their_layer(manifest: dict[str, Any]) -> None:
    for node in models(manifest):
        assert node["name"].startswith(PREFIXES[layer(node)]), node["name"]
        if node["name"].startswith("stg_"):
            assert node["name"].startswith(f"stg_{node['fqn'][2]}__"), node["name"]


def test_every_model_has_one_yaml_beside_it(manifest: dict[str, Any]) -> None:
    for node in models(manifest):
        path = PROJECT_DIR / node["original_file_path"]
        assert path.with_suffix(".yml").exists(), node["name"]
        assert (
            node["patch_path"]
            == f"plumbline://{Path(node['original_file_path']).with_suffix('.yml')}"
        )
        assert "One row" in node["description"], node["name"]
        assert all(column["description"] for column in node["columns"].values()), node["name"]


def test_marts_are_public_and_keep_a_contract(manifest: dict[str, Any]) -> None:
    for node in models(manifest):
        if layer(node) == "marts":
            assert node["access"] == "public", node["name"]
            assert node["contract"]["enforced"], node["name"]


def test_every_model_has_a_key_and_every_check_warns_when_it_finds_something(
    manifest: dict[str, Any],
) -> None:
    tested: dict[str, set[str]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("attached_node"):
            name = node["test_metadata"]["name"]
            tested.setdefault(node["attached_node"], set()).add(name)
            if name == "is_empty":
                assert node["config"]["severity"].lower() == "warn"
    for node in models(manifest):
        tests = tested.get(node["unique_id"], set())
        if layer(node) == "checks":
            assert "is_empty" in tests, node["name"]
        elif node["config"]["materialized"] == "ephemeral":
            pass  # part of the model that reads it, whose key is tested
        elif (
            node["name"] in ("fct_pay_explanations", "int_sold_transactions")
            or "measure_rows" in node["name"]
        ):
            # Each row is one of another model, whose key is tested, or one that was landed.
            assert node["config"]["materialized"] == "view"
        elif not node["name"].startswith(("base_", "stg_policy__")):
            assert "primary_key" in tests, node["name"]


def test_what_rests_reads_only_what_tells_of_its_changes(manifest: dict[str, Any]) -> None:
    """Landing tables and plans do, and models that do: a table that Python or a close writes does not."""
    tells = {"by_month", "compared"}
    seen_through = {"view", "table", "ephemeral", "when_changed"}

    def silent(unique_id: str) -> set[str]:
        found = set()
        for parent in manifest["nodes"][unique_id]["depends_on"]["nodes"]:
            if parent.startswith("source."):
                source = manifest["sources"][parent]
                if f"{source['source_name']}.{source['name']}" not in landing_tables():
                    found.add(parent)
            elif parent.startswith("model."):
                kind = manifest["nodes"][parent]["config"]["materialized"]
                if kind in seen_through:
                    found |= silent(parent)
                elif kind not in tells:
                    found.add(parent)
            elif not parent.startswith("seed."):
                found.add(parent)
        return found

    resting = [
        node["unique_id"]
        for node in models(manifest)
        if node["config"]["materialized"] in ("compared", "when_changed")
    ]
    assert len(resting) > 20
    assert {name: silent(name) for name in resting if silent(name)} == {}
    assert silent("model.plumbline.fct_grade_decisions")


def told_of(manifest: dict[str, Any], unique_id: str) -> set[str]:
    """What tells a model of changes: landing tables, and models that record their own."""
    found = set()
    for parent in manifest["nodes"][unique_id]["depends_on"]["nodes"]:
        if parent.startswith("source."):
            source = manifest["sources"][parent]
            found.add(f"{source['source_name']}.{source['name']}")
        elif parent.startswith("model."):
            node = manifest["nodes"][parent]
            tells = node["config"]["materialized"] in ("by_month", "compared")
            found |= {node["name"]} if tells else told_of(manifest, parent)
    return found


def test_what_reaches_other_months_is_something_that_the_model_is_told_of(
    manifest: dict[str, Any],
) -> None:
    """A name that nothing is told by would leave the months that it means as they were."""
    told_as = {rule.told_as for table in landing_tables().values() for rule in table.months}
    kept = 0
    for node in models(manifest):
        config = node["config"]
        others = set(config.get("changes_of", []))
        assert others <= {*landing_tables(), *told_as}, node["name"]
        reaching = set(config.get("reach", {}))
        assert reaching <= told_of(manifest, node["unique_id"]) | others, node["name"]
        kept += len(reaching)
    assert kept > 20


def test_what_reaches_nothing_is_told_by_other_names_of_all_that_it_is_made_from(
    manifest: dict[str, Any],
) -> None:
    kept = 0
    for node in models(manifest):
        others = node["config"].get("changes_of", [])
        for reaching, kind in node["config"].get("reach", {}).items():
            if kind == "nothing":
                landed = told_of(manifest, f"model.plumbline.{reaching}")
                named = {other.rpartition(".")[0] for other in others}
                assert landed <= named, (node["name"], reaching)
                kept += 1
    assert kept > 3


def test_the_ledger_and_the_closes_are_safe_from_full_refresh(manifest: dict[str, Any]) -> None:
    for name in ("fct_pay_ledger", "fct_closes"):
        config = manifest["nodes"][f"model.plumbline.{name}"]["config"]
        assert config["full_refresh"] is False
        assert config["incremental_strategy"] == "append"
        assert config["on_schema_change"] == "fail"


def test_staging_ranks_versions_by_the_contracts_key_and_every_other_column() -> None:
    """Else two versions loaded together would be told apart by file order."""
    ranked = re.compile(r"version_rank\(\s*key=\[(.*?)\],\s*then_by=\[(.*?)\],\s*\)", re.DOTALL)
    by_month = re.compile(
        r"ranked_versions\(\s*ref\('base_\w+'\),\s*key=('\w+'),\s*inside=in_months(?:_utc)?\('\w+'\),"
        r"\s*then_by=\[(.*?)\],\s*\)",
        re.DOTALL,
    )
    grouped = re.compile(r"group by (.+)\n    having not {{ is_newest_deleted\(")
    for table in landing_tables().values():
        path = MODELS / "staging" / table.system / f"stg_{table.system}__{table.name}.sql"
        text = path.read_text()
        if all_of_it := grouped.search(text):
            key, others = all_of_it[1].split(", "), []
        else:
            found = ranked.search(text) or by_month.search(text)
            assert found, path
            key, others = (re.findall(r"'(\w+)'", part) for part in found.groups())
        assert tuple(key) == table.key, path
        contract = set(table.column_names) - {"_loaded_at", "_deleted"} - set(table.key)
        assert set(others) == contract, path


def test_what_became_of_landed_rows_is_counted_of_every_table_by_its_kind(
    manifest: dict[str, Any],
) -> None:
    """Of tables in months from what was written down when they were landed, of the others by their keys."""

    def counted_by(model: str) -> set[str]:
        parents = manifest["nodes"][f"model.plumbline.{model}"]["depends_on"]["nodes"]
        sources = (parent.split(".") for parent in parents if parent.startswith("source."))
        return {f"{system}.{name}" for _, _, system, name in sources}

    in_months = {name for name, table in landing_tables().items() if is_looked_up(table)}
    assert counted_by("int_landing_tables") == set(landing_tables())
    assert counted_by("int_landed_fates") == in_months
    assert counted_by("int_fates_without_months") == set(landing_tables()) - in_months


def test_no_number_of_a_rule_stands_in_a_model() -> None:
    number = re.compile(r"(?<![\w.])0\.\d+(?!\d)")
    for path in [*MODELS.rglob("*.sql"), *(PROJECT_DIR / "macros").rglob("*.sql")]:
        text = re.sub(r"{#.*?#}|--[^\n]*", "", path.read_text(), flags=re.DOTALL)
        # 0.0001 is the unit of the fourth place, in which money is kept.
        assert [found for found in number.findall(text) if found != "0.0001"] == [], path


def test_models_stay_short() -> None:
    for path in MODELS.rglob("*.sql"):
        if path.name == "int_landing_tables.sql":
            continue
        assert len(path.read_text().splitlines()) <= 131, path


def test_no_one_engine_word_stands_in_a_model() -> None:
    """DuckDB's own words live in dispatched macros, so that Spark can run every model."""
    words = re.compile(
        r"\b(qualify|asof|generate_series|union all by name|filter\s*\(\s*where|hugeint|list_|struct_pack"
        r"|using\s*\(|exclude\s*\(|group by all|order by all|::)\b",
        re.IGNORECASE,
    )
    for path in MODELS.rglob("*.sql"):
        text = re.sub(r"{#.*?#}|--[^\n]*", "", path.read_text(), flags=re.DOTALL)
        assert not words.search(text), (path, words.search(text))


def test_every_engine_word_has_a_variant_for_the_other_engine() -> None:
    text = "".join(path.read_text() for path in (PROJECT_DIR / "macros").rglob("*.sql"))
    variants = set(re.findall(r"{% macro (\w+?__\w+)", text))
    names = {name.removeprefix("duckdb__") for name in variants if name.startswith("duckdb__")}
    assert len(names) > 5
    missing = {name for name in names if not {f"spark__{name}", f"default__{name}"} & variants}
    assert not missing
    materialized = re.findall(r"{% materialization (\w+), adapter='(\w+)'", text)
    assert {name for name, engine in materialized if engine == "duckdb"} == {
        name for name, engine in materialized if engine == "spark"
    }


def test_the_metric_dictionary_has_every_measure_as_the_plan_has_it() -> None:
    with (PROJECT_DIR / "seeds" / "policy" / "policy_measures.csv").open(encoding="utf-8") as file:
        planned = list(csv.DictReader(file))
    lines = (PROJECT_DIR / "docs" / "metrics.md").read_text(encoding="utf-8").splitlines()
    rows = {
        cells[0].strip("`"): cells
        for line in lines
        if line.startswith("| `")
        and (cells := [cell.strip() for cell in line.strip("|").split("|")])
    }
    assert rows.keys() == {row["measure"] for row in planned}
    for row in planned:
        cells = rows[row["measure"]]
        assert len(cells) == 11 and all(cells), row["measure"]
        assert cells[1:3] == [row["measure_name"], row["measure_name_zh"]]
        assert (cells[5] == "—") == (row["has_denominator"] == "false"), row["measure"]
        assert cells[6] == row["unit"]
        assert cells[7].split(",")[0] == row["direction"].removesuffix("_is_better")
        assert ("monitor-only" in cells[7]) == (row["is_monitor_only"] == "true")
        assert re.fullmatch(r"S\d-\d\d(, S\d-\d\d)*", cells[8]), row["measure"]


def test_every_rule_of_measures_scores_and_grades_names_its_models_and_its_tests(
    manifest: dict[str, Any],
) -> None:
    rules = {}
    for line in (PROJECT_DIR / "docs" / "rules.md").read_text(encoding="utf-8").splitlines():
        found = re.fullmatch(r"\| (S\d-\d\d) \| [^|]+ \| ([^|]+) \| ([^|]+) \|", line)
        if found:
            rules[found[1]] = [re.findall(r"`(\w+)`", part) for part in found.groups()[1:]]
    assert len(rules) > 20
    dictionary = (PROJECT_DIR / "docs" / "metrics.md").read_text(encoding="utf-8")
    cited = set(re.findall(r"\bS\d-\d\d\b", dictionary))
    assert cited <= rules.keys(), cited - rules.keys()
    # a unit test that says in its name which rule it is about is listed there
    named = {node["name"]: node for node in manifest["unit_tests"].values()}
    written = {
        name
        for path in (PROJECT_DIR / "tests" / "python").glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    listed = {name for _, tests in rules.values() for name in tests}
    for name in named:
        ids = [f"S{first}-{second}" for first, second in re.findall(r"_s(\d)_(\d\d)", name)]
        assert not set(ids) & rules.keys() or name in listed, name
    known = {node["name"] for node in models(manifest)}
    for rule, (its_models, its_tests) in rules.items():
        assert its_models and set(its_models) <= known, (rule, set(its_models) - known)
        missing = set(its_tests) - named.keys() - written
        assert its_tests and not missing, (rule, missing)


def test_every_check_has_a_page_with_its_evidence_and_what_to_do(manifest: dict[str, Any]) -> None:
    text = (PROJECT_DIR / "docs" / "checks.md").read_text(encoding="utf-8")
    pages = {page.split("\n", 1)[0]: page for page in text.split("\n## ")[1:]}
    checks = {node["name"]: node for node in models(manifest) if layer(node) == "checks"}
    assert pages.keys() == checks.keys()
    for name, page in pages.items():
        assert "What to do:" in page, name
        assert all(f"`{column}`" in page for column in checks[name]["columns"]), name
