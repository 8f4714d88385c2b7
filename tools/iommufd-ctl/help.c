// SPDX-License-Identifier: GPL-2.0-only
/*
 * Help for people, and the same as JSON, which completion is made of (scripts/completion).
 */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "table.h"

static void print_options(const struct ctl_option *option)
{
	char line[64], letter[8];

	for (; option && option->name; option++) {
		snprintf(letter, sizeof(letter), option->letter ? "-%c," : "   ", option->letter);
		snprintf(line, sizeof(line), "%s --%s%s%s", letter, option->name,
			 !option->arg ? "" : *option->arg == '[' ? "[=" : " ",
			 !option->arg ? "" : option->arg + (*option->arg == '['));
		printf("  %-26s %s\n", line, option->help);
	}
}

static void print_command(const struct ctl_command *command)
{
	char line[64];

	snprintf(line, sizeof(line), "%s%s%s%s%s", command->object, command->verb ? " " : "",
		 command->verb ?: "", *command->args ? " " : "", command->args);
	printf("  %-24s %s\n", line, command->help);
}

/**
 * ctl_help() - list commands
 * @commands: all there are
 * @count: how many
 * @object: only those with this first word; or NULL
 */
void ctl_help(const struct ctl_command *commands, unsigned int count, const char *object)
{
	unsigned int i;

	printf("Usage: iommufd-ctl [OPTION...] [COMMAND] [OPTION...]\n\n");
	for (i = 0; i < count; i++)
		if (!object || !strcmp(commands[i].object, object))
			print_command(&commands[i]);
	if (!object)
		printf("\nDEVICE is vfioN, a PCI address, or the name of a mediated device.\n"
		       "ADDRESS is that of a PCI function, such as 0000:01:00.0 or 01:00.0.\n");
	printf("\n");
	print_options(ctl_common_options);
	printf("\nCOMMAND --help lists the options and columns of a command.\n");
}

int ctl_help_command(const struct ctl_command *command)
{
	const struct ctl_column *column;

	printf("Usage: iommufd-ctl [OPTION...] %s%s%s%s%s\n\n  %s\n", command->object,
	       command->verb ? " " : "", command->verb ?: "", *command->args ? " " : "",
	       command->args, command->help);
	if (command->options) {
		printf("\nOptions, behind the command:\n");
		print_options(command->options);
	}
	if (!command->table)
		return CTL_OK;
	printf("\nColumns:\n");
	for (column = command->table->columns; column->name; column++)
		printf("  %-10s %s%s\n", column->name, column->help,
		       column->more ? " (not in lists, unless asked for)" : "");
	return CTL_OK;
}

static void json_options(struct ctl_json *json, const struct ctl_option *option)
{
	char letter[2] = "";

	json_open(json, "options", '[');
	for (; option && option->name; option++) {
		json_open(json, NULL, '{');
		json_string(json, "name", option->name);
		letter[0] = option->letter;
		if (option->letter)
			json_string(json, "letter", letter);
		if (option->arg)
			json_string(json, "arg", option->arg);
		json_string(json, "help", option->help);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void json_columns(struct ctl_json *json, const struct ctl_table *table)
{
	const struct ctl_column *column;

	json_open(json, "columns", '[');
	for (column = table->columns; column->name; column++)
		json_string(json, NULL, column->name);
	json_close(json, ']');
}

/* A command a line: that is what scripts/completion reads. */
void ctl_help_json(const struct ctl_command *commands, unsigned int count)
{
	struct ctl_json json = { .out = stdout };
	unsigned int i;

	json_open(&json, NULL, '{');
	json_options(&json, ctl_common_options);
	json_open(&json, "commands", '[');
	for (i = 0; i < count; i++) {
		json_line(&json);
		json_open(&json, NULL, '{');
		json_string(&json, "object", commands[i].object);
		if (commands[i].verb)
			json_string(&json, "verb", commands[i].verb);
		json_string(&json, "args", commands[i].args);
		json_string(&json, "help", commands[i].help);
		json_options(&json, commands[i].options);
		if (commands[i].table)
			json_columns(&json, commands[i].table);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_close(&json, '}');
	putchar('\n');
}
