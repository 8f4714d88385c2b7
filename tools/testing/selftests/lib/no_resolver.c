// SPDX-License-Identifier: GPL-2.0-only
/*
 * libnl can write and read addresses of all protocols, with the help of the resolver, which works
 * in no static program, as the linker tells for each. Nothing here has such addresses: there is
 * no resolver.
 */
#include <netdb.h>
#include <stddef.h>

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **result)
{
	(void)node;
	(void)service;
	(void)hints;
	(void)result;
	return EAI_FAIL;
}

void freeaddrinfo(struct addrinfo *result)
{
	(void)result;
}

struct protoent *getprotobyname(const char *name)
{
	(void)name;
	return NULL;
}

struct protoent *getprotobynumber(int proto)
{
	(void)proto;
	return NULL;
}
