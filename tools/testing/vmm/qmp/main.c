// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm-qmp: talks QEMU's machine protocol over its socket, and can hand files over, which a
 * script can't.
 *
 * All steps of one run use one connection, and an event counts wherever it came since the
 * connection was made: a command may be answered after the event that it caused.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
	"Usage: vmm-qmp SOCKET STEP...\n"
	"\n"
	"Each STEP is one of\n"
	"  JSON               a command, such as '{\"execute\": \"stop\"}'; its answer is printed\n"
	"  file=NAME:PATH     opens PATH for reading and writing and hands it to QEMU as NAME (getfd)\n"
	"  event=WORDS        waits for an event with WORDS in it, such as DEVICE_DELETED\n"
	"  timeout=SECONDS    for each later step (default: 30)\n"
	"\n"
	"Exit status: 0; 1 if QEMU refused a command, or a time was over; 2 for a mistake.\n";

enum { LINE_SIZE = 1 << 16, EVENTS_SIZE = 1 << 18 };

static int sock = -1;
static int timeout_s = 30;
static char input[LINE_SIZE];
static size_t input_used;
static char events[EVENTS_SIZE];	/* all of them so far, a line each */

static void __attribute__((noreturn, format(printf, 2, 3))) end(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("vmm-qmp: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(status);
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Takes the first whole line out of the input. Returns false when there is none yet. */
static bool take_line(char *line)
{
	char *newline = memchr(input, '\n', input_used);
	size_t length;

	if (!newline)
		return false;
	length = newline - input;
	memcpy(line, input, length);
	line[length] = '\0';
	input_used -= length + 1;
	memmove(input, newline + 1, input_used);
	return true;
}

/* The next line that is no event, or, with @any, any line. */
static void next_line(char *line, bool any, long long deadline, const char *what)
{
	for (;;) {
		while (!take_line(line)) {
			struct pollfd poll_fd = { .fd = sock, .events = POLLIN };
			long long left = deadline - now_ms();
			ssize_t got;

			if (left <= 0 || poll(&poll_fd, 1, left) == 0)
				end(1, "nothing came in %d s for: %s", timeout_s, what);
			if (input_used == sizeof(input))
				end(1, "QEMU sent a line of more than %zu bytes", sizeof(input));
			got = read(sock, input + input_used, sizeof(input) - input_used);
			if (got <= 0)
				end(1, "QEMU hung up before this was done: %s", what);
			input_used += got;
		}
		if (strstr(line, "\"event\":")) {
			if (strlen(events) + strlen(line) + 2 > sizeof(events))
				end(1, "QEMU sent too many events");
			strcat(strcat(events, line), "\n");
			if (!any)
				continue;
		}
		return;
	}
}

static void connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char line[LINE_SIZE];

	if (strlen(path) >= sizeof(address.sun_path))
		end(2, "%s is too long for a socket's name", path);
	strcpy(address.sun_path, path);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || connect(sock, (struct sockaddr *)&address, sizeof(address)))
		end(1, "%s: %s", path, strerror(errno));
	next_line(line, false, now_ms() + timeout_s * 1000LL, "QEMU's greeting");
}

/* Sends a command, with the file @fd if that is not negative. Returns its answer in @line. */
static void command(const char *text, int fd, char *line)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { };
	struct iovec iov = { .iov_base = (char *)text, .iov_len = strlen(text) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.space);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	if (sendmsg(sock, &message, MSG_NOSIGNAL) != (ssize_t)iov.iov_len)
		end(1, "%s: %s", text, strerror(errno));
	next_line(line, false, now_ms() + timeout_s * 1000LL, text);
	if (strstr(line, "\"error\":"))
		end(1, "QEMU refused %s: %s", text, line);
}

static void hand_over(const char *words)
{
	const char *path = strchr(words, ':');
	char text[256], line[LINE_SIZE];
	int fd;

	if (!path)
		end(2, "file=%s lacks a path", words);
	fd = open(path + 1, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		end(1, "%s: %s", path + 1, strerror(errno));
	snprintf(text, sizeof(text),
		 "{\"execute\": \"getfd\", \"arguments\": {\"fdname\": \"%.*s\"}}",
		 (int)(path - words), words);
	command(text, fd, line);
	close(fd);
}

static void wait_for_event(const char *words)
{
	long long deadline = now_ms() + timeout_s * 1000LL;
	char line[LINE_SIZE];

	while (!strstr(events, words))
		next_line(line, true, deadline, words);
}

int main(int argc, char **argv)
{
	char line[LINE_SIZE];

	if (argc < 3) {
		fputs(usage, stderr);
		return 2;
	}
	connect_to(argv[1]);
	command("{\"execute\": \"qmp_capabilities\"}", -1, line);
	for (char **step = argv + 2; *step; step++) {
		if ((*step)[0] == '{') {
			command(*step, -1, line);
			puts(line);
		} else if (!strncmp(*step, "file=", 5)) {
			hand_over(*step + 5);
		} else if (!strncmp(*step, "event=", 6)) {
			wait_for_event(*step + 6);
		} else if (!strncmp(*step, "timeout=", 8)) {
			timeout_s = atoi(*step + 8);
		} else {
			end(2, "there is no step '%s'; see: vmm-qmp without arguments", *step);
		}
	}
	return 0;
}
