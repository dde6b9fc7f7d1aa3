# Two commands matter: `make demo` and `make test`. Each makes .venv and installs what it needs.

PYTHON ?= python3
# how many run tests at the same time; the tests of one file stay together
PROCESSES ?= 2
BIN := .venv/bin

.PHONY: demo test check test-long bench fuzz clean

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

# attacks every way in, for so many seconds each; what is found lies in fuzz (CONTRIBUTING.md)
FUZZ_SECONDS ?= 60
fuzz: .venv/installed
	$(BIN)/python -m tests.fuzz.run --seconds $(FUZZ_SECONDS) --work fuzz

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
	rm -rf .venv .venv-* demo dist fuzz docs/_build

# what a release needs: wheel, sbom, licences, wheelhouse, audit, oldest, newest
include tests/packaging/release.mk
