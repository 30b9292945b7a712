# Everything that a person does here. `make` alone lists it.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 3

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

setup: .venv/ready ## Create .venv with the pinned versions

demo: setup ## Run the main job on an embedded Plex: plainly, and as a Prefect flow
	$(BIN)/python -m tests.demo

# Hundreds of commands are started: where Python writes no .pyc, each would compile.
compiled: setup
	@$(BIN)/python -m compileall -q engine tasks flows tests

test: compiled ## Run the tests that need no server and no browser
	$(BIN)/pytest -q -n $(WORKERS) --dist loadscope --no-loadscope-reorder

test-system: compiled ## Run those with Prefect, PostgreSQL and a browser
	$(BIN)/pytest -q -n $(WORKERS) --dist loadscope --no-loadscope-reorder -m "system and not long"

test-all: compiled ## Run all, the longest ones, too
	$(BIN)/pytest -q -n $(WORKERS) --dist loadscope --no-loadscope-reorder -m ''

# Every other supported Python that pyenv has here; PYTHONS="..." names others.
PYTHONS ?= $(wildcard $(HOME)/.pyenv/versions/3.1[2-4].*/bin/python3)

test-pythons: ## Run most tests with every other Python at hand
	@for python in $(PYTHONS); do \
	  $$python --version && $$python -m venv .venv-other && \
	  .venv-other/bin/pip install --quiet --constraint constraints.txt '.[dev]' && \
	  .venv-other/bin/pytest -q -n 2 tests/engine tests/tasks tests/simulator \
	    tests/flows/test_command_line.py tests/flows/test_surroundings.py \
	    tests/flows/test_interrupts.py || exit 1; \
	  rm -rf .venv-other; \
	done

test-hierarchical: setup ## Tell the stories of the command with the other model
	PLEXBAYES_MODEL=hierarchical $(BIN)/pytest -q -n 3 --dist loadscope --no-loadscope-reorder -m '' \
	  tests/flows tests/crash_matrix/test_crash.py --ignore tests/flows/test_model.py

format: setup ## Format the code
	$(BIN)/ruff format .

check: compiled ## Everything that must hold before a commit
	$(BIN)/ruff format --check --no-cache .
	$(BIN)/ruff check --no-cache .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test
	$(MAKE) test-system

bench: setup ## Race against a per-item script, and see how time grows (QUICK=1: 2 min)
	$(BIN)/python -m tests.benchmarks.race
	$(BIN)/python -m tests.benchmarks.scale
	$(BIN)/python -m tests.benchmarks.tagging
	$(BIN)/python -m tests.benchmarks.report

screenshots: setup ## Take the README's pictures of the Prefect UI anew
	PLEXBAYES_SCREENSHOTS=docs $(BIN)/pytest -q tests/flows/test_browser.py

bench-quality: setup ## Compare the models on real libraries with known figures
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.quality $(LIBRARIES)

bench-asking: setup ## Ask for ratings by the rule and at random: which guesses are closer?
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.asking $(LIBRARIES)

picture: setup ## Draw docs/gains.svg from real libraries
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.gains ../shared/libraries docs/gains.svg

bench-speed: setup ## Time the models on a library of a million tracks
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.speed

bench-files: setup ## Count the files of ours whose functions a run calls (NAMES=--names)
	$(BIN)/python -m tests.benchmarks.files $(NAMES)

bench-workers: setup ## Lose a machine in mid-write, and see another one finish
	$(BIN)/pytest -q tests/benchmarks/lost_machine.py

SECONDS_EACH ?= 60

fuzz: setup ## Throw odd files and answers at the program, a minute for each kind
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,fuzz]'
	for door in config state xml csv; do for how in bytes words; do \
	  $(BIN)/python -m tests.fuzzing $$door $$how $(SECONDS_EACH) || exit 1; \
	done; done

audit: setup ## Check pinned dependencies against public vulnerability databases (needs the network)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,audit]'
	$(BIN)/pip-audit --requirement constraints.txt --no-deps --disable-pip

bench-crash: setup ## Kill runs at every request: is anything lost or left?
	$(BIN)/python -m tests.benchmarks.crash
	$(BIN)/python -m tests.benchmarks.crash --every 5 --command-every 51 --ignored-filters all

FIRST ?= 0
SEEDS ?= 500

simulate: setup ## Live whole lives in virtual time, whatever happens (FIRST=0 SEEDS=500)
	PYTHONHASHSEED=0 $(BIN)/python -m tests.lives --first $(FIRST) --seeds $(SEEDS)

bench-soak: setup ## Run fifty times in a row: does the record stay small?
	$(BIN)/python -m tests.benchmarks.soak

RUNS ?= 300
MINUTES ?= 10

bench-retention: setup ## Keep runs for minutes: do Prefect's files stay small? (RUNS=40 MINUTES=3)
	$(BIN)/python -m tests.benchmarks.retention $(RUNS) $(MINUTES)

bench-outage: setup ## Kill Plex in mid-run for half a minute
	$(BIN)/python -m tests.benchmarks.outage

.PHONY: help setup compiled demo test test-system test-all test-pythons test-hierarchical format check screenshots fuzz audit picture
.PHONY: bench bench-quality bench-asking bench-speed bench-crash bench-soak bench-outage
.PHONY: bench-workers bench-retention bench-files
