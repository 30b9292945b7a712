# Everything that a person does here. `make` alone lists it.
PYTHON ?= python3
BIN := .venv/bin

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

setup: .venv/ready ## Create .venv with the pinned versions

demo: setup ## Run the main job, live, on an embedded Plex
	$(BIN)/python -m tests.demo

test: setup ## Run all tests
	$(BIN)/pytest -q -n 2 --dist loadfile

format: setup ## Format the code
	$(BIN)/ruff format .

check: setup ## Everything that must hold before a commit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n 2 --dist loadfile

screenshots: setup ## Take the README's pictures of the Prefect UI anew
	PLEXBAYES_SCREENSHOTS=docs $(BIN)/pytest -q tests/flows/test_browser.py

bench-quality: setup ## Compare the models on real libraries with known figures
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.quality $(LIBRARIES)

bench-speed: setup ## Time the models on a library of a million tracks
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.speed

.PHONY: help setup demo test format check screenshots bench-quality bench-speed
