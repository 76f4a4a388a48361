# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A repository with the real scripts and a kernel tree that builds in no time,
# for tests of the verbs that build and boot. make, git and the compiler are
# real, the kernel's Makefile and QEMU are not.

fake_repo() {
	export PXD_CACHE=$BATS_TEST_TMPDIR/cache JOBS=2
	unset LINUX REV MAKEFLAGS
	REPO=$BATS_TEST_TMPDIR/repo
	mkdir -p "$REPO/targets" "$REPO/selftests/mm" "$REPO/patches" "$REPO/scripts"
	cp -r "$BATS_TEST_DIRNAME/../scripts/lib" "$REPO/scripts/"
	cp "$BATS_TEST_DIRNAME"/../scripts/{build,boot,insns} "$REPO/scripts/"
	cp -r "$BATS_TEST_DIRNAME"/../selftests/{init,bench} "$REPO/selftests/"
	cp "$BATS_TEST_DIRNAME/../base.conf" "$REPO/"
	echo 'int main(void) { return 0; }' >"$REPO/selftests/mm/example.c"
	printf 'CONFIG_COMMON=y\nCONFIG_ABSENT=y\n' >"$REPO/scripts/lib/kernel.config"
	echo CONFIG_LEAN=y >"$REPO/scripts/lib/insns.config"

	cat >"$REPO/targets/real" <<-'END'
		KARCH=fake
		CROSS=
		OBJS=(mm/)
		KIMAGE=arch/fake/boot/Image
		CONFIG='
		CONFIG_OWN=y
		'
		QEMU=(fake-qemu -cpu one)
		QEMU_PACKAGE=none
		APPEND='console=fake'
		EXPECT=('crossed')
	END
	cat >"$REPO/targets/other" <<-'END'
		IMAGE=real
		QEMU=(fake-qemu -cpu two)
		APPEND+=' more'
	END

	# scripts/tree and scripts/apply answer with trees that are there.
	# As scripts/tree makes them: in the cache.
	BASES=$PXD_CACHE/base/fake
	LINUX_TREE=$BASES/linux
	mkdir -p "$LINUX_TREE"
	printf '#!/bin/sh\necho "%s"\n' "$BASES" >"$REPO/scripts/tree"
	printf '#!/bin/sh\necho "%s/series"\n' "$BASES" >"$REPO/scripts/apply"
	chmod +x "$REPO"/scripts/{tree,apply}
	fake_linux
}

fake_linux() {
	mkdir -p "$LINUX_TREE"/{mm,include,scripts,tools/testing/selftests/mm,tools/include/uapi}
	cd "$LINUX_TREE" || return
	cat >Makefile <<-'END'
		.RECIPEPREFIX := >
		export CC O
		allnoconfig:
		>@grep -v ABSENT $(KCONFIG_ALLCONFIG) >$(O)/.new
		>@cmp -s $(O)/.new $(O)/.config || mv $(O)/.new $(O)/.config
		>@echo configured >>../configured
		mm/: $(O)/mm/gup.o
		$(O)/mm/gup.o: mm/gup.c $(O)/.config
		>@mkdir -p $(O)/mm; echo compiling >>../compiled
		>$(CC) -Wall -c -o $@ mm/gup.c
		Image: $(O)/mm/gup.o
		>@mkdir -p $(O)/arch/fake/boot; cp $(O)/mm/gup.o $(O)/arch/fake/boot/Image
		>@cp $(O)/mm/gup.o $(O)/vmlinux
		>@echo decompressor >$(O)/arch/fake/boot/vmlinux
		>@echo "MAKEFLAGS-seen: $(KCFLAGS)" >>../flags
		headers:
		>@mkdir -p $(O)/usr/include/linux
		.PHONY: allnoconfig mm/ Image headers
	END
	echo 'int gup(void) { return 1; }' >mm/gup.c
	cat >mm/gup_test.h <<-'END'
		#include <linux/types.h>
		#define GUP_FAST_BENCHMARK _IOWR('g', 1, struct gup_test)
		struct gup_test {
			__u64 get_delta_usec, addr, size;
			__u32 nr_pages_per_call, gup_flags;
		};
	END
	printf '#!/bin/sh\necho "Total: Before=100, After=104, chg +4.00%%"\n' >scripts/bloat-o-meter
	chmod +x scripts/bloat-o-meter
	touch Kbuild tools/testing/selftests/mm/vm_util.c
	echo '.*' >.gitignore
	git init -q . && git add -A . && git add -f .gitignore
	git -c user.name=t -c user.email=t@t commit -qm base && git tag base
	git worktree add -q --detach ../series
	cd "$REPO" || return
}

# fake_consoles CASES RECORD: a QEMU that writes $CONSOLES/SIDE-ROW to the guest's
# console. CASES, of its options, set side, row and what else RECORD is to have,
# the line that it adds to $SEEN.
fake_consoles() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	export SEEN=$BATS_TEST_TMPDIR/seen CONSOLES=$BATS_TEST_TMPDIR/consoles
	export PXD_RESULTS=$BATS_TEST_TMPDIR/results
	mkdir "$CONSOLES"
	cat >"$BATS_TEST_TMPDIR/bin/fake-qemu" <<-END
		#!/bin/bash
		[ "\$1" != --version ] || { echo 'QEMU emulator version 9.8.7'; exit; }
		while [ \$# -gt 0 ]; do
			case \$1 in
			-serial) console=\${2#file:} ;;
			-initrd) tests=\$(cpio -it --quiet <"\$2" | grep ^tests/ | paste -sd,) ;;
			$1
			esac
			shift
		done
		echo "$2" >>"\$SEEN"
		cp "\$CONSOLES/\$side-\$row" "\$console"
		[ -z "\$HANG" ] || { echo \$\$ >"\$SEEN.pid"; exec sleep 1000; }
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/fake-qemu"
}

# no_record VERB ARG... -- OPTION...: with --record, each of these options (and what
# it takes) is refused in a line, before any work
no_record() {
	local args=() option before
	while [ "$1" != -- ]; do args+=("$1"); shift; done
	shift
	before=$(find "$PXD_CACHE" | sort)
	for option; do
		# shellcheck disable=SC2086 # words
		run "${args[@]}" --record $option
		printf '%s\n' "$option: $status $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output = *"leave out ${option%% *}" ]]
	done
	[ "$(find "$PXD_CACHE" | sort)" = "$before" ]
}

# fake_apt PACKAGE...: an apt that offers no more than these, and gcc; nothing can
# be installed
fake_apt() {
	mkdir -p "$BATS_TEST_TMPDIR/apt"
	PATH=$BATS_TEST_TMPDIR/apt:$PATH
	cat >"$BATS_TEST_TMPDIR/apt/apt-cache" <<-END
		#!/bin/bash
		offered=" $* gcc "
		case \$1 in
		pkgnames) printf '%s\n' \$offered clang-99 ;;
		policy)	for name in "\${@:2}"; do
				[[ \$offered = *" \$name "* ]] && v=1.0 || v='(none)'
				printf '%s:\n  Installed: (none)\n  Candidate: %s\n' "\$name" "\$v"
			done ;;
		showpkg) printf 'Provides: \nReverse Provides: \n'
			[[ " \${PROVIDED-} " != *" \$2 "* ]] || echo "gcc 1.0 (= 1.0)" ;;
		esac
	END
	printf '#!/bin/sh\necho "$*" >>%q\nexit 100\n' "$BATS_TEST_TMPDIR/apt/asked" >"$BATS_TEST_TMPDIR/apt/apt-get"
	printf '#!/bin/sh\nexit 100\n' >"$BATS_TEST_TMPDIR/apt/sudo"
	chmod +x "$BATS_TEST_TMPDIR"/apt/*
}

# green SIDE ROW, red SIDE ROW [WORDS]: one test passes, or fails and the kernel
# says WORDS
green() {
	cat >"$CONSOLES/$1-$2" <<-'END'
		[    0.5] init| RUN /tests/prog
		[    0.6] guest| 1..1
		[    0.7] guest| ok 1 one
		[    1.0] init| END programs=1 planned=1 passed=1 failed=0 skipped=0 bad_exits=0
	END
}
red() {
	green "$1" "$2"
	sed -i 's/ok 1/not ok 1/; s/passed=1 failed=0/passed=0 failed=1/' "$CONSOLES/$1-$2"
	[ -z "${3-}" ] || sed -i "2i[    0.6] $3" "$CONSOLES/$1-$2"
}
# shellcheck disable=SC2034 # the tests use it
BAD_PUD='mm/pgtable-generic.c:44: bad pud 00ab(01)'

# ends_qemu COMMAND...: a signal ends it and its QEMU, and TMPDIR is empty then.
# The test's fake QEMU hangs for HANG and leaves its id in $SEEN.pid.
ends_qemu() {
	local rc=0
	export HANG=1 TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
	"$@" 3>&- &
	for _ in {1..200}; do [ -e "$SEEN.pid" ] && break; sleep 0.1; done
	# a job in the background ignores SIGINT
	kill -TERM $!
	wait $! || rc=$?
	[ "$rc" -eq 143 ]
	gone "$SEEN.pid"
	[ -z "$(ls -A "$TMPDIR")" ]
}

# gone FILE: the process that it names ends, at once but not before its parent.
gone() {
	for _ in {1..20}; do kill -0 "$(cat "$1")" || break; sleep 0.1; done
	run ! kill -0 "$(cat "$1")"
}
