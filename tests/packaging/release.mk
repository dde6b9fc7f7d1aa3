# What a release needs, in the order of CONTRIBUTING.md. Read by the Makefile.

PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# what a wheel house holds beside what is required
EXTRAS ?= distributed,fhir,gui,pdf,postgres
# of which kind of machine: win_amd64, or empty for this one
PLATFORM ?=
# what tests need beside the libraries they are about, and which are run on other versions of these
TEST_TOOLS := 'fcsparser<0.2.5' hypothesis pypdf pytest pytest-timeout pytest-xdist statsmodels
BOUNDS_TESTS := tests/fcs tests/gating tests/measure tests/store tests/track tests/cohort \
  tests/cluster tests/test_batch.py tests/test_tables.py tests/test_worklist.py

.PHONY: wheel sbom licences wheelhouse audit oldest newest

wheel: .venv/installed
	rm -f dist/cytomon-*.whl
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

sbom: .venv/installed
	mkdir -p dist
	$(BIN)/python -m tests.packaging.sbom dist/cytomon.cdx.json

licences: .venv/installed
	$(BIN)/python -m tests.packaging.licences

# everything that a machine without internet installs, in dist/wheelhouse
wheelhouse: wheel
	rm -rf dist/wheelhouse
	$(PIP) wheel -c constraints.txt --wheel-dir dist/wheelhouse "$$(echo dist/cytomon-*.whl)[$(EXTRAS)]"
ifneq ($(PLATFORM),)
	$(BIN)/python -m tests.packaging.wheelhouse $(PLATFORM) dist/wheelhouse > dist/to_fetch.txt
	$(PIP) download --no-deps --only-binary=:all: --platform $(PLATFORM) \
	  --dest dist/wheelhouse -r dist/to_fetch.txt
endif

# are vulnerabilities known of what is in constraints.txt; asks a service on the internet, and
# fails where that cannot answer for every one of them
audit:
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	.venv-audit/bin/pip-audit --strict --no-deps --disable-pip -r constraints.txt

# the tests on the oldest libraries that are allowed, and on the newest there are
oldest: .venv/installed
	mkdir -p dist
	$(BIN)/python -m tests.packaging.bounds > dist/oldest.txt
	$(call test_with,.venv-oldest,-c dist/oldest.txt)

newest:
	$(call test_with,.venv-newest,)

define test_with
	rm -rf $(1)
	$(PYTHON) -m venv $(1)
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check $(2) \
	  -e '.[$(EXTRAS)]' $(TEST_TOOLS)
	$(1)/bin/python -m pytest -m "not long" -W default -n $(PROCESSES) --dist loadfile $(BOUNDS_TESTS)
endef
