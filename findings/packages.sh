# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by the scripts beside it, each of which shows one surprise in an outside
# tool: pinned Debian packages in a folder that is gone at the end, and the system
# that they make. Uses the mirror of this machine's own apt; nothing is installed
# on the machine.

set -euo pipefail

FOLDER=$(mktemp -d)
trap 'rm -rf --one-file-system "$FOLDER"' EXIT

# system SUITE PACKAGE=VERSION...: unpack these and all that they depend on into
# $FOLDER/SUITE, which $WORK is a directory in. Fails if the suite no longer has
# exactly this version.
system() {
	local suite=$1 mirror deb root=$FOLDER/$1
	shift
	# shellcheck disable=SC2016 # for apt-get
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sed -n 1p)
	mkdir -p "$FOLDER"/apt/{lists/partial,archives/partial,parts} "$root"/usr/{bin,sbin,lib,lib64}
	: >"$FOLDER/apt/status"
	cat >"$FOLDER/apt/conf" <<-END
		Dir::Etc::SourceList "$FOLDER/apt/sources.list";
		Dir::Etc::SourceParts "$FOLDER/apt/parts";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "$FOLDER/apt/parts";
		Dir::State::Lists "$FOLDER/apt/lists";
		Dir::State::status "$FOLDER/apt/status";
		Dir::Cache::Archives "$FOLDER/apt/archives";
		Dir::Cache::pkgcache "";
		Dir::Cache::srcpkgcache "";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
	END
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$FOLDER/apt/sources.list"
	export APT_CONFIG=$FOLDER/apt/conf
	apt-get -qq update
	apt-get -qq install -y --no-install-recommends --download-only dash coreutils diffutils "$@" >/dev/null
	unset APT_CONFIG
	for deb in bin sbin lib lib64; do ln -s "usr/$deb" "$root/$deb"; done
	# A package that still ships a directory where the link is goes through it.
	for deb in "$FOLDER"/apt/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink
	done
	rm -r "$FOLDER/apt"
	WORK=$root/work
	mkdir -p "$WORK" "$root/tmp" "$root/dev"
	: >"$root/dev/null"
}

# inside COMMAND [ARG...]: run it in the system that was made last, in $WORK
inside() {
	local enter=(chroot)
	[ "$(id -u)" -eq 0 ] || enter=(unshare --map-root-user chroot)
	"${enter[@]}" "${WORK%/work}" /usr/bin/env -i PATH=/usr/bin:/usr/sbin HOME=/tmp LC_ALL=C.UTF-8 \
		/bin/sh -c 'cd /work && exec "$@"' - "$@"
}

# seen WANTED GOT: the behaviour is the one that was seen
seen() {
	if [ "$2" != "$1" ]; then
		printf 'changed: expected <%s>, got <%s>\n' "$1" "$2" >&2
		exit 1
	fi
	printf 'as seen: %s\n' "$1"
}
