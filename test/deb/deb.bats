#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/deb/deb.bats: the Debian package: made, without a word of lintian's, installed, upgraded with a vault up, removed, purged.

load ../helper
: "${top:?}"

setup_file() {
	lab_start
	export deb=
	dpkg-checkbuilddeps "$top/.pkg/debian/control" 2> /dev/null || return 0 # the tests say so
	deb=$("$top/.pkg/deb" "$BATS_FILE_TMPDIR/deb")
	host sh -euc 'for folder in usr var; do
		mkdir $LAB/$folder $LAB/$folder.work
		mount -t overlay -o lowerdir=/$folder,upperdir=$LAB/$folder,workdir=$LAB/$folder.work overlay /$folder
	done' || deb=
}

setup() { [ -n "$deb" ] || skip "needs debhelper, and overlays on /usr and /var"; }

# older DEB: the same package, of an earlier version
older() {
	dpkg-deb -R "$1" "$BATS_TEST_TMPDIR/older"
	sed -i 's/^Version: .*/Version: 0.0/' "$BATS_TEST_TMPDIR/older/DEBIAN/control"
	dpkg-deb -Zgzip -b "$BATS_TEST_TMPDIR/older" "$BATS_TEST_TMPDIR/older.deb" > /dev/null
	echo "$BATS_TEST_TMPDIR/older.deb"
}

@test "DL-12 lintian has nothing to say of the package" {
	need lintian
	run -0 lintian --allow-root --fail-on error,warning,info --suppress-tags initial-upload-closes-no-bugs "$BATS_FILE_TMPDIR"/deb/*.changes
	[ -z "$output" ]
}

@test "DL-12 installed, upgraded with a vault up, removed, purged: the vault stays, nothing else does" {
	local file

	host dpkg -i "$(older "$deb")"
	host dpkg -L vault-netns > "$BATS_TEST_TMPDIR/files"
	for file in vault vault-up vault-down vault-exec vault-check vault-leaktest vault-parse-conf; do
		host test -x "/usr/sbin/$file"
		host man -w "$file" > /dev/null
	done
	[ "$(host man -k '^vault-up$' 2> /dev/null || host apropos vault-up)" ]
	[[ $(host bash -c 'source /usr/share/bash-completion/completions/vault && complete -p vault') == *vault* ]]
	host sh -c 'printf "%s\n" "conf $LAB/provider.conf" > /etc/vault/media.conf'
	host /usr/sbin/vault up media
	host /usr/sbin/vault check media
	spawn host /usr/sbin/vault exec media sleep 1000
	host dpkg -i "$deb"
	[[ $(host /usr/sbin/vault -V) == "vault $(dpkg-deb -f "$deb" Version)" ]]
	host /usr/sbin/vault check media
	host kill -0 "$SPAWNED"
	[ "$(inside media curl -sS -m 60 http://203.0.113.80/)" = 198.51.100.1 ]
	run -0 host dpkg -r vault-netns
	[[ $output == *"vault-netns: the vault media stays up, sealed"* ]]
	run ! host test -e /usr/sbin/vault
	[ "$(inside media curl -sS -m 60 http://203.0.113.80/)" = 198.51.100.1 ]
	vault check media
	despawn "$SPAWNED"
	vault down media
	host sh -c 'mkdir -p /var/log/vault && touch /var/log/vault/media.jsonl /var/log/vault/audit.log'
	host dpkg -P vault-netns
	while IFS= read -r file; do
		[[ $file == *vault* && $file != /etc/vault ]] || continue
		run ! host test -e "$file"
	done < "$BATS_TEST_TMPDIR/files"
	[ "$(host ls /var/log/vault)" = audit.log ] # HashiCorp's, say
	host test -e /etc/vault/media.conf # the administrator's
}

@test "DL-12 what building lacks is named with the package that has it" {
	mkdir "$BATS_TEST_TMPDIR/include"
	run -2 make -C "$top" O="$BATS_TEST_TMPDIR/build" CPPFLAGS="-nostdinc -I$BATS_TEST_TMPDIR/include" "$BATS_TEST_TMPDIR/build/obj/lib/addr.o"
	[[ $output == *"missing: <libmnl/libmnl.h> (Debian: apt-get install libmnl-dev; Fedora: dnf install libmnl-devel; or make deps)"* ]]
	[[ $output == *"apt-get install libjansson-dev; Fedora: dnf install jansson-devel"* ]]
	[ "$(grep -c '^missing' <<< "$output")" = 3 ]
}
