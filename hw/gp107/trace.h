/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What QEMU generates from trace-events. */
#include "trace/trace-hw_gp107.h"
