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
	commit=$(git -C "$ROOT" rev-parse HEAD 2>/dev/null || echo unknown)
	[ -z "$(git -C "$ROOT" status --porcelain -- . ':!results' 2>/dev/null)" ] || commit+=-dirty
	jq -n "${figures[@]}" '[$ARGS.named | to_entries[] | {(.key): (.value | tonumber? // .)}] | add // {}' |
		jq --arg date "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --arg command "$COMMAND" \
		--arg commit "$commit" --arg base "$(base_name)" --arg status "$status" \
		--arg reason "$reason" '{$date, $command, $commit, $base, $status, $reason, figures: .}' \
		>"$tmp/json" || die "cannot write results/$kind/$target.json"
	mv "$tmp/json" "$dir/$target.json" || die "cannot write results/$kind/$target.json"
}

# The base that a result is about: LINUX= by its commit, or the package.
base_name() {
	if [ -n "${LINUX-}" ]; then
		printf 'LINUX %s' "$(git -C "$LINUX" -c safe.directory='*' rev-parse "${REV:-HEAD}" 2>/dev/null || echo unknown)"
	else
		( . "$ROOT/base.conf" && printf '%s %s' "$BASE_PACKAGE" "$BASE_VERSION" )
	fi
}
