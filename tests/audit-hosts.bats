#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/audit --hosts, with two sshd on the loopback.

# shellcheck disable=SC2030,SC2031 # each test is a subshell, and meant to be
# shellcheck disable=SC2154 # set by run
# shellcheck disable=SC2016 # evaluated by the fake spatch

bats_require_minimum_version 1.5.0

load audit-tree
load sshd

setup_file() {
	export NO_SSHD='' HOSTS_DIR=$BATS_FILE_TMPDIR/hosts
	sshd_start "$HOSTS_DIR" >"$BATS_FILE_TMPDIR/why" || NO_SSHD=$(cat "$BATS_FILE_TMPDIR/why")
}

teardown_file() { sshd_stop; }

setup() {
	[ -z "$NO_SSHD" ] || skip "$NO_SSHD"
	audit_tree "$BATS_TEST_TMPDIR/a tree"
	PXD_CACHE=$BATS_TEST_TMPDIR/cache TMPDIR="$BATS_TEST_TMPDIR/t m p"
	mkdir "$TMPDIR"
	REAL=$(command -v spatch)
	local name python
	python=$(python3 -c 'import sys; print(sys.executable)')
	for name in one two; do
		# What they need, no more: the names are in --help and in fanout.sh.
		host_programs $name bash perl base64 tar gzip mktemp rm mkdir sed cat nproc grep
		ln -s "$python" "$HOSTS_DIR/$name/bin/python3"
		fake_spatch "$HOSTS_DIR/$name" ''
	done
	fake_spatch "$BATS_TEST_TMPDIR/here" ''
	PATH=$BATS_TEST_TMPDIR/here/bin:$PATH
	CONFIG=$HOSTS_DIR/config
	SLF=$BATS_TEST_TMPDIR/'the hosts'
	printf '%s\n' '# two' "1/ssh -F $CONFIG one" '' "1/ssh -F $CONFIG two" >"$SLF"
}

# fake_spatch DIR TEXT: a spatch in DIR/bin that notes in DIR/runs that it was
# given files, then runs TEXT, then the real one
fake_spatch() {
	mkdir -p "$1/bin"
	: >"$1/runs"
	rm -f "$1/bin/spatch"
	printf '%s\n' '#!/bin/bash' "case \"\$*\" in *--file-groups*) echo \$\$ >>${1@Q}/runs; $2" ';; esac' \
		"exec ${REAL@Q} \"\$@\"" >"$1/bin/spatch"
	chmod +x "$1/bin/spatch"
}
results() { find "$PXD_CACHE/audit" -mindepth 2 -type f; }
runs() { wc -l <"$HOSTS_DIR/$1/runs"; }

# files with a finding and with odd names
files() {
	local name number=0
	mkdir "$TREE/mm/a  dir"
	for name in one.c two.c "a  dir/\$x \"y\" 'z'.c" 'ä\t.c'; do
		number=$((number + 1))
		cat >"$TREE/mm/$name" <<-END
			pmd_t *function_$number(pud_t *pudp, unsigned long addr)
			{
				pud_t pud = READ_ONCE(*pudp);

				if (pud_none(pud))
					return NULL;
				return pmd_offset(pudp, addr);
			}
		END
	done
}

# nothing is left on the hosts; what was stopped from here may take a moment
hosts_clean() {
	local name pid left
	for _ in $(seq 100); do
		left=$(find "$HOSTS_DIR"/{one,two}/{home,tmp} -mindepth 1)
		while read -r pid; do
			[[ $(ps -o stat= -p "$pid") =~ ^(Z.*)?$ ]] || left+=" $pid"
		done < <(cat "$HOSTS_DIR"/{one,two}/runs)
		[ -n "$left" ] || return 0
		[ "${1-}" = later ] || break
		sleep 0.1
	done
	echo "left: $left"
	return 1
}

@test "--hosts: two machines, the same output and the same results in the cache" {
	files
	cp "$TREE/mm/one.c" "$TREE/mm/crash.c"
	cp "$ROOT/cocci/tests/unparsed.c" "$TREE/mm/"
	local name crash='grep -q crash "${@: -1}" && kill -SEGV $$'
	for name in "$BATS_TEST_TMPDIR/here" "$HOSTS_DIR/one" "$HOSTS_DIR/two"; do
		fake_spatch "$name" "$crash"
	done
	mkdir "$BATS_TEST_TMPDIR/json-1" "$BATS_TEST_TMPDIR/json-2"
	run -2 --separate-stderr "$AUDIT" "$TREE" -j4 --json "$BATS_TEST_TMPDIR/json-1"
	one=$output
	[[ $output == *'crash.c:1: failed: '*'spatch died of signal 11'* && $output == *': unparsed: '* ]]
	[ "$(grep -c ': reread-value: function_' <<<"$output")" -eq 4 ]
	mv "$PXD_CACHE" "$BATS_TEST_TMPDIR/cache-1"
	: >"$BATS_TEST_TMPDIR/here/runs"
	run -2 --separate-stderr "$AUDIT" "$TREE" -j4 --hosts "$SLF" --json "$BATS_TEST_TMPDIR/json-2"
	[ "$output" = "$one" ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	[[ ${stderr_lines[1]} == 'audit: not a result: 1 of 6 files failed: '* ]]
	diff -r "$BATS_TEST_TMPDIR/json-1" "$BATS_TEST_TMPDIR/json-2"
	diff -r "$BATS_TEST_TMPDIR/cache-1/audit" "$PXD_CACHE/audit"
	[ "$(results | wc -l)" -ge 10 ]
	# both have worked, and nobody here
	[ "$(runs one)" -ge 2 ]
	[ "$(runs two)" -ge 2 ]
	[ ! -s "$BATS_TEST_TMPDIR/here/runs" ]
	hosts_clean
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "--hosts: ':' is this machine; what is in the cache is not read again" {
	files
	printf '%s\n' : "1/ssh -F $CONFIG two" >"$SLF"
	run -1 --separate-stderr "$AUDIT" "$TREE" -j2 --hosts "$SLF"
	one=$output
	[ -s "$BATS_TEST_TMPDIR/here/runs" ]
	[ "$(runs two)" -ge 1 ]
	[ "$(runs one)" -eq 0 ]
	# a changed file, one chunk for each rule
	echo >>"$TREE/mm/one.c"
	fake_spatch "$HOSTS_DIR/two" ''
	echo "ssh -F $CONFIG two" >"$SLF"
	run -1 --separate-stderr "$AUDIT" "$TREE" -j2 --hosts "$SLF"
	[[ $stderr == *'reading 1 of 4 files'* ]]
	[ "$output" = "$one" ]
	[ "$(runs two)" -eq 3 ]
	hosts_clean
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "--hosts: as many processes as the number in front says, or as there are processors" {
	files
	# each waits for the others, then for one too many
	local name wanted='while [ $((tries++)) -lt 300 ] && [ "$(grep -c . <"$RUNS")" -lt $N ]; do sleep 0.1; done; sleep 2'
	fake_spatch "$HOSTS_DIR/one" "N=2 RUNS=${HOSTS_DIR@Q}/one/runs; $wanted"
	fake_spatch "$HOSTS_DIR/two" "N=3 RUNS=${HOSTS_DIR@Q}/two/runs; $wanted"
	rm "$HOSTS_DIR/two/bin/nproc"
	printf '#!/bin/bash\necho 3\n' >"$HOSTS_DIR/two/bin/nproc"
	chmod +x "$HOSTS_DIR/two/bin/nproc"
	for name in one two; do ln -s "$(command -v sleep)" "$HOSTS_DIR/$name/bin/"; done
	printf '%s\n' "2/ssh -F $CONFIG one" "ssh -F $CONFIG two" >"$SLF"
	"$AUDIT" "$TREE" -j4 --hosts "$SLF" >/dev/null 2>&1 3>&- &
	local pid=$! most_one=0 most_two=0 now
	while [ -d "/proc/$pid" ]; do
		now=$(running one); [ "$now" -le "$most_one" ] || most_one=$now
		now=$(running two); [ "$now" -le "$most_two" ] || most_two=$now
		sleep 0.1
	done
	echo "$most_one $most_two"
	[ "$most_one $most_two" = '2 3' ]
}
running() { xargs -r ps -o comm= -p <"$HOSTS_DIR/$1/runs" 2>/dev/null | grep -c . || :; }

@test "--hosts: a machine that cannot do it is one line that names it, exit 2" {
	files
	unusable() {	# HOST MESSAGE
		run -2 --separate-stderr "$AUDIT" "$TREE" -j2 --hosts "$SLF"
		echo "$stderr"
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" -eq 2 ]
		[[ ${stderr_lines[0]} == *' reading '* ]]
		[[ ${stderr_lines[1]} == "audit: ssh -F $CONFIG $1: "*"$2"*"take it out of $SLF" ]]
		[ -z "$(results)" ]
		[ -z "$(ls -A "$TMPDIR")" ]
		hosts_clean
	}
	rm "$HOSTS_DIR/two/bin/spatch"
	unusable two "it has no spatch (Debian's package coccinelle)"
	printf '#!/bin/bash\necho spatch version 1.0.8 compiled with something\n' >"$HOSTS_DIR/two/bin/spatch"
	chmod +x "$HOSTS_DIR/two/bin/spatch"
	unusable two "its spatch is 1.0.8, not "
	fake_spatch "$HOSTS_DIR/two" ''
	sed -i '2i case "$*" in *python.cocci*) echo "Python library not found"; exit ;; esac' "$HOSTS_DIR/two/bin/spatch"
	unusable two "its spatch does not find Python's library"
	fake_spatch "$HOSTS_DIR/two" ''
	mv "$HOSTS_DIR/two/bin/python3" "$BATS_TEST_TMPDIR/"
	unusable two "it has no python3"
	mv "$BATS_TEST_TMPDIR/python3" "$HOSTS_DIR/two/bin/"
	rm "$HOSTS_DIR/one/bin/perl"
	unusable one "perl: not found"
	ln -s "$(command -v perl)" "$HOSTS_DIR/one/bin/"
	# what it prints would be taken for results
	echo 'echo hello' >"$HOSTS_DIR/two/home/.bashrc"
	run -2 --separate-stderr "$AUDIT" "$TREE" -j2 --hosts "$SLF"
	[[ $stderr == *"audit: ssh -F $CONFIG two: its shell prints 'hello' when it starts: "* ]]
	rm "$HOSTS_DIR/two/home/.bashrc"
	# nobody there; not let in; not the one that it was
	echo "ssh -F $CONFIG -p 1 one" >>"$SLF"
	unusable "-p 1 one" "ssh: connect to host 127.0.0.1 port 1: Connection refused"
	echo "ssh -F $CONFIG -i /dev/null -o IdentityFile=/dev/null -l nobody one" >"$SLF"
	unusable "-i /dev/null -o IdentityFile=/dev/null -l nobody one" "Permission denied"
	echo "ssh -F $CONFIG -o UserKnownHostsFile=/dev/null one" >"$SLF"
	unusable "-o UserKnownHostsFile=/dev/null one" "Host key verification failed"
}

@test "--hosts: bad input is one line, exit 2" {
	files
	wrong '--hosts wants a value' "$TREE" --hosts
	wrong "cannot read $TREE: name a file" "$TREE" --hosts "$TREE"
	wrong 'cannot read no-such' "$TREE" --hosts no-such
	printf '\n  # none\n' >"$SLF"
	run -2 --separate-stderr "$AUDIT" "$TREE" --hosts "$SLF"
	[ -z "$output" ]
	[[ $stderr == *"audit: $SLF names no machine: "* ]]
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "--hosts: a machine that is lost on the way is named, exit 2; what came before is kept" {
	files
	# when the other one has done something; from the job's shell up to the
	# session's sshd, which since OpenSSH 9.8 is called sshd-session
	fake_spatch "$HOSTS_DIR/two" "OTHER=${HOSTS_DIR@Q}/one/runs"'
		pid=$$
		while [ "$(grep -c . <"$OTHER")" -lt 2 ]; do sleep 0.1; done
		while [[ $(cat /proc/$pid/comm) != sshd* ]]; do
			pid=$(sed -n "s/^PPid:[[:space:]]*//p" /proc/$pid/status)
		done
		kill -KILL $pid; sleep 1000'
	ln -s "$(command -v sleep)" "$HOSTS_DIR/two/bin/"
	run -2 --separate-stderr "$AUDIT" "$TREE" -j2 --hosts "$SLF"
	echo "$stderr"
	[ -z "$output" ]
	[[ $stderr == *"audit: ssh -F $CONFIG two: "*$'\n'*'did not finish'* ]]
	[ "$(runs two)" -eq 1 ]
	[ -n "$(results)" ]
	[ -z "$(ls -A "$TMPDIR")" ]
	hosts_clean later
	# without that one, the rest and the same output
	sed -i '$d' "$SLF"
	run -1 --separate-stderr "$AUDIT" "$TREE" -j2 --hosts "$SLF"
	one=$output
	run -1 --separate-stderr "$AUDIT" "$TREE" -j2 --no-cache
	[ "$output" = "$one" ]
}

@test "--hosts: Ctrl-C leaves nothing, neither here nor there" {
	files
	local name signal pid rc
	for name in one two; do
		fake_spatch "$HOSTS_DIR/$name" 'sleep 1000'
		ln -s "$(command -v sleep)" "$HOSTS_DIR/$name/bin/"
	done
	printf '%s\n' 1/: >>"$SLF"
	fake_spatch "$BATS_TEST_TMPDIR/here" 'exec sleep 1000'
	for signal in INT TERM; do
		: >"$HOSTS_DIR/one/runs"; : >"$HOSTS_DIR/two/runs"; : >"$BATS_TEST_TMPDIR/here/runs"
		env --default-signal=INT "$AUDIT" "$TREE" -j4 --hosts "$SLF" >/dev/null 2>&1 3>&- &
		pid=$!
		for _ in $(seq 300); do
			[[ ! -s $HOSTS_DIR/one/runs || ! -s $HOSTS_DIR/two/runs || ! -s $BATS_TEST_TMPDIR/here/runs ]] || break
			sleep 0.1
		done
		[[ -s $HOSTS_DIR/one/runs && -s $HOSTS_DIR/two/runs && -s $BATS_TEST_TMPDIR/here/runs ]]
		[ -n "$(ls -A "$HOSTS_DIR/one/tmp")" ]
		kill -$signal $pid
		rc=0
		wait $pid || rc=$?
		[ $rc -eq "$([ $signal = INT ] && echo 130 || echo 143)" ]
		[ -z "$(ls -A "$TMPDIR")" ]
		[ -z "$(results)" ]
		[ -z "$(find "$PXD_CACHE" -name '.*')" ]
		[[ $(ps -o stat= -p "$(cat "$BATS_TEST_TMPDIR/here/runs")") =~ ^(Z.*)?$ ]]
		hosts_clean later
	done
}
