// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses to config space. The model is in config.h.
 *
 * A call is split into naturally aligned accesses of 1, 2 or 4 bytes, so that hardware's registers
 * are read and written as wide as the user asked, and no access crosses a multiple of 4. All of a
 * call happens under config_lock.
 */
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/vfio_migration.h>

#include "config.h"
#include "priv.h"

u32 vfio_pci_config_get(struct vfio_pci_config *config, unsigned int off, unsigned int size)
{
	u32 value = 0;
	unsigned int i;

	for (i = 0; i < size; i++)
		value |= (u32)config->bytes[off + i].value << (8 * i);
	return value;
}

void vfio_pci_config_put(struct vfio_pci_config *config, unsigned int off, unsigned int size,
			 u32 value)
{
	unsigned int i;

	for (i = 0; i < size; i++)
		config->bytes[off + i].value = value >> (8 * i);
}

void vfio_pci_config_describe_hidden(struct vfio_pci_config *config, unsigned int off,
				     unsigned int size)
{
	unsigned int i;

	for (i = off; i < off + size; i++)
		config->bytes[i] = (struct vfio_pci_config_byte){ .virt = 0xff };
}

void vfio_pci_config_describe_hw(struct vfio_pci_config *config, unsigned int off,
				 unsigned int size, bool writable)
{
	unsigned int i;

	for (i = off; i < off + size; i++)
		config->bytes[i] = (struct vfio_pci_config_byte){ .write = writable ? 0xff : 0 };
}

void vfio_pci_config_describe_virtual(struct vfio_pci_config *config, unsigned int off,
				      unsigned int size, u32 value, u32 write)
{
	unsigned int i;

	for (i = 0; i < size; i++)
		config->bytes[off + i] = (struct vfio_pci_config_byte){
			.value = value >> (8 * i),
			.virt = 0xff,
			.write = write >> (8 * i),
		};
}

/* Of a register that is otherwise hardware's, make the bits of @mask virtual and constant. */
void vfio_pci_config_describe_bits(struct vfio_pci_config *config, unsigned int off,
				   unsigned int size, u32 mask, u32 value)
{
	unsigned int i;

	for (i = 0; i < size; i++) {
		config->bytes[off + i].virt |= mask >> (8 * i);
		config->bytes[off + i].value |= (value & mask) >> (8 * i);
	}
}

void vfio_pci_config_describe_hook(struct vfio_pci_config *config, unsigned int off,
				   unsigned int size,
				   void (*written)(struct vfio_pci_core_device *core, u16 off,
						   unsigned int bytes))
{
	if (WARN_ON_ONCE(config->nr_hooks == ARRAY_SIZE(config->hooks)))
		return;
	config->hooks[config->nr_hooks++] = (struct vfio_pci_config_hook){
		.off = off,
		.size = size,
		.written = written,
	};
}

/* A device that doesn't answer reads as all ones. */
static u32 vfio_pci_config_hw_read(struct pci_dev *pdev, unsigned int off, unsigned int size)
{
	u32 value = U32_MAX;
	u16 word = U16_MAX;
	u8 byte = U8_MAX;

	switch (size) {
	case 1:
		return pci_user_read_config_byte(pdev, off, &byte) ? U8_MAX : byte;
	case 2:
		return pci_user_read_config_word(pdev, off, &word) ? U16_MAX : word;
	default:
		return pci_user_read_config_dword(pdev, off, &value) ? U32_MAX : value;
	}
}

static void vfio_pci_config_hw_write(struct pci_dev *pdev, unsigned int off, unsigned int size,
				     u32 value)
{
	switch (size) {
	case 1:
		pci_user_write_config_byte(pdev, off, value);
		break;
	case 2:
		pci_user_write_config_word(pdev, off, value);
		break;
	default:
		pci_user_write_config_dword(pdev, off, value);
		break;
	}
}

static u32 vfio_pci_config_load(struct vfio_pci_core_device *core, unsigned int off,
				unsigned int size)
{
	struct vfio_pci_config_byte *bytes = &core->config->bytes[off];
	u32 virt = 0, value = 0, all;
	unsigned int i;

	for (i = 0; i < size; i++) {
		virt |= (u32)bytes[i].virt << (8 * i);
		value |= (u32)bytes[i].value << (8 * i);
	}
	all = GENMASK(8 * size - 1, 0);
	if (virt == all)
		return value;
	return (value & virt) | (vfio_pci_config_hw_read(core->pdev, off, size) & ~virt);
}

/* Bytes of hardware that are writable go there, in one access if they are all. */
static void vfio_pci_config_store_hw(struct vfio_pci_core_device *core, unsigned int off,
				     unsigned int size, u32 value)
{
	struct vfio_pci_config_byte *bytes = &core->config->bytes[off];
	unsigned int writable = 0;
	unsigned int i;

	for (i = 0; i < size; i++)
		writable += bytes[i].write && !bytes[i].virt;
	if (writable == size) {
		vfio_pci_config_hw_write(core->pdev, off, size, value);
		return;
	}
	for (i = 0; writable && i < size; i++)
		if (bytes[i].write && !bytes[i].virt)
			vfio_pci_config_hw_write(core->pdev, off + i, 1, value >> (8 * i));
}

static void vfio_pci_config_run_hooks(struct vfio_pci_core_device *core, unsigned int off,
				      unsigned int size)
{
	struct vfio_pci_config *config = core->config;
	unsigned int i;

	for (i = 0; i < config->nr_hooks; i++) {
		struct vfio_pci_config_hook *hook = &config->hooks[i];
		unsigned int first = max_t(unsigned int, off, hook->off);
		unsigned int end = min_t(unsigned int, off + size, hook->off + hook->size);

		if (first < end)
			hook->written(core, hook->off,
				      GENMASK(end - hook->off - 1, first - hook->off));
	}
}

static void vfio_pci_config_store(struct vfio_pci_core_device *core, unsigned int off,
				  unsigned int size, u32 value)
{
	struct vfio_pci_config_byte *bytes = &core->config->bytes[off];
	unsigned int i;

	for (i = 0; i < size; i++) {
		u8 mask = bytes[i].virt & bytes[i].write;

		bytes[i].value = (bytes[i].value & ~mask) | ((value >> (8 * i)) & mask);
	}
	vfio_pci_config_store_hw(core, off, size, value);
	vfio_pci_config_run_hooks(core, off, size);
}

ssize_t vfio_pci_config_read(struct vfio_pci_core_device *core, void *buf, size_t count, u64 off)
{
	size_t done, size;

	guard(mutex)(&core->config_lock);
	if (off >= core->config->end)
		return -EINVAL;
	count = min_t(u64, count, core->config->end - off);

	for (done = 0; done < count; done += size) {
		__le32 value;

		size = vfio_pci_access_size(off + done, count - done, sizeof(value));
		value = cpu_to_le32(vfio_pci_config_load(core, off + done, size));
		memcpy(buf + done, &value, size);
	}
	return count;
}

static ssize_t vfio_pci_config_write_locked(struct vfio_pci_core_device *core, const void *buf,
					    size_t count, u64 off)
{
	size_t done, size;

	lockdep_assert_held(&core->config_lock);
	if (off >= core->config->end)
		return -EINVAL;
	count = min_t(u64, count, core->config->end - off);

	for (done = 0; done < count; done += size) {
		__le32 value = 0;

		size = vfio_pci_access_size(off + done, count - done, sizeof(value));
		memcpy(&value, buf + done, size);
		vfio_pci_config_store(core, off + done, size, le32_to_cpu(value));
	}
	return count;
}

ssize_t vfio_pci_config_write(struct vfio_pci_core_device *core, const void *buf, size_t count,
			      u64 off)
{
	bool was_reset;
	ssize_t ret;

	scoped_guard(mutex, &core->config_lock) {
		ret = vfio_pci_config_write_locked(core, buf, count, off);
		was_reset = core->was_reset;
		core->was_reset = false;
	}
	if (was_reset)
		vfio_device_was_reset(&core->vdev);
	return ret;
}
