# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # the verbs use what is set here
# shellcheck shell=bash
# Sourced by the verbs that work on the series, after common.sh: git without
# the user's configuration, and what apply and export both have to know.

. "$ROOT/scripts/lib/debian.sh"
want git=git

# shellcheck source-path=SCRIPTDIR
. "$ROOT/scripts/lib/git.sh"

# For a verb that cannot have findings: whatever stops it is an error, exit 2.
no_findings() {
	# shellcheck disable=SC2016 # rc is the exit status where this is run
	on_exit 'case $rc in
		0|2|129|130|143) ;;
		*) note "stopped by the error above (status $rc)"; rc=2 ;;
	esac'
}

AUTHOR_NAME=pxd-lockless
AUTHOR_EMAIL=pxd-lockless@example.org
AUTHOR="$AUTHOR_NAME <$AUTHOR_EMAIL>"
BRANCH=pxd-lockless

# Copies of files that the series adds: directory in the kernel, directory here.
COPIES=("tools/testing/selftests/mm selftests/mm" "scripts/coccinelle/mm cocci/kernel")

# use_linux: read LINUX=, see use_foreign.
use_linux() { use_foreign "$LINUX" "LINUX=$LINUX"; }

# use_base: make the base ready; set DIR, KERNEL (its work tree), SERIES (the
# work tree of the branch) and PATCHES.
use_base() {
	want_base
	require_all
	DIR=$("$ROOT/scripts/tree") || exit
	KERNEL=$DIR/linux
	SERIES=$DIR/series
	shopt -s nullglob
	PATCHES=("$ROOT"/patches/*.patch)
	shopt -u nullglob
}

# commit_of REV: its id, or nothing.
commit_of() { git -C "$KERNEL" rev-parse -q --verify "$1^{commit}" || true; }

# What the branch is made from: the base and each patch with its name.
series_key() {
	local patch
	{
		commit_of base
		for patch in "${PATCHES[@]}"; do
			printf '%s\n' "${patch##*/}"
			cat -- "$patch"
		done
	} | sha256sum | cut -d ' ' -f 1
}

# DIR/.state: the key of the patches that the branch agrees with, and the tip
# that apply made of them ('-' when it did not).
read_state() {
	KEY='' TIP=''
	[ ! -e "$DIR/.state" ] || read -r KEY TIP <"$DIR/.state" || true
}
write_state() {
	printf '%s %s\n' "$1" "$2" >"$DIR/.state.new"
	mv "$DIR/.state.new" "$DIR/.state"
}

# Why the work tree is not simply the branch, or nothing.
unclean() {
	local what
	if [ "$(git -C "$SERIES" symbolic-ref -q HEAD)" != "refs/heads/$BRANCH" ]; then
		echo "is not on branch $BRANCH (a rebase under way?)"
		return
	fi
	for what in rebase-apply rebase-merge; do
		if [ -e "$(git -C "$SERIES" rev-parse --path-format=absolute --git-path "$what")" ]; then
			echo "is in the middle of git am or git rebase"
			return
		fi
	done
	what=$(git -C "$SERIES" status --porcelain) || what=unknown
	[ -z "$what" ] || echo "has uncommitted changes"
}

# git_am DIR PATCH...: these in a work tree, the same commits on every machine
git_am() {
	local dir=$1
	shift
	GIT_COMMITTER_NAME=$AUTHOR_NAME GIT_COMMITTER_EMAIL=$AUTHOR_EMAIL \
		git -C "$dir" am -q --no-3way --committer-date-is-author-date --no-gpg-sign \
			--whitespace=nowarn --no-scissors --no-signoff -- "$@" </dev/null
}

# format_series OUTPUT-DIR TIP: the patches, the same on every machine.
format_series() {
	git -C "$KERNEL" format-patch -q -o "$1" --no-numbered --subject-prefix=PATCH \
		--start-number=1 --zero-commit --full-index --no-signature --no-base \
		--no-thread --no-attach --no-cover-letter --no-notes --no-signoff \
		--no-to --no-cc --no-add-header --no-from \
		-p --stat=72 --summary --binary --unified=3 --find-renames=50% \
		--diff-algorithm=histogram --no-ext-diff --no-textconv --no-color \
		--src-prefix=a/ --dst-prefix=b/ --ignore-submodules=none \
		"base..$2" || die "git format-patch failed"
}

# added_files TIP: lines 'path in the kernel<TAB>path here', for each copy.
added_files() {
	local pair path
	for pair in "${COPIES[@]}"; do
		git -C "$KERNEL" diff --name-only --no-renames --diff-filter=A base "$1" -- "${pair% *}" |
			while IFS= read -r path; do
				printf '%s\t%s\n' "$path" "${pair#* }${path#"${pair% *}"}"
			done
	done
}
