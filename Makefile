# Any Python from 3.8 on can start the bootstrap, which then finds one that is new enough.
STARTER := $(firstword $(foreach p,$(PYTHON) python3 python3.13 python3.12 /usr/bin/python3 $(wildcard $(HOME)/.pyenv/versions/3.1[234]*/bin/python3 /opt/*/bin/python3),$(shell "$(p)" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null && echo "$(p)")))
BIN := .venv/bin
PY := $(BIN)/python
DEV := $(PY) -m storefront.dev
COMPILE := uv pip compile pyproject.toml --universal --python-version 3.12 --generate-hashes --no-header --no-annotate --quiet

# Each process would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help env demo demo-stop demo-reset smoke bench chaos api-fuzz test test-fast test-full check fmt lock

help: ## Show these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

env: ## Make .venv from the locked packages, and compile the translations
	@test -n "$(STARTER)" || { echo "No Python was found. Install Python 3.12 or newer (Debian 13: apt-get install python3.13), or set PYTHON=/path/to/python3." >&2; exit 1; }
	@"$(STARTER)" -m storefront.dev.runtime.bootstrap

demo: env ## Run the whole shop on this machine, until Ctrl-C (first port: DEMO_PORT=8000; stores: DEMO_CHANNELS=all)
	@$(DEV).demo

demo-stop: env ## End the demo that runs
	@$(DEV).demo stop

demo-reset: env ## Wipe the demo's data, then run it as "make demo" does (DEMO_PORT=8000)
	@$(DEV).demo reset

smoke: env ## Buy a headlamp in the running demo, and wait for the tracking e-mail
	@$(DEV).demo.smoke

bench: env ## Measure what performance is promised; writes var/bench.json. ONLY=P1,R1 measures some, SCALE=full all sizes
	@SCALE="$(SCALE)" $(DEV).runtime.with_datastores --durable $(PY) manage.py bench --only "$(ONLY)"

chaos: env ## Break a running shop by a seed, and see whether it keeps its promises. SEED=1; MUTANTS=1 puts mistakes in
	@$(DEV).chaos $(if $(MUTANTS),--mutants,--seed "$(or $(SEED),1)")

api-fuzz: env ## Send generated requests to every operation of the API (MINUTES=3; other requests: SEED=2)
	@$(DEV).runtime.with_datastores $(PY) manage.py api_fuzz --minutes "$(or $(MINUTES),3)" --seed "$(or $(SEED),1)"

test: env ## Run all tests except the slow ones, browser included
	@$(DEV).runtime.browser
	@$(DEV).runtime.with_datastores $(PY) -m pytest -n 4 -m "not full" --template-branches

test-fast: env ## Run the tests of the files that you changed
	@$(DEV).runtime.with_datastores $(PY) -m pytest -q $$($(PY) -m storefront.dev.runtime.changed_tests)

test-full: env ## Run every test: whole matrices, all journeys, launch; then make chaos and api-fuzz
	@$(DEV).runtime.browser
	@$(DEV).runtime.with_datastores $(PY) -m pytest -n 4 --template-branches
	@$(MAKE) chaos
	@$(MAKE) api-fuzz MINUTES=1

check: env ## Formatter, linter, wording, types, import contracts, migrations, production settings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(DEV).checks.refused_language
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(DEV).runtime.with_datastores $(PY) manage.py makemigrations --check --dry-run
	$(PY) -m storefront.ops.production_env $(PY) manage.py check --deploy --fail-level WARNING
	@! command -v promtool >/dev/null || \
		{ promtool check rules deploy/alerts.yml && promtool check config --syntax-only deploy/prometheus.yml; }

fmt: env ## Format the code, and repair what the linter can repair
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: env ## Take the newest allowed packages into requirements/
	PATH="$(CURDIR)/.tools/bin:$$PATH"; export PATH; \
	$(COMPILE) --upgrade --output-file requirements/base.txt && \
	$(COMPILE) --upgrade --group demo --constraint requirements/base.txt --output-file requirements/demo.txt && \
	$(COMPILE) --upgrade --group demo --group dev --constraint requirements/demo.txt --output-file requirements/dev.txt
	@! grep -n '://' requirements/*.txt
