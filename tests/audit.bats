#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/audit and the rules in cocci/, on the fixtures in cocci/tests.

# shellcheck disable=SC2030,SC2031,SC2154 # set by run; each test is a subshell, and meant to be

bats_require_minimum_version 1.5.0

load audit-tree

setup() { audit_tree; }

# The tests share one cache, which makes them quick; those about it start anew.
empty_cache() { PXD_CACHE=$BATS_TEST_TMPDIR/cache; }

ALL=(reread_value reread_plain stack_copy stack_step unparsed)
# one of them has functions that spatch cannot read
audit_all() { run -1 --separate-stderr "$AUDIT" "$TREE" --keep-going "$@"; }

# With each version of spatch: readable has what some cannot read.
@test "every line marked in the fixtures is reported, and no other" {
	fixtures "${ALL[@]}" readable
	audit_all
	as_expected <<<"$output"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/want")" -gt 70 ]
}

@test "a finding names file, line, class, function, expression and the first read" {
	fixtures reread_plain
	run -1 --separate-stderr "$AUDIT" "$TREE"
	local first
	first=$(grep -n 'if (p4d_none_or_clear_bad(p4d))' "$TREE/mm/reread_plain.c" | cut -d: -f1)
	grep -qxF "mm/reread_plain.c:$((first + 2)): reread-plain: bad_clear_bad: pud_offset(p4d) (first read at line $first)" <<<"$output"
	# the last one, if there are more, whatever they are called
	first=$(grep -n 'static pte_t \*bad_chain(' "$TREE/mm/reread_plain.c" | cut -d: -f1)
	grep -qxF "mm/reread_plain.c:$((first + 6)): reread-plain: bad_chain: pte_offset_kernel(pmd) (first read at line $((first + 4)))" <<<"$output"
	# a function that runs at boot only is marked
	[ "$(grep -c '^[^#].* \[init\]$' <<<"$output")" -eq 1 ]
	[[ $output == *": reread-plain: bad_but_early: "*" [init]"$'\n'* ]]
}

@test "the counts at the end are those of the lines" {
	fixtures "${ALL[@]}"
	audit_all
	local class
	for class in reread-value reread-plain stack-copy stack-step unparsed; do
		[ "$(awk -v c="$class" '$2 == c { print int($3) }' <<<"$output")" -eq \
			"$(grep -c "^[^#]*: $class: " <<<"$output")" ]
	done
	[[ ${lines[-1]} =~ ^'# '([0-9]+)' of '([0-9]+)' page table calls in 5 files analysed' ]]
	[ "${BASH_REMATCH[1]}" -eq "$((BASH_REMATCH[2] - 4))" ]
}

@test "the output does not depend on -j" {
	empty_cache
	fixtures "${ALL[@]}"
	audit_all -j1 --no-cache
	one=$output
	audit_all -j 5 --no-cache
	[ "$output" = "$one" ]
	[ ! -e "$PXD_CACHE/audit" ]
}

@test "a function that spatch cannot read is named, though it calls nothing that is counted" {
	cat >"$TREE/mm/a.c" <<-'END'
		int top(pud_t *pudp)
		{
			void *to = &&out;

			goto *to;
		out:
			return walk_on(pudp);
		}

		int fine(pud_t *pudp) { return pud_none(*pudp); }
	END
	run -2 --separate-stderr "$AUDIT" "$TREE"
	[[ $output == *'mm/a.c:2: unparsed: top: pud_t (the function was not read)'* ]]
	[[ $output == *'in 1 of 2 functions'* || $output == *'1 of 2 functions'* ]]
	sed -i 's/pud_t/other_t/g' "$TREE/mm/a.c"
	run -0 --separate-stderr "$AUDIT" "$TREE"
}

@test "a function that spatch cannot read: exit 2, but for --keep-going" {
	fixtures reread_value unparsed
	run -2 --separate-stderr "$AUDIT" "$TREE"
	grep -q '^mm/unparsed.c:[0-9]*: unparsed: ' <<<"$output"
	grep -q '^mm/reread_value.c:[0-9]*: reread-value: ' <<<"$output"
	rm "$TREE/mm/reread_value.c"
	run -2 --separate-stderr "$AUDIT" "$TREE" --rank high
	run -2 --separate-stderr "$AUDIT" "$TREE" --format org
}

@test "org and context modes find the same lines as report mode" {
	fixtures reread_value reread_plain stack_copy stack_step
	local rule file
	cd "$TREE/mm"
	for rule in reread stack_copy; do
		for file in *.c; do
			for mode in report org context; do
				spatch -D $mode --very-quiet --no-includes --include-headers \
					"$(if [ $mode = context ]; then echo --show-diff; else echo --no-show-diff; fi)" \
					--cocci-file "$ROOT/cocci/$rule.cocci" "$file" >"$BATS_TEST_TMPDIR/$mode"
			done
			sed -E 's/^[^:]*:([0-9]+):.*/\1/' "$BATS_TEST_TMPDIR/report" | sort -u >"$BATS_TEST_TMPDIR/1"
			sed -E 's/.*::linb=([0-9]+)::.*/\1/' "$BATS_TEST_TMPDIR/org" | sort -u >"$BATS_TEST_TMPDIR/2"
			diff "$BATS_TEST_TMPDIR/1" "$BATS_TEST_TMPDIR/2"
			# context: each reported line is among the marked ones
			local line
			while read -r line; do
				sed -n "${line}p" "$file" | grep -qxFf - <(sed -n 's/^-//p' "$BATS_TEST_TMPDIR/context")
			done <"$BATS_TEST_TMPDIR/1"
		done
	done
}

@test "the rules run as coccicheck runs them, without our macros" {
	fixtures reread_value reread_plain stack_copy stack_step
	local rule options
	for rule in "$ROOT"/cocci/{reread,stack_copy}.cocci; do
		options=$(grep 'Options:' "$rule" | cut -d: -f2)
		# shellcheck disable=SC2086 # options
		spatch -D report --no-show-diff --very-quiet --cocci-file "$rule" $options \
			--dir "$TREE" --jobs 2 --chunksize 1
	done | sed "s,^$TREE/,," | sed -E 's/^([^:]*:[0-9]+):[0-9-]+:/\1:/' | as_expected
}

@test "a tree without findings: exit 0 and zeros" {
	printf 'static int f(pmd_t *pmdp)\n{\n\treturn pmd_none(*pmdp);\n}\n' >"$TREE/mm/fine.c"
	run -0 --separate-stderr "$AUDIT" "$TREE"
	[ "${lines[0]}" = '# reread-value       0' ]
	[[ ${lines[-1]} == '# 1 of 1 page table calls in 1 files'* ]]
}

@test "a tree without a page table: exit 0" {
	run -0 --separate-stderr "$AUDIT" "$TREE"
	[[ ${lines[-1]} == '# 0 of 0 page table calls in 0 files'* ]]
}

@test "--class, --rule and --output" {
	fixtures "${ALL[@]}"
	audit_all --class stack-step,stack-copy
	[ "$(grep -c '^[^#]*: stack-' <<<"$output")" -eq "$(grep -c '^[^#]' <<<"$output")" ]
	audit_all --rule stack_copy
	[[ $output != *': reread-'* ]]
	audit_all
	whole=$output
	audit_all --output "$BATS_TEST_TMPDIR/a report"
	[ -z "$output" ]
	[ "$(cat "$BATS_TEST_TMPDIR/a report")" = "$whole" ]
}

@test "a second run reads nothing, a changed file is read again" {
	empty_cache
	fixtures "${ALL[@]}"
	audit_all
	first=$output
	[[ $stderr == *'reading 5 of 5 files'* ]]
	audit_all
	[ "$output" = "$first" ]
	[[ $stderr != *reading* ]]
	sed -i '1i /* one line more */' "$TREE/mm/unparsed.c"
	audit_all
	[[ $stderr == *'reading 1 of 5 files'* ]]
	diff <(expected) <(reported <<<"$output")
	# the same text somewhere else is another result
	mkdir "$TREE/lib"
	mv "$TREE/mm/unparsed.c" "$TREE/lib/"
	audit_all
	[[ $output == *$'\nlib/unparsed.c:'* || $output == lib/unparsed.c:* ]]
	[[ $output != *mm/unparsed.c* ]]
}

@test "a changed rule is run again" {
	empty_cache
	fixtures reread_value
	cp -r "$ROOT/cocci" "$BATS_TEST_TMPDIR/rules"
	run -1 --separate-stderr "$AUDIT" "$TREE" --rules "$BATS_TEST_TMPDIR/rules"
	sed -i 's/"reread-value"/"reread-changed"/' "$BATS_TEST_TMPDIR/rules/reread.cocci"
	run -1 --separate-stderr "$AUDIT" "$TREE" --rules "$BATS_TEST_TMPDIR/rules"
	[[ $output == *': reread-changed: '* ]]
}

@test "a git tree is searched once, changes and new files are seen" {
	empty_cache
	fixtures "${ALL[@]}"
	printf '.*\n' >"$TREE/.gitignore"
	git() { command git -c user.name=t -c user.email=t@t -C "$TREE" "$@"; }
	git init -q
	git add -f .
	git commit -qm base
	audit_all
	first=$output
	[ "$(find "$PXD_CACHE/audit" -name 'files-*' | wc -l)" -eq 1 ]
	# a build directory, which is ignored by git and by us
	mkdir "$TREE/.out-x86"
	cp "$TREE/mm/unparsed.c" "$TREE/.out-x86/"
	audit_all
	[ "$output" = "$first" ]
	mkdir "$TREE/more files"
	cp "$TREE/mm/reread_plain.c" "$TREE/more files/new.c"
	cp "$TREE/mm/reread_plain.c" "$TREE/mm/new.c"
	audit_all
	[[ $output == *"more files/new.c:"* ]]
	rm -r "$TREE/more files"
	audit_all
	diff <(expected) <(reported <<<"$output")
	[[ $output == *mm/new.c:* ]]
	rm "$TREE/mm/new.c"
	sed -i 's/pmd_offset(pudp, addr);.*/NULL;/' "$TREE/mm/reread_value.c"
	audit_all
	[[ $output != *': bad_descent: '* ]]
	# renamed, removed, no longer of interest, a link, staged or not
	git mv mm/reread_plain.c mm/renamed.c
	rm "$TREE/mm/stack_copy.c"
	echo 'int x;' >"$TREE/mm/stack_step.c"
	ln -s renamed.c "$TREE/mm/link.c"
	audit_all
	git add -f .
	staged=$output
	audit_all
	[ "$output" = "$staged" ]
	PXD_CACHE=$BATS_TEST_TMPDIR/other audit_all
	[ "$output" = "$staged" ]
	[[ $output == *mm/renamed.c:* && $output != *stack_* && $output != *reread_plain* && $output != *link.c* ]]
	# only what differs from then is searched
	sleep 0.2
	audit_all
	echo '/* more */' >>"$TREE/mm/renamed.c"
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/bash\n[ "$PWD" != %q ] || echo "$*" >>%q\nexec %q "$@"\n' "$TREE" "$BATS_TEST_TMPDIR/searched" \
		"$(command -v grep)" >"$BATS_TEST_TMPDIR/bin/grep"
	chmod +x "$BATS_TEST_TMPDIR/bin/grep"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH audit_all
	[ "$output" = "$staged" ]
	[[ $(cat "$BATS_TEST_TMPDIR/searched") == *' -- ./mm/renamed.c' ]]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/searched")" -eq 1 ]
}

@test "the tree is only read, and nothing is left behind" {
	empty_cache
	fixtures "${ALL[@]}"
	git -C "$TREE" init -q
	find "$TREE" -printf '%p %T@ %C@ %s\n' | sort >"$BATS_TEST_TMPDIR/before"
	audit_all
	find "$TREE" -printf '%p %T@ %C@ %s\n' | sort | diff "$BATS_TEST_TMPDIR/before" -
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "a path with spaces, a relative path, a link" {
	audit_tree "$BATS_TEST_TMPDIR/a tree's \"path\""
	fixtures "${ALL[@]}"
	audit_all
	[ -n "$output" ]
	first=$output
	diff <(expected) <(reported <<<"$output")
	cd "$TREE/.."
	run -1 --separate-stderr "$AUDIT" --keep-going "./${TREE##*/}"
	[ "$output" = "$first" ]
	ln -s "$TREE" "$BATS_TEST_TMPDIR/link"
	run -1 --separate-stderr "$AUDIT" --keep-going "$BATS_TEST_TMPDIR/link"
	[ "$output" = "$first" ]
}

@test "neither the tree's nor the user's .cocciconfig has a say" {
	fixtures reread_value
	run -1 --separate-stderr "$AUDIT" "$TREE" --no-cache
	first=$output
	printf '[spatch]\n\toptions = --no-such-option\n' | tee "$TREE/.cocciconfig" >"$TMPDIR/.cocciconfig"
	HOME=$TMPDIR run -1 --separate-stderr "$AUDIT" "$TREE" --no-cache
	[ "$output" = "$first" ]
	# nor when it is started there
	cd "$TREE"
	run -1 --separate-stderr "$AUDIT" . --no-cache
	[ "$output" = "$first" ]
}

@test "a crash names the file, costs no other, is not cached: exit 2" {
	empty_cache
	fixtures "${ALL[@]}"
	fake_spatch <<-'END'
		for last; do :; done
		case "$*" in *--file-groups*) ! grep -q stack_step "$last" || kill -SEGV $$ ;; esac
		exec "$REAL" "$@"
	END
	run -2 --separate-stderr "$AUDIT" "$TREE"
	[[ $output == *$'mm/stack_step.c:1: failed: stack_copy.cocci: spatch died of signal 11\n'* ]]
	[[ $output == *$'# failed             3\n'* ]]
	diff <(expected | grep -v stack_step) <(reported <<<"$output" | grep -v stack_step)
	PATH=${PATH#*:} audit_all
	[[ $stderr == *'reading 1 of 5 files'* ]]
	diff <(expected) <(reported <<<"$output")
}

@test "an spatch that stops with an error is reported: exit 2" {
	empty_cache
	fixtures reread_value
	fake_spatch <<-'END'
		case "$*" in *--file-groups*) echo 'Fatal error: out of memory' >&2; exit 255 ;; esac
		exec "$REAL" "$@"
	END
	run -2 --separate-stderr "$AUDIT" "$TREE"
	[[ $output == *'failed: reread.cocci: spatch ended with status 255: Fatal error: out of memory'* ]]
}

# spatch 1.3.0 has a shell start the python3 that it finds, without quotes.
@test "a TMPDIR with blanks: spatch finds python3 by a path without them" {
	empty_cache
	fixtures reread_value
	fake_spatch <<-'END'
		command -v python3 >>"$SEEN"
		exec "$REAL" "$@"
	END
	export SEEN=$BATS_TEST_TMPDIR/seen TMPDIR=$BATS_TEST_TMPDIR/'t m p'
	mkdir "$TMPDIR"
	run -1 --separate-stderr "$AUDIT" "$TREE"
	[ -s "$SEEN" ]
	run ! grep ' ' "$SEEN"
}

@test "a file that takes too long is reported: exit 2" {
	empty_cache
	fixtures stack_copy
	{
		echo 'int big(pmd_t *pmd)'; echo '{'
		for i in $(seq 3000); do
			echo "	if (pmd_none(*p$((i % 7))) || x[$i]) { foo($i); if (pmd_leaf(*p$((i % 5)))) goto l$((i % 13)); }"
		done
		for i in $(seq 0 12); do echo "l$i:"; echo '	bar();'; done
		echo '	return 0;'; echo '}'
	} >"$TREE/mm/big.c"
	PXD_AUDIT_TIMEOUT=1 run -2 --separate-stderr "$AUDIT" "$TREE"
	[[ $output == *'mm/big.c:1: failed: reread.cocci: '*Timeout* ]]
	diff <(expected) <(reported <<<"$output" | grep -v big.c)
}

@test "Ctrl-C ends the children and leaves no temporary file" {
	empty_cache
	fixtures "${ALL[@]}"
	fake_spatch <<-'END'
		case "$*" in *--file-groups*) echo $$ >>"$PIDS"; exec sleep 1000 ;; esac
		exec "$REAL" "$@"
	END
	export PIDS=$BATS_TEST_TMPDIR/pids
	local signal pid rc
	for signal in INT TERM; do
		: >"$PIDS"
		env --default-signal=INT "$AUDIT" "$TREE" -j2 >/dev/null 2>&1 3>&- &
		pid=$!
		for _ in $(seq 200); do
			[ "$(wc -l <"$PIDS")" -lt 2 ] || break
			sleep 0.1
		done
		[ "$(wc -l <"$PIDS")" -ge 2 ]
		kill -$signal $pid
		rc=0
		wait $pid || rc=$?
		[ $rc -eq "$([ $signal = INT ] && echo 130 || echo 143)" ]
		while read -r pid; do
			[[ $(ps -o stat= -p "$pid") =~ ^(Z.*)?$ ]]
		done <"$PIDS"
		[ -z "$(ls -A "$TMPDIR")" ]
		no_results
	done
}

@test "bad input is one line that says what to do, exit 2" {
	fixtures reread_value
	wrong 'no-such is not a directory' "$BATS_TEST_TMPDIR/no-such"
	wrong 'is not a directory' "$TREE/Makefile"
	wrong 'is not a kernel tree' "$BATS_TEST_TMPDIR"
	wrong 'more than one tree' "$TREE" "$TREE"
	wrong 'the name of the tree is empty' ''
	wrong 'unknown option --no-such' --no-such
	wrong '-j wants a number' "$TREE" -j many
	wrong '-j wants a number' "$TREE" -j 0
	wrong '--class wants a value' "$TREE" --class
	wrong "unknown format 'pdf'" "$TREE" --format pdf
	wrong 'there is no rule' "$TREE" --rule no_such
	wrong 'there are no rules in' "$TREE" --rules "$TREE"
	wrong 'cannot write' "$TREE" --output "$BATS_TEST_TMPDIR/no/such"
	PXD_CACHE=/proc/self wrong 'set PXD_CACHE' "$TREE"
	mkdir "$BATS_TEST_TMPDIR/rules"
	printf '@r@\nexpression E\n@@\nfoo(E)\n' >"$BATS_TEST_TMPDIR/rules/wrong.cocci"
	wrong 'does not accept' "$TREE" --rules "$BATS_TEST_TMPDIR/rules"
	[[ $stderr == *"$BATS_TEST_TMPDIR/rules/wrong.cocci: "* ]]
	printf 'virtual report\n@r@\nexpression E;\nidentifier f;\n@@\n* f(E)\n' >"$BATS_TEST_TMPDIR/rules/wrong.cocci"
	wrong 'names nothing to look for' "$TREE" --rules "$BATS_TEST_TMPDIR/rules"
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "without spatch, and without a way to install it: exit 2" {
	fixtures reread_value
	local bin=$BATS_TEST_TMPDIR/without
	mkdir "$bin"
	ln -s /usr/bin/* "$bin/"
	rm -f "$bin/spatch" "$bin/apt-get"
	PATH=$bin run -2 --separate-stderr "$AUDIT" "$TREE"
	[[ $stderr == *'missing: coccinelle'* ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "results that cannot be kept are an error, not a finding" {
	empty_cache
	fixtures reread_value
	fake_spatch <<-'END'
		case "$*" in *--file-groups*) rm -rf "$PXD_CACHE"/audit/* ;; esac
		exec "$REAL" "$@"
	END
	run -2 --separate-stderr "$AUDIT" "$TREE"
	[ -n "$stderr" ]
}

@test "--help says what the classes are" {
	run -0 "$AUDIT" --help
	[[ $output == *stack-step* && $output == *'Exit status'* ]]
	run -0 "$AUDIT" /no/such/tree --help
}
