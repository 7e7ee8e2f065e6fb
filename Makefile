# Plumbline. `make` alone prints what there is to do.
SHELL := bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
SPARK_VENV := .venv-spark
SPARK_BIN := $(SPARK_VENV)/bin
BI_VENV := .venv-bi
BI_BIN := $(BI_VENV)/bin
.DEFAULT_GOAL := help
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DAGSTER_HOME ?= $(CURDIR)/.dagster

.PHONY: help setup close test lint spark demo docs faults ui bi test-bi example-adventureworks example-ravenstack lock clean

help: ## Print this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-24s %s\n", $$1, $$2}'

$(VENV)/.stamp: requirements.lock pyproject.toml
	@echo "Setting up $(VENV) (once; a minute or two)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(VENV)/.stamp ## Make the environment: locked dependencies with hashes

close: setup ## Close the last whole month (on the demo company where nothing is landed)
	@$(BIN)/plumbline close --demo-if-empty

demo: setup ## Land the demo company
	@$(BIN)/plumbline demo

test: setup ## Run every test: dbt's and Python's
	@$(BIN)/python -m pytest -n 2 --dist loadfile --max-worker-restart 0 --durations 15 -rs

lint: setup ## ruff, mypy, sqlfluff and the structure tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PLUMBLINE_WAREHOUSE=build/lint/plumbline.duckdb $(BIN)/sqlfluff lint --processes 2 models tests/dbt
	@$(BIN)/python -m pytest tests/python/test_structure.py

$(SPARK_VENV)/.stamp: requirements-spark.lock
	@echo "Setting up $(SPARK_VENV) (once; a few minutes)"
	@$(PYTHON) -m venv $(SPARK_VENV)
	@$(SPARK_BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-spark.lock
	@touch $@

spark: export PLUMBLINE_LANDING := build/spark/landing
spark: export PLUMBLINE_WAREHOUSE := build/spark/duckdb/plumbline.duckdb
spark: export PYTHONPATH := $(CURDIR)
# Two thousand statements over few rows: compiling them well takes longer than running them.
spark: export PLUMBLINE_SPARK_CODEGEN := false
spark: export PLUMBLINE_SPARK_JAVA_OPTIONS := -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m
spark: setup $(SPARK_VENV)/.stamp ## Close three months of the demo on a Spark cluster and on DuckDB, and compare every row
	@rm -rf build/spark
	@$(BIN)/plumbline demo
	@$(if $(SPARK_LAST_CLOSE_ONLY),,$(BIN)/plumbline close 2026-04 --known-at "2026-05-05 00:00:00")
	@$(if $(SPARK_LAST_CLOSE_ONLY),,$(BIN)/plumbline close 2026-05 --known-at "2026-06-05 00:00:00")
	@$(BIN)/plumbline close 2026-06
	@$(SPARK_BIN)/python -m orchestration.spark.build --cluster $(if $(SPARK_LAST_CLOSE_ONLY),,--unit-tests) \
		--close $(if $(SPARK_LAST_CLOSE_ONLY),,"2026-04@2026-05-05 00:00:00" "2026-05@2026-06-05 00:00:00") 2026-06
	@$(BIN)/python -m orchestration.spark.parity

faults: export PLUMBLINE_LANDING := build/faults/landing
faults: export PLUMBLINE_WAREHOUSE := build/faults/plumbline.duckdb
faults: setup ## Do to a closed demo what may happen to a warehouse (docs/reliability.md; hours)
	@rm -rf build/faults
	@$(BIN)/plumbline demo --months 36
	@$(BIN)/plumbline close
	@printf 'team_id,team_name,team_kind,parent_team_id,region,industry,dotted_line_manager_id,_loaded_at\nT-new,,,,,,,2026-08-02T00:00:00Z\n' \
		> build/faults/landing/hr/teams/july.csv
	@$(BIN)/python -m tests.python.faults build/faults

$(BI_VENV)/.stamp: requirements-bi.lock
	@echo "Setting up $(BI_VENV) (once; a few minutes)"
	@$(PYTHON) -m venv $(BI_VENV)
	@$(BI_BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-bi.lock
	@touch $@

bi: setup $(BI_VENV)/.stamp ## Publish, and open the dashboards on http://127.0.0.1:8088 (Superset; docs/dashboards.md)
	@$(BIN)/plumbline publish
	@$(BI_BIN)/python -m bi.start

test-bi: setup $(BI_VENV)/.stamp ## Open every dashboard in a headless Chromium, and hold its figures against SQL
	@$(BI_BIN)/python -m pytest tests/bi

docs: setup ## Build the docs site of what was built last: models, columns, lineage, metrics (build/docs/index.html)
	@$(BIN)/python -m orchestration.docs_site

ui: setup ## Open Dagster's web page on http://127.0.0.1:3000
	@mkdir -p "$(DAGSTER_HOME)" && cp orchestration/dagster.yaml "$(DAGSTER_HOME)/dagster.yaml"
	@$(BIN)/dbt parse --quiet
	@$(BIN)/dagster dev --host 127.0.0.1 --port 3000 -m orchestration.definitions

example-adventureworks: setup ## Build and close AdventureWorks, and print its table
	@$(BIN)/python -m examples.adventureworks.run

example-ravenstack: setup ## Build RavenStack, and print renewals, retention and response
	@$(BIN)/python -m examples.ravenstack.run

lock: ## Resolve requirements*.in into their lock files (needs uv)
	uv pip compile --generate-hashes --no-strip-extras --python-version 3.11 --no-header requirements.in -o requirements.lock
	uv pip compile --generate-hashes --no-strip-extras --python-version 3.11 --no-header requirements-spark.in -o requirements-spark.lock
	uv pip compile --generate-hashes --no-strip-extras --python-version 3.11 --no-header requirements-bi.in -o requirements-bi.lock

clean: ## Remove what was built; landing files and the warehouse stay
	rm -rf target logs .pytest_cache .ruff_cache .mypy_cache
