/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/monitor.c: leak tests, once or again and again: told, kept in a log, acted upon.
 *
 * Runs begin at fixed times, the first one's and each interval after it, by the clock that goes on
 * while the machine sleeps: one that takes longer than the interval passes over the next, and none
 * moves those after it. Nothing is kept from run to run but a few numbers.
 */
#include "vault/leak/monitor.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "lib/time.h"
#include "vault/exit.h"
#include "vault/leak/action.h"
#include "vault/leak/result/log.h"
#include "vault/leak/result/summary.h"
#include "vault/proc/signals.h"
#include "vault/report.h"
#include "vault/spec/state.h"

#define NSEC 1000000000LL

struct watching {
	const struct monitor *w;
	struct leak_log log;
	struct summary summary;
	size_t not_logged;
	bool over; /* what was done about a leak left nothing to test */
};

/* ---- one run ---- */

static void on_alarm(struct leak_run *run, const struct spec *spec, int ns, void *arg)
{
	const struct watching *all = arg;

	action_take(all->w->on_leak, run, spec, ns);
}

static void log_run(struct watching *all, const struct leak_run *run)
{
	json_t *json;
	int r;

	if (!all->w->log)
		return;
	json = leak_run_json(run);
	r = json ? leak_log_add(&all->log, json) : -ENOMEM;
	json_decref(json);
	if (!r)
		return;
	all->not_logged++;
	report_error(all->w->log, "this run is not in the log: %s",
		     *all->log.why ? all->log.why : strerror(-r));
}

/* What a run came to, to be kept. */
struct outcome {
	const struct leak_run *run;
	bool all; /* of all probes: its verdict is the vault's */
};

static int save(void *arg)
{
	const struct outcome *o = arg;
	struct state_test test = { .generation = o->run->generation };

	for (size_t i = 0; i < o->run->n_drops; i++)
		test.dropped += o->run->drops[i].packets;
	if (o->all) {
		test.ms = time_ms(&o->run->time);
		snprintf(test.verdict, sizeof(test.verdict), "%s",
			 leak_verdict_text(o->run->verdict));
	}
	return state_save_test(o->run->name, &test);
}

/* For `check`, in the vault's folder: which is gone where what was done about a leak took the vault
 * down. */
static void keep(const struct leak_run *run, bool all)
{
	struct outcome o = { run, all };
	int r = leak_await_lock(save, &o);

	if (r && r != -ENOENT)
		report_error(run->name, "what the test came to is not kept: %s",
			     r == -EWOULDBLOCK ? "another command is at work on this vault"
					       : strerror(-r));
}

/* In one line where all is well and others follow. */
static void print_run(const struct watching *all, const struct leak_run *run)
{
	struct str out cleanup(str_free) = STR_INIT;
	bool one_line = all->w->interval;
	char time[TIME_STRLEN];

	if (one_line)
		report_line("%s %s: %s", time_format(time_ms(&run->time), time), run->name,
			    leak_verdict_text(run->verdict));
	if (report_is_json() && one_line) {
		report_json_line(leak_run_json(run));
	} else if (report_is_json()) {
		report_json(leak_run_json(run));
	} else {
		leak_run_print(run, all->w->brief || one_line, report_is_coloured(), &out);
		if (out.err)
			report_error(run->name, "out of memory");
		else if (out.s)
			report_result(out.s);
	}
	report_flush(); /* whoever reads along wants it now */
}

/* One run: 0, or its exit code when there was none to judge, reported. */
static int run_once(struct watching *all)
{
	struct leak_request test = all->w->test;
	struct leak_run run = { 0 };
	int code;

	clock_gettime(CLOCK_REALTIME, &run.time);
	test.alarm = all->w->on_leak ? on_alarm : NULL;
	test.alarm_arg = all;
	code = leak_test(&test, &run);
	if (code && signals_wait()) {
		leak_run_free(&run);
		return code; /* cut short: no run */
	}
	if (code) {
		run.verdict = run.control.verdict = LEAK_UNKNOWN;
		leak_run_detail(&run, &run.control.detail, "there was no run");
	}
	summary_add(&all->summary, time_ms(&run.time), leak_verdict_text(run.verdict));
	log_run(all, &run);
	if (!code || all->w->interval)
		print_run(all, &run);
	if (!code)
		keep(&run, !test.n_probes);
	all->over = run.action.what && run.action.done && action_ends(run.action.what);
	leak_run_free(&run);
	return code;
}

/* ---- again and again ---- */

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * NSEC + t.tv_nsec;
}

/* Waits until AT. 1; 0 when a signal came first; or -errno. */
static int wait_until(int64_t at, struct pollfd fds[static 2])
{
	struct itimerspec when = { .it_value = { .tv_sec = at / NSEC, .tv_nsec = at % NSEC } };
	int n;

	if (timerfd_settime(fds[1].fd, TFD_TIMER_ABSTIME, &when, NULL))
		return -errno;
	do
		n = poll(fds, 2, -1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return !fds[0].revents;
}

static int repeat(struct watching *all, struct pollfd fds[static 2])
{
	int64_t start = now_ns(), interval = all->w->interval * NSEC, next = start;
	int r = 1;

	do {
		run_once(all);
		next += interval * ((now_ns() - next) / interval + 1);
		if (all->over || signals_wait() ||
		    (all->w->duration && next - start >= all->w->duration * NSEC))
			break;
		r = wait_until(next, fds);
	} while (r == 1);
	return r < 0 ? r : 0;
}

static int keep_watch(struct watching *all)
{
	int signals cleanup(close_fd) = -1, timer cleanup(close_fd) = -1;
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
	const sigset_t set = signals_ending();

	signals = signalfd(-1, &set, SFD_CLOEXEC);
	timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
	if (signals < 0 || timer < 0)
		return -errno;
	fds[0].fd = signals;
	fds[1].fd = timer;
	return repeat(all, fds);
}

static void summarise(const struct watching *all)
{
	struct str out cleanup(str_free) = STR_INIT;
	json_t *summary = summary_json(&all->summary);

	summary_print(&all->summary, all->w->test.name, &out);
	if (!out.err &&
	    !(all->w->brief && summary_exit_code(&all->summary) == EXIT_DONE && !all->not_logged))
		report_result(out.s);
	if (summary && (json_object_set_new(summary, "name", json_string(all->w->test.name)) ||
			json_object_set_new(summary, "not_logged",
					    json_integer((json_int_t)all->not_logged)))) {
		json_decref(summary);
		summary = NULL;
	}
	report_json(summary ? json_pack("{s:o}", "summary", summary) : NULL);
}

static const char *open_error(const struct leak_log *log, int err)
{
	if (*log->why)
		return log->why;
	switch (-err) {
	case EINVAL:
		return "not a regular file (name one, or a new one)";
	case ELOOP:
		return "a symbolic link, which is not followed (name the file itself)";
	case ENOENT:
		return "its folder is not there (make it)";
	default:
		return strerror(-err);
	}
}

int monitor_run(const struct monitor *w)
{
	struct watching all = { .w = w, .log.fd = -1 };
	int r = w->log ? leak_log_open(&all.log, w->log) : 0, code;

	if (r) {
		report_error(w->log, "%s", open_error(&all.log, r));
		return EXIT_USAGE;
	}
	if (!w->interval) {
		run_once(&all);
	} else {
		r = keep_watch(&all);
		if (r)
			report_error(w->test.name, "waiting for the next run: %s", strerror(-r));
		summarise(&all);
	}
	leak_log_close(&all.log);
	code = summary_exit_code(&all.summary);
	return code == EXIT_DONE && (r || all.not_logged) ? EXIT_UNDECIDED : code;
}
