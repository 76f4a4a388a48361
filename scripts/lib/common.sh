# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # the verbs use what is set here
# shellcheck shell=bash
# Sourced by every verb: messages, help, clean-up, locks, packages, paths.

set -euo pipefail

# What the user's shell exports must not lead elsewhere.
unset CDPATH PYTHONHOME PYTHONPATH PYTHONSAFEPATH
[[ ${TMPDIR-/} == /* ]] || export TMPDIR=$PWD/$TMPDIR

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
CACHE=${PXD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pxd-lockless}
JOBS=${JOBS:-$(nproc)}
export LC_ALL=C.UTF-8

PROG=${0##*/}

# What the user's shell exports must not steer git into another repository.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY \
      GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR GIT_NAMESPACE

note() { printf '%s: %s\n' "$PROG" "$*" >&2; }
die() { note "$*"; exit 2; }

# The help text of a verb is the comment block behind its SPDX line.
usage() { sed -n '3,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0"; }

want_help() {
	case "${1-}" in
	-h|--help) usage; exit 0 ;;
	esac
}

# waited COMMAND...: not in the foreground, so that a signal does not have to
# wait for it.
waited() {
	local rc=0 pid
	"$@" & pid=$!
	# shellcheck disable=SC2064 # this pid
	{
		trap "kill $pid 2>/dev/null; wait $pid; exit 130" INT
		trap "kill $pid 2>/dev/null; wait $pid; exit 143" TERM
	}
	wait "$pid" || rc=$?
	trap 'exit 130' INT
	trap 'exit 143' TERM
	return "$rc"
}

# Commands to run at exit, last one first; Ctrl-C ends in an exit as well.
EXIT_COMMANDS=()
on_exit() { EXIT_COMMANDS=("$1" "${EXIT_COMMANDS[@]}"); }
run_exit_commands() {
	local rc=$? command
	trap '' INT TERM HUP
	set +e
	for command in "${EXIT_COMMANDS[@]}"; do eval "$command"; done
	exit "$rc"
}
trap run_exit_commands EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# make_tmp VAR [DIR]: a directory that is gone when the verb ends.
make_tmp() {
	local dir
	mkdir -p "${2:-${TMPDIR:-/tmp}}" || die "cannot create ${2:-${TMPDIR:-/tmp}}: is the disk full or read-only?"
	dir=$(mktemp -d "${2:-${TMPDIR:-/tmp}}/.pxd.XXXXXX") ||
		die "cannot write to ${2:-${TMPDIR:-/tmp}}: free some space or set TMPDIR"
	on_exit "rm -rf ${dir@Q}"
	printf -v "$1" %s "$dir"
}

# lock NAME WHAT: one at a time; held until the verb ends. A verb that this one
# calls inherits the lock instead of waiting for it.
lock() {
	local var fd
	var=PXD_LOCK_$(tr -c 'A-Za-z0-9\n' _ <<<"$1")
	[ -z "${!var-}" ] || return 0
	mkdir -p "$CACHE/lock" || die "cannot create $CACHE: set PXD_CACHE to a directory that can be written"
	exec {fd}>"$CACHE/lock/$1" || die "cannot write to $CACHE/lock: set PXD_CACHE"
	flock -n "$fd" || die "another run is busy with $2: wait for it to end, then try again"
	export "$var=1"
}

# want COMMAND=PACKAGE|/FILE=PACKAGE...: for the next require_all. A verb wants all
# that it takes, also for the verbs that it calls, and requires it once, before it
# fetches or makes anything.
WANTED=()
want() { WANTED+=("$@"); }

# require COMMAND=PACKAGE|/FILE=PACKAGE...: these, and what was wanted before
require() {
	want "$@"
	require_all
}

# require_all: install what is missing of what was wanted, or name all of it and
# say how.
require_all() {
	local pair missing=() apt=(apt-get) command
	for pair in "${WANTED[@]}"; do
		command=${pair%%=*}
		case $command in
		/*) [ -e "$command" ] ;;
		*) command -v "$command" >/dev/null ;;
		esac || [[ " ${missing[*]} " = *" ${pair#*=} "* ]] || missing+=("${pair#*=}")
	done
	WANTED=()
	[ "${#missing[@]}" -gt 0 ] || return 0
	if ! command -v apt-get >/dev/null; then
		die "missing: ${missing[*]} (Debian's package names): install them with your package manager"
	fi
	can_install || die "missing: ${missing[*]}: run: sudo apt-get install ${missing[*]}"
	[ "$(id -u)" -eq 0 ] || apt=(sudo apt-get)
	note "installing ${missing[*]}"
	apt+=(-qq -o DPkg::Lock::Timeout=300)
	local log="$CACHE/log/apt-install.log"
	mkdir -p "${log%/*}"
	if ! DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 </dev/null; then
		{ "${apt[@]}" update && DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null ||
			die "apt-get could not install ${missing[*]}: see $log"
	fi
}

# can_install: this user may install packages, without being asked anything.
can_install() {
	command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }
}

# want_audit: what scripts/audit takes. Debian's spatch needs the -dev package of
# Python besides; with a spatch that is there already, ask finds_python.
want_audit() {
	want spatch=coccinelle parallel=parallel pkill=procps python3=python3
	command -v spatch >/dev/null || want "/of spatch's python=libpython3-dev"
}

# progress WHAT DIR: from here on say every ten seconds, on a terminal, how much
# is in DIR; until `progress' alone, or the end.
TICKER=''
progress() {
	[ -z "$TICKER" ] || { kill "$TICKER" && wait "$TICKER"; } 2>/dev/null || :
	TICKER=''
	[ $# -gt 0 ] && [ -t 2 ] || return 0
	# No sleep, which would stay behind and hold our locks.
	while kill -0 $$; do
		read -rt "${PXD_TICK:-10}" <> <(:) || :
		note "$1: $(du -sm "$2" 2>/dev/null | cut -f 1) MB"
	done >/dev/null & TICKER=$!
}
on_exit progress

# need_space DIR GIB: a clear word now instead of ENOSPC in the middle.
need_space() {
	local dir=$1 have
	while [ ! -d "$dir" ]; do dir=$(dirname "$dir"); done
	have=$(df -Pk "$dir" | awk 'NR == 2 { print int($4 / 1048576) }')
	[ "$have" -ge "$2" ] ||
		die "$1 needs $2 GiB, the disk has $have: free some space or set PXD_CACHE to another disk"
}
