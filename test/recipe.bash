# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# test/recipe.bash: the recipes of vault-recipes(7), as a test runs them. In the page
#
#   .\" recipe NAME           begins one; it ends with the next, or with the section. What follows in .Bd -literal is
#   .\" file PATH             before a .Bd: it is the content of that file;
#                             else commands, on lines that begin with `# ` (root) or `$ ` (anybody), and on those that
#                             continue them (after a `\` at the end, or beginning with `> `). Other lines are what they
#                             print, and not looked at.
#
# Each must run as printed, in the lab or in the VM: so the page uses the lab's addresses and names, and its tests bring
# what the page says is there before. Each NAME must be run by a test (`cook NAME`); test/rows.bats looks.

recipes_page=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/man/vault-recipes.7

recipe_names() { sed -n 's/^\.\\" recipe //p' "$recipes_page"; }

# recipe NAME: the recipe as a script
recipe() {
	awk -v name="$1" '
		/^\.\\" recipe / { on = $3 == name; next }
		/^\.S[hs] / { on = 0 }
		!on { next }
		/^\.\\" file / { file = $3; next }
		/^\.Bd / {
			block = 1
			if (file) printf "mkdir -p $(dirname %s)\ncat > %s <<\"END OF FILE\"\n", file, file
			next
		}
		/^\.Ed/ {
			if (file) print "END OF FILE"
			block = goes_on = 0
			file = ""
		}
		!block { next }
		{ gsub(/\\&/, ""); gsub(/\\e/, "\\"); gsub(/\\-/, "-") }
		file { print; next }
		sub(/^[#$>] /, "") || goes_on { print; found = 1; goes_on = /\\$/ }
		END { exit !found }' "$recipes_page"
}

# cook NAME [WHERE]: type it, in that role; what it says is of interest when it fails
cook() {
	"${@:2}" bash -euxo pipefail -c "$(recipe "$1")" > "$BATS_FILE_TMPDIR/$1.cooked" 2>&1 || { cat "$BATS_FILE_TMPDIR/$1.cooked"; return 1; }
}

# kitchen: what recipes find there, in the lab: vault, a provider's file, and folders of nginx's that nobody else has
kitchen() {
	host bash -euc 'ln -s "$VAULT" "$LAB/bin/vault"
		install -Dm 600 "$LAB/provider.conf" /etc/wireguard/provider.conf
		mount -t tmpfs log /var/log
		mkdir /var/log/nginx
		[ ! -d /var/lib/nginx ] || mount -t tmpfs nginx /var/lib/nginx'
}
