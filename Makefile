# What to do with Souk. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

MODULES := api kit services edge web cmd
TOOLS   := tools/gen tools/webrpcgen tools/wasmbuild tools/sqlcheck
export GOFLAGS := -buildvcs=false
# Packages are few and large to link: two at a time is what small machines bear.
TESTFLAGS ?=
BIN := .build/bin

.PHONY: help
help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

.PHONY: run
run: setup build ## Run the whole shop here, on embedded defaults, with the demo catalog.
	exec bin/souk dev

.PHONY: setup
setup: ## Install what running needs (PostgreSQL), on Debian.
	@tools/setup.sh run

.PHONY: build
build: wasm ## Build bin/souk.
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w -X main.version=$(shell git describe --tags --always --dirty 2>/dev/null || echo dev)' -o bin/souk ./cmd/souk

# The browser's programs, compressed, in web/dist; made again when their sources changed.
WASM_SOURCES := $(shell find web api/lite tools/wasmbuild \( -name '*.go' -o -name go.mod -o -name go.sum \) -not -name '*_test.go' 2>/dev/null)
.PHONY: wasm
wasm: web/dist/storefront.wasm.br ## Build the browser's program.
web/dist/storefront.wasm.br: $(WASM_SOURCES)
	GOWORK=off go -C tools/wasmbuild run . -root ../.. -out web/dist storefront=./storefront/browser
	@touch $@

.PHONY: wasm-record
wasm-record: ## Build the browser's program and take its size as the new baseline.
	GOWORK=off go -C tools/wasmbuild run . -root ../.. -out web/dist -record storefront=./storefront/browser

$(BIN)/buf: tools/gen/go.mod
	@mkdir -p $(BIN)
	GOWORK=off go -C tools/gen build -o ../../$(BIN)/buf github.com/bufbuild/buf/cmd/buf

.PHONY: generate
generate: $(BIN)/buf ## Generate Go code from the API; leaves no diff.
	GOWORK=off go -C tools/gen run ./thirdparty ../../api/third_party
	rm -rf api/gen api/lite
	$(BIN)/buf generate
	$(BIN)/buf generate --template buf.gen.lite.yaml

.PHONY: lint
lint: $(BIN)/buf ## Check format, vet, staticcheck, govulncheck, the API and the SQL.
	@test -z "$$(git ls-files '*.go' | xargs gofmt -l | tee /dev/stderr)" || { echo 'not formatted: run gofmt -w'; exit 1; }
	$(BIN)/buf lint
	tools/breaking.sh $(BIN)/buf
	@for m in $(MODULES); do echo "vet $$m"; go vet ./$$m/...; done
	@for m in $(MODULES); do echo "GOWORK=off build $$m"; (cd $$m && GOWORK=off go build ./...); done
	GOOS=js GOARCH=wasm go vet ./web/storefront/... ./web/ui/... ./web/browser/... ./web/rpc/... ./web/site/...
	GOWORK=off go -C tools/lint build -o ../../$(BIN)/ tool
	@for m in $(MODULES); do echo "staticcheck $$m"; $(BIN)/staticcheck ./$$m/...; done
	@for m in $(MODULES); do tools/vuln.sh $(BIN)/govulncheck $$m; done
	GOWORK=off go -C tools/sqlcheck test .
	GOWORK=off go -C tools/sqlcheck run . ../..

.PHONY: test
test: wasm ## Run all tests, browsers included.
	@tools/setup.sh test
	@GOWORK=off go -C tools/testcount build -o ../../$(BIN)/testcount .
	$(BIN)/testcount -- $(addprefix ./,$(addsuffix /...,$(MODULES))) $(TESTFLAGS)

.PHONY: test-race
test-race: wasm ## Run the tests of kit, edge and services with the race detector.
	go test -race -p 1 ./kit/... ./edge/... ./services/...

.PHONY: bench
bench: wasm ## Measure beside references of the same run; docs/benchmarks.md explains.
	@tools/setup.sh bench
	@go test -p 1 -vet off -run '^$$' -bench . -benchtime 2s $(dir $(shell git ls-files '*/bench_test.go' | sed 's|^|./|')) 2>&1 | awk -f tools/bench.awk

.PHONY: bench-edge
bench-edge: ## Measure the edge beside nginx, Varnish and net/http, on one core each in turn.
	@tools/setup.sh bench-edge
	@mkdir -p .build/bin && go build -o .build/bin/bench-edge ./edge/bench && PATH=$$PATH:/usr/sbin .build/bin/bench-edge $(EDGE)
EDGE ?=

.PHONY: bench-checkout
bench-checkout: ## Measure checkouts under load beside pgbench; every figure goes to CSV.
	@tools/setup.sh bench
	@mkdir -p $(dir $(CSV)) $(PROFILES)
	@go test -timeout 60m -vet off -run '^$$' -bench '^BenchmarkCheckouts$$' -benchtime 1x ./cmd/souk -args -load-csv $(abspath $(CSV)) $(if $(PROFILES),-load-profile $(abspath $(PROFILES))) $(LOAD)
CSV ?= .build/checkout.csv
PROFILES ?=
LOAD ?=

.PHONY: chaos
chaos: ## Have 10,000 people buy while everything goes wrong; then look into all books.
	@tools/setup.sh chaos
	go test -timeout 90m -vet off -count 1 -v -run '^TestOrdersAreNeverWrong$$' ./cmd/souk -args -chaos-checkouts 10000 -chaos-gap 60 -chaos-restarts 6 -chaos-outages 2 -chaos-faults 200 -chaos-each 5 $(CHAOS)
CHAOS ?=

.PHONY: clean
clean: ## Remove what was built and the data of the shop that ran here.
	rm -rf bin .build .souk screenshots web/dist/*.br web/dist/*.gz web/dist/*.js
