// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the checks of mmu_range_notifier.cocci get to see of a file: a function
// that spatch cannot parse is passed over in silence.

virtual report

@retry@
position p;
@@
mmu_range_read_retry@p(...)

@ops@
identifier S, F;
@@
struct mmu_range_notifier_ops S = { .invalidate = F, };

@callback@
identifier ops.F;
position p;
@@
F@p(...) { ... }

@script:python@
p << retry.p;
@@
print("retry %s" % p[0].line)

@script:python@
p << callback.p;
@@
print("callback %s" % p[0].line)
