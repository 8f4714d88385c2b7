// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtio network card through vfio-virtq, which knows nothing of network cards: a question goes
 * out on one queue, and its answer comes in on another.
 */
#include "kselftest_harness.h"

#include <arpa/inet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <netinet/if_ether.h>

#include "iv.h"
#include "test_process.h"
#include "test_virtq.h"

/* For kernels with all checks, on a busy machine */
#define SLOW_S 100

#define RX 0
#define TX 1
#define QUEUE_SIZE 16
#define BUFFER 2048
#define TIMEOUT_MS 10000
#define HOST_IP 0x0a000202
#define OUR_IP 0x0a00020f

FIXTURE(virtq_net)
{
	struct test_device card;
	struct iv_pci_claim partner;
	struct iv_virtq_device dev;
	struct iv_virtq queues[2];
	int32_t eventfds[2];
	struct iv_dma buffers;
	uint8_t mac[ETH_ALEN];
};

FIXTURE_SETUP(virtq_net)
{
	struct test_device *card = &self->card;

	if (!test_role_addr(TEST_VIRTIO_NET))
		SKIP(return, "no device: set %s", test_role_name(TEST_VIRTIO_NET));
	ASSERT_EQ(0, test_module_load("vfio-virtq"));
	/* Whoever has the rest of the group lets go of it. */
	ASSERT_EQ(0, iv_pci_claim(&self->partner, test_role_addr(TEST_VIRTIO_PARTNER),
				  "vfio-pci"));
	ASSERT_EQ(0, test_device_setup(card, TEST_VIRTIO_NET, TEST_ATTACHED));
	ASSERT_EQ(0, iv_virtq_open(&self->dev, card->fd));
	ASSERT_EQ(0, iv_virtq_negotiate(&self->dev,
					IV_VIRTQ_FEATURES | 1ULL << VIRTIO_NET_F_MAC));
	for (unsigned int i = 0; i < 2; i++) {
		self->eventfds[i] = iv_eventfd_create();
		ASSERT_EQ(0, iv_virtq_queue_alloc(&self->queues[i], &self->dev, i, QUEUE_SIZE,
						  card->iommufd, card->ioas_id,
						  TEST_VIRTQ_IOVA + i * 0x10000));
		ASSERT_EQ(0, iv_virtq_queue_enable(&self->queues[i]));
	}
	ASSERT_EQ(0, iv_irq_set_eventfds(card->fd, VFIO_VIRTQ_QUEUE_IRQ_INDEX, 0, 2,
					 self->eventfds));
	ASSERT_EQ(0, iv_dma_alloc(&self->buffers, card->iommufd, card->ioas_id,
				  TEST_VIRTQ_DATA_IOVA, (QUEUE_SIZE + 1) * BUFFER));
	ASSERT_EQ(ETH_ALEN, iv_region_read(&self->dev.config, 0, self->mac, ETH_ALEN));
	ASSERT_EQ(0, iv_virtq_start(&self->dev));
}

FIXTURE_TEARDOWN(virtq_net)
{
	EXPECT_EQ(0, iv_virtq_reset(&self->dev));
	for (unsigned int i = 0; i < 2; i++) {
		iv_virtq_queue_free(&self->queues[i]);
		close(self->eventfds[i]);
	}
	iv_dma_free(&self->buffers);
	iv_virtq_close(&self->dev);
	test_device_teardown(&self->card);
	iv_pci_claim_release(&self->partner);
}

struct packet {
	struct virtio_net_hdr_v1 virtio;
	struct ether_header ether;
	struct ether_arp arp;
} __attribute__((packed));

static void make_question(struct packet *packet, const uint8_t *mac)
{
	const uint32_t host = htonl(HOST_IP), us = htonl(OUR_IP);

	memset(packet, 0, sizeof(*packet));
	memset(packet->ether.ether_dhost, 0xff, ETH_ALEN);
	memcpy(packet->ether.ether_shost, mac, ETH_ALEN);
	packet->ether.ether_type = htons(ETHERTYPE_ARP);
	packet->arp.arp_hrd = htons(ARPHRD_ETHER);
	packet->arp.arp_pro = htons(ETHERTYPE_IP);
	packet->arp.arp_hln = ETH_ALEN;
	packet->arp.arp_pln = 4;
	packet->arp.arp_op = htons(ARPOP_REQUEST);
	memcpy(packet->arp.arp_sha, mac, ETH_ALEN);
	memcpy(packet->arp.arp_spa, &us, 4);
	memcpy(packet->arp.arp_tpa, &host, 4);
}

static bool is_answer(const struct packet *packet, const uint8_t *mac)
{
	const uint32_t host = htonl(HOST_IP);

	return packet->ether.ether_type == htons(ETHERTYPE_ARP) &&
	       packet->arp.arp_op == htons(ARPOP_REPLY) &&
	       !memcmp(packet->ether.ether_dhost, mac, ETH_ALEN) &&
	       !memcmp(packet->arp.arp_spa, &host, 4);
}

TEST_F_TIMEOUT(virtq_net, question_is_answered, SLOW_S)
{
	struct packet *packets[QUEUE_SIZE + 1];
	bool answered = false;
	uint32_t written;
	int chains[QUEUE_SIZE], id;

	for (unsigned int i = 0; i <= QUEUE_SIZE; i++)
		packets[i] = (void *)((char *)self->buffers.va + i * BUFFER);
	for (unsigned int i = 0; i < QUEUE_SIZE; i++) {
		struct iv_virtq_buffer in = { TEST_VIRTQ_DATA_IOVA + i * BUFFER, BUFFER, 1 };

		id = iv_virtq_add(&self->queues[RX], &in, 1);
		ASSERT_LE(0, id);
		chains[id] = i;
	}
	ASSERT_EQ(0, iv_virtq_kick(&self->queues[RX]));

	make_question(packets[QUEUE_SIZE], self->mac);
	ASSERT_LE(0, iv_virtq_add(&self->queues[TX], &(struct iv_virtq_buffer) {
			TEST_VIRTQ_DATA_IOVA + QUEUE_SIZE * BUFFER, sizeof(struct packet), 0 }, 1));
	ASSERT_EQ(0, iv_virtq_kick(&self->queues[TX]));
	EXPECT_LE(0, iv_virtq_wait(&self->queues[TX], self->eventfds[TX], TIMEOUT_MS, NULL));
	/* Others may talk on the network as well. */
	for (unsigned int i = 0; i < QUEUE_SIZE && !answered; i++) {
		id = iv_virtq_wait(&self->queues[RX], self->eventfds[RX], TIMEOUT_MS, &written);
		ASSERT_LE(0, id);
		answered = written >= sizeof(struct packet) &&
			   is_answer(packets[chains[id]], self->mac);
	}
	EXPECT_TRUE(answered);
}

TEST_HARNESS_MAIN
