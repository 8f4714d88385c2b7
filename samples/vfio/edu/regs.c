// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registers: the driver's own accesses, and the user's.
 *
 * A user's read or write is taken apart into the accesses that vfio-pci-core would make of it. Each
 * is looked at, and most go on to vfio-pci-core, which knows whether the user may.
 */
#include <linux/unaligned.h>

#include "edu.h"

int edu_read32(struct edu_device *edu, u64 reg, u32 *value)
{
	__le32 raw;
	int ret = vfio_pci_core_bar_read(&edu->core, EDU_BAR, reg, &raw, sizeof(raw));

	*value = ret ? 0 : le32_to_cpu(raw);
	return ret;
}

int edu_read64(struct edu_device *edu, u64 reg, u64 *value)
{
	__le64 raw;
	int ret = vfio_pci_core_bar_read(&edu->core, EDU_BAR, reg, &raw, sizeof(raw));

	*value = ret ? 0 : le64_to_cpu(raw);
	return ret;
}

int edu_write32(struct edu_device *edu, u64 reg, u32 value)
{
	__le32 raw = cpu_to_le32(value);

	return vfio_pci_core_bar_write(&edu->core, EDU_BAR, reg, &raw, sizeof(raw));
}

int edu_write64(struct edu_device *edu, u64 reg, u64 value)
{
	__le64 raw = cpu_to_le64(value);

	return vfio_pci_core_bar_write(&edu->core, EDU_BAR, reg, &raw, sizeof(raw));
}

static bool is_of_bar(loff_t pos)
{
	return (u64)pos >> VFIO_PCI_OFFSET_SHIFT == EDU_BAR;
}

/* A command that waits looks like one that runs, and what the device has forgotten is put in. */
static void fix_command(struct edu_device *edu, void *buf, size_t size)
{
	u64 value = size == sizeof(u64) ? get_unaligned_le64(buf) : get_unaligned_le32(buf);

	if (edu->pending)
		value = edu->pending;
	else
		value = (value & EDU_DMA_RUN) | (edu->cmd & ~(u64)EDU_DMA_RUN);
	if (size == sizeof(u64))
		put_unaligned_le64(value, buf);
	else
		put_unaligned_le32(value, buf);
}

static ssize_t read_one(struct edu_device *edu, void *buf, size_t size, loff_t pos)
{
	ssize_t ret = vfio_pci_core_read(&edu->core.vdev, buf, size, pos);

	if (ret == size && size >= sizeof(u32) && (pos & VFIO_PCI_OFFSET_MASK) == EDU_REG_DMA_CMD)
		fix_command(edu, buf, size);
	return ret;
}

ssize_t edu_read(struct vfio_device *vdev, void *buf, size_t count, loff_t pos)
{
	struct edu_device *edu = edu_from(vdev);
	size_t done, size;
	ssize_t ret;

	if (!is_of_bar(pos))
		return vfio_pci_core_read(vdev, buf, count, pos);
	guard(mutex)(&edu->lock);
	for (done = 0; done < count; done += size) {
		size = vfio_pci_access_size(pos + done, count - done, sizeof(u64));
		ret = read_one(edu, buf + done, size, pos + done);
		if (ret != size)
			return done ?: ret;
	}
	return count;
}

/* The device takes no command, and no new addresses for one, while one runs or waits. */
static ssize_t write_dma(struct edu_device *edu, const void *buf, size_t size, loff_t pos)
{
	u64 cmd = size == sizeof(u64) ? get_unaligned_le64(buf) : get_unaligned_le32(buf);
	const __le64 nothing = 0;
	bool running;
	ssize_t ret;
	int rc;

	if (edu->pending)
		return size;
	if ((pos & VFIO_PCI_OFFSET_MASK) != EDU_REG_DMA_CMD)
		return vfio_pci_core_write(&edu->core.vdev, buf, size, pos);
	if (!(cmd & EDU_DMA_RUN))
		return size;
	/* Whether the user can reach it, a write of nothing tells. */
	ret = vfio_pci_core_write(&edu->core.vdev, &nothing, size, pos);
	if (ret != size)
		return ret;
	rc = edu_dma_is_running(edu, &running);
	if (!rc && !running)
		rc = edu_dma_start(edu, cmd);
	return rc ?: size;
}

static ssize_t write_one(struct edu_device *edu, const void *buf, size_t size, loff_t pos)
{
	u64 reg = pos & VFIO_PCI_OFFSET_MASK;
	ssize_t ret;
	u32 status;
	int rc;

	if (edu->stopped)
		return size;
	edu->changed = true;
	if (reg >= EDU_REG_DMA_SRC && reg <= EDU_REG_DMA_CMD && size >= sizeof(u32))
		return write_dma(edu, buf, size, pos);
	if (reg != EDU_REG_FACTORIAL || size != sizeof(u32))
		return vfio_pci_core_write(&edu->core.vdev, buf, size, pos);
	rc = edu_read32(edu, EDU_REG_STATUS, &status);
	if (rc)
		return rc;
	ret = vfio_pci_core_write(&edu->core.vdev, buf, size, pos);
	if (ret == size && !(status & EDU_STATUS_COMPUTING)) {
		edu->asked = true;
		edu->factorial = get_unaligned_le32(buf);
	}
	return ret;
}

ssize_t edu_write(struct vfio_device *vdev, const void *buf, size_t count, loff_t pos)
{
	struct edu_device *edu = edu_from(vdev);
	size_t done, size;
	ssize_t ret = 0;

	if (!is_of_bar(pos))
		return vfio_pci_core_write(vdev, buf, count, pos);
	scoped_guard(mutex, &edu->lock) {
		for (done = 0; done < count; done += size) {
			size = vfio_pci_access_size(pos + done, count - done, sizeof(u64));
			ret = write_one(edu, buf + done, size, pos + done);
			if (ret != size)
				break;
		}
	}
	vfio_migration_data_ready(vdev);
	return done ?: ret;
}
