/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Heterogeneous memory management: read, and fault in, a process's pages for a
 * device that mirrors its page tables. See Documentation/mm/hmm.rst.
 */
#ifndef LINUX_HMM_H
#define LINUX_HMM_H

#include <linux/bits.h>
#include <linux/mm.h>

struct device;
struct mmu_range_notifier;

/**
 * enum hmm_pfn_flags - the native encoding of an entry
 * @HMM_PFN_VALID: out: the entry has the number of a page that may be read; of
 *	a device private page only if it is the range's owner's
 * @HMM_PFN_WRITE: out: the page may be written as well, and counts as dirty
 *	already. Comes with @HMM_PFN_VALID
 * @HMM_PFN_ERROR: out: no access is possible: no VMA, poison, special mapping
 * @HMM_PFN_ORDER_SHIFT: out: where the order of the CPU's mapping begins
 * @HMM_PFN_REQ_FAULT: in: the page must become readable
 * @HMM_PFN_REQ_WRITE: in: the page must become writable. Comes with
 *	@HMM_PFN_REQ_FAULT
 * @HMM_PFN_FLAGS: all bits that are not the page frame number
 *
 * An entry of 0 says, on input, not to fault the page; on output, that nothing
 * is there yet and that a request may succeed.
 */
enum hmm_pfn_flags {
	HMM_PFN_VALID = 1UL << (BITS_PER_LONG - 1),
	HMM_PFN_WRITE = 1UL << (BITS_PER_LONG - 2),
	HMM_PFN_ERROR = 1UL << (BITS_PER_LONG - 3),
	HMM_PFN_ORDER_SHIFT = (BITS_PER_LONG - 8),

	HMM_PFN_REQ_FAULT = HMM_PFN_VALID,
	HMM_PFN_REQ_WRITE = HMM_PFN_WRITE,

	HMM_PFN_FLAGS = 0xFFUL << HMM_PFN_ORDER_SHIFT,
};

/**
 * enum hmm_pfn_flag_e - indices into &hmm_range.flags, the device's encoding
 * @HMM_PFN_FLAG_VALID: the entry has a page that may be read
 * @HMM_PFN_FLAG_WRITE: the page may be written
 * @HMM_PFN_FLAG_DEVICE_PRIVATE: the page is the owner's device private memory;
 *	as a request: bring such a page back to system memory
 * @HMM_PFN_FLAG_MAX: the length of &hmm_range.flags
 */
enum hmm_pfn_flag_e {
	HMM_PFN_FLAG_VALID = 0,
	HMM_PFN_FLAG_WRITE,
	HMM_PFN_FLAG_DEVICE_PRIVATE,
	HMM_PFN_FLAG_MAX
};

/**
 * enum hmm_pfn_value_e - indices into &hmm_range.values, the device's encoding
 * @HMM_PFN_VALUE_ERROR: no access is possible: no VMA, poison
 * @HMM_PFN_VALUE_NONE: nothing is there yet; equals neither of the others
 * @HMM_PFN_VALUE_SPECIAL: a special mapping without a page; may equal
 *	@HMM_PFN_VALUE_ERROR
 * @HMM_PFN_VALUE_MAX: the length of &hmm_range.values
 */
enum hmm_pfn_value_e {
	HMM_PFN_VALUE_ERROR = 0,
	HMM_PFN_VALUE_NONE,
	HMM_PFN_VALUE_SPECIAL,
	HMM_PFN_VALUE_MAX
};

/**
 * struct hmm_range - what to read, and where to put it
 * @notifier: an inserted range notifier that covers @start to @end
 * @notifier_seq: what mmu_range_read_begin() returned for it
 * @start: first address, a multiple of PAGE_SIZE
 * @end: end address, exclusive, a multiple of PAGE_SIZE
 * @hmm_pfns: one entry a page, native encoding; NULL if @pfns is used
 * @pfns: one entry a page, the device's encoding; NULL if @hmm_pfns is used
 * @flags: with @pfns: a device's flag for each of enum hmm_pfn_flag_e
 * @values: with @pfns: a device's entry for each of enum hmm_pfn_value_e
 * @default_flags: request for every page, in the encoding of the entries
 * @pfn_flags_mask: which bits of an input entry count as request for its page.
 *	The request for a page is (entry & @pfn_flags_mask) | @default_flags
 * @dev_private_owner: &dev_pagemap.owner of the device private pages that the
 *	caller can use where they are; pages of others are faulted back
 * @pfn_shift: with @pfns: an entry is (page frame number << @pfn_shift) | flags;
 *	1 to PAGE_SHIFT, and all flags lie below it
 *
 * Exactly one of @hmm_pfns and @pfns is set. Members that a caller doesn't use
 * are zero.
 */
struct hmm_range {
	struct mmu_range_notifier *notifier;
	unsigned long		notifier_seq;
	unsigned long		start;
	unsigned long		end;
	unsigned long		*hmm_pfns;
	u64			*pfns;
	const u64		*flags;
	const u64		*values;
	u64			default_flags;
	u64			pfn_flags_mask;
	void			*dev_private_owner;
	u8			pfn_shift;
};

/**
 * DOC: hmm_range_fault flags
 *
 * HMM_FAULT_ALLOW_RETRY
 *	The fault may drop the mmap lock, to wait for I/O or for a userfaultfd
 *	handler. hmm_range_fault() then returns -EAGAIN and the lock is no
 *	longer held. Without it, userfaultfd memory is out of reach (-EFAULT).
 *	A handler answers when it likes, and only a fatal signal ends the wait:
 *	not for a thread that other processes depend on.
 *
 * HMM_FAULT_SNAPSHOT
 *	Never fault: report what is there, whatever the requests say.
 */
#define HMM_FAULT_ALLOW_RETRY	BIT(0)
#define HMM_FAULT_SNAPSHOT	BIT(1)

/*
 * A sensible bound, in milliseconds, for the time that a driver spends in all
 * of its rounds of mmu_range_read_begin(), hmm_range_fault() and
 * mmu_range_read_retry() before it lets others go first.
 */
#define HMM_RANGE_DEFAULT_TIMEOUT 1000

/**
 * hmm_pfn_to_page - the page of an entry in the native encoding
 * @hmm_pfn: an entry with HMM_PFN_VALID
 *
 * To be used under the user lock after mmu_range_read_retry() returned false.
 *
 * Return: the page.
 */
static inline struct page *hmm_pfn_to_page(unsigned long hmm_pfn)
{
	return pfn_to_page(hmm_pfn & ~HMM_PFN_FLAGS);
}

/**
 * hmm_pfn_to_map_order - how large is the CPU's mapping of this page?
 * @hmm_pfn: an entry, native encoding, with HMM_PFN_VALID
 *
 * The mapping is aligned to its size in virtual and physical addresses, has the
 * same rights throughout, and may reach beyond both ends of the hmm_range: clip
 * it to what the notifier covers. To be used under the user lock after
 * mmu_range_read_retry() returned false.
 *
 * Return: the order; the mapping has PAGE_SIZE << order bytes.
 */
static inline unsigned int hmm_pfn_to_map_order(unsigned long hmm_pfn)
{
	return (hmm_pfn >> HMM_PFN_ORDER_SHIFT) & 0x1F;
}

/**
 * hmm_device_entry_has_page - does an entry of the device's encoding name one?
 * @range: says how entries are encoded
 * @entry: the entry
 *
 * Return: false for the values none, error and special, and without the
 * device's VALID flag.
 */
static inline bool hmm_device_entry_has_page(const struct hmm_range *range,
					     u64 entry)
{
	return entry != range->values[HMM_PFN_VALUE_NONE] &&
	       entry != range->values[HMM_PFN_VALUE_ERROR] &&
	       entry != range->values[HMM_PFN_VALUE_SPECIAL] &&
	       (entry & range->flags[HMM_PFN_FLAG_VALID]);
}

/**
 * hmm_device_entry_to_pfn - page frame number of an entry
 * @range: says how entries are encoded
 * @entry: the entry, device's encoding
 *
 * Return: the page frame number, or -1UL if the entry has no page.
 */
static inline unsigned long
hmm_device_entry_to_pfn(const struct hmm_range *range, u64 entry)
{
	if (!hmm_device_entry_has_page(range, entry))
		return -1UL;
	return entry >> range->pfn_shift;
}

/**
 * hmm_device_entry_to_page - page of an entry
 * @range: says how entries are encoded
 * @entry: the entry, device's encoding
 *
 * Return: the page, or NULL if the entry has none.
 */
static inline struct page *
hmm_device_entry_to_page(const struct hmm_range *range, u64 entry)
{
	if (!hmm_device_entry_has_page(range, entry))
		return NULL;
	return pfn_to_page(entry >> range->pfn_shift);
}

/**
 * hmm_device_entry_from_pfn - a valid, read-only entry for a page frame number
 * @range: says how entries are encoded
 * @pfn: the page frame number
 *
 * Return: the entry, device's encoding.
 */
static inline u64 hmm_device_entry_from_pfn(const struct hmm_range *range,
					    unsigned long pfn)
{
	return ((u64)pfn << range->pfn_shift) |
	       range->flags[HMM_PFN_FLAG_VALID];
}

/**
 * hmm_device_entry_from_page - a valid, read-only entry for a page
 * @range: says how entries are encoded
 * @page: the page
 *
 * Return: the entry, device's encoding.
 */
static inline u64 hmm_device_entry_from_page(const struct hmm_range *range,
					     struct page *page)
{
	return hmm_device_entry_from_pfn(range, page_to_pfn(page));
}

#ifdef CONFIG_HMM_MIRROR
long hmm_range_fault(struct hmm_range *range, unsigned int flags);
long hmm_range_dma_map(struct hmm_range *range, struct device *device,
		       dma_addr_t *daddrs, unsigned int flags);
long hmm_range_dma_unmap(struct hmm_range *range, struct device *device,
			 dma_addr_t *daddrs, bool dirty);
#else
static inline long hmm_range_fault(struct hmm_range *range, unsigned int flags)
{
	return -EOPNOTSUPP;
}

static inline long hmm_range_dma_map(struct hmm_range *range,
				     struct device *device,
				     dma_addr_t *daddrs, unsigned int flags)
{
	return -EOPNOTSUPP;
}

static inline long hmm_range_dma_unmap(struct hmm_range *range,
				       struct device *device,
				       dma_addr_t *daddrs, bool dirty)
{
	return -EOPNOTSUPP;
}
#endif

#endif /* LINUX_HMM_H */
