/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/main.c: global options, the command by its name or by the one the binary is run under, help.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base.h"
#include "lib/str.h"
#include "vault/cmd/cmd.h"
#include "vault/exit.h"
#include "vault/option.h"
#include "vault/read/clause.h"
#include "vault/report.h"
#include "vault/spec/state.h"

static void usage(struct str *out)
{
	str_add(out, "usage: vault [ OPTIONS ] COMMAND [ ARGUMENTS ]\n\nCOMMAND\n");
	for (size_t i = 0; i < cmd_count; i++)
		if (cmd_list[i]->help)
			str_addf(out, "  %-14s  %s\n", cmd_list[i]->name, cmd_list[i]->help);
	str_add(out, "  help            print a command's usage: vault help COMMAND\n\nOPTIONS\n");
	for (size_t i = 0; i < option_count; i++)
		str_addf(out, "  -%c, -%-11s%s\n", option_list[i].letter, option_list[i].name,
			 option_list[i].help);
}

static int print_usage(const struct cmd *cmd)
{
	struct str out cleanup(str_free) = STR_INIT;

	if (cmd) {
		clauses_usage(cmd->words, cmd->help, &out);
		if (cmd->usage)
			cmd->usage(&out);
	} else {
		usage(&out);
	}
	report_result(out.err ? "" : out.s);
	report_json(json_string(out.err ? "" : out.s));
	return out.err ? EXIT_FAILED : EXIT_DONE;
}

static int help_run(int argc, char **argv)
{
	const struct cmd *cmd = argc ? cmd_find(argv[0]) : NULL;

	if (argc && !strcmp(argv[0], "help"))
		return print_usage(NULL);
	if (argc > 1) {
		report_error("help", "one command, not \"%.80s\" too (`vault help`)", argv[1]);
		return EXIT_USAGE;
	}
	if (argc && (!cmd || !cmd->help)) {
		report_error("help", "no command \"%.80s\"", argv[0]);
		return EXIT_USAGE;
	}
	return print_usage(cmd);
}

static int print_version(void)
{
	report_result("vault " VAULT_VERSION "\n");
	report_json(json_pack("{s:s}", "version", VAULT_VERSION));
	return EXIT_DONE;
}

/*
 * What the caller has closed of the first three would be the number of a file of ours, such as a
 * log, and what is said would go into it. /dev/null takes the place, the wrong way round: to read
 * or write it fails as it did. 0 or -errno.
 */
static int fill_stdio(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && /* what is started gets it; */
		    /* NOLINTNEXTLINE(android-cloexec-open) */
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return -errno;
	return 0;
}

/*
 * What is relied on, whatever the caller left: the first three descriptors; children that can be
 * waited for; signals that arrive; that what others must be able to read, such as the vault's
 * resolv.conf, can be; that a file that may not grow is an error like others. There is no locale
 * but the C one, as nobody sets it. Not for exec, whose COMMAND gets all as the caller left it. 0
 * or -errno.
 */
static int settle(const struct cmd *cmd)
{
	sigset_t none;

	if (cmd == &cmd_exec)
		return 0;
	umask(022);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL))
		return -errno;
	return fill_stdio();
}

/* `vault up help`, `vault up --help`, `vault check NAME help`; but what is behind the name may be
 * the command of exec. */
static bool asks_help(const struct cmd *cmd, int argc, char **argv)
{
	const struct option *option;
	const char *last;

	if (!argc || argc > 2 || (cmd == &cmd_exec && argc == 2))
		return false;
	last = argv[argc - 1];
	option = option_find(last);
	return !strcmp(last, "help") || (option && option->at == offsetof(struct options, help));
}

static int run_cmd(const struct cmd *cmd, int argc, char **argv, const struct options *options)
{
	int r;

	if (cmd->help && asks_help(cmd, argc, argv))
		return print_usage(cmd);
	if (cmd->outlives_readers)
		signal(SIGPIPE, SIG_IGN);
	if (cmd->unsaid)
		report_unsaid(cmd->unsaid);
	r = settle(cmd);
	if (r)
		report_error("/dev/null", "%s (open all of stdin, stdout and stderr)",
			     strerror(-r));
	else if (cmd->on_host && state_is_inside())
		report_mendable(cmd->name, state_remedy(-EXDEV), "%s", state_error(-EXDEV));
	else
		return cmd->run(argc, argv, options);
	if (cmd == &cmd_exec) /* 1 may be its command's */
		return EXIT_EXEC_FAILED;
	return cmd->unsaid ? cmd->unsaid : EXIT_FAILED;
}

/* Names of other tools' for what `check` tells. */
static bool asks_what_is(const char *word)
{
	static const char *const names[] = { "list", "ls", "status", "show" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(word, names[i]))
			return true;
	return false;
}

static void refuse_command(int argc, char **argv)
{
	const char *word = argv[0];
	const char *nearest = asks_what_is(word) ? "check" : NULL;

	for (size_t i = 0; !nearest && i < cmd_count; i++)
		if (cmd_list[i]->help &&
		    str_distance(word, cmd_list[i]->name) <= (strlen(word) > 4 ? 2 : 1))
			nearest = cmd_list[i]->name;
	if (!nearest && argc > 1 && cmd_find(argv[1])) {
		report_error("vault", "no command \"%.80s\" (vault %s %.80s?)", word, argv[1],
			     word);
		return;
	}
	report_error("vault", "no command \"%.80s\" (vault %s%s)", word, nearest ? nearest : "help",
		     nearest ? "?" : "");
}

static int dispatch(const struct cmd *cmd, int argc, char **argv, const struct options *options)
{
	if (cmd)
		return run_cmd(cmd, argc, argv, options);
	if (!argc && options->json)
		report_error("vault", "no command (vault help)");
	if (!argc) {
		if (!options->json)
			(void)print_usage(NULL);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[0], "help"))
		return help_run(argc - 1, argv + 1);
	cmd = cmd_find(argv[0]);
	if (!cmd) {
		refuse_command(argc, argv);
		return EXIT_USAGE;
	}
	return run_cmd(cmd, argc - 1, argv + 1, options);
}

int main(int argc, char **argv)
{
	const struct cmd *cmd = cmd_of_link(argc ? argv[0] : "");
	struct options options = { 0 };
	bool known = true;
	int at = 1;

	json_object_seed(1); /* else /dev/urandom is read: for keys that strangers choose, of which
				there are none */
	while (known && !options.version && !options.help && at < argc && argv[at][0] == '-' &&
	       argv[at][1])
		known = option_take(argv[at++], &options);
	report_begin(&options);
	if (!known) {
		report_error(argv[at - 1], "unknown option (`vault help`)");
		return report_end(EXIT_USAGE);
	}
	if (options.version)
		return report_end(print_version());
	if (options.help && !cmd && at < argc)
		cmd = cmd_find(argv[at]);
	if (options.help)
		return report_end(print_usage(cmd && cmd->help ? cmd : NULL));
	return report_end(dispatch(cmd, argc > at ? argc - at : 0, argv + at, &options));
}
