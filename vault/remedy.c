/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/remedy.c: every remedy that is ever printed, each a row of one table. test/remedy.bats
 * brings about the state of each row, runs what is printed, as it is printed, and checks again.
 */
#include "vault/remedy.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/nftnames.h"

/*
 * %1 to %5 in TEXT are the arguments; TAKES tells of each what it is: a vault's (n)ame, an
 * (i)nterface, a (p)ath, or another (w)ord, which are quoted; some words of ours (o), "" also,
 * which are not; or a name of nft's (r), which no quoting can help: nft_is_word() is true of it, or
 * the remedy is not printed.
 */
static const struct row {
	const char *text, *takes;
	enum {
		ADVICE,
		COMMAND,
		HEALS
	} how; /* HEALS: a command that vault-heal may run by itself */
} rows[REMEDY_ROWS] = {
	[REMEDY_UP] = { "vault up %1", "n", COMMAND },
	[REMEDY_AS_MADE] = { "vault up %1 as-made", "n", HEALS },
	[REMEDY_DOWN] = { "vault down %1", "n", COMMAND },
	[REMEDY_DEL_NETNS] = { "ip netns del %1", "n", COMMAND },
	[REMEDY_RM_NAME] = { "rm %1", "p", COMMAND },
	[REMEDY_RM_FOLDER] = { "rm -r %1", "p", COMMAND },
	[REMEDY_DEL_LINK_INSIDE] = { "ip -n %1 link del dev %2", "ni", COMMAND },
	[REMEDY_DEL_TABLE_INSIDE] = { "ip netns exec %1 nft delete table %2 %3", "nwr", COMMAND },
	[REMEDY_DEL_FLOWTABLE_INSIDE] = { "ip netns exec %1 nft delete flowtable %2 %3 %4", "nwrr",
					  COMMAND },
	[REMEDY_FLUSH_LEGACY_INSIDE] = { "ip netns exec %1 %2 -t %3 -F; ip netns exec %1 %2 -t %3 -X",
					 "nww", COMMAND },
	[REMEDY_DEL_QDISC_INSIDE] = { "tc -n %1 qdisc del dev %2 %3", "niw", COMMAND },
	[REMEDY_END_XDP_INSIDE] = { "ip -n %1 link set dev %2 %3 off", "niw", COMMAND },
	[REMEDY_DEL_LINK] = { "ip link del dev %1", "i", COMMAND },
	[REMEDY_DEL_TABLE] = { "nft delete table %1 %2", "wr", COMMAND },
	[REMEDY_DEL_CHAIN] = { "nft delete chain %1 %2 %3", "wrr", COMMAND },
	[REMEDY_DEL_FLOWTABLE_DEVICE] = { "nft 'delete flowtable %1 %2 %3 { devices = { %4 }; }'",
					  "wrri", COMMAND },
	[REMEDY_DEL_QDISC] = { "tc qdisc del dev %1 %2", "iw", COMMAND },
	[REMEDY_END_XDP] = { "ip link set dev %1 %2 off", "iw", COMMAND },
	[REMEDY_ADD_RULE] = { "ip%1 rule add priority 1 to %2 lookup main", "ow", COMMAND },
	[REMEDY_ADD_ROUTE] = { "ip%1 route add %2 dev %3", "owi", COMMAND },
	[REMEDY_DEL_ROUTE] = { "ip%1 route del %2%3 dev %4", "owoi", COMMAND },
	[REMEDY_FORWARD] = { "sysctl -w%1 %2=1", "ow", COMMAND },
	[REMEDY_LET_BY] = { "nft insert rule %1 %2 %3 %4 %5 accept", "wrrwi", COMMAND },
	[REMEDY_LET_BY_LEGACY] = { "%1 -I %2 %3 %4 -j ACCEPT", "wwoi", COMMAND },
	[REMEDY_OWN_STATE] = { "chown root %1; chmod %2 %1", "pw", COMMAND },
	[REMEDY_OWN] = { "chown root %1", "p", COMMAND },
	[REMEDY_OWN_LINK] = { "chown -h root %1", "p", COMMAND },
	[REMEDY_CLOSE] = { "chmod go-w %1", "p", COMMAND },
	[REMEDY_CLOSE_KEYS] = { "chmod 600 %1", "p", COMMAND },
	[REMEDY_LOAD] = { "modprobe %1", "w", COMMAND },
	[REMEDY_ALLOW_NAMESPACES] = { "sysctl -w user.max_net_namespaces=10000", "", COMMAND },
	[REMEDY_START_UNIT] = { "systemctl start %1", "w", COMMAND },

	[REMEDY_CONF_FILE] = { "vault up %1 conf FILE", "n", ADVICE },
	[REMEDY_AS_ROOT] = { "run it as root", "", ADVICE },
	[REMEDY_ON_HOST] = { "run it on the host", "", ADVICE },
	[REMEDY_HAVE_PROC] = { "is /proc there?", "", ADVICE },
	[REMEDY_CHECK_LATER] = { "check again when it is done", "", ADVICE },
	[REMEDY_WAIT] = { "wait for its end", "", ADVICE },
	[REMEDY_AGAIN] = { "again", "", ADVICE },
	[REMEDY_OTHER_SERVER] = { "is the server up? another server: vault up %1 conf FILE", "n",
				  ADVICE },
	[REMEDY_KEYS_AND_WAY] = { "are keys and endpoint right, does UDP get there? then vault up %1 as-made",
				  "n", ADVICE },
	[REMEDY_SET_CLOCK] = { "set the clock right; or wait for the next handshake, two minutes from "
			       "now while something is sent",
			       "", ADVICE },
	[REMEDY_SEND] = { "send something, or set PersistentKeepalive", "", ADVICE },
	[REMEDY_END_PROGRAM] = { "end it; vault up %1 as-made", "n", ADVICE },
	[REMEDY_END_PROGRAM_OR_PORT] = { "end it, or publish another port", "", ADVICE },
	[REMEDY_END_TCX] = { "end what holds it: bpftool net, bpftool link", "", ADVICE },
	[REMEDY_END_XDP_LINK] = { "end what holds it: bpftool link", "", ADVICE },
	[REMEDY_GATEWAY_FIRST] = { "start it first", "", ADVICE },
	[REMEDY_ENTER] = { "vault exec %1, or NetworkNamespacePath=/run/netns/%1; restart it", "n",
			   ADVICE },
	[REMEDY_EXEC] = { "start it by vault exec %1", "n", ADVICE },
	[REMEDY_HIDE] = { "vault exec hides it; in a unit: InaccessiblePaths=-/%1", "p", ADVICE },
	[REMEDY_FILTER_CALLS] = { "vault exec, or the present confine.conf", "", ADVICE },
	[REMEDY_BOUND] = { "vault exec, or CapabilityBoundingSet= in its unit", "", ADVICE },
	[REMEDY_NO_NEW_PRIVILEGES] = { "vault exec, or NoNewPrivileges=yes in its unit", "",
				       ADVICE },
	[REMEDY_NO_SOCKETS] = { "restart it inside, and let nobody pass it sockets", "", ADVICE },
	[REMEDY_HAVE_WIREGUARD] = { "modprobe wireguard, or install wireguard-go", "", ADVICE },
	[REMEDY_UP_AFTER] = { "vault up after it", "", ADVICE },
	[REMEDY_NEWER_KERNEL] = { "a newer kernel", "", ADVICE },
	[REMEDY_HAVE_CLS_BPF] = { "CONFIG_NET_CLS_BPF", "", ADVICE },
	[REMEDY_BRIDGE_RULES] = { "let vls-* to vls-* pass, or sysctl "
				  "net.bridge.bridge-nf-call-iptables=0",
				  "", ADVICE },
	[REMEDY_NAME_PLACE] = { "name the place itself", "", ADVICE },
	[REMEDY_OTHER_FILE] = { "name a new one", "", ADVICE },
	[REMEDY_OTHER_NAME] = { "another name", "", ADVICE },
	[REMEDY_OTHER_NAME_OR_DEL] = { "another name; or, where nobody needs it, ip netns del %1",
				       "n", ADVICE },
	[REMEDY_WHOSE_NETNS] = { "look at `ip netns`; `vault down %1` forgets the vault, `ip netns del "
				 "%1` the namespace",
				 "n", ADVICE },
	[REMEDY_OTHER_ADDRESS] = { "give another address", "", ADVICE },
	[REMEDY_WHO_HAS_NAME] = { "something else has this name: look with `ip link` and `ip netns`",
				  "", ADVICE },
	[REMEDY_WHO_HAS_PORT] = { "another program has the port, or serves an interface of this name",
				  "", ADVICE },
	[REMEDY_WHO_CHANGES_RULES] = { "the kernel has other rules than it was given: is another "
				       "program changing them?",
				       "", ADVICE },
};

static void add_arg(char type, const char *arg, struct str *out)
{
	if (type == 'o' || type == 'r')
		str_add(out, arg);
	else
		str_add_quoted(out, arg);
}

/* False for one with a name that the command would read as something else. */
static bool is_sayable(const struct remedy *r)
{
	for (; r && r->row; r = r->first)
		for (size_t i = 0; rows[r->row].takes && rows[r->row].takes[i]; i++)
			if (rows[r->row].takes[i] == 'r' && !nft_is_word(r->args[i]))
				return false;
	return true;
}

static void add_one(const struct remedy *r, struct str *out)
{
	const struct row *row = &rows[r->row];

	for (const char *at = row->text; *at; at++) {
		size_t len = strcspn(at, "%"), arg;

		str_addn(out, at, len);
		at += len;
		if (!*at)
			break;
		arg = (size_t)(*++at - '1');
		add_arg(row->takes[arg], r->args[arg], out);
	}
}

void remedy_add(const struct remedy *r, struct str *out)
{
	size_t n = 0;

	if (!is_sayable(r))
		return;
	for (const struct remedy *at = r; at && at->row; at = at->first)
		n++;
	while (n-- > 0) {
		const struct remedy *at = r;

		for (size_t i = 0; i < n; i++)
			at = at->first;
		add_one(at, out);
		str_add(out, n ? "; " : "");
	}
}

void remedy_add_hint(const struct remedy *r, struct str *out)
{
	struct str text cleanup(str_free) = STR_INIT;

	remedy_add(r, &text);
	if (text.len)
		str_addf(out, " (%s)", text.s);
	out->err = text.err ? text.err : out->err;
}

struct remedy remedy_as_made(const char *name, const char *conf, const struct remedy *first)
{
	bool is_gone = conf && *conf == '/' && access(conf, F_OK) && errno == ENOENT;

	return (struct remedy){ .row = is_gone ? REMEDY_CONF_FILE : REMEDY_AS_MADE,
				.args = { name },
				.first = first };
}

void remedy_for_file(const struct trust_fault *fault, struct remedy *out)
{
	static const enum remedy_row of[] = {
		[TRUST_OWNER] = REMEDY_OWN, [TRUST_LINK_OWNER] = REMEDY_OWN_LINK, [TRUST_MODE] = REMEDY_CLOSE
	};

	*out = (struct remedy){ .row = of[fault->what], .args = { fault->path } };
}

bool remedy_is_command(const struct remedy *r)
{
	for (const struct remedy *at = r; at && at->row; at = at->first)
		if (rows[at->row].how == ADVICE)
			return false;
	return is_sayable(r);
}

bool remedy_heals(const struct remedy *r)
{
	return rows[r->row].how == HEALS && (!r->first || !r->first->row);
}
