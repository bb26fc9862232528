/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "push.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "card.h"
#include "sass/sass.h"

/* Incrementing packets are all that Mesa has these in (clc06f.h). */
#define INCREMENTING    1
#define IMMEDIATE       4
#define THREED          0
#define COMPUTE         1
/* clc197.h: address, payload, operation: the release of one word. */
#define REPORT          0x1b00
#define REPORT_FENCE    0x1000f010
/* clc1c0.h. */
#define CODE_ADDRESS    0x1608
#define SEND_QMD        0x02b4
#define QMD_PROGRAM     8                   /* word of a QMD */
#define MAX_CODE        0x10000             /* bytes of a kernel to print */

typedef struct Packet {
    unsigned subchannel;
    unsigned method;
    unsigned count;
    const uint32_t *data;
} Packet;

/* The next incrementing packet from *at on; false: there is none. */
static bool next(const uint32_t *word, uint64_t words, uint64_t *at,
                 Packet *packet)
{
    while (*at < words) {
        uint32_t header = word[*at];
        unsigned op = header >> 29;

        *packet = (Packet) {
            .subchannel = header >> 13 & 7,
            .method = (header & 0xfff) << 2,
            .count = op == IMMEDIATE ? 0 : header >> 16 & 0x1fff,
            .data = word + *at + 1,
        };
        if (packet->count > words - *at - 1) {
            return false;
        }
        *at += 1 + packet->count;
        if (op == INCREMENTING) {
            return true;
        }
    }
    return false;
}

void push_fences(const uint32_t *word, uint64_t words, PushMemory memory)
{
    uint64_t at = 0;
    Packet packet;

    while (next(word, words, &at, &packet)) {
        const uint32_t *data = packet.data;
        uint32_t *fence;

        if (packet.subchannel != THREED || packet.method != REPORT ||
            packet.count < 4 || data[3] != REPORT_FENCE) {
            continue;
        }
        fence = memory((uint64_t)data[0] << 32 | data[1], 4);
        if (fence) {
            *fence = data[2];
        }
    }
}

/* Where an instruction may go on to, other than the next. */
static uint32_t target(uint64_t word, uint32_t pc, const char *text)
{
    const char *name = *text == '@' ? strchr(text, ' ') + 1 : text;

    if (strncmp(name, "BRA", 3) && strncmp(name, "SSY", 3) &&
        strncmp(name, "PBK", 3) && strncmp(name, "PCNT", 4)) {
        return 0;
    }
    return pc + 8 + (int32_t)(word >> 20 << 8) / 256;
}

/* To the EXIT of all threads that nothing leads beyond. */
static void print_code(uint64_t base, uint32_t start, PushMemory memory)
{
    uint32_t last = 0;

    shim_say("kernel at %#x:", start);
    for (uint32_t pc = start; pc - start < MAX_CODE; pc += 8) {
        const uint64_t *word = memory(base + pc, 8);
        char text[128];
        uint32_t to;

        if (!word) {
            return;
        }
        if (pc % 32 == 0) {
            continue;
        }
        sass_disassemble(*word, pc, text, sizeof(text));
        fprintf(stderr, "  %05x  %016" PRIx64 "  %s\n", pc, *word, text);
        to = target(*word, pc, text);
        if (to > last) {
            last = to;
        }
        if (!strncmp(text, "EXIT", 4) && pc >= last) {
            return;
        }
    }
}

void push_code(const uint32_t *word, uint64_t words, PushMemory memory)
{
    static uint64_t code;
    uint64_t at = 0;
    Packet packet;

    while (next(word, words, &at, &packet)) {
        if (packet.subchannel != COMPUTE) {
            continue;
        }
        if (packet.method == CODE_ADDRESS && packet.count >= 2) {
            code = (uint64_t)packet.data[0] << 32 | packet.data[1];
        } else if (packet.method == SEND_QMD && packet.count >= 1) {
            const uint32_t *qmd = memory((uint64_t)packet.data[0] << 8, 256);

            if (qmd) {
                print_code(code, qmd[QMD_PROGRAM], memory);
            }
        }
    }
}
