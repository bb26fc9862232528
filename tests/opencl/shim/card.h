/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model, and below the ioctls what a kernel driver does with it: memory,
 * one address space, channels, and the faults of shared virtual memory.
 *
 * A page of the process is on the bus at its own address plus CARD_BUS, so
 * that what the GPU's page tables name is what the process sees there.  With
 * nobody to say when the process changes its memory, the card forgets every
 * such page at the end of each push.
 */
#ifndef SHIM_CARD_H
#define SHIM_CARD_H

#include "harness.h"
#include "range.h"

#define CARD_BUS        (1ull << 48)
#define CARD_VRAM       (1ull << 30)
#define CARD_TABLES     (64ull << 20)       /* of it, for the harness */
#define CARD_GART       (1ull << 30)
#define CARD_CHANNELS   8

typedef struct Card Card;

/* Prints a line of ours. */
void shim_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* NULL: it can't be had, and the reason was said. */
Card *card_new(void);
/*
 * A file that is VRAM, then CARD_GART bytes of the host's memory: what the
 * process maps of the card, it maps of this.
 */
int card_file(const Card *card);
uint64_t card_time(Card *card);
unsigned card_tpcs(const Card *card);
/* Bytes that are left in VRAM, or in the host's part. */
uint64_t card_left(const Card *card, bool vram);

/* -errno: the driver's answer to SVM_INIT. */
int card_set_svm(Card *card, uint64_t start, uint64_t size);

/* Memory of the card that the GPU sees at @va. */
typedef struct CardMemory {
    bool vram;
    uint64_t size;
    uint64_t offset;                        /* in card_file() */
    uint64_t va;
} CardMemory;

/* @vram and @size are the caller's; zeroed.  -errno. */
int card_alloc(Card *card, CardMemory *mem, uint64_t align);
void card_free(Card *card, const CardMemory *mem);
/* Where the shim itself sees it. */
void *card_mem(Card *card, const CardMemory *mem);

/* The channel's number, or -errno. */
int card_channel_new(Card *card);
void card_channel_free(Card *card, unsigned id);
/* It was made and works: 0; -ENOENT; -ENODEV. */
int card_channel_check(Card *card, unsigned id);

/*
 * Puts @len bytes of commands at @va through the channel, and returns when
 * all that they asked for is done, or the channel is dead.
 */
void card_push(Card *card, unsigned id, uint64_t va, uint64_t len);
/* Around the pushes of one call. */
void card_begin(Card *card);
void card_end(Card *card);

#endif
