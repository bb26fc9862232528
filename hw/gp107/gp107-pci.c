/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The emulated GP107 as a QEMU device: PCI, time, DMA and properties around
 * the core, which knows nothing of QEMU.
 *
 * All of it runs under the big QEMU lock.  Engines run in slices from a
 * timer, never in the handler of an access, and a slice is short, so that
 * the processors get the lock in between.
 *
 * The core is not entered while it waits for the bus: what the card's own DMA
 * finds at the card's BARs is nothing, as if no device answered.
 */
#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/bswap.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "exec/memory.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci.h"
#include "hw/pci/pcie.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "qom/object.h"
#include "sysemu/cpu-timers.h"
#include "gp107.h"
#include "top/pbus.h"
#include "top/vbios.h"
#include "trace/trace-hw_gp107.h"

#define TYPE_GP107 "gp107"
OBJECT_DECLARE_SIMPLE_TYPE(Gp107State, GP107)

/* Where GeForce boards have their capabilities. */
#define CAP_PM          0x60
#define CAP_MSI         0x68
#define CAP_EXPRESS     0x78

#define RUN_BUDGET      1000            /* steps between looks at the clock */
#define RUN_SLICE_NS    400000          /* how long the lock is held */
#define RUN_SLICE_STEPS 16              /* with -icount: a repeatable slice */
#define RUN_PAUSE_NS    5000            /* how long it is free then */
#define POLL_MIN_NS     20000           /* between looks at a semaphore */
#define POLL_MAX_NS     320000

struct Gp107State {
    PCIDevice parent_obj;

    Gp107 *gpu;
    GpConfig cfg;
    MemoryRegion rom;
    MemoryRegion bar0;
    MemoryRegion bar1;
    MemoryRegion bar3;
    MemoryRegion bar5;
    QEMUTimer *run_timer;
    QEMUTimer *wake_timer;
    int64_t powered_ns;
    int64_t poll_ns;
    bool on_bus;                    /* in a DMA of its own */
};

/* What the core asks of its host. */

static bool dma(Gp107State *s, uint64_t addr, void *buf, uint64_t len,
                DMADirection direction)
{
    MemTxResult result;

    s->on_bus = true;
    result = pci_dma_rw(PCI_DEVICE(s), addr, buf, len, direction,
                        MEMTXATTRS_UNSPECIFIED);
    s->on_bus = false;
    return result == MEMTX_OK;
}

static bool host_dma_read(void *opaque, uint64_t addr, void *buf,
                          uint64_t len)
{
    return dma(opaque, addr, buf, len, DMA_DIRECTION_TO_DEVICE);
}

static bool host_dma_write(void *opaque, uint64_t addr, const void *buf,
                           uint64_t len)
{
    return dma(opaque, addr, (void *)buf, len, DMA_DIRECTION_FROM_DEVICE);
}

static uint64_t cmpxchg_ram(void *ptr, unsigned size, uint64_t expected,
                            uint64_t desired)
{
    if (size == 4) {
        return le32_to_cpu(qatomic_cmpxchg((uint32_t *)ptr,
                                           cpu_to_le32(expected),
                                           cpu_to_le32(desired)));
    }
    return le64_to_cpu(qatomic_cmpxchg((uint64_t *)ptr,
                                       cpu_to_le64(expected),
                                       cpu_to_le64(desired)));
}

/* Memory that is not RAM is reached under the lock, which is enough. */
static bool cmpxchg_other(void *opaque, uint64_t addr, unsigned size,
                          uint64_t expected, uint64_t desired, uint64_t *old)
{
    uint64_t val = 0;

    if (!host_dma_read(opaque, addr, &val, size)) {
        return false;
    }
    *old = le64_to_cpu(val);
    if (*old != expected) {
        return true;
    }
    val = cpu_to_le64(desired);
    return host_dma_write(opaque, addr, &val, size);
}

static bool host_dma_cmpxchg(void *opaque, uint64_t addr, unsigned size,
                             uint64_t expected, uint64_t desired,
                             uint64_t *old)
{
    AddressSpace *as = pci_get_address_space(opaque);
    hwaddr len = size;
    hwaddr xlat;
    MemoryRegion *mr;
    void *ptr = NULL;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(as, addr, &xlat, &len, true,
                                 MEMTXATTRS_UNSPECIFIED);
    if (len >= size && memory_access_is_direct(mr, true)) {
        len = size;
        ptr = address_space_map(as, addr, &len, true,
                                MEMTXATTRS_UNSPECIFIED);
    }
    if (!ptr) {
        return cmpxchg_other(opaque, addr, size, expected, desired, old);
    }
    if (len < size) {
        address_space_unmap(as, ptr, len, true, 0);
        return cmpxchg_other(opaque, addr, size, expected, desired, old);
    }
    *old = cmpxchg_ram(ptr, size, expected, desired);
    address_space_unmap(as, ptr, len, true, size);
    return true;
}

static void host_irq(void *opaque, bool level)
{
    PCIDevice *pci = opaque;
    bool msi = msi_enabled(pci);

    trace_gp107_irq(level, msi);
    if (msi && level) {
        msi_notify(pci, 0);
    }
    pci_set_irq(pci, level && !msi);
}

static uint64_t host_time_ns(void *opaque)
{
    Gp107State *s = opaque;

    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) - s->powered_ns;
}

/* The clock of -icount less what it skipped while the processors slept. */
static uint64_t host_instructions(void *opaque)
{
    return icount_enabled() ? icount_get_raw() : 0;
}

static void host_kick(void *opaque)
{
    Gp107State *s = opaque;

    s->poll_ns = POLL_MIN_NS;
    timer_mod_anticipate_ns(s->run_timer,
                            qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL));
}

static void host_wake_at(void *opaque, uint64_t ns)
{
    Gp107State *s = opaque;

    timer_mod_ns(s->wake_timer, s->powered_ns + MIN(ns, INT64_MAX / 2));
}

static void host_log(void *opaque, GpLogLevel level, const char *text)
{
    switch (level) {
    case GP_LOG_UNKNOWN:
        qemu_log_mask(LOG_UNIMP, "gp107: %s\n", text);
        break;
    case GP_LOG_GUEST:
        qemu_log_mask(LOG_GUEST_ERROR, "gp107: %s\n", text);
        break;
    case GP_LOG_TRACE:
        trace_gp107_core(text);
        break;
    }
}

/* Time slices. */

static void run(void *opaque)
{
    Gp107State *s = opaque;
    int64_t start = get_clock();
    int64_t delay;
    unsigned steps = 0;
    bool go_on;
    GpRun left;

    do {
        left = gp107_run(s->gpu, RUN_BUDGET);
        steps++;
        go_on = icount_enabled() ? steps < RUN_SLICE_STEPS
                                 : get_clock() - start < RUN_SLICE_NS;
    } while (left == GP_RUN_MORE && go_on);
    trace_gp107_run(steps, left);

    switch (left) {
    case GP_RUN_IDLE:
        return;
    case GP_RUN_POLL:
        delay = s->poll_ns;
        s->poll_ns = MIN(s->poll_ns * 2, POLL_MAX_NS);
        break;
    case GP_RUN_MORE:
    default:
        delay = RUN_PAUSE_NS;
        s->poll_ns = POLL_MIN_NS;
        break;
    }
    timer_mod_anticipate_ns(s->run_timer,
                            qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + delay);
}

/* BARs. */

static bool own_dma(const Gp107State *s, const char *bar, hwaddr addr)
{
    if (s->on_bus) {
        qemu_log_mask(LOG_GUEST_ERROR, "gp107: DMA of the card to its own "
                      "%s at %" HWADDR_PRIx "\n", bar, addr);
    }
    return s->on_bus;
}

#define BAR_OPS(bar)                                                    \
static uint64_t bar##_read(void *opaque, hwaddr addr, unsigned size)    \
{                                                                       \
    Gp107State *s = opaque;                                             \
    uint64_t val;                                                       \
                                                                        \
    if (own_dma(s, #bar, addr)) {                                       \
        return UINT64_MAX;                                              \
    }                                                                   \
    val = gp107_##bar##_read(s->gpu, addr, size);                       \
    trace_gp107_read(#bar, addr, size, val);                            \
    return val;                                                         \
}                                                                       \
                                                                        \
static void bar##_write(void *opaque, hwaddr addr, uint64_t val,        \
                        unsigned size)                                  \
{                                                                       \
    Gp107State *s = opaque;                                             \
                                                                        \
    if (own_dma(s, #bar, addr)) {                                       \
        return;                                                         \
    }                                                                   \
    trace_gp107_write(#bar, addr, size, val);                           \
    gp107_##bar##_write(s->gpu, addr, val, size);                       \
}                                                                       \
                                                                        \
static const MemoryRegionOps bar##_ops = {                              \
    .read = bar##_read,                                                 \
    .write = bar##_write,                                               \
    .endianness = DEVICE_LITTLE_ENDIAN,                                 \
    .valid = {                                                          \
        .min_access_size = 1,                                           \
        .max_access_size = 8,                                           \
        .unaligned = true,                                              \
    },                                                                  \
    .impl = {                                                           \
        .min_access_size = 1,                                           \
        .max_access_size = 8,                                           \
        .unaligned = true,                                              \
    },                                                                  \
};

BAR_OPS(bar0)
BAR_OPS(bar1)
BAR_OPS(bar3)
BAR_OPS(bar5)

/* Properties. */

static const struct {
    const char *name;
    const char *description;
} switch_properties[GP_SWITCH_COUNT] = {
    [GP_SWITCH_IGNORE_FLUSH] = {
        "ignore-flush",
        "misbehave: ignore the n-th TLB invalidate from now (0: off, "
        "4294967295: every one)",
    },
    [GP_SWITCH_DROP_REPLAY] = {
        "drop-replay",
        "misbehave: drop the n-th replay from now (0: off, 4294967295: "
        "every one)",
    },
    [GP_SWITCH_DELAY_REPLAY] = {
        "delay-replay-us",
        "misbehave: act on a replay after so many microseconds (0: off)",
    },
    [GP_SWITCH_OVERFLOW] = {
        "overflow",
        "misbehave: the n-th fault from now finds the fault buffer full "
        "(0: off, 4294967295: every one)",
    },
    [GP_SWITCH_DUPLICATE] = {
        "duplicate",
        "misbehave: post each fault so many times more (0: off, at most "
        "fault-entries)",
    },
    [GP_SWITCH_STORM] = {
        "storm",
        "misbehave: raise so many spurious prefetch faults (0: off)",
    },
    [GP_SWITCH_LATE_VALID] = {
        "late-valid-us",
        "misbehave: set the valid bit of a fault so many microseconds after "
        "PUT tells of it (0: off)",
    },
};

static const struct {
    const char *name;
    const char *description;
} descriptions[] = {
    { "vram-size", "size of VRAM: a power of two from 64M to 16G" },
    { "tpcs", "how many TPCs the one GPC has: 1 to 3" },
    { "ces", "how many copy engines: 1 to 4" },
    { "fault-entries", "room in the replayable fault buffer: 2 to 65536" },
    { "ptimer-num", "PTIMER runs at num/den of the machine's time" },
    { "ptimer-den", "PTIMER runs at num/den of the machine's time" },
    { "one-runlist", "put the copy engines on the runlist of GR" },
    { "strict-tlb", "compare each TLB hit with the page tables, and count "
                    "those that lie" },
    { "stale-grace-ns", "how long after a page table write a stale TLB "
                        "entry is no violation" },
    { "irq-rearm-ns", "how long until a fault that is still pending is "
                      "told again" },
    { "fault-report-ns", "how long until a fault that stops a channel is "
                         "told" },
};

static GpConfig *current_config(Gp107State *s)
{
    return s->gpu ? &s->gpu->cfg : &s->cfg;
}

static void get_switch(Object *obj, Visitor *v, const char *name,
                       void *opaque, Error **errp)
{
    uint32_t val = current_config(GP107(obj))->switches[(uintptr_t)opaque];

    visit_type_uint32(v, name, &val, errp);
}

static void set_switch(Object *obj, Visitor *v, const char *name,
                       void *opaque, Error **errp)
{
    Gp107State *s = GP107(obj);
    GpConfig *cfg = current_config(s);
    GpSwitch sw = (uintptr_t)opaque;
    uint32_t val;

    if (!visit_type_uint32(v, name, &val, errp)) {
        return;
    }
    if (s->gpu && sw == GP_SWITCH_DUPLICATE && val > cfg->fault_entries) {
        error_setg(errp, "%s must not exceed fault-entries, which is %u",
                   name, cfg->fault_entries);
        return;
    }
    cfg->switches[sw] = val;
    if (s->gpu) {
        host_kick(s);
    }
}

static void get_counter(Object *obj, Visitor *v, const char *name,
                        void *opaque, Error **errp)
{
    Gp107State *s = GP107(obj);
    uint64_t val = s->gpu ? s->gpu->stats.counter[(uintptr_t)opaque] : 0;

    visit_type_uint64(v, name, &val, errp);
}

static void add_properties(ObjectClass *klass)
{
    for (uintptr_t i = 0; i < GP_SWITCH_COUNT; i++) {
        const char *name = switch_properties[i].name;

        object_class_property_add(klass, name, "uint32", get_switch,
                                  set_switch, NULL, (void *)i);
        object_class_property_set_description(
            klass, name, switch_properties[i].description);
    }
    for (uintptr_t i = 0; i < GP_COUNTER_COUNT; i++) {
        g_autofree char *name = g_strdup_printf("counter-%s",
                                                gp_counter_name(i));

        object_class_property_add(klass, name, "uint64", get_counter, NULL,
                                  NULL, (void *)i);
        object_class_property_set_description(klass, name,
                                              "a counter, to be read");
    }
    for (unsigned i = 0; i < ARRAY_SIZE(descriptions); i++) {
        object_class_property_set_description(klass, descriptions[i].name,
                                              descriptions[i].description);
    }
}

static Property gp107_properties[] = {
    DEFINE_PROP_SIZE("vram-size", Gp107State, cfg.vram_size, 256 * MiB),
    DEFINE_PROP_UINT32("tpcs", Gp107State, cfg.tpcs, 1),
    DEFINE_PROP_UINT32("ces", Gp107State, cfg.ces, GP_MAX_CES),
    DEFINE_PROP_UINT32("fault-entries", Gp107State, cfg.fault_entries, 1024),
    DEFINE_PROP_UINT32("ptimer-num", Gp107State, cfg.ptimer_numerator, 1),
    DEFINE_PROP_UINT32("ptimer-den", Gp107State, cfg.ptimer_denominator, 1),
    DEFINE_PROP_BOOL("one-runlist", Gp107State, cfg.one_runlist, false),
    DEFINE_PROP_BOOL("strict-tlb", Gp107State, cfg.strict_tlb, true),
    DEFINE_PROP_UINT64("stale-grace-ns", Gp107State, cfg.stale_grace_ns,
                       1000 * 1000 * 1000),
    DEFINE_PROP_UINT64("irq-rearm-ns", Gp107State, cfg.irq_rearm_ns,
                       10 * 1000),
    DEFINE_PROP_UINT64("fault-report-ns", Gp107State, cfg.fault_report_ns,
                       5 * 1000 * 1000),
    DEFINE_PROP_END_OF_LIST(),
};

/* The device. */

static bool create_gpu(Gp107State *s, Error **errp)
{
    const GpHost host = {
        .opaque = s,
        .dma_read = host_dma_read,
        .dma_write = host_dma_write,
        .dma_cmpxchg = host_dma_cmpxchg,
        .irq = host_irq,
        .time_ns = host_time_ns,
        .instructions = host_instructions,
        .kick = host_kick,
        .wake_at = host_wake_at,
        .log = host_log,
    };
    const char *error;

    s->powered_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    s->poll_ns = POLL_MIN_NS;
    s->run_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, run, s);
    s->wake_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, run, s);
    s->gpu = gp107_new(&host, &s->cfg, &error);
    if (!s->gpu) {
        timer_free(s->run_timer);
        timer_free(s->wake_timer);
        error_setg(errp, "%s", error);
        return false;
    }
    return true;
}

static bool add_capabilities(PCIDevice *pci, Error **errp)
{
    if (pci_add_capability(pci, PCI_CAP_ID_PM, CAP_PM, PCI_PM_SIZEOF,
                           errp) < 0) {
        return false;
    }
    pci_set_word(pci->config + CAP_PM + PCI_PM_PMC, PCI_PM_CAP_VER_1_2);
    pci_set_word(pci->config + CAP_PM + PCI_PM_CTRL,
                 PCI_PM_CTRL_NO_SOFT_RESET);
    pci_set_word(pci->wmask + CAP_PM + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);
    if (msi_init(pci, CAP_MSI, 1, true, false, errp) < 0) {
        return false;
    }
    if (pci_bus_is_express(pci_get_bus(pci)) &&
        pcie_endpoint_cap_init(pci, CAP_EXPRESS) < 0) {
        error_setg(errp, "cannot add the PCI Express capability");
        return false;
    }
    return true;
}

static bool add_rom(Gp107State *s, Error **errp)
{
    Error *err = NULL;

    memory_region_init_rom_nomigrate(&s->rom, OBJECT(s), "gp107.rom",
                                     GP_VBIOS_SIZE, &err);
    if (err) {
        error_propagate(errp, err);
        return false;
    }
    memcpy(memory_region_get_ram_ptr(&s->rom), gp_vbios_image(s->gpu->vbios),
           GP_VBIOS_SIZE);
    pci_register_bar(PCI_DEVICE(s), PCI_ROM_SLOT, 0, &s->rom);
    return true;
}

static void gp107_pci_exit(PCIDevice *pci)
{
    Gp107State *s = GP107(pci);

    msi_uninit(pci);
    timer_free(s->run_timer);
    timer_free(s->wake_timer);
    gp107_free(s->gpu);
    s->gpu = NULL;
}

static void gp107_pci_realize(PCIDevice *pci, Error **errp)
{
    Gp107State *s = GP107(pci);
    const uint8_t prefetch = PCI_BASE_ADDRESS_MEM_TYPE_64 |
                             PCI_BASE_ADDRESS_MEM_PREFETCH;

    if (!create_gpu(s, errp)) {
        return;
    }
    pci_config_set_interrupt_pin(pci->config, 1);
    if (!add_capabilities(pci, errp) || !add_rom(s, errp)) {
        gp107_pci_exit(pci);
        return;
    }
    memory_region_init_io(&s->bar0, OBJECT(s), &bar0_ops, s, "gp107.bar0",
                          GP_BAR0_SIZE);
    memory_region_init_io(&s->bar1, OBJECT(s), &bar1_ops, s, "gp107.bar1",
                          GP_BAR1_SIZE);
    memory_region_init_io(&s->bar3, OBJECT(s), &bar3_ops, s, "gp107.bar3",
                          GP_BAR3_SIZE);
    memory_region_init_io(&s->bar5, OBJECT(s), &bar5_ops, s, "gp107.bar5",
                          GP_BAR5_SIZE);
    pci_register_bar(pci, 0, PCI_BASE_ADDRESS_SPACE_MEMORY, &s->bar0);
    pci_register_bar(pci, 1, prefetch, &s->bar1);
    pci_register_bar(pci, 3, prefetch, &s->bar3);
    pci_register_bar(pci, 5, PCI_BASE_ADDRESS_SPACE_IO, &s->bar5);
}

static void gp107_device_reset(DeviceState *dev)
{
    Gp107State *s = GP107(dev);

    timer_del(s->run_timer);
    timer_del(s->wake_timer);
    gp107_reset(s->gpu);
}

static void gp107_instance_init(Object *obj)
{
    /* Before the bus looks; a conventional slot then takes it too. */
    PCI_DEVICE(obj)->cap_present |= QEMU_PCI_CAP_EXPRESS;
}

static const VMStateDescription vmstate_gp107 = {
    .name = TYPE_GP107,
    .unmigratable = 1,
};

static void gp107_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *k = PCI_DEVICE_CLASS(klass);

    k->realize = gp107_pci_realize;
    k->exit = gp107_pci_exit;
    k->vendor_id = GP_PCI_VENDOR;
    k->device_id = GP_PCI_DEVICE;
    k->revision = GP_PCI_REVISION;
    k->class_id = GP_PCI_CLASS >> 8;
    k->subsystem_vendor_id = GP_PCI_SUBVENDOR;
    k->subsystem_id = GP_PCI_SUBDEVICE;
    dc->desc = "emulated NVIDIA GP107";
    dc->reset = gp107_device_reset;
    dc->vmsd = &vmstate_gp107;
    dc->hotpluggable = false;
    device_class_set_props(dc, gp107_properties);
    add_properties(klass);
    set_bit(DEVICE_CATEGORY_DISPLAY, dc->categories);
}

static const TypeInfo gp107_info = {
    .name = TYPE_GP107,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(Gp107State),
    .instance_init = gp107_instance_init,
    .class_init = gp107_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_PCIE_DEVICE },
        { INTERFACE_CONVENTIONAL_PCI_DEVICE },
        { }
    },
};

static void gp107_register_types(void)
{
    type_register_static(&gp107_info);
}

type_init(gp107_register_types)
