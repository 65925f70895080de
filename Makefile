# Each recipe is short; what is longer lives in infra/local.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
step := infra/local/step
stack := infra/local/stack
services := infra/local/services
scripts = $(shell grep -rlE '^(\#!.*bash|\# shellcheck shell=bash)' infra/local .ci)

# One after the other, also under make -j; what overlaps is in start-and-build.
.NOTPARALLEL:

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: ## install what is missing, download the servers; does nothing the second time
	@$(step) setup infra/local/setup

.PHONY: build
build: setup ## build everything
	@$(step) build cargo build --release --workspace --bins

.PHONY: up
up: start-and-build ## start the servers and the services
	@$(step) services $(services) up

.PHONY: down
down: ## stop services and servers, keep the data
	@$(services) down
	@$(stack) down

.PHONY: status
status: ## what runs, and whether it answers
	@$(stack) status && servers=0 || servers=$$?; echo; $(services) status && exit $$servers

.PHONY: clean
clean: ## stop everything and remove all local data (not the build)
	@$(stack) clean

.PHONY: fmt
fmt: ## format the Rust code
	@cargo fmt --all

.PHONY: lint
lint: setup ## formatting, clippy with warnings denied, shellcheck when there
	@$(step) format cargo fmt --all --check
	@$(step) clippy cargo clippy --release --workspace --all-targets -- -D warnings
	@if command -v shellcheck > /dev/null; then $(step) shellcheck shellcheck $(scripts); fi

.PHONY: demo
demo: up ## the whole thing: servers, services, three quizzes, a minute of traffic, the reckoning
	@. infra/local/env; $(step) demo target/release/vendzz-load demo

# One build for programs and tests: what tests need besides gives crates other features, and two builds build them twice.
.PHONY: test
test: lint ## every test, against the real servers
	@infra/local/start-and-build cargo test --release --workspace --no-run
	@$(step) stack-test infra/local/tests/stack-test
	@. infra/local/env; $(step) test cargo test --release --workspace

.PHONY: bench
bench: setup ## the benches
	@. infra/local/env; $(step) bench cargo bench --workspace

.PHONY: start-and-build
start-and-build: setup
	@infra/local/start-and-build cargo build --release --workspace --bins
