# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # the verbs use what is set here
# Sourced after common.sh by the verbs that take kernels from Debian's
# linux-source packages: base.conf, and an apt of our own to fetch them.

. "$ROOT/base.conf"

# want_debian PACKAGE INSTEAD: what it takes to fetch and unpack it; INSTEAD is
# for a machine that has no apt.
want_debian() {
	command -v apt-get >/dev/null || die "no apt-get here to fetch $1: $2"
	want dpkg-deb=dpkg tar=tar xz=xz-utils \
		/usr/share/keyrings/debian-archive-keyring.gpg=debian-archive-keyring
}

# want_base: what it takes to make the base, unless it is there.
want_base() {
	want git=git
	[ -n "${LINUX-}" ] || [ -e "$(debian_dir "$BASE_VERSION")/linux/.git" ] ||
		want_base_package
}
want_base_package() { want_debian "$BASE_PACKAGE" "set LINUX=/path/to/linux (git, v7.3 or close to it)"; }

# want_tree NAME: the same for a kernel of trees.conf.
want_tree() {
	local package version
	read -r package version _ <<<"${TREE_ROW[$1]-}"
	want git=git
	[ -e "$(debian_dir "$version")/linux/.git" ] ||
		want_debian "$package" "take a tree of your own, see scripts/$PROG --help"
}

# Where the base of this version is, and a package.
debian_dir() { echo "$CACHE/base/linux-${1//[^A-Za-z0-9.+_-]/_}"; }
deb_of() { echo "$CACHE/deb/${1}_${2}_all.deb"; }

# The apt of our own, for packages of this architecture; see write_apt_conf.
APT=$CACHE/apt
APT_ARCH=amd64

intact() { [ -e "$1" ] && [ "$(sha256sum <"$1")" = "$2  -" ]; }

private_apt() { APT_CONFIG=$APT/apt.conf "$@"; }

update_lists() {
	note "asking $BASE_MIRROR for $1"
	sed "s/@SUITES@/$1/" "$APT/sources.in" >"$APT/etc/apt/sources.list.d/base.sources"
	private_apt apt-get -q update >>"$CACHE/log/apt.log" 2>&1 </dev/null || true
}

# offered_versions PACKAGE SUITES: newest first.
offered_versions() {
	update_lists "$2"
	private_apt apt-cache madison "$1" 2>>"$CACHE/log/apt.log" | awk -F ' *[|] *' '{ print $2 }' || true
}

# download_deb PACKAGE VERSION SHA256: to deb_of. False if it cannot be had; one
# with another hash is an error.
download_deb() {
	local deb into=''
	deb=$(deb_of "$1" "$2")
	make_tmp into "$CACHE/base"
	note "fetching $1 $2"
	mkdir -p "$CACHE/deb"
	rm -f "$deb"
	progress "fetching $1" "$into"
	(cd "$into" && private_apt apt-get -q download "$1=$2" >>"$CACHE/log/apt.log" 2>&1 </dev/null) || { progress; return 1; }
	progress
	mv "$into"/*.deb "$deb" 2>/dev/null || die "apt-get download left no package: see $CACHE/log/apt.log"
	intact "$deb" "$3" || {
		rm -f "$deb"
		die "$1 $2 does not have the sha256 that it should ($3): try again; if it stays so, do not trust $BASE_MIRROR"
	}
}

# snapshot_deb PACKAGE VERSION SHA256: the same from the archive that keeps every
# version. False, and REASON says why, if it cannot be had there. The sha256 is in
# our own files, so that no signature is needed, and none is looked at.
snapshot_deb() {
	local deb into='' hash hashes
	deb=$(deb_of "$1" "$2")
	make_tmp into "$CACHE/base"
	note "asking $BASE_SNAPSHOT for $1 $2"
	snapshot_file "mr/binary/$1/$2/binfiles" "$into/binfiles" || {
		REASON="$BASE_SNAPSHOT did not answer, or does not have $1 $2"
		return 1
	}
	hashes=$(grep -oE '"hash": *"[0-9a-f]{40}"' "$into/binfiles" | grep -oE '[0-9a-f]{40}' | sort -u) || true
	REASON="$BASE_SNAPSHOT does not have $1 $2"
	for hash in $hashes; do
		note "fetching $1 $2 from $BASE_SNAPSHOT"
		progress "fetching $1" "$into"
		snapshot_file "file/$hash" "$into/deb" || {
			progress
			REASON="the download of $1 $2 from $BASE_SNAPSHOT failed"
			continue
		}
		progress
		intact "$into/deb" "$3" ||
			die "$1 $2 of $BASE_SNAPSHOT does not have the sha256 that it should ($3): try again; if it stays so, do not trust $BASE_SNAPSHOT"
		mkdir -p "$CACHE/deb"
		mv "$into/deb" "$deb"
		return 0
	done
	return 1
}
snapshot_file() {
	private_apt /usr/lib/apt/apt-helper -q -o Acquire::Retries=1 download-file \
		"$BASE_SNAPSHOT/$1" "$2" >>"$CACHE/log/apt.log" 2>&1 </dev/null
}

# unpack_deb DEB DIR [PATTERN...]: all of the kernel, or what has such a name.
unpack_deb() {
	local deb=$1 dir=$2 log
	shift 2
	progress unpacking "$dir"
	log=$({
		dpkg-deb --fsys-tarfile "$deb" | tar -xO --wildcards './usr/src/*.tar.xz' | xz -dc -T0 |
			tar -x -C "$dir" --strip-components=1 --no-same-owner --no-same-permissions --wildcards "$@"
	} 2>&1) || die "cannot unpack $deb: ${log%%$'\n'*}"
	progress
}

# fetch_pinned PACKAGE VERSION SUITE SHA256: to deb_of. False, and REASON says
# why, if neither the suite nor the snapshot archive offers it.
fetch_pinned() {
	local package=$1 version=$2 suite=$3 sha=$4 offered errors
	! intact "$(deb_of "$package" "$version")" "$sha" || return 0
	lock base "Debian's packages"
	write_apt_conf
	offered=$(offered_versions "$package" "$suite")
	if ! grep -qxF -- "$version" <<<"$offered"; then
		# Its suite may have gone as a whole; but no network is an error.
		errors=$(grep -E '^(E:|W: Failed to fetch)' "$CACHE/log/apt.log" |
			grep -vE ' does not have a Release file|404  Not Found') || true
		! snapshot_deb "$package" "$version" "$sha" || return 0
		[ "$offered" ] || [ -z "$errors" ] ||
			die "cannot ask $BASE_MIRROR for $suite, and $REASON (see $CACHE/log/apt.log): is there a network?"
		REASON="$BASE_MIRROR does not offer $package $version in $suite${offered:+", but ${offered//$'\n'/, }"}; $REASON"
		return 1
	fi
	download_deb "$package" "$version" "$sha" || snapshot_deb "$package" "$version" "$sha" ||
		die "the download of $package $version from $BASE_MIRROR failed; $REASON (see $CACHE/log/apt.log): try again"
}

# read_trees: TREE_ROW[NAME], 'PACKAGE VERSION SUITE SHA256', of trees.conf; the
# names in order in TREE_NAMES.
declare -A TREE_ROW=()
TREE_NAMES=()
read_trees() {
	local name rest
	while read -r name rest; do
		case $name in
		''|'#'*) ;;
		*) TREE_NAMES+=("$name") TREE_ROW[$name]=$rest ;;
		esac
	done <"$ROOT/trees.conf"
}

# An apt of our own: neither the sources, pins and lists of this machine nor its
# configuration but for what it takes to reach the network.
write_apt_conf() {
	local private=$APT
	mkdir -p "$private/etc/apt/sources.list.d" "$private/etc/apt/apt.conf.d" "$private/var/lib/apt/lists/partial" \
		"$private/var/cache/apt/archives/partial" "$CACHE/log"
	: >"$private/status"
	: >"$CACHE/log/apt.log"
	{
		# Read first, so that nothing of it wins over what follows.
		apt-config dump --format '%F "%v";%n' 2>/dev/null |
			grep -E '^Acquire::(https?::|Retries|ForceIPv[46]|Check-Date|Check-Valid-Until|Max-FutureTime)' || true
		cat <<-END
			Dir "$private/";
			Dir::State::status "$private/status";
			APT::Architecture "$APT_ARCH";
			APT::Architectures { "$APT_ARCH"; };
			APT::Sandbox::User "root";
			Acquire::Languages "none";
			Acquire::PDiffs "false";
			Acquire::AllowInsecureRepositories "false";
			Acquire::AllowWeakRepositories "false";
			Acquire::AllowDowngradeToInsecureRepositories "false";
		END
	} >"$private/apt.conf"
	cat >"$private/sources.in" <<-END
		Types: deb
		URIs: $BASE_MIRROR
		Suites: @SUITES@
		Components: main
		Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
	END
}
