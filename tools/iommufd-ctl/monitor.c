// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events as they happen, a line for each.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
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

/* @text is printable; what means something in JSON is all that is left to escape. */
static void write_json_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

static void write_json_value(const struct ctl_column *column, const char *value)
{
	printf(",\"%s\":", column->name);
	if (column->kind == CTL_NUMBER)
		fputs(value, stdout);
	else
		write_json_string(value);
}

static void write_text_value(const struct ctl_column *column, const char *value)
{
	if (column->attr == IOMMUFD_A_EVENT_KIND)
		printf(" %s", value);
	else
		printf(" %s=%s", column->name, value);
}

static void write_time(const struct ctl *ctl)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	printf(ctl->json ? "{\"time\":%lld.%06ld" : "%lld.%06ld", (long long)now.tv_sec,
	       now.tv_nsec / 1000);
}

static void write_event(const struct ctl *ctl, const struct iv_attrs *attrs)
{
	const struct ctl_column *column;
	char *value;

	write_time(ctl);
	for (column = columns; column->name; column++) {
		value = ctl_value(column, attrs);
		if (!value)
			continue;
		if (ctl->json)
			write_json_value(column, value);
		else
			write_text_value(column, value);
		free(value);
	}
	printf(ctl->json ? "}\n" : "\n");
}

static void write_lost(const struct ctl *ctl)
{
	write_time(ctl);
	printf(ctl->json ? ",\"event\":\"lost\"}\n" :
			   " lost: events came faster than they were written\n");
}

/* Whether there is more to write: false for a signal, or when nobody reads any more */
static bool wait_for_more(const struct iv_netlink *nl, int signals)
{
	struct pollfd fds[] = {
		{ .fd = nl->fd, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
		/* Nothing is asked for, so that only an error ends the wait. */
		{ .fd = STDOUT_FILENO },
	};

	if (fflush(stdout))
		return false;
	if (iv_netlink_pending(nl))
		return true;
	while (poll(fds, 3, -1) < 0)
		if (errno != EINTR)
			return false;
	return !fds[1].revents && !(fds[2].revents & (POLLERR | POLLHUP));
}

static int listen_on(struct ctl *ctl, int signals)
{
	struct iv_attrs attrs;
	int rc;

	while (wait_for_more(&ctl->nl, signals)) {
		rc = iv_netlink_event(&ctl->nl, &attrs);
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
	rc = iv_netlink_listen(&ctl->nl);
	rc = rc ? ctl_error(ctl, rc, "events") : listen_on(ctl, signals);
	close(signals);
	return rc;
}
