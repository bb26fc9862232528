/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PBDMA (dev_pbdma.ref and dev_ram.ref, FIFO_DMA; clc06f.h).
 *
 * Its registers below 100 are the loaded channel's RAMFC: they are read from
 * the instance block when a channel is switched in and written there when it
 * is switched out, between any two methods.  METHOD0 and DATA0 hold the one
 * method that is under way; a method that has to wait stays there.
 */
#include <stdlib.h>
#include <string.h>

#include "../mem/fault.h"
#include "pbdma.h"
#include "runlist.h"

/* GP entries (clc06f.h GP_ENTRY0, GP_ENTRY1) */
#define GP_ENTRY_SIZE           8
#define GP0_CONDITIONAL         (1u << 0)
#define GP0_GET(v)              ((v) & ~3u)
#define GP1_GET_HI(v)           ((v) & 0xff)
#define GP1_OPCODE(v)           ((v) & 0xff)
#define GP1_PRIV                (1u << 8)
#define GP1_SUBROUTINE          (1u << 9)
#define GP1_LENGTH(v)           ((v) >> 10 & 0x1fffff)
#define OPCODE_NOP              0
#define OPCODE_GP_CRC           2
#define OPCODE_PB_CRC           3

#define VA_END                  0x10000000000ull    /* 40 bits */

/* GP_BASE_HI, PB_HEADER, SUBDEVICE */
#define LIMIT2(v)               ((v) >> 16 & 0x1f)
#define HEADER_METHOD(v)        ((v) & 0x3ffc)
#define HEADER_SUBROUTINE       (1u << 20)
#define HEADER_FIRST            (1u << 22)
#define HEADER_CONDITIONAL      (1u << 23)
#define HEADER_TYPE(v)          ((v) >> 29)
#define HEADER_SEGMENT          (HEADER_SUBROUTINE | GP_PB_HEADER_PRIV | \
                                 HEADER_CONDITIONAL)
#define COUNT_VALUE             0x1fff
#define SUBDEVICE_ID(v)         ((v) & 0xfff)
#define SUBDEVICE_STORED(v)     ((v) >> 16 & 0xfff)
#define SUBDEVICE_CHANNEL_DMA   (1u << 29)

/* PB_HEADER_TYPE, and the header's own opcode where they are the same. */
enum {
    TYPE_SSDM = 0,
    TYPE_INC = 1,
    TYPE_STORE_SDM = 2,
    TYPE_NON_INC = 3,
    TYPE_IMMD = 4,
    TYPE_INC_ONCE = 5,
    TYPE_USE_SDM = 6,
    TYPE_END_SEG = 7,
};

/* The header's opcode 2: the old form of a non-incrementing one. */
#define OPCODE_OLD              0
#define OPCODE_OLD_NON_INC      2

/* USERD, and the registers that are written back there. */
#define USERD_GP_PUT            0x8c
#define USERD_WORDS             8

static const struct {
    uint16_t offset;
    uint16_t reg;
} userd_map[USERD_WORDS] = {
    { 0x40, GP_PB_PUT },
    { 0x44, GP_PB_GET },
    { 0x48, GP_PB_REF },
    { 0x4c, GP_PB_PUT_HI },
    { 0x58, GP_PB_TOP_LEVEL_GET },
    { 0x5c, GP_PB_TOP_LEVEL_GET_HI },
    { 0x60, GP_PB_GET_HI },
    { 0x88, GP_PB_GP_GET },
};

/* hwref gp100 dev_fault.h: MMU_ENG_ID_HOST0, CLIENT_HUB_HOST */
#define FAULT_ID_HOST0          6
#define CLIENT_HOST             0x06

static GpFifo *fifo_of(const GpPbdma *pbdma)
{
    return pbdma->gpu->fifo;
}

static uint64_t get64(GpPbdma *pbdma, uint32_t lo, uint32_t hi)
{
    return (uint64_t)(*gp_pbdma_reg(pbdma, hi) & 0xff) << 32 |
           *gp_pbdma_reg(pbdma, lo);
}

static void set64(GpPbdma *pbdma, uint32_t lo, uint32_t hi, uint64_t val)
{
    *gp_pbdma_reg(pbdma, lo) = val;
    *gp_pbdma_reg(pbdma, hi) = val >> 32;
}

/* ------------------------------------------------------------ interrupts */

bool gp_pbdma_line(const GpPbdma *pbdma)
{
    return (pbdma->intr[0] & pbdma->intr_en[0]) ||
           (pbdma->intr[1] & pbdma->intr_en[1]);
}

bool gp_pbdma_frozen(const GpPbdma *pbdma)
{
    return (pbdma->intr[0] & pbdma->intr_stall[0]) ||
           (pbdma->intr[1] & pbdma->intr_stall[1]);
}

void gp_pbdma_raise(GpPbdma *pbdma, unsigned which, uint32_t bits)
{
    pbdma->intr[which] |= bits;
    gp_fifo_update_irq(fifo_of(pbdma));
}

/* For what nobody gets over by himself. */
static GpStep fail(GpPbdma *pbdma, uint32_t intr)
{
    gp_log(pbdma->gpu, GP_LOG_GUEST, "PBDMA%u: channel %u: interrupt %08x",
           pbdma->id, pbdma->channel->pub.id, intr);
    gp_count(pbdma->gpu, GP_COUNTER_CHANNELS_KILLED, 1);
    gp_pbdma_raise(pbdma, 0, intr);
    return GP_STEP_STOP;
}

GpClient gp_pbdma_client(const GpPbdma *pbdma)
{
    return (GpClient) {
        .engine = FAULT_ID_HOST0 + pbdma->id,
        .client = CLIENT_HOST,
        .hub = true,
    };
}

GpStep gp_pbdma_fault(GpPbdma *pbdma, const GpFault *fault)
{
    gp_fault_unit_post(pbdma->gpu, fault);
    return GP_STEP_STOP;
}

/* ---------------------------------------------------------- RAMFC, USERD */

/* USERD_TARGET has the values of an aperture; ADDR is 39:9. */
static uint64_t userd_address(GpPbdma *pbdma, GpAperture *ap)
{
    *ap = *gp_pbdma_reg(pbdma, GP_PB_USERD) & 3;
    return get64(pbdma, GP_PB_USERD, GP_PB_USERD_HI) & ~0x1ffull;
}

static void write_back(GpPbdma *pbdma)
{
    GpAperture ap;
    uint64_t userd = userd_address(pbdma, &ap);

    for (unsigned i = 0; i < USERD_WORDS; i++) {
        uint32_t val = *gp_pbdma_reg(pbdma, userd_map[i].reg);

        if (!pbdma->userd_known || pbdma->userd[i] != val) {
            gp_mem_write32(pbdma->gpu, ap, userd + userd_map[i].offset, val);
            pbdma->userd[i] = val;
        }
    }
    pbdma->userd_known = true;
}

static void put_words(uint8_t *buf, const uint32_t *words, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        for (unsigned b = 0; b < 4; b++) {
            buf[4 * i + b] = words[i] >> 8 * b;
        }
    }
}

static void get_words(uint32_t *words, const uint8_t *buf, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        words[i] = (uint32_t)buf[4 * i] | (uint32_t)buf[4 * i + 1] << 8 |
                   (uint32_t)buf[4 * i + 2] << 16 |
                   (uint32_t)buf[4 * i + 3] << 24;
    }
}

void gp_pbdma_drop(GpPbdma *pbdma)
{
    pbdma->channel = NULL;
    pbdma->fetch_words = 0;
    pbdma->leave_channel = false;
}

void gp_pbdma_unload(GpPbdma *pbdma)
{
    const GpSpace *space = &pbdma->channel->pub.space;
    uint8_t ramfc[4 * GP_RAMFC_WORDS];

    put_words(ramfc, pbdma->reg, GP_RAMFC_WORDS);
    gp_mem_write(pbdma->gpu, space->inst_ap, space->inst, ramfc,
                 sizeof(ramfc));
    write_back(pbdma);
    gp_pbdma_drop(pbdma);
}

static GpEngine *engine_by_id(GpFifo *fifo, unsigned id)
{
    for (unsigned i = 0; i < fifo->n_engines; i++) {
        if (fifo->engine[i]->engine_id == id) {
            return fifo->engine[i];
        }
    }
    return NULL;
}

static void load(GpPbdma *pbdma, GpHostChannel *channel)
{
    GpSpace *space = &channel->pub.space;
    uint8_t ramfc[4 * GP_RAMFC_WORDS];

    gp_mmu_bind(pbdma->gpu, space->inst, space->inst_ap, space);
    gp_mem_read(pbdma->gpu, space->inst_ap, space->inst, ramfc,
                sizeof(ramfc));
    get_words(pbdma->reg, ramfc, GP_RAMFC_WORDS);
    pbdma->channel = channel;
    pbdma->fetch_words = 0;
    pbdma->userd_known = false;
    pbdma->leave_channel = false;
    pbdma->target = engine_by_id(fifo_of(pbdma),
                                 *gp_pbdma_reg(pbdma, GP_PB_TARGET) & 0x1f);
    if (pbdma->target && pbdma->target != pbdma->engine &&
        pbdma->target != pbdma->copy) {
        pbdma->target = NULL;
    }
}

/* --------------------------------------------------------------- GPFIFO */

static bool update_gp_put(GpPbdma *pbdma)
{
    GpAperture ap;
    uint64_t userd = userd_address(pbdma, &ap);
    uint32_t put = gp_mem_read32(pbdma->gpu, ap, userd + USERD_GP_PUT);

    *gp_pbdma_reg(pbdma, GP_PB_GP_PUT) = put;
    return put != *gp_pbdma_reg(pbdma, GP_PB_GP_GET);
}

static GpStep control_entry(GpPbdma *pbdma, const uint32_t entry[2])
{
    switch (GP1_OPCODE(entry[1])) {
    case OPCODE_NOP:
        return GP_STEP_DONE;
    case OPCODE_GP_CRC: {
        uint32_t crc = *gp_pbdma_reg(pbdma, GP_PB_GP_CRC);

        *gp_pbdma_reg(pbdma, GP_PB_GP_CRC) = 0;
        return crc == entry[0] ? GP_STEP_DONE :
                                 fail(pbdma, GP_PB_INTR_GPCRC);
    }
    case OPCODE_PB_CRC:
        return *gp_pbdma_reg(pbdma, GP_PB_PB_CRC) == entry[0] ?
               GP_STEP_DONE : fail(pbdma, GP_PB_INTR_PBCRC);
    default:
        return fail(pbdma, GP_PB_INTR_GPENTRY);
    }
}

/* The entry's segment comes next: nothing of it is read yet. */
static GpStep start_segment(GpPbdma *pbdma, const uint32_t entry[2])
{
    uint64_t get = (uint64_t)GP1_GET_HI(entry[1]) << 32 | GP0_GET(entry[0]);
    uint64_t put = get + 4ull * GP1_LENGTH(entry[1]);
    uint32_t *header = gp_pbdma_reg(pbdma, GP_PB_HEADER);
    bool conditional = entry[0] & GP0_CONDITIONAL;

    if (put >= VA_END) {
        return fail(pbdma, GP_PB_INTR_GPENTRY);
    }
    if (conditional && !(*gp_pbdma_reg(pbdma, GP_PB_SUBDEVICE) &
                         GP_PB_SUBDEVICE_ACTIVE)) {
        return GP_STEP_DONE;
    }
    set64(pbdma, GP_PB_GET, GP_PB_GET_HI, get);
    set64(pbdma, GP_PB_PB_FETCH, GP_PB_PB_FETCH_HI, get);
    set64(pbdma, GP_PB_PUT, GP_PB_PUT_HI, put);
    *gp_pbdma_reg(pbdma, GP_PB_PB_CRC) = 0;
    *header &= ~HEADER_SEGMENT;
    *header |= HEADER_FIRST |
               (entry[1] & GP1_SUBROUTINE ? HEADER_SUBROUTINE : 0) |
               (entry[1] & GP1_PRIV ? GP_PB_HEADER_PRIV : 0) |
               (conditional ? HEADER_CONDITIONAL : 0);
    pbdma->fetch_words = 0;
    if (conditional && HEADER_TYPE(*header) != TYPE_IMMD &&
        *gp_pbdma_reg(pbdma, GP_PB_COUNT) & COUNT_VALUE) {
        return fail(pbdma, GP_PB_INTR_PBSEG);
    }
    return GP_STEP_DONE;
}

static GpStep next_entry(GpPbdma *pbdma)
{
    uint64_t base = get64(pbdma, GP_PB_GP_BASE, GP_PB_GP_BASE_HI) & ~7ull;
    uint32_t entries =
        1u << LIMIT2(*gp_pbdma_reg(pbdma, GP_PB_GP_BASE_HI));
    uint32_t get = *gp_pbdma_reg(pbdma, GP_PB_GP_GET);
    uint32_t entry[2];
    uint8_t bytes[GP_ENTRY_SIZE];
    GpClient client = gp_pbdma_client(pbdma);
    GpFault fault;

    if (get == *gp_pbdma_reg(pbdma, GP_PB_GP_PUT) &&
        !update_gp_put(pbdma)) {
        return GP_STEP_IDLE;
    }
    if (base + (uint64_t)entries * GP_ENTRY_SIZE > VA_END) {
        return fail(pbdma, GP_PB_INTR_GPFIFO);
    }
    if (get >= entries || *gp_pbdma_reg(pbdma, GP_PB_GP_PUT) >= entries) {
        return fail(pbdma, GP_PB_INTR_GPPTR);
    }
    if (!gp_mmu_read(pbdma->gpu, &pbdma->channel->pub.space, &client,
                     base + (uint64_t)get * GP_ENTRY_SIZE, bytes,
                     sizeof(bytes), &fault)) {
        return gp_pbdma_fault(pbdma, &fault);
    }
    get_words(entry, bytes, 2);
    get = (get + 1) & (entries - 1);
    *gp_pbdma_reg(pbdma, GP_PB_GP_GET) = get;
    *gp_pbdma_reg(pbdma, GP_PB_GP_FETCH) = get;
    pbdma->gp_shadow[0] = entry[0];
    pbdma->gp_shadow[1] = entry[1];
    if (!GP1_LENGTH(entry[1])) {
        return control_entry(pbdma, entry);
    }
    *gp_pbdma_reg(pbdma, GP_PB_GP_CRC) =
        gp_crc32(*gp_pbdma_reg(pbdma, GP_PB_GP_CRC),
                 (uint64_t)entry[1] << 32 | entry[0], GP_ENTRY_SIZE);
    return start_segment(pbdma, entry);
}

/* ----------------------------------------------------------- push buffer */

/*
 * Reads ahead, but not over the end of a page: a fault there is for the
 * words behind it only.
 */
static bool fetch(GpPbdma *pbdma, uint64_t va, uint64_t end, GpFault *fault)
{
    uint8_t bytes[4 * GP_FETCH_WORDS];
    uint64_t len = end - va;
    uint64_t page = 0x1000 - (va & 0xfff);
    GpClient client = gp_pbdma_client(pbdma);

    len = len < page ? len : page;
    len = len < sizeof(bytes) ? len : sizeof(bytes);
    if (!gp_mmu_read(pbdma->gpu, &pbdma->channel->pub.space, &client, va,
                     bytes, len, fault)) {
        pbdma->fetch_words = 0;
        return false;
    }
    get_words(pbdma->fetch, bytes, len / 4);
    pbdma->fetch_va = va;
    pbdma->fetch_words = len / 4;
    return true;
}

static void set_method(GpPbdma *pbdma, unsigned subchannel, uint32_t method,
                       uint32_t data)
{
    if (!(*gp_pbdma_reg(pbdma, GP_PB_SUBDEVICE) & GP_PB_SUBDEVICE_ACTIVE)) {
        return;
    }
    *gp_pbdma_reg(pbdma, GP_PB_METHOD0) =
        GP_PB_METHOD_VALID | subchannel << 16 | method;
    *gp_pbdma_reg(pbdma, GP_PB_DATA0) = data;
}

/* A word of data for the header that is under way. */
static void method_data(GpPbdma *pbdma, uint32_t word)
{
    uint32_t *header = gp_pbdma_reg(pbdma, GP_PB_HEADER);
    uint32_t method = HEADER_METHOD(*header);

    set_method(pbdma, *header >> 16 & 7, method, word);
    if (HEADER_TYPE(*header) != TYPE_NON_INC) {
        *header = (*header & ~0x3ffcu) | HEADER_METHOD(method + 4);
    }
    if (HEADER_TYPE(*header) == TYPE_INC_ONCE) {
        *header = (*header & 0x1fffffff) | (uint32_t)TYPE_NON_INC << 29;
    }
    --*gp_pbdma_reg(pbdma, GP_PB_COUNT);
}

static GpStep method_header(GpPbdma *pbdma, unsigned type,
                            unsigned subchannel, uint32_t method,
                            uint32_t count)
{
    uint32_t *header = gp_pbdma_reg(pbdma, GP_PB_HEADER);
    uint32_t steps = type == TYPE_INC ? count : count > 1 ? 2 : count;

    if (type != TYPE_IMMD && type != TYPE_NON_INC && steps &&
        method / 4 + steps - 1 > 0xfff) {
        return fail(pbdma, GP_PB_INTR_PBENTRY);
    }
    *header = (*header & HEADER_SEGMENT) | (uint32_t)type << 29 |
              subchannel << 16 | method;
    *gp_pbdma_reg(pbdma, GP_PB_COUNT) = count;
    if (type == TYPE_IMMD) {
        set_method(pbdma, subchannel, method, count);
    }
    return GP_STEP_DONE;
}

static GpStep subdevice_mask(GpPbdma *pbdma, uint32_t mask)
{
    uint32_t *subdevice = gp_pbdma_reg(pbdma, GP_PB_SUBDEVICE);

    if (!(*subdevice & SUBDEVICE_CHANNEL_DMA)) {
        return fail(pbdma, GP_PB_INTR_PBENTRY);
    }
    *subdevice &= ~GP_PB_SUBDEVICE_ACTIVE;
    if (SUBDEVICE_ID(*subdevice) & mask) {
        *subdevice |= GP_PB_SUBDEVICE_ACTIVE;
    } else if (*gp_pbdma_reg(pbdma, GP_PB_HEADER) & HEADER_CONDITIONAL) {
        set64(pbdma, GP_PB_GET, GP_PB_GET_HI,
              get64(pbdma, GP_PB_PUT, GP_PB_PUT_HI));
    }
    return GP_STEP_DONE;
}

/* Opcode 0, with what clc06f.h calls TERT_OP. */
static GpStep control_word(GpPbdma *pbdma, uint32_t word)
{
    uint32_t mask = word >> 4 & 0xfff;
    uint32_t *subdevice = gp_pbdma_reg(pbdma, GP_PB_SUBDEVICE);

    if ((word >> 16 & 3) == 0) {
        return method_header(pbdma, TYPE_INC, word >> 13 & 7, word & 0x1ffc,
                             word >> 18 & 0x7ff);
    }
    if (word >> 18) {
        return fail(pbdma, GP_PB_INTR_PBENTRY);
    }
    switch (word >> 16 & 3) {
    case 1:
        return subdevice_mask(pbdma, mask);
    case 2:
        *subdevice = (*subdevice & ~0x0fff0000u) | mask << 16;
        return GP_STEP_DONE;
    default:
        return subdevice_mask(pbdma, SUBDEVICE_STORED(*subdevice));
    }
}

static GpStep instruction(GpPbdma *pbdma, uint32_t word)
{
    unsigned subchannel = word >> 13 & 7;
    uint32_t method = (word & 0xfff) << 2;
    uint32_t count = word >> 16 & 0x1fff;

    pbdma->hdr_shadow = word;
    *gp_pbdma_reg(pbdma, GP_PB_COUNT) = 0;
    if (word == 0) {
        return GP_STEP_DONE;
    }
    switch (word >> 29) {
    case OPCODE_OLD:
        return control_word(pbdma, word);
    case OPCODE_OLD_NON_INC:
        if (word >> 16 & 3) {
            return fail(pbdma, GP_PB_INTR_PBENTRY);
        }
        return method_header(pbdma, TYPE_NON_INC, subchannel, word & 0x1ffc,
                             word >> 18 & 0x7ff);
    case TYPE_INC:
    case TYPE_NON_INC:
    case TYPE_IMMD:
    case TYPE_INC_ONCE:
        return method_header(pbdma, word >> 29, subchannel, method, count);
    case TYPE_END_SEG:
        set64(pbdma, GP_PB_GET, GP_PB_GET_HI,
              get64(pbdma, GP_PB_PUT, GP_PB_PUT_HI));
        return GP_STEP_DONE;
    default:
        return fail(pbdma, GP_PB_INTR_PBENTRY);
    }
}

static GpStep next_word(GpPbdma *pbdma)
{
    uint64_t get = get64(pbdma, GP_PB_GET, GP_PB_GET_HI);
    uint64_t put = get64(pbdma, GP_PB_PUT, GP_PB_PUT_HI);
    uint32_t header = *gp_pbdma_reg(pbdma, GP_PB_HEADER);
    uint32_t *crc = gp_pbdma_reg(pbdma, GP_PB_PB_CRC);
    uint64_t index = (get - pbdma->fetch_va) / 4;
    GpFault fault;
    uint32_t word;
    GpStep step = GP_STEP_DONE;

    if (get > put || get % 4 || put % 4) {
        return fail(pbdma, GP_PB_INTR_PBPTR);
    }
    if (get < pbdma->fetch_va || index >= pbdma->fetch_words) {
        if (!fetch(pbdma, get, put, &fault)) {
            return gp_pbdma_fault(pbdma, &fault);
        }
        index = 0;
    }
    word = pbdma->fetch[index];
    set64(pbdma, GP_PB_GET, GP_PB_GET_HI, get + 4);
    set64(pbdma, GP_PB_PB_FETCH, GP_PB_PB_FETCH_HI, get + 4);
    *crc = gp_crc32(*crc, word, 4);
    if (*gp_pbdma_reg(pbdma, GP_PB_COUNT) & COUNT_VALUE &&
        HEADER_TYPE(header) != TYPE_IMMD) {
        method_data(pbdma, word);
    } else {
        step = instruction(pbdma, word);
    }
    if (!(header & HEADER_SUBROUTINE)) {
        set64(pbdma, GP_PB_TOP_LEVEL_GET, GP_PB_TOP_LEVEL_GET_HI,
              get64(pbdma, GP_PB_GET, GP_PB_GET_HI));
    }
    return step;
}

/* ------------------------------------------------------------ scheduling */

static GpStep step(GpPbdma *pbdma)
{
    if (*gp_pbdma_reg(pbdma, GP_PB_METHOD0) & GP_PB_METHOD_VALID) {
        return gp_pbdma_method(pbdma);
    }
    if (get64(pbdma, GP_PB_GET, GP_PB_GET_HI) !=
        get64(pbdma, GP_PB_PUT, GP_PB_PUT_HI)) {
        return next_word(pbdma);
    }
    return next_entry(pbdma);
}

static void use_slice(GpPbdma *pbdma)
{
    if (pbdma->group_slice == 0 || --pbdma->group_slice == 0) {
        pbdma->leave_group = true;
        pbdma->leave_channel = true;
    }
    if (pbdma->channel_slice == 0 || --pbdma->channel_slice == 0) {
        pbdma->leave_channel = true;
    }
}

/*
 * Makes sure that somebody is loaded who can go on.  The one who was stays,
 * if nobody else can (or the runlist is blocked, which holds up new ones).
 */
static bool choose(GpPbdma *pbdma)
{
    GpHostChannel *channel = pbdma->channel;
    GpHostChannel *next;
    bool can_stay = channel && channel->pending &&
                    channel->round != pbdma->round;

    if (can_stay && !pbdma->leave_channel) {
        return true;
    }
    next = gp_runlist_next(fifo_of(pbdma), pbdma);
    pbdma->leave_channel = false;
    pbdma->leave_group = false;
    if (!next) {
        return can_stay;
    }
    if (next != channel) {
        if (channel) {
            gp_pbdma_unload(pbdma);
        }
        load(pbdma, next);
    }
    return true;
}

/*
 * Who waits is asked again when all others had their turn, whatever
 * SEMAPHORED_ACQUIRE_SWITCH says: it is about time, which does not pass here.
 */
static void got_nowhere(GpPbdma *pbdma, GpStep how)
{
    GpHostChannel *channel = pbdma->channel;

    channel->round = pbdma->round;
    channel->acquiring = how == GP_STEP_POLL;
    if (how == GP_STEP_IDLE) {
        channel->pending = false;
        write_back(pbdma);
    }
}

GpRun gp_pbdma_run(GpPbdma *pbdma, unsigned budget)
{
    bool progress = false, poll = false;

    pbdma->round++;
    while (budget && !gp_pbdma_frozen(pbdma)) {
        GpStep how;

        if (pbdma->channel &&
            !gp_channel_runnable(fifo_of(pbdma), pbdma->channel)) {
            gp_pbdma_unload(pbdma);
        }
        if (!choose(pbdma)) {
            break;
        }
        budget--;
        how = step(pbdma);
        switch (how) {
        case GP_STEP_DONE:
            progress = true;
            pbdma->channel->acquiring = false;
            use_slice(pbdma);
            break;
        case GP_STEP_POLL:
            poll = true;
            got_nowhere(pbdma, how);
            break;
        case GP_STEP_IDLE:
        case GP_STEP_WAIT:
            got_nowhere(pbdma, how);
            break;
        case GP_STEP_STOP:
            progress = true;
            /* With INTR_STALL off nothing would stop it otherwise. */
            pbdma->channel->pending = gp_pbdma_frozen(pbdma);
            break;
        }
    }
    if (pbdma->channel) {
        write_back(pbdma);
    }
    return progress ? GP_RUN_MORE : poll ? GP_RUN_POLL : GP_RUN_IDLE;
}

/* ------------------------------------------------------------- registers */

bool gp_pbdma_has(uint32_t offset)
{
    switch (offset) {
    case 0 ... 4 * GP_RAMFC_WORDS - 1:
    case GP_PB_STATUS:
    case GP_PB_INTR_0 ... GP_PB_HDR_SHADOW:
    case GP_PB_CHANNEL:
    case GP_PB_TIMEOUT:
    case GP_PB_INTR_STALL ... GP_PB_INTR_STALL_1:
    case GP_PB_INTR_1 ... GP_PB_HCE_DBG1:
        return true;
    default:
        return false;
    }
}

uint32_t gp_pbdma_read(GpPbdma *pbdma, uint32_t offset)
{
    if (offset < 4 * GP_RAMFC_WORDS) {
        return *gp_pbdma_reg(pbdma, offset);
    }
    switch (offset) {
    case GP_PB_STATUS:
        return 0;
    case GP_PB_INTR_0:
        return pbdma->intr[0];
    case GP_PB_INTR_1:
        return pbdma->intr[1];
    case GP_PB_INTR_EN_0:
        return pbdma->intr_en[0];
    case GP_PB_INTR_EN_1:
        return pbdma->intr_en[1];
    case GP_PB_INTR_STALL:
        return pbdma->intr_stall[0];
    case GP_PB_INTR_STALL_1:
        return pbdma->intr_stall[1];
    case GP_PB_GP_SHADOW_0:
        return pbdma->gp_shadow[0];
    case GP_PB_GP_SHADOW_1:
        return pbdma->gp_shadow[1];
    case GP_PB_HDR_SHADOW:
        return pbdma->hdr_shadow;
    case GP_PB_CHANNEL:
        return pbdma->channel ? pbdma->channel->pub.id : 0;
    case GP_PB_TIMEOUT:
        return pbdma->timeout;
    case GP_PB_HCE_DBG0:
        return pbdma->hce_dbg[0];
    case GP_PB_HCE_DBG1:
        return pbdma->hce_dbg[1];
    default:
        return 0;
    }
}

void gp_pbdma_write(GpPbdma *pbdma, uint32_t offset, uint32_t val)
{
    if (offset < 4 * GP_RAMFC_WORDS) {
        *gp_pbdma_reg(pbdma, offset) = val;
        return;
    }
    switch (offset) {
    case GP_PB_INTR_0:
        pbdma->intr[0] &= ~val;
        break;
    case GP_PB_INTR_1:
        pbdma->intr[1] &= ~val;
        break;
    case GP_PB_INTR_EN_0:
        pbdma->intr_en[0] = val;
        break;
    case GP_PB_INTR_EN_1:
        pbdma->intr_en[1] = val;
        break;
    case GP_PB_INTR_STALL:
        pbdma->intr_stall[0] = val;
        break;
    case GP_PB_INTR_STALL_1:
        pbdma->intr_stall[1] = val;
        break;
    case GP_PB_TIMEOUT:
        pbdma->timeout = val;
        break;
    default:
        return;
    }
    gp_fifo_update_irq(fifo_of(pbdma));
}

/* ------------------------------------------------------------------ life */

GpPbdma *gp_pbdma_new(Gp107 *gpu, unsigned id)
{
    GpPbdma *pbdma = calloc(1, sizeof(*pbdma));

    if (pbdma) {
        pbdma->gpu = gpu;
        pbdma->id = id;
        gp_pbdma_reset(pbdma);
    }
    return pbdma;
}

void gp_pbdma_free(GpPbdma *pbdma)
{
    free(pbdma);
}

void gp_pbdma_reset(GpPbdma *pbdma)
{
    gp_pbdma_drop(pbdma);
    memset(pbdma->reg, 0, sizeof(pbdma->reg));
    memset(pbdma->intr, 0, sizeof(pbdma->intr));
    memset(pbdma->intr_en, 0, sizeof(pbdma->intr_en));
    memset(pbdma->intr_stall, 0xff, sizeof(pbdma->intr_stall));
    memset(pbdma->gp_shadow, 0, sizeof(pbdma->gp_shadow));
    memset(pbdma->hce_dbg, 0, sizeof(pbdma->hce_dbg));
    pbdma->hdr_shadow = 0;
    pbdma->timeout = 0x10000;       /* NV_PPBDMA_TIMEOUT_PERIOD_INIT */
    pbdma->target = NULL;
    pbdma->userd_known = false;
    pbdma->leave_group = false;
    pbdma->group = 0;
    pbdma->position = 0;
}
