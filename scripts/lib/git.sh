# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # the verbs use what is set here
# shellcheck shell=bash
# Sourced after common.sh by the verbs that use git: git without anybody's
# configuration, and how to read a repository of somebody else.

# Neither the environment of the caller nor any configuration, the repository's
# own included, may change what git does here.
for _var in "${!GIT_@}"; do
	case $_var in
	GIT_EXEC_PATH|GIT_TRACE*) ;;
	*) unset "$_var" ;;
	esac
done
export GIT_CONFIG_GLOBAL=$ROOT/scripts/lib/gitconfig GIT_CONFIG_NOSYSTEM=1 GIT_ATTR_NOSYSTEM=1
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=include.path GIT_CONFIG_VALUE_0=$GIT_CONFIG_GLOBAL
export GIT_TERMINAL_PROMPT=0 TZ=UTC

# A foreign repository is data: nothing that its configuration, its attributes
# or its hooks name may run, whoever owns it, and nothing is written there. So
# all that ever runs in it is rev-parse, which reads neither index nor work tree;
# lazy fetches of a partial clone are off. Everything else is read through a
# repository of our own that borrows its objects.

# use_foreign DIR WHAT: set FOREIGN and FOREIGN_OBJECTS; WHAT names it in messages.
use_foreign() {
	local err
	FOREIGN=$(realpath -e -- "$1/." 2>/dev/null) ||
		die "$2: no such directory, or not for $(id -un) to read"
	err=$(foreign_rev_parse --git-dir 2>&1 >/dev/null) ||
		die "$2 is not a git repository that can be read: ${err%%$'\n'*}"
	FOREIGN_OBJECTS=$(foreign_rev_parse --path-format=absolute --git-path objects) ||
		die "$2: git cannot tell where its objects are"
}
foreign_rev_parse() {
	local dir=$FOREIGN
	# Told where it is, git does not look for it in the directories above.
	[ ! -e "$dir/.git" ] || dir=$dir/.git
	GIT_OPTIONAL_LOCKS=0 GIT_NO_REPLACE_OBJECTS=1 GIT_NO_LAZY_FETCH=1 GIT_ALLOW_PROTOCOL=none \
		git -C "$FOREIGN" --git-dir="$dir" -c core.fsmonitor=false rev-parse "$@"
}

# foreign_commit REV: its id. After the ids of other things that REV could name:
# it has to be a commit.
foreign_commit() { foreign_rev_parse -q --verify --end-of-options "$1^{commit}" 2>/dev/null; }

# borrow_objects: from here on git sees those of the foreign repository as well.
# Whoever writes objects must not: git sets the time stamp of an object that it
# is to write and finds there.
borrow_objects() {
	export GIT_ALTERNATE_OBJECT_DIRECTORIES=$FOREIGN_OBJECTS
	# A quoted name may hold what separates two of them.
	case $FOREIGN_OBJECTS in
	*[:\"\\]*)
		GIT_ALTERNATE_OBJECT_DIRECTORIES=${FOREIGN_OBJECTS//\\/\\\\}
		GIT_ALTERNATE_OBJECT_DIRECTORIES=\"${GIT_ALTERNATE_OBJECT_DIRECTORIES//\"/\\\"}\"
		;;
	esac
}
