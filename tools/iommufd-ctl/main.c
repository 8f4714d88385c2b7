// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd-ctl: what iommufd is doing. The table of commands is the only one: help, dispatch and
 * complaints come from it.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

static const struct ctl_command commands[] = {
	{ "status", NULL, "", 0, 0, "modules, IOMMU, devices and who holds them", &ctl_device_table,
	  ctl_status },
	{ "device", "list", "", 0, 0, "devices that vfio offers", &ctl_device_table,
	  ctl_device_list },
	{ "device", "show", "DEVICE", 1, 1, "all about one of them", &ctl_device_table,
	  ctl_device_show },
	{ "device", "revoke", "DEVICE", 1, 1, "take it from all who have it open", NULL,
	  ctl_device_revoke },
	{ "ctx", "list", "", 0, 0, "contexts: open files of /dev/iommu", &ctl_ctx_table,
	  ctl_ctx_list },
	{ "ctx", "show", "CONTEXT", 1, 1, "all about one of them", &ctl_ctx_table, ctl_ctx_show },
	{ "ioas", "list", "[CONTEXT]", 0, 1, "address spaces", &ctl_ioas_table, ctl_ioas_list },
	{ "ioas", "show", "CONTEXT IOAS", 2, 2, "what is mapped in one of them", &ctl_area_table,
	  ctl_ioas_show },
	{ "hwpt", "list", "[CONTEXT]", 0, 1, "page tables", &ctl_hwpt_table, ctl_hwpt_list },
	{ "pasid", "list", "[CONTEXT]", 0, 1, "PASIDs", &ctl_pasid_table, ctl_pasid_list },
	{ "monitor", NULL, "", 0, 0, "events as they happen", NULL, ctl_monitor },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(*commands))

static void print_help(FILE *out)
{
	const struct ctl_command *command;
	char line[64];

	fprintf(out, "Usage: iommufd-ctl [OPTION...] [COMMAND]\n\n");
	for (command = commands; command < commands + NR_COMMANDS; command++) {
		snprintf(line, sizeof(line), "%s%s%s %s", command->object,
			 command->verb ? " " : "", command->verb ?: "", command->args);
		fprintf(out, "  %-24s %s\n", line, command->help);
	}
	fprintf(out, "\nDEVICE is vfioN, a PCI address, or the name of a mediated device.\n\n"
		     "  -j, --json            JSON\n"
		     "  -n, --noheadings      no headings\n"
		     "  -o, --output COLUMNS  these columns, with commas; COMMAND --help lists them\n"
		     "  -h, --help            this help, or that of a command\n");
}

static int print_command_help(const struct ctl_command *command)
{
	const struct ctl_column *column;

	printf("Usage: iommufd-ctl [OPTION...] %s%s%s %s\n\n  %s\n", command->object,
	       command->verb ? " " : "", command->verb ?: "", command->args, command->help);
	if (!command->table)
		return CTL_OK;
	printf("\nColumns:\n");
	for (column = command->table->columns; column->name; column++)
		printf("  %-10s %s%s\n", column->name, column->help,
		       column->more ? " (not in lists, unless asked for)" : "");
	return CTL_OK;
}

/* All first words, or all second words of @object */
static void complain(const char *wrong, const char *object)
{
	const struct ctl_command *command;
	const char *last = "";

	if (wrong)
		fprintf(stderr, "iommufd-ctl: '%s' is not a command%s%s; there are:", wrong,
			object ? " of " : "", object ?: "");
	else
		fprintf(stderr, "iommufd-ctl: %s what? There are:", object);
	for (command = commands; command < commands + NR_COMMANDS; command++) {
		const char *word = object ? command->verb : command->object;

		if ((object && strcmp(command->object, object)) || !word || !strcmp(word, last))
			continue;
		fprintf(stderr, " %s", word);
		last = word;
	}
	fprintf(stderr, "\n");
}

/* Takes the words of a command; those that follow are left in @words. */
static const struct ctl_command *find_command(char ***words)
{
	const struct ctl_command *command;
	const char *object = **words ?: "status";
	bool known = false;

	for (command = commands; command < commands + NR_COMMANDS; command++) {
		if (strcmp(command->object, object))
			continue;
		known = true;
		if (command->verb && (!(*words)[1] || strcmp(command->verb, (*words)[1])))
			continue;
		*words += !!**words + !!command->verb;
		return command;
	}
	if (known)
		complain((*words)[1], object);
	else
		complain(object, NULL);
	return NULL;
}

/**
 * ctl_number() - a number from the command line
 * @word: decimal, from 1
 * @number: set to it
 *
 * Return: whether it is one; else the user has been told.
 */
bool ctl_number(const char *word, uint32_t *number)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(word, &end, 10);
	if (!errno && *word >= '0' && *word <= '9' && !*end && value && value <= INT32_MAX) {
		*number = value;
		return true;
	}
	fprintf(stderr, "iommufd-ctl: '%s' is not a number from 1 on\n", word);
	return false;
}

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
	fprintf(stderr, "iommufd-ctl: %s: %s%s%s\n", what, strerror(-rc),
		ctl->nl.error[0] ? ": " : "", ctl->nl.error);
	if (rc == -EPERM && !ctl->nl.error[0])
		fprintf(stderr,
			"iommufd-ctl: the kernel tells this to root only (CAP_NET_ADMIN)\n");
	return exit_of(rc);
}

/**
 * ctl_connect() - be able to ask the kernel
 * @ctl: the run
 *
 * Return: enum ctl_exit; if there is nobody to ask, the user has been told.
 */
int ctl_connect(struct ctl *ctl)
{
	int rc;

	if (ctl->connected)
		return CTL_OK;
	rc = iv_netlink_open(&ctl->nl);
	ctl->connected = !rc;
	if (rc != -ENOENT)
		return rc ? ctl_error(ctl, rc, "netlink") : CTL_OK;
	fprintf(stderr, "iommufd-ctl: iommufd of this project is not loaded: modprobe iommufd\n");
	return CTL_NO_MODULE;
}

/* How many words there are */
static int count_words(char **words)
{
	int count = 0;

	while (words[count])
		count++;
	return count;
}

static int run(struct ctl *ctl, char **words, bool help)
{
	const struct ctl_command *command;
	int count;

	if (help && !words[0]) {
		print_help(stdout);
		return CTL_OK;
	}
	command = find_command(&words);
	if (!command)
		return CTL_USAGE;
	if (help)
		return print_command_help(command);
	count = count_words(words);
	if (count >= command->min && count <= command->max)
		return command->run(ctl, command, words);
	if (count > command->max)
		fprintf(stderr, "iommufd-ctl: there is a word too many: '%s'\n",
			words[command->max]);
	fprintf(stderr, "usage: iommufd-ctl %s%s%s %s\n", command->object,
		command->verb ? " " : "", command->verb ?: "", command->args);
	return CTL_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "noheadings", no_argument, NULL, 'n' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	static struct ctl ctl;
	bool help = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "jno:h", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			ctl.json = true;
			break;
		case 'n':
			ctl.noheadings = true;
			break;
		case 'o':
			ctl.columns = optarg;
			break;
		case 'h':
			help = true;
			break;
		default:
			fprintf(stderr, "iommufd-ctl --help tells the options\n");
			return CTL_USAGE;
		}
	}
	/* A reader that goes away ends us without a word, but not with success. */
	signal(SIGPIPE, SIG_DFL);
	status = run(&ctl, argv + optind, help);
	if (fflush(stdout) && !status)
		status = CTL_FAILED;
	if (ctl.connected)
		iv_netlink_close(&ctl.nl);
	return status;
}
