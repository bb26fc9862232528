// SPDX-License-Identifier: GPL-2.0-only
///
/// Convert users of mmu_interval_notifier to mmu_range_notifier, and check the
/// invalidate callbacks and the retries of a user of either.
///
//# In patch mode:
//# - The names change: mmu_interval_X becomes mmu_range_X.
//# - The ops are set in the notifier before the insert, whose arguments are
//#   now in the order notifier, start, length, mm.
//# - Private members give way to accessors. This needs the types: name the
//#   headers that declare the notifiers with --include, if spatch does not find
//#   them by itself. Files that only use such members need conversion as well;
//#   in Linux 6.12 drivers/gpu/drm/i915/gem/i915_gem_object.h and
//#   drivers/gpu/drm/amd/amdgpu/amdgpu_ttm.c.
//# - A hand-made "notifier.mm = NULL" after the removal or after a failed insert
//#   goes, the core does it. A user that reads the mm after the removal has to
//#   be changed by hand: it finds NULL.
//# - hmm_range_fault() gets its flags argument.
//# Comments stay as they are, and an insert to the right of && or || or in the
//# head of a loop is left to the reader.
//#
//# The other modes report
//# - what is left of mmu_interval_notifier;
//# - an invalidate callback, which returns bool, that returns an errno; that may
//#   sleep for a lock without having asked mmu_notifier_range_blockable(); that
//#   returns with a lock held. They look into the callback itself, not into what
//#   it calls;
//# - a mmu_range_read_retry() whose result is dropped or taken for its opposite,
//#   so that pages are used that may be stale;
//# - a mm that is read after the removal has cleared it.
//
// Confidence: High
// Copyright: (C) 2026 the authors of the nouveau SVM integration branch
// Options: --local-includes --include-headers
//
// Keywords: mmu_interval_notifier, mmu_range_notifier, hmm_range_fault
//

virtual patch
virtual context
virtual org
virtual report
virtual hmm_flags

// ----------------------------------------------------------------------------
// Private members. First, while the types are those of the included headers.

@depends on patch@
{struct mmu_interval_notifier, struct mmu_range_notifier} X;
expression R;
identifier insert =~ "^mmu_(interval|range)_notifier_insert(_locked)?$";
@@
  R = insert(&X, ...);
  ... when any
- if (R) X.mm = NULL;

@depends on patch@
{struct mmu_interval_notifier, struct mmu_range_notifier} X;
identifier change =~ "^mmu_(interval|range)_notifier_(insert|insert_locked|remove)$";
@@
  change(&X, ...)
  ... when any
- X.mm = NULL;

@depends on patch@
{struct mmu_interval_notifier, struct mmu_range_notifier} *N;
identifier change =~ "^mmu_(interval|range)_notifier_(insert|insert_locked|remove)$";
@@
  change(N, ...)
  ... when any
- N->mm = NULL;

@depends on patch@
{struct mmu_interval_notifier, struct mmu_range_notifier} X;
@@
- X.interval_tree.start != 0 && X.interval_tree.last != 0
+ mmu_range_notifier_inserted(&X)

@depends on patch@
{struct mmu_interval_notifier, struct mmu_range_notifier} X;
expression E;
@@
(
- X.mm == NULL
+ !mmu_range_notifier_inserted(&X)
|
- X.mm != NULL
+ mmu_range_notifier_inserted(&X)
|
  !
- X.mm
+ mmu_range_notifier_inserted(&X)
|
- X.mm
+ mmu_range_notifier_inserted(&X)
  && E
|
  E &&
- X.mm
+ mmu_range_notifier_inserted(&X)
|
- X.mm
+ mmu_range_notifier_inserted(&X)
  || E
|
  E ||
- X.mm
+ mmu_range_notifier_inserted(&X)
)

@depends on patch@
{struct mmu_interval_notifier, struct mmu_range_notifier} X;
statement S1, S2;
@@
  if (
- X.mm
+ mmu_range_notifier_inserted(&X)
  ) S1 else S2

@depends on patch@
{struct mmu_interval_notifier, struct mmu_range_notifier} X;
typedef bool;
identifier f;
@@
bool f(...)
{
  <...
  return
- X.mm
+ mmu_range_notifier_inserted(&X)
  ;
  ...>
}

@depends on patch@
{struct mmu_interval_notifier, struct mmu_range_notifier} X;
expression E;
@@
(
  X.mm = E
|
- X.mm
+ mmu_range_notifier_mm(&X)
|
- X.interval_tree.start
+ mmu_range_notifier_start(&X)
|
- X.interval_tree.last
+ mmu_range_notifier_last(&X)
)

@depends on patch@
{struct mmu_interval_notifier, struct mmu_range_notifier} *N;
expression E;
@@
(
  N->mm = E
|
- N->mm
+ mmu_range_notifier_mm(N)
|
- N->interval_tree.start
+ mmu_range_notifier_start(N)
|
- N->interval_tree.last
+ mmu_range_notifier_last(N)
)

// Without the types: what is passed to the API elsewhere in the file is a range
// notifier here too.

@user depends on patch@
expression X;
identifier call =~ "^mmu_(interval|range)_";
@@
  call(&X, ...)

@depends on patch@
expression user.X;
expression E;
@@
(
  X.mm = E
|
- X.mm
+ mmu_range_notifier_mm(&X)
|
- X.interval_tree.start
+ mmu_range_notifier_start(&X)
|
- X.interval_tree.last
+ mmu_range_notifier_last(&X)
)

// ----------------------------------------------------------------------------
// The insert: ops go into the notifier, and the mm comes last. The name changes
// further below, so five arguments mark what is still to be done.

@depends on patch@
expression X, MM, S, L;
identifier insert =~ "^mmu_interval_notifier_insert(_locked)?$";
@@
- insert(&X, MM, S, L, X.ops)
+ insert(&X, S, L, MM)

@depends on patch@
expression N, MM, S, L;
identifier insert =~ "^mmu_interval_notifier_insert(_locked)?$";
@@
- insert(N, MM, S, L, N->ops)
+ insert(N, S, L, MM)

@depends on patch@
type T;
identifier r;
expression X, MM, S, L, O;
identifier insert =~ "^mmu_interval_notifier_insert(_locked)?$";
statement ST;
@@
- T r = insert(&X, MM, S, L, O);
+ T r;
+
+ X.ops = O;
+ r = insert(&X, S, L, MM);
  ST

@depends on patch@
type T;
identifier r;
expression N, MM, S, L, O;
identifier insert =~ "^mmu_interval_notifier_insert(_locked)?$";
statement ST;
@@
- T r = insert(N, MM, S, L, O);
+ T r;
+
+ N->ops = O;
+ r = insert(N, S, L, MM);
  ST

@depends on patch@
expression X, MM, S, L, O, R;
identifier insert =~ "^mmu_interval_notifier_insert(_locked)?$";
@@
(
+ X.ops = O;
  R =
- insert(&X, MM, S, L, O)
+ insert(&X, S, L, MM)
  ;
|
+ X.ops = O;
  return
- insert(&X, MM, S, L, O)
+ insert(&X, S, L, MM)
  ;
|
+ X.ops = O;
- insert(&X, MM, S, L, O)
+ insert(&X, S, L, MM)
  ;
)

@depends on patch@
expression X, MM, S, L, O, E, R;
identifier insert =~ "^mmu_interval_notifier_insert(_locked)?$";
statement S1, S2;
@@
(
  if (<+... \( E && <+... insert(&X, MM, S, L, O) ...+> \| E || <+... insert(&X, MM, S, L, O) ...+> \| E ? <+... insert(&X, MM, S, L, O) ...+> : R \| E ? R : <+... insert(&X, MM, S, L, O) ...+> \) ...+>) S1 else S2
|
+ X.ops = O;
  if (<+...
- insert(&X, MM, S, L, O)
+ insert(&X, S, L, MM)
  ...+>) S1 else S2
)

@depends on patch@
expression N, MM, S, L, O, R;
identifier insert =~ "^mmu_interval_notifier_insert(_locked)?$";
@@
(
+ N->ops = O;
  R =
- insert(N, MM, S, L, O)
+ insert(N, S, L, MM)
  ;
|
+ N->ops = O;
  return
- insert(N, MM, S, L, O)
+ insert(N, S, L, MM)
  ;
|
+ N->ops = O;
- insert(N, MM, S, L, O)
+ insert(N, S, L, MM)
  ;
)

@depends on patch@
expression N, MM, S, L, O, E, R;
identifier insert =~ "^mmu_interval_notifier_insert(_locked)?$";
statement S1, S2;
@@
(
  if (<+... \( E && <+... insert(N, MM, S, L, O) ...+> \| E || <+... insert(N, MM, S, L, O) ...+> \| E ? <+... insert(N, MM, S, L, O) ...+> : R \| E ? R : <+... insert(N, MM, S, L, O) ...+> \) ...+>) S1 else S2
|
+ N->ops = O;
  if (<+...
- insert(N, MM, S, L, O)
+ insert(N, S, L, MM)
  ...+>) S1 else S2
)

// ----------------------------------------------------------------------------
// Names. A call whose arguments stay is left as its author has laid it out.

@depends on patch@
expression N, MM, S, L, Q;
@@
(
- mmu_interval_notifier_insert(N, S, L, MM)
+ mmu_range_notifier_insert(N, S, L, MM)
|
- mmu_interval_notifier_insert_locked(N, S, L, MM)
+ mmu_range_notifier_insert_locked(N, S, L, MM)
|
- mmu_interval_notifier_remove(N)
+ mmu_range_notifier_remove(N)
|
- mmu_interval_read_begin(N)
+ mmu_range_read_begin(N)
|
- mmu_interval_read_retry
+ mmu_range_read_retry
  (N, Q)
|
- mmu_interval_check_retry
+ mmu_range_check_retry
  (N, Q)
|
- mmu_interval_set_seq
+ mmu_range_set_seq
  (N, Q)
)

@depends on patch@
@@
- struct mmu_interval_notifier_ops
+ struct mmu_range_notifier_ops

@depends on patch@
@@
- struct mmu_interval_notifier
+ struct mmu_range_notifier

// Alone with -D hmm_flags.
@depends on patch || hmm_flags@
expression R;
@@
- hmm_range_fault(R)
+ hmm_range_fault(R, 0)

// ----------------------------------------------------------------------------
// What is left to convert.

@old_name depends on !patch && !hmm_flags@
identifier I =~ "^mmu_interval_";
position p;
@@
* I@p(...)

@old_type depends on !patch && !hmm_flags@
identifier I =~ "^mmu_interval_notifier";
position p;
@@
* struct I@p

@old_fault depends on !patch && !hmm_flags@
expression R;
position p;
@@
* hmm_range_fault@p(R)

// ----------------------------------------------------------------------------
// The invalidate callback.

@ops depends on !patch && !hmm_flags@
identifier S, F;
@@
(
  struct mmu_range_notifier_ops S = { .invalidate = F, };
|
  struct mmu_interval_notifier_ops S = { .invalidate = F, };
)

@errno depends on !patch && !hmm_flags@
identifier ops.F;
constant C;
position p;
@@
  F(...)
  {
  <+...
* return@p -C;
  ...+>
  }

@errno_variable depends on !patch && !hmm_flags@
identifier ops.F;
{int, long} r;
position p;
@@
  F(...)
  {
  <+...
* return@p r;
  ...+>
  }

@unasked depends on !patch && !hmm_flags exists@
identifier ops.F;
identifier lock =~ "^(?!.*(spin|rcu|seq|try|unlock)|read_lock|write_lock).*lock(_nested)?$|^down_(read|write)(_nested)?$";
position p;
@@
  F(...)
  {
  ... when != mmu_notifier_range_blockable(...)
* lock@p(...)
  ... when any
  }

@held depends on !patch && !hmm_flags exists@
identifier ops.F;
identifier lock =~ "^(?!.*(unlock|rcu)).*lock(_nested|_irq)?$|^down_(read|write)(_nested)?$";
identifier unlock =~ "unlock(_irq)?$|^up_(read|write)$";
expression L;
position p;
@@
  F(...)
  {
  ... when any
  lock(L);
  ... when != unlock(L)
* return@p ...;
  }

// ----------------------------------------------------------------------------
// The retry. A true branch that leaves by any way on any path counts as one.

@retried depends on !patch && !hmm_flags exists@
identifier retry =~ "^mmu_(range|interval)_read_retry$";
identifier l;
expression N, Q;
position ok;
@@
  if (<+... retry@ok(N, Q) ...+>)
(
  {
  ...
(
  return ...;
|
  goto l;
|
  continue;
|
  break;
)
  ...
  }
|
  return ...;
|
  goto l;
|
  continue;
|
  break;
)

@not_retried depends on !patch && !hmm_flags@
identifier retry =~ "^mmu_(range|interval)_read_retry$";
expression N, Q, E;
statement S;
position p != retried.ok;
@@
(
* if (retry@p(N, Q)) S
|
* if (retry@p(N, Q) || E) S
|
* if (E || retry@p(N, Q)) S
)

@inverted depends on !patch && !hmm_flags@
identifier retry =~ "^mmu_(range|interval)_read_retry$";
identifier again =~ "again|retry|restart|repeat";
identifier l;
expression N, Q, R;
constant C;
constant BUSY =~ "^E(AGAIN|BUSY|RESTARTSYS)$";
position p;
@@
* if (!retry@p(N, Q))
(
  {
  ...
(
  return -C;
|
  continue;
|
  goto again;
|
  R = -BUSY;
  ...
  goto l;
|
  R = -BUSY;
  ...
  return R;
)
  }
|
  return -C;
|
  continue;
|
  goto again;
)

@dropped depends on !patch && !hmm_flags@
identifier retry =~ "^mmu_(range|interval)_read_retry$";
position p;
@@
* retry@p(...);

@removed depends on !patch && !hmm_flags exists@
identifier remove =~ "^mmu_(range|interval)_notifier_remove$";
identifier insert =~ "^mmu_(range|interval)_notifier_insert(_locked)?$";
expression X, E;
position p;
@@
  remove(&X);
  ... when != insert(&X, ...)
(
  X.mm = E
|
* mmu_range_notifier_mm@p(&X)
|
* X.mm@p
)

// ----------------------------------------------------------------------------

@script:python depends on org@
p << old_name.p;
I << old_name.I;
@@
coccilib.org.print_todo(p[0], "%s is left to convert" % I)

@script:python depends on org@
p << old_type.p;
I << old_type.I;
@@
coccilib.org.print_todo(p[0], "struct %s is left to convert" % I)

@script:python depends on org@
p << old_fault.p;
@@
coccilib.org.print_todo(p[0], "hmm_range_fault() lacks its flags")

@script:python depends on org@
p << errno.p;
C << errno.C;
F << ops.F;
@@
coccilib.org.print_todo(p[0], "%s() returns bool: -%s means true" % (F, C))

@script:python depends on org@
p << errno_variable.p;
r << errno_variable.r;
F << ops.F;
@@
coccilib.org.print_todo(p[0], "%s() returns bool: a negative %s means true" % (F, r))

@script:python depends on org@
p << unasked.p;
lock << unasked.lock;
F << ops.F;
@@
coccilib.org.print_todo(p[0], "%s() sleeps in %s() without having asked mmu_notifier_range_blockable()" % (F, lock))

@script:python depends on org@
p << held.p;
L << held.L;
F << ops.F;
@@
coccilib.org.print_todo(p[0], "%s() returns with %s held" % (F, L))

@script:python depends on org@
p << not_retried.p;
retry << not_retried.retry;
@@
coccilib.org.print_todo(p[0], "there is no retry after %s() was true" % retry)

@script:python depends on org@
p << inverted.p;
retry << inverted.retry;
@@
coccilib.org.print_todo(p[0], "%s() is taken for its opposite: true is a collision" % retry)

@script:python depends on org@
p << dropped.p;
retry << dropped.retry;
@@
coccilib.org.print_todo(p[0], "the result of %s() is dropped" % retry)

@script:python depends on org@
p << removed.p;
X << removed.X;
@@
coccilib.org.print_todo(p[0], "the mm of %s is read after its removal" % X)

@script:python depends on report@
p << old_name.p;
I << old_name.I;
@@
coccilib.report.print_report(p[0], "%s is left to convert" % I)

@script:python depends on report@
p << old_type.p;
I << old_type.I;
@@
coccilib.report.print_report(p[0], "struct %s is left to convert" % I)

@script:python depends on report@
p << old_fault.p;
@@
coccilib.report.print_report(p[0], "hmm_range_fault() lacks its flags")

@script:python depends on report@
p << errno.p;
C << errno.C;
F << ops.F;
@@
coccilib.report.print_report(p[0], "%s() returns bool: -%s means true" % (F, C))

@script:python depends on report@
p << errno_variable.p;
r << errno_variable.r;
F << ops.F;
@@
coccilib.report.print_report(p[0], "%s() returns bool: a negative %s means true" % (F, r))

@script:python depends on report@
p << unasked.p;
lock << unasked.lock;
F << ops.F;
@@
coccilib.report.print_report(p[0], "%s() sleeps in %s() without having asked mmu_notifier_range_blockable()" % (F, lock))

@script:python depends on report@
p << held.p;
L << held.L;
F << ops.F;
@@
coccilib.report.print_report(p[0], "%s() returns with %s held" % (F, L))

@script:python depends on report@
p << not_retried.p;
retry << not_retried.retry;
@@
coccilib.report.print_report(p[0], "there is no retry after %s() was true" % retry)

@script:python depends on report@
p << inverted.p;
retry << inverted.retry;
@@
coccilib.report.print_report(p[0], "%s() is taken for its opposite: true is a collision" % retry)

@script:python depends on report@
p << dropped.p;
retry << dropped.retry;
@@
coccilib.report.print_report(p[0], "the result of %s() is dropped" % retry)

@script:python depends on report@
p << removed.p;
X << removed.X;
@@
coccilib.report.print_report(p[0], "the mm of %s is read after its removal" % X)
