// SPDX-License-Identifier: GPL-2.0-only
/*
 * The capabilities that the user may see, and what each looks like.
 *
 * What reaches beyond the function (SR-IOV, ATS, PRI, ACS, ARI, TPH, Resizable BAR, LTR, virtual
 * channels, ...) can be read but not written: a VMM learns what there is, and the host decides.
 *
 * Not in the tables, hence hidden: PASID (IOMMU_GET_HW_INFO tells), L1 PM substates, DPC, what
 * bridges have, and what this driver does not know. A capability that appears twice is shown only
 * where the PCI core uses it.
 */
#include <linux/bitfield.h>
#include <linux/pci.h>

#include "config.h"
#include "priv.h"

/* ---- Power management ---- */

static unsigned int vfio_pci_pm_size(struct vfio_pci_core_device *core, unsigned int off)
{
	return off == core->pdev->pm_cap ? PCI_PM_SIZEOF : 0;
}

static bool vfio_pci_pm_state_exists(struct pci_dev *pdev, unsigned int state)
{
	if (state == (__force unsigned int)PCI_D1)
		return pdev->d1_support;
	if (state == (__force unsigned int)PCI_D2)
		return pdev->d2_support;
	return true;
}

/* The register then shows the state that the device really is in. */
static void vfio_pci_pm_ctrl_written(struct vfio_pci_core_device *core, u16 off,
				     unsigned int bytes)
{
	u16 ctrl = vfio_pci_config_get(core->config, off, 2);
	unsigned int state = ctrl & PCI_PM_CTRL_STATE_MASK;

	if (!(bytes & BIT(0)))
		return;
	if (vfio_pci_pm_state_exists(core->pdev, state))
		vfio_pci_power_set(core, (__force pci_power_t)state);

	scoped_guard(rwsem_read, &core->mem_lock)
		state = core->asleep ? (__force unsigned int)core->pdev->current_state : 0;
	ctrl &= ~PCI_PM_CTRL_STATE_MASK;
	vfio_pci_config_put(core->config, off, 2, ctrl | (state & PCI_PM_CTRL_STATE_MASK));
}

/* Wake-up events belong to the host: none are offered. */
static void vfio_pci_pm_describe(struct vfio_pci_core_device *core, struct vfio_pci_config *config,
				 unsigned int off, unsigned int size)
{
	u16 pmc, ctrl;

	pci_read_config_word(core->pdev, off + PCI_PM_PMC, &pmc);
	pci_read_config_word(core->pdev, off + PCI_PM_CTRL, &ctrl);
	vfio_pci_config_describe_virtual(config, off + PCI_PM_PMC, 2, pmc & ~PCI_PM_CAP_PME_MASK,
					 0);
	vfio_pci_config_describe_virtual(config, off + PCI_PM_CTRL, 2,
					 ctrl & PCI_PM_CTRL_NO_SOFT_RESET, PCI_PM_CTRL_STATE_MASK);
	vfio_pci_config_describe_virtual(config, off + PCI_PM_PPB_EXTENSIONS, 2, 0, 0);
	vfio_pci_config_describe_hook(config, off + PCI_PM_CTRL, 2, vfio_pci_pm_ctrl_written);
	config->pm = off;
}

void vfio_pci_config_after_reset(struct vfio_pci_core_device *core)
{
	struct vfio_pci_config *config = core->config;
	unsigned int off = config->pm + PCI_PM_CTRL;

	lockdep_assert_held(&core->config_lock);
	if (config->pm)
		vfio_pci_config_put(config, off, 2, vfio_pci_config_get(config, off, 2) &
						    ~PCI_PM_CTRL_STATE_MASK);
}

/* ---- Vital product data: can be read; what a user wrote would outlive him ---- */

#define VFIO_PCI_VPD_SIZE	8
#define VFIO_PCI_VPD_FLAG_BYTE	BIT(1)

static unsigned int vfio_pci_vpd_size(struct vfio_pci_core_device *core, unsigned int off)
{
	return off == core->pdev->vpd.cap ? VFIO_PCI_VPD_SIZE : 0;
}

/*
 * The flag is written with the address: 0 asks for data, which is there when the flag turns 1. A 1
 * asks for a write, which would be done when the flag turns 0: here that never happens.
 */
static void vfio_pci_vpd_addr_written(struct vfio_pci_core_device *core, u16 off,
				      unsigned int bytes)
{
	u16 addr = vfio_pci_config_get(core->config, off, 2);
	__le32 data;
	ssize_t got;

	if (!(bytes & VFIO_PCI_VPD_FLAG_BYTE) || (addr & PCI_VPD_ADDR_F) || core->vpd_dead)
		return;
	got = pci_read_vpd(core->pdev, addr & ~3, sizeof(data), &data);
	/* Each such read takes long and writes to the log. */
	if (got == -ETIMEDOUT)
		core->vpd_dead = true;
	if (got != sizeof(data))
		return;
	vfio_pci_config_put(core->config, off + PCI_VPD_DATA - PCI_VPD_ADDR, 4, le32_to_cpu(data));
	vfio_pci_config_put(core->config, off, 2, addr | PCI_VPD_ADDR_F);
}

static void vfio_pci_vpd_describe(struct vfio_pci_core_device *core,
				  struct vfio_pci_config *config, unsigned int off,
				  unsigned int size)
{
	vfio_pci_config_describe_virtual(config, off + PCI_VPD_ADDR, 2, 0, U16_MAX);
	vfio_pci_config_describe_virtual(config, off + PCI_VPD_DATA, 4, 0, U32_MAX);
	vfio_pci_config_describe_hook(config, off + PCI_VPD_ADDR, 2, vfio_pci_vpd_addr_written);
}

/* ---- MSI: a scratchpad; the interrupts are set up by VFIO_DEVICE_SET_IRQS ---- */

static unsigned int vfio_pci_msi_size(struct vfio_pci_core_device *core, unsigned int off)
{
	bool wide, maskable;
	u16 flags;

	if (off != core->pdev->msi_cap || !core->msi_max)
		return 0;
	pci_read_config_word(core->pdev, off + PCI_MSI_FLAGS, &flags);
	wide = flags & PCI_MSI_FLAGS_64BIT;
	maskable = flags & PCI_MSI_FLAGS_MASKBIT;
	if (maskable)
		return wide ? PCI_MSI_PENDING_64 + 4 : PCI_MSI_PENDING_32 + 4;
	return wide ? PCI_MSI_DATA_64 + 2 : PCI_MSI_DATA_32 + 2;
}

static void vfio_pci_msi_describe(struct vfio_pci_core_device *core,
				  struct vfio_pci_config *config, unsigned int off,
				  unsigned int size)
{
	u16 flags;
	bool wide;

	pci_read_config_word(core->pdev, off + PCI_MSI_FLAGS, &flags);
	flags &= PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT | PCI_MSI_FLAGS_QMASK;
	wide = flags & PCI_MSI_FLAGS_64BIT;

	vfio_pci_config_describe_hidden(config, off, size);
	vfio_pci_config_describe_virtual(config, off + PCI_MSI_FLAGS, 2, flags,
					 PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	vfio_pci_config_describe_virtual(config, off + PCI_MSI_ADDRESS_LO, 4, 0, ~3U);
	if (wide)
		vfio_pci_config_describe_virtual(config, off + PCI_MSI_ADDRESS_HI, 4, 0, U32_MAX);
	vfio_pci_config_describe_virtual(config, off + (wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32),
					 2, 0, U16_MAX);
	if (flags & PCI_MSI_FLAGS_MASKBIT)
		vfio_pci_config_describe_virtual(config,
						 off + (wide ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32),
						 4, 0, U32_MAX);
}

/* ---- MSI-X: the same; the table is in a BAR ---- */

static unsigned int vfio_pci_msix_size(struct vfio_pci_core_device *core, unsigned int off)
{
	return off == core->pdev->msix_cap && core->msix_max ? PCI_CAP_MSIX_SIZEOF : 0;
}

static void vfio_pci_msix_describe(struct vfio_pci_core_device *core,
				   struct vfio_pci_config *config, unsigned int off,
				   unsigned int size)
{
	u16 flags;

	pci_read_config_word(core->pdev, off + PCI_MSIX_FLAGS, &flags);
	vfio_pci_config_describe_virtual(config, off + PCI_MSIX_FLAGS, 2,
					 flags & PCI_MSIX_FLAGS_QSIZE,
					 PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
}

/* ---- PCI Express ---- */

#define VFIO_PCI_EXP_SIZE_V1_RC	0x0c	/* devices in a root complex have no link */
#define VFIO_PCI_EXP_SIZE_V1	0x14
#define VFIO_PCI_EXP_SIZE_V2	0x3c

static unsigned int vfio_pci_exp_size(struct vfio_pci_core_device *core, unsigned int off)
{
	u16 flags;

	if (off != core->pdev->pcie_cap)
		return 0;
	pci_read_config_word(core->pdev, off + PCI_EXP_FLAGS, &flags);
	if ((flags & PCI_EXP_FLAGS_VERS) >= 2)
		return VFIO_PCI_EXP_SIZE_V2;
	if (pci_pcie_type(core->pdev) == PCI_EXP_TYPE_RC_END)
		return VFIO_PCI_EXP_SIZE_V1_RC;
	return VFIO_PCI_EXP_SIZE_V1;
}

/* Of Device Control, what concerns nobody but the function itself goes to hardware. */
#define VFIO_PCI_DEVCTL_HW	(PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN)
#define VFIO_PCI_DEVCTL_WRITE	(PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE |			\
				 PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE |			\
				 PCI_EXP_DEVCTL_EXT_TAG | PCI_EXP_DEVCTL_PAYLOAD |		\
				 PCI_EXP_DEVCTL_READRQ | VFIO_PCI_DEVCTL_HW)

static void vfio_pci_exp_devctl_apply(struct pci_dev *pdev, u16 devctl)
{
	int readrq = 128 << ((devctl & PCI_EXP_DEVCTL_READRQ) >> 12);
	u16 have;

	if (pdev->is_virtfn)
		return;
	pcie_capability_read_word(pdev, PCI_EXP_DEVCTL, &have);
	/* It doesn't answer, and may be back by the time of the write. */
	if (PCI_POSSIBLE_ERROR(have))
		return;
	if ((have ^ devctl) & VFIO_PCI_DEVCTL_HW)
		pcie_capability_write_word(pdev, PCI_EXP_DEVCTL,
					   (have & ~VFIO_PCI_DEVCTL_HW) |
					   (devctl & VFIO_PCI_DEVCTL_HW));
	/* Refuses what is out of range or what the bridge can't bear. */
	if ((have ^ devctl) & PCI_EXP_DEVCTL_READRQ)
		pcie_set_readrq(pdev, readrq);
}

static void vfio_pci_exp_devctl_written(struct vfio_pci_core_device *core, u16 off,
					unsigned int bytes)
{
	u16 devctl = vfio_pci_config_get(core->config, off, 2);

	if (devctl & PCI_EXP_DEVCTL_BCR_FLR) {
		devctl &= ~PCI_EXP_DEVCTL_BCR_FLR;
		vfio_pci_config_put(core->config, off, 2, devctl);
		vfio_pci_reset_locked(core);
	}
	vfio_pci_exp_devctl_apply(core->pdev, devctl);
}

/* Link, slot and root registers are hardware's, read-only: the link's other end is not ours. */
static void vfio_pci_exp_describe(struct vfio_pci_core_device *core,
				  struct vfio_pci_config *config, unsigned int off,
				  unsigned int size)
{
	u16 devctl, write = VFIO_PCI_DEVCTL_WRITE;
	u32 devcap;

	pci_read_config_dword(core->pdev, off + PCI_EXP_DEVCAP, &devcap);
	if (devcap & PCI_EXP_DEVCAP_FLR)
		write |= PCI_EXP_DEVCTL_BCR_FLR;
	pci_read_config_word(core->pdev, off + PCI_EXP_DEVCTL, &devctl);
	vfio_pci_config_describe_virtual(config, off + PCI_EXP_DEVCTL, 2,
					 devctl & ~PCI_EXP_DEVCTL_BCR_FLR, write);
	vfio_pci_config_describe_hook(config, off + PCI_EXP_DEVCTL, 2,
				      vfio_pci_exp_devctl_written);
}

/* ---- Advanced features: a function level reset for conventional PCI ---- */

static unsigned int vfio_pci_af_size(struct vfio_pci_core_device *core, unsigned int off)
{
	return off == pci_find_capability(core->pdev, PCI_CAP_ID_AF) ? PCI_CAP_AF_SIZEOF : 0;
}

static void vfio_pci_af_ctrl_written(struct vfio_pci_core_device *core, u16 off,
				     unsigned int bytes)
{
	if (!(vfio_pci_config_get(core->config, off, 1) & PCI_AF_CTRL_FLR))
		return;
	vfio_pci_config_put(core->config, off, 1, 0);
	vfio_pci_reset_locked(core);
}

static void vfio_pci_af_describe(struct vfio_pci_core_device *core, struct vfio_pci_config *config,
				 unsigned int off, unsigned int size)
{
	vfio_pci_config_describe_virtual(config, off + PCI_AF_CTRL, 1, 0, PCI_AF_CTRL_FLR);
	vfio_pci_config_describe_hook(config, off + PCI_AF_CTRL, 1, vfio_pci_af_ctrl_written);
}

/* ---- PCI-X: read-only ---- */

static unsigned int vfio_pci_pcix_size(struct vfio_pci_core_device *core, unsigned int off)
{
	return PCI_X_ECC_CSR;
}

/* ---- Vendor-specific: as trustworthy as the function's BARs ---- */

static unsigned int vfio_pci_vendor_size(struct vfio_pci_core_device *core, unsigned int off)
{
	u8 size;

	pci_read_config_byte(core->pdev, off + PCI_CAP_FLAGS, &size);
	return size;
}

static void vfio_pci_vendor_describe(struct vfio_pci_core_device *core,
				     struct vfio_pci_config *config, unsigned int off,
				     unsigned int size)
{
	if (size > PCI_CAP_FLAGS + 1)
		vfio_pci_config_describe_hw(config, off + PCI_CAP_FLAGS + 1,
					    size - PCI_CAP_FLAGS - 1, true);
}

/* ---- Extended: advanced error reporting, serial number, vendor-specific ---- */

#define VFIO_PCI_AER_SIZE_V1	0x2c
#define VFIO_PCI_AER_SIZE_V2	0x48

/* A register of the capability, or 0 if it would be beyond the end. */
static u32 vfio_pci_ext_read(struct vfio_pci_core_device *core, unsigned int off)
{
	u32 value = 0;

	if (off + sizeof(value) <= core->pdev->cfg_size)
		pci_read_config_dword(core->pdev, off, &value);
	return value;
}

static unsigned int vfio_pci_aer_size(struct vfio_pci_core_device *core, unsigned int off)
{
	u32 header = vfio_pci_ext_read(core, off);

	return PCI_EXT_CAP_VER(header) >= 2 ? VFIO_PCI_AER_SIZE_V2 : VFIO_PCI_AER_SIZE_V1;
}

static unsigned int vfio_pci_dsn_size(struct vfio_pci_core_device *core, unsigned int off)
{
	return PCI_EXT_CAP_DSN_SIZEOF;
}

static unsigned int vfio_pci_vsec_size(struct vfio_pci_core_device *core, unsigned int off)
{
	return PCI_VNDR_HEADER_LEN(vfio_pci_ext_read(core, off + PCI_VNDR_HEADER));
}

static void vfio_pci_vsec_describe(struct vfio_pci_core_device *core,
				   struct vfio_pci_config *config, unsigned int off,
				   unsigned int size)
{
	unsigned int header = PCI_VNDR_HEADER + 4;

	if (size > header)
		vfio_pci_config_describe_hw(config, off + header, size - header, true);
}

/* Designated vendor-specific: somebody else's standard, such as CXL. Read-only. */
static unsigned int vfio_pci_dvsec_size(struct vfio_pci_core_device *core, unsigned int off)
{
	return PCI_DVSEC_HEADER1_LEN(vfio_pci_ext_read(core, off + PCI_DVSEC_HEADER1));
}

/* ---- Extended, read-only: the host's business ---- */

static unsigned int vfio_pci_pwr_size(struct vfio_pci_core_device *core, unsigned int off)
{
	return PCI_EXT_CAP_PWR_SIZEOF;
}

/* ARI, ATS, LTR: a capability and a control register */
static unsigned int vfio_pci_pair_size(struct vfio_pci_core_device *core, unsigned int off)
{
	return 8;
}

static unsigned int vfio_pci_pri_size(struct vfio_pci_core_device *core, unsigned int off)
{
	return PCI_EXT_CAP_PRI_SIZEOF;
}

static unsigned int vfio_pci_sriov_size(struct vfio_pci_core_device *core, unsigned int off)
{
	return PCI_EXT_CAP_SRIOV_SIZEOF;
}

static unsigned int vfio_pci_mcast_size(struct vfio_pci_core_device *core, unsigned int off)
{
	return PCI_EXT_CAP_MCAST_ENDPOINT_SIZEOF;
}

/* The arbitration tables, which follow elsewhere, stay hidden. */
static unsigned int vfio_pci_vc_size(struct vfio_pci_core_device *core, unsigned int off)
{
	unsigned int more = vfio_pci_ext_read(core, off + PCI_VC_PORT_CAP1) & PCI_VC_CAP1_EVCC;

	return PCI_CAP_VC_BASE_SIZEOF + (1 + more) * PCI_CAP_VC_PER_VC_SIZEOF;
}

/* With egress control there is a bit for each function or port; 0 stands for 256. */
static unsigned int vfio_pci_acs_size(struct vfio_pci_core_device *core, unsigned int off)
{
	u32 cap = vfio_pci_ext_read(core, off + PCI_ACS_CAP);
	unsigned int bits = (cap & 0xff00) >> 8;

	if (!(cap & PCI_ACS_EC))
		return 8;
	return 8 + DIV_ROUND_UP(bits ?: 256, 32) * 4;
}

static unsigned int vfio_pci_rebar_size(struct vfio_pci_core_device *core, unsigned int off)
{
	u32 ctrl = vfio_pci_ext_read(core, off + PCI_REBAR_CTRL);

	return 4 + 8 * FIELD_GET(PCI_REBAR_CTRL_NBAR_MASK, ctrl);
}

static unsigned int vfio_pci_dpa_size(struct vfio_pci_core_device *core, unsigned int off)
{
	u32 cap = vfio_pci_ext_read(core, off + PCI_DPA_CAP);

	return PCI_DPA_BASE_SIZEOF + ALIGN((cap & PCI_DPA_CAP_SUBSTATE_MASK) + 1, 4);
}

static unsigned int vfio_pci_tph_size(struct vfio_pci_core_device *core, unsigned int off)
{
	u32 cap = vfio_pci_ext_read(core, off + PCI_TPH_CAP);

	if ((cap & PCI_TPH_CAP_LOC_MASK) != PCI_TPH_LOC_CAP)
		return PCI_TPH_BASE_SIZEOF;
	return PCI_TPH_BASE_SIZEOF + ALIGN((FIELD_GET(PCI_TPH_CAP_ST_MASK, cap) + 1) * 2, 4);
}

/* ---- The tables ---- */

static const struct vfio_pci_cap vfio_pci_caps[] = {
	{ PCI_CAP_ID_PM,   true,  vfio_pci_pm_size,     vfio_pci_pm_describe },
	{ PCI_CAP_ID_VPD,  true,  vfio_pci_vpd_size,    vfio_pci_vpd_describe },
	{ PCI_CAP_ID_MSI,  true,  vfio_pci_msi_size,    vfio_pci_msi_describe },
	{ PCI_CAP_ID_PCIX, false, vfio_pci_pcix_size,   NULL },
	{ PCI_CAP_ID_VNDR, false, vfio_pci_vendor_size, vfio_pci_vendor_describe },
	{ PCI_CAP_ID_EXP,  true,  vfio_pci_exp_size,    vfio_pci_exp_describe },
	{ PCI_CAP_ID_MSIX, true,  vfio_pci_msix_size,   vfio_pci_msix_describe },
	{ PCI_CAP_ID_AF,   true,  vfio_pci_af_size,     vfio_pci_af_describe },
};

static const struct vfio_pci_cap vfio_pci_ext_caps[] = {
	{ PCI_EXT_CAP_ID_ERR,   false, vfio_pci_aer_size,  NULL },
	{ PCI_EXT_CAP_ID_DSN,   true,  vfio_pci_dsn_size,  NULL },
	{ PCI_EXT_CAP_ID_VNDR,  false, vfio_pci_vsec_size, vfio_pci_vsec_describe },
	{ PCI_EXT_CAP_ID_DVSEC, false, vfio_pci_dvsec_size, NULL },
	{ PCI_EXT_CAP_ID_VC,    false, vfio_pci_vc_size,   NULL },
	{ PCI_EXT_CAP_ID_VC9,   false, vfio_pci_vc_size,   NULL },
	{ PCI_EXT_CAP_ID_MFVC,  false, vfio_pci_vc_size,   NULL },
	{ PCI_EXT_CAP_ID_PWR,   true,  vfio_pci_pwr_size,  NULL },
	{ PCI_EXT_CAP_ID_ACS,   true,  vfio_pci_acs_size,  NULL },
	{ PCI_EXT_CAP_ID_ARI,   true,  vfio_pci_pair_size, NULL },
	{ PCI_EXT_CAP_ID_ATS,   true,  vfio_pci_pair_size, NULL },
	{ PCI_EXT_CAP_ID_LTR,   true,  vfio_pci_pair_size, NULL },
	{ PCI_EXT_CAP_ID_SRIOV, true,  vfio_pci_sriov_size, NULL },
	{ PCI_EXT_CAP_ID_MCAST, true,  vfio_pci_mcast_size, NULL },
	{ PCI_EXT_CAP_ID_PRI,   true,  vfio_pci_pri_size,  NULL },
	{ PCI_EXT_CAP_ID_REBAR, true,  vfio_pci_rebar_size, NULL },
	{ PCI_EXT_CAP_ID_DPA,   true,  vfio_pci_dpa_size,  NULL },
	{ PCI_EXT_CAP_ID_TPH,   true,  vfio_pci_tph_size,  NULL },
};

static const struct vfio_pci_cap *vfio_pci_cap_lookup(const struct vfio_pci_cap *caps, size_t nr,
						      u16 id)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (caps[i].id == id)
			return &caps[i];
	return NULL;
}

const struct vfio_pci_cap *vfio_pci_cap_find(u16 id)
{
	return vfio_pci_cap_lookup(vfio_pci_caps, ARRAY_SIZE(vfio_pci_caps), id);
}

const struct vfio_pci_cap *vfio_pci_ext_cap_find(u16 id)
{
	return vfio_pci_cap_lookup(vfio_pci_ext_caps, ARRAY_SIZE(vfio_pci_ext_caps), id);
}
