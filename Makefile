# Two commands matter: `make demo` and `make test`. Each does its own set-up.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test setup lint floors formats fuzz integrations

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Build, tell the whole story on a temporary database, and keep serving (MODELGATE_DEMO=--once ends instead)
	cargo run --locked -- demo $(MODELGATE_DEMO)

test: setup ## Install what tests need, then run all of them: format, lints, both databases, browser, …
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	scripts/with-postgres cargo test --locked
	cargo test --locked --test it -- --ignored foreign
	scripts/browser-tests
	@echo "all tests passed: format, lints, unit, SQLite and PostgreSQL, command line, other people's verifiers, browser"

setup: ## Install what is absent, with apt-get: PostgreSQL, Chromium, Node.js, Python, Go, nginx, a font
	scripts/setup

lint: ## Only the format and the lints
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

floors: ## Draw the floors in ARCHITECTURE.md from the imports
	MODELGATE_DRAW_FLOORS=1 cargo test --locked --quiet --test it the_drawing_is_the_house

formats: ## Write docs/evidence-formats.md from the table of formats
	cargo run --locked --quiet -- evidence formats --format markdown > docs/evidence-formats.md

fuzz: ## Run every fuzz target for a minute (FUZZ=SECONDS for longer); needs a nightly compiler, which it installs
	scripts/fuzz $(FUZZ)

integrations: ## Hold the service to what others expect of it: schemathesis (from PyPI) against the API and its document
	scripts/schemathesis
