/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sequence protocol of mm/mmu_notifier.c: invalidations, readers that build
 * shadow PTEs (SPTEs), deferred insert and remove. The checker tries every order
 * of the steps; what must never happen is an assert(), and a sleep that nobody
 * ends is an invalid end state. README.md says what stands for what.
 *
 * An atomic block is a critical section, of the spinlock of the mm or of the
 * user lock of a range.
 *
 * With one of these defined, the protocol has a fault that must be found:
 * NO_SET_SEQ, NO_WAKE_UP, NO_DEFERRED_REMOVE, NO_APPLY_REMOVE,
 * NO_PROMOTION_ON_INSERT, NO_PROMOTION_ON_APPLY, ONE_HIT_ON_APPLY, NO_UNDO,
 * LOCKLESS_WAIT.
 */

/* How many invalidations each invalidator makes. */
#ifdef DEEP
#define ROUNDS(me)	(2 - me)
#else
#define ROUNDS(me)	1
#endif

/*
 * Range n watches page n. Ranges 0 and 1 come and go, a third one is there all
 * the time, so that the tree may be frozen without either of them.
 */
#define RANGES		2
#define page_of(n)	(1 << (n))
#define STANDING	4
#define overlap(n, i)	(covers[i] & page_of(n))

/* One byte counts the sequence, and the run crosses its wrap. */
#define FIRST_SEQ	254
#define odd(s)		((s) & 1)
#define next(s)		(((s) + 1) & 255)
#define prev(s)		(((s) + 255) & 255)

#ifdef NO_PROMOTION_ON_INSERT
#define PROMOTE_ON_INSERT false
#else
#define PROMOTE_ON_INSERT true
#endif
#ifdef NO_PROMOTION_ON_APPLY
#define PROMOTE_ON_APPLY false
#else
#define PROMOTE_ON_APPLY true
#endif

/* The core's, under the spinlock. */
byte seq = FIRST_SEQ;
byte writers;
bool quiet[2];
bool in_tree[RANGES];
bool pending_insert[RANGES];
bool pending_remove[RANGES];

/* The ranges', and who sleeps on the wait queue. */
byte range_seq[RANGES];
bool freed[RANGES];
bool asleep[RANGES];

/*
 * What the protocol is for. An invalidation is in force from the return of its
 * start to its end. What a reader saw is fresh until the page changes.
 */
byte covers[2];
bool in_force[2];
bool fresh[RANGES];
bool spte[RANGES];

#ifdef LOCKLESS_WAIT
/* Who looks without the lock may see a moment within its critical section. */
bool locked;
#else
#define locked false
#endif

/*
 * A range enters the tree while there is no writer, and starts as hit if it
 * overlaps a quiet invalidation, which becomes a writer.
 */
inline promote(n, i)
{
	if
	:: quiet[i] && overlap(n, i) ->
		quiet[i] = false;
		writers++;
		seq = seq | 1;
		hit = true
	:: else
	fi
}

inline enter_tree(n, promote_quiet)
{
	in_tree[n] = true;
	hit = false;
	if
	:: promote_quiet -> promote(n, 0); promote(n, 1)
	:: else
	fi
}

/*
 * What was deferred to the last end. The same invalidation may overlap two new
 * ranges: it is promoted for the first, and has hit the second too.
 */
inline apply(n)
{
	if
	:: pending_remove[n] ->
		assert(!freed[n]);
		pending_remove[n] = false;
#ifndef NO_APPLY_REMOVE
		in_tree[n] = false
#endif
	:: pending_insert[n] ->
		assert(!freed[n]);
		pending_insert[n] = false;
		enter_tree(n, PROMOTE_ON_APPLY);
#ifndef ONE_HIT_ON_APPLY
		hit = odd(seq);
#endif
		if
		:: hit -> range_seq[n] = seq
		:: else
		fi
	:: else
	fi
}

/* The end of an invalidation. */
inline range_end()
{
	atomic {
		!locked;
		covers[me] = 0;
		last = false;
		if
		:: quiet[me] -> quiet[me] = false
		:: else ->
			assert(writers > 0 && odd(seq));
			writers--;
			if
			:: writers == 0 -> seq = next(seq); last = true
			:: else
			fi
		fi;
#ifdef LOCKLESS_WAIT
		locked = true
	};
	atomic {
		locked = false;
#endif
		if
		:: last -> apply(0); apply(1)
		:: else
		fi;
		hit = false;
		assert(odd(seq) == (writers > 0))
	};
	d_step {
#ifndef NO_WAKE_UP
		if
		:: last -> asleep[0] = false; asleep[1] = false
		:: else
		fi;
#endif
		last = false
	}
}

/* Does it hit the range, as its walk of the tree without the spinlock sees? */
#define hits(n) (cur_seq && in_tree[n] && overlap(n, me))

/* A callback; afterwards the way on in the tree leads through the node. */
inline invalidate(n)
{
	if
	:: atomic { hits(n) ->
			assert(!freed[n]);
#ifndef NO_SET_SEQ
			range_seq[n] = cur_seq;
#endif
			spte[n] = false
	   };
		assert(!freed[n])
	:: atomic { else -> skip }
	fi
}

proctype invalidator(byte me)
{
	byte round, cur_seq;
	bool hit, last;

	do
	:: round == ROUNDS(me) -> break
	:: else ->
		/* The start: a writer if it hits a range, else quiet. */
		atomic {
			!locked;
			if
			:: covers[me] = page_of(0)
			:: covers[me] = page_of(1)
			:: covers[me] = page_of(0) | page_of(1)
			:: covers[me] = STANDING
			fi;
			if
			:: (covers[me] == STANDING) ||
			   (in_tree[0] && overlap(0, me)) ||
			   (in_tree[1] && overlap(1, me)) ->
				writers++;
				seq = seq | 1;
				cur_seq = seq
			:: else -> quiet[me] = true
			fi
		};
		invalidate(0);
		invalidate(1);

		if
		:: atomic {
				cur_seq = 0;
				in_force[me] = true;
				assert(!spte[0] || !overlap(0, me));
				assert(!spte[1] || !overlap(1, me));
				fresh[0] = fresh[0] && !overlap(0, me);
				fresh[1] = fresh[1] && !overlap(1, me)
		   };
			in_force[me] = false;
			range_end()
		:: atomic {
				/* A plain notifier refuses the start. */
				cur_seq = 0
		   };
#ifndef NO_UNDO
			range_end()
#endif
		fi;
		round++
	od
}

/* wait_event(): on the queue first, then the look at the condition. */
inline wait_for_end()
{
	do
	:: wait ->
		asleep[me] = true;
		atomic {
#ifndef LOCKLESS_WAIT
			!locked;
#endif
			wait = (seq == s)
		};
		if
		:: wait -> !asleep[me]
		:: else -> asleep[me] = false
		fi
	:: else -> break
	od
}

/* A driver: inserts a notifier, may build an SPTE, removes and frees it. */
proctype driver(byte me)
{
	byte s;
	bool hit, wait;

	atomic {
		!locked;
		if
		:: odd(seq) ->
			pending_insert[me] = true;
			range_seq[me] = seq
		:: else ->
			enter_tree(me, PROMOTE_ON_INSERT);
			range_seq[me] = (hit -> seq : prev(seq))
		fi;
		hit = false
	};
	if
	:: true -> goto remove
	:: true -> goto begin
	fi;

begin:		/* mmu_range_read_begin() */
	atomic {
		!locked;
		s = range_seq[me];
		wait = (s == seq)
	};
	wait_for_end();

	/* Reads the page table. */
	fresh[me] = true;

	/* mmu_range_read_retry() */
	atomic {
		if
		:: range_seq[me] != s -> goto begin
		:: else
		fi;
		assert(!in_force[0] || !overlap(me, 0));
		assert(!in_force[1] || !overlap(me, 1));
		assert(in_tree[me] && fresh[me]);
		spte[me] = true
	};

remove:		/* Lets go of the SPTE, unless it had to before. */
	atomic {
		!locked;
		spte[me] = false;
		fresh[me] = false;
		s = seq;
		if
		:: pending_insert[me] -> pending_insert[me] = false
#ifdef NO_DEFERRED_REMOVE
		:: else -> in_tree[me] = false
#else
		:: else ->
			if
			:: odd(seq) ->
				pending_remove[me] = true;
				wait = true
			:: else -> in_tree[me] = false
			fi
#endif
		fi
	};
	wait_for_end();

	atomic {
		assert(!in_tree[me]);
		assert(!pending_insert[me] && !pending_remove[me]);
		freed[me] = true;
		range_seq[me] = 0;
		s = 0
	};
}

init
{
	atomic {
		run invalidator(0);
		run invalidator(1);
		run driver(0);
		run driver(1)
	};
	_nr_pr == 1;
	assert(!odd(seq) && writers == 0);
	assert(!quiet[0] && !quiet[1])
}
