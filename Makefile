# SPDX-License-Identifier: GPL-2.0
# Every target is one verb in scripts/, which can be called by itself; all of
# them have --help. LINUX=/path/to/linux (and REV=) take the place of the base
# in base.conf.

export LINUX REV JOBS PXD_CACHE
SHELL := bash
LEDGER := cocci/ledger/linux-7.3

.DEFAULT_GOAL := series

series: ## the main job: fetch the base, apply the series, audit both, summarise (default)
	@scripts/series

check: ## all tests that fit in CI
	@scripts/check

tree: ## make the base tree ready and print where it is
	@scripts/tree

apply: ## apply patches/ to the base and print where the tree is
	@scripts/apply

export: ## write patches/ from the commits in the applied tree
	@scripts/export

hygiene: ## checkpatch, codespell and format checks of patches/
	@scripts/hygiene

audit: ## audit base and series: what the ledger says of each finding
	@scripts/audit --ledger $(LEDGER) --expect base
	@set -o pipefail; echo; echo '# The series:'; \
	tree=$$(scripts/apply) && scripts/audit "$$tree" --ledger $(LEDGER) --expect series | sed -n '/^# rank /,$$p'

audit-trees: ## audit Linux 6.1, 6.12, 7.2, 7.3 and the series, into results/audit/ (ten minutes)
	@scripts/audit-trees

mutate: ## undo the series' conversions one by one: does the audit notice? (ten minutes)
	@scripts/mutate --record

boot: ## build and boot the series: make boot TARGET=s390
	@scripts/boot $(or $(TARGET),$(error say which: make boot TARGET=NAME, NAME one of: $(notdir $(wildcard targets/*))))

repro: ## reproducers: red on the base, green on the series (a quarter of an hour)
	@scripts/repro --record $(TARGET)

vmtests: ## the kernel's own selftests/mm, base against series (hours)
	@scripts/vmtests --record $(TARGET)

stable: ## check the backports to 6.12.y and 6.1.y: apply, build, boot, reproduce
	@scripts/stable --record

matrix: ## compile base and series for all targets, W=1 and sparse (an hour or two)
	@scripts/matrix --record $(TARGET)

codegen: ## prove which patch changes what code, on the objects of matrix
	@scripts/codegen --record $(TARGET)

loads: ## which compiler reads an entry twice: emitted or merged, of each second read
	@scripts/loads --record $(TARGET)

insns: ## count the instructions of GUP-fast and of walks, base against series
	@scripts/insns --record $(TARGET)

sets: ## each set that is posted applies and builds, with no more than it needs (an hour)
	@scripts/sets check --build --record $(SET)

bisect: ## build patch by patch (an hour)
	@scripts/bisect --record $(TARGET)

bench: ## measure what README promises, on an idle machine, into results/bench/
	@scripts/bench

newcomer: ## make and make check on a new Debian system: make newcomer SUITE=trixie (as root)
	@scripts/newcomer --record $(or $(SUITE),$(error say which: make newcomer SUITE=NAME, such as trixie))

clean: ## remove the cache: trees, objects, images, downloads, reports
	@scripts/clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

.PHONY: series check tree apply export hygiene audit audit-trees mutate boot repro vmtests stable matrix codegen loads insns sets bisect bench newcomer clean help
