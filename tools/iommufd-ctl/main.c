// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd-ctl: what iommufd is doing. Options that all commands have may stand before the command
 * or behind it; those of a command stand behind it, and win where a letter means two things.
 */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "table.h"

/* Values of getopt for options without a letter */
#define LONG_ONLY 256

/**
 * struct syntax - what getopt is told
 * @options: those that may come
 * @count: how many
 * @longs: the same for getopt_long()
 * @shorts: and their letters
 */
struct syntax {
	const struct ctl_option *options[CTL_CHOICES_MAX];
	unsigned int count;
	struct option longs[CTL_CHOICES_MAX + 1];
	char shorts[3 * CTL_CHOICES_MAX + 2];
};

static void add_options(struct syntax *syntax, const struct ctl_option *option)
{
	char *end;

	for (; option && option->name; option++) {
		syntax->longs[syntax->count] = (struct option){
			.name = option->name,
			.has_arg = !option->arg ? no_argument :
				   *option->arg == '[' ? optional_argument : required_argument,
			.val = LONG_ONLY + syntax->count,
		};
		syntax->options[syntax->count++] = option;
		if (!option->letter || strchr(syntax->shorts, option->letter))
			continue;
		end = syntax->shorts + strlen(syntax->shorts);
		*end++ = option->letter;
		if (option->arg)
			*end++ = ':';
	}
}

static const struct ctl_option *option_of(const struct syntax *syntax, int value)
{
	unsigned int i;

	if (value >= LONG_ONLY)
		return syntax->options[value - LONG_ONLY];
	for (i = 0; i < syntax->count; i++)
		if (syntax->options[i]->letter == value)
			return syntax->options[i];
	return NULL;
}

/* Takes options up to the first word, or all if a command's are known. */
static int take_options(struct ctl *ctl, const struct ctl_command *command, int argc, char **argv)
{
	struct syntax syntax = { .shorts = "" };
	const struct ctl_option *option;
	int value;

	if (!command)
		strcpy(syntax.shorts, "+");
	else
		add_options(&syntax, command->options);
	add_options(&syntax, ctl_common_options);
	optind = 0;
	while ((value = getopt_long(argc, argv, syntax.shorts, syntax.longs, NULL)) != -1) {
		option = option_of(&syntax, value);
		if (!option || ctl->nr_choices == CTL_CHOICES_MAX) {
			fprintf(stderr, "iommufd-ctl%s%s%s%s --help tells the options\n",
				command ? " " : "", command ? command->object : "",
				command && command->verb ? " " : "",
				command && command->verb ? command->verb : "");
			return CTL_USAGE;
		}
		ctl->choices[ctl->nr_choices++] =
			(struct ctl_choice){ .option = option, .value = optarg ?: "" };
	}
	return CTL_OK;
}

/* The value of an option, "" for one that has none; NULL: it was not given. The last one counts. */
const char *ctl_option(const struct ctl *ctl, const char *name)
{
	unsigned int i;

	for (i = ctl->nr_choices; i--; )
		if (!strcmp(ctl->choices[i].option->name, name))
			return ctl->choices[i].value;
	return NULL;
}

static bool parse_number(const char *word, unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(word, &end, 10);
	return !errno && *word >= '0' && *word <= '9' && !*end;
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

	if (parse_number(word, &value) && value && value <= INT32_MAX) {
		*number = value;
		return true;
	}
	fprintf(stderr, "iommufd-ctl: '%s' is not a number from 1 on\n", word);
	return false;
}

/**
 * ctl_option_number() - the number that an option was given
 * @ctl: the run
 * @name: the option
 * @least: what it may be
 * @most: what it may be
 * @number: set to it, and left alone if the option was not given
 *
 * Return: whether it is one; else the user has been told.
 */
bool ctl_option_number(const struct ctl *ctl, const char *name, unsigned long least,
		       unsigned long most, unsigned long *number)
{
	const char *word = ctl_option(ctl, name);
	unsigned long value;

	if (!word)
		return true;
	if (parse_number(word, &value) && value >= least && value <= most) {
		*number = value;
		return true;
	}
	fprintf(stderr, "iommufd-ctl: --%s: '%s' is not a number from %lu to %lu\n", name, word,
		least, most);
	return false;
}

static int count_words(char **words)
{
	int count = 0;

	while (words[count])
		count++;
	return count;
}

static int print_version(void)
{
	printf("iommufd-ctl %s\n", IOMMUFD_VFIO_VERSION);
	return CTL_OK;
}

static int run(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	const int count = count_words(words);

	if (ctl_option(ctl, "version"))
		return print_version();
	if (ctl_option(ctl, "help"))
		return ctl_help_command(command);
	ctl->json = ctl_option(ctl, "json");
	ctl->noheadings = ctl_option(ctl, "noheadings");
	ctl->columns = ctl_option(ctl, "output");
	if (count >= command->min && count <= command->max)
		return command->run(ctl, command, words);
	if (count > command->max)
		fprintf(stderr, "iommufd-ctl: there is a word too many: '%s'\n",
			words[command->max]);
	ctl_usage(command);
	return CTL_USAGE;
}

/* iommufd-ctl --help, or iommufd-ctl device --help */
static bool help_without_command(struct ctl *ctl, char **words)
{
	if (!words[0] && ctl_option(ctl, "help")) {
		ctl_help_object(NULL);
		return true;
	}
	if (!words[0] || !ctl_is_object(words[0]))
		return false;
	if ((words[1] || !ctl_option(ctl, "help")) &&
	    (!words[1] || (strcmp(words[1], "--help") && strcmp(words[1], "-h"))))
		return false;
	ctl_help_object(words[0]);
	return true;
}

static int run_words(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_command *command;
	char **words;
	int rc;

	rc = take_options(ctl, NULL, argc, argv);
	if (rc)
		return rc;
	if (ctl_option(ctl, "version"))
		return print_version();
	words = argv + optind;
	if (help_without_command(ctl, words))
		return CTL_OK;
	command = ctl_find_command(&words);
	if (!command)
		return CTL_USAGE;
	/* getopt passes over what it takes for the program's name: the word before. */
	words--;
	argc = count_words(words);
	rc = take_options(ctl, command, argc, words);
	return rc ?: run(ctl, command, words + optind);
}

int main(int argc, char **argv)
{
	static struct ctl ctl;
	int status;

	setlocale(LC_CTYPE, "");
	if (ctl_root_init())
		return CTL_FAILED;
	/* A reader that goes away ends us without a word, but not with success. */
	signal(SIGPIPE, SIG_DFL);
	status = run_words(&ctl, argc, argv);
	if (fflush(stdout) && !status)
		status = CTL_FAILED;
	if (ctl.connected && !ctl.replay)
		iv_netlink_close(&ctl.nl);
	return status;
}
