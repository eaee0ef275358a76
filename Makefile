# The two most important commands are `make demo` and `make test`. Each does its own setup.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test setup lint floors formats fuzz integrations

help: ## List the make targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Build, run the demonstration on a temporary database, and keep serving (MODELGATE_DEMO=--once exits instead)
	cargo run --locked --profile demo -- demo $(MODELGATE_DEMO)

test: setup ## Install what the tests need, then run all of them: format, lints, both databases, browser, …
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --quiet
	scripts/with-postgres cargo test --locked
	cargo test --locked --test it -- --ignored foreign
	scripts/browser-tests
	@echo "all tests passed: format, lints, unit, SQLite and PostgreSQL, command line, third-party verifiers, browser"

setup: ## Install missing packages with apt-get: PostgreSQL, Chromium, Node.js, Python, Go, nginx, a font
	scripts/setup

lint: ## Check only the format, the lints and the links of the documentation
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --quiet

floors: ## Draw the floors in ARCHITECTURE.md from the imports
	MODELGATE_DRAW_FLOORS=1 cargo test --locked --quiet --test it the_drawing_is_the_house

formats: ## Write docs/evidence-formats.md from the table of formats
	cargo run --locked --quiet -- evidence formats --format markdown > docs/evidence-formats.md

fuzz: ## Run every fuzz target for a minute (FUZZ=SECONDS for longer); needs a nightly compiler, which it installs
	scripts/fuzz $(FUZZ)

integrations: ## Test the API against its document with schemathesis (from PyPI)
	scripts/schemathesis
