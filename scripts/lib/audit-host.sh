# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What scripts/audit needs of a machine. Sourced by it, and sent to the machines
# of --hosts, see fan_out: no other file is there.

# own_spatch ARG...: no .cocciconfig has a say, neither that of the user nor that
# of the directory where it is started, which may be in the tree.
own_spatch() { (cd "$WORK" && HOME=$WORK exec spatch "$@"); }

spatch_version() { own_spatch --version | sed -n 's/^spatch version \([^ ]*\).*/\1/p'; }

# Debian's spatch looks for libpython3.N.so, a name that only the -dev package
# has, and does so when it runs the first rule that has Python in it. What it
# says if there is none differs between versions: ask for proof that Python runs.
finds_python() {
	printf '@r@\nposition p;\n@@\nf@p()\n@script:python@\np << r.p;\n@@\nprint("python: %%s" %% p[0].line)\n' \
		>"$WORK/python.cocci"
	echo 'void g(void) { f(); }' >"$WORK/python.c"
	[[ $(own_spatch --very-quiet --cocci-file "$WORK/python.cocci" "$WORK/python.c" 2>&1 </dev/null || :) == *"python: 1"* ]]
}

host_check() {
	local command
	for command in spatch=coccinelle python3=python3; do
		command -v "${command%=*}" >/dev/null ||
			{ echo "it has no ${command%=*} (Debian's package ${command#*=})"; return 1; }
	done
	# Another one may find something else.
	[ "$(spatch_version)" = "$SPATCH_VERSION" ] ||
		{ echo "its spatch is $(spatch_version), not $SPATCH_VERSION as here"; return 1; }
	finds_python ||
		{ echo "its spatch does not find Python's library (Debian's package libpython3-dev)"; return 1; }
}

# In a directory with the files of one chunk, which is what audit-files expects.
host_job() {
	set -- *.chunk.*
	mkdir results
	echo results >"${1%.chunk.*}.results"
	./audit-files . "$1" >&2
	: >>"$1.failed"
	tar -cz "$1.failed" results
}
