# The few commands of a newcomer. `make help` lists them; CMake and its presets do the work.
#   YES=1    answer yes to the set-up's question        PEERS=1   test against the real mlflow and dvc as well
#   JOBS=n   compile with n processes
SHELL := bash
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)
export YES PEERS JOBS

starcast := build/release/starcast

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

.PHONY: run
run: build ## set up, build and run the main job: raw data to metrics, figures, a model package and predictions
	@tools/run

.PHONY: build
build: ## set up and build; leaves build/release/starcast
	@tools/setup build
	@cmake --preset release
	@cmake --build --preset release -j $(JOBS)
	@tools/fetch-lightgbm

.PHONY: test
test: ## set up, build and run every test; with PEERS=1 also those against the real mlflow and dvc
	@tools/setup all
	@tools/test

.PHONY: tsan
tsan: ## build and run the unit tests under ThreadSanitizer
	@tools/setup all
	@tools/test tsan

.PHONY: data
data: build ## bring the raw data into data/raw
	@$(starcast) data fetch

.PHONY: train
train: build ## run the pipeline stages that are stale: prepare, split, train, evaluate
	@$(starcast) repro

.PHONY: cv
cv: build ## five-fold cross-validation of the model
	@$(starcast) cv

.PHONY: report
report: build ## build/report.html: the report, with what one answer costs on this machine
	@$(starcast) evaluate --timed-report build/report.html

.PHONY: bench
bench: build ## run the benchmarks of bench/, each with its anchor beside it
	@tools/bench

.PHONY: lint
lint: ## check the layout of the sources (clang-format 19) and the rules of the house (tools/tidy)
	@tools/setup lint
	@git ls-files '*.h' '*.cc' | xargs -r clang-format-19 --dry-run -Werror
	@tools/tidy

.PHONY: format
format: ## lay out the sources anew by clang-format 19
	@tools/setup lint
	@git ls-files '*.h' '*.cc' | xargs -r clang-format-19 -i

.PHONY: docs
docs: ## redraw the module picture in docs/architecture.md (the documents are plain Markdown)
	@tools/tidy --write-architecture

.PHONY: clean
clean: ## remove what was built, but not LightGBM's library and the peers
	@rm -rf build/release build/dev build/tsan build/sample
