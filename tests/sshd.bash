# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Two machines to log in to: an sshd each on the loopback, with keys, home, TMPDIR
# and programs of their own. The system's sshd and its files stay as they are.

# sshd_start DIR: sets HOSTS_DIR, and for ssh there is $HOSTS_DIR/config with the
# hosts "one" and "two". Fails with a reason if that cannot be had here.
sshd_start() {
	export HOSTS_DIR=$1
	local deb name part port user sshd=/usr/sbin/sshd libs='' parts=''
	user=$(id -un)
	mkdir -p "$HOSTS_DIR/deb/partial"
	cd "$HOSTS_DIR" || return 1
	# For a home of its own, and for the user "sshd".
	unshare --mount true 2>/dev/null || { echo 'no mount name spaces here: they need root'; return 1; }
	if [ ! -x "$sshd" ]; then
		# Not installed, which would start it: taken from the package.
		{ apt_get_sshd || { apt-get -qq update && apt_get_sshd; }; } >deb/log 2>&1 </dev/null ||
			{ echo "there is no sshd, and apt-get does not give openssh-server: $(tail -n1 deb/log)"; return 1; }
		for deb in deb/*.deb; do dpkg -x "$deb" root; done
		sshd=$PWD/root/usr/sbin/sshd
		# From 9.8 on it is of two or three programs, at places that are compiled in.
		for name in Session Auth; do
			part=$PWD/root/usr/lib/openssh/sshd-${name,}
			[ ! -e "$part" ] || parts+="Sshd${name}Path $part"$'\n'
		done
		libs=$(find "$PWD/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
	fi
	ssh-keygen -q -t ed25519 -N '' -f key
	: >config
	for name in one two; do
		mkdir -p "$name/home" "$name/tmp" "$name/bin"
		ssh-keygen -q -t ed25519 -N '' -f "$name/host-key"
		port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
		echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$name/host-key.pub")" >>known
		cat >"$name/sshd_config" <<-END
			ListenAddress 127.0.0.1:$port
			HostKey $PWD/$name/host-key
			AuthorizedKeysFile $PWD/key.pub
			StrictModes no
			UsePAM no
			PasswordAuthentication no
			PidFile none
			SetEnv TMPDIR=$PWD/$name/tmp PATH=$PWD/$name/bin
			$parts
		END
		cat >>config <<-END
			Host $name
			HostName 127.0.0.1
			Port $port
			User $user
			IdentityFile $PWD/key
			IdentitiesOnly yes
			IdentityAgent none
			UserKnownHostsFile $PWD/known
			GlobalKnownHostsFile none
			StrictHostKeyChecking yes
		END
		printf '%s\n' "$user:x:$(id -u):$(id -g)::$PWD/$name/home:/bin/bash" \
			'sshd:x:65533:65533::/:/bin/false' >"$name/passwd"
		printf '%s\n' "$user:*:1::::::" >"$name/shadow"
		# shellcheck disable=SC2016
		LD_LIBRARY_PATH=$libs unshare --mount bash -euc '
			mount -t tmpfs none /run
			mkdir -m 755 /run/sshd
			mount --bind "$1/passwd" /etc/passwd
			mount --bind "$1/shadow" /etc/shadow
			exec "$2" -D -e -f "$1/sshd_config"' - "$PWD/$name" "$sshd" 2>"$name/log" </dev/null >/dev/null 3>&- &
		echo $! >"$name/pid"
	done
	for name in one two; do
		for _ in $(seq 50); do
			! ssh -F config "$name" : 2>"$name/ssh-log" || continue 2
			sleep 0.2
		done
		echo "sshd does not start: $(tail -n1 "$name/log") $(tail -n1 "$name/ssh-log")"
		return 1
	done
}

# with what it needs and the machine does not have
apt_get_sshd() {
	apt-get -qq -d -o Dir::Cache::archives="$PWD/deb" -o Debug::NoLocking=1 \
		install --no-install-recommends openssh-server
}

sshd_stop() {
	local name
	for name in one two; do
		kill "$(cat "$HOSTS_DIR/$name/pid")" 2>/dev/null || :
	done
}

# host_programs NAME COMMAND...: the programs of that host, and no others
host_programs() {
	local bin=$HOSTS_DIR/$1/bin command
	shift
	rm -rf "$bin"
	mkdir "$bin"
	for command; do ln -s "$(command -v "$command")" "$bin/"; done
}
