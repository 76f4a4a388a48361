#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/matrix and scripts/bisect: on a kernel tree of two C files, whose make
# says what the kernel's says. The compiler, sparse and git are real.

# shellcheck disable=SC2030,SC2031 # every test is a process of its own
bats_require_minimum_version 1.5.0
load kernel-fake
load trap

setup() {
	fake_repo
	: "${BASES:?}"
	cp "$BATS_TEST_DIRNAME"/../scripts/{matrix,bisect} "$REPO/scripts/"
	rm targets/other
	cd "$LINUX_TREE" || return
	cat >Makefile <<-'END'
		.RECIPEPREFIX := >
		export CC O
		OBJECTS := $(O)/mm/gup.o $(O)/mm/memory.o
		allnoconfig:
		>@[ ! -f mm/unconfigurable ] || { echo "*** no compiler for this one.  Stop." >&2; exit 1; }
		>@grep -vE 'ABSENT|=n$$' $(KCONFIG_ALLCONFIG) >$(O)/.new; \
		> cmp -s $(O)/.new $(O)/.config || mv $(O)/.new $(O)/.config
		>@echo configured >>../configured
		mm/: $(OBJECTS) $(if $(CHECK),check)
		>@echo made >>../made
		$(O)/mm/%.o: mm/%.c $(O)/.config
		>@echo '  CC      mm/$*.o'; mkdir -p $(O)/mm; echo $*.o >>../compiled; \
		> $(CC) $(if $(W),-Wall) -c -o $@ mm/$*.c
		check:
		>@for c in mm/*.c; do echo "  CHECK   $$c"; $(CHECK) $(CF) $$c; done
		.PHONY: allnoconfig mm/ check
	END
	echo 'int memory(void) { return 1; }' >mm/memory.c
	mkdir -p arch/fake arch/alien
	echo . | tee arch/fake/file >arch/alien/file
	commit "$LINUX_TREE" base
	git tag -f base
	git -C ../series checkout -q --detach base
	cd "$REPO" || return
	export PXD_RESULTS=$BATS_TEST_TMPDIR/results
	SERIES=$LINUX_TREE/../series BASE=$LINUX_TREE
}

# commit TREE SUBJECT
commit() {
	git -C "$1" add -A
	git -C "$1" -c user.name=t -c user.email=t@t commit -qm "$2"
}

# warn FILE [LINE]: a function with a warning of -Wall, behind LINE empty lines
warn() {
	local n
	: >"$1"
	for ((n = 0; n < ${2:-0}; n++)); do echo >>"$1"; done
	echo 'int f(void) { int unused; return 1; }' >>"$1"
}
both() { for tree in "$BASE" "$SERIES"; do "$1" "$tree/$2" "${@:3}"; done; }
lines() { wc -l <"$BASES/$1"; }

# row TARGET REGEX: its line of the table
row() { grep -E "^$1 " <<<"$output" | grep -qE "$2" || { printf '%s\n' "$output"; false; }; }

@test "nothing new: exit 0, a table" {
	run scripts/matrix
	row real 'built +built +0/0 .* pass$'
	[ "$status" -eq 0 ]
	[ -f "$SERIES/.out-real-w1/mm/gup.o" ]
	[ -f "$BASE/.out-real-w1/mm/gup.o" ]
}

@test "a warning that the base does not have fails, with its line" {
	warn "$SERIES/mm/gup.c" 3
	run scripts/matrix real
	[ "$status" -eq 1 ]
	row real 'built +built +0/1 .* fail: 1 new: mm/gup.c:4:.*unused variable'
	[[ $output = *"real: new: mm/gup.c:4:"* ]]
}

@test "a warning that only the base has is none of the series" {
	warn "$BASE/mm/gup.c"
	run scripts/matrix real
	[ "$status" -eq 0 ]
	row real ' 1/0 .* pass$'
}

@test "the same warning some lines further down is not new" {
	warn "$BASE/mm/gup.c" 2
	warn "$SERIES/mm/gup.c" 7
	run scripts/matrix real
	[ "$status" -eq 0 ]
	row real ' 1/1 .* pass$'
}

@test "the same warning once more in the same file is new" {
	both warn mm/gup.c
	echo 'int g(void) { int unused; return 1; }' >>"$SERIES/mm/gup.c"
	run scripts/matrix real
	[ "$status" -eq 1 ]
	row real ' 1/2 .* fail: 1 new'
}

@test "the same warning in another file is new" {
	warn "$BASE/mm/gup.c"
	warn "$SERIES/mm/memory.c"
	run scripts/matrix real
	[ "$status" -eq 1 ]
	row real ' 1/1 .* fail: 1 new: mm/memory.c'
}

@test "an error of the base is shown as the base's own, the rest is compiled" {
	for tree in "$BASE" "$SERIES"; do echo 'int f(void) { return nonsense; }' >"$tree/mm/gup.c"; done
	run scripts/matrix real
	[ "$status" -eq 0 ]
	row real '1 error +1 error .* base-fails: base: mm/gup.c: error: .*nonsense'
	[ -f "$SERIES/.out-real-w1/mm/memory.o" ]

	echo 'int f(void) { return other_nonsense; }' >"$SERIES/mm/memory.c"
	run scripts/matrix real
	[ "$status" -eq 1 ]
	row real '1 error +2 errors .* fail: [0-9] new: mm/memory.c:1:.*other_nonsense'
}

@test "an error of the series fails" {
	echo 'int f(void) { return nonsense; }' >"$SERIES/mm/gup.c"
	run scripts/matrix real
	[ "$status" -eq 1 ]
	row real 'built +1 error .* fail: [0-9] new: .*nonsense'
}

@test "a failure without a message of a compiler fails" {
	sed -i 's/^>@echo made.*/>@exit 3/' "$SERIES/Makefile"
	run scripts/matrix real
	[ "$status" -eq 1 ]
	row real 'built +1 error .* fail: 1 new: make: \*\*\*'
}

@test "a warning is told again by a run that does not compile the file again" {
	warn "$SERIES/mm/gup.c"
	run scripts/matrix real
	[ "$status" -eq 1 ]
	: >"$BASES/compiled"
	echo 'int memory(void) { return 2; }' >"$SERIES/mm/memory.c"
	run scripts/matrix real
	[ "$status" -eq 1 ]
	row real 'fail: 1 new: mm/gup.c:1'
	[ "$(cat "$BASES/compiled")" = memory.o ]
}

@test "a warning that is mended is gone" {
	warn "$SERIES/mm/gup.c"
	run scripts/matrix real
	[ "$status" -eq 1 ]
	echo 'int gup(void) { return 2; }' >"$SERIES/mm/gup.c"
	run scripts/matrix real
	[ "$status" -eq 0 ]
	echo 'nonsense' >"$SERIES/mm/gup.c"
	run scripts/matrix real
	[ "$status" -eq 1 ]
	echo 'int gup(void) { return 2; }' >"$SERIES/mm/gup.c"
	run scripts/matrix real
	[ "$status" -eq 0 ]
}

@test "a second run runs no make, and tells the same" {
	warn "$SERIES/mm/gup.c"
	commit "$SERIES" one
	run scripts/matrix real
	[ "$status" -eq 1 ]
	[ "$(lines made)" -eq 2 ]
	run scripts/matrix real
	[ "$status" -eq 1 ]
	row real ' 0/1 .* fail: 1 new: mm/gup.c:1'
	[ "$(lines made)" -eq 2 ]
	[ "$(lines configured)" -eq 2 ]
}

@test "a commit to another architecture builds nothing, one to this does" {
	scripts/matrix real
	[ "$(lines made)" -eq 2 ]
	echo x >"$SERIES/arch/alien/file"
	commit "$SERIES" alien
	scripts/matrix real
	[ "$(lines made)" -eq 2 ]
	echo x >"$SERIES/arch/fake/file"
	commit "$SERIES" fake
	scripts/matrix real
	[ "$(lines made)" -eq 3 ]
}

@test "changes that are not committed are built, and not taken for the commit" {
	scripts/matrix real
	warn "$SERIES/mm/gup.c"
	run scripts/matrix real
	[ "$status" -eq 1 ]
	git -C "$SERIES" checkout -q -f
	run scripts/matrix real
	[ "$status" -eq 0 ]
}

@test "a run that was cut short is built anew, with its warnings" {
	warn "$SERIES/mm/gup.c"
	commit "$SERIES" one
	run scripts/matrix real
	[ "$status" -eq 1 ]
	touch "$SERIES/.out-real-w1/pxd.busy"
	: >"$SERIES/.out-real-w1/pxd.messages"
	: >"$SERIES/.out-real-w1/pxd.log"
	run scripts/matrix real
	[ "$status" -eq 1 ]
	row real 'fail: 1 new: mm/gup.c:1'
}

@test "--base-only builds the base, --tree another tree" {
	run scripts/matrix --base-only
	[ "$status" -eq 0 ]
	row real 'built +- +0/- .* pass$'
	[ ! -e "$SERIES/.out-real-w1" ]
	cp -r "$BASE" "$BATS_TEST_TMPDIR/mine"
	# Of the same tick as gup.c, gup.o would not be made again.
	rm -r "$BATS_TEST_TMPDIR/mine/.out-real-w1"
	touch "$BATS_TEST_TMPDIR/mine/Kbuild"
	warn "$BATS_TEST_TMPDIR/mine/mm/gup.c"
	run scripts/matrix --tree "$BATS_TEST_TMPDIR/mine" real
	[ "$status" -eq 1 ]
	[ ! -e "$SERIES/.out-real-w1" ]
}

# a target whose compiler is not installed
nosuch() { { cat targets/real; echo 'CROSS=nosuch-'; echo 'NEEDS=(nosuch-gcc=gcc-nosuch)'; } >targets/a; }

@test "a compiler that apt does not offer: skipped with the reason, and no pass; the other targets are checked" {
	fake_apt
	nosuch
	run scripts/matrix --record
	[ "$status" -eq 0 ]
	row a 'skip: apt offers no gcc-nosuch$'
	row real 'pass$'
	[[ $output = *"1 of 2 targets skipped"* ]]
	[ "$(jq -r '.status + ": " + .reason' "$PXD_RESULTS/matrix/a.json")" = 'skip: apt offers no gcc-nosuch' ]
	# what was found elsewhere stays
	cp "$PXD_RESULTS/matrix/real.json" "$PXD_RESULTS/matrix/a.json"
	run scripts/matrix --record a
	cmp "$PXD_RESULTS/matrix/real.json" "$PXD_RESULTS/matrix/a.json"
	# nothing was compared
	[ "$status" -eq 2 ]
	row a 'skip: '
	run scripts/bisect a
	[ "$status" -eq 2 ]
	[[ $output = *"no patch on top"* ]]
	patch 1 returns 2
	run scripts/bisect --record a real
	[ "$status" -eq 0 ]
	grep -qx 'a  *skip: apt offers no gcc-nosuch' <<<"$output"
	[ "$(jq -r .status "$PXD_RESULTS/bisect/a.json")" = skip ]
	run scripts/bisect a
	[ "$status" -eq 2 ]
}

@test "a compiler that is offered and cannot be had is an error, the other targets are checked" {
	fake_apt gcc-nosuch
	nosuch
	run scripts/matrix
	[ "$status" -eq 2 ]
	row a 'error'
	row real 'pass$'
	[[ $output = *gcc-nosuch* ]]
}

@test "a base that cannot be configured fails, with the reason" {
	touch "$BASE/mm/unconfigurable"
	run scripts/matrix --record real
	[ "$status" -eq 1 ]
	row real 'unconfigured +- .* fail: the base cannot be configured: .*no compiler for this one'
	[ "$(jq -r .status "$PXD_RESULTS/matrix/real.json")" = fail ]
}

@test "another configuration than the target's own is an error" {
	sed -i 's/CONFIG_OWN/CONFIG_ABSENT2/' targets/real
	run scripts/matrix real
	[ "$status" -eq 2 ]
	[[ $output = *"Kconfig does not let it have CONFIG_ABSENT2=y"* ]]
	sed -i 's/CONFIG_ABSENT2/CONFIG_DEBUG_INFO/' targets/real
	run scripts/matrix real
	[ "$status" -eq 2 ]
	[[ $output = *"must not have CONFIG_DEBUG_INFO=y"* ]]
}

@test "sparse checks: what only the series has fails, what the base has does not" {
	echo SPARSE=1 >>targets/real
	planted='int f(int __attribute__((noderef, address_space(1))) *p) { return *p; }'
	for tree in "$BASE" "$SERIES"; do echo "$planted" >"$tree/mm/gup.c"; done
	run scripts/matrix real
	[ "$status" -eq 0 ]
	row real " ([1-9])/\\1 .* pass$"
	echo "$planted" >"$SERIES/mm/memory.c"
	run scripts/matrix real
	[ "$status" -eq 1 ]
	row real 'sparse: [1-9] new: mm/memory.c:1'
}

# fake_sparse COMMANDS: instead of sparse, "$@" are its arguments
fake_sparse() {
	echo SPARSE=1 >>targets/real
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	printf '#!/bin/bash\n[ "$1" != --version ] || { echo 0.5; exit; }\n%s\nexec %q "$@"\n' "$1" "$(command -v sparse)" >"$BATS_TEST_TMPDIR/bin/sparse"
	chmod +x "$BATS_TEST_TMPDIR/bin/sparse"
}

@test "sparse that finds nothing, does not know the code or cannot run is an error that names it" {
	for what in 'exit 0' 'echo "$BASH_SOURCE:1:2: error: Expected ; at end of statement" >&2; exit 0' \
		    'echo "sparse: libLLVM.so: cannot open shared object file" >&2; exit 127'; do
		fake_sparse "$what"
		run scripts/matrix real
		printf '%s\n' "$output"
		[ "$status" -eq 2 ]
		[[ $output = *"real: sparse (0.5) does not work, of a planted error it says "* ]]
	done
}

@test "sparse that dies of a file is an error that names it, even if it dies of it on both sides" {
	fake_sparse '[[ $* != *memory.c* ]] || kill -SEGV $$'
	# shellcheck disable=SC2016 # for make
	for tree in "$BASE" "$SERIES"; do
		sed -i 's/^mm\/:.*/mm\/: $(OBJECTS) $(if $(CHECK),gup.check memory.check)/; s/^check:/%.check:/
			s/^>@for c in.*/>@echo "  CHECK   mm\/$*.c"; $(CHECK) $(CF) mm\/$*.c/' "$tree/Makefile"
	done
	run scripts/matrix real
	printf '%s\n' "$output"
	[ "$status" -eq 2 ]
	[[ $output = *"real: sparse failed at memory.check"* ]]
}

@test "another sparse checks again" {
	fake_sparse ''
	run scripts/matrix real
	[ "$status" -eq 0 ]
	sed -i 's/0\.5/0.6/' "$BATS_TEST_TMPDIR/bin/sparse"
	: >"$BASES/made"
	run scripts/matrix real
	[ "$status" -eq 0 ]
	[ "$(lines made)" -gt 0 ]
}

@test "sparse that gives up is an error that names what is not checked" {
	echo SPARSE=1 >>targets/real
	sed -i 's/\$(CHECK) \$(CF) \$\$c;/& break;/' "$BASE/Makefile"
	run scripts/matrix real
	[ "$status" -eq 2 ]
	[[ $output = *"sparse has not checked mm/memory.c: see"* ]]
}

@test "sparse is given only what it knows of -march=" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho "$*"\n' >"$BATS_TEST_TMPDIR/bin/sparse"
	chmod +x "$BATS_TEST_TMPDIR/bin/sparse"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run scripts/lib/sparse -a '-march=rv64imac_zicsr' -march=z13 'b c'
	[ "$output" = '-a -march=rv64imac -march=z13 b c' ]
}

@test "a kernel that does not let sparse check is an error" {
	echo SPARSE=1 >>targets/real
	sed -i 's/^>@for c in.*/>@true/' "$BASE/Makefile"
	run scripts/matrix real
	[ "$status" -eq 2 ]
	[[ $output = *"sparse has not checked mm/gup.c mm/memory.c"* ]]
}

@test "syntax only: another compiler finds errors of syntax and type, its options are dropped" {
	sed -i 's/ -c -o/ -mno-such-option -c -o/' "$BASE/Makefile" "$SERIES/Makefile"
	echo SYNTAX=gcc >>targets/real
	run scripts/matrix real
	[ "$status" -eq 0 ]
	row real 'built +built .* syntax pass$'
	[ -f "$SERIES/.out-real-w1/mm/gup.o" ] && [ ! -s "$SERIES/.out-real-w1/mm/gup.o" ]
	echo 'struct s { int x; } v; int f(void) { return v; }' >"$SERIES/mm/gup.c"
	run scripts/matrix real
	[ "$status" -eq 1 ]
	row real 'built +1 error .* syntax fail: 1 new: .*incompatible types'
}

@test "--record: what was built, with what, and what it came to" {
	warn "$SERIES/mm/gup.c"
	run scripts/matrix --record real
	[ "$status" -eq 1 ]
	json=$PXD_RESULTS/matrix/real.json
	[ "$(jq -r '"\(.status) \(.figures.base_warnings) \(.figures.series_warnings)"' "$json")" = "fail 0 1" ]
	[[ $(jq -r .figures.compiler "$json") = gcc* ]]
	[[ $(jq -r .reason "$json") = *"unused variable"* ]]
}

@test "of mm/ what names no page table is left out, but where sparse checks" {
	cat >"$BASE/mm/Makefile" <<-'END'
		obj-y := gup.o
		obj-$(CONFIG_OWN) += several.o
		obj-$(CONFIG_NOT) += not.o
		several-y := memory.o other.o
	END
	# shellcheck disable=SC2016 # for make
	sed -i 's:^OBJECTS .*:& $(O)/mm/other.o\nmm/gup.o mm/memory.o mm/other.o\: mm/%.o\: $(O)/mm/%.o ;:' "$BASE/Makefile"
	echo 'int pmd_bad(void) { return 1; }' | tee "$BASE/mm/not.c" >"$BASE/mm/memory.c"
	echo 'int other(void) { return 1; }' >"$BASE/mm/other.c"
	scripts/matrix --base-only real
	[ "$(cat "$BASES/compiled")" = memory.o ]
	echo SPARSE=1 >>targets/real
	scripts/matrix --base-only real
	[ "$(sort "$BASES/compiled" | tr '\n' ' ')" = "gup.o memory.o other.o " ]
}

@test "kernel-doc: a comment of the series that is wrong fails, in a header too" {
	for tree in "$BASE" "$SERIES"; do
		mkdir -p "$tree/tools/docs"
		printf '#!/bin/sh\nshift\ngrep -Hn wrong "$@" | sed "s/^/Warning: /; s/:wrong/ wrong/" >&2\n' >"$tree/tools/docs/kernel-doc"
		chmod +x "$tree/tools/docs/kernel-doc"
	done
	echo wrong >"$BASE/include/a.h"
	commit "$BASE" base
	git -C "$BASE" tag -f base
	git -C "$SERIES" clean -qfd
	git -C "$SERIES" checkout -q --detach base
	printf '\n\nwrong\n' >"$SERIES/include/a.h"
	run scripts/matrix
	[ "$status" -eq 0 ]
	row kernel-doc ' 1/1 .* pass$'
	printf '\n\nwrong\nwrong one\n' >"$SERIES/include/a.h"
	run scripts/matrix
	[ "$status" -eq 1 ]
	row kernel-doc ' 1/2 .* fail: 1 new: .*include/a.h:4 wrong one'
}

@test "--tree: nothing is written there, and nothing runs that its repository names" {
	mine=$BATS_TEST_TMPDIR/mine
	git clone -q "$BASE" "$mine"
	git -C "$mine" remote remove origin
	trap_repository "$mine"
	for tree in "$BASE" "$mine"; do
		mkdir -p "$tree/tools/docs"
		printf '#!/bin/sh\nshift\necho "$@" >>%q\n' "$BATS_TEST_TMPDIR/documents" >"$tree/tools/docs/kernel-doc"
		chmod +x "$tree/tools/docs/kernel-doc"
	done
	warn "$mine/mm/gup.c"
	echo >"$mine/mm/new.h"
	before=$(find "$mine" -printf '%p %T@ %C@\n' | sort)
	run scripts/matrix --tree "$mine"
	printf '%s\n' "$output"
	[ "$status" -eq 1 ]
	row real ' 0/1 .* fail: 1 new: mm/gup.c:1'
	# what it changes
	grep -qx 'mm/gup.c mm/new.h' "$BATS_TEST_TMPDIR/documents"
	[ "$(find "$mine" -printf '%p %T@ %C@\n' | sort)" = "$before" ]
	not_trapped
}

@test "--record: not of another tree or of the base alone" {
	no_record scripts/matrix real -- --base-only '--tree x'
}

@test "bad input is an error in one line" {
	for args in nosuch '../real' '--nosuch' '-j' '-j x' '--tree' '--tree /nonexistent real'; do
		# shellcheck disable=SC2086 # words
		run scripts/matrix $args
		echo "$args: $status $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
}

# returns VALUE: what gup() in the series does
returns() { echo "int gup(void) { return $1; }" >"$SERIES/mm/gup.c"; }

# patch N COMMAND...: a commit on top of the series
patch() {
	"${@:2}"
	commit "$SERIES" "patch $1"
}

@test "bisect: each patch builds" {
	patch 1 returns 2
	patch 2 returns 3
	run scripts/bisect --record real
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output = *"each of 2 patches builds"* ]]
	[ "$(jq -r '"\(.status) \(.figures.good)/\(.figures.patches)"' "$PXD_RESULTS/bisect/real.json")" = "pass 2/2" ]
	[ "$(lines made)" -eq 3 ]

	# what is known is not built again
	patch 3 returns 4
	run scripts/bisect real
	[ "$status" -eq 0 ]
	[ "$(lines made)" -eq 4 ]
}

@test "bisect: the patch that breaks the build is named, though the next one mends it" {
	patch 1 returns 2
	patch 2 returns nonsense
	patch 3 returns 4
	run scripts/bisect --record real
	[ "$status" -eq 1 ]
	[[ $output = *'patch 2, '*'("patch 2"): new: '*nonsense* ]]
	[ "$(jq -r '"\(.status) \(.figures.good)/\(.figures.patches)"' "$PXD_RESULTS/bisect/real.json")" = "fail 1/3" ]
	# and again, from what is known
	run scripts/bisect real
	[ "$status" -eq 1 ]
}

@test "bisect: a warning that comes and goes is found; the base's own are not the patches'" {
	warn "$BASE/mm/memory.c"
	commit "$BASE" base
	git -C "$BASE" tag -f base
	git -C "$SERIES" checkout -q --detach base
	patch 1 warn "$SERIES/mm/gup.c"
	patch 2 returns 3
	run scripts/bisect real
	[ "$status" -eq 1 ]
	[[ $output = *'patch 1, '*'unused variable'* ]]
}

@test "bisect: nothing to check is an error" {
	run scripts/bisect real
	[ "$status" -eq 2 ]
	[[ $output = *"no patch on top"* ]]
}
