# Each target is one call of the tool that does the work. PYTHON names the interpreter (3.11 or newer); ARGS goes to pytest.
PYTHON ?= python3
BIN := .venv/bin
# The Compose that `make engine` names, on a bare Python too.
COMPOSE := PYTHONPATH=src $(PYTHON) -m dayzero.docker.compose_plugin compose $(addprefix --env-file ,$(wildcard .env.example .env))

.DEFAULT_GOAL := help
.PHONY: help python engine compose images secrets up down acceptance test nightly lint lock inventory clean

help:                       ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

python:
	@$(PYTHON) -m tools.python_version

.venv: requirements.lock | python
	@$(PYTHON) -m tools.venv && touch .venv

engine: python              ## find a Docker engine with Compose, the newest; on Debian as root, install and start one
	@PYTHONPATH=src $(PYTHON) -m tools.bootstrap.engine

compose: .venv engine       ## supply a Compose of today as a plugin file and print where it is: pytest --compose FILE
	@$(BIN)/python -m tools.pinned_compose

images: .venv engine        ## pull the images, or assemble them where no image registry answers
	@$(BIN)/python -m tools.images

secrets: .venv              ## make the stack's secret files, if they are not there
	@$(BIN)/python -m tools.secrets.make

up: images secrets          ## boot the stack and leave it up
	$(COMPOSE) $$($(BIN)/python -m dayzero.docker.loki_driver) up -d

down:                       ## stop the stack and keep its data
	$(COMPOSE) down

# Both begin with what the files tell; images are supplied meanwhile, each of them as far as a test needs it.
acceptance: engine secrets  ## judge the whole contract: from nothing to reports/acceptance.html
	$(BIN)/pytest -m acceptance $(ARGS)

test: engine secrets        ## what CI runs: lint, types, unit, known-bad stacks, images, acceptance (static criteria first)
	$(BIN)/tox run -e lint,parts,acceptance

nightly: images secrets     ## all of it, with every long wait and the known-bad stacks that need an engine, and with each other Compose
	$(BIN)/tox run -e lint,nightly

lint: .venv                 ## every linter and the type checker
	@$(BIN)/python -m tools.lint

lock:                       ## renew requirements.lock from pyproject.toml (needs uv)
	@uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" --extra dev pyproject.toml --output-file requirements.lock

inventory: .venv            ## render inventory.yml as docs/inventory.md
	@$(BIN)/python -m tools.inventory_page

clean:                      ## remove the stack with its data and secrets, and everything else that was generated
	-$(COMPOSE) down --volumes --remove-orphans
	git clean -fdXq -e '!/.env'
