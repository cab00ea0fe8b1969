#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/trust.bats: whose files vault reads: those of words, which have commands for root, and the tunnel's. In the lab.

load helper

setup() {
	host sh -c 'rm -rf /etc/vault $LAB/t /run/lab/ran; mkdir -p /etc/vault $LAB/t/folder; chmod 755 /etc/vault $LAB/t $LAB/t/folder
		chown -R 0:0 $LAB/t; printf "conf $LAB/provider.conf\nno-link\npost-up touch $LAB/ran\n" > $LAB/t/folder/words
		chmod 600 $LAB/t/folder/words'
	w=$LAB/t/folder/words
}

teardown() {
	vault down all > /dev/null 2>&1 || :
	host rm -rf /etc/vault "$LAB/t" "$LAB/ran"
}

# taken WORDS…: up reads them, and runs their command
taken() {
	run -0 vault up media "$@"
	host test -e "$LAB/ran"
	vault down media > /dev/null
	host rm "$LAB/ran"
}

# mends: what is printed in brackets, typed as it is there
mends() { host sh -c "$(sed -n 's/.*(\(ch.*\))$/\1/p' <<< "$stderr")"; }

# refused TEXT REMEDY WORDS…: up does not read them, exit 2, and says TEXT; with REMEDY, as it is printed there, it does
refused() {
	run -2 --separate-stderr vault up media "${@:3}"
	[[ $stderr == *"not read: $1 ($2)"* ]]
	run ! host sh -c "ls -d $LAB/ran /run/vault/media /run/netns/media 2> /dev/null | grep ."
	mends
	taken "${@:3}"
}

@test "L37 a file of words is root's, as is each folder to it, and nobody else may write there; the remedy is told, and mends it" {
	taken file "$w" # the control
	host chown 1000 "$w"
	refused "$w belongs to user 1000, not to root" "chown root $w" file "$w"
	host chmod 666 "$w"
	refused "$w can be written to by others (mode 0666)" "chmod go-w $w" file "$w"
	host chmod 620 "$w"
	refused "$w can be written to by others (mode 0620)" "chmod go-w $w" file "$w"
	host chmod 777 "$LAB/t"
	refused "$LAB/t can be written to by others (mode 0777)" "chmod go-w $LAB/t" file "$w"
	host chmod 1777 "$LAB/t"
	refused "$LAB/t can be written to by others (mode 1777)" "chmod go-w $LAB/t" file "$w"
	host chown 1000 "$LAB/t/folder"
	refused "$LAB/t/folder belongs to user 1000, not to root" "chown root $LAB/t/folder" file "$w"
	host sh -c "mkdir '$LAB/t/a b'\\''c' && mv $w '$LAB/t/a b'\\''c' && chmod g+w '$LAB/t/a b'\\''c'"
	run -2 --separate-stderr vault up media file "$LAB/t/a b'c/words"
	mends
	taken file "$LAB/t/a b'c/words"
}

@test "L37 the same of /etc/vault/NAME.conf, by a path that is not absolute, and by links: those of others are not followed" {
	host mv "$w" /etc/vault/media.conf
	taken
	host chmod 775 /etc/vault
	refused "/etc/vault can be written to by others (mode 0775)" "chmod go-w /etc/vault"
	host sh -c "mv /etc/vault/media.conf $w; ln -s $w $LAB/t/link; ln -s t/link $LAB/t/../link; ln -s ../../t $LAB/t/folder/up"
	taken file "$LAB/link"
	taken file "$LAB/t/folder/up/folder/up/link"
	run -0 enter sh -c "cd $LAB/t/folder && exec $VAULT up media file words"
	vault down media
	host sh -c "rm $LAB/ran; chmod 777 $LAB/t"
	run -2 enter sh -c "cd $LAB/t/folder && exec $VAULT up media file words"
	[[ $output == *"(chmod go-w $LAB/t)"* ]]
	host sh -c "chmod 755 $LAB/t; chown -h 1000 $LAB/t/link"
	refused "$LAB/t/link, a link, belongs to user 1000, not to root" "chown -h root $LAB/t/link" file "$LAB/link"
	host sh -c "ln -s loop $LAB/t/loop; mkfifo $LAB/t/fifo"
	run -2 vault up media file "$LAB/t/loop"
	[[ $output == *"Too many levels"* ]]
	run -2 vault up media file "$LAB/t/fifo"
	run -2 vault up media file "$LAB/t/folder"
	run -2 vault up media file "$LAB/t/none"
	[[ $output == *"$LAB/t/none: No such file"* ]]
	run -2 vault up media file "$w/x"
	[[ $output == *"Not a directory"* ]]
}

@test "L37 who exchanges the file, or a folder to it, while it is read gets nothing run" {

	# evil's words stand beside; whichever is found, it is judged, and never another
	host sh -c "mkdir $LAB/t/evil; sed s,ran,evil-ran, $w > $LAB/t/evil/words; chown -R 1000 $LAB/t/evil; ln -s folder $LAB/t/way"
	run -2 vault up media file "$LAB/t/evil/words" # the control
	spawn host sh -c "cd $LAB/t; while :; do ln -sfn evil new && mv -T new way; ln -sfn folder new && mv -T new way; done"
	for _ in {1..40}; do vault up media file "$LAB/t/way/words" dry-run > /dev/null; vault up media file "$LAB/t/way/words" > /dev/null 2>&1 || :; done
	despawn "$SPAWNED"
	run ! host test -e "$LAB/evil-ran"
	host test -e "$LAB/ran"
}

@test "L37 a tunnel's file is root's or the caller's of sudo, /tmp is fine; for anything else there is a warning with its remedy" {
	local p=$LAB/t/home/p.conf

	# quiet [SUDO_UID=N]: up with that file says nothing but that it is up; warned REMEDY: it is up, and told what to do
	quiet() { run -0 --separate-stderr host env "$@" "$VAULT" up media conf "$p" no-link; [ -z "$stderr" ]; vault down media; }
	warned() {
		run -0 --separate-stderr host env "${@:2}" "$VAULT" up media conf "$p" no-link
		vault down media
		[[ $stderr == *"$p: warning: "*"($1)"* ]]
		[ "${#stderr_lines[@]}" = 1 ]
	}
	host sh -c "mkdir -p $LAB/t/home && cp $LAB/provider.conf $p && chmod 600 $p && chown -R 1000 $LAB/t/home"
	quiet SUDO_UID=1000
	host chown root "$p"
	quiet SUDO_UID=1000
	warned "chown root $LAB/t/home" SUDO_UID=1001
	host chown root "$LAB/t/home"
	quiet -u SUDO_UID
	host chown 1000 "$p"
	warned "chown root $p" -u SUDO_UID
	host chown root "$p"
	host chmod 1777 "$LAB/t/home"
	quiet -u SUDO_UID
	host chmod 777 "$LAB/t/home"
	warned "chmod go-w $LAB/t/home" -u SUDO_UID
	host sh -c "chmod 755 $LAB/t/home; mv $p $p.real; ln -s p.conf.real $p; chown -h 1000 $p"
	warned "chown -h root $p" -u SUDO_UID
	quiet SUDO_UID=1000
	# By a descriptor of the caller's; and from a pipe as standard input
	host sh -c "$VAULT up media conf /dev/stdin no-link < $p" > /dev/null
	vault down media
	host sh -c "cat $p | $VAULT up media conf - no-link" > /dev/null
	run -0 vault down media
	run -2 host sh -c "cat $p | $VAULT up media conf /dev/stdin no-link"
	[[ $output == *"is not a regular file"* ]]
}

@test "L37 dry-run reads what others wrote, as it does nothing; by an ordinary user, too" {
	host sh -c "chmod 777 $LAB/t; chown 1000 $w $LAB/provider.conf; chmod 755 $LAB"
	run -0 vault up media file "$w" dry-run
	run -0 host setpriv --reuid 1000 --regid 1000 --clear-groups "$VAULT" up media file "$w" dry-run
	host chown root "$LAB/provider.conf"
	run ! host test -e "$LAB/ran"
}
