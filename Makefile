# Each target is one call of the tool that does the work. PYTHON names the interpreter (3.11 or newer).
PYTHON ?= python3
BIN := .venv/bin
COMPOSE := docker compose --env-file .env.example
WORKERS ?= 0

.DEFAULT_GOAL := help
.PHONY: help engine images secrets up down acceptance test nightly clean lint lock

help:            ## list these targets
	@awk -F ':.*## ' '/^[a-z.]+:.*## /{sub(/ .*/, "", $$1); printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv: requirements.lock
	@$(PYTHON) -m fixtures.venv && touch .venv

engine:          ## find a Docker engine with Compose v2, or install and start one on Debian as root
	@$(PYTHON) -m fixtures.engine

images: .venv engine     ## pull each image, or assemble it where no image registry answers
	@$(BIN)/python -m images
