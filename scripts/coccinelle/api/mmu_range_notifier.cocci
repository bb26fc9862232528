// SPDX-License-Identifier: GPL-2.0-only
///
/// Convert users of mmu_interval_notifier to mmu_range_notifier.
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
//
// Confidence: High
// Copyright: (C) 2026 the authors of the nouveau SVM integration branch
// Options: --local-includes --include-headers
//
// Keywords: mmu_interval_notifier, mmu_range_notifier, hmm_range_fault
//

virtual patch
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
