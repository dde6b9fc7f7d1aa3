# Two commands matter: `make demo` and `make test`. Each makes .venv and installs what it needs.

PYTHON ?= python3
# how many run tests at the same time; the tests of one file stay together
PROCESSES ?= 2
BIN := .venv/bin

.PHONY: demo test check test-long bench clean

demo: .venv/installed
	$(BIN)/cytomon demo --out demo

test: check .venv/system
	$(BIN)/python -m pytest -m "not long" -n $(PROCESSES) --dist loadfile

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

test-long: .venv/installed .venv/system
	$(BIN)/python -m pytest -m long

bench: .venv/installed
	$(BIN)/python -m tests.benchmarks.run

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "cytomon needs Python 3.11 or newer: make PYTHON=python3.11 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

.venv/system: .venv/installed .ci/system_packages
	@.ci/system_packages
	@touch $@

clean:
	rm -rf .venv .venv-* demo dist docs/_build

# what a release needs: wheel, sbom, licences, wheelhouse, audit, oldest, newest
include tests/packaging/release.mk
