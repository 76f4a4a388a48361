#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/lib/audit-report: the formats, and the ledger.

# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell; set by run
# shellcheck disable=SC2016 # jq's and bash -c's own variables

bats_require_minimum_version 1.5.0
load npm.bash
load units

ROOT=$BATS_TEST_DIRNAME/..

setup() {
	T=$BATS_TEST_TMPDIR
	TREE=$T/tree
	F=$T/findings.json S=$T/summary.json L=$T/ledger P=$T/patches
}

# array: a JSON array of the objects on stdin, one in a line
array() { echo '['; paste -sd,; echo ']'; }

report() { /usr/bin/python3 -B "$ROOT/scripts/lib/audit-report" "$@"; }

# A tree of two files, seven findings and a problem. What a rule prints is text
# of the source, which may be anything.
findings() {
	mkdir -p "$TREE/mm" "$TREE/arch/x86/mm" "$P"
	local i
	for i in $(seq 60); do echo "	line($i);"; done >"$TREE/mm/walk.c"
	cp "$TREE/mm/walk.c" "$TREE/arch/x86/mm/fault.c"
	sed -i -e '10s/.*/	pud_t pud = pudp_get(pudp); \/\/ <b>\&amp;/' \
		-e '12s/.*/	pmdp = pmd_offset(pudp, f(addr));/' "$TREE/mm/walk.c"
	sed -i -e '20s/.*/	if (pmd_none(*pmd) || pmd_leaf(*pmd))/' "$TREE/arch/x86/mm/fault.c"
	cat >"$T/lines" <<-'END'
		{"file":"arch/x86/mm/fault.c","line":20,"function":"spurious","class":"reread-plain","expression":"*pmd","slot":"pmd","first_line":20,"first_file":"arch/x86/mm/fault.c","chain":[],"marks":["init"],"lock":"init","lock_why":"the function is __init","rank":"low","risk":"a wrong decision","helper":"pmdp_get(pmd)","key":"arch/x86/mm/fault.c spurious reread-plain *pmd"}
		{"file":"arch/x86/mm/fault.c","line":55,"function":"spurious","class":"reread-plain","expression":"*pmd","slot":"pmd","first_line":20,"marks":[],"lock":"held","lock_why":"spin_lock(&init_mm.page_table_lock) in line 50","rank":"low","risk":"a wrong decision","helper":"","key":"arch/x86/mm/fault.c spurious reread-plain *pmd #2"}
		{"file":"mm/walk.c","line":12,"function":"walk_pud","class":"reread-value","expression":"pmd_offset(pudp)","slot":"pudp","first_line":10,"first_file":"mm/walk.c","chain":[],"marks":[],"lock":"none","lock_why":"walk_pud() takes none and nor do its 2 callers","rank":"high","risk":"a leaf is taken for a table","helper":"pmd_offset_lockless(pudp, pud, addr)","key":"mm/walk.c walk_pud reread-value pmd_offset(pudp)"}
		{"file":"mm/walk.c","line":30,"function":"walk_pmd","class":"reread-plain","expression":"*pud","slot":"pud","first_line":40,"first_file":"arch/x86/mm/fault.c","chain":[{"file":"mm/walk.c","line":30,"function":"walk_pmd","what":"again(pud)"},{"file":"arch/x86/mm/fault.c","line":48,"function":"again","what":"*pud"}],"second_file":"arch/x86/mm/fault.c","second_line":48,"marks":[],"lock":"none","lock_why":"","rank":"high","risk":"it may be cleared","helper":"pudp_get(pud)","key":"mm/walk.c walk_pmd reread-plain *pud"}
		{"file":"mm/walk.c","line":33,"function":"walk_pmd","class":"stack-copy","expression":"pte_offset_map(&val) through walk_pte()","slot":"val","first_line":0,"chain":[{"file":"mm/walk.c","line":33,"function":"walk_pmd","what":"walk_pte(&val)"},{"file":"mm/walk.c","line":50,"function":"walk_pte","what":"pte_offset_map(pmd)"}],"marks":["pte"],"lock":"callers","lock_why":"all callers hold the PTL","rank":"medium","risk":"","helper":"","key":"mm/walk.c walk_pmd stack-copy pte_offset_map(&val) through walk_pte()"}
		{"file":"mm/walk.c","line":36,"function":"<img src=x onerror=alert(1)>","class":"reread-plain","expression":"</script><script>alert(\"1\")</script> \\ [x](1) *\u001b[31mé\n","slot":"x","first_line":35,"marks":[],"lock":"private","lock_why":"<b>&amp;</b>","rank":"medium","risk":"<i>","helper":"'\"","key":"mm/walk.c <img src=x onerror=alert(1)> reread-plain </script>%23&'\""}
		{"file":"mm/walk.c","line":58,"function":"walk_end","class":"stack-step","expression":"pmd of walk_pmd_range(), from pmd_offset(&val), is stepped","first_line":2,"chain":null,"lock":"asserted","lock_why":"mmap_assert_write_locked() in line 56","rank":"low","risk":"","helper":"","key":"mm/walk.c walk_end stack-step pmd"}
		{"file":"mm/walk.c","line":59,"function":"walk_end","class":"unparsed","expression":"pgd_present (11 of its page table reads not seen)","rank":"problem","key":"mm/walk.c walk_end unparsed"}
	END
	array <"$T/lines" >"$F"
	echo '{"tree":"/k <7.3> & more","calls":40,"missed":3,"files":2,"macros":5,"functions":8,"functions_missed":1}' >"$S"
	printf 'From 0\nSubject: [PATCH v2 03/30] mm/walk: descend with the value in a rather long\n subject\n\nText\n' >"$P/0001-x.patch"
}

# A verdict for all but one.
ledger() {
	printf '# a comment\n' >"$L"
	printf '%s\t%s\t%s\n' \
		'arch/x86/mm/fault.c spurious reread-plain *pmd' safe 'The init_mm has one user at boot.' \
		'arch/x86/mm/fault.c spurious reread-plain *pmd #2' harmless 'Decides what is printed.' \
		'mm/walk.c walk_pud reread-value pmd_offset(pudp)' fixed '"mm/walk: descend with the value in a rather long subject", and tested.' \
		'mm/walk.c walk_pmd reread-plain *pud' harmless 'The caller looks again.' \
		'mm/walk.c walk_pmd stack-copy pte_offset_map(&val) through walk_pte()' open 'To be converted.' \
		"mm/walk.c <img src=x onerror=alert(1)> reread-plain </script>%23&'\"" safe '<b>&lt;</b>' \
		'mm/walk.c walk_end unparsed' safe 'Read by hand: no second read.' \
		>>"$L"
}
new='mm/walk.c walk_end stack-step pmd'

@test "text: the line of a finding, sorted by rank, and what is known below it" {
	findings
	run -1 --separate-stderr report --format text --findings "$F" --summary "$S" --tree "$TREE"
	[ -z "$stderr" ]
	cat >"$T/want" <<-'END'
		# high: 2 of 8

		mm/walk.c:12: reread-value: walk_pud: pmd_offset(pudp) (first read at line 10)
		#   high     walk_pud() takes none and nor do its 2 callers
		#   risk     a leaf is taken for a table
		#   use      pmd_offset_lockless(pudp, pud, addr)

		mm/walk.c:30: reread-plain: walk_pmd: *pud (first read at arch/x86/mm/fault.c:40)
		#   high     no lock seen
		#   risk     it may be cleared
		#   calls    mm/walk.c:30: walk_pmd: again(pud)
		#            arch/x86/mm/fault.c:48: again: *pud
		#   use      pudp_get(pud)

		# medium: 2 of 8

		mm/walk.c:33: stack-copy: walk_pmd: pte_offset_map(&val) through walk_pte() [pte]
		#   medium   all callers hold the PTL
		#   calls    mm/walk.c:33: walk_pmd: walk_pte(&val)
		#            mm/walk.c:50: walk_pte: pte_offset_map(pmd)

		mm/walk.c:36: reread-plain: <img src=x onerror=alert(1)>: </script><script>alert("1")</script> \ [x](1) * [31mé (first read at line 35)
		#   medium   private table: <b>&amp;</b>
		#   risk     <i>
		#   use      '"

		# low: 3 of 8

		arch/x86/mm/fault.c:20: reread-plain: spurious: *pmd (first read at line 20) [init]
		#   low      the function is __init
		#   risk     a wrong decision
		#   use      pmdp_get(pmd)

		arch/x86/mm/fault.c:55: reread-plain: spurious: *pmd (first read at line 20)
		#   low      lock held: spin_lock(&init_mm.page_table_lock) in line 50
		#   risk     a wrong decision

		mm/walk.c:58: stack-step: walk_end: pmd of walk_pmd_range(), from pmd_offset(&val), is stepped (first read at line 2)
		#   low      lock asserted: mmap_assert_write_locked() in line 56

		# not analysed: 1 of 8

		mm/walk.c:59: unparsed: walk_end: pgd_present (11 of its page table reads not seen)

		# rank    class             total
		# high    reread-plain          1
		# high    reread-value          1
		# medium  reread-plain          1
		# medium  stack-copy            1
		# low     reread-plain          2
		# low     stack-step            1
		# all     all                   7
		# reread-value       1
		# reread-plain       4, 1 [init]
		# stack-copy         1, 1 [pte]
		# stack-step         1
		# unparsed           1
		# 7 of 8 functions that have page table calls analysed (87.50%)
		# 37 of 40 page table calls in 2 files analysed; not the 5 macros that have some
	END
	diff "$T/want" - <<<"$output"
}

@test "text: one line a finding where no more is known, as before there were ranks" {
	findings
	jq -c '{file, line, function, class, expression, first_line, marks, key}' "$T/lines" | tail -n2 >"$T/plain.lines"
	printf '%s\n' '{"file":"mm/x.c","line":1,"function":"reread.cocci","class":"failed","expression":"spatch died of signal 11","key":"x"}' >>"$T/plain.lines"
	array <"$T/plain.lines" >"$T/plain"
	run -1 --separate-stderr report --findings "$T/plain"
	diff - <(echo "$output") <<-'END'
		mm/walk.c:58: stack-step: walk_end: pmd of walk_pmd_range(), from pmd_offset(&val), is stepped (first read at line 2)
		mm/walk.c:59: unparsed: walk_end: pgd_present (11 of its page table reads not seen)
		mm/x.c:1: failed: reread.cocci: spatch died of signal 11
		# unparsed           1
		# failed             1
		# not a result: 1 files failed
	END
}

@test "no finding: zeros, and exit 0 in all formats" {
	findings
	echo '[]' >"$F"
	run -0 --separate-stderr report --format text --findings "$F" --summary "$S"
	[ "${lines[0]}" = '# reread-value       0' ]
	[[ ${lines[-1]} == '# 37 of 40 page table calls in 2 files'* ]]
	for format in org sarif html; do
		run -0 --separate-stderr report --format $format --findings "$F" --summary "$S" --tree "$TREE"
		[ -n "$output" ]
	done
}

@test "--class and --rank; a crash is always shown" {
	findings
	run -1 --separate-stderr report --findings "$F" --class stack-copy,stack-step
	[ "$(grep -c '^[^#]' <<<"$output")" -eq 2 ]
	[ "$(grep -c '^[^#]*: stack-' <<<"$output")" -eq 2 ]
	[[ $output != *reread* ]]
	run -1 --separate-stderr report --findings "$F" --rank high,medium
	[ "$(grep -c '^[^#]' <<<"$output")" -eq 5 ]	# with the problem
	run -2 --separate-stderr report --findings "$F" --class no-such
	[[ $stderr == "audit-report: unknown class 'no-such': one of reread-value, "* ]]
	# but for one that the rules name
	echo '"no-such"' >"$T/rule"
	run -0 --separate-stderr report --findings "$F" --class no-such --rules "$T/rule"
	[ "$output" = '# no-such            0' ]
	echo '{"file":"mm/x.c","line":1,"function":"r","class":"failed","expression":"e","rank":"problem","key":"x"}' >>"$T/lines"
	array <"$T/lines" >"$F"
	run -1 --separate-stderr report --findings "$F" --class stack-copy --rank high
	[[ $output == *'mm/x.c:1: failed: r: e'* ]]
}

@test "the order of the findings does not matter" {
	findings
	local format
	for format in text org sarif html; do
		report --format $format --findings "$F" --tree "$TREE" >"$T/one" || [ $? -eq 1 ]
		tac "$T/lines" | array >"$T/reversed"
		report --format $format --findings "$T/reversed" --tree "$TREE" | cmp "$T/one"
	done
}

@test "ledger: each finding has its verdict, its sentence and a place in the sums" {
	findings
	ledger
	run -1 --separate-stderr report --findings "$F" --ledger "$L" --patches "$P"
	[[ $output == *$'lockless(pudp, pud, addr)\n#   fixed    "mm/walk: descend with the value in a rather long subject", and tested.\n'* ]]
	[[ $output == *$'line 56\n#   new      not in the ledger\n'* ]]
	sed -n '/^# rank /,/^# reread-value/p' <<<"$output" >"$T/got"
	diff - "$T/got" <<-END
		# rank    class             total      new     open    fixed harmless     safe
		# high    reread-plain          1        -        -        -        1        -
		# high    reread-value          1        -        -        1        -        -
		# medium  reread-plain          1        -        -        -        -        1
		# medium  stack-copy            1        -        1        -        -        -
		# low     reread-plain          2        -        -        -        1        1
		# low     stack-step            1        1        -        -        -        -
		# all     all                   7        1        1        1        2        2
		# precision: 1 of 2 high findings are judged real (fixed or open): 50.0%
		# unexplained: 1
		#   new      $new
		# reread-value       1
	END
	# what was judged does not come back with a shifted line
	jq 'map(.line += 100)' "$F" >"$T/shifted"
	run -1 --separate-stderr report --findings "$T/shifted" --ledger "$L" --patches "$P"
	[[ $output == *$'# unexplained: 1\n'* ]]
}

@test "ledger: what is unexplained on base and on the series" {
	findings
	ledger
	local format
	# without the new one
	grep -vF "$new" "$T/lines" | array >"$T/known"
	for format in text org sarif html; do
		run -0 report --format $format --findings "$T/known" --ledger "$L" --patches "$P"
		run -0 report --format $format --findings "$T/known" --ledger "$L" --patches "$P" --expect base
		run -1 report --format $format --findings "$F" --ledger "$L" --patches "$P" --expect base
		run -1 report --format $format --findings "$T/known" --ledger "$L" --patches "$P" --expect series
	done
	run -1 --separate-stderr report --findings "$F" --ledger "$L" --patches "$P" --expect series
	[[ $output == *"# unexplained: 2
#   fixed    mm/walk.c walk_pud reread-value pmd_offset(pudp)
#   new      $new
# reread-value"* ]]
	# open, safe and harmless ones may be there
	grep -vF "$new" "$T/lines" | grep -v walk_pud | array >"$T/series"
	run -0 --separate-stderr report --findings "$T/series" --ledger "$L" --patches "$P" --expect series
	[[ $output == *$'# unexplained: 0\n'* ]]
	# what is not shown is not asked for
	run -0 --separate-stderr report --findings "$F" --ledger "$L" --patches "$P" --class reread-value
}

@test "ledger: --stale lists what matches no finding" {
	findings
	ledger
	echo '[]' >"$T/none"
	run -0 --separate-stderr report --ledger "$L" --patches "$P" --stale "$F" "$T/none"
	[ -z "$output" ]
	grep -v walk_pud "$T/lines" | array >"$T/series"
	run -0 --separate-stderr report --ledger "$L" --patches "$P" --stale "$T/series" "$F"
	run -1 --separate-stderr report --ledger "$L" --patches "$P" --stale "$T/series" "$T/none"
	[ "$output" = "$L:4: stale: mm/walk.c walk_pud reread-value pmd_offset(pudp) (fixed): no finding has this key, remove the line" ]
}

@test "ledger: errors name the line and say what is wrong" {
	findings
	bad() {	# LINE MESSAGE, the ledger on standard input
		cat >"$L"
		run -2 --separate-stderr report --findings "$F" --ledger "$L" --patches "$P"
		echo "$stderr"
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == "$L:$1: "*"$2"* ]]
	}
	printf '#\nk\tsafe\tx\nk\topen\ty\n' | bad 3 "'k' is in line 2 already"
	printf 'k\tsure\tx\n' | bad 1 "unknown verdict 'sure': one of fixed, harmless, open, safe"
	printf 'k\tnew\tx\n' | bad 1 "unknown verdict 'new'"
	printf 'k\tsafe\t \n' | bad 1 'no sentence'
	printf 'k\tsafe\n' | bad 1 'no sentence'
	printf 'k safe because\n' | bad 1 'with a tab between them'
	printf 'k\tsafe\tx\ty\n' | bad 1 'with a tab between them'
	printf 'k\tfixed\tby a patch\n' | bad 1 "subject in double quotes"
	printf 'k\tfixed\t"mm: no such", x\n' | bad 1 "no patch in $P has the subject \"mm: no such\""
	printf 'k\tfixed\t"mm/walk: descend"\n' | bad 1 'no patch in'
	# all of them in one go
	printf 'a\tx\ty\nb\tsafe\n' >"$L"
	run -2 --separate-stderr report --findings "$F" --ledger "$L" --patches "$P"
	[ "${#stderr_lines[@]}" -eq 2 ]
}

@test "ledger: the subjects are those of the project's patches" {
	findings
	local patch subject n=0
	: >"$L"
	for patch in "$ROOT"/patches/*.patch; do
		# git's own idea of the subject
		subject=$(git mailinfo /dev/null /dev/null <"$patch" | sed -n 's/^Subject: //p')
		[ -n "$subject" ]
		printf 'k%d\tfixed\t"%s".\n' $((++n)) "$subject" >>"$L"
	done
	[ "$n" -gt 0 ]
	run -1 --separate-stderr report --ledger "$L" --stale "$F"
	[ "${#lines[@]}" -eq "$n" ]
	[ -z "$stderr" ]
}

@test "org: links as coccinelle's own org mode makes them" {
	findings
	ledger
	run -1 --separate-stderr report --format org --findings "$F" --summary "$S" --tree "$TREE" --ledger "$L" --patches "$P"
	[ "$(grep -c '^\* ' <<<"$output")" -eq 8 ]
	[ "$(grep -cE '^\* (TODO|DONE) \[\[view:[^]]*::face=ovl-face1::linb=[0-9]+::colb=[0-9]+::cole=[0-9]+\]\[[^]]*\]\]( :[a-z]+:)?$' <<<"$output")" -eq 8 ]
	grep -qxF "* TODO [[view:$TREE/mm/walk.c::face=ovl-face1::linb=12::colb=8::cole=33][reread-value: walk_pud: pmd_offset(pudp) (first read at line 10)]] :high:" <<<"$output"
	grep -qxF "[[view:$TREE/arch/x86/mm/fault.c::face=ovl-face2::linb=40::colb=0::cole=0][first read]]" <<<"$output"
	grep -qxF "[[view:$TREE/mm/walk.c::face=ovl-face2::linb=30::colb=0::cole=0][walk_pmd: again(pud)]]" <<<"$output"
	[ "$(grep -c '^\* DONE' <<<"$output")" -eq 5 ]	# safe or harmless
	# what spatch prints for the same place
	cat >"$T/r.cocci" <<-'END'
		@r@
		position p;
		@@
		pmd_offset@p(...)
		@script:python@
		p << r.p;
		@@
		coccilib.org.print_todo(p[0], "message")
	END
	printf 'int f(void)\n{\n\tx = pmd_offset(a, b);\n}\n' >"$TREE/mm/c.c"
	echo '[{"file":"mm/c.c","line":3,"function":"f","class":"message","expression":"pmd_offset(a)","key":"k"}]' >"$F"
	sed -E 's/\[message[^]]*\]|::cole=[0-9]+//g' <<<"$(cd / && spatch --very-quiet --no-show-diff --cocci-file "$T/r.cocci" "$TREE/mm/c.c")" >"$T/want"
	[ -s "$T/want" ]
	report --format org --findings "$F" --tree "$TREE" | sed -E 's/\[message[^]]*\]|::cole=[0-9]+//g' | diff "$T/want" -
}

# sarif_errors FILE: what the SARIF SDK's validator has against it, which knows what
# a file has to say, and a validator of JSON schemas, which knows all its words
sarif_errors() {
	DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 HOME=$T "$MULTITOOL/Sarif.Multitool" validate "$1" >"$T/validated" 2>&1
	grep -q '^Done\. 1 files scanned' "$T/validated" || { cat "$T/validated"; return 3; }
	grep -E ': (error|fatal|exception) ' "$T/validated"
	/usr/bin/python3 -c 'import json, sys, jsonschema
schema, document = (json.load(open(name)) for name in sys.argv[1:])
for error in jsonschema.validators.validator_for(schema)(schema).iter_errors(document):
    print("schema:", error.json_path, error.message[:200])' "$MULTITOOL/sarif-2.1.0.json" "$1"
}

multitool() {
	local rc=0
	[ "$(uname -m)" = x86_64 ] || skip "@microsoft/sarif-multitool-linux is for x86_64"
	# shellcheck source=/dev/null
	(. "$ROOT/scripts/lib/common.sh" && require \
		/usr/lib/python3/dist-packages/jsonschema=python3-jsonschema jq=jq) 2>"$T/apt" || skip "$(tail -n1 "$T/apt")"
	MULTITOOL=$(npm_package @microsoft/sarif-multitool-linux 5.7.0 \
		27d8e3e96dde578a23b7c45035b8d741fece5731e2700aa068015b8c44d1514e 2>"$T/npm") || rc=$?
	[ $rc -ne 1 ] || skip "$(tail -n1 "$T/npm")"
	cat "$T/npm"
	[ $rc -eq 0 ]
	chmod u+x "$MULTITOOL/Sarif.Multitool"
}

@test "a package of the npm registry is fetched once, and no other than it was" {
	export PXD_CACHE=$T/cache
	mkdir "$T/bin" "$T/package"
	echo hello >"$T/package/file"
	tar -C "$T" -czf "$T/archive" package
	cat >"$T/bin/npm" <<-END
		#!/bin/bash
		echo "\$*" >>"$T/npm-ran"
		for arg; do case \$arg in --pack-destination=*) cp "$T/archive" "\${arg#*=}/p.tgz" || exit 1 ;; esac; done
	END
	chmod +x "$T/bin/npm"
	PATH=$T/bin:$PATH
	local sum
	sum=$(sha256sum <"$T/archive" | cut -d' ' -f1)
	run -2 npm_package @a/b 1.0 "${sum//[0-9]/a}"
	[ -z "$(ls -A "$PXD_CACHE/npm")" ]
	: >"$T/npm-ran"
	run -0 --separate-stderr npm_package @a/b 1.0 "$sum"
	[ "$(cat "$output/file")" = hello ]
	run -0 --separate-stderr npm_package @a/b 1.0 "$sum"
	[ "$(cat "$output/file")" = hello ]
	[ "$(wc -l <"$T/npm-ran")" -eq 1 ]
	[ "$(ls -A "$PXD_CACHE/npm")" = "${output##*/}" ]
	# no network
	rm "$T/archive"
	run -1 --separate-stderr npm_package @a/b 2.0 "$sum"
	[[ $stderr == *'the npm registry does not give @a/b@2.0' ]]
}

@test "sarif: valid, says the SARIF SDK's validator" {
	findings
	ledger
	multitool
	report --format sarif --findings "$F" --summary "$S" --tree "$TREE" --ledger "$L" --patches "$P" >"$T/judged.sarif" || [ $? -eq 1 ]
	report --format sarif --findings "$F" >"$T/least.sarif" || [ $? -eq 1 ]
	echo '[]' >"$T/none"
	report --format sarif --findings "$T/none" >"$T/none.sarif"
	local name
	for name in judged least none; do
		run -0 sarif_errors "$T/$name.sarif"
		[ -z "$output" ]
	done
	# and the validators would have said so
	wrong() {	# JQ-FILTER MESSAGE
		jq ".runs[0].results[0] |= ($1)" "$T/judged.sarif" >"$T/wrong.sarif"
		run sarif_errors "$T/wrong.sarif"
		[[ $output == *"$2"* ]]
	}
	wrong '.level = "severe"' "schema: \$.runs[0].results[0].level 'severe' is not one of"
	wrong 'del(.message)' "error JSON1002: runs[0].results[0]: The required property 'message' is missing"
	wrong '.ruleIndex = 99' 'error SARIF1009'
}

@test "sarif: levels, places, flows, fingerprints and suppressions" {
	findings
	ledger
	report --format sarif --findings "$F" --summary "$S" --tree "$TREE" --ledger "$L" --patches "$P" >"$T/sarif" || [ $? -eq 1 ]
	is() {	# QUERY, true for the report
		jq -e ".runs[0] | $1" "$T/sarif" >/dev/null || { echo "not: $1"; false; }
	}
	is '.results | length == 7'
	is '[.results[].level] == ["error", "error", "warning", "warning", "note", "note", "note"]'
	is '.tool.driver.rules as $rules | all(.results[]; $rules[.ruleIndex].id == .ruleId)'
	is 'all(.tool.driver.rules[]; (.help.text | length) > 40)'
	is '.results[0].locations[0].physicalLocation | .artifactLocation.uri == "mm/walk.c" and .region.startLine == 12 and .region.startColumn == 9 and .region.endColumn == 34'
	is '.results[0].locations[0].physicalLocation.region.snippet.text == "\tpmdp = pmd_offset(pudp, f(addr));"'
	is '.results[0].relatedLocations[0].physicalLocation.region.startLine == 10'
	is '[.results[1].relatedLocations[] | .message.text, .physicalLocation.artifactLocation.uri, .physicalLocation.region.startLine] == ["first read", "arch/x86/mm/fault.c", 40, "second read", "arch/x86/mm/fault.c", 48]'
	flow() { is "[.results[$1].codeFlows[0].threadFlows[0].locations[].location.physicalLocation | .artifactLocation.uri, .region.startLine] == $2"; }
	flow 1 '["arch/x86/mm/fault.c", 40, "mm/walk.c", 30, "arch/x86/mm/fault.c", 48]'
	flow 2 '["mm/walk.c", 33, "mm/walk.c", 50]'
	is '.results[2].locations[0].physicalLocation.region.startLine == 33'
	is '[.results[] | has("codeFlows")] == [false, true, true, false, false, false, false]'
	is '.results[0].partialFingerprints == {"auditKey/v1": "mm/walk.c walk_pud reread-value pmd_offset(pudp)"}'
	is '[.results[] | .suppressions | length] == [0, 1, 0, 1, 1, 1, 0]'
	is '.results[4].suppressions[0] | .status == "accepted" and .justification == "safe: The init_mm has one user at boot."'
	is '.invocations[0] | .executionSuccessful and (.toolExecutionNotifications | length) == 1 and .toolExecutionNotifications[0].level == "warning"'
	# without a ledger nothing is said about suppressions; a crash is said
	echo '{"file":"mm/x.c","line":1,"function":"r","class":"failed","expression":"e","rank":"problem","key":"x"}' >>"$T/lines"
	array <"$T/lines" >"$F"
	report --format sarif --findings "$F" >"$T/sarif" || [ $? -eq 1 ]
	is 'all(.results[]; has("suppressions") | not)'
	is '.invocations[0].executionSuccessful == false'
}

chromium() {
	# shellcheck source=/dev/null
	(. "$ROOT/scripts/lib/common.sh" && require chromium=chromium chromedriver=chromium-driver) 2>"$T/apt" ||
		skip "$(tail -n1 "$T/apt")"
}

# use_page FILE [VERDICTS]
use_page() { TMPDIR=$T /usr/bin/python3 "$BATS_TEST_DIRNAME/audit-report-page.py" "$1" "$F" "$TREE" "${@:2}"; }

@test "html: filters, order, excerpts and links work in Chromium" {
	findings
	ledger
	chromium
	report --format html --findings "$F" --summary "$S" --tree "$TREE" --ledger "$L" --patches "$P" >"$T/a page.html" || [ $? -eq 1 ]
	grep -v '^#' "$L" | cut -f1,2 >"$T/verdicts"
	use_page "$T/a page.html" "$T/verdicts"
	report --format html --findings "$F" --tree "$TREE" >"$T/page.html" || [ $? -eq 1 ]
	use_page "$T/page.html"
	[ -z "$(find "$T" -maxdepth 1 -name 'browser.*')" ]
}

@test "html: the test above fails for an error in the page's script, or a filter that does nothing" {
	findings
	chromium
	mkdir -p "$T/lib"
	cp "$ROOT"/scripts/lib/audit* "$T/lib/"
	broken() {	# EXPRESSION for sed, MESSAGE
		sed "$1" "$ROOT/scripts/lib/audit-report.html" >"$T/lib/audit-report.html"
		run ! cmp -s "$ROOT/scripts/lib/audit-report.html" "$T/lib/audit-report.html"
		"$T/lib/audit-report" --format html --findings "$F" --tree "$TREE" >"$T/page.html" || [ $? -eq 1 ]
		run -1 use_page "$T/page.html"
		[[ $output == *"$2"* ]]
	}
	broken 's/^follow();/&\nnoSuchFunction();/' 'noSuchFunction is not defined'
	broken 's/finding.row.hidden = !yes;//' 'rank high:'
	broken 's/if (!filters\[name\].delete(value)).*//' 'rank high:'
	# a script that is not the page's does not run
	"$ROOT/scripts/lib/audit-report" --format html --findings "$F" --tree "$TREE" >"$T/page.html" || [ $? -eq 1 ]
	sed -i 's/^follow();/& \/\/ changed/' "$T/page.html"
	run -1 use_page "$T/page.html"
	[[ $output == *'Content Security Policy'* ]]
}

@test "html: 1200 findings are shown and filtered at once" {
	findings
	chromium
	local i
	for i in $(seq 150); do
		jq -c --arg i "$i" '.key += " copy " + $i | .function += $i' "$T/lines"
	done | array >"$T/many"
	report --format html --findings "$T/many" --tree "$TREE" >"$T/page.html" || [ $? -eq 1 ]
	# a page of a few megabytes at most
	[ "$(stat -c %s "$T/page.html")" -lt 5000000 ]
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$BATS_TEST_DIRNAME TMPDIR=$T /usr/bin/python3 - "$T/page.html" <<-'END'
		import sys
		from browser import Browser
		with Browser() as browser:
		    browser.open("file://" + sys.argv[1])
		    loaded = browser.run("return performance.timing.domComplete - performance.timing.navigationStart")
		    took, rows = browser.run("""const start = performance.now();
		        document.querySelector('.chip[data-value="high"]').click();
		        const rows = [...document.querySelectorAll("tr.row")].filter(row => row.getClientRects().length);
		        return [performance.now() - start, rows.length]""")
		    print(f"loaded in {loaded} ms, filtered in {took:.0f} ms")
		    assert not browser.complaints()
		    assert rows == 300, rows
		    # far more than it takes, as the machine may be busy
		    assert loaded < 10000 and took < 3000
	END
}

@test "bad input is one line that says what to do, exit 2" {
	findings
	bad() {	# MESSAGE ARG...
		local want=$1
		shift
		run -2 --separate-stderr report "$@"
		echo "$stderr"
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == *"$want"* ]]
	}
	bad '--findings FILE is missing'
	bad 'cannot read findings' --findings "$T/no-such"
	bad 'cannot read findings' --findings "$T"
	bad 'invalid choice' --findings "$F" --format pdf
	bad 'unrecognized arguments' --findings "$F" --no-such
	bad "unknown rank 'hi': one of high, medium, low" --findings "$F" --rank hi
	bad 'is not a directory' --findings "$F" --tree "$T/no-such"
	bad 'cannot read the ledger' --findings "$F" --ledger "$T/no-such"
	bad 'cannot read the summary' --findings "$F" --summary "$T/no-such"
	bad '--stale wants --ledger' --stale "$F"
	bad '--expect wants --ledger' --findings "$F" --expect series
	echo '{}' >"$T/summary"
	bad 'no "calls" of type int: run scripts/audit again' --findings "$F" --summary "$T/summary"
	with() {	# JQ-FILTER|TEXT MESSAGE: the third line is something else
		{ sed -n 1,2p "$T/lines"; sed -n 3p "$T/lines" | jq -c "$1"; } | array >"$T/odd"
		bad "$T/odd: finding 3: $2: run scripts/audit again" --findings "$T/odd"
	}
	with '[.]' 'not a JSON object'
	with 'del(.line)' 'no "line" of type int'
	with '.line = true' 'no "line" of type int'
	with '.line = "12"' 'no "line" of type int'
	with '.line = 0' '"line" is 0'
	with '.chain = [{}]' '"chain": no "file" of type str'
	with '.chain = "x"' '"chain" is not of type list'
	with '.marks = [1]' '"marks" has something that is not a string'
	with '.rank = "top"' 'unknown rank "top"'
	with '.key = "arch/x86/mm/fault.c spurious reread-plain *pmd"' 'the key is that of finding 1'
	echo '{"file":' >"$T/odd"
	bad "$T/odd: not JSON" --findings "$T/odd"
	echo '{}' >"$T/odd"
	bad "$T/odd: not a JSON array" --findings "$T/odd"
	printf '\xff\xfe\n' >"$T/odd"
	bad 'is not UTF-8 text' --findings "$T/odd"
}

@test "a report that cannot be written is an error" {
	findings
	local format
	for format in text org sarif html; do
		run -2 --separate-stderr bash -c '"$0" --format "$1" --findings "$2" >/dev/full' "$ROOT/scripts/lib/audit-report" $format "$F"
		[ "$stderr" = 'audit-report: cannot write the report: No space left on device: write it somewhere else' ]
	done
	run -2 --separate-stderr bash -c '"$0" --findings "$1" >&-' "$ROOT/scripts/lib/audit-report" "$F"
	[ "$stderr" = 'audit-report: cannot write the report: standard output is closed' ]
}

@test "sources that are missing, short or not UTF-8 cost the excerpt only" {
	findings
	rm "$TREE/arch/x86/mm/fault.c"
	printf '\xe9\xff(*pmd)\r\n' >"$TREE/mm/walk.c"
	local format
	for format in text org sarif html; do
		run -1 --separate-stderr report --format $format --findings "$F" --tree "$TREE"
		[ -z "$stderr" ]
	done
}

@test "python and shell have nothing to complain of" {
	nothing_unused "$ROOT"/scripts/lib/audit{-report,-files,_work.py} "$BATS_TEST_DIRNAME"/{audit-report-page,browser,audit_work_test}.py
	shellcheck -x "$BATS_TEST_DIRNAME/audit-report.bats" "$BATS_TEST_DIRNAME/npm.bash"
}
