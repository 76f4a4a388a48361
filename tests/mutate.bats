#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/mutate: what is a mutant, which are real, and does the audit see them.

# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell; set by run

bats_require_minimum_version 1.5.0

ROOT=$BATS_TEST_DIRNAME/..
MUTATE=$ROOT/scripts/mutate

setup() {
	export TMPDIR=$BATS_TEST_TMPDIR/tmp PXD_RESULTS=$BATS_TEST_TMPDIR/results
	TREE=$BATS_TEST_TMPDIR/tree
	mkdir -p "$TMPDIR" "$TREE/arch" "$TREE/mm"
	printf 'VERSION = 7\nPATCHLEVEL = 3\n' >"$TREE/Makefile"
}

# An audit of ours, in a copy of the project; it gets the arguments.
fake_audit() {
	mkdir -p "$BATS_TEST_TMPDIR/project"
	cp -r "$ROOT/scripts" "$ROOT/cocci" "$ROOT/base.conf" "$BATS_TEST_TMPDIR/project/"
	{ echo '#!/bin/bash'; cat; } >"$BATS_TEST_TMPDIR/project/scripts/audit"
	MUTATE=$BATS_TEST_TMPDIR/project/scripts/mutate
}

walker() {
	cat >"$TREE/mm/walker.c" <<'END'
static int walk_pud(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	VM_WARN_ON_ONCE(pud_bad(pud));
	if (pud_none(pud))
		return 0;
	return walk(pmd_offset_lockless(pudp, pud, addr));
}
END
}

@test "one mutant for each call and each test of the value, judged one by one" {
	walker
	run -0 --separate-stderr "$MUTATE" "$TREE"
	# (pud_bad, pud_none) -> *pudp, the look-up by pointer and by copy
	[ "${lines[-1]}" = '# 4 mutants, 3 real, 3 reported: 100.0%' ]
	[[ $output = *'mm/walker.c:5: walk_pud: pud_bad(pud) -> pud_bad(*pudp) (an assertion or a message decides nothing)'* ]]
	[[ $output = *'# reread     1 real, 1 reported'$'\n''# copy       1 real, 1 reported'$'\n''# test       1 real, 1 reported'* ]]
	[[ $stderr = *'4 mutants in 4 rounds'* ]]
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "what is no double read is not counted, with the reason" {
	cat >"$TREE/mm/equal.c" <<'END'
static int mapped(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);

	if (!pmd_present(pmd))
		return 0;
	return walk(pte_offset_map_pmdval(pmd, addr));
}

static int locked(struct mm_struct *mm, pmd_t *pmdp)
{
	spinlock_t *ptl = pmd_lock(mm, pmdp);
	pmd_t pmd = *pmdp;
	int ret = pmd_present(pmd) && pmd_young(pmd);

	spin_unlock(ptl);
	return ret;
}

static int compared(pmd_t *pmdp, pmd_t old)
{
	pmd_t pmd = READ_ONCE(*pmdp);

	use(pmd);
	return pmd_val(pmd) == pmd_val(old);
}

static int alone(pmd_t *pmdp)
{
	pmd_t pmd = pmdp_get(pmdp);

	return pmd_none(pmd);
}

static int computed(pmd_t *pmdp)
{
	pmd_t pmd = pmdp_get(pmdp);

	pmd = pmd_mkold(pmd);
	return pmd_none(pmd);
}
END
	run -0 --separate-stderr "$MUTATE" "$TREE"
	[ "${lines[-1]}" = '# 7 mutants, 2 real, 2 reported: 100.0%' ]
	[[ $output = *'mapped: pte_offset_map_pmdval(pmd, addr) -> pte_offset_map(pmdp, addr) (pte_offset_map() tests what it reads)'* ]]
	[ "$(grep -c ': locked: .* (under a lock)$' <<<"$output")" -eq 2 ]
	[[ $output = *'compared: pmd_val(pmd) -> pmd_val(*pmdp) (compared with another value on purpose)'* ]]
	[[ $output = *'alone: pmd_none(pmd) -> pmd_none(*pmdp) (no other use of the value: one read is left)'* ]]
	[[ $output != *computed* ]]
}

@test "what makes up a helper is no use of it; headers are looked at as well" {
	cat >"$TREE/mm/pgtable.h" <<'END'
static inline pmd_t *pmd_offset(pud_t *pudp, unsigned long addr)
{
	return pmd_offset_lockless(pudp, *pudp, addr);
}

static inline pmd_t *find_pmd(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	return pud_none(pud) ? NULL : pmd_offset_lockless(pudp, pud, addr);
}
END
	run -0 --separate-stderr "$MUTATE" "$TREE"
	[[ ${lines[-1]} = '# 3 mutants, 3 real, '* ]]
}

@test "a value that the caller read: the mutant is real" {
	cat >"$TREE/mm/passed.c" <<'END'
static int walk_pmds(pud_t *pudp, pud_t pud, unsigned long addr)
{
	return walk(pmd_offset_lockless(pudp, pud, addr));
}

static int walk_puds(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	if (pud_none(pud) || pud_leaf(pud))
		return 0;
	return walk_pmds(pudp, pud, addr);
}

static void set_entry(pud_t *pudp, pud_t pud)
{
	use(pud_none(pud));
	set_pud(pudp, pud);
}
END
	run --separate-stderr "$MUTATE" "$TREE"
	[[ ${lines[-1]} = '# 4 mutants, 4 real, '* ]]
	[[ $output != *set_entry* ]]
}

@test "a finding that only moved to another line, or is in another function, does not count: exit 1" {
	walker
	fake_audit <<-'END'
		[ "$3" = --json ] || exit 2
		line=$RANDOM function=walk_pud
		# the unmutated tree has the finding as well, elsewhere
		[ "${5##*.}" = 0 ] || function=other
		cat >"$4/findings.json" <<-JSON
			[{"file":"mm/walker.c","line":$line,"function":"walk_pud","class":"reread-value","expression":"*pudp"},
			{"file":"mm/walker.c","line":$line,"function":"$function","class":"reread-value","expression":"*slot"},
			{"file":"mm/walker.c","line":1,"function":"walk_pud","class":"unparsed","expression":"${5##*.}"}]
		JSON
		exit 1
	END
	run -1 --separate-stderr "$MUTATE" "$TREE"
	[ "${lines[-1]}" = '# 4 mutants, 3 real, 0 reported: 0.0%' ]
	[ "$(sed -n '/^missed:/,/^no double/p' <<<"$output" | grep -c '^  ')" -eq 3 ]
}

@test "a second finding of the same kind in the function counts" {
	walker
	fake_audit <<-'END'
		printf '{"file":"mm/walker.c","line":1,"function":"walk_pud","class":"reread-value","expression":"*pudp"}\n%.0s' \
			$(seq $((1 + (${5##*.} > 0)))) | jq -s . >"$4/findings.json"
		exit 1
	END
	run -0 --separate-stderr "$MUTATE" "$TREE"
	[ "${lines[-1]}" = '# 4 mutants, 3 real, 3 reported: 100.0%' ]
}

@test "a finding in a caller counts if it says that the read is in this function" {
	walker
	fake_audit <<-'END'
		[ "${5##*.}" = 0 ] || case ${5##*.} in 1) where=walk_pud ;; *) where=other ;; esac
		echo '[{"file":"mm/walker.c","function":"caller","class":"reread-value","expression":"x '"${5##*.}"'",
			"chain":[{"file":"mm/walker.c","function":"'"${where-}"'","line":1,"what":"x"}]}]' >"$4/findings.json"
		exit 1
	END
	run -1 --separate-stderr "$MUTATE" "$TREE"
	[ "${lines[-1]}" = '# 4 mutants, 3 real, 1 reported: 33.3%' ]
}

@test "--sample takes that many, the same ones each time, real ones only" {
	walker
	run -0 --separate-stderr "$MUTATE" "$TREE" --sample 2
	[ "${lines[-1]}" = '# 2 mutants, 2 real, 2 reported: 100.0%' ]
	first=$output
	sed -i '1i /* moved */' "$TREE/mm/walker.c"
	run -0 --separate-stderr "$MUTATE" "$TREE" --sample 2 -j 1
	[ "$output" = "$first" ]
}

@test "--record writes figures and what was missed" {
	walker
	fake_audit <<-'END'
		echo '[{"file":"mm/walker.c","line":1,"function":"walk_pud","class":"stack-copy","expression":"'"${5##*.}"'"}]' >"$4/findings.json"
		! grep -q 'pmd_offset(&pud' "$5/mm/walker.c" && [ "${5##*.}" != 0 ] || exit 1
		echo '[]' >"$4/findings.json"
	END
	run -1 --separate-stderr "$MUTATE" "$TREE" --record
	json=$PXD_RESULTS/mutate/series.json
	[ "$(jq -r '.status, .figures.real, .figures.reported, .figures.recall' "$json" | paste -sd' ')" = 'fail 3 1 33.3' ]
	[[ $(jq -r .figures.missed "$json") = 'mm/walker.c:'*'; mm/walker.c:'* || $(jq -r .figures.missed "$json") = *';mm/walker.c:'* ]]
	run -2 "$MUTATE" "$TREE" --record --sample 1
	[[ $output = *'leave out --sample'* ]]
}

@test "bad input and an audit that fails are errors, and nothing is left behind" {
	run -2 "$MUTATE" "$BATS_TEST_TMPDIR/no-such"
	[[ $output = *'not a kernel tree'* ]]
	run -2 "$MUTATE" "$TREE" --sample 0
	[[ $output = *'--sample wants a number'* ]]
	run -2 "$MUTATE" --no-such
	run -2 "$MUTATE" "$TREE"
	[[ $output = *'has to be a tree with the series'* ]]
	walker
	fake_audit <<<'echo "audit: no space left" >&2; exit 2'
	run -2 "$MUTATE" "$TREE"
	[[ $output = *'the audit failed in round 0: audit: no space left'* ]]
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "Ctrl-C ends the audit and leaves nothing behind" {
	walker
	# shellcheck disable=SC2016 # for the fake
	fake_audit <<<'echo $$ >"$PID"; exec sleep 1000'
	export PID=$BATS_TEST_TMPDIR/pid
	local pid rc=0
	env --default-signal=INT "$MUTATE" "$TREE" >/dev/null 2>&1 3>&- &
	pid=$!
	for _ in $(seq 100); do [ ! -s "$PID" ] || break; sleep 0.1; done
	[ -s "$PID" ]
	kill -TERM $pid
	wait $pid || rc=$?
	[ $rc -eq 143 ]
	[[ $(ps -o stat= -p "$(cat "$PID")") =~ ^(Z.*)?$ ]]
	[ -z "$(ls -A "$TMPDIR")" ]
}

# The series itself, in part.
@test "a sample of the series: at least 95% are reported" {
	unset PXD_RESULTS
	run -0 --separate-stderr "$MUTATE" --sample 12
	[[ ${lines[-1]} = '# 12 mutants, 12 real, '* ]]
}
