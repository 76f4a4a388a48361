#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # each test is a subshell
# scripts/sets: the sets of this series stand by themselves, and a series for which
# that is not so is told.

setup() {
	load series.bash
	ROOT=$BATS_TEST_DIRNAME/..
}

# with_make: the kernel of the project can be built: mm/memory.o and mm/gup.o. A line
# in $BUILT for each object.
with_make() {
	export PXD_RESULTS=$BATS_TEST_TMPDIR/results BUILT=$BATS_TEST_TMPDIR/built JOBS=2
	touch "$BUILT"
	cat >>"$K/Makefile" <<-END
		.RECIPEPREFIX := >
		export CC O
		allnoconfig:
		>@mkdir -p \$(O)/mm; cp \$(KCONFIG_ALLCONFIG) \$(O)/.config
		mm/memory.o mm/gup.o:
		>@echo "  CC      \$@"; echo \$@ >>$BUILT; \$(CC) -c -Iinclude -o \$(O)/\$@ \$(@:.o=.c)
		mm/: mm/memory.o mm/gup.o
		.PHONY: allnoconfig mm/ mm/memory.o mm/gup.o
	END
	touch "$K/Kbuild"
	mkdir -p "$K/tools/testing/selftests/mm"
	echo 'int help(void) { return 0; }' >"$K/tools/testing/selftests/mm/vm_util.c"
	echo 'obj-$(CONFIG_OWN) += memory.o many.o
many-y += gup.o' >"$K/mm/Makefile"
	sed -i '1i /* pte */' "$K"/mm/*.c
	git -C "$K" add -A
	git -C "$K" commit -qm make
}

# small [DIR]: a project with a series of five patches in three sets, of which the last
# needs the first and the second falls away. With DIR, its kernel can be built.
small() {
	project "$BATS_TEST_TMPDIR/${1:-a project}"
	K=$BATS_TEST_TMPDIR/kernel
	fake_kernel "$K"
	[ -z "${1-}" ] || with_make
	export LINUX=$K
	S=$("$P/scripts/apply")
	in_series 'change() { sed -i "s/$2/$3/" "mm/$1.c" && git commit -qam "$4"; }
		change memory a10 A10 "mm/memory: one"
		change gup b10 B10 "mm/gup: two"
		change memory a12 A12 "mm/memory: three"
		change gup b12 B12 "mm/gup: four, with a subject that is so long that the header has two lines of it"
		change memory a25 A25 "mm/memory: five"'
	"$P/scripts/export"
	mkdir -p "$P/targets" "$P/sets"
	printf 'KARCH=fake\nOBJS=(mm/)\nCONFIG="\nCONFIG_OWN=y\n"\n' | tee "$P/targets/one" >"$P/targets/two"
	printf '# of the test\nmm/ one\nmm/gup two\ninclude/ one\ntools/\n' >"$P/sets/TARGETS"
	printf 'all: of it\n\nText.\n\n---\n  first  1  mm\n  second  2  mm\n  third  2  mm\n' >"$P/cover-letter.txt"
	printf 'mm/gup: two and four\n\nText.\n\n---\nA table:\n\n  one  two\n\n[1] https://example.org/\n' >"$P/sets/second.letter"
	cat >"$P/sets/SETS" <<-'END'
		# SPDX-License-Identifier: GPL-2.0

		Set: first
		Title: mm/memory: one
		Tree: mm
		Patches:
		 mm/memory: one

		Set: third
		Title: mm/memory: three and five
		Tree: mm
		Needs:
		 first (applies): the line above
		Conflicts:
		 one
		 two
		Letter: third.letter
		Patches:
		 mm/memory: three
		 mm/memory: five

		Set: second
		Title: mm/gup: two and four
		Tree: mm
		Falls-with: https://example.org/
		Letter: second.letter
		Patches:
		 mm/gup: two
		 mm/gup: four, with a subject that is so long that the header has two lines of it
	END
	sed 's/gup: two and four/memory: three and five/' "$P/sets/second.letter" >"$P/sets/third.letter"
}

# sets ARG...: the verb in the project
sets() { run "$P/scripts/sets" "$@"; echo "status $status: $output"; }

# says PATTERN: check finds something wrong, and this is it
says() {
	sets check
	[ "$status" -eq 1 ]
	grep -qE "$1" <<<"$output"
}

@test "sets: each set of this series applies after no more than what it needs, and the rest without what falls away" {
	unset LINUX
	run "$ROOT/scripts/sets" check
	echo "$output"
	[ "$status" -eq 0 ]
	n=$(grep -c '^Set: ' "$ROOT/sets/SETS")
	[[ $output == *"$n of $n sets apply, each after no more than what it needs"* ]]
	grep -q "^without .*: the other $((n - 1)) sets apply" <<<"$output"
}

@test "sets: cover-letter.txt names each file that the ledger calls open" {
	n=0
	while read -r file; do
		n=$((n + 1))
		grep -q "${file%/*}.*${file##*/}" "$ROOT/cover-letter.txt" || { echo "not named: $file"; return 1; }
	done < <(awk -F '\t' '$2 == "open" { split($1, key, " "); print key[1] }' "$ROOT/cocci/ledger/linux-7.3" | sort -u)
	[ "$n" -gt 0 ]
}

@test "sets: a series that is right" {
	small
	sets check
	[ "$status" -eq 0 ]
	[[ $output == *"without second: the other 2 sets apply"* ]]
	[[ $output == *"3 of 3 sets apply"* ]]
	sets check third
	[ "$status" -eq 0 ]
	[[ $output == *"1 of 1 sets apply"* ]]
	[ -z "$(leftovers)" ]
	[ "$(git -C "$("$P/scripts/tree")/linux" worktree list | wc -l)" -eq 2 ]
}

@test "sets: list and files" {
	small
	sets
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[1]} =~ ^third\ +2\ +mm\ +"mm/memory: three and five (needs first)"$ ]]
	sets files third
	[ "$output" = 'patches/0003-mm-memory-three.patch
patches/0005-mm-memory-five.patch' ]
	sets files --needed third
	[ "${lines[0]}" = patches/0001-mm-memory-one.patch ]
	[ "${#lines[@]}" -eq 3 ]
	# What is needed comes first, also where it stands later in patches/.
	sed -i '/^Set: first/,/^$/d' "$P/sets/SETS"
	printf '\nSet: first\nTitle: mm/memory: one\nTree: mm\nNeeds:\n second (works): of it\nPatches:\n mm/memory: one\n' >>"$P/sets/SETS"
	sed -i '/^ first (applies)/d' "$P/sets/SETS"
	sets files --needed first
	[ "${lines[0]}" = patches/0002-mm-gup-two.patch ]
	[ "${lines[2]}" = patches/0001-mm-memory-one.patch ]
	for arguments in "files" "files none" "files first second" "list first" "check none" "check --needed" "check --record" "check -j x"; do
		# shellcheck disable=SC2086 # words
		sets $arguments
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
}

@test "sets: a patch in no set, in two, or that is not there" {
	small
	cp "$P/sets/SETS" "$BATS_TEST_TMPDIR/SETS"
	sed -i '/^ mm\/memory: five/d' "$P/sets/SETS"
	says '^no set has 0005-mm-memory-five.patch$'
	cp "$BATS_TEST_TMPDIR/SETS" "$P/sets/SETS"
	sed -i 's/^ mm\/gup: two$/&\n mm\/memory: three/' "$P/sets/SETS"
	says "^second: 'mm/memory: three' is in third as well$"
	cp "$BATS_TEST_TMPDIR/SETS" "$P/sets/SETS"
	sed -i 's/^ mm\/gup: two$/ mm\/gup: to/' "$P/sets/SETS"
	says "^second: patches/ has no 'mm/gup: to'$"
	says '^no set has 0002-mm-gup-two.patch$'
	# and nothing but check goes by such a definition
	sets list
	[ "$status" -eq 2 ]
	[[ ${lines[-1]} == *"scripts/sets check" ]]
}

@test "sets: sixteen patches are too many, fifteen are not" {
	small
	in_series 'for n in {14..24}; do
			sed -i "s/b$n;/B$n;/" mm/gup.c; git commit -qam "mm/gup: number $n"
			echo " mm/gup: number $n" >>"'"$P"'/sets/SETS"
		done
		for n in 25 26; do sed -i "s/b$n;/B$n;/" mm/gup.c; git commit -qam "mm/gup: number $n"; done
		echo " mm/gup: number 25" >>"'"$P"'/sets/SETS"'
	"$P/scripts/export"
	printf '\nSet: more\nTitle: mm/gup: number 26\nTree: mm\nPatches:\n mm/gup: number 26\n' >>"$P/sets/SETS"
	# 26 comes after second, which falls away: not what this test is about
	sed -i '/^Falls-with/d; s/^Title: mm\/gup: number 26/&\nNeeds:\n second (applies): 25/' "$P/sets/SETS"
	sed -i 's/^  second  2/  more  1  mm\n  second  14/' "$P/cover-letter.txt"
	sets check
	[ "$status" -eq 0 ]
	in_series 'for n in 1 3; do sed -i "s/b$n;/B$n;/" mm/gup.c; git commit -qam "mm/gup: number $n"; done'
	"$P/scripts/export"
	sed -i 's/^ mm\/gup: number 25/&\n mm\/gup: number 1/' "$P/sets/SETS"
	says '^no set has .*number-3.patch'
	sed -i 's/^  second  14/  second  15/' "$P/cover-letter.txt"
	sed -i 's/^ mm\/gup: number 1$/&\n mm\/gup: number 3/' "$P/sets/SETS"
	says '^second: has 16 patches, 15 is the most'
}

@test "sets: a need that is not named, named too low, or not needed" {
	small
	cp "$P/sets/SETS" "$BATS_TEST_TMPDIR/SETS"
	sed -i '/^Needs:/,/^ first/d' "$P/sets/SETS"
	says '^third: patches/0003-.* does not apply after nothing: mm/memory.c:.*; which of first does it need\?$'
	cp "$BATS_TEST_TMPDIR/SETS" "$P/sets/SETS"
	sed -i 's/^Title: mm.memory: one$/&\nNeeds:\n third (works): of it/' "$P/sets/SETS"
	says '^first: needs third, and no such set stands above it$'
	cp "$BATS_TEST_TMPDIR/SETS" "$P/sets/SETS"
	sed -i 's/^ first (applies).*/&\n nobody (works): of it/' "$P/sets/SETS"
	says '^third: needs nobody, and no such set stands above it$'
	cp "$BATS_TEST_TMPDIR/SETS" "$P/sets/SETS"
	sed -i 's/^ first (applies).*/ first/' "$P/sets/SETS"
	says "^third: a need is 'NAME \(applies\|builds\|works\): what of it', not 'first'$"
	# It applies all the same.
	cp "$BATS_TEST_TMPDIR/SETS" "$P/sets/SETS"
	sed -i 's/^Falls-with.*/Needs:\n first (applies): nothing/' "$P/sets/SETS"
	says '^second: applies without first'
	sed -i 's/^ first (applies): nothing/ first (works): something/' "$P/sets/SETS"
	sets check
	[ "$status" -eq 0 ]
	# Another one brings it.
	sed -i 's/^ first (works): something/&\n third (works): something/' "$P/sets/SETS"
	says '^second: first need not be named, third brings it$'
}

@test "sets: a set that does not apply, not even with fuzz" {
	small
	# patch(1) and git apply -C1 would take it
	sed -i 's/^ int a13;/ int A13;/' "$P"/patches/0003-*
	says '^third: patches/0003-.* does not apply after first: mm/memory.c:[0-9]+$'
	sed -i 's/^ int A13;/ int a13;/' "$P"/patches/0003-*
	sets check
	[ "$status" -eq 0 ]
	sets check third
	[ "$status" -eq 0 ]
	# In the order of the sets it applies, in that of patches/ it does not.
	mv "$P"/patches/0003-* "$P/patches/0000-mm-memory-three.patch"
	says '^third: patches/0000-.* does not apply in the order of patches/, after first: mm/memory.c:[0-9]+$'
	echo nonsense >"$P/patches/0000-mm-memory-three.patch"
	sets check
	[ "$status" -eq 2 ]
	[ "${lines[-1]}" = 'sets: patches/0000-mm-memory-three.patch has no subject: write it with git format-patch' ]
}

@test "sets: nothing may need what falls away, named or not" {
	small
	sed -i '/^Falls-with/d; s/^Title: mm\/memory: one/&\nFalls-with: https:\/\/example.org\//' "$P/sets/SETS"
	says '^third: needs first, which falls away with https://example.org/$'
	# Without a name third does not apply, and so the rest without first does not.
	sed -i '/^Needs:/d; /^ first (applies)/d' "$P/sets/SETS"
	says '^without first: patches/0003-.* does not apply: mm/memory.c:[0-9]+; it must not need what falls away$'
}

@test "sets: letters" {
	small
	letter=$P/sets/second.letter
	cp "$letter" "$BATS_TEST_TMPDIR/letter"
	rm "$letter"
	says '^second: there is no letter sets/second.letter$'
	{ printf 'mm/gup: two and four\n\n'; for n in {1..38}; do echo "Line $n."; done; } >"$letter"
	sets check
	[ "$status" -eq 0 ]
	echo more >>"$letter"
	says '^second: second.letter has 41 lines before its tables'
	{ cat "$BATS_TEST_TMPDIR/letter"; echo "And so on."; } >"$letter"
	says '^second: second.letter, line 10: behind --- are tables'
	sed 's/ two and four/ five/' "$BATS_TEST_TMPDIR/letter" >"$letter"
	says '^second: the subject of second.letter is not its Title$'
	sed 2d "$BATS_TEST_TMPDIR/letter" >"$letter"
	says '^second: the second line of second.letter has to be empty$'
	sed "s/^Text.$/$(printf 'x%.0s' {1..81})/" "$BATS_TEST_TMPDIR/letter" >"$letter"
	says '^second: line 3 of second.letter is longer than 80 characters$'
	cp "$BATS_TEST_TMPDIR/letter" "$letter"
	touch "$P/sets/stray.letter"
	says '^sets/stray.letter belongs to no set$'
	rm "$P/sets/stray.letter"
	sed -i '/^Letter: second/d' "$P/sets/SETS"
	says '^second: a set of 2 patches has a letter$'
	sed -i 's/^Falls-with.*/&\nLetter: second.letter/' "$P/sets/SETS"
	sed -i 's/^  first  1/  first  3/' "$P/cover-letter.txt"
	says "^all: cover-letter.txt has no line '  first  1' in its table of sets$"
	sed -i 's/^  first  3/  first  1/' "$P/cover-letter.txt"
	for n in {1..77}; do echo "Line $n."; done | sed -i '2r /dev/stdin' "$P/cover-letter.txt"
	says '^all: cover-letter.txt has 81 lines before its tables'
}

@test "sets: other faults of the file" {
	small
	cp "$P/sets/SETS" "$BATS_TEST_TMPDIR/SETS"
	while IFS='|' read -r change words; do
		cp "$BATS_TEST_TMPDIR/SETS" "$P/sets/SETS"
		sed -i "$change" "$P/sets/SETS"
		says "$words"
	done <<-'END'
		s/^Set: second/Set: first/|^first: there are two sets of that name$
		s/^Conflicts:/Conflict:/|^third: there is no field Conflict$
		s/^Title: mm.memory: one/Title: another/|^first: the Title of a set of one patch is its subject$
		0,/^Tree: mm$/{/^Tree: mm$/d}|^first: has no Tree$
		/^Title: mm.gup/d|^second: has no Title$
		s/^ mm.memory: three$/ x/;s/^ mm.memory: five$/ mm\/memory: three/;s/^ x$/ mm\/memory: five/|^third: 'mm/memory: three' comes earlier in patches/$
	END
	for change in 's/^Set: second/Set: Second one/' 's/^Set: second/Words without a colon/' '1s/^/Title: x\n/'; do
		cp "$BATS_TEST_TMPDIR/SETS" "$P/sets/SETS"
		sed -i "$change" "$P/sets/SETS"
		sets check
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
	rm "$P/sets/SETS"
	sets check
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
}

# figure NAME EXPRESSION: of a record
figure() { jq -r "$2" "$PXD_RESULTS/sets/$1.json"; }

@test "sets: what builds is recorded, and not built again" {
	small project
	sets check --build --record
	[ "$status" -eq 0 ]
	grep -q '^first  *builds: 1 objects, one ' <<<"$output"
	grep -q '^second  *builds: 1 objects, two ' <<<"$output"
	grep -q '^without-second  *builds: 1 objects, one ' <<<"$output"
	[ "$(sort "$BUILT" | uniq -c | xargs)" = '1 mm/gup.o 3 mm/memory.o' ]
	[ "$(figure third '"\(.status) \(.figures.patches) \(.figures.needs) \(.figures.targets)"')" = 'pass 2 first one' ]
	tree=$(figure third .figures.tree)
	kernel=$("$P/scripts/tree")/linux
	[ "$(git -C "$kernel" show "$tree:mm/memory.c" | grep -c A)" -eq 3 ]
	[ "$(git -C "$kernel" show "$tree:mm/gup.c" | grep -c B)" -eq 0 ]
	sets check --build --record
	[ "$status" -eq 0 ]
	grep -q '^third  *builds (recorded for the same tree)$' <<<"$output"
	[ "$(wc -l <"$BUILT")" -eq 4 ]
	# another configuration is another outcome
	sed -i 's/OWN=y/&\nCONFIG_MORE=y/' "$P/targets/two"
	sets check --build --record
	[ "$status" -eq 0 ]
	[ "$(tail -n +5 "$BUILT")" = mm/gup.o ]
	# and so is another patch
	sed -i 's/^+int A25;/+int A26;/' "$P"/patches/0005-*
	sets check --build --record
	[ "$status" -eq 0 ]
	[ "$(tail -n +6 "$BUILT" | xargs)" = 'mm/memory.o mm/memory.o' ]
	# what failed is tried again
	sed -i 's/pass/fail/' "$PXD_RESULTS/sets/first.json"
	sets check --build --record first
	[ "$status" -eq 0 ]
	[ "$(tail -n +8 "$BUILT")" = mm/memory.o ]
	[ -z "$(git -C "$kernel" status --porcelain)" ]
}

@test "sets: a set that applies and does not build without what it does not name" {
	small project
	in_series 'printf "#define FROM_SECOND int\n" >include/second.h; git add include/second.h
		git commit -qm "mm/second: a header"'
	in_series 'printf "#include <second.h>\nFROM_SECOND c;\n" >>mm/memory.c; git commit -qam "mm/memory: use it"'
	"$P/scripts/export"
	sed -i 's/^ mm\/gup: four.*/&\n mm\/second: a header/; /^Falls-with/d' "$P/sets/SETS"
	printf '\nSet: user\nTitle: mm/memory: use it\nTree: mm\nPatches:\n mm/memory: use it\n' >>"$P/sets/SETS"
	sed -i 's/^  second  2/  user  1  mm\n  second  3/' "$P/cover-letter.txt"
	sets check user
	[ "$status" -eq 0 ]
	sets check --build --record user
	[ "$status" -eq 1 ]
	grep -q '^user: does not build: one: mm/memory.c:[0-9:]* fatal error: second.h: No such file' <<<"$output"
	[ "$(figure user .status)" = fail ]
	[[ $(figure user .reason) == *'second.h'* ]]
	sed -i 's/^Title: mm.memory: use it/&\nNeeds:\n second (builds): the header/' "$P/sets/SETS"
	sets check --build --record user second
	[ "$status" -eq 0 ]
	[ "$(figure user .figures.needs)" = second ]
	# A header is compiled by all that the target has, not only where it is touched.
	grep -q '^second  *builds: 4 objects, one two ' <<<"$output"
}

@test "sets: what no target compiles is not taken for built" {
	small project
	in_series 'echo "int c;" >mm/pin.c; git add mm/pin.c; git commit -qm "mm/pin: new"'
	"$P/scripts/export"
	printf '\nSet: pin\nTitle: mm/pin: new\nTree: mm\nPatches:\n mm/pin: new\n' >>"$P/sets/SETS"
	sed -i 's/^  second  2/  pin  1  mm\n&/' "$P/cover-letter.txt"
	sets check --build pin
	[ "$status" -eq 1 ]
	grep -q '^pin: does not build: no target of sets/TARGETS compiles mm/pin.c$' <<<"$output"
	# nor what the configuration does not have, though make would compile it
	sed -i '/OWN/d' "$P/targets/one"
	sets check --build first
	[ "$status" -eq 1 ]
	grep -q '^first: does not build: no target of sets/TARGETS compiles mm/memory.c$' <<<"$output"
	# an object that is there from an earlier tree is none of this one
	touch "$("$P/scripts/tree")/sets/.out-one-sets/mm/pin.o"
	sets check --build pin
	[ "$status" -eq 1 ]
}

@test "sets: TARGETS names a target for each path, and it is there" {
	small
	sed -i '/^mm\/ /d' "$P/sets/TARGETS"
	says '^sets/TARGETS has nothing for mm/memory.c$'
	echo 'mm/ none' >>"$P/sets/TARGETS"
	says '^sets/TARGETS: there is no target none$'
}

@test "sets: a test of selftests/mm is compiled as such, the rest of its set by the targets" {
	small project
	in_series 'echo "int help(void); int main(void) { return help(); }" >tools/testing/selftests/mm/test.c
		sed -i s/a30/A30/ mm/memory.c
		git add .; git commit -qm "mm: a test and what it tests"'
	"$P/scripts/export"
	printf '\nSet: test\nTitle: mm: a test and what it tests\nTree: mm\nPatches:\n mm: a test and what it tests\n' >>"$P/sets/SETS"
	sed -i 's/^  second  2/  test  1  mm\n&/' "$P/cover-letter.txt"
	sed -i 's/^tools.*/tools\/ selftest/' "$P/sets/TARGETS"
	sets check --build test
	[ "$status" -eq 0 ]
	grep -q '^test  *builds: 2 objects, one selftest ' <<<"$output"
}
