# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # the verbs use what is set here
# Sourced by the verbs that build and boot kernels: targets, trees, make.

. "$ROOT/scripts/lib/series.sh"

TARGETS=$ROOT/targets

# What every guest gets of this machine.
# Without cores=1 SeaBIOS tells an x86 guest without ACPI of one processor only.
GUEST=(-smp '2,cores=1' -m 1G)

# load_target NAME: its file, on top of that of the target whose image it shares.
load_target() {
	local name=$1 file=$TARGETS/$1
	case $name in
	''|*/*|.*) die "no target '$name': one of: $(cd "$TARGETS" && echo *)" ;;
	esac
	[ -f "$file" ] || die "no target '$name': one of: $(cd "$TARGETS" && echo *)"

	TARGET=$name
	KARCH='' CROSS='' CLANG='' LLVM='' SYNTAX='' SPARSE='' KIMAGE='' CONFIG='' APPEND='' QEMU_PACKAGE=''
	unset -f prepare_qemu
	NEEDS=() GUEST_NEEDS=() OBJS=() QEMU=() EXPECT=()
	IMAGE=$(sed -n 's/^IMAGE=//p' "$file")
	if [ -n "$IMAGE" ]; then
		[ -f "$TARGETS/$IMAGE" ] || die "targets/$name: there is no targets/$IMAGE"
		# shellcheck source=/dev/null
		. "$TARGETS/$IMAGE"
	fi
	# shellcheck source=/dev/null
	. "$file"
	IMAGE=${IMAGE:-$name}
	COMPILER=${SYNTAX:-${CROSS}gcc} COMPILER=${COMPILER%% *}
	[ -z "$CLANG" ] || COMPILER=clang
}

# apt_offers PACKAGE...: each can be installed, by this name or as what another
# package provides: gcc-x86-64-linux-gnu is gcc on an x86_64 machine of Debian 12
apt_offers() {
	local package
	for package; do
		[[ $(apt-cache policy "$package" 2>/dev/null) == *'  Candidate: '[!\(]* ]] ||
			[ -n "$(apt-cache showpkg "$package" 2>/dev/null | sed '1,/^Reverse Provides:/d')" ] || return
	done
}

# fresh_lists: apt's are fetched, once, before they are said not to have something
fresh_lists() {
	local apt=(apt-get)
	[ -z "${PXD_FRESH_LISTS-}" ] || return 0
	[ "$(id -u)" -eq 0 ] || apt=(sudo -n apt-get)
	mkdir -p "$CACHE/log"
	"${apt[@]}" -qq -o DPkg::Lock::Timeout=300 update >"$CACHE/log/apt-update.log" 2>&1 </dev/null || true
	apt_offers gcc || die "apt does not even offer gcc: run: sudo apt-get update"
	export PXD_FRESH_LISTS=1
}

# versions_of_clang: the numbers in the names that are read, newest first
versions_of_clang() { sed -n 's/^clang-\([0-9]*\)$/\1/p' | sort -rnu | awk -v least="$CLANG" '$1 >= least'; }

# find_clang: set LLVM for the newest clang that is installed with all that goes
# with it, or else that apt offers
find_clang() {
	local n
	for n in $(compgen -c clang- | versions_of_clang); do
		if command -v "ld.lld-$n" && command -v "llvm-ar-$n"; then LLVM=-$n; break; fi >/dev/null
	done
	if [ -z "$LLVM" ] && command -v apt-cache >/dev/null; then
		for n in $(apt-cache pkgnames clang- | versions_of_clang); do
			if apt_offers "clang-$n" "lld-$n" "llvm-$n"; then LLVM=-$n; break; fi
		done
		[ -n "$LLVM" ] || return
	fi
	n=${LLVM:-$CLANG} n=${n#-} LLVM=-$n COMPILER=clang-$n
	NEEDS+=("clang-$n=clang-$n" "ld.lld-$n=lld-$n" "llvm-ar-$n=llvm-$n")
}

# can_build: whether the loaded target's compiler is there or can be had. If not,
# SKIP says why.
can_build() {
	local pair missing=()
	SKIP=''
	if [ -n "$CLANG" ] && [ -z "$LLVM" ]; then
		find_clang || { fresh_lists; find_clang; } || {
			SKIP="apt offers no clang from $CLANG on, with lld and llvm"
			return 1
		}
	fi
	command -v apt-cache >/dev/null || return 0 # what is missing is require's to say
	for pair in "${NEEDS[@]}"; do
		if [ -e "${pair%%=*}" ] || command -v "${pair%%=*}" >/dev/null || apt_offers "${pair#*=}"; then continue; fi
		fresh_lists
		apt_offers "${pair#*=}" || missing+=("${pair#*=}")
	done
	[ "${#missing[@]}" -eq 0 ] || {
		SKIP="apt offers no ${missing[*]}"
		return 1
	}
}

# want_compiler: the packages that building the loaded target takes, see want
want_compiler() {
	can_build || die "$TARGET: skipped: $SKIP"
	want make=make gcc=gcc /usr/include/stdio.h=libc6-dev flex=flex bison=bison \
		bc=bc ccache=ccache "${NEEDS[@]}"
}

# want_targets FUNCTION...: what these want for the verb's targets. One that lacks
# something fails by itself, the others are looked at; only if that leaves none,
# and nothing can be installed, all of it is wanted.
want_targets() {
	local target function before=("${WANTED[@]}") every=() some=''
	! can_install || return 0
	# shellcheck disable=SC2154 # the verb's
	for target in "${targets[@]}"; do
		load_target "$target"
		can_build || continue
		WANTED=()
		for function; do "$function"; done
		every+=("${WANTED[@]}")
		! (require_all) 2>/dev/null || some=1
	done
	WANTED=("${before[@]}")
	[ -n "$some" ] || want "${every[@]}"
}

# tree_option ARG [VALUE]: takes --base, --series, --with PATCH, --tree DIR and
# --config FILE; sets TAKEN to the number of arguments, 0 if it is another option.
# PARTIAL has those with which a run is not one of the series, see may_record.
WHAT=series WITH='' TREE='' MORE_CONFIG='' PARTIAL=()
tree_option() {
	TAKEN=1
	case $1 in
	--base|--with|--tree|--config) PARTIAL+=("$1") ;;
	esac
	case $1 in
	--base) WHAT=base ;;
	--series) WHAT=series ;;
	--with) WITH=${2-} TAKEN=2; [ -n "$WITH" ] || die "--with needs a patch" ;;
	--tree) TREE=${2-} TAKEN=2; [ -n "$TREE" ] || die "--tree needs a directory" ;;
	--config) TAKEN=2; [ -f "${2-}" ] || die "--config needs a file of options"
		MORE_CONFIG=$(realpath "$2") ;;
	*) TAKEN=0 ;;
	esac
}

# find_tree: sets TREE to the work tree to build and WHAT to a word for it.
find_tree() {
	if [ -n "$TREE" ]; then
		[ -z "$WITH" ] || die "--tree and --with exclude each other"
		use_tree "$TREE" TREE
		WHAT=tree
		return
	fi
	if [ -n "$WITH" ]; then
		[ -f "$WITH" ] || die "no patch $WITH"
		WITH=$(realpath "$WITH")
	fi
	use_base
	case $WHAT in
	base) TREE=$KERNEL ;;
	series) TREE=$("$ROOT/scripts/apply") || exit ;;
	esac
	[ -z "$WITH" ] || with_patch
}

# own_tree DIR: a work tree of the cache. Only there may git look at files: it
# would run what the configuration of another repository names.
own_tree() { [[ $1 = "$(realpath -m "$CACHE")"/base/* ]] && [ -e "$1/.git" ]; }

# tree_commit DIR: names what is in it; another word each time for a tree that is
# not of our own
tree_commit() {
	if own_tree "$1"; then git -C "$1" rev-parse HEAD; else echo "changed-$RANDOM$RANDOM"; fi
}

# use_tree DIR VAR: set VAR to a directory that is the kernel tree DIR to make,
# and that objects can be put into. DIR is not written to: make gets one in the
# cache, that is full of links.
use_tree() {
	local dir entry view
	[ -f "$1/Kbuild" ] || die "$1: not a kernel tree"
	dir=$(cd "$1" && pwd -P)
	printf -v "$2" %s "$dir"
	case $dir in
	*[[:space:]:]*) die "$dir: the kernel cannot be built in a directory with a space or colon in its name: use another name" ;;
	esac
	! own_tree "$dir" || return 0
	# What the kernel's Makefile looks for: what comes of it would be taken
	# for that of our own configuration.
	for entry in "$dir"/.config "$dir"/include/config "$dir"/arch/*/include/generated; do
		[ ! -e "$entry" ] ||
			die "$dir has been built in place (${entry#"$dir/"}): run make mrproper there, or name another work tree of it (git worktree add)"
	done
	view=$CACHE/objects/$(id_of "$dir")
	mkdir -p "$view" || die "cannot create $view: set PXD_CACHE to a directory that can be written"
	find "$view" -maxdepth 1 -xtype l -delete
	for entry in "$dir"/*; do
		[ -L "$view/${entry##*/}" ] || ln -s "$entry" "$view/" ||
			die "cannot write to $view: free some space or set PXD_CACHE"
	done
	printf -v "$2" %s "$view"
}

# use_objects PROFILE: set OUT to the directory in a tree of the loaded target's
# objects. PROFILE tells apart what has other options: '' is what scripts/build
# compiles and boots, w1 what scripts/matrix compares, insns and vmtests what is
# booted by these.
use_objects() { OUT=.out-$IMAGE${1:+-$1}; }

# work_tree TREE COMMIT GIB: a linked work tree of our own, unless it is there
work_tree() {
	# A directory without .git, or a .git that leads nowhere, is half-made.
	if git -C "$1" rev-parse -q --verify HEAD >/dev/null 2>&1 && [ -e "$1/.git" ]; then
		return
	fi
	note "making the work tree $1"
	need_space "$1" "$3"
	rm -rf "$1"
	git -C "$KERNEL" worktree prune
	git -C "$KERNEL" worktree add -q -f --detach "$1" "$2" ||
		die "git could not make the work tree $1: is the disk full?"
}

# with_patch: a linked work tree of its own: TREE's commit and WITH on top.
with_patch() {
	local commit name want stamp tree
	name=with-$(basename "$WITH" .patch)-$WHAT
	tree=$DIR/$name
	lock "$(id_of "$tree")" "$tree"
	commit=$(git -C "$TREE" rev-parse HEAD)
	want="$commit $(sha256sum <"$WITH")"
	WHAT=$name TREE=$tree
	work_tree "$tree" "$commit" 3
	stamp=$(git -C "$tree" rev-parse --path-format=absolute --git-path pxd-with)
	if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then
		return
	fi
	rm -f "$stamp"
	# Objects stay, the kernel's .gitignore covers dot files; so do the
	# times of what did not change.
	git -C "$tree" checkout -q -f --detach "$commit"
	git -C "$tree" clean -qfd
	git -C "$tree" apply --index "$WITH" ||
		die "$WITH does not apply to $(git -C "$tree" describe --always): refresh it"
	printf '%s\n' "$want" >"$stamp"
}

# id_of PATH: a file name for a path
id_of() { printf '%s-%s' "$(basename "$1")" "$(cksum <<<"$1" | cut -d' ' -f1)"; }

# kmake ARG...: the kernel's make for the loaded target in TREE, into OUT. Of
# the caller's environment nothing but the paths gets there: make's own
# variables, KBUILD_*, CC and the like would change the result.
kmake() {
	local cc="ccache $COMPILER"
	[ -z "$SYNTAX" ] || cc="$ROOT/scripts/lib/cc-syntax $SYNTAX"
	env -i PATH="$PATH" HOME="$HOME" LC_ALL=C TMPDIR="${TMPDIR:-/tmp}" PYTHONDONTWRITEBYTECODE=1 \
		CCACHE_DIR="$CACHE/ccache" CCACHE_STATSLOG="${CCACHE_STATSLOG-}" \
		CCACHE_SLOPPINESS=include_file_mtime,include_file_ctime CCACHE_DEPEND=1 \
		KBUILD_BUILD_TIMESTAMP='1970-01-01' KBUILD_BUILD_USER=pxd \
		KBUILD_BUILD_HOST=lockless KBUILD_BUILD_VERSION=1 \
		nice make -C "$TREE" O="$OUT" ARCH="$KARCH" CROSS_COMPILE="$CROSS" \
		${LLVM:+LLVM="$LLVM"} CC="$cc" HOSTCC='ccache gcc' "$@" </dev/null
}

# one_by_one: for several targets, one run of this verb for each, with its
# options; exits with the worst
one_by_one() {
	local target rc worst=0
	# shellcheck disable=SC2154 # the verb's
	for target in "${targets[@]}"; do
		rc=0
		waited "$0" "$target" "${options[@]}" || rc=$?
		[ "$rc" -le 2 ] || exit "$rc"
		[ "$rc" -le "$worst" ] || worst=$rc
	done
	exit "$worst"
}

# wanted_config [FILE...]: the options of the loaded target, the last one wins
wanted_config() { cat "$ROOT/scripts/lib/kernel.config" "$@" - ${MORE_CONFIG:+"$MORE_CONFIG"} <<<"$CONFIG"; }

# configure KEY OPTIONS LOG: make TREE/OUT/.config of these options, unless it
# is there for this KEY. Sets LOST to those that Kconfig does not let it have.
# Kconfig files may differ between commits, so KEY has to name the commit as
# well; a .config that stays as it is keeps its time.
configure() {
	local out=$TREE/$OUT
	LOST=''
	[ ! -f "$out/.config" ] || [ "$(cat "$out/pxd.stamp" 2>/dev/null)" != "$1" ] || return 0
	rm -f "$out/pxd.stamp"
	printf '%s\n' "$2" >"$out/pxd.config"
	kmake KCONFIG_ALLCONFIG="$out/pxd.config" allnoconfig >>"$3" 2>&1 || return
	LOST=$(grep -x 'CONFIG_[A-Z0-9_]*=[^n].*' "$out/pxd.config" | grep -vxFf "$out/.config" || true)
	printf '%s\n' "$1" >"$out/pxd.stamp"
}
