# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # the verbs use what is set here
# Sourced after series.sh by what works with the sets of sets/SETS. A patch is
# known by its place in PATCHES.

SETS_DIR=$ROOT/sets
SETS_FILE=$SETS_DIR/SETS
MAX_PATCHES=15 MAX_LETTER=40 MAX_COVER=80

# subjects PATCH...: one a line, unfolded, without [PATCH]
subjects() {
	awk '
	FNR == 1 { if (NR > 1) print subject; subject = ""; header = 1; folded = 0 }
	!header { next }
	/^$/ { header = 0; next }
	/^Subject: / { subject = substr($0, 10); sub(/^\[PATCH[^]]*\] */, "", subject); folded = 1; next }
	/^[ \t]/ { if (folded) subject = subject $0; next }
	{ folded = 0 }
	END { if (NR) print subject }' "$@"
}

# A fault of the definition: said, and counted.
FAULTS=0
fault() {
	printf '%s\n' "$*"
	FAULTS=$((FAULTS + 1))
}

# read_sets: sets SETS, the names, and by name SET_TITLE, SET_TREE, SET_NEEDS (names),
# SET_WHY[name need] (the word of it), SET_FALLS, SET_CONFLICTS, SET_LETTER and
# SET_PATCHES (places); SUBJECTS. Each fault of the definition is a line.
declare -a SETS=() SUBJECTS=()
declare -A SET_TITLE=() SET_TREE=() SET_NEEDS=() SET_WHY=() SET_FALLS=() SET_CONFLICTS=() SET_LETTER=() SET_PATCHES=()
read_sets() {
	local line place set='' field='' value last=-1
	local -A at=() owner=()
	[ -f "$SETS_FILE" ] || die "there is no sets/SETS"
	[ "${#PATCHES[@]}" -eq 0 ] || mapfile -t SUBJECTS < <(subjects "${PATCHES[@]}")
	for place in "${!SUBJECTS[@]}"; do
		[ -n "${SUBJECTS[place]}" ] ||
			die "patches/${PATCHES[place]##*/} has no subject: write it with git format-patch"
		[ -z "${at[${SUBJECTS[place]}]-}" ] || fault "patches/: two patches have the subject '${SUBJECTS[place]}'"
		at[${SUBJECTS[place]}]=$place
	done

	while IFS= read -r line; do
		case $line in
		'#'*) continue ;;
		'') set='' field=''; continue ;;
		' '*) value=${line# } ;;
		Set:*)
			set=${line#Set:} set=${set# } field=Set last=-1
			[[ $set =~ ^[a-z0-9][a-z0-9-]*$ ]] || die "sets/SETS: '$set' is no name: a-z, 0-9 and -"
			[ -z "${SET_PATCHES[$set]+there}" ] || fault "$set: there are two sets of that name"
			SETS+=("$set")
			SET_TITLE[$set]='' SET_TREE[$set]='' SET_NEEDS[$set]='' SET_FALLS[$set]=''
			SET_CONFLICTS[$set]='' SET_LETTER[$set]='' SET_PATCHES[$set]=''
			continue ;;
		[A-Z]*:*) field=${line%%:*} value=${line#*:} value=${value# } ;;
		*) die "sets/SETS: cannot read '$line'" ;;
		esac
		[ -n "$set" ] || die "sets/SETS: '$line' belongs to no set"
		case $field in
		Title|Tree|Falls-with|Letter)
			[[ $line != ' '* ]] || { fault "$set: $field has one line"; continue; } ;;
		esac
		case $field in
		Title) SET_TITLE[$set]=$value ;;
		Tree) SET_TREE[$set]=$value ;;
		Falls-with) SET_FALLS[$set]=$value ;;
		Letter) SET_LETTER[$set]=$value ;;
		Conflicts) [ -z "$value" ] || SET_CONFLICTS[$set]+=$value$'\n' ;;
		Needs)
			[ -n "$value" ] || continue
			if [[ $value =~ ^([a-z0-9-]+)\ \((applies|builds|works)\):\ [^\ ] ]]; then
				SET_NEEDS[$set]+="${BASH_REMATCH[1]} "
				SET_WHY[$set ${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
			else
				fault "$set: a need is 'NAME (applies|builds|works): what of it', not '$value'"
			fi ;;
		Patches)
			[ -n "$value" ] || continue
			place=${at[$value]-}
			if [ -z "$place" ]; then
				fault "$set: patches/ has no '$value'"
			elif [ -n "${owner[$place]-}" ]; then
				fault "$set: '$value' is in ${owner[$place]} as well"
			else
				owner[$place]=$set
				[ "$place" -gt "$last" ] || fault "$set: '$value' comes earlier in patches/"
				last=$place
				SET_PATCHES[$set]+="$place "
			fi ;;
		*) fault "$set: there is no field $field" ;;
		esac
	done <"$SETS_FILE"
	for place in "${!PATCHES[@]}"; do
		[ -n "${owner[$place]-}" ] || fault "no set has ${PATCHES[place]##*/}"
	done
}

# needed SET: the sets that it needs, and what these need, in the order of SETS; all
# of them stand above it. With a second argument, without the set of that name among
# its own needs.
needed() {
	local set need i
	local -A taken=()
	for need in ${SET_NEEDS[$1]}; do
		[ "$need" = "${2-}" ] || taken[$need]=1
	done
	for ((i = ${#SETS[@]} - 1; i >= 0; i--)); do
		set=${SETS[i]}
		[ -n "${taken[$set]-}" ] || continue
		for need in ${SET_NEEDS[$set]}; do taken[$need]=1; done
	done
	for set in "${SETS[@]}"; do
		[ -z "${taken[$set]-}" ] || echo "$set"
	done
}

# places SET...: of their patches, in that order
places() {
	local set
	for set; do
		tr ' ' '\n' <<<"${SET_PATCHES[$set]% }"
	done
}

# touched PLACE...: the paths that these patches touch
touched() {
	local place
	for place; do
		sed -n 's|^diff --git a/\(.*\) b/\(.*\)$|\1\n\2|p' "${PATCHES[place]}"
	done | sort -u
}

# read_targets: PATH_TARGETS, what sets/TARGETS has for the beginning of a path
declare -A PATH_TARGETS=()
read_targets() {
	local prefix targets target
	while read -r prefix targets; do
		case $prefix in
		''|'#'*) continue ;;
		esac
		PATH_TARGETS[$prefix]=$targets
		for target in $targets; do
			[ "$target" = spatch ] || [ "$target" = selftest ] || [ -f "$ROOT/targets/$target" ] ||
				fault "sets/TARGETS: there is no target $target"
		done
	done <"$SETS_DIR/TARGETS" || die "there is no sets/TARGETS"
}

# prefix_of PATH: sets PREFIX to the longest beginning of it that sets/TARGETS has
prefix_of() {
	local prefix
	PREFIX=''
	for prefix in "${!PATH_TARGETS[@]}"; do
		[[ $1 != "$prefix"* ]] || [ "${#prefix}" -le "${#PREFIX}" ] || PREFIX=$prefix
	done
}

# targets_of PATH...: what sets/TARGETS names for them, one a line
targets_of() {
	local path PREFIX
	for path; do
		prefix_of "$path"
		[ -z "$PREFIX" ] || tr ' ' '\n' <<<"${PATH_TARGETS[$PREFIX]}"
	done | awk 'NF && !seen[$0]++'
}

# check_letter FILE MAX WHAT: b4's layout, and short enough
check_letter() {
	local lines
	[ -s "$1" ] || { fault "$3: there is no letter ${1#"$ROOT/"}"; return; }
	sed -n 1p "$1" | grep -q '^[^ ].*[^.]$' || fault "$3: the first line of ${1##*/} has to be its subject"
	[ -z "$(sed -n 2p "$1")" ] || fault "$3: the second line of ${1##*/} has to be empty"
	check_length "$@"
	lines=$(awk 'length > 80 && !/https?:/ { print FNR; exit }' "$1")
	[ -z "$lines" ] || fault "$3: line $lines of ${1##*/} is longer than 80 characters"
}

# check_length FILE MAX WHAT: up to the line --- there are at most MAX lines, and
# behind it nothing but tables, their headings and links
check_length() {
	local lines
	lines=$(awk '/^---$/ { exit } { n++ } END { print n + 0 }' "$1")
	[ "$lines" -le "$2" ] ||
		fault "$3: ${1##*/} has $lines lines before its tables (the line ---), $2 is the most"
	lines=$(awk '
	function end() {
		if (rest && first && !table && !heading) { print first; exit }
		first = 0
	}
	/^---$/ { rest = 1; next }
	/^$/ { end(); next }
	!first { first = FNR; table = 1 }
	!/^  |^\[[0-9]+\] / { table = 0 }
	{ heading = /:$/ }
	END { end() }' "$1" | head -n 1)
	[ -z "$lines" ] ||
		fault "$3: ${1##*/}, line $lines: behind --- are tables (lines that begin with two spaces), links ([1]) and headings (that end in a colon)"
}

# check_sets: what the definition has to be, see scripts/sets --help
check_sets() {
	local set need other letter n path PREFIX
	local -A above=()
	for set in "${SETS[@]}"; do
		[ -n "${SET_TITLE[$set]}" ] || fault "$set: has no Title"
		[ -n "${SET_TREE[$set]}" ] || fault "$set: has no Tree"
		n=$(wc -w <<<"${SET_PATCHES[$set]}")
		[ "$n" -gt 0 ] || fault "$set: has no patches"
		[ "$n" -le "$MAX_PATCHES" ] || fault "$set: has $n patches, $MAX_PATCHES is the most: make two of it"
		for need in ${SET_NEEDS[$set]}; do
			if [ -z "${above[$need]-}" ]; then
				fault "$set: needs $need, and no such set stands above it"
			elif [ -n "${SET_FALLS[$need]}" ]; then
				fault "$set: needs $need, which falls away with ${SET_FALLS[$need]}"
			fi
		done
		above[$set]=1

		letter=${SET_LETTER[$set]}
		if [ "$n" -gt 1 ]; then
			[ -n "$letter" ] || fault "$set: a set of $n patches has a letter"
			if [ -n "$letter" ]; then
				check_letter "$SETS_DIR/$letter" "$MAX_LETTER" "$set"
				[ ! -s "$SETS_DIR/$letter" ] || [ -z "${SET_TITLE[$set]}" ] || [ "$(head -n 1 "$SETS_DIR/$letter")" = "${SET_TITLE[$set]}" ] ||
					fault "$set: the subject of $letter is not its Title"
			fi
		elif [ "$n" -eq 1 ]; then
			[ "${SET_TITLE[$set]}" = "${SUBJECTS[${SET_PATCHES[$set]% }]}" ] || fault "$set: the Title of a set of one patch is its subject"
			if [ -n "$letter" ]; then
				[ -s "$SETS_DIR/$letter" ] || fault "$set: there is no text sets/$letter"
				[ ! -s "$SETS_DIR/$letter" ] || check_length "$SETS_DIR/$letter" "$MAX_LETTER" "$set"
			fi
		fi
	done
	read_targets
	while read -r path; do
		prefix_of "$path"
		[ -n "$PREFIX" ] || fault "sets/TARGETS has nothing for $path"
	done < <(touched "${!PATCHES[@]}")
	[ "$FAULTS" -eq 0 ] || return 0

	for set in "${SETS[@]}"; do
		for need in ${SET_NEEDS[$set]}; do
			for other in ${SET_NEEDS[$set]}; do
				! grep -qx "$need" < <(needed "$other") ||
					fault "$set: $need need not be named, $other brings it"
			done
		done
	done
	for letter in "$SETS_DIR"/*; do
		letter=${letter##*/}
		[ "$letter" = SETS ] || [ "$letter" = TARGETS ] || [[ " ${SET_LETTER[*]} " = *" $letter "* ]] ||
			fault "sets/$letter belongs to no set"
	done
	check_letter "$ROOT/cover-letter.txt" "$MAX_COVER" all
	for set in "${SETS[@]}"; do
		n=$(wc -w <<<"${SET_PATCHES[$set]}")
		grep -qE "^  $set +$n  " "$ROOT/cover-letter.txt" ||
			fault "all: cover-letter.txt has no line '  $set  $n' in its table of sets"
	done
}
