#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# What holds for every verb and every file.

ROOT=$BATS_TEST_DIRNAME/..

verbs() { find "$ROOT/scripts" -maxdepth 1 -type f -executable | sort; }

@test "shellcheck has nothing to say" {
	# shellcheck disable=SC2046
	shellcheck -x $(verbs) "$ROOT"/scripts/lib/*.sh "$ROOT"/selftests/vmtests/* "$ROOT/.ci/run"
}

@test "every verb has --help, with its usage and exit codes, and changes nothing" {
	[ "$(verbs | wc -l)" -ge 9 ]
	for verb in $(verbs); do
		run env PXD_CACHE="$BATS_TEST_TMPDIR/cache" "$verb" --help
		echo "$verb: $output"
		[ "$status" -eq 0 ]
		[[ ${output,,} == *usage:\ scripts/${verb##*/}* ]]
		[[ $output == *Exit* ]]
		[ ! -e "$BATS_TEST_TMPDIR/cache" ]
	done
}

@test "an unknown option is an error of one line, exit 2" {
	for verb in $(verbs); do
		run env PXD_CACHE="$BATS_TEST_TMPDIR/cache" "$verb" --no-such-option
		echo "$verb: $status: $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
}

@test "every file names its licence" {
	cd "$ROOT"
	missing=$(git ls-files | grep -vE '^(LICENSE|README|cover-letter\.txt|sets/.*\.letter|results/.*\.json)$' |
		xargs grep -L 'SPDX-License-Identifier' || true)
	echo "$missing"
	# A patch has no comments; what it adds to the kernel names its licence there.
	[ -z "$(grep -v '^patches/' <<<"$missing" || true)" ]
}

@test "make help has every target and every verb" {
	run make -s -C "$ROOT" help
	[ "$status" -eq 0 ]
	for target in $(sed -n 's/^\.PHONY: //p' "$ROOT/Makefile"); do
		[[ $output == *"$target "* ]]
	done
	for verb in $(verbs); do
		grep -q "${verb##*/}" "$ROOT/Makefile" "$ROOT/README"
	done
	for verb in $(sed -n 's/^\t@\(scripts\/[a-z]*\).*/\1/p' "$ROOT/Makefile"); do
		[ -x "$ROOT/$verb" ]
	done
}

@test "a missing package that cannot be installed is an error that names it, exit 2" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	for tool in bash dirname id sed cat mkdir nproc rm mktemp; do
		ln -s "$(command -v "$tool")" "$BATS_TEST_TMPDIR/bin/"
	done
	run env PATH="$BATS_TEST_TMPDIR/bin" PXD_CACHE="$BATS_TEST_TMPDIR/cache" \
		"$(command -v bash)" "$ROOT/scripts/check"
	echo "$output"
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *bats* ]]
}

# lacking: PATH has this machine's programs but those, and a user of it who may
# not install any.
lacking() {
	local bin=$BATS_TEST_TMPDIR/bin name
	mkdir "$bin"
	ln -s /usr/bin/* "$bin/"
	for name in git xz make gcc flex bison bc ccache cpio jq parallel spatch bats shellcheck depmod sudo apt-get id; do
		rm -f "$bin/$name"
	done
	rm -f "$bin"/*-gcc* "$bin"/clang* "$bin"/qemu-system-* "$bin"/dpkg-architecture
	printf '#!/bin/sh\n' >"$bin/apt-get"
	printf '#!/bin/sh\nexit 1\n' >"$bin/sudo"
	printf '#!/bin/sh\necho 1000\n' >"$bin/id"
	chmod +x "$bin"/{apt-get,sudo,id}
	PATH=$bin
}

@test "each verb names all that it lacks in one line, before it fetches anything" {
	# newcomer needs root before it needs anything
	local line verb words missing seen=' clean hygiene newcomer '
	local base='git xz-utils' audit='coccinelle parallel libpython3-dev'
	local make='make gcc flex bison bc ccache'
	local s390="$base $make gcc-s390x-linux-gnu"
	local boot="$s390 qemu-system-s390x cpio"
	lacking
	while IFS=: read -r words missing; do
		[ -n "$words" ] || continue
		verb=${words%% *}
		seen+="$verb "
		# shellcheck disable=SC2086 # words
		run env -u LINUX -u REV PXD_CACHE="$BATS_TEST_TMPDIR/cache" "$ROOT/scripts/$verb" ${words#"$verb"}
		echo "$words: $status: $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		[ ! -e "$BATS_TEST_TMPDIR/cache/base" ]
		line=${output#*: missing: }
		[ "${line%%: *}" = "${line#*: run: sudo apt-get install }" ]
		for name in $missing; do
			[[ " ${line%%: *} " = *" $name "* ]]
			[[ " ${line%%: *} " != *" $name "*" $name "* ]]
		done
	done <<-END
		check:bats shellcheck git jq
		tree:$base
		tree linux-6.12:$base
		apply:$base
		export:$base
		series:$base $audit jq
		audit $BATS_TEST_TMPDIR:$audit
		audit $BATS_TEST_TMPDIR --rev HEAD:$audit git
		audit-trees:$base $audit jq
		mutate --record:$base $audit jq
		bench:$base $audit jq make
		build s390 --record:$s390 jq
		build s390 --tree $BATS_TEST_TMPDIR:git $make gcc-s390x-linux-gnu
		boot s390 --record:$boot jq
		repro s390 --record:$boot jq
		insns s390:$boot
		insns s390 x86_64:$boot qemu-system-x86 gcc-x86-64-linux-gnu
		vmtests s390:$boot kmod dpkg-dev
		vmtests s390 x86_64:$boot qemu-system-x86 kmod dpkg-dev
		matrix s390 ppc64le:$s390 gcc-powerpc64le-linux-gnu
		bisect s390 ppc64le:$s390 gcc-powerpc64le-linux-gnu
		codegen s390:$s390
		loads s390:$s390 $audit
		stable:$boot qemu-system-x86
		stable --no-boot:$s390 gcc-x86-64-linux-gnu
		sets check:$base
		sets check --build --record:$base $make jq
	END
	for verb in $(PATH=/usr/bin:/bin verbs); do
		echo "$verb"
		[[ $seen = *" ${verb##*/} "* ]]
	done
}

@test "clean removes the cache, but nothing else and not under a run" {
	export PXD_CACHE=$BATS_TEST_TMPDIR/cache
	mkdir -p "$PXD_CACHE/lock" "$PXD_CACHE/base" "$PXD_CACHE/photos"
	run "$ROOT/scripts/clean"
	[ "$status" -eq 2 ]
	[[ $output == *photos* ]]
	rmdir "$PXD_CACHE/photos"
	run flock "$PXD_CACHE/lock/tree" "$ROOT/scripts/clean"
	[ "$status" -eq 2 ]
	[ -d "$PXD_CACHE/base" ]
	run "$ROOT/scripts/clean"
	[ "$status" -eq 0 ]
	[ ! -e "$PXD_CACHE" ]
	run "$ROOT/scripts/clean"
	[ "$status" -eq 0 ]
}
