# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Tools from the npm registry, for tests only.

# npm_package NAME VERSION SHA256: print the directory that has the package, which
# is kept in the project's cache. No dependencies, and nothing of it is run.
# Fails with a reason, 1 if it cannot be had here, 2 if it is not what it was.
npm_package() (
	# shellcheck source=../scripts/lib/common.sh
	. "$BATS_TEST_DIRNAME/../scripts/lib/common.sh"
	name=$1 version=$2 sum=$3
	dir=$CACHE/npm/${name//\//+}@$version
	if [ ! -d "$dir" ]; then
		(require npm=npm) || exit 1
		make_tmp tmp "$CACHE/npm"
		# shellcheck disable=SC2154 # set by make_tmp
		cd "$tmp" || exit 1
		# Its own cache is in ~/.npm, which is not ours.
		npm_config_cache=$tmp/cache npm_config_update_notifier=false \
			npm pack --silent --fetch-retries=1 --fetch-timeout=60000 --pack-destination="$tmp" \
			"$name@$version" >/dev/null 2>&1 </dev/null ||
			{ note "the npm registry does not give $name@$version"; exit 1; }
		sha256sum --quiet -c - <<<"$sum  $(echo ./*.tgz)" >&2 || exit 2
		tar xf ./*.tgz || exit 1
		# Another test may have been quicker.
		mv -T package "$dir" 2>/dev/null || [ -d "$dir" ]
	fi
	echo "$dir"
)
