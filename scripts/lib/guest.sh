# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after kernel.sh by the verbs that boot kernels.

# shellcheck disable=SC2034 # the verbs use it
# what a kernel says when something is wrong with it
SPLATS='BUG:|WARNING:|Oops|KASAN:|KCSAN:|UBSAN:|possible (recursive|circular)|inconsistent lock state|suspicious RCU|[Bb]ad p[gmu4]d|Bad page|bad page|detected stall|rcu.*stall|Kernel panic|Unable to handle|general protection|kernel BUG|soft lockup|blocked for more than|DEADLOCK'

# want_headers DIR LOG: those for user space of the kernel tree DIR, in its OUT
want_headers() {
	local commit stamp=$1/$OUT/pxd.headers
	commit=$(tree_commit "$1")
	[ "$(cat "$stamp" 2>/dev/null)" != "$commit" ] || return 0
	{ mkdir -p "$1/$OUT" && TREE=$1 kmake headers >"$2" 2>&1; } || die "make headers failed in $1: see $2"
	echo "$commit" >"$stamp"
}

# guest_cc ARG...: compile for the loaded target a program that needs no library.
guest_cc() { "${CROSS}gcc" -O2 -Wall -Werror -static "-ffile-prefix-map=$ROOT/=" "$@"; }

# want_guest: the packages that booting the loaded target takes, see want
want_guest() {
	[ "${#QEMU[@]}" -gt 0 ] || return 0
	want "${QEMU[0]}=$QEMU_PACKAGE" cpio=cpio ccache=ccache "${NEEDS[@]}" "${GUEST_NEEDS[@]}"
}

# pack_guest DIR: make DIR/initramfs of DIR/root, and let the target look at
# what QEMU offers.
pack_guest() {
	(cd "$1/root" && find . | sort | cpio --quiet -o -H newc -R 0:0) >"$1/initramfs" ||
		die "cannot write to $1: free some space or set TMPDIR"
	if declare -F prepare_qemu >/dev/null; then
		prepare_qemu "$1" >"$1/qemu" 2>&1 || die "${QEMU[0]} failed: $(tail -n 1 "$1/qemu")"
	fi
}

# start_guest IMAGE INITRAMFS LOG TIMEOUT [WORDS]: in the background; sets
# GUEST_PID. The console goes to LOG, what QEMU itself says to LOG.qemu.
GUEST_PIDS=()
# shellcheck disable=SC2016 # those that run at the exit
on_exit '[ "${#GUEST_PIDS[@]}" -eq 0 ] || kill "${GUEST_PIDS[@]}" 2>/dev/null'
start_guest() {
	# timeout(1) hands the signal on.
	timeout -k 5 "$4" "${QEMU[@]}" "${GUEST[@]}" -display none -monitor none \
		-net none -no-reboot -serial "file:$3" -kernel "$1" -initrd "$2" \
		-append "$APPEND panic=-1 printk.devkmsg=on ${5-}" </dev/null >"$3.qemu" 2>&1 &
	GUEST_PID=$!
	GUEST_PIDS+=("$GUEST_PID")
}

# end_guest PID LOG: waits; false if the guest had to be ended.
end_guest() {
	local rc=0 pid still=()
	wait "$1" || rc=$?
	for pid in "${GUEST_PIDS[@]}"; do [ "$pid" = "$1" ] || still+=("$pid"); done
	GUEST_PIDS=("${still[@]}")
	case $rc in
	0) ;;
	124|137) return 1 ;;
	*) die "${QEMU[0]} failed: $(tail -n 1 "$2.qemu")" ;;
	esac
}
