# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by the verbs that record what a run came to.

COMMAND="scripts/$PROG${*:+ $*}"

# record KIND TARGET STATUS REASON [FIGURE=VALUE...]: results/KIND/TARGET.json.
# STATUS: pass, fail, skip, or base-fails (the base fails in the same way); all
# but pass need a reason. Numbers become numbers. BASE_COMMIT, if set, says
# which base it was.
record() {
	local kind=$1 target=$2 status=$3 reason=$4 dir tmp='' commit figure
	local figures=()
	shift 4
	case $status in
	pass) ;;
	fail|skip|base-fails) [ -n "$reason" ] || die "record: '$status' needs a reason" ;;
	*) die "record: unknown status '$status'" ;;
	esac
	for figure; do
		case $figure in
		[a-z]*=*) figures+=(--arg "${figure%%=*}" "${figure#*=}") ;;
		*) die "record: '$figure' is no figure=value" ;;
		esac
	done

	require jq=jq
	dir=${PXD_RESULTS:-$ROOT/results}/$kind
	make_tmp tmp "$dir"
	if [ -n "$RECORD_STATE" ]; then
		[ "$(repository_state)" = "$RECORD_STATE" ] ||
			die "results/$kind/$target.json is not written: $ROOT has changed since the run began"
		commit=$RECORD_COMMIT
	else
		commit=$(git -C "$ROOT" rev-parse HEAD 2>/dev/null || echo unknown)
		[ -z "$(git -C "$ROOT" status --porcelain -- . ':!results' 2>/dev/null)" ] || commit+=-dirty
	fi
	# jq 1.7 and later write a number as they have read it, until they reckon with it.
	jq -n "${figures[@]}" '[$ARGS.named | to_entries[] | {(.key): (.value | (tonumber? + 0) // .)}] | add // {}' |
		jq --arg date "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --arg command "$COMMAND" \
		--arg commit "$commit" --arg base "$(base_name)" --arg status "$status" \
		--arg reason "$reason" '{$date, $command, $commit, $base, $status, $reason, figures: .}' \
		>"$tmp/json" || die "cannot write results/$kind/$target.json"
	mv "$tmp/json" "$dir/$target.json" || die "cannot write results/$kind/$target.json"
}

# record_skip KIND TARGET REASON: that it could not be run here. What a run came
# to, elsewhere, stays.
record_skip() {
	local file=${PXD_RESULTS:-$ROOT/results}/$1/$2.json
	require jq=jq
	if [ -f "$file" ] && [ "$(jq -r .status "$file")" != skip ]; then
		note "$2: skipped: results/$1/$2.json stays"
		return
	fi
	record "$1" "$2" skip "$3"
}

# repository_state: of all but results/, so that records can be committed meanwhile
repository_state() {
	{
		git -C "$ROOT" ls-tree HEAD | grep -v $'\tresults$'
		git -C "$ROOT" status --porcelain -- . ':!results'
	} | sha256sum
}

# may_record [OPTION...]: for --record, before any work. Ends the verb if these
# options leave out some of what it does, or make it another thing than the series
# on the base that is measured: such a run must not take the place of a whole one.
# Nor must one whose commit does not name what was run; with PXD_RESULTS= nothing
# of results/ is replaced, and the record says -dirty.
RECORD_COMMIT='' RECORD_STATE=''
may_record() {
	local changes
	[ $# -eq 0 ] || die "--record is for all of it, on the series: leave out $*"
	[ -z "${PXD_RESULTS-}" ] || return 0
	[ -z "${LINUX-}" ] || die "--record is for the base of base.conf: unset LINUX"
	# Without git, and without a way to install it, the verb ends at its require_all,
	# which names all that is missing.
	want git=git
	if ! command -v git >/dev/null; then
		can_install || return 0
		require_all
	fi
	RECORD_COMMIT=$(git -C "$ROOT" rev-parse -q --verify HEAD 2>/dev/null) ||
		die "--record names the commit, and $ROOT is not a git repository: clone it"
	changes=$(git -C "$ROOT" status --porcelain -- . ':!results') || changes=unknown
	[ -z "$changes" ] ||
		die "--record names the commit, and $ROOT has changes that are in none: commit them first"
	RECORD_STATE=$(repository_state)
}

# The base that a result is about: LINUX= by its commit, or the package.
base_name() {
	if [ -n "${LINUX-}" ]; then
		( . "$ROOT/scripts/lib/git.sh"
			use_foreign "$LINUX" "LINUX=$LINUX"
			printf 'LINUX %s' "$(foreign_commit "${REV:-HEAD}" || echo unknown)" ) || printf 'LINUX unknown'
	else
		( . "$ROOT/base.conf" && printf '%s %s' "$BASE_PACKAGE" "$BASE_VERSION" )
	fi
}
