// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readers of the netlink family, while the other lanes make and end what is read: requests that are
 * right, and such as are wrong in ways that all requests know; and listeners that come and go, and
 * may be slow.
 *
 * What is there at a moment nobody can say, but which errno may come of a request is known, what it
 * asks for is all that may come, and each answer and event has to be well formed. A device may be
 * revoked, too: for its users that is as if its driver had been unbound.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/genetlink.h>

#include "fuzz.h"
#include "iv_netlink.h"

#define READERS 2
#define REQUEST_SIZE 256

/* Nothing has so many messages in it that reading them all takes long. */
#define MESSAGES_MAX 100000

/**
 * struct command - what may be asked for
 * @cmd: its number
 * @dump: it has many answers; else it does something
 * @last: the highest attribute in an answer
 * @numbers: attributes of a request that are numbers
 * @name: that which is a name
 */
struct command {
	uint8_t cmd;
	bool dump;
	uint16_t last;
	uint16_t numbers[2];
	uint16_t name;
};

#define NUMBERS(...) .numbers = { __VA_ARGS__ }
#define DUMP(_object, ...)								\
	{ .cmd = IOMMUFD_NL_CMD_##_object##_GET, .dump = true,				\
	  .last = IOMMUFD_A_##_object##_MAX, __VA_ARGS__ }

static const struct command commands[] = {
	DUMP(CTX, NUMBERS(IOMMUFD_A_CTX_ID)),
	DUMP(DEVICE, NUMBERS(IOMMUFD_A_DEVICE_CTX), .name = IOMMUFD_A_DEVICE_NAME),
	DUMP(ENDPOINT, NUMBERS(IOMMUFD_A_ENDPOINT_CTX, IOMMUFD_A_ENDPOINT_ID)),
	DUMP(IOAS, NUMBERS(IOMMUFD_A_IOAS_CTX, IOMMUFD_A_IOAS_ID)),
	DUMP(AREA, NUMBERS(IOMMUFD_A_AREA_CTX, IOMMUFD_A_AREA_IOAS)),
	DUMP(HWPT, NUMBERS(IOMMUFD_A_HWPT_CTX, IOMMUFD_A_HWPT_ID)),
	DUMP(PASID, NUMBERS(IOMMUFD_A_PASID_CTX, IOMMUFD_A_PASID_ENDPOINT)),
	DUMP(FAULT_QUEUE, NUMBERS(IOMMUFD_A_FAULT_QUEUE_CTX, IOMMUFD_A_FAULT_QUEUE_ID)),
	DUMP(COUNTER, NUMBERS(IOMMUFD_A_COUNTER_CTX)),
	{ .cmd = IOMMUFD_NL_CMD_DEVICE_REVOKE, .name = IOMMUFD_A_DEVICE_NAME },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(*commands))

/**
 * struct request - a request
 * @command: what is asked for
 * @dump: as a dump
 * @bytes: what follows the header of netlink
 * @size: how many
 * @wanted: numbers that all answers must have, by @command->numbers; 0: any
 * @malformed: it has to be refused, whatever there is
 * @unknown: it has to be refused since there is nothing of that kind
 */
struct request {
	const struct command *command;
	bool dump;
	uint8_t bytes[REQUEST_SIZE];
	size_t size;
	uint32_t wanted[2];
	bool malformed;
	bool unknown;
};

struct reader {
	const struct fuzz_options *options;
	struct fuzz_stats *stats;
	pthread_t thread;
	struct fuzz_random random;
	struct iv_netlink nl;
	struct iv_netlink events;
	bool listens;
	struct request request;
	unsigned int messages;
};

static void complain(struct reader *reader, const char *what, int rc)
{
	const struct request *request = &reader->request;
	size_t i;

	printf("# netlink: %s (%s); seed %lu\n", what, strerrorname_np(rc < 0 ? -rc : 0) ?: "0",
	       reader->options->seed);
	printf("#  %s:", request->dump ? "dump" : "do");
	for (i = 0; i < request->size; i++)
		printf(" %02x", request->bytes[i]);
	printf("\n");
	atomic_fetch_add(&reader->stats->failures, 1);
	atomic_store(&reader->stats->stop, true);
}

/* Requests */

static void put_attr(struct request *request, uint16_t type, const void *data, uint16_t size)
{
	const struct nlattr attr = { .nla_len = NLA_HDRLEN + size, .nla_type = type };

	if (request->size + NLA_HDRLEN + NLA_ALIGN(size) > sizeof(request->bytes))
		return;
	memcpy(request->bytes + request->size, &attr, sizeof(attr));
	memcpy(request->bytes + request->size + NLA_HDRLEN, data, size);
	request->size += NLA_HDRLEN + NLA_ALIGN(size);
}

/* Numbers of contexts and objects are small. */
static uint32_t choose_number(struct fuzz_random *random)
{
	return random_one_in(random, 8) ? random_u64(random) : 1 + random_below(random, 12);
}

static void put_sensible(struct reader *reader, struct request *request)
{
	const struct command *command = request->command;
	struct fuzz_random *random = &reader->random;
	char name[16];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (!command->numbers[i] || random_one_in(random, 2))
			continue;
		request->wanted[i] = choose_number(random);
		put_attr(request, command->numbers[i], &request->wanted[i], sizeof(uint32_t));
	}
	if (!command->name)
		return;
	if (command->dump && random_one_in(random, 2))
		return;
	snprintf(name, sizeof(name), "vfio%u", random_below(random, 8));
	put_attr(request, command->name, name, strlen(name) + 1);
}

/* The type of an attribute that the command takes as a number or, with 0, as a name */
static uint16_t known_type(const struct command *command, bool *is_name)
{
	*is_name = !command->numbers[0];
	return *is_name ? command->name : command->numbers[0];
}

static void put_wrong_length(struct reader *reader, struct request *request)
{
	static const uint8_t nothing[32];
	static const uint8_t lengths[] = { 0, 1, 2, 3, 5, 8, 31 };
	bool is_name;
	uint16_t type = known_type(request->command, &is_name);

	/* A name of zeroes is an empty name, which nothing has, but for one of no bytes at all. */
	put_attr(request, type, nothing,
		 is_name ? 0 : lengths[random_below(&reader->random, sizeof(lengths))]);
	request->malformed = true;
}

static void put_wrong_name(struct reader *reader, struct request *request)
{
	static const char letters[] = "vfio0123456789012345678901234567";

	if (!request->command->name)
		return;
	/* Without an end, or too long */
	if (random_one_in(&reader->random, 2))
		put_attr(request, request->command->name, letters, 5);
	else
		put_attr(request, request->command->name, letters, sizeof(letters));
	request->malformed = true;
}

static void put_wrong_type(struct reader *reader, struct request *request)
{
	const uint32_t value = 1;
	bool is_name;
	uint16_t type;

	switch (random_below(&reader->random, 3)) {
	case 0:
		type = 20 + random_below(&reader->random, 4000);
		break;
	case 1:
		type = 0;
		break;
	default:
		type = known_type(request->command, &is_name) | NLA_F_NESTED;
	}
	put_attr(request, type, &value, sizeof(value));
	request->malformed = true;
}

/* An attribute that says it is longer than what is left, or shorter than its own header */
static void put_cut_off(struct reader *reader, struct request *request)
{
	bool is_name;
	uint16_t type = known_type(request->command, &is_name);
	struct nlattr attr = { .nla_len = random_below(&reader->random, NLA_HDRLEN),
			       .nla_type = type };

	if (random_one_in(&reader->random, 2))
		attr.nla_len = NLA_HDRLEN + 1 + random_below(&reader->random, 60000);
	memcpy(request->bytes + request->size, &attr, sizeof(attr));
	request->size += sizeof(attr);
	request->malformed = true;
}

static void change_header(struct reader *reader, struct request *request)
{
	struct genlmsghdr *genl = (void *)request->bytes;

	switch (random_below(&reader->random, 4)) {
	case 0:
		genl->cmd = IOMMUFD_NL_CMD_EVENT + random_below(&reader->random, 200);
		request->unknown = true;
		break;
	case 1:
		genl->cmd = 0;
		request->unknown = true;
		break;
	case 2:
		request->dump = !request->dump;
		request->unknown = true;
		break;
	default:
		genl->reserved = 1;
		request->malformed = true;
	}
}

static void (*const mutations[])(struct reader *reader, struct request *request) = {
	put_wrong_length, put_wrong_name, put_wrong_type, put_cut_off, change_header,
};

static void make_request(struct reader *reader, struct request *request)
{
	const unsigned int nr = sizeof(mutations) / sizeof(*mutations);
	struct genlmsghdr genl = { .version = IOMMUFD_FAMILY_VERSION };

	memset(request, 0, sizeof(*request));
	request->command = &commands[random_below(&reader->random, NR_COMMANDS)];
	request->dump = request->command->dump;
	genl.cmd = request->command->cmd;
	memcpy(request->bytes, &genl, sizeof(genl));
	request->size = sizeof(genl);
	put_sensible(reader, request);
	if (random_one_in(&reader->random, 2))
		mutations[random_below(&reader->random, nr)](reader, request);
}

/* Answers */

static bool attr_is_well_formed(const struct nlattr *attr)
{
	const size_t size = attr->nla_len - NLA_HDRLEN;
	const char *data = (const char *)attr + NLA_HDRLEN;
	struct iv_attrs nested;
	const struct nlattr *one;

	if (attr->nla_type & NLA_F_NESTED) {
		nested = iv_attr_nested(attr);
		for (one = iv_attr_next(&nested, NULL); one; one = iv_attr_next(&nested, one))
			if (!attr_is_well_formed(one))
				return false;
		return true;
	}
	return size == sizeof(uint32_t) || size == sizeof(uint64_t) || !size ||
	       !data[size - 1];
}

/* Whether attributes fill all of a message, and are none but those up to @last. */
static const char *check_attrs(const struct iv_attrs *attrs, uint16_t last)
{
	const struct nlattr *attr, *end = NULL;
	const char *stop;

	for (attr = iv_attr_next(attrs, NULL); attr; attr = iv_attr_next(attrs, attr)) {
		if (!iv_attr_type(attr) || iv_attr_type(attr) > last)
			return "an answer has an attribute that it can't have";
		if (!attr_is_well_formed(attr))
			return "an attribute of an answer is malformed";
		end = attr;
	}
	if (!end)
		return "an answer has no attributes";
	stop = (const char *)end + NLA_ALIGN(end->nla_len);
	return stop < (const char *)attrs->data + attrs->size ?
		       "an answer has bytes behind its attributes" : NULL;
}

static int check_answer(const struct iv_attrs *attrs, void *data)
{
	struct reader *reader = data;
	const struct request *request = &reader->request;
	const struct command *command = request->command;
	const char *wrong = check_attrs(attrs, command->last);
	unsigned int i;

	for (i = 0; i < 2 && !wrong; i++)
		if (request->wanted[i] && iv_attrs_number(attrs, command->numbers[i], 0) !=
		    request->wanted[i])
			wrong = "an answer is of what was not asked for";
	if (!wrong && ++reader->messages > MESSAGES_MAX)
		wrong = "there is no end of answers";
	if (wrong)
		complain(reader, wrong, 0);
	return 0;
}

static bool may_be(const struct request *request, int rc)
{
	if (request->malformed)
		return rc == -EINVAL || rc == -ERANGE;
	if (request->unknown)
		return rc == -EOPNOTSUPP;
	if (!request->dump)
		return !rc || rc == -ENODEV;
	return !rc || rc == -ENOENT || rc == -ENODEV;
}

static void ask(struct reader *reader)
{
	struct request *request = &reader->request;
	uint16_t flags;
	int rc;

	make_request(reader, request);
	reader->messages = 0;
	flags = request->dump ? NLM_F_DUMP : NLM_F_ACK;
	rc = iv_netlink_send(&reader->nl, reader->nl.family, flags, request->bytes,
			     request->size) ?:
	     iv_netlink_collect(&reader->nl, NULL, check_answer, reader);
	if (!may_be(request, rc))
		complain(reader, "a request gave what it can't", rc);
	atomic_fetch_add_explicit(&reader->stats->requests, 1, memory_order_relaxed);
}

/* Events */

static void hear(struct reader *reader)
{
	struct pollfd pollfd = { .fd = reader->events.fd, .events = POLLIN };
	unsigned int room = 200;
	struct iv_attrs attrs;
	const char *wrong;
	int rc;

	while (room-- && (iv_netlink_pending(&reader->events) || poll(&pollfd, 1, 0) > 0)) {
		rc = iv_netlink_event(&reader->events, &attrs);
		/* Who is slow is told so. */
		if (rc == -ENOBUFS)
			continue;
		wrong = rc ? "events end" : check_attrs(&attrs, IOMMUFD_A_EVENT_MAX);
		if (!wrong && iv_attrs_number(&attrs, IOMMUFD_A_EVENT_KIND, UINT32_MAX) >
			      IOMMUFD_EVENT_KIND_QUOTA)
			wrong = "an event is of no kind";
		if (wrong) {
			complain(reader, wrong, rc);
			return;
		}
		atomic_fetch_add_explicit(&reader->stats->events, 1, memory_order_relaxed);
	}
}

static void listen_or_not(struct reader *reader)
{
	int rc = 0;

	if (reader->listens)
		iv_netlink_close(&reader->events);
	else
		rc = iv_netlink_open(&reader->events) ?: iv_netlink_listen(&reader->events);
	reader->listens = !reader->listens;
	if (rc)
		complain(reader, "listening fails", rc);
}

static void *reader_main(void *arg)
{
	struct reader *reader = arg;

	while (!atomic_load(&reader->stats->stop)) {
		ask(reader);
		if (random_one_in(&reader->random, 16))
			listen_or_not(reader);
		if (reader->listens && random_one_in(&reader->random, 4))
			hear(reader);
		/* What is read takes locks that others need, and they are what is tested. */
		usleep(random_below(&reader->random, 2000));
	}
	if (reader->listens)
		iv_netlink_close(&reader->events);
	iv_netlink_close(&reader->nl);
	return NULL;
}

/**
 * lane_netlink() - ask, and listen, until the run ends
 * @options: of the run
 * @stats: counts
 */
void lane_netlink(const struct fuzz_options *options, struct fuzz_stats *stats)
{
	static struct reader readers[READERS];
	unsigned int i, nr;
	int rc = 0;

	for (nr = 0; nr < READERS && !rc; nr++) {
		readers[nr].options = options;
		readers[nr].stats = stats;
		random_init(&readers[nr].random, options->seed, 4000 + nr);
		rc = iv_netlink_open(&readers[nr].nl);
		if (rc)
			complain(&readers[nr], "the family can't be asked", rc);
		else
			pthread_create(&readers[nr].thread, NULL, reader_main, &readers[nr]);
	}
	for (i = 0; i < nr; i++)
		if (readers[i].thread)
			pthread_join(readers[i].thread, NULL);
}
