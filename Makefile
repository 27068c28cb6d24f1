# `make run` and `make test` are all a newcomer needs; both make the virtual environment by themselves.
PYTHON ?= python3
HOME_FOLDER ?= $(or $(TIDEWATCH_HOME),.tidewatch)
BIN := .venv/bin
NODE_TOOLS := build/azurite/node_modules/.bin/azurite

.PHONY: setup run test check fuzz crash-test format bench bench-peers clean-home node-tools

setup: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tidewatch needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[local,test]'
	@# The library behind Azure's newer Python workers: says it needs 3.13, works on 3.11.
	$(BIN)/pip install --quiet --disable-pip-version-check --ignore-requires-python --no-deps \
		'azure-functions-runtime==1.3.0' 'azurefunctions-extensions-base==1.2.0'
	@touch $@

run: setup
	$(BIN)/tidewatch demo --home $(HOME_FOLDER)

test: setup
	$(BIN)/pytest -n auto --dist loadfile

# What CI runs, in the order in which mistakes are cheapest to find.
check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/deptry .
	$(BIN)/pytest -n auto --dist loadfile

# Damaged files, for long: looks for a command or a function that ends in a traceback.
fuzz: setup
	$(BIN)/pytest --hypothesis-profile=long tests/commands/test_damaged_files.py tests/operations/test_damaged_blobs.py

# Workers killed, and their disks failed and filled, at every call that changes something; the power cut after each.
# Needs strace. What it proves, and how long it takes: docs/proof.md.
crash-test: setup
	@command -v strace >/dev/null || { echo 'strace is missing: install it (Debian: apt-get install strace)'; exit 1; }
	$(BIN)/pytest tests/crash --every-call -s -p no:logging

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Every figure of bench/README.md, about half an hour. QUICK=--quick for a few minutes' worth; make bench-NAME for one.
BENCHES := speed scaling accuracy false_alarms fleet power agreement estimation units diagnosis log storm
PEERS := evidently nannyml whylogs deepchecks alibi
QUICK ?=

bench: setup bench-peers
	$(MAKE) --no-print-directory --keep-going --jobs=1 $(BENCHES:%=bench-%)

# Nothing is multiplied there that would be worth a thread, and both cores have a process of their own.
bench-false_alarms bench-power: export OPENBLAS_NUM_THREADS := 1

bench-%: setup
	PYTHONPATH=. $(BIN)/python bench/$*.py $(QUICK)

# Each in an environment of its own: they need pandas < 3, or numpy < 2, and some cannot be shipped with us.
bench-peers: $(PEERS:%=build/peers/%/installed)

build/peers/%/installed: bench/peers/%.txt
	$(PYTHON) -m venv build/peers/$*
	build/peers/$*/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# Azurite lets the storage suites run on Azure's adapters too; without it they are skipped, except in CI.
node-tools: $(NODE_TOOLS)

$(NODE_TOOLS):
	npm install --silent --no-audit --no-fund --prefix build/azurite azurite@3.35.0

clean-home:
	rm -rf $(HOME_FOLDER)
