// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events as they happen, a line for each.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "table.h"

static const char *const kinds[] = {
	"ctx-open", "ctx-close", "device-add", "device-remove", "bind", "bind-refused",
	"attach", "detach", "park", "revoke", "fault", "quota", NULL,
};

static const char *const quotas[] = { "memlock", "pasids", "faults", NULL };

static const struct ctl_column columns[] = {
	{ .name = "event", .attr = IOMMUFD_A_EVENT_KIND, .kind = CTL_ENUM, .words = kinds },
	{ .name = "device", .attr = IOMMUFD_A_EVENT_DEVICE, .kind = CTL_STRING },
	{ .name = "parent", .attr = IOMMUFD_A_EVENT_PARENT, .kind = CTL_STRING },
	{ .name = "context", .attr = IOMMUFD_A_EVENT_CTX, .kind = CTL_NUMBER },
	{ .name = "devid", .attr = IOMMUFD_A_EVENT_ENDPOINT, .kind = CTL_NUMBER },
	{ .name = "hwpt", .attr = IOMMUFD_A_EVENT_HWPT, .kind = CTL_NUMBER },
	{ .name = "ioas", .attr = IOMMUFD_A_EVENT_IOAS, .kind = CTL_NUMBER },
	{ .name = "pasid", .attr = IOMMUFD_A_EVENT_PASID, .kind = CTL_NUMBER },
	{ .name = "address", .attr = IOMMUFD_A_EVENT_ADDRESS, .kind = CTL_HEX },
	{ .name = "pid", .attr = IOMMUFD_A_EVENT_PID, .kind = CTL_NUMBER },
	{ .name = "command", .attr = IOMMUFD_A_EVENT_COMM, .kind = CTL_STRING },
	{ .name = "uid", .attr = IOMMUFD_A_EVENT_UID, .kind = CTL_NUMBER },
	{ .name = "quota", .attr = IOMMUFD_A_EVENT_QUOTA, .kind = CTL_ENUM, .words = quotas },
	{ .name = "errno", .attr = IOMMUFD_A_EVENT_ERRNO, .kind = CTL_NUMBER },
	{ .name = "reason", .attr = IOMMUFD_A_EVENT_REASON, .kind = CTL_STRING },
	{}
};

static const struct ctl_table table = { .name = "events", .columns = columns };

/* When it is told, which is soon after it has happened */
static void now_text(char text[32])
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(text, 32, "%lld.%06ld", (long long)now.tv_sec, now.tv_nsec / 1000);
}

static void write_json(const struct iv_attrs *attrs)
{
	struct ctl_json json = { .out = stdout };
	char now[32];

	now_text(now);
	json_open(&json, NULL, '{');
	json_raw(&json, "time", now);
	if (attrs)
		ctl_json_attrs(&json, &table, attrs);
	else
		json_string(&json, "event", "lost");
	json_close(&json, '}');
	putchar('\n');
}

static void write_text(const struct iv_attrs *attrs)
{
	const struct ctl_column *column;
	char now[32], *value;

	now_text(now);
	fputs(now, stdout);
	for (column = columns; column->name; column++) {
		value = ctl_value(column, attrs);
		if (!value)
			continue;
		if (column == columns)
			printf(" %s", value);
		else
			printf(" %s=%s", column->name, value);
		free(value);
	}
	putchar('\n');
}

static void write_event(const struct ctl *ctl, const struct iv_attrs *attrs)
{
	if (ctl->json)
		write_json(attrs);
	else
		write_text(attrs);
}

static void write_lost(const struct ctl *ctl)
{
	char now[32];

	now_text(now);
	if (ctl->json)
		write_json(NULL);
	else
		printf("%s lost: events came faster than they were written\n", now);
}

/*
 * Writes what there is. The signals that end us are blocked, and wouldn't end a write that nobody
 * reads; so wait for room, which for an event is enough, or for a signal. Then what is unread stays
 * unwritten, and this returns false.
 */
static bool write_out(int signals)
{
	struct pollfd fds[] = {
		{ .fd = STDOUT_FILENO, .events = POLLOUT },
		{ .fd = signals, .events = POLLIN },
	};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return false;
	if (fds[0].revents)
		return !fflush(stdout);
	__fpurge(stdout);
	return false;
}

/* Whether there is more to write: false for a signal, or when nobody reads any more */
static bool wait_for_more(const struct ctl *ctl, int signals)
{
	const struct iv_netlink *nl = &ctl->nl;
	struct pollfd fds[] = {
		{ .fd = nl->fd, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
		/* Nothing is asked for, so that only an error ends the wait. */
		{ .fd = STDOUT_FILENO },
	};

	if (!write_out(signals))
		return false;
	if (ctl->replay || iv_netlink_pending(nl))
		return true;
	while (poll(fds, 3, -1) < 0)
		if (errno != EINTR)
			return false;
	return !fds[1].revents && !(fds[2].revents & (POLLERR | POLLHUP));
}

static int tell_unloaded(void)
{
	fflush(stdout);
	fprintf(stderr, "iommufd-ctl: iommufd was unloaded, and there are no more events: modprobe "
		"iommufd, and start this again\n");
	return CTL_NO_MODULE;
}

static int listen_on(struct ctl *ctl, int signals)
{
	struct iv_attrs attrs;
	int rc;

	while (wait_for_more(ctl, signals)) {
		rc = ctl_event(ctl, &attrs);
		if (rc == -ENODATA)
			return CTL_OK;
		if (rc == -ENODEV)
			return tell_unloaded();
		/* What woke us was no event. */
		if (rc == -EAGAIN)
			continue;
		if (rc && rc != -ENOBUFS)
			return ctl_error(ctl, rc, "events");
		if (rc)
			write_lost(ctl);
		else
			write_event(ctl, &attrs);
	}
	return CTL_OK;
}

int ctl_monitor(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	sigset_t ends;
	int rc, signals;

	(void)command;
	(void)words;
	rc = ctl_connect(ctl);
	if (rc)
		return rc;
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signals = signalfd(-1, &ends, SFD_CLOEXEC);
	if (signals < 0)
		return ctl_error(ctl, -errno, "signals");
	rc = ctl_listen(ctl);
	rc = rc ? ctl_error(ctl, rc, "events") : listen_on(ctl, signals);
	close(signals);
	return rc;
}
