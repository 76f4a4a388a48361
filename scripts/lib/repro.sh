# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # the verbs use what is set here
# Sourced after common.sh by the verbs that run the reproducers of
# selftests/debug.

# read_rows FILE: the table in it: ROW["name key"], the names in order in NAMES.
declare -A ROW=()
NAMES=()
read_rows() {
	local line key='' name='' nr=0
	while IFS= read -r line || [ -n "$line" ]; do
		nr=$((nr + 1))
		case $line in
		'#'*|'') ;;
		[[:blank:]]*) [ -n "$name$key" ] || die "$1:$nr: goes on with nothing"
			ROW["$name $key"]+=" ${line#"${line%%[![:blank:]]*}"}" ;;
		name:\ *) name=${line#name: } key=name
			[[ $name =~ ^[a-z][a-z0-9_]*$ ]] || die "$1:$nr: no name: '$name'"
			[ -z "${ROW["$name name"]-}" ] || die "$1:$nr: $name is there twice"
			ROW["$name name"]=$name NAMES+=("$name") ;;
		target:\ *|test:\ *|args:\ *|append:\ *|base:\ *|fixed:\ *|what:\ *|load:\ *|none:\ *)
			key=${line%%:*}
			[ -n "$name" ] || die "$1:$nr: $key comes before any name"
			ROW["$name $key"]=${line#*: } ;;
		*) die "$1:$nr: no line of a table: '$line'" ;;
		esac
	done <"$1"
	[ "${#NAMES[@]}" -gt 0 ] || die "$1: no rows"
	for name in "${NAMES[@]}"; do
		for key in what load; do
			[ -n "${ROW["$name $key"]-}" ] || die "$1: $name has no '$key:'"
		done
		[ -z "${ROW["$name none"]-}" ] || continue
		[ -f "$(test_of "$name")" ] || die "$1: $name has no test: neither selftests/debug nor selftests/mm has ${ROW["$name test"]-}.c"
		for key in base fixed; do
			[[ ${ROW["$name $key"]-} =~ ^(green|red\ .+)$ ]] ||
				die "$1: $name does not say that $key is green, or red with a pattern"
		done
	done
}

# test_of NAME: the row's test, one of the debug ones or of what the series adds
test_of() {
	local dir
	for dir in "$ROOT"/selftests/{debug,mm}; do
		[ ! -f "$dir/${ROW["$1 test"]-}.c" ] || break
	done
	echo "$dir/${ROW["$1 test"]-}.c"
}

# run_row NAME base|fixed LOG BOOT-ARG...: boot with the row's test. Sets OUTCOME
# to green, red or failed, and SAID to a line; false if it could not be booted.
run_row() {
	local name=$1 pattern=${ROW["$1 $2"]#red} log=$3 rc=0
	shift 3
	pattern=${pattern# }
	waited "$ROOT/scripts/boot" "$@" --timeout 180 --test "$(test_of "$name")" \
		--append "oops=panic ${ROW["$name append"]:+${ROW["$name append"]} }-- ${ROW["$name args"]-}" >"$log" 2>&1 || rc=$?
	if [ "$rc" -gt 1 ] || grep -q '^build: .*: does not build' "$log"; then
		SAID=$(grep -E '^[a-z]+: ' "$log" | tail -n 1)
		return 1
	fi
	if [ "$rc" -eq 0 ]; then
		OUTCOME=green SAID=$(sed -n 's/^boot: .*: \([0-9]* passed\),.*/\1/p' "$log")
	elif [ -n "$pattern" ] && SAID=$(grep -m 1 -oE -- "$pattern" "$log"); then
		OUTCOME=red
	else
		OUTCOME=failed SAID=$(sed -n "s/^boot: $1: //p" "$log" | head -n 1)
	fi
}
