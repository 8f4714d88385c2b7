// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asking the kernel, and telling what it says against it. With IOMMUFD_CTL_ROOT the answers come
 * from files (replay.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <linux/genetlink.h>

#include "file.h"
#include "iv_error.h"
#include "replay.h"
#include "table.h"

static enum ctl_exit exit_of(int rc)
{
	switch (rc) {
	case -EPERM:
	case -EACCES:
		return CTL_NO_PERMISSION;
	case -ENOENT:
	case -ENODEV:
		return CTL_NO_OBJECT;
	default:
		return CTL_FAILED;
	}
}

/**
 * ctl_error() - tell of an error
 * @ctl: the run
 * @rc: negative errno
 * @what: what it was about
 *
 * Return: what to end with.
 */
int ctl_error(struct ctl *ctl, int rc, const char *what)
{
	fflush(stdout);
	fprintf(stderr, "iommufd-ctl: %s: %s%s%s\n", what, strerror(-rc),
		ctl->nl.error[0] ? ": " : "", ctl->nl.error);
	if (!ctl->replay && !ctl->nl.error[0] && rc != -EPERM && rc != -EOPNOTSUPP &&
	    iv_error_message()[0])
		fprintf(stderr, "iommufd-ctl: %s\n", iv_error_message());
	if (rc == -EPERM && !ctl->nl.error[0])
		fprintf(stderr,
			"iommufd-ctl: the kernel tells this to root only (CAP_NET_ADMIN)\n");
	if (rc == -EOPNOTSUPP)
		fprintf(stderr, "iommufd-ctl: iommufd doesn't know this command: it is older than "
			"this program (see iommufd-ctl doctor)\n");
	return exit_of(rc);
}

/**
 * ctl_try_connect() - be able to ask the kernel, if there is somebody to ask
 * @ctl: the run
 *
 * Return: 0; -ENOENT: our iommufd isn't loaded; or another negative errno.
 */
int ctl_try_connect(struct ctl *ctl)
{
	int rc;

	if (ctl->connected)
		return 0;
	ctl->replay = ctl_root[0];
	if (ctl->replay)
		rc = ctl_exists("/netlink") ? 0 : -ENOENT;
	else
		rc = iv_netlink_open(&ctl->nl);
	ctl->connected = !rc;
	return rc;
}

/**
 * ctl_connect() - be able to ask the kernel
 * @ctl: the run
 *
 * Return: enum ctl_exit; if there is nobody to ask, the user has been told.
 */
int ctl_connect(struct ctl *ctl)
{
	int rc = ctl_try_connect(ctl);

	if (rc != -ENOENT)
		return rc ? ctl_error(ctl, rc, "netlink") : CTL_OK;
	fprintf(stderr, "iommufd-ctl: iommufd of this project is not loaded: modprobe iommufd "
		"(iommufd-ctl doctor tells more)\n");
	return CTL_NO_MODULE;
}

/* As iv_netlink_dump(); connected. */
int ctl_dump(struct ctl *ctl, uint8_t cmd, const struct iv_filter *filters, unsigned int count,
	     iv_netlink_fn fn, void *data)
{
	if (ctl->replay)
		return replay_dump(cmd, filters, count, fn, data);
	return iv_netlink_dump(&ctl->nl, cmd, filters, count, fn, data);
}

/* Lets events come, for which ctl_event() doesn't wait. */
int ctl_listen(struct ctl *ctl)
{
	int rc;

	if (ctl->replay)
		return 0;
	rc = iv_netlink_listen(&ctl->nl);
	if (!rc && fcntl(ctl->nl.fd, F_SETFL, O_NONBLOCK))
		rc = -errno;
	return rc;
}

/* As iv_netlink_event(); -ENODATA at the end of a file */
int ctl_event(struct ctl *ctl, struct iv_attrs *attrs)
{
	return ctl->replay ? replay_event(attrs) : iv_netlink_event(&ctl->nl, attrs);
}

static int note_command(const struct iv_attrs *attrs, uint64_t *commands)
{
	const uint64_t id = iv_attrs_number(attrs, CTRL_ATTR_OP_ID, 0);

	if (id && id < 64)
		*commands |= 1ULL << id;
	return 0;
}

static int note_family(const struct iv_attrs *attrs, void *data)
{
	const struct nlattr *ops = iv_attr_find(attrs, CTRL_ATTR_OPS), *op = NULL;
	struct iv_attrs list, one;

	if (!ops)
		return 0;
	list = iv_attr_nested(ops);
	while ((op = iv_attr_next(&list, op))) {
		one = iv_attr_nested(op);
		note_command(&one, data);
	}
	return 0;
}

/**
 * ctl_family_commands() - which commands the kernel's family has
 * @ctl: the run; connected
 *
 * Return: a bit for each enum of commands; 0 if that can't be told.
 */
uint64_t ctl_family_commands(struct ctl *ctl)
{
	static const struct {
		struct genlmsghdr genl;
		struct nlattr attr;
		char name[sizeof(IOMMUFD_FAMILY_NAME)];
	} request = {
		.genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
		.attr = {
			.nla_len = NLA_HDRLEN + sizeof(IOMMUFD_FAMILY_NAME),
			.nla_type = CTRL_ATTR_FAMILY_NAME,
		},
		.name = IOMMUFD_FAMILY_NAME,
	};
	uint64_t commands = 0;

	if (ctl->replay)
		return replay_family();
	if (iv_netlink_send(&ctl->nl, GENL_ID_CTRL, NLM_F_ACK, &request, sizeof(request)) ||
	    iv_netlink_collect(&ctl->nl, NULL, note_family, &commands))
		return 0;
	return commands;
}
