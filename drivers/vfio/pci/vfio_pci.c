// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci: the driver for any PCI function that has no vfio driver of its own.
 *
 * It binds to nothing by itself. A function gets it by driver_override, by new_id, or by the ids=
 * parameter.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

static char *ids;
module_param(ids, charp, 0);
MODULE_PARM_DESC(ids, "Initial PCI IDs, comma separated: vendor:device[:subvendor[:subdevice[:class[:class_mask]]]]");

static bool nointxmask;
module_param(nointxmask, bool, 0644);
MODULE_PARM_DESC(nointxmask, "Don't trust devices to mask INTx by themselves; such interrupts can't be shared. Seen at probe");

static bool disable_idle_d3;
module_param(disable_idle_d3, bool, 0444);
MODULE_PARM_DESC(disable_idle_d3, "Keep devices awake while nobody uses them");

static bool disable_vga;
module_param(disable_vga, bool, 0444);
MODULE_PARM_DESC(disable_vga, "Don't offer the legacy VGA ranges of graphics cards");

static bool enable_sriov;
module_param(enable_sriov, bool, 0644);
MODULE_PARM_DESC(enable_sriov, "Let sriov_numvfs make virtual functions of devices that belong to userspace");

static bool disable_denylist;
module_param(disable_denylist, bool, 0444);
MODULE_PARM_DESC(disable_denylist, "Take devices that are known not to be safe in the hands of a user");

static int vfio_pci_bind(struct vfio_device *vdev, struct vfio_bind *bind)
{
	return vfio_bind_device(bind, vdev->dev);
}

static const struct vfio_device_ops vfio_pci_ops = {
	.name = "vfio-pci",
	.noiommu = true,
	.takes_token = true,
	.bind = vfio_pci_bind,
	.open = vfio_pci_core_open,
	.close = vfio_pci_core_close,
	.cancel = vfio_pci_core_cancel,
	.read = vfio_pci_core_read,
	.write = vfio_pci_core_write,
	.mmap = vfio_pci_core_mmap,
	.fault = vfio_pci_core_fault,
	.huge_fault = vfio_pci_core_huge_fault,
	.find_memory = vfio_pci_core_find_memory,
	.get_info = vfio_pci_core_get_info,
	.get_region_info = vfio_pci_core_get_region_info,
	.get_irq_info = vfio_pci_core_get_irq_info,
	.set_irqs = vfio_pci_core_set_irqs,
	.reset = vfio_pci_core_reset,
	.ioeventfd = vfio_pci_core_ioeventfd,
	.find_feature = vfio_pci_core_find_feature,
	.hot_reset_info = vfio_pci_core_hot_reset_info,
	.hot_reset = vfio_pci_core_hot_reset,
};

/*
 * Devices for which their maker says that a user who has them can bring down the host, or reach
 * beyond what is his (the stock driver refuses the same).
 */
static const struct pci_device_id vfio_pci_denylist[] = {
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C3XXX) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C3XXX_VF) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C62X) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C62X_VF) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_DH895XCC) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_DH895XCC_VF) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_DSA_SPR0) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_IAX_SPR0) },
	{}
};

static bool vfio_pci_is_denied(struct pci_dev *pdev)
{
	if (!pci_match_id(vfio_pci_denylist, pdev))
		return false;
	if (disable_denylist) {
		pci_warn(pdev, "vfio-pci: not safe in the hands of a user, but disable_denylist is set\n");
		return false;
	}
	pci_warn(pdev, "vfio-pci: not safe in the hands of a user: refused, see the parameter disable_denylist\n");
	return true;
}

static int vfio_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct vfio_pci_core_device *core;
	unsigned int flags = 0;
	int ret;

	if (vfio_pci_is_denied(pdev))
		return -EINVAL;
	if (nointxmask)
		flags |= VFIO_PCI_CORE_NO_INTX_MASK;
	if (disable_idle_d3)
		flags |= VFIO_PCI_CORE_NO_IDLE_D3;
	if (disable_vga)
		flags |= VFIO_PCI_CORE_NO_VGA;

	core = vfio_alloc_device(struct vfio_pci_core_device, vdev, &pdev->dev, &vfio_pci_ops);
	if (IS_ERR(core))
		return PTR_ERR(core);

	ret = vfio_pci_core_init(core, pdev, flags);
	if (ret)
		goto err_put;
	ret = vfio_pci_core_register_device(core);
	if (ret)
		goto err_put;
	return 0;

err_put:
	vfio_put_device(&core->vdev);
	return ret;
}

static void vfio_pci_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = pci_get_drvdata(pdev);

	vfio_pci_core_unregister_device(core);
	vfio_put_device(&core->vdev);
}

/* Number of VFs, as written to sriov_numvfs */
static int vfio_pci_sriov_configure(struct pci_dev *pdev, int count)
{
	if (!READ_ONCE(enable_sriov) && count)
		return -ENOENT;
	return vfio_pci_core_sriov_configure(pci_get_drvdata(pdev), count);
}

static const struct pci_device_id vfio_pci_table[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{}
};
MODULE_DEVICE_TABLE(pci, vfio_pci_table);

static struct pci_driver vfio_pci_driver = {
	.name = "vfio-pci",
	.id_table = vfio_pci_table,
	.probe = vfio_pci_probe,
	.remove = vfio_pci_remove,
	.err_handler = &vfio_pci_core_err_handlers,
	.sriov_configure = vfio_pci_sriov_configure,
	.driver_managed_dma = true,
	.driver.pm = &vfio_pci_core_pm_ops,
};

/* One entry of ids=. What is left out matches anything. */
static int vfio_pci_add_id(const char *entry)
{
	unsigned int vendor, device, subvendor = PCI_ANY_ID, subdevice = PCI_ANY_ID;
	unsigned int class = 0, class_mask = 0;
	int fields;

	fields = sscanf(entry, "%x:%x:%x:%x:%x:%x", &vendor, &device, &subvendor, &subdevice,
			&class, &class_mask);
	if (fields < 2) {
		pr_warn("vfio-pci: ids: \"%s\" is not vendor:device\n", entry);
		return 0;
	}
	return pci_add_dynid(&vfio_pci_driver, vendor, device, subvendor, subdevice, class,
			     class_mask, 0);
}

/* A wrong entry is worth a line in the log, but no reason to leave the others without a driver. */
static void vfio_pci_add_ids(void)
{
	char *rest = ids;
	char *entry;
	int ret;

	while ((entry = strsep(&rest, ","))) {
		if (!*entry)
			continue;
		ret = vfio_pci_add_id(entry);
		if (ret)
			pr_warn("vfio-pci: ids: \"%s\" can't be added (%d)\n", entry, ret);
	}
}

static int __init vfio_pci_init(void)
{
	int ret = pci_register_driver(&vfio_pci_driver);

	if (!ret)
		vfio_pci_add_ids();
	return ret;
}
module_init(vfio_pci_init);

static void __exit vfio_pci_exit(void)
{
	pci_unregister_driver(&vfio_pci_driver);
}
module_exit(vfio_pci_exit);

MODULE_DESCRIPTION("Offer PCI functions to userspace");
MODULE_LICENSE("GPL");
MODULE_VERSION(IOMMUFD_VFIO_VERSION);
