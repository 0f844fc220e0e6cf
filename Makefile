# Commands for developers and CI. They need make, a shell and Python >= 3.11, and install the rest.
PYTHON ?= python3
STAGE ?= local
FUNCTION ?= APIHandler
export PORT CLOUD_PORT MAILBOX_PORT CLOUD
# With this variable, Python caches no bytecode, and every process compiles every module again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
RUN := $(BIN)/python -m
COMPOSE := docker compose --file localstack/docker-compose.yml

.DEFAULT_GOAL := help
.PHONY: help install run up down check check-code check-clients openapi clients contract test later e2e proofs proof load mutants bench audit lock package deploy smoke diff grafana destroy web restore invoke replay reindex superuser logs clean

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | \
	  while IFS= read -r line; do printf '  make %-13s %s\n' "$${line%%:*}" "$${line#*## }"; done

install: ## Create .venv with the pinned dependencies (other targets do it too)
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is not installed" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("error: Python 3.11 or newer is needed; this is " + sys.version.split()[0])'
	@$(PYTHON) infra/venv.py .venv requirements-dev.txt
	@$(RUN) infra.packaging.api_docs_assets

run: install ## Run the product on this machine: PORT=8000 CLOUD_PORT=4566
	@$(RUN) localstack.run

web: install ## Run the web client with hot reload against the API of `make run`: PORT=8000
	@API_ORIGIN=http://localhost:$(or $(PORT),8000) $(RUN) infra.web_client run dev

up: install ## Run local cloud and stack in the background; writes .local/outputs.json [CLOUD=localstack]
	@$(if $(filter localstack,$(CLOUD)),$(COMPOSE) up --detach --wait)
	@$(RUN) localstack.background up

down: install ## Stop what `make up` started [CLOUD=localstack]
	@$(if $(filter localstack,$(CLOUD)),$(COMPOSE) down,$(RUN) localstack.background down)

check: check-code check-clients ## Check format, lint, types, structure, package and template; needs no cloud [-j2 is faster]

check-code: install ## The part of `make check` for Python, package and template
	@$(RUN) infra.openapi --check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(RUN) pytest -q -n auto tests/infra tests/structure
	$(RUN) infra.packaging.package --stage prod
	$(BIN)/cfn-lint build/prod/sam.yaml infra/account.yaml infra/github-role.yaml

check-clients: install ## The part of `make check` for the web client and the clients of the API
	@$(RUN) infra.clients check
	@$(RUN) infra.web_client run check
	@$(RUN) infra.web_client build
	@$(RUN) infra.web_client run bundle-size

openapi: install ## Generate docs/openapi.json from the code and docs/api.md
	@$(RUN) infra.openapi
	@$(RUN) infra.web_client run api-types

clients: install ## Build and check the clients for Python, command line and TypeScript, into build/clients/dist
	@$(RUN) infra.clients check
	@$(RUN) infra.clients package

contract: install ## Test the API against docs/openapi.json with thousands of requests: ARGS="--seeds 4 5"
	@$(RUN) infra.contract $(ARGS)

test: install ## Run the tests in process and the main flows of the web client; make check runs tests/infra and tests/structure
	@$(BIN)/python infra/venv.py .local/cloud-venv localstack/requirements.txt
	@$(RUN) infra.web_client run test
	$(RUN) pytest -n auto $(or $(ARGS),--ignore=tests/infra --ignore=tests/structure)

# Without the tests of identity providers: the clock of their provider, another process, stays.
later: install ## Run the tests in process as if it were two years later: none may depend on today's date
	$(RUN) pytest -n auto --days-later=800 -m 'not proof and not live' $(or $(ARGS),tests --ignore=tests/infra \
	  --ignore=tests/structure --ignore=tests/identity_providers)

e2e: install ## Run the end-to-end tests: API and web client on a local cloud of their own [CLOUD=localstack]
	@$(BIN)/python infra/venv.py .local/cloud-venv localstack/requirements.txt
	$(RUN) pytest -n auto -m 'live and not proof' tests/live $(ARGS)

proofs: install ## Run the load tests, which take minutes; CI runs them in parallel to make test
	$(RUN) pytest -n auto -m proof $(ARGS)

proof: install ## Run the tests of the promises and write docs/proof.md: ARGS="8 20" for some
	@$(RUN) infra.proof $(ARGS)

load: install ## Load a local cloud, which is killed once, and check what is stored: SECONDS=300
	@LOAD_SECONDS=$(or $(SECONDS),300) $(BIN)/pytest -q -n0 -m proof tests/proof/load $(ARGS)

mutants: install ## Measure how many defects the tests notice; writes docs/mutants.md: ARGS="tokens cursors"
	@$(RUN) infra.mutants $(ARGS)

bench: install ## Measure the product beside Django; writes docs/performance.md (needs Valgrind, PostgreSQL)
	@$(RUN) bench

lock: install ## Pin all packages of the *.in lists with their hashes: ARGS=--upgrade
	@$(RUN) infra.lock $(ARGS)

audit: install ## Check template and policies with checkov and parliament
	@$(RUN) infra.audit

package: install ## Build the stage's zip files and template: STAGE=prod
	@$(RUN) infra.packaging.package --stage $(STAGE)

deploy: install ## Package, deploy and run the smoke test: STAGE=prod
	@$(RUN) infra.deployment.deploy deploy --stage $(STAGE)
	@$(RUN) smoke --stage $(STAGE)

smoke: install ## Test a deployed stage through its API: STAGE=prod [ARGS=--slow]
	@$(RUN) smoke --stage $(STAGE) $(ARGS)

diff: install ## Show what a deployment would change: STAGE=prod
	@$(RUN) infra.deployment.deploy diff --stage $(STAGE)

grafana: install ## Write a Grafana dashboard of a deployed stage into build/<stage>/grafana.json: STAGE=prod
	@$(RUN) infra.monitoring.grafana --stage $(STAGE)

destroy: install ## Delete the stage's stack: STAGE=dev [DATA=delete: also the data that outlives it]
	@$(RUN) infra.deployment.deploy destroy --stage $(STAGE) $(if $(filter delete,$(DATA)),--with-data)

restore: install ## Create a stage around its data: STAGE=prod TABLE=... BUCKET=... [KEYS="SecretId=..."]
	@$(RUN) infra.deployment.restore --stage $(STAGE) --table $(TABLE) --bucket $(BUCKET) $(KEYS)

invoke: install ## Invoke a function: FUNCTION=SendReminders EVENT=events/x.json [STAGE=dev]
	@$(RUN) infra.operations.functions invoke $(FUNCTION) $(EVENT) --stage $(STAGE)

replay: install ## Replay the dead letters: STAGE=prod [ARGS=--drop: also delete those that no longer can be]
	@$(RUN) infra.operations.replay --stage $(STAGE) $(ARGS)

reindex: install ## Start a run that mends search index, filter entries and list snapshots: STAGE=prod
	@$(RUN) infra.operations.reindex --stage $(STAGE)

superuser: install ## Make an account site staff, or create one: EMAIL=ann@example.com [STAGE=dev]
	@$(RUN) infra.operations.superuser $(EMAIL) --stage $(STAGE)

logs: install ## Follow a function's log: FUNCTION=APIHandler [STAGE=dev]
	@$(RUN) infra.operations.functions logs $(FUNCTION) --stage $(STAGE)

clean: ## Delete builds, caches and the local cloud's state (stops the cloud first)
	@[ ! -d .venv ] || $(RUN) localstack.background down
	rm -rf build .local .chalice/deployments .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
