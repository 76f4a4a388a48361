# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after common.sh by the verbs that run many processes.

# fan_out JOBS COMMAND [ARG...]: run the command once for each line of stdin,
# the line as its last argument, JOBS at a time. False if any of them failed.
# What they run is gone when this returns, or when the verb ends.
fan_out() {
	local jobs=$1 pid rc=0 items
	shift
	require parallel=parallel pkill=procps
	make_tmp items
	cat >"$items/items"
	# A session of its own: Ctrl-C reaches us alone, and one kill ends all.
	HOME=$items PARALLEL_HOME=$items setsid parallel --will-cite --ungroup \
		--jobs "$jobs" --halt now,fail=1 "$(printf '%q ' "$@"){}" \
		<"$items/items" &
	pid=$!
	on_exit "stop_session $pid"
	wait "$pid" || rc=$?
	return "$rc"
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
