# The two commands of the project are `make up` and `make test`; the rest is for people at work on it.
# Build caches live outside the clone, so that a fresh clone builds fast.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/kogge/target
export KOGGE_CACHE ?= $(HOME)/.cache/kogge
DATA ?=
LISTEN ?=
SIM ?=
SUITE ?=

SECONDS ?= 20

.PHONY: fuzz crash up down dist test test-clients test-peer test-ceph bench check-fast audit docs e2e-tempest

up: ## Install what the host lacks, build, start a cloud; SIM=1 simulates guests and needs no root
	scripts/up $(if $(SIM),--sim) $(if $(DATA),--data $(DATA)) $(if $(LISTEN),--listen $(LISTEN))

down: ## Stop it
	$$(scripts/binary present) down $(if $(DATA),--data $(DATA))

test: ## Everything that must hold: format, lints, house rules, licences, all tiers of tests
	scripts/install-host test
	scripts/run-tests

check-fast: ## What to run before a commit: no root, no QEMU, no PostgreSQL
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo xtask tidy

dist: ## The optimised program and a Debian package of it, in dist/; a quarter of an hour on two cores
	scripts/dist

audit: ## Known advisories of all dependencies; needs a network that reaches the advisory database
	scripts/licences advisories

bench: ## Measure, beside the peer where it is installed
	scripts/install-host bench
	scripts/bench
	scripts/bench-cost
	scripts/bench-check
	cargo bench --locked --package kogge --bench in_process

fuzz: ## Fuzz the public parsers, 20 seconds each; SECONDS=60 for longer
	scripts/fuzz $(SECONDS)

docs: ## Write docs/COMPATIBILITY.md and docs/CHECKS.md again from the tables in the code
	cargo run --locked --package kogge --bin kogge-compatibility > docs/COMPATIBILITY.md
	cargo run --locked --package kogge --bin kogge-checks > docs/CHECKS.md

e2e-tempest: ## Run the SCS-0128 list against a simulated cloud and note the results
	scripts/tempest

test-clients: ## Run upstream's suites and real clients against simulated clouds, hours in all; SUITE=gophercloud for one
	scripts/clients/run $(SUITE)

test-peer: ## Ask us and the real OpenStack of peers/openstack, which must run, the same, and compare the answers
	scripts/differential/run

test-ceph: ## The storage of volumes and real guests on a Ceph of this machine; needs root, some 400 MB of packages
	scripts/test-ceph

crash: ## Kill the control plane 50 times under load, with real guests, 200 times while volumes are worked on; needs root
	cargo build --locked --package kogge --bin kogge
	KOGGE_BIN=$(CARGO_TARGET_DIR)/debug/kogge KOGGE_GUEST_IMAGE=$$(scripts/guest-image) scripts/crash-volumes --rounds 200
	KOGGE_BIN=$(CARGO_TARGET_DIR)/debug/kogge KOGGE_GUEST_IMAGE=$$(scripts/guest-image) scripts/crash
