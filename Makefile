# Verbs for people and for CI. Needs make, a shell and Python >= 3.11; the rest is installed.
PYTHON ?= python3
STAGE ?= local
FUNCTION ?= APIHandler
export PORT CLOUD_PORT MAILBOX_PORT CLOUD
# Where it is set, every process compiles every module anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
RUN := $(BIN)/python -m
COMPOSE := docker compose --file localstack/docker-compose.yml

.DEFAULT_GOAL := help
.PHONY: help install run up down check openapi contract test proofs audit lock package deploy smoke diff destroy invoke superuser logs clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sort | \
	  while IFS= read -r line; do printf '  make %-10s %s\n' "$${line%%:*}" "$${line#*## }"; done

install: ## Make .venv with the pinned dependencies (the other verbs do it too)
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is not installed" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("error: Python 3.11 or newer is needed; this is " + sys.version.split()[0])'
	@$(PYTHON) infra/venv.py .venv requirements-dev.txt
	@$(RUN) infra.pages

run: install ## The whole product on this machine: PORT=8000 CLOUD_PORT=4566
	@$(RUN) localstack.run

up: install ## Local cloud and stack in the background; writes .local/outputs.json [CLOUD=localstack]
	@$(if $(filter localstack,$(CLOUD)),$(COMPOSE) up --detach --wait)
	@$(RUN) localstack.background up

down: install ## Stop what `make up` started [CLOUD=localstack]
	@$(if $(filter localstack,$(CLOUD)),$(COMPOSE) down,$(RUN) localstack.background down)

check: install ## Format, lint, types, structure, package and template: what needs no cloud
	@$(RUN) infra.openapi --check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(RUN) pytest -q tests/infra tests/structure
	$(RUN) infra.package --stage prod
	$(BIN)/cfn-lint build/prod/sam.yaml infra/account.yaml infra/github-role.yaml

openapi: install ## Write docs/openapi.json anew from the code and docs/api.md
	@$(RUN) infra.openapi

contract: install ## Is docs/openapi.json true? Thousands of requests made from it: ARGS="--seeds 4 5"
	@$(RUN) infra.contract $(ARGS)

test: install ## All tests; the live ones start a local cloud of their own [CLOUD=localstack]
	@$(BIN)/python infra/venv.py .local/cloud-venv localstack/requirements.txt
	$(RUN) pytest -n auto $(ARGS)

proofs: install ## The tests of whole loads, which take minutes; CI runs them beside make test
	$(RUN) pytest -n auto -m proof $(ARGS)

lock: install ## Pin every package with its hashes, from the *.in lists: ARGS=--upgrade
	@$(RUN) infra.lock $(ARGS)

audit: install ## What checkov and parliament find in template and policies, in their own environment
	@$(RUN) infra.audit

package: install ## Build the stage's zip and template: STAGE=prod
	@$(RUN) infra.package --stage $(STAGE)

deploy: install ## Package, deploy, and try it out: STAGE=prod
	@$(RUN) infra.deploy deploy --stage $(STAGE)
	@$(RUN) smoke --stage $(STAGE)

smoke: install ## Try a deployed stage out, as a person would: STAGE=prod [ARGS=--slow]
	@$(RUN) smoke --stage $(STAGE) $(ARGS)

diff: install ## What a deploy would change: STAGE=prod
	@$(RUN) infra.deploy diff --stage $(STAGE)

destroy: install ## Delete the stage's stack: STAGE=dev [DATA=delete: also what outlives it]
	@$(RUN) infra.deploy destroy --stage $(STAGE) $(if $(filter delete,$(DATA)),--with-data)

invoke: install ## Call a function: FUNCTION=SendReminders EVENT=events/x.json [STAGE=dev]
	@$(RUN) infra.operate invoke $(FUNCTION) $(EVENT) --stage $(STAGE)

superuser: install ## Make an account site staff, or open one: EMAIL=ann@example.com [STAGE=dev]
	@$(RUN) infra.superuser $(EMAIL) --stage $(STAGE)

logs: install ## Follow a function's log: FUNCTION=APIHandler [STAGE=dev]
	@$(RUN) infra.operate logs $(FUNCTION) --stage $(STAGE)

clean: ## Remove builds, caches and the local cloud's state (stop it first)
	@[ ! -d .venv ] || $(RUN) localstack.background down
	rm -rf build .local .chalice/deployments .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
