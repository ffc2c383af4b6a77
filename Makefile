.DEFAULT_GOAL := help
PYTHON ?= python3
ENVIRONMENT := .venv
BIN := $(ENVIRONMENT)/bin
INSTALLED := $(ENVIRONMENT)/.installed
DEMO := demo
DATA ?= ../shared/data
SOURCES = $(DATA)/navoneel $(DATA)/br35h
MASKS = $(DATA)/br35h/annotations.json
MODEL := dist/model
CROSSVAL := results/default/both
MODEL_LIMIT_KB := 10240

# Or each of the many processes of the tests compiles all modules anew.
unexport PYTHONDONTWRITEBYTECODE
# A worker for each core. The tests of a file share what they make, so one worker has them all.
PYTEST = $(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder
# What never loads TensorFlow, which takes longer than all of it.
QUICK = tests/architecture tests/unit src/tumorscope \
    $(addprefix --ignore=,tests/unit/model tests/unit/training \
    src/tumorscope/model src/tumorscope/training)
# What measures seconds runs while nothing else does.
TIMING := tests/timing
LEAST_COVERAGE := 97

.PHONY: help demo test quick coverage check results model package-model lock clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/'

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(ENVIRONMENT)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(INSTALLED) ## Train, explain and test a model on synthetic slices
	rm -rf $(DEMO)
	$(BIN)/tumorscope phantom $(DEMO)/slices --count 600 --seed 0
	$(BIN)/tumorscope phantom $(DEMO)/held-out --count 200 --seed 1
	$(BIN)/tumorscope train $(DEMO)/slices --backbone efficientnetlite0 --out $(DEMO)/run
	@echo
	@echo "On 200 synthetic slices that the training has not seen:"
	$(BIN)/tumorscope evaluate $(DEMO)/run $(DEMO)/held-out --out $(DEMO)/held-out-evaluation
	@echo
	@echo "Report: $(CURDIR)/$(DEMO)/run/report.html"

test: $(INSTALLED) ## Run the tests, all of them
	$(PYTEST) --ignore $(TIMING)
	$(BIN)/pytest $(TIMING)

quick: $(INSTALLED) ## Run, in a minute, the tests that are wanted after each edit
	$(PYTEST) -m 'not slow' $(QUICK)

coverage: $(INSTALLED) ## Run the tests and say which lines and branches none of them reaches
	$(PYTEST) --cov --cov-report term-missing --cov-fail-under $(LEAST_COVERAGE)

check: $(INSTALLED) ## Run linter, formatter, types, layers and tests in place
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

results: $(INSTALLED) ## Cross-validate on the public datasets and write the tables of the docs
	$(BIN)/python -m benchmarks.accuracy.default
	$(BIN)/python -m benchmarks.accuracy.results
	$(BIN)/python -m benchmarks.accuracy.experiments
	$(BIN)/python -m benchmarks.accuracy.outlines

model: $(INSTALLED) ## Train the model to hand on: all slices of DATA, cross-validated figures
	$(BIN)/tumorscope crossval $(SOURCES) --masks $(MASKS) --backbone efficientnetlite0 --set seed=3 \
	    --folds 5 --repeats 2 --jobs 2 --resume --out $(CROSSVAL)
	$(BIN)/tumorscope train $(SOURCES) --masks $(MASKS) --backbone efficientnetlite0 --set seed=3 \
	    --crossval $(CROSSVAL) --resume --out dist/run
	$(BIN)/python -c "from pathlib import Path; \
	    from tumorscope.artifact.distribution import copy_for_prediction; \
	    copy_for_prediction(Path('dist/run'), Path('$(MODEL)'))"
	@size=$$(du -sk $(MODEL) | cut -f1); \
	    echo "$(MODEL): $$size KB, of at most $(MODEL_LIMIT_KB)"; \
	    test $$size -le $(MODEL_LIMIT_KB)

package-model: model ## Put that model into the package
	rm -rf src/tumorscope/models/default
	$(BIN)/python -c "from pathlib import Path; \
	    from tumorscope.artifact.distribution import copy_for_prediction; \
	    about = Path('src/tumorscope/models/ABOUT.md').read_text('utf-8'); \
	    copy_for_prediction(Path('dist/run'), Path('src/tumorscope/models/default'), about)"

lock: $(INSTALLED) ## Choose the newest versions that fit and write them to constraints.txt
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-annotate \
	    --upgrade --no-emit-index-url --output-file constraints.txt pyproject.toml

clean: ## Remove the environment and the demo
	rm -rf $(ENVIRONMENT) $(DEMO)
