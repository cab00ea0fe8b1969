/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/unit.c: the systemd drop-in that puts a service into a vault, and holds it there. */
#include "vault/confine/unit.h"

#include <string.h>

#include "vault/confine/helpers.h"
#include "vault/confine/privileges.h"
#include "vault/confine/syscalls.h"

/*
 * Theory of operation
 *
 * systemd builds for the service, anew at each start, what `exec` builds for a command (mnt.c,
 * hide.c, privileges.c, syscalls.c), as far as a unit can say it:
 *
 * /etc: the overlay that vault@NAME.service keeps at /run/vault-etc/NAME, the vault's resolv.conf
 * and nsswitch.conf on top. Its directory entries are its own, so that what the host renames over
 * /etc/resolv.conf takes nothing away (L5), which it does from a file bound there. An overlay
 * remembers what it has looked up; mounting it again, read-only as it is, makes it forget, so that
 * a service that starts sees the host's users and certificates of now. That is done by a path
 * which is the overlay's on the host as in the service: systemd has not always run lines with a
 * `+` outside the service's mounts.
 *
 * /run: empty but for what is named. `exec` hides what is known to be harmful; a unit cannot, since
 * a mount over a daemon's folder goes when the daemon does (L5 again) and what comes up later is
 * not hidden at all. What the service's own RuntimeDirectory= names is there.
 *
 * /sys: without what leads to the host's interfaces. Not all of it is covered, as systemd takes no
 * mount over /sys itself next to ProtectKernelTunables=.
 *
 * /proc: of what the service could not trace nothing is seen, which for one of a user of its own is
 * all but itself.
 *
 * System calls: those that syscalls.c refuses, with the same answer; and none of another calling
 * convention than the machine's own, by which systemd's RestrictAddressFamilies= does not hold.
 * What the unit itself has in SystemCallFilter= stays; where that is a list of what is allowed,
 * these are taken off it, and answered as SystemCallErrorNumber= says instead of by SIGSYS.
 */
static const char confine_files[] =
	"\n"
	"# No other network, and no other names and addresses:\n"
	"BindReadOnlyPaths=/run/vault-etc/%s:/etc /run/vault-etc/%s\n"
	"ExecStartPre=-+mount --options-mode ignore -o remount,ro vault /run/vault-etc/%s\n"
	"# Sockets by which daemons of the host resolve names, carry traffic, start programs:\n"
	"TemporaryFileSystem=/run:mode=0755,nosuid,nodev\n"
	"BindPaths=-/run/systemd/notify -/run/systemd/journal -/run/systemd/userdb\n";

static const char confine_identity[] =
	"# Where autofs has the host look for whoever is named:\n"
	"InaccessiblePaths=-/net\n"
	"# The host's interfaces, addresses and connections:\n"
	"TemporaryFileSystem=/sys/class:ro /sys/devices:ro\n"
	"BindReadOnlyPaths=-/sys/devices/system\n"
	"ProtectProc=ptraceable\n"
	"# Families of sockets that are no matter of network namespaces:\n"
	"RestrictAddressFamilies=";

static const char confine_rest[] = "# What the kernel would do outside:\n"
				   "SystemCallFilter=~@keyring io_uring_setup\n"
				   "SystemCallErrorNumber=EPERM\n"
				   "SystemCallArchitectures=native\n"
				   "NoNewPrivileges=yes\n"
				   "\n"
				   "# Hardening:\n"
				   "ProtectSystem=strict\n"
				   "ProtectHome=yes\n"
				   "PrivateTmp=yes\n"
				   "PrivateDevices=yes\n"
				   "ProtectKernelTunables=yes\n"
				   "ProtectKernelModules=yes\n"
				   "ProtectKernelLogs=yes\n"
				   "ProtectControlGroups=yes\n"
				   "RestrictSUIDSGID=yes\n";

/* Those that are not in /run, which is empty. */
static void add_helpers(struct str *out)
{
	for (size_t i = 0; i < n_helpers; i++)
		if (strncmp(helpers[i].path, "run/", strlen("run/")))
			str_addf(out, "InaccessiblePaths=-/%s\n", helpers[i].path);
}

/* NAMES as they were appended, each after a blank. */
static const char *list(const struct str *names)
{
	return names->s ? names->s + 1 : "";
}

static void add_privileges(struct str *out)
{
	struct str caps cleanup(str_free) = STR_INIT, families cleanup(str_free) = STR_INIT;

	syscalls_add_families(&families);
	privileges_add_names(privileges_mask(), &caps);
	str_addf(out,
		 "%s%s\n"
		 "\n"
		 "# What opens a vault:\n"
		 "CapabilityBoundingSet=~%s\n"
		 "%s",
		 confine_identity, list(&families), list(&caps), confine_rest);
	out->err = out->err ? out->err : families.err ? families.err : caps.err;
}

void unit_text(const char *name, struct str *out)
{
	str_addf(out,
		 "# made by vault for %s: a systemd drop-in that puts a service into this vault\n"
		 "# (vault-systemd(7)). Copy it: a link would lead nowhere when systemd reads its "
		 "units at\n"
		 "# boot, before the vault is up, and the service would start unconfined.\n"
		 "#	install -D -m 644 /run/vault/%s/confine.conf "
		 "/etc/systemd/system/UNIT.service.d/50-vault.conf\n"
		 "#	systemctl daemon-reload\n"
		 "# Each line can be overridden by a drop-in of a later name.\n"
		 "[Unit]\n"
		 "BindsTo=vault@%s.service\n"
		 "After=vault@%s.service\n"
		 "\n"
		 "[Service]\n"
		 "NetworkNamespacePath=/run/netns/%s\n",
		 name, name, name, name, name);
	str_addf(out, confine_files, name, name, name);
	add_helpers(out);
	add_privileges(out);
}
