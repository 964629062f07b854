# Every target sets itself up. PYTHON chooses the interpreter, ARGS goes to the command.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help install up test cover check bench bench-sync bench-graphql bench-webhooks bench-live bench-categories train-categories bench-corpus bench-statements bench-matching bench-reconciling generate

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

install: $(INSTALLED) ## Make .venv with the bankfeeds command in it

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Bankfeeds needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + "; say make PYTHON=python3.12, for example")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

up: $(INSTALLED) ## Run everything here: Postgres, Valkey, API, worker, demo (ARGS="--port 8000 --json")
	@$(BIN)/bankfeeds up $(ARGS)

test: $(INSTALLED) ## Run every test (ARGS="-k money")
	@$(BIN)/pytest --numprocesses auto $(ARGS)

cover: $(INSTALLED) ## Run every test and say which lines and branches none ran
	@$(BIN)/coverage erase
	@$(BIN)/pytest --numprocesses auto --cov --cov-report=term $(ARGS)

check: $(INSTALLED) ## Lint, check format, types, layers, SQL, dependencies and habits of security
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --disable-progress-bar supabase/migrations sql db
	$(BIN)/deptry .
	$(BIN)/bandit -q -ll -c pyproject.toml -r .

bench: $(INSTALLED) ## Measure parsing and importing of large statements (ARGS="--quick")
	@$(BIN)/python bench/run.py $(ARGS)

bench-sync: $(INSTALLED) ## Measure syncs with the simulated Plaid (ARGS="--quick")
	@$(BIN)/python bench/sync.py $(ARGS)

bench-graphql: $(INSTALLED) ## Measure GraphQL reads beside PostGraphile (ARGS="--quick")
	@$(BIN)/python bench/graphql/run.py $(ARGS)

bench-webhooks: $(INSTALLED) ## Measure how soon webhooks are answered with the queue down (ARGS="--quick")
	@PYTHONPATH=. $(BIN)/python bench/webhooks.py $(ARGS)

bench-live: $(INSTALLED) ## Measure webhook to subscription, with API and worker (ARGS="--quick")
	@$(BIN)/python bench/live.py $(ARGS)

bench-categories: $(INSTALLED) ## Measure categories on months that training never saw (ARGS="--quick")
	@OPENBLAS_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python bench/category_figures.py $(ARGS)

train-categories: $(INSTALLED) ## Train the model of categories; the same data give the same bytes
	@OPENBLAS_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python bench/category_training/train.py $(ARGS)

bench-corpus: $(INSTALLED) ## Count the corpus' files that are read, refused or wrong, beside other readers
	@$(BIN)/python bench/corpus_table.py $(ARGS)

bench-statements: $(INSTALLED) ## Measure readers of OFX, CAMT and MT940 beside the best other ones
	@$(BIN)/python bench/statement_peers.py $(ARGS)

bench-matching: $(INSTALLED) ## Measure matching of new rows against many (ARGS="--quick")
	@$(BIN)/python bench/match_speed.py $(ARGS)

bench-reconciling: $(INSTALLED) ## Measure reconciling of many rows of one tenant (ARGS="--quick")
	@$(BIN)/python bench/reconcile_speed.py $(ARGS)

generate: $(INSTALLED) ## Write the files that are generated from the code
	@$(BIN)/bankfeeds generate
