# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after kernel.sh and results.sh by the verbs that compile what the
# series touches and compare what the compiler says: matrix, bisect.

# What the compiler said is kept object by object, since a later run compiles
# only what changed. make -O keeps the lines of an object together, and the line
# that names it ahead of them.

# tree_key REV: what of TREE's commit the loaded target's objects depend on:
# not the other architectures, so that they are left alone when only one of
# these changes.
tree_key() {
	local arch=$KARCH
	[ "$KARCH" != um ] || arch='(um|x86)'
	{
		git -C "$TREE" ls-tree "$1" | grep -vE $'\t(arch|Documentation|scripts|tools|MAINTAINERS|LICENSES|samples)$' || true
		git -C "$TREE" ls-tree "$1" scripts/ | grep -v $'\tscripts/coccinelle$' || true
		git -C "$TREE" ls-tree "$1" tools/ | grep -v $'\ttools/testing$' || true
		git -C "$TREE" ls-tree "$1" arch/ | grep -E $'\tarch/(Kconfig|'"$arch)\$" || true
	} | sha256sum | cut -c-16
}

# clean_tree: TREE is the commit, as far as objects depend on it; it is not asked
# of a tree that is not of our own
clean_tree() {
	own_tree "$TREE" && [ -z "$(GIT_OPTIONAL_LOCKS=0 git -C "$TREE" status --porcelain -- . ':!Documentation' ':!tools/testing')" ]
}

# target_key: what else the objects and the messages depend on
target_key() {
	{
		"$COMPILER" --version | head -n 1
		[ -z "$SPARSE" ] || sparse --version || true
		printf '%s\n' "$KARCH" "${SPARSE:+$SPARSE.3}" "${OBJS[*]}"
		wanted_config "$ROOT/scripts/lib/matrix.config"
		[ -z "$SYNTAX" ] || cat "$ROOT/scripts/lib/cc-syntax" - <<<"$SYNTAX"
	} | sha256sum | cut -c-16
}

# messages LOG: 'object<TAB>message without line numbers<TAB>the line', sorted
messages() {
	awk -v tree="$TREE/" '
	/^  [A-Z][A-Z0-9]*( \[M\])? +[^ ]+$/ { object = $NF; sub(/^\.\.\//, "", object); next }
	/(^|[: ])(fatal error|error|warning|Error|Warning|undefined reference[^:]*): / {
		line = $0
		sub(/^\.\.\//, "", line)
		if (index(line, tree) == 1) line = substr(line, length(tree) + 1)
		text = line
		sub(/:[0-9]+(:[0-9]+)?(: | |:)/, ": ", text)
		gsub(/0x[0-9a-f]+/, "0x", text)
		gsub(/__UNIQUE_ID_[A-Za-z0-9_]+/, "__UNIQUE_ID_", text)
		print object "\t" text "\t" line
	}' "$1" | LC_ALL=C sort
}

# new_messages OLD NEW: the lines of NEW that OLD does not have as often
new_messages() {
	awk -F '\t' '
	NR == FNR && FILENAME == ARGV[1] { had[$1 FS $2]++; next }
	had[$1 FS $2]-- <= 0' "$1" "$2"
}

# last_words LOG: for each object only what was said when it was last compiled
last_words() {
	awk '
	/^  [A-Z][A-Z0-9]*( \[M\])? +[^ ]+$/ {
		object = $NF
		if (!(object in said)) order[++n] = object
		said[object] = $0 "\n"
		next
	}
	/^make(\[[0-9]+\])?: / { object = ""; next }
	object != "" { said[object] = said[object] $0 "\n" }
	END { for (i = 1; i <= n; i++) if (said[order[i]] ~ /\n./) printf "%s", said[order[i]] }' "$1"
}

# goals: what to compile, one name a line. Of mm/ only the files that name a page
# table, half of them, but where sparse checks all: the others see nothing of the
# series but headers which these include as well.
goals() {
	local goal object objects
	for goal in "${OBJS[@]}"; do
		if [ "$goal" != mm/ ] || [ -n "$SPARSE" ] || [ ! -f "$TREE/mm/Makefile" ]; then
			echo "$goal"
			continue
		fi
		# Kconfig's output and Kbuild files are makefiles; an object of
		# several, x.o, has their names in x-y.
		# shellcheck disable=SC2016 # for make
		objects=$(make -rR -f "$TREE/$OUT/.config" -f "$TREE/mm/Makefile" \
			--eval 'pxd: ; @echo $(sort $(foreach o,$(obj-y),$(or $($(o:.o=-y)),$($(o:.o=-objs)),$o)))' pxd || true)
		[[ $objects = *.o* ]] || die "cannot read $TREE/mm/Makefile"
		for object in $objects; do
			if [ "${object%/}" != "$object" ] ||
			   grep -qE '\b(pgd|p4d|pud|pmd|pte)(|p|v|s|_\w*|val)\b|walk_page|mm_walk' "$TREE/mm/${object%.o}.c"; then
				echo "mm/$object"
			fi
		done
	done
}

# sparse_works: it says what it has to of a file that holds what it is there for,
# and no more, as it is called for the kernel. The kernel turns away a sparse that
# does not know __typeof_unqual__ (up to 0.6.4), and checks nothing then; to one
# that does, the definition means the same.
SPARSE_FLAGS=-D__typeof_unqual__=__typeof__
sparse_works() {
	local file=$1/pxd.planted.c said
	cat >"$file" <<-'END'
		static int planted(const int __attribute__((noderef, address_space(1))) *p)
		{
			__typeof_unqual__(*p) value = *p;
			return value;
		}
	END
	said=$("$ROOT/scripts/lib/sparse" $SPARSE_FLAGS "$file" 2>&1) || true
	[[ $said = *'dereference of noderef expression'* && $said != *error:* ]] ||
		die "$TARGET: sparse ($(sparse --version 2>&1 | head -n 1)) does not work, of a planted error it says '${said%%$'\n'*}': install sparse 0.6.4 or later"
}

# failed_goals: what make could not make, of a log
failed_goals() { sed -n 's/^make.*\*\*\* \[\(.*: \)\{0,1\}\([^]]*\)\].*/\2/p' "$@" | sort -u; }

# build_side: compile the loaded target in TREE. Sets SIDE_STATE to built, errors
# (what has none is compiled all the same) or unconfigured, SIDE_REASON to a
# word about it, SIDE_SECONDS; leaves TREE/OUT/pxd.messages, and with SPARSE in
# the target's file pxd.sparse-messages.
build_side() {
	# kernel-doc would take a third of the time, for the same in each target.
	local extra=(W=1 cmd_checkdoc=)
	local out=$TREE/$OUT goals wanted key before='' known lines rc=0 begin=$SECONDS unchecked
	key=$(target_key)
	! clean_tree || before=$(tree_key HEAD)
	if [ -n "$before" ] && [ -f "$out/pxd.result" ] && [ ! -e "$out/pxd.busy" ]; then
		read -r known SIDE_STATE SIDE_SECONDS SIDE_REASON <"$out/pxd.result"
		[ "$known" != "$before-$key" ] || return 0
	fi

	need_space "$TREE" 1
	# Cut short: what was compiled last may be there without its warnings.
	if [ -e "$out/pxd.busy" ] || [ ! -f "$out/pxd.log" ]; then rm -rf "$out"; fi
	mkdir -p "$out" "$CACHE/log" "$CACHE/ccache" || die "cannot write to $TREE or $CACHE"
	: >"$out/pxd.busy" || die "cannot write to $out: free some space or set PXD_CACHE"
	rm -f "$out/pxd.result"
	note "$TARGET: building in $out"

	SIDE_STATE=built SIDE_REASON=''
	: >"$out/pxd.configure"
	: >"$out/pxd.messages"
	: >"$out/pxd.sparse-messages"
	wanted=$(wanted_config "$ROOT/scripts/lib/matrix.config")
	if ! configure "${before:-changed $RANDOM$RANDOM}-$key" "$wanted" "$out/pxd.configure"; then
		SIDE_STATE=unconfigured
		SIDE_REASON=$(grep -m 1 -oE '(\*\*\*|[Ee]rror:) .*' "$out/pxd.configure" || tail -n 1 "$out/pxd.configure")
	else
		lines=$(grep -E '^CONFIG_(DEBUG_BUGVERBOSE|DEBUG_ATOMIC_SLEEP|DYNAMIC_DEBUG|DEBUG_INFO)=' "$out/.config" || true)
		[ -z "$lines" ] || die "targets/$TARGET: must not have ${lines//$'\n'/ }"
		lines=$(grep -x 'CONFIG_[A-Z0-9_]*=[^n].*' <<<"$CONFIG" | grep -vxFf "$out/.config" || true)
		[ -z "$lines" ] || die "targets/$TARGET: Kconfig does not let it have ${lines//$'\n'/ }"

		goals >"$out/pxd.goals" || exit
		mapfile -t goals <"$out/pxd.goals"
		kmake -k -O -j "$JOBS" "${extra[@]}" "${goals[@]}" >>"$out/pxd.log" 2>&1 || rc=$?
		grep -E '^make.*\*\*\*' "$out/pxd.log" >"$out/pxd.make" || true
		last_words "$out/pxd.log" >"$out/pxd.log.new"
		mv "$out/pxd.log.new" "$out/pxd.log"
		messages "$out/pxd.log" >"$out/pxd.messages"
		if [ "$rc" -ne 0 ]; then
			SIDE_STATE=errors
			SIDE_REASON=$(errors "$out/pxd.messages" | sed -n 1p | cut -f 2)
			[ -n "$SIDE_REASON" ] || {
				SIDE_REASON=$(head -n 1 "$out/pxd.make")
				printf 'make\t%s\t%s\n' "$SIDE_REASON" "$SIDE_REASON" >>"$out/pxd.messages"
			}
		fi
		if [ -n "$SPARSE" ]; then
			sparse_works "$out"
			mapfile -t goals < <(printf '%s\n' "${OBJS[@]}" | grep -E '(^|/)mm/$')
			# C=2 checks each file anew.
			kmake -k -O -j "$JOBS" "${extra[@]}" C=2 CHECK="$ROOT/scripts/lib/sparse" CF=$SPARSE_FLAGS \
				"${goals[@]}" >"$out/pxd.sparse" 2>&1 || true
			# Where sparse dies, make fails where it did not without it.
			unchecked=$(comm -13 <(failed_goals "$out/pxd.make") <(failed_goals "$out/pxd.sparse"))
			[ -z "$unchecked" ] ||
				die "$TARGET: sparse failed at ${unchecked//$'\n'/ }: see $out/pxd.sparse"
			# It may also not have been called at all.
			unchecked=$(comm -13 <(sed -n 's/^  CHECK  *\(\.\.\/\)*//p' "$out/pxd.sparse" | sort -u) \
				<(cd "$out" && find "${goals[@]}" -name '*.o' | sed 's/\.o$/.c/' | while IFS= read -r file; do
					[ ! -f "$TREE/$file" ] || echo "$file"
				done | sort -u))
			[ -z "$unchecked" ] ||
				die "$TARGET: sparse has not checked ${unchecked//$'\n'/ }: see $out/pxd.sparse"
			messages "$out/pxd.sparse" >"$out/pxd.sparse-messages"
		fi
	fi
	SIDE_SECONDS=$((SECONDS - begin))
	# The tree may have changed meanwhile.
	[ -z "$before" ] || ! clean_tree || [ "$(tree_key HEAD)" != "$before" ] ||
		printf '%s %s %s %s\n' "$before-$key" "$SIDE_STATE" "$SIDE_SECONDS" "$SIDE_REASON" >"$out/pxd.result"
	rm -f "$out/pxd.busy"
}

# errors MESSAGES: those of its lines that are errors
errors() { grep -E $'\t[^\t]*([Ee]rror|\\*\\*\\*|undefined reference)[^\t]*\t' "$1" | grep -vE $'^[^\t]*\t[^\t]*[Ww]arning: ' || true; }
