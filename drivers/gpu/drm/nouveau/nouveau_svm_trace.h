/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nouveau_svm

#if !defined(__NOUVEAU_SVM_TRACE_H__) || defined(TRACE_HEADER_MULTI_READ)
#define __NOUVEAU_SVM_TRACE_H__

#include <linux/mmu_notifier.h>
#include <linux/tracepoint.h>

struct nouveau_svmm;

/*
 * The address space is printed as a hashed pointer: enough to tell one from
 * another. Addresses are those of the process, which the GPU shares.
 */

/* So that a reader of the binary format knows what each name stands for. */
TRACE_DEFINE_ENUM(MMU_NOTIFY_UNMAP);
TRACE_DEFINE_ENUM(MMU_NOTIFY_CLEAR);
TRACE_DEFINE_ENUM(MMU_NOTIFY_PROTECTION_VMA);
TRACE_DEFINE_ENUM(MMU_NOTIFY_PROTECTION_PAGE);
TRACE_DEFINE_ENUM(MMU_NOTIFY_SOFT_DIRTY);
TRACE_DEFINE_ENUM(MMU_NOTIFY_RELEASE);
TRACE_DEFINE_ENUM(MMU_NOTIFY_MIGRATE);
TRACE_DEFINE_ENUM(MMU_NOTIFY_EXCLUSIVE);

TRACE_EVENT(nouveau_svm_fault,
	    TP_PROTO(u64 inst, u64 addr, u8 access, u8 client),
	    TP_ARGS(inst, addr, access, client),
	    TP_STRUCT__entry(__field(u64, inst)
			     __field(u64, addr)
			     __field(u8, access)
			     __field(u8, client)),
	    TP_fast_assign(__entry->inst = inst;
			   __entry->addr = addr;
			   __entry->access = access;
			   __entry->client = client;),
	    TP_printk("inst=%#llx addr=%#llx access=%s client=%#x",
		      __entry->inst, __entry->addr,
		      __print_symbolic(__entry->access,
				       { 0, "read" },
				       { 1, "write" },
				       { 2, "atomic" },
				       { 3, "prefetch" }),
		      __entry->client)
);

TRACE_EVENT(nouveau_svm_service,
	    TP_PROTO(struct nouveau_svmm *svmm, unsigned long start,
		     unsigned int faults, unsigned int mapped, int ret),
	    TP_ARGS(svmm, start, faults, mapped, ret),
	    TP_STRUCT__entry(__field(struct nouveau_svmm *, svmm)
			     __field(unsigned long, start)
			     __field(unsigned int, faults)
			     __field(unsigned int, mapped)
			     __field(int, ret)),
	    TP_fast_assign(__entry->svmm = svmm;
			   __entry->start = start;
			   __entry->faults = faults;
			   __entry->mapped = mapped;
			   __entry->ret = ret;),
	    TP_printk("svmm=%p start=%#lx faults=%u mapped=%u ret=%d",
		      __entry->svmm, __entry->start, __entry->faults,
		      __entry->mapped, __entry->ret)
);

TRACE_EVENT(nouveau_svm_invalidate,
	    TP_PROTO(struct nouveau_svmm *svmm, unsigned long start,
		     unsigned long end, unsigned int event,
		     unsigned int cleared),
	    TP_ARGS(svmm, start, end, event, cleared),
	    TP_STRUCT__entry(__field(struct nouveau_svmm *, svmm)
			     __field(unsigned long, start)
			     __field(unsigned long, end)
			     __field(unsigned int, event)
			     __field(unsigned int, cleared)),
	    TP_fast_assign(__entry->svmm = svmm;
			   __entry->start = start;
			   __entry->end = end;
			   __entry->event = event;
			   __entry->cleared = cleared;),
	    TP_printk("svmm=%p start=%#lx end=%#lx event=%s cleared=%u",
		      __entry->svmm, __entry->start, __entry->end,
		      __print_symbolic(__entry->event,
				       { MMU_NOTIFY_UNMAP, "unmap" },
				       { MMU_NOTIFY_CLEAR, "clear" },
				       { MMU_NOTIFY_PROTECTION_VMA, "protect-vma" },
				       { MMU_NOTIFY_PROTECTION_PAGE, "protect-page" },
				       { MMU_NOTIFY_SOFT_DIRTY, "soft-dirty" },
				       { MMU_NOTIFY_RELEASE, "release" },
				       { MMU_NOTIFY_MIGRATE, "migrate" },
				       { MMU_NOTIFY_EXCLUSIVE, "exclusive" }),
		      __entry->cleared)
);

TRACE_EVENT(nouveau_svm_map,
	    TP_PROTO(struct nouveau_svmm *svmm, unsigned long start,
		     unsigned int pages, bool leaf),
	    TP_ARGS(svmm, start, pages, leaf),
	    TP_STRUCT__entry(__field(struct nouveau_svmm *, svmm)
			     __field(unsigned long, start)
			     __field(unsigned int, pages)
			     __field(bool, leaf)),
	    TP_fast_assign(__entry->svmm = svmm;
			   __entry->start = start;
			   __entry->pages = pages;
			   __entry->leaf = leaf;),
	    TP_printk("svmm=%p start=%#lx pages=%u leaf=%d",
		      __entry->svmm, __entry->start, __entry->pages,
		      __entry->leaf)
);

TRACE_EVENT(nouveau_svm_migrate,
	    TP_PROTO(unsigned long start, unsigned long pages, bool to_vram),
	    TP_ARGS(start, pages, to_vram),
	    TP_STRUCT__entry(__field(unsigned long, start)
			     __field(unsigned long, pages)
			     __field(bool, to_vram)),
	    TP_fast_assign(__entry->start = start;
			   __entry->pages = pages;
			   __entry->to_vram = to_vram;),
	    TP_printk("start=%#lx pages=%lu to=%s",
		      __entry->start, __entry->pages,
		      __entry->to_vram ? "vram" : "system")
);

TRACE_EVENT(nouveau_svm_replay,
	    TP_PROTO(unsigned int groups),
	    TP_ARGS(groups),
	    TP_STRUCT__entry(__field(unsigned int, groups)),
	    TP_fast_assign(__entry->groups = groups;),
	    TP_printk("groups=%u", __entry->groups)
);

TRACE_EVENT(nouveau_svm_cancel,
	    TP_PROTO(u64 inst, u64 addr, int ret),
	    TP_ARGS(inst, addr, ret),
	    TP_STRUCT__entry(__field(u64, inst)
			     __field(u64, addr)
			     __field(int, ret)),
	    TP_fast_assign(__entry->inst = inst;
			   __entry->addr = addr;
			   __entry->ret = ret;),
	    TP_printk("inst=%#llx addr=%#llx ret=%d",
		      __entry->inst, __entry->addr, __entry->ret)
);

TRACE_EVENT(nouveau_svm_buffer,
	    TP_PROTO(struct nouveau_svmm *svmm, unsigned long start,
		     bool created),
	    TP_ARGS(svmm, start, created),
	    TP_STRUCT__entry(__field(struct nouveau_svmm *, svmm)
			     __field(unsigned long, start)
			     __field(bool, created)),
	    TP_fast_assign(__entry->svmm = svmm;
			   __entry->start = start;
			   __entry->created = created;),
	    TP_printk("svmm=%p start=%#lx %s",
		      __entry->svmm, __entry->start,
		      __entry->created ? "created" : "retired")
);

#endif /* __NOUVEAU_SVM_TRACE_H__ */

/* nouveau's Kbuild has its own directory in the search path. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE nouveau_svm_trace
#include <trace/define_trace.h>
