# Omni. `make` alone lists the targets.
.DEFAULT_GOAL := help
.PHONY: help run test soak check format package contract bench bench-quick clean
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

# Maven with the JDK and version the build needs; each is looked for, and its absence explained, only when used.
MVN = JAVA_HOME="$$(.mvn/find-jdk)" && export JAVA_HOME && mvn="$$(.mvn/find-maven)" && "$$mvn" -B -ntp $(MVN_ARGS)

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r t d; do printf '  make %-11s %s\n' "$$t" "$$d"; done

run: ## Serve Omni on http://localhost:8080 with a local Daytona; reloads on change (Ctrl-C ends it)
	@$(MVN) -q compile quarkus:dev -Ddebug=false -Dquarkus.analytics.disabled=true

test: ## Run every test, those of the packaged application too
	@$(MVN) verify

soak: ## The tests of the stream's promises at full size; MVN_ARGS=-Dsoak.seed=… repeats one
	@$(MVN) verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test='dev/omni/soak/*IT' \
	  -Dsoak.disconnects=1000 -Dsoak.breaks=150 -Dsoak.kills=5 -Dsoak.megabytes=200 -Dsoak.subscribers=500 \
	  -Dsoak.jobs=8 -Dsoak.timed-jobs=100

check: ## Static checks: formatting, Error Prone, NullAway, package rules; warnings are errors
	@$(MVN) -Pcheck clean test -Dtest=ArchitectureTest

format: ## Format the sources
	@$(MVN) -q spotless:apply

package: ## Build target/quarkus-app without running the tests
	@$(MVN) -q package -DskipTests

contract: ## Drive the local Daytona with the official TypeScript SDK (needs Node.js and npm)
	@$(MVN) test -Dtest=ContractIT -Dsurefire.failIfNoSpecifiedTests=true

# From scratch: the code that JMH generates comes with compiling, and the application must be the one in the sources.
bench: ## Measure latency, throughput, memory and start against the local Daytona (docs/performance.md)
	@$(MVN) -q -Pbench clean package exec:exec -DskipTests

bench-quick: ## The same with little of everything, in a minute or two: to see that it runs, not what it says
	@BENCH_QUICK=true $(MAKE) bench

clean: ## Remove everything that was built
	@rm -rf target src/test/contract/node_modules
