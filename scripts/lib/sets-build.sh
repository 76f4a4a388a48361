# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the verb's, and those of other files
# Sourced by scripts/sets for check --build, after kernel.sh, results.sh, matrix.sh and
# sets.sh.

# want_sets_compilers: what all of it takes
want_sets_compilers() {
	local set paths=() targets=()
	for set in "${wanted[@]}"; do
		# shellcheck disable=SC2046 # numbers
		mapfile -t -O "${#paths[@]}" paths < <(touched $(places "$set"))
	done
	mapfile -t targets < <(targets_of "${paths[@]}")
	[[ " ${targets[*]} " != *' spatch '* ]] || want spatch=coccinelle
	mapfile -t targets < <(printf '%s\n' "${targets[@]}" | grep -vx 'spatch\|selftest')
	[ -z "$recorded" ] || want jq=jq
	want gcc=gcc /usr/include/stdio.h=libc6-dev
	[ "${#targets[@]}" -eq 0 ] || want_targets want_compiler
}

# whole_commit TIP: the base with what TIP has changed of SMALL
whole_commit() {
	GIT_INDEX_FILE=$tmp/whole git -C "$KERNEL" read-tree base
	git -C "$KERNEL" diff-tree -r --no-renames "$SMALL" "$1" |
		awk -F '[ \t]' '{ sub(/^:/, ""); print $2, $4 "\t" $6 }' |
		GIT_INDEX_FILE=$tmp/whole git -C "$KERNEL" update-index --index-info
	commit_tree "$(GIT_INDEX_FILE=$tmp/whole git -C "$KERNEL" write-tree)" "$(commit_of base)"
}

# sets_config: of the loaded target
sets_config() { wanted_config "$ROOT/scripts/lib/matrix.config" "$ROOT/scripts/lib/sets.config"; }

# tools_key TARGET...: what else than the tree the outcome depends on
tools_key() {
	local target
	for target; do
		case $target in
		spatch) spatch --version ;;
		selftest) gcc --version ;;
		*)	load_target "$target"
			can_build || { echo "$target $SKIP"; continue; }
			"$COMPILER" --version | head -n 1
			printf '%s\n' "$target" "${OBJS[*]}"
			sets_config
			[ -z "$SYNTAX" ] || cat "$ROOT/scripts/lib/cc-syntax" ;;
		esac
	done | sha256sum | cut -c-16
}

# enabled PATH: whether the configuration has the object of a C file. make itself
# compiles whatever is named, and that need not compile.
enabled() {
	local dir=${1%/*} object objects bits=32
	while [ ! -f "$TREE/$dir/Makefile" ] && [[ $dir = */* ]]; do dir=${dir%/*}; done
	[ -f "$TREE/$dir/Makefile" ] || return
	object=${1#"$dir/"} object=${object%.c}.o
	! grep -qx 'CONFIG_64BIT=y' "$TREE/$OUT/.config" || bits=64
	# An object of several, x.o, has their names in x-y or x-objs.
	# shellcheck disable=SC2016 # for make
	objects=$(make -rR -f "$TREE/$OUT/.config" -f "$TREE/$dir/Makefile" srctree="$TREE" src="$TREE/$dir" obj="$dir" BITS="$bits" \
		--eval 'pxd: ; @printf "%s\n" $(foreach o,$(obj-y) $(obj-m) $(lib-y),$o $($(o:.o=-y)) $($(o:.o=-m)) $($(o:.o=-objs)))' \
		pxd 2>/dev/null) || true
	grep -qxF "$object" <<<"$objects"
}

# build_target TARGET PATH...: compile what of these it can. Adds to BUILT the C files
# that were, sets OBJECTS to their number, or all of the target's; says in WHY what
# does not build.
build_target() {
	local target=$1 path out log header='' goals=() files=() built=() rc=0
	shift
	WHY='' OBJECTS=0
	case $target in
	spatch)
		for path; do
			[[ $path = *.cocci ]] || continue
			spatch -D report --parse-cocci "$TREE/$path" >"$tmp/log" 2>&1 ||
				{ WHY="$path: $(grep -m 1 -i error "$tmp/log" || tail -n 1 "$tmp/log")"; return; }
			BUILT+=("$path") OBJECTS=$((OBJECTS + 1))
		done
		return ;;
	selftest)
		for path; do
			[[ $path = tools/testing/selftests/*.c ]] || continue
			gcc -D_GNU_SOURCE= -I"$TREE/tools/testing/selftests" -I"$TREE/${path%/*}" -isystem "$TREE/tools/include/uapi" \
				-o "$tmp/selftest" "$TREE/$path" "$TREE/${path%/*}/vm_util.c" -lpthread >"$tmp/log" 2>&1 ||
				{ WHY="$path: $(grep -m 1 -E 'error|undefined' "$tmp/log" || tail -n 1 "$tmp/log")"; return; }
			BUILT+=("$path") OBJECTS=$((OBJECTS + 1))
		done
		return ;;
	esac

	use_objects sets
	out=$TREE/$OUT log=$CACHE/log/sets-$target.log
	mkdir -p "$out" "$CACHE/log" "$CACHE/ccache" || die "cannot write to $TREE or $CACHE"
	: >"$log" || die "cannot write to $log: free some space or set PXD_CACHE"
	configure "$(tree_key HEAD)-$(sha256sum <<<"$("$COMPILER" --version) $(sets_config)" | cut -c-16)" "$(sets_config)" "$log" ||
		{ WHY="cannot be configured: $(grep -m 1 -oE '(\*\*\*|[Ee]rror:) .*' "$log" || tail -n 1 "$log")"; return; }
	for path; do
		case $path in
		arch/"$KARCH"/*) ;;
		arch/*|tools/*|scripts/*|Documentation/*) continue ;;
		esac
		case $path in
		*.h) header=1 ;;
		*.c) if enabled "$path"; then files+=("$path") goals+=("${path%.c}.o"); fi ;;
		esac
	done
	# Objects that are there need not be of this tree.
	(cd "$out" && rm -f -- "${goals[@]}")
	if [ -n "$header" ]; then
		mapfile -t -O "${#goals[@]}" goals < <(goals)
	fi
	[ "${#goals[@]}" -gt 0 ] || return 0
	kmake -k -O -j "$JOBS" "${goals[@]}" >>"$log" 2>&1 || rc=$?
	for path in "${files[@]}"; do
		if [ -f "$out/${path%.c}.o" ]; then built+=("$path"); fi
	done
	if [ "$rc" -ne 0 ]; then
		WHY=$(grep -m 1 -E '(^|[: ])(fatal error|error|undefined reference[^:]*): ' "$log" ||
			grep -m 1 -E '^make.*\*\*\*' "$log" || echo 'make failed')
		WHY="${WHY#"$TREE/"}, see $log"
	fi
	BUILT+=("${built[@]}")
	OBJECTS=${#built[@]}
	[ -z "$header" ] || OBJECTS=$( (cd "$out" && find "${OBJS[@]}" "${goals[@]}" -name '*.o' 2>/dev/null) | sort -u | wc -l)
}

# build_set NAME TIP PLACES [BEGINNINGS]: compile what these patches touch in the tree of
# TIP; only paths that match, if there is a fourth argument. Says what came of it and
# records it.
build_set() {
	local name=$1 tree tools paths=() targets=() target file known why='' missing begin=$SECONDS objects=0 skipped=()
	local BUILT=() WHY='' OBJECTS=0
	# shellcheck disable=SC2086 # numbers
	mapfile -t paths < <(touched $3 | grep -E "${4:-.}")
	mapfile -t targets < <(targets_of "${paths[@]}")
	TREE=$DIR/sets
	case $TREE in
	*[[:space:]:]*) die "$TREE: the kernel cannot be built in a directory with a space or colon in its name: set PXD_CACHE" ;;
	esac
	lock sets "the work tree of scripts/sets check --build"
	work_tree "$TREE" base 6
	commit=$(whole_commit "$2")
	tree=$(git -C "$KERNEL" rev-parse "$commit^{tree}")
	tools=$(tools_key "${targets[@]}")
	file=${PXD_RESULTS:-$ROOT/results}/sets/$name.json
	if [ -n "$recorded" ] && [ -f "$file" ]; then
		known=$(jq -r '"\(.status) \(.figures.tree) \(.figures.tools)"' "$file")
		if [ "$known" = "pass $tree $tools" ]; then
			printf '%-16s builds (recorded for the same tree)\n' "$name"
			return
		fi
	fi
	git -C "$TREE" checkout -q -f --detach "$commit" || die "git cannot check out $commit in $TREE: is the disk full?"
	git -C "$TREE" clean -qfd
	for target in "${targets[@]}"; do
		case $target in
		spatch|selftest) ;;
		*)	load_target "$target"
			SPARSE=''
			if ! can_build; then
				skipped+=("$target")
				continue
			fi ;;
		esac
		note "$name: $target"
		build_target "$target" "${paths[@]}"
		objects=$((objects + OBJECTS))
		[ -z "$WHY" ] || { why="$target: $WHY"; break; }
	done
	if [ -z "$why" ]; then
		missing=$(comm -23 <(printf '%s\n' "${paths[@]}" | grep '\.c$' | sort -u) <(printf '%s\n' "${BUILT[@]}" | sort -u))
		[ -z "$missing" ] || why="no target of sets/TARGETS compiles ${missing//$'\n'/ }"
		[ -z "$missing" ] || [ "${#skipped[@]}" -eq 0 ] || why+=", without a compiler for ${skipped[*]}"
	fi
	if [ -n "$why" ]; then
		bad "$name: does not build: $why"
	else
		printf '%-16s builds: %d objects, %s (%d s)\n' "$name" "$objects" "${targets[*]:-nothing to compile}" "$((SECONDS - begin))"
	fi
	[ -z "$recorded" ] || record sets "$name" "$([ -z "$why" ] && echo pass || echo fail)" "$why" \
		patches="$(wc -w <<<"$3")" tree="$tree" tools="$tools" targets="${targets[*]}" skipped="${skipped[*]}" \
		needs="$(needed_of "$name")" objects="$objects" seconds="$((SECONDS - begin))"
}

# needed_of NAME: the sets below it in words
needed_of() { [ -z "${SET_NEEDS[$1]+there}" ] || needed "$1" | xargs; }
