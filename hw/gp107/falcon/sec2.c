/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SEC2.  Queue registers and message layout: nouveau's nvkm/engine/sec2 and
 * include/nvfw/sec2.h.
 *
 * Both queues are rings in EMEM, of which registers hold head and tail as
 * addresses.  A message that would run over the end starts at the base again;
 * a reader knows that when head is below its position.
 */
#include <stddef.h>

#include "sec2.h"

#define CMDQ_HEAD       0xa00
#define CMDQ_TAIL       0xa04
#define MSGQ_HEAD       0xa30
#define MSGQ_TAIL       0xa34

#define EMEM            0x01000000      /* where DMEM addresses mean EMEM */
#define CMDQ_BASE       (EMEM + 0x000)
#define MSGQ_BASE       (EMEM + 0x080)
#define QUEUE_SIZE      0x080
#define QUEUE_ALIGN     4u

#define UNIT_REWIND     0x00
#define UNIT_INIT       0x01
#define UNIT_UNLOAD     0x06
#define UNIT_ACR        0x08
#define ACR_BOOTSTRAP   0x00

#define HEADER_SIZE     4
#define INIT_SIZE       32
#define BOOTSTRAP_SIZE  16
#define CMDQ_ID         0
#define MSGQ_ID         1

#define REMIND_NS       50000

#define ERROR_NONE      0
#define ERROR_NO_IMAGE  1
#define ERROR_COMMAND   2

typedef struct Command {
    uint8_t unit;
    uint8_t size;
    uint8_t flags;
    uint8_t seq;
    uint32_t at;                        /* in EMEM */
} Command;

static uint32_t header(uint8_t unit, uint8_t size, const Command *cmd)
{
    return unit | size << 8 |
           (cmd ? cmd->flags << 16 | (uint32_t)cmd->seq << 24 : 0);
}

/* Moves msg_head to where @size bytes fit; false: nowhere. */
static bool reserve(GpSec2 *sec2, uint32_t size)
{
    uint32_t end = MSGQ_BASE + QUEUE_SIZE;

    if (sec2->msg_head >= sec2->msg_tail) {
        if (size <= end - sec2->msg_head) {
            return true;
        }
        sec2->msg_head = MSGQ_BASE;
    }
    return sec2->msg_head + size < sec2->msg_tail;
}

static void send(GpSec2 *sec2, GpFalcon *falcon, const uint32_t *words,
                 unsigned count)
{
    uint32_t head = sec2->msg_head;

    if (!reserve(sec2, count * 4)) {
        sec2->msg_head = head;
        gp_log(falcon->gpu, GP_LOG_GUEST, "SEC2: message queue is full");
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        gp_falcon_mem_set(&falcon->emem, sec2->msg_head - EMEM, words[i]);
        sec2->msg_head += 4;
    }
    gp_falcon_raise(falcon, GP_FALCON_IRQ_SWGEN0);
}

static uint32_t bootstrap(GpSec2 *sec2, Gp107 *gpu, uint32_t id)
{
    GpFalcon *target = sec2->find(sec2->opaque, id);

    if (!target || !gp_acr_has(sec2->acr, gpu, id)) {
        gp_log(gpu, GP_LOG_GUEST, "SEC2: no image to boot falcon %u", id);
        return ERROR_NO_IMAGE;
    }
    gp_falcon_reset(target);
    target->ls_ready = true;
    return ERROR_NONE;
}

static void run_acr(GpSec2 *sec2, GpFalcon *falcon, const Command *cmd)
{
    uint32_t type = gp_falcon_mem_get(&falcon->emem, cmd->at + 4) & 0xff;
    uint32_t id = gp_falcon_mem_get(&falcon->emem, cmd->at + 12);
    uint32_t answer[BOOTSTRAP_SIZE / 4];

    answer[0] = header(UNIT_ACR, BOOTSTRAP_SIZE, cmd);
    answer[1] = type;
    answer[2] = type == ACR_BOOTSTRAP && cmd->size >= BOOTSTRAP_SIZE ?
                bootstrap(sec2, falcon->gpu, id) : ERROR_COMMAND;
    answer[3] = id;
    send(sec2, falcon, answer, BOOTSTRAP_SIZE / 4);
}

static void run_command(GpSec2 *sec2, GpFalcon *falcon, const Command *cmd)
{
    uint32_t answer;

    switch (cmd->unit) {
    case UNIT_ACR:
        run_acr(sec2, falcon, cmd);
        break;
    case UNIT_UNLOAD:
        answer = header(UNIT_UNLOAD, HEADER_SIZE, cmd);
        send(sec2, falcon, &answer, 1);
        sec2->running = false;
        gp_falcon_halt(falcon);
        break;
    default:
        gp_log(falcon->gpu, GP_LOG_UNKNOWN, "SEC2: command for unit %02x",
               cmd->unit);
        answer = header(cmd->unit, HEADER_SIZE, cmd);
        send(sec2, falcon, &answer, 1);
        break;
    }
}

static void run_commands(GpSec2 *sec2, GpFalcon *falcon)
{
    /* Each command takes at least its header, so this ends. */
    unsigned left = QUEUE_SIZE / HEADER_SIZE + 1;

    while (sec2->running && sec2->cmd_tail != sec2->cmd_head && left--) {
        uint32_t at = sec2->cmd_tail - EMEM;
        uint32_t word = gp_falcon_mem_get(&falcon->emem, at);
        Command cmd = {
            .unit = word,
            .size = word >> 8,
            .flags = word >> 16,
            .seq = word >> 24,
            .at = at,
        };

        if (cmd.unit == UNIT_REWIND) {
            sec2->cmd_tail = CMDQ_BASE;
            continue;
        }
        if (cmd.size < HEADER_SIZE || at >= QUEUE_SIZE) {
            gp_log(falcon->gpu, GP_LOG_GUEST,
                   "SEC2: bad command %08x at %x", word, at);
            sec2->cmd_tail = sec2->cmd_head;
            break;
        }
        sec2->cmd_tail += (cmd.size + QUEUE_ALIGN - 1) & ~(QUEUE_ALIGN - 1);
        run_command(sec2, falcon, &cmd);
    }
}

void gp_sec2_start(GpSec2 *sec2, GpFalcon *falcon)
{
    const uint32_t init[INIT_SIZE / 4] = {
        [0] = header(UNIT_INIT, INIT_SIZE, NULL),
        [1] = 0 | 2 << 8,               /* INIT; queues */
        [2] = CMDQ_BASE,
        [3] = QUEUE_SIZE | 0 << 16 | (uint32_t)CMDQ_ID << 24,
        [4] = MSGQ_BASE,
        [5] = QUEUE_SIZE | 0 << 16 | (uint32_t)MSGQ_ID << 24,
    };

    gp_sec2_reset(sec2);
    sec2->running = true;
    gp_falcon_enable(falcon, GP_FALCON_IRQ_SWGEN0 | GP_FALCON_IRQ_HALT);
    send(sec2, falcon, init, INIT_SIZE / 4);
}

void gp_sec2_reset(GpSec2 *sec2)
{
    sec2->running = false;
    sec2->cmd_head = CMDQ_BASE;
    sec2->cmd_tail = CMDQ_BASE;
    sec2->msg_head = MSGQ_BASE;
    sec2->msg_tail = MSGQ_BASE;
    sec2->remind_ns = 0;
}

/*
 * A driver empties the queue and then clears the interrupt; a message that
 * came between the two would never be told of, so the firmware looks again.
 */
void gp_sec2_acknowledged(GpSec2 *sec2, GpFalcon *falcon)
{
    if (sec2->msg_head != sec2->msg_tail) {
        sec2->remind_ns = gp_now(falcon->gpu) + REMIND_NS;
        gp_wake_at(falcon->gpu, sec2->remind_ns);
    }
}

void gp_sec2_poll(GpSec2 *sec2, GpFalcon *falcon)
{
    if (!sec2->remind_ns) {
        return;
    }
    if (gp_now(falcon->gpu) < sec2->remind_ns) {
        gp_wake_at(falcon->gpu, sec2->remind_ns);
        return;
    }
    sec2->remind_ns = 0;
    if (sec2->msg_head != sec2->msg_tail) {
        gp_falcon_raise(falcon, GP_FALCON_IRQ_SWGEN0);
    }
}

bool gp_sec2_read(GpSec2 *sec2, uint32_t reg, uint32_t *val)
{
    switch (reg) {
    case CMDQ_HEAD:
        *val = sec2->cmd_head;
        return true;
    case CMDQ_TAIL:
        *val = sec2->cmd_tail;
        return true;
    case MSGQ_HEAD:
        *val = sec2->msg_head;
        return true;
    case MSGQ_TAIL:
        *val = sec2->msg_tail;
        return true;
    default:
        return false;
    }
}

bool gp_sec2_write(GpSec2 *sec2, GpFalcon *falcon, uint32_t reg, uint32_t val)
{
    switch (reg) {
    case CMDQ_HEAD:
        sec2->cmd_head = val;
        run_commands(sec2, falcon);
        return true;
    case CMDQ_TAIL:
        sec2->cmd_tail = val;
        return true;
    case MSGQ_HEAD:
        sec2->msg_head = val;
        return true;
    case MSGQ_TAIL:
        sec2->msg_tail = val;
        return true;
    default:
        return false;
    }
}
