/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes the firmware files that nouveau asks for on a GP107, for the emulated
 * card.  They have the headers that the driver reads and no code: the card
 * does what firmware would do, and never executes any.
 *
 * File formats: nouveau's include/nvfw/{fw,hs,ls,acr}.h, and gk20a_gr_load_sw
 * for gr/sw_*.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CHIP            "nvidia/gp107"
#define BLOCK           0x100u          /* falcon memory is made of these */
#define BUFFER_SIZE     0x2000u

/* nvfw_bin_hdr */
#define BIN_MAGIC       0x000010de
#define BIN_HEADER      24u

/* lsf_signature_v1 */
#define LS_SIG_SIZE     192u
#define LS_SIG_FALCON   72u

/* LSF_FALCON_ID_* */
#define LSF_FECS        2u
#define LSF_GPCCS       3u
#define LSF_SEC2        7u

typedef struct Buffer {
    uint8_t data[BUFFER_SIZE];
    uint32_t size;
} Buffer;

typedef struct File {
    const char *name;
    void (*make)(Buffer *buf, uint32_t argument);
    uint32_t argument;
} File;

static const char filler[] =
    "Made for the emulated GP107 by tools/mkfirmware.c.  There is no code "
    "here: the card does what firmware would do.\n";

static void put32(Buffer *buf, uint32_t at, uint32_t val)
{
    if (at > BUFFER_SIZE - 4) {
        abort();
    }
    for (unsigned i = 0; i < 4; i++) {
        buf->data[at + i] = val >> (8 * i);
    }
    if (buf->size < at + 4) {
        buf->size = at + 4;
    }
}

static void put_words(Buffer *buf, uint32_t at, const uint32_t *words,
                      unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        put32(buf, at + 4 * i, words[i]);
    }
}

/* Text in place of code or data. */
static void fill(Buffer *buf, uint32_t at, uint32_t size)
{
    if (at > BUFFER_SIZE || size > BUFFER_SIZE - at) {
        abort();
    }
    for (uint32_t i = 0; i < size; i++) {
        buf->data[at + i] = filler[i % (sizeof(filler) - 1)];
    }
    if (buf->size < at + size) {
        buf->size = at + size;
    }
}

static void bin_header(Buffer *buf, uint32_t header, uint32_t data,
                       uint32_t data_size)
{
    const uint32_t words[] = {
        BIN_MAGIC, 1, data + data_size, header, data, data_size,
    };

    put_words(buf, 0, words, 6);
}

/* nvfw_bl_desc and one block of boot loader, that goes to @tag. */
static void make_boot_loader(Buffer *buf, uint32_t tag)
{
    const uint32_t desc[] = { tag, 0, 0, BLOCK, BLOCK, 0 };

    put_words(buf, BIN_HEADER, desc, 6);
    fill(buf, BLOCK, BLOCK);
    bin_header(buf, BIN_HEADER, BLOCK, BLOCK);
}

/*
 * A heavy-secure image: nvfw_hs_header, nvfw_hs_load_header, two signatures,
 * and an image of open code, secure code and data, with the place of the
 * signature in the data.  The data start with flcn_acr_desc_v1, which the
 * driver fills in.
 */
static void make_hs_image(Buffer *buf, uint32_t unused)
{
    const uint32_t hs = 0x20, patch = 0x40, load = 0x50;
    const uint32_t sig_dbg = 0x80, sig_prod = 0x90, sig_size = 16;
    const uint32_t image = 0x100, data = 2 * BLOCK, data_size = 3 * BLOCK;
    const uint32_t sig_place = data + 0x200;
    const uint32_t hs_header[] = {
        sig_dbg, sig_size, sig_prod, sig_size, patch, patch + 4, load, 28,
    };
    const uint32_t load_header[] = {
        0, BLOCK, data, data_size, 1, BLOCK, BLOCK,
    };

    (void)unused;
    put_words(buf, hs, hs_header, 8);
    put32(buf, patch, sig_place);
    put32(buf, patch + 4, 0);           /* which signature: the first */
    put_words(buf, load, load_header, 7);
    fill(buf, sig_dbg, 2 * sig_size);
    fill(buf, image, 2 * BLOCK);
    put32(buf, image + data + data_size - 4, 0);
    bin_header(buf, hs, image, data + data_size);
}

/* lsf_signature_v1, of whose fields only the falcon is told. */
static void make_ls_signature(Buffer *buf, uint32_t falcon)
{
    put32(buf, LS_SIG_FALCON, falcon);
    put32(buf, LS_SIG_SIZE - 4, 0);
}

/* Sizes of SEC2's image: boot loader, code, data. */
#define SEC2_BOOT       BLOCK
#define SEC2_CODE       (2 * BLOCK)
#define SEC2_DATA       BLOCK

static void make_sec2_image(Buffer *buf, uint32_t unused)
{
    (void)unused;
    fill(buf, 0, SEC2_BOOT + SEC2_CODE + SEC2_DATA);
}

/* nvfw_ls_desc_v1 */
static void make_sec2_desc(Buffer *buf, uint32_t unused)
{
    const uint32_t size = 656, after_date = 80;
    const uint32_t head[] = {
        size, SEC2_BOOT + SEC2_CODE + SEC2_DATA, 0, 1,
    };
    const uint32_t layout[] = {
        0, SEC2_BOOT, 0, 0,             /* boot loader */
        SEC2_BOOT, SEC2_CODE + SEC2_DATA, 0, 0, 0,
        0, SEC2_CODE, SEC2_CODE, SEC2_DATA,
    };

    (void)unused;
    put_words(buf, 0, head, 4);
    fill(buf, 16, 50);                  /* the date, as text */
    put_words(buf, after_date, layout, 13);
    put32(buf, size - 4, 0);
}

static void make_text(Buffer *buf, uint32_t blocks)
{
    fill(buf, 0, blocks * BLOCK);
}

/*
 * Lists of registers, bundles and methods for GR.  One entry each that
 * changes nothing: a mask that the driver sets itself, "wait until idle", and
 * NO_OPERATION of the 3D class.
 */
static void make_registers(Buffer *buf, uint32_t unused)
{
    const uint32_t entry[] = { 0x00405844, 0x00ffffff };

    (void)unused;
    put_words(buf, 0, entry, 2);
}

static void make_context_registers(Buffer *buf, uint32_t unused)
{
    const uint32_t entry[] = { 0x00405844, 0, 0x00ffffff };

    (void)unused;
    put_words(buf, 0, entry, 3);
}

static void make_bundles(Buffer *buf, uint32_t unused)
{
    const uint32_t entry[] = { 0x0000e100, 0x00000001 };

    (void)unused;
    put_words(buf, 0, entry, 2);
}

static void make_methods(Buffer *buf, uint32_t unused)
{
    const uint32_t entry[] = { (0x0100 / 4) << 16 | 0xc197, 0x00000000 };

    (void)unused;
    put_words(buf, 0, entry, 2);
}

static const File files[] = {
    { "acr/bl", make_boot_loader, 0xfd },
    { "acr/unload_bl", make_boot_loader, 0xfd },
    { "acr/ucode_load", make_hs_image, 0 },
    { "acr/ucode_unload", make_hs_image, 0 },
    { "sec2/image", make_sec2_image, 0 },
    { "sec2/desc", make_sec2_desc, 0 },
    { "sec2/sig", make_ls_signature, LSF_SEC2 },
    { "sec2/image-1", make_sec2_image, 0 },
    { "sec2/desc-1", make_sec2_desc, 0 },
    { "sec2/sig-1", make_ls_signature, LSF_SEC2 },
    { "gr/fecs_bl", make_boot_loader, 0x7e },
    { "gr/fecs_inst", make_text, 4 },
    { "gr/fecs_data", make_text, 1 },
    { "gr/fecs_sig", make_ls_signature, LSF_FECS },
    { "gr/gpccs_bl", make_boot_loader, 0x3e },
    { "gr/gpccs_inst", make_text, 2 },
    { "gr/gpccs_data", make_text, 1 },
    { "gr/gpccs_sig", make_ls_signature, LSF_GPCCS },
    { "gr/sw_nonctx", make_registers, 0 },
    { "gr/sw_ctx", make_context_registers, 0 },
    { "gr/sw_bundle_init", make_bundles, 0 },
    { "gr/sw_method_init", make_methods, 0 },
    { "nvdec/scrubber", make_hs_image, 0 },
};

/* Makes the folders above @path. */
static bool make_folders(char *path)
{
    for (char *p = path + 1; *p; p++) {
        if (*p != '/') {
            continue;
        }
        *p = '\0';
        if (mkdir(path, 0777) && errno != EEXIST) {
            fprintf(stderr, "mkfirmware: cannot make folder %s: %s\n", path,
                    strerror(errno));
            return false;
        }
        *p = '/';
    }
    return true;
}

static bool write_file(const char *path, const Buffer *buf)
{
    FILE *f = fopen(path, "wb");
    bool ok;

    if (!f) {
        fprintf(stderr, "mkfirmware: cannot open %s: %s\n", path,
                strerror(errno));
        return false;
    }
    ok = fwrite(buf->data, 1, buf->size, f) == buf->size;
    ok = !fclose(f) && ok;
    if (!ok) {
        fprintf(stderr, "mkfirmware: cannot write %s: %s\n", path,
                strerror(errno));
    }
    return ok;
}

static bool make_file(const char *out, const File *file)
{
    char path[4096];
    Buffer buf = { .size = 0 };
    int len = snprintf(path, sizeof(path), "%s/" CHIP "/%s.bin", out,
                       file->name);

    if (len < 0 || (size_t)len >= sizeof(path)) {
        fprintf(stderr, "mkfirmware: the name of the folder is too long\n");
        return false;
    }
    file->make(&buf, file->argument);
    return make_folders(path) && write_file(path, &buf);
}

static void usage(FILE *out)
{
    fputs("usage: mkfirmware OUTDIR\n"
          "Writes OUTDIR/" CHIP "/*/*.bin, the firmware files that nouveau\n"
          "asks for on the emulated GP107.  They hold headers and no code.\n"
          "  --help   this text\n", out);
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--help")) {
        usage(stdout);
        return 0;
    }
    if (argc != 2 || argv[1][0] == '-' || !argv[1][0]) {
        usage(stderr);
        return 2;
    }
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (!make_file(argv[1], &files[i])) {
            return 1;
        }
    }
    return 0;
}
