#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/repro: what it makes of the runs of base and series. The kernel and
# QEMU are fakes: QEMU writes the console that the test gives for a side and row.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets stderr; every test is a process of its own
bats_require_minimum_version 1.5.0
load kernel-fake

setup() {
	fake_repo
	cp "$BATS_TEST_DIRNAME/../scripts/repro" scripts/
	mkdir -p selftests/debug
	# shellcheck disable=SC2016 # the fake's
	fake_consoles '-kernel) [[ $2 = */with-repro-base/* ]] && side=base || side=series
			[[ $2 = */with-repro-$side/* ]] || side=other ;;
		-append) row=${2##* } words=$2 ;;' '$side $row $tests $words'

	echo 'int main(void) { return 0; }' >selftests/debug/prog.c
	# The series has the driver, the base gets the patch of it.
	patch_of 'int driver;' >patches/0007-lib-test_huge_pfnmap-driver.patch
	git -C "$LINUX_TREE" -c user.name=t -c user.email=t@example.org commit -qam driver
	git -C "$BASES/series" reset -q --hard "$(git -C "$LINUX_TREE" rev-parse HEAD)"
	patch_of 'int window;' >selftests/debug/0003-window.patch
	git -C "$LINUX_TREE" reset -q --hard base
	echo CONFIG_DRIVER=y >selftests/debug/config
	cat >selftests/debug/reproducers <<-'END'
		# a comment

		name: lost
		test: prog
		args: -t lost
		base: red bad pud [0-9a-f]+
		fixed: green
		what: a mapping is lost
		  for ever
		load: yes

		name: harmless
		test: prog
		args: -t harmless
		base: green
		fixed: green
		what: nothing happens
		load: no

		name: read_only
		none: nobody writes there
		what: nothing can happen
		load: merged
	END
	green base harmless
	green series harmless
	green series lost
	red base lost "$BAD_PUD"
}

# patch_of LINE: what adds LINE to the end of mm/gup.c, on top of what is there
patch_of() {
	echo "$1" >>"$LINUX_TREE/mm/gup.c"
	git -C "$LINUX_TREE" diff
}

# fails WORDS: exit 1, and says why
fails() {
	run scripts/repro real
	printf '%s\n' "$output"
	[ "$status" -eq 1 ] && [[ $output = *"$1"* ]]
}

@test "all as it should be: exit 0, one table with what is known of each row" {
	run --separate-stderr scripts/repro real
	printf '%s\n' "$output" "$stderr"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} =~ ^lost\ +red\ +"bad pud 00ab"\ +green\ +"1 passed"$ ]]
	[[ ${lines[1]} = '    a mapping is lost for ever' ]]
	[[ ${lines[2]} = '    load: yes' ]]
	[[ ${lines[3]} =~ ^harmless\ +green\ +"1 passed"\ +green\ +"1 passed"$ ]]
	[[ ${lines[6]} =~ ^read_only\ +"no reproducer: nobody writes there"$ ]]
	[[ ${lines[-1]} = '# 3 rows: 1 red on the base and green with the fixes, 1 without a reproducer' ]]
}

@test "each run is one boot of one test; an oops ends it" {
	scripts/repro real --only lost
	[ "$(cut -d' ' -f1-3 "$SEEN")" = $'base lost tests/prog\nseries lost tests/prog' ]
	[ "$(grep -c 'oops=panic -- -t lost$' "$SEEN")" -eq 2 ]
	for line in 'int driver;' 'int window;'; do
		grep -qx "$line" "$BASES/with-repro-base/mm/gup.c"
		grep -qx "$line" "$BASES/with-repro-series/mm/gup.c"
	done
	grep -qx CONFIG_DRIVER=y "$BASES"/with-repro-{base,series}/.out-real/.config
}

@test "a row's own words come before those of the test, which may be one of the series" {
	mv selftests/debug/prog.c selftests/mm/
	sed -i '0,/^args: -t lost/s//&\nappend: at=place/' selftests/debug/reproducers
	scripts/repro real --only lost
	[ "$(cut -d' ' -f1-3 "$SEEN")" = $'base lost tests/prog\nseries lost tests/prog' ]
	[ "$(grep -c 'oops=panic at=place -- -t lost$' "$SEEN")" -eq 2 ]
}

@test "a row of a target of its own is booted there, another failure is told" {
	sed -i 's/^name: lost/&\ntarget: other/' selftests/debug/reproducers
	run scripts/repro real
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c 'console=fake more .* lost$' "$SEEN")" -eq 2 ]
	[ "$(grep -c 'console=fake panic.* harmless$' "$SEEN")" -eq 2 ]
	[[ $output = *'    on other'* ]]
	red series lost "$BAD_PUD"
	fails "lost: series is failed, not green (the kernel complained: mm/pgtable-generic.c:44: bad pud 00ab(01))"
}

@test "a red that stays green" {
	green base lost
	fails "lost: base is green, not red"
}

@test "a green that gets red, in its own way or that of the base" {
	red series harmless "$BAD_PUD"
	fails "harmless: series is failed, not green (the kernel complained: mm/pgtable-generic.c:44: bad pud 00ab(01))"
	green series harmless
	red series lost "$BAD_PUD"
	fails "lost: series is failed, not green"
	[[ $output = *"0 red on the base and green with the fixes"* ]]
}

@test "a red of another kind than described, a crash, a hang, skips: failed" {
	sed -i 's/bad pud/bad pmd/' "$CONSOLES/base-lost"
	fails "lost: base is failed, not red (the kernel complained: mm/pgtable-generic.c:44: bad pmd"
	sed -i '/END/d; /bad/d' "$CONSOLES/base-lost"
	fails "lost: base is failed, not red (no verdict of init"
	red base lost "$BAD_PUD"
	sed -i 's/ok 1 one/& # SKIP no driver/; s/passed=1/passed=0/; s/skipped=0/skipped=1/' "$CONSOLES/series-lost"
	fails "lost: series is failed, not green (no test was run to its end)"
}

@test "what is known to be red still is a red with a pattern" {
	sed -i '0,/^fixed: green/s//fixed: red bad pud/' selftests/debug/reproducers
	fails "lost: series is green, not red"
	red series lost "$BAD_PUD"
	scripts/repro real
}

@test "--record: every row, what is missing; --only is refused" {
	scripts/repro real --record
	json=$PXD_RESULTS/repro/real.json
	[ "$(jq -r .status "$json")" = pass ]
	[ "$(jq -r '.figures | "\(.lost)|\(.harmless)|\(.read_only)"' "$json")" = \
	  'red: bad pud 00ab; green: 1 passed|green: 1 passed; green: 1 passed|no reproducer: nobody writes there' ]
	[ "$(jq -r '.figures | "\(.rows) \(.red_green) \(.no_reproducer)"' "$json")" = '3 1 1' ]
	green base lost
	run scripts/repro real --record
	[ "$status" -eq 1 ]
	[ "$(jq -r '.status + " " + .reason' "$json")" = 'fail lost: base is green, not red (1 passed)' ]
	no_record scripts/repro real -- '--only lost'
}

@test "--list boots nothing" {
	run scripts/repro --list
	[ "$status" -eq 0 ]
	[[ ${lines[0]} = 'lost: base red, fixed green' ]]
	[[ $output = *'read_only: no reproducer: nobody writes there'* ]]
	[ ! -e "$SEEN" ]
}

@test "a kernel that does not build, or a patch that does not apply: exit 2, why" {
	sed -i 's/int window;/nonsense/' selftests/debug/0003-window.patch
	run scripts/repro real --only lost
	printf '%s\n' "$output"
	[ "$status" -eq 2 ]
	[[ $output = *"does not build"* ]]
	echo 'int other;' >"$LINUX_TREE/mm/gup.c"
	git -C "$LINUX_TREE" -c user.name=t -c user.email=t@t commit -qam other
	run scripts/repro real --only lost
	[ "$status" -eq 2 ]
	[[ $output = *"does not apply"* ]]
}

@test "no patch of the driver, or none of the delays: exit 2, one line" {
	for patch in patches/*-driver.patch selftests/debug/0003-*.patch; do
		mv "$patch" "$BATS_TEST_TMPDIR/away"
		run scripts/repro real --only lost
		echo "$patch: $status $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output = *'not one patch'* ]]
		mv "$BATS_TEST_TMPDIR/away" "$patch"
	done
}

@test "Ctrl-C ends QEMU and leaves nothing in TMPDIR" {
	ends_qemu scripts/repro real
}

@test "bad input is an error in one line" {
	for args in nosuch '--only' 'real --only nosuch' --nosuch 'real other'; do
		# shellcheck disable=SC2086 # words
		run scripts/repro $args
		echo "$args: $status $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
}

@test "a table with a mistake is an error that names the line or row" {
	for change in 's/^test: prog/test: nosuch/' 's/^base: green/base: grey/' '/^what: nothing happens/d' \
		's/^name: harmless/name: lost/' 's/^load: no/loaded: no/' '1i\ goes on' 's/^base: red.*/base: red/'; do
		cp selftests/debug/reproducers "$BATS_TEST_TMPDIR/good"
		sed -i "$change" selftests/debug/reproducers
		run scripts/repro --list
		echo "$change: $status $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		cp "$BATS_TEST_TMPDIR/good" selftests/debug/reproducers
	done
}

@test "the real table can be read, and its tests are there" {
	cd "$BATS_TEST_DIRNAME/.."
	run scripts/repro --list
	[ "$status" -eq 0 ]
	[[ $output = *"zap_part: base red, fixed green"* ]]
}
