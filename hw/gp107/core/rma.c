/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BAR5, the indirect access ports. */
#include "rma.h"

#define RMA_SIGNATURE   0x2469fdb9
#define RMA_PORTS       0x20        /* the rest of the BAR is empty */

/* BAR1 addresses are whole; those of BAR0 and BAR3 keep 24 bits. */
static uint32_t address_mask(unsigned window)
{
    return window == 1 ? 0xfffffffc : 0x00fffffc;
}

uint32_t gp_rma_read(GpRma *rma, uint32_t port, const GpRmaOps *ops,
                     void *opaque)
{
    unsigned window = (port - 0x08) / 8;

    if (port == 0x00) {
        return RMA_SIGNATURE;
    }
    if (!rma->master || port >= RMA_PORTS) {
        return 0xffffffff;
    }
    if (port == 0x04) {
        return rma->data;
    }
    if (port % 8 == 0) {
        return rma->address[window];
    }
    if (!rma->data) {
        return rma->stored[window];
    }
    return ops->read(opaque, window, rma->address[window]);
}

void gp_rma_write(GpRma *rma, uint32_t port, uint32_t val,
                  const GpRmaOps *ops, void *opaque)
{
    unsigned window = (port - 0x08) / 8;

    if (port == 0x00) {
        rma->master = val & 1;
    } else if (!rma->master || port >= RMA_PORTS) {
        return;
    } else if (port == 0x04) {
        rma->data = val & 1;
    } else if (port % 8 == 0) {
        rma->address[window] = val & address_mask(window);
    } else if (!rma->data) {
        rma->stored[window] = val;
    } else {
        ops->write(opaque, window, rma->address[window], val);
    }
}
