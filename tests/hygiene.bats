#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell
# scripts/hygiene: a clean series passes, one bad patch for every rule is caught.
# The kernel is a small one, with checkpatch.pl and what it needs from the base.

setup_file() {
	load series.bash
	local base dir
	export REAL_CACHE=${PXD_CACHE-}
	base=$("$BATS_TEST_DIRNAME/../scripts/tree")/linux
	K=$BATS_FILE_TMPDIR/kernel
	fake_kernel "$K"
	cp "$base"/scripts/{checkpatch.pl,get_maintainer.pl,spelling.txt,const_structs.checkpatch,spdxcheck.py,spdxexclude} "$K/scripts/"
	cp -r "$base"/{COPYING,CREDITS,Kbuild,README,LICENSES} "$K/"
	for dir in Documentation arch drivers fs init ipc kernel lib; do
		mkdir "$K/$dir"
		touch "$K/$dir/Kconfig"
	done
	cat >"$K/MAINTAINERS" <<-END
		List of maintainers
		===================

		Maintainers List
		----------------

		MEMORY MANAGEMENT
		M:	Some One <one@example.org>
		L:	linux-mm@example.org
		S:	Maintained
		F:	mm/

		THE REST
		M:	Some Two <two@example.org>
		L:	linux@example.org
		S:	Buried alive in reporters
		F:	*
		F:	*/
	END
	git -C "$K" add -A
	git -C "$K" commit -qm 'what checkpatch needs'
	# the slow part, once
	project "$BATS_FILE_TMPDIR/project"
	export K TEMPLATE=$P LINUX=$K
	"$P/scripts/apply"
}

setup() {
	load series.bash
	# The base in the cache is a git repository that knows its path: stay there.
	P=$TEMPLATE
	export PXD_CACHE=$P/cache LINUX=$K
	rm -rf "$P/patches" "$P/selftests" "$P/cocci"
	mkdir "$P/patches"
	S=$("$P/scripts/apply")
	export GIT_AUTHOR_NAME=pxd-lockless GIT_AUTHOR_EMAIL=pxd-lockless@example.org
}

# change MESSAGE [COMMANDS]: a commit, and the series exported.
change() {
	in_series "${2:-sed -i s/a10/renamed/ mm/memory.c}"
	in_series 'git add -A'
	git -C "$S" commit -q -m "$1"
	"$P/scripts/export"
}

BODY='The name says nothing to a reader of the code, so that everybody has to
look it up. Use one that does.'

ok() {
	run "$P/scripts/hygiene"
	echo "$output"
	[ "$status" -eq 0 ]
	grep -q '^0001-.*: OK' <<<"$output"
}

# finding PATTERN: that and nothing else.
finding() {
	run "$P/scripts/hygiene"
	echo "$output"
	[ "$status" -eq 1 ]
	[ "$(grep -c '^0001-\|^cocci/kernel/\|^selftests/' <<<"$output")" -eq "${2:-1}" ]
	grep -qE "$1" <<<"$output"
}

@test "hygiene: no patches, nothing to say" {
	run "$P/scripts/hygiene"
	[ "$status" -eq 0 ]
}

@test "hygiene: a commit id that LINUX= with its history does not have" {
	change "mm/memory: rename a variable

$BODY

Fixes: 9b25a6e3d243 (\"mm/pagewalk: fix race between concurrent split and refault\")
Suggested-by: Jason Gunthorpe <jgg@nvidia.com>
Link: https://lore.kernel.org/all/20200910130233.GK87483@ziepe.ca/
Cc: stable@vger.kernel.org"
	run "$P/scripts/hygiene"
	echo "$output"
	[ "$status" -eq 1 ]
	grep -q UNKNOWN_COMMIT_ID <<<"$output"
	[ "$(grep -c '^0001-' <<<"$output")" -eq 1 ]
}

@test "hygiene: without history the commit ids are counted, not judged" {
	change "mm/memory: rename a variable

$BODY

Fixes: 9b25a6e3d243 (\"mm/pagewalk: fix race between concurrent split and refault\")"
	git clone -q --depth=1 "file://$K" "$BATS_TEST_TMPDIR/shallow"
	export LINUX=$BATS_TEST_TMPDIR/shallow
	ok
	grep -q '1 commit ids not checked: this base has no history' <<<"$output"
}

@test "hygiene: with history a Fixes: tag is looked up" {
	id=$(git -C "$K" rev-parse --short=12 HEAD~1)
	change "mm/memory: rename a variable

$BODY

Fixes: $id (\"kernel 3\")"
	ok
	in_series 'git reset -q --hard base'
	change "mm/memory: rename a variable

$BODY

Fixes: $id (\"kernel 4\")"
	finding BAD_FIXES_TAG
}

@test "hygiene: a subject without prefix" {
	change "rename a variable

$BODY"
	finding 'subject lacks'
}

@test "hygiene: a subject that ends in a full stop" {
	change "mm: rename a variable.

$BODY"
	finding 'full stop'
}

@test "hygiene: another author" {
	export GIT_AUTHOR_NAME=someone GIT_AUTHOR_EMAIL=someone@example.org
	change "mm: rename a variable

$BODY"
	finding 'From: is someone <someone@example.org>'
}

@test "hygiene: tags that only people can give" {
	local tag
	for tag in Signed-off-by Reviewed-by Acked-by Tested-by Co-developed-by; do
		in_series 'git reset -q --hard base'
		change "mm: rename a variable

$BODY

$tag: Some One <one@example.org>"
		run "$P/scripts/hygiene"
		echo "$output"
		[ "$status" -eq 1 ]
		grep -q "only a person can give: $tag" <<<"$output"
	done
}

@test "hygiene: Suggested-by: without the mail" {
	change "mm: rename a variable

$BODY

Suggested-by: Jason Gunthorpe <jgg@nvidia.com>"
	finding 'without the Link:'
}

@test "hygiene: forms of Fixes: that are wrong" {
	local tag
	for tag in 'Fixes: 9b25a6e3 ("mm: x")' 'Fixes: 9b25a6e3d243 (mm: x)' 'Fixes: 9b25a6e3d243' 'fixes: 9b25a6e3d243 ("mm: x")' \
		'Fixes: commit 9b25a6e3d243 ("mm: x")' 'Fixes: 9B25A6E3D243 ("mm: x")'; do
		in_series 'git reset -q --hard base'
		change "mm: rename a variable

$BODY

$tag"
		run "$P/scripts/hygiene"
		echo "$output"
		[ "$status" -eq 1 ]
		grep -q 'want Fixes:' <<<"$output"
	done
}

@test "hygiene: a commit in the text, without title or too short; a folded one is fine" {
	id=$(git -C "$K" rev-parse --short=12 HEAD~1)
	change "mm: rename a variable

The name says nothing to a reader of the code since commit $id
(\"kernel 3\"). Use one that does."
	ok
	in_series 'git reset -q --hard base'
	change "mm: rename a variable

The name says nothing to a reader of the code since commit ${id:0:8}. Use
one that does."
	run "$P/scripts/hygiene"
	[ "$status" -eq 1 ]
	grep -q 'want commit <12+ hex>' <<<"$output"
}

@test "hygiene: white space that git am warns about" {
	change "mm: rename a variable

$BODY" 'echo >>mm/memory.c'
	finding 'whitespace: .*new blank line at EOF'
}

@test "hygiene: checkpatch errors, warnings and checks" {
	change "mm: rename a variable

$BODY" 'printf "\nint f(void)\n{\n\tif (a1 == 1 && (a2 == 1))\n\t\treturn 1;\n\treturn 0 ;\n}\n" >>mm/memory.c'
	run "$P/scripts/hygiene"
	echo "$output"
	[ "$status" -eq 1 ]
	grep -q '^0001-.*: checkpatch: line [0-9]*: WARNING:SPACING' <<<"$output"
	grep -q '^0001-.*: checkpatch: line [0-9]*: CHECK:UNNECESSARY_PARENTHESES' <<<"$output"
}

@test "hygiene: checkpatch warns of a missing changelog" {
	change "mm: rename a variable"
	finding 'COMMIT_MESSAGE'
}

@test "hygiene: an SPDX tag that checkpatch cannot take" {
	# needs spdxcheck.py and its modules; without them checkpatch says nothing
	change "mm: add a file

$BODY" 'printf "// SPDX-License-Identifier: GPL-nonsense\nint c;\n" >mm/new.c'
	finding 'SPDX_LICENSE_TAG'
}

@test "hygiene: a new file needs a maintainer" {
	change "mm: add a file

$BODY" 'printf "// SPDX-License-Identifier: GPL-2.0\nint c;\n" >mm/new.c'
	ok
	in_series 'git reset -q --hard base'
	change "lib: add a file

$BODY" 'printf "// SPDX-License-Identifier: GPL-2.0\nint c;\n" >lib/new.c'
	finding 'MAINTAINERS has no entry for lib/new.c'
	# one that a later patch adds will do
	change "MAINTAINERS: add an entry

$BODY" 'sed -i "/^THE REST/i LIBRARY\nM:	Some One <one@example.org>\nS:	Maintained\nF:	lib/new.c\n" MAINTAINERS'
	run "$P/scripts/hygiene"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "hygiene: typos in changelog and code" {
	change "mm: rename a variable

The name says nothing to a reader of the code, becuase it is short." 'echo "/* the adress */" >>mm/memory.c'
	run "$P/scripts/hygiene"
	echo "$output"
	[ "$status" -eq 1 ]
	grep -q 'codespell: becuase ==> because' <<<"$output"
	grep -q 'codespell: adress ==> address' <<<"$output"
	grep -q 'checkpatch: line [0-9]*: .*TYPO_SPELLING' <<<"$output"
}

@test "hygiene: what export would lose or change" {
	change "mm: rename a variable

$BODY"
	cp "$P"/patches/0001* "$BATS_TEST_TMPDIR/good"
	sed -i 's/^---$/---\nv2: another name\n/' "$P"/patches/0001*
	finding 'not what scripts/export writes'
	cp "$BATS_TEST_TMPDIR/good" "$P"/patches/0001*
	ok
	sed -i 's/\[PATCH\]/[PATCH v2 01\/40]/' "$P"/patches/0001*
	finding 'not what scripts/export writes'
	cp "$BATS_TEST_TMPDIR/good" "$P"/patches/0001*
	mv "$P"/patches/0001* "$P/patches/0001-other.patch"
	finding 'not what scripts/export writes'
}

@test "hygiene: copies of what the patches add" {
	change "mm: add a test

$BODY" 'mkdir -p tools/testing/selftests/mm scripts/coccinelle/mm
		printf "// SPDX-License-Identifier: GPL-2.0\nint c;\n" >tools/testing/selftests/mm/test.c
		printf "// SPDX-License-Identifier: GPL-2.0\n" >scripts/coccinelle/mm/rule.cocci
		sed -i "s,^F:	mm/,F:	mm/\nF:	scripts/coccinelle/mm/\nF:	tools/testing/selftests/mm/," MAINTAINERS'
	ok
	echo 'int d;' >>"$P/selftests/mm/test.c"
	finding 'selftests/mm/test.c differs' 2
	rm "$P/selftests/mm/test.c"
	finding 'selftests/mm/test.c is missing' 2
	"$P/scripts/export"
	echo >"$P/selftests/mm/extra.c"
	finding 'selftests/mm/extra.c is not in the series' 2
	rm "$P/selftests/mm/extra.c"
	echo >"$P/cocci/kernel/extra.cocci"
	finding 'cocci/kernel/extra.cocci is not in the series' 2
	rm "$P/cocci/kernel/extra.cocci"
	mkdir "$P/cocci/tests"
	echo >"$P/cocci/tests/x.cocci"
	echo >"$P/cocci/mine.cocci"
	ok
}

@test "hygiene: a checker that breaks is an error, not OK" {
	change "mm: rename a variable

$BODY" 'echo "die;" >scripts/checkpatch.pl; sed -i s/a10/renamed/ mm/memory.c'
	run "$P/scripts/hygiene"
	echo "$output"
	[ "$status" -eq 2 ]
	grep -q '^0001-.*: could not be checked' <<<"$output"
}

@test "hygiene: patches that do not apply" {
	change "mm: rename a variable

$BODY"
	sed -i 's/^ int a9;/ int other;/' "$P"/patches/0001*
	run "$P/scripts/hygiene"
	[ "$status" -eq 2 ]
	[[ ${lines[-1]} = apply:*'does not apply'* ]]
}

@test "hygiene: several at once, in order" {
	local n
	for n in 11 12 13 14; do
		change "mm: rename a$n

$BODY" "sed -i s/a$n/renamed$n/ mm/memory.c"
	done
	JOBS=3 run "$P/scripts/hygiene"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -o '^000[0-9]' <<<"$output" | tr '\n' ' ')" = '0001 0002 0003 0004 ' ]
}

@test "hygiene: the patches of this project" {
	unset LINUX PXD_CACHE
	[ -z "$REAL_CACHE" ] || export PXD_CACHE=$REAL_CACHE
	run "$BATS_TEST_DIRNAME/../scripts/hygiene"
	echo "$output"
	[ "$status" -eq 0 ]
}
