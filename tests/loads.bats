#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/loads: its Python by itself on C that is compiled here, tests/test_loads.py,
# and the verb on a kernel tree of two C files. The compiler is real.

# shellcheck disable=SC2030,SC2031 # every test is a process of its own
bats_require_minimum_version 1.5.0
load kernel-fake
load trap
load units

ROOT=$BATS_TEST_DIRNAME/..

setup() {
	(. "$ROOT/scripts/lib/common.sh" && require gcc=gcc ccache=ccache /usr/bin/python3=python3 \
		/usr/lib/python3/dist-packages/elftools=python3-pyelftools jq=jq)
	export PYTHONDONTWRITEBYTECODE=1
}

@test "units: what is emitted, what is merged, on C and on listings" {
	units /usr/bin/python3 test_loads.py
}

@test "units: pyflakes has nothing to say" {
	nothing_unused "$ROOT"/scripts/lib/{loads,paths,objects}.py "$BATS_TEST_DIRNAME/test_loads.py"
}

# fake: a kernel tree with two walkers, findings of both, and a compiler gcc-99
fake() {
	fake_repo
	cp "$ROOT/scripts/loads" scripts/
	mkdir -p cocci/ledger "$BATS_TEST_TMPDIR"/{compilers,findings}
	printf '#!/bin/sh\n[ ! -f %q/broken ] || exit 1\nexec gcc "$@"\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/compilers/gcc-99"
	chmod +x "$BATS_TEST_TMPDIR/compilers/gcc-99"
	export PXD_COMPILERS=$BATS_TEST_TMPDIR/compilers PXD_RESULTS=$BATS_TEST_TMPDIR/results
	: >scripts/lib/matrix.config
	sed -i 's/^KARCH=.*/KARCH=x86/' targets/real
	cd "$LINUX_TREE" || return
	cat >>Makefile <<-'END'
		mm/%.o: mm/%.c
		>@mkdir -p $(O)/mm; echo $*.o >>../compiled
		>@cd $(O) && $(CC) -O2 $(KCFLAGS) -c -o $@ ../$<
	END
	echo 'obj-y := one.o two.o' >mm/Makefile
	cat >mm/one.c <<-'END'
		typedef struct { unsigned long pmd; } pmd_t;
		unsigned long one(pmd_t *pmd)
		{
			if (!(pmd->pmd & 1))
				return 0;
			return pmd->pmd & ~4095UL;
		}
	END
	sed 's/one/two/; s/return pmd/__asm__ volatile("" ::: "memory"); &/' mm/one.c >mm/two.c
	git add -A . && git -c user.name=t -c user.email=t@t commit -qm walkers && git tag -f base
	cd "$REPO" || return
	for f in one two; do
		printf '{"class": "reread-plain", "file": "mm/%s.c", "line": 6, "first_file": "mm/%s.c", "first_line": 4, "function": "%s",
			"slot": "pmd", "chain": [], "key": "mm/%s.c %s reread-plain *pmd"}\n' "$f" "$f" "$f" "$f" "$f"
		printf 'mm/%s.c %s reread-plain *pmd\topen\tas it is\n' "$f" "$f" >>cocci/ledger/linux-7.3
	done | jq -s . >"$BATS_TEST_TMPDIR/findings/findings.json"
	run_loads=(scripts/loads real --findings "$BATS_TEST_TMPDIR/findings")
}

@test "the verb: a line for each read, of each compiler; none for one that is not there" {
	fake
	run --separate-stderr "${run_loads[@]}" --compiler gcc-99 --compiler gcc-98
	printf '%s\n' "$output" "$stderr"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[0]} = $'real\tgcc-99\tmerged\tmm/one.c one reread-plain *pmd\tone+0x'* ]]
	[[ ${lines[1]} = $'real\tgcc-99\temitted\tmm/two.c two reread-plain *pmd\ttwo+0x'*' and two+0x'* ]]
	[ "${lines[2]}" = $'real\tgcc-98\tnot tried\tthere is no gcc-98' ]
}

@test "the verb: what is done is not done again, unless the base or the findings change" {
	fake
	"${run_loads[@]}" --compiler gcc-99 >"$BATS_TEST_TMPDIR/first"
	rm "$BASES/compiled"
	run --separate-stderr "${run_loads[@]}" --compiler gcc-99
	[ "$status" -eq 0 ]
	[ "$output" = "$(cat "$BATS_TEST_TMPDIR/first")" ]
	[[ $stderr = *'done before'* ]]
	[ ! -e "$BASES/compiled" ]
	sed -i 's/"line": 6/"line": 5/' "$BATS_TEST_TMPDIR/findings/findings.json"
	run --separate-stderr "${run_loads[@]}" --compiler gcc-99
	[[ $stderr != *'done before'* ]]
}

@test "the verb: a file that does not compile is a failure, and the others are looked at" {
	fake
	echo '#error "no"' >>"$LINUX_TREE/mm/two.c"
	run --separate-stderr "${run_loads[@]}" --compiler gcc-99
	printf '%s\n' "$output" "$stderr"
	[ "$status" -eq 1 ]
	[[ $output = *$'merged\tmm/one.c'* ]]
	[[ $output != *$'emitted\tmm/two.c'* ]]
	[[ $stderr = *'not all of it compiles'* ]]
	run --separate-stderr "${run_loads[@]}" --compiler gcc-99
	[ "$status" -eq 1 ]
}

@test "the verb: a file that is not configured is absent, also if make would compile it" {
	fake
	echo 'obj-$(and $(filter 64,$(BITS)),$(CONFIG_WIDE)) := two.o' >"$LINUX_TREE/mm/Makefile"
	echo 'obj-y += one.o' >>"$LINUX_TREE/mm/Makefile"
	sed -i 's/^CONFIG_OWN=y/CONFIG_64BIT=y\nCONFIG_WIDE=n/' targets/real
	run --separate-stderr "${run_loads[@]}" --compiler gcc-99
	[ "$status" -eq 0 ]
	[[ ${lines[1]} = $'real\tgcc-99\tabsent\tmm/two.c'* ]]
	run ! grep two "$BASES/compiled"
	sed -i 's/^CONFIG_WIDE=n/CONFIG_WIDE=y/' targets/real
	run --separate-stderr "${run_loads[@]}" --compiler gcc-99
	[[ ${lines[1]} = $'real\tgcc-99\temitted\tmm/two.c'* ]]
}

@test "the verb: what it cannot take is said before any work" {
	fake
	no_record "${run_loads[@]:0:2}" -- "--compiler gcc-99" "--findings $BATS_TEST_TMPDIR/findings"
	for option in "--compiler cc" "--compiler" "--findings /nowhere" --nonsense; do
		# shellcheck disable=SC2086 # words
		run scripts/loads real $option
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
	run "${run_loads[@]}" --compiler gcc-98
	printf '%s\n' "$output"
	[ "$status" -eq 2 ]
	[[ ${lines[-1]} = *'nothing was tried'* ]]
	PXD_COMPILERS=/nowhere run "${run_loads[@]}" --compiler gcc-99
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
}

@test "the verb: the record has the counts and the versions, and the lines beside it" {
	fake
	mv "$PXD_COMPILERS/gcc-99" "$PXD_COMPILERS/gcc-12"
	# The audit has tests of its own.
	printf '#!/bin/bash\ncp %q/findings.json "$3"\nexit 1\n' "$BATS_TEST_TMPDIR/findings" >scripts/audit
	chmod +x scripts/audit
	(. scripts/lib/common.sh && want_audit && require_all) || skip "there is no spatch"
	run --separate-stderr scripts/loads real --record
	printf '%s\n' "$output" "$stderr"
	[ "$status" -eq 0 ]
	json=$PXD_RESULTS/loads/real.json
	[ "$(jq -r .status "$json")" = pass ]
	[ "$(jq -r '.figures | "\(.gcc_12_emitted) \(.gcc_12_merged) \(.gcc_12_unclear)"' "$json")" = "1 1 0" ]
	[ "$(jq -r .figures.gcc_12 "$json")" = "$(gcc --version | head -n 1)" ]
	[ "$(cat "$PXD_RESULTS/loads/real.txt")" = "$output" ]
}
