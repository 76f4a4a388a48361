# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after common.sh by the verbs that run many processes.

# fan_out JOBS COMMAND [ARG...]: run the command once for each line of stdin,
# the line as its last argument, JOBS at a time. False if any of them failed.
# What they run is gone when this returns, or when the verb ends.
#
# If HOSTS is set, a file as parallel's --sshloginfile wants it, the machines in
# it do that instead. They need bash, perl and what the verb needs there, and
# nothing is left on them. The verb has to have
#   HOST_CODE          text in bash that is sent to them, with two functions:
#     host_check       runs on each of them first, complains and fails
#     host_job         does the work in a directory of its own, and prints it
#   host_send LINE     prints a tar.gz of what host_job needs in its directory
#   host_receive       keeps what host_job has printed: stdin
fan_out() {
	local jobs=$1 items
	shift
	require parallel=parallel pkill=procps
	make_tmp items
	cat >"$items/items"
	if [ "${HOSTS-}" ]; then
		fan_out_to_hosts
	else
		own_parallel --ungroup --jobs "$jobs" --halt now,fail=1 "$(printf '%q ' "$@"){}" \
			<"$items/items" &
		wait_session $!
	fi
}

# own_parallel ARG...: with "&", then wait_session. A session of its own: Ctrl-C
# reaches us alone, and one kill ends all. The user's settings count for nothing.
own_parallel() {
	local dir
	# By a name without spaces, which --nonall does not quote.
	exec {dir}<"$items"
	PARALLEL_HOME=$items PARALLEL_SHELL=/bin/bash TMPDIR=/proc/$BASHPID/fd/$dir \
		exec setsid parallel --plain --will-cite "$@"
}

# wait_session PID
wait_session() {
	on_exit "stop_session $1"
	wait "$1"
}

# stop_session PID: end what is left of the session that PID leads.
stop_session() {
	pkill -TERM -s "$1" || return 0
	local tries=10
	while [ $((tries--)) -gt 0 ]; do
		pgrep -s "$1" >/dev/null || return 0
		sleep 0.1
	done
	pkill -KILL -s "$1"
}

# host_command TEXT: what a host runs, in a form that needs no quotes.
host_command() {
	# shellcheck disable=SC2016 # evaluated there
	printf 'eval "$(base64 -d <<<%s)"' "$(base64 -w0 <<-END
		set -euo pipefail
		export LC_ALL=C.UTF-8
		WORK=
		trap 'trap "" HUP INT PIPE TERM; rm -rf "\$WORK"' EXIT
		trap 'exit 143' HUP INT PIPE TERM
		WORK=\$(mktemp -d "\${TMPDIR:-/tmp}/.pxd.XXXXXX")
		cd "\$WORK"
		$HOST_CODE
		$1
	END
	)"
}

# host_said FILE: lines of $host there
host_said() { tr '\r' '\n' <"$items/$1" | awk -F'\t' -v host="$host" '$1 == host && $2 != "" { print $2 }'; }

# check_hosts: may they be used, and how many processors do they have?
check_hosts() {
	local host status signal why bad=''
	require ssh=openssh-client
	grep -q '^[[:space:]]*[^#[:space:]]' "$HOSTS" || die "$HOSTS names no machine: see --sshloginfile in man parallel"
	own_parallel --nonall --jobs 0 --timeout 60 --tag --joblog "$items/log" --sshloginfile "$HOSTS" \
		"$(host_command 'host_check >&2; nproc')" >"$items/processors" 2>"$items/errors" </dev/null &
	wait_session $! || :
	while IFS=$'\t' read -r _ host _ _ _ _ status signal _; do
		if [ "$host$status$signal" = HostExitvalSignal ]; then
			continue
		elif [ "$status$signal" != 00 ]; then
			why=$(host_said errors | tail -n1)
		elif [[ $(host_said processors) =~ ^[0-9]+$ ]]; then
			continue
		else
			why="its shell prints '$(host_said processors | head -n1)' when it starts"
		fi
		note "$host: ${why:-no answer}: put that right, or take it out of $HOSTS"
		bad=1
	done <"$items/log"
	[ ! "$bad" ] || exit 2
	[ -s "$items/processors" ] || die "no machine in $HOSTS can be used: $(tail -n1 "$items/errors")"
	# N/ in front of a host is how many processes it is to have.
	awk -F'\t' 'FILENAME == ARGV[1] { processors[$1] = $2; next }
		{ host = $0; gsub(/,,/, ",", host); sub(/[ \t]+$/, "", host) }
		host in processors { $0 = processors[host] "/" $0 } { print }' \
		"$items/processors" "$HOSTS" >"$items/hosts"
}

fan_out_to_hosts() {
	local line file pid rc=0 seq='' host='' said
	check_hosts
	mkdir "$items/results"
	mkfifo "$items/done"
	# One line for each: parallel hands it on as it is.
	while IFS= read -r line; do
		host_send "$line" | base64 -w0 || { : >"$items/unsent"; break; }
		echo
	done <"$items/items" 2>"$items/errors" |
		own_parallel --sshloginfile "$items/hosts" --sshdelay 0.1 --jobs 100% --pipe -N1 --block 8M \
			--files --results "$items/results/{#}" --joblog "$items/log" --halt now,fail=1 \
			--termseq TERM,5000,KILL,25 \
			"$(host_command 'base64 -d | tar -xz --no-same-owner; host_job')" \
			>"$items/done" 2>"$items/parallel" &
	pid=$!
	on_exit "stop_session $pid"
	while IFS= read -r file; do
		host_receive <"$file" 2>"$file.bad" || { rc=1; seq=${file##*/}; }
		rm -f "$file"
	done <"$items/done"
	wait "$pid" || rc=$?
	[ ! -e "$items/unsent" ] || rc=1
	[ "$rc" -ne 0 ] || return 0
	# What failed first: the others were stopped then.
	[ -e "$items/unsent" ] || IFS=$'\t' read -r seq said host < <(awk -F'\t' -v seq="$seq" \
		'NR > 1 && ($7 $8 != "00" || $1 == seq) { print $1 "\t" ($7 $8 != "00" ? "err" : "bad") "\t" $2; exit }' \
		"$items/log") || :
	[ ! "$host" ] || cp "$items/results/$seq.$said" "$items/errors"
	[ -s "$items/errors" ] || cp "$items/parallel" "$items/errors"
	note "${host:+$host: }$(tr -s '\r\n' '\n' <"$items/errors" | grep -v '^tar: \(Child\|Error\|Exiting\)' | tail -n1)"
	return "$rc"
}
