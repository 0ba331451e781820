/* SPDX-License-Identifier: MIT */
/*
 * Group memory, 0x50 to 0x5F: pages of the VM's address space, and those it shares with others.
 *
 * Tables that map a VM's memory are the hypervisor's own memory, of which each VM has a budget
 * (STILE_INFO_HV_PAGES_MAX pages). A call that finds it used up answers NO_MEMORY and changes
 * nothing; giving back what the VM has mapped frees tables. No other VM's use counts.
 *
 * Memory attributes. Whoever accesses memory that two VMs share, or that a VM shares with the
 * hypervisor (the shared pages, the console's ring, what a call names), maps it as Normal memory,
 * Inner and Outer Write-Back cacheable, Inner Shareable: all vCPUs of all VMs and the hypervisor
 * are then coherent, exclusives and atomics included. Through any other mapping, and while a vCPU's
 * MMU is off, nothing is promised but this: what an owner wrote to pages before it offered them
 * (memory_share, memory_donate) is in memory itself when memory_accept returns, and no cache holds
 * a line of it, for they were cleaned and invalidated to the point of coherency. What is written
 * past the caches later on, or is to be seen there, is the writer's to clean: memory_clean.
 *
 * Part of the call table: included by stile/calls.h, which says what holds for every line.
 */

/* clang-format off */

/*
 * Populate a range of the VM's address space with zeroed pages.
 *
 * @base:  the first address, a multiple of PAGE_BYTES
 * @count: 1 to 512 pages
 *
 * Returns in x1 how many pages were mapped, from the start of the range: at least 1, fewer than
 * asked when the next one would fail, or to bound the call. All pages of a VM together never exceed
 * its quota: the memory its device tree gave it, with what it was donated and without what it has
 * donated. A range of whole blocks of 2 MiB is mapped in blocks. The pages are zeroed when they are
 * first touched.
 *
 * INVALID_ARGUMENT: the base is unaligned or outside the address space (IPA_BITS); the count is
 *                   out of range or makes the range leave it
 * ALREADY_MAPPED: the first page is mapped, or is a device's
 * NO_MEMORY: the VM's quota is used up, or its budget of the hypervisor's memory
 *
 * Example:
 *     struct stile_result result = stile_memory_map(base, count);
 *     uint64_t left = count.pages - stile_memory_map_done(result).pages; // go on from there
 */
STILE_CALL(0x50, 1, memory, map, ARGS2(ipa, base, nr_pages, count),
           RETS1(nr_pages, done), ERRS2(ALREADY_MAPPED, NO_MEMORY))

/*
 * Give pages back to the hypervisor. Their content is lost; touching them afterwards is an
 * external abort.
 *
 * @base:  the first address, a multiple of PAGE_BYTES
 * @count: 1 to 512 pages
 *
 * Returns in x1 how many pages were given back, from the start of the range: at least 1, fewer
 * than asked when the next one would fail, or to bound the call.
 *
 * INVALID_ARGUMENT: the base is unaligned or outside the address space (IPA_BITS); the count is
 *                   out of range or makes the range leave it
 * NOT_MAPPED: the first page is not memory of the caller
 * BUSY: the first page is part of a share of the caller's, offered or accepted
 * NO_MEMORY: the range is part of a larger block, and the VM's budget of the hypervisor's memory
 *            has no page for the table that would split it
 *
 * Example:
 *     struct stile_result result = stile_memory_unmap(base, count);
 *     uint64_t left = count.pages - stile_memory_unmap_done(result).pages; // go on from there
 */
STILE_CALL(0x51, 1, memory, unmap, ARGS2(ipa, base, nr_pages, count),
           RETS1(nr_pages, done), ERRS3(NOT_MAPPED, BUSY, NO_MEMORY))

/*
 * Change what the VM may do with pages of its own, or with pages shared with it.
 *
 * @base:   the first address, a multiple of PAGE_BYTES
 * @count:  1 to 512 pages
 * @access: STILE_ACCESS_* bits; READ must be among them
 *
 * Returns in x1 how many pages were changed, from the start of the range: at least 1, fewer than
 * asked when the next one would fail, or to bound the call. Accesses that the new rights forbid are
 * external aborts. A whole block keeps its block mapping. Memory that was shared with the VM has at
 * most the rights that were granted. What shows scratch memory since a share has ended stays as it
 * is (NOT_MAPPED).
 *
 * INVALID_ARGUMENT: the base is unaligned or outside the address space (IPA_BITS); the count is
 *                   out of range or makes the range leave it; the access is not one there is
 * NOT_MAPPED: the first page is not memory of the caller
 * BUSY: the first page is part of a share of the caller's, offered or accepted
 * DENIED: the first page is a peer's, and the share does not grant this access
 * NO_MEMORY: the range is part of a larger block, and the VM's budget of the hypervisor's memory
 *            has no page for the table that would split it
 *
 * Example:
 *     // the kernel's text: nobody writes it any more
 *     struct stile_result result = stile_memory_protect(base, count, STILE_ACCESS_READ | STILE_ACCESS_EXECUTE);
 */
STILE_CALL(0x52, 9, memory, protect, ARGS3(ipa, base, nr_pages, count, u32, access),
           RETS1(nr_pages, done), ERRS4(NOT_MAPPED, BUSY, DENIED, NO_MEMORY))

/*
 * Ask what is at an address.
 *
 * @address: any alignment
 *
 * Returns in x1 what is there: STILE_ACCESS_* bits, STILE_MEMORY_* bits, and the owner's VM number
 * in bits 63:32 (0 if no VM's: a device, a page of the hypervisor's, or scratch memory where a
 * share has ended); in x2 the first address of the page or block that maps it; in x3 how many bytes
 * that has. Where nothing is x1 is 0; there, and where a device is emulated, x2 and x3 tell the
 * page.
 *
 * INVALID_ARGUMENT: the address is outside the address space (IPA_BITS)
 *
 * Example:
 *     struct stile_result result = stile_memory_query(address);
 *     uint32_t owner = (uint32_t)(stile_memory_query_what(result) >> 32);
 */
STILE_CALL(0x53, 9, memory, query, ARGS1(ipa, address),
           RETS3(u64, what, ipa, base, nr_bytes, length), ERRS0())

/*
 * Offer pages to another VM. They stay the caller's, who may go on using them.
 *
 * @base:   the first address, a multiple of PAGE_BYTES
 * @count:  how many pages, all of them memory of the caller: up to all there is (SHARE_PAGES_MAX)
 * @peer:   to whom
 * @access: the most the peer may do: STILE_ACCESS_READ, or READ and WRITE
 *
 * Returns a share's handle in x1. Until the share ends the pages cannot be unmapped, protected or
 * donated (BUSY); they may be part of other shares. It ends when it is revoked, or when one of the
 * two VMs ends or starts anew.
 *
 * The call takes the same time whatever the size: only the first and the last page are looked at,
 * the others when the peer accepts. If one of them is not memory of the caller then, it is the
 * peer's memory_accept that fails.
 *
 * INVALID_ARGUMENT: the base is unaligned or outside the address space (IPA_BITS); the count is 0
 *                   or makes the range leave it; the peer is the caller; or the access is neither
 *                   of the two
 * NOT_FOUND: no VM of the peer's number runs
 * NOT_MAPPED: the first or the last page of the range is not memory of the caller
 * BUSY: a page was offered by memory_donate
 * LIMIT: the VM has STILE_SHARES_MAX shares already, those of its virtio devices included
 *
 * Example:
 *     struct stile_result result = stile_memory_share(base, count, peer, STILE_ACCESS_READ);
 *     stile_share_t share = stile_memory_share_handle(result); // tell the peer
 */
STILE_CALL(0x54, 9, memory, share, ARGS4(ipa, base, nr_pages, count, vm_id, peer, u32, access),
           RETS1(share, handle), ERRS4(NOT_FOUND, NOT_MAPPED, BUSY, LIMIT))

/*
 * Offer pages to another VM for good: when the peer accepts, they leave the caller's address space
 * and quota with their content, and become the peer's.
 *
 * @base:  the first address, a multiple of PAGE_BYTES
 * @count: 1 to 512 pages
 * @peer:  to whom
 *
 * Returns a share's handle in x1, and in x2 how many pages it has, from the start of the range: at
 * least 1, fewer than asked when the next one would fail, or to bound the call. A whole block of
 * 2 MiB, if that is what the range is, is one share. The handle is gone once the peer has accepted;
 * until then it is a share like others, and can be revoked.
 *
 * A VM that starts anew has the memory of its device tree again, whatever it had donated: the
 * machine keeps that for it beside what the peer now owns. Where the machine has no memory left to
 * keep both, the peer's memory_accept answers NO_MEMORY, and the pages stay the caller's. So a
 * donation can be had only from memory that is no VM's, or of pages that the donor was given.
 *
 * INVALID_ARGUMENT: as for memory_share; or the count is above 512
 * NOT_FOUND, LIMIT: as for memory_share
 * NOT_MAPPED: the first page is not memory of the caller
 * BUSY: the first page is part of another share
 *
 * Example:
 *     struct stile_result result = stile_memory_donate(base, count, peer);
 *     stile_share_t share = stile_memory_donate_handle(result); // tell the peer
 *     uint64_t left = count.pages - stile_memory_donate_count(result).pages; // go on from there
 */
STILE_CALL(0x55, 9, memory, donate, ARGS3(ipa, base, nr_pages, count, vm_id, peer),
           RETS2(share, handle, nr_pages, count), ERRS4(NOT_FOUND, LIMIT, NOT_MAPPED, BUSY))

/*
 * Take what a peer has offered, if it is what the caller takes it for: maps its pages.
 *
 * @share:  the handle, as the owner or memory_next_offered told it
 * @base:   where, a multiple of PAGE_BYTES
 * @count:  how many pages it has
 * @access: what the caller wants to do with them, STILE_ACCESS_* bits with READ among them; and
 *          STILE_SHARE_DONATED if they are to be its own for good
 *
 * The pages are mapped with that access. Shared pages are never executable; donated ones have all
 * rights to ask for. All is checked before anything is mapped: a call that fails leaves nothing
 * mapped. A large share takes a while, in which the vCPU takes its interrupts: it finds itself at
 * its HVC again until all is done. The peer has nothing before the call has succeeded; what was
 * begun and is not gone on with, memory_release undoes.
 *
 * A share that its owner ends, in whatever way, is no longer the owner's memory but scratch memory
 * of the caller's, to be read and written, in the whole range, until the caller releases it. So
 * nobody who uses what is borrowed faults, whatever becomes of the owner. What scratch memory holds
 * is undefined: a word may change without a store, and a store to one page may show in others. Who
 * finds nonsense looks for STILE_SHARE_ENDED (memory_next_offered). Three pages of the caller's
 * budget of the hypervisor's memory are set aside for that with the first share it accepts.
 *
 * INVALID_ARGUMENT: the base is unaligned or outside the address space (IPA_BITS); the count is 0,
 *                   makes the range leave it, or is not the share's; the access is not one there is
 * NOT_FOUND: there is no such share, or it is not offered to the caller
 * DENIED: the share does not grant this access; or it is a donation and STILE_SHARE_DONATED was not
 *         asked for, or the other way round
 * BUSY: it was accepted already, or is being accepted elsewhere or released; or, in core_multicall,
 *       there is more to do than one call may: make it again
 * NOT_MAPPED: a page is not memory of the owner's
 * ALREADY_MAPPED: a page of the range is mapped, or is a device's
 * LIMIT: the caller has accepted STILE_SHARES_ACCEPTED_MAX shares, ended ones included
 * NO_MEMORY: the caller's budget of the hypervisor's memory has no page for a table, or for
 *            scratch; or the pages are donated, and the owner's budget has none for the table that
 *            splits its block, or the machine could not give the owner as many pages when it starts
 *            anew
 *
 * Example:
 *     struct stile_result result = stile_memory_accept(share, base, count, STILE_ACCESS_READ);
 *     bool is_what_was_agreed_on = result.status == STILE_SUCCESS;
 */
STILE_CALL(0x56, 10, memory, accept, ARGS4(share, share, ipa, base, nr_pages, count, u32, access),
           RETS0(), ERRS7(NOT_FOUND, DENIED, BUSY, NOT_MAPPED, ALREADY_MAPPED, LIMIT, NO_MEMORY))

/*
 * Stop using what was accepted: unmaps it. It is offered as before, and may be accepted again; if
 * it has ended, nothing is left of it.
 *
 * @share: the handle
 *
 * NOT_FOUND: there is no such share, or the caller has not accepted it
 * BUSY: as for memory_accept in core_multicall
 *
 * Example:
 *     // done with the peer's pages
 *     struct stile_result result = stile_memory_release(share);
 */
STILE_CALL(0x57, 9, memory, release, ARGS1(share, share), RETS0(), ERRS2(NOT_FOUND, BUSY))

/*
 * Take a share back, accepted or not. When the call returns, no CPU can reach the pages on the
 * peer's behalf any more; it finds scratch memory of its own in their place, as memory_accept says.
 * The handle is gone for the caller: what the peer has still to release is on the peer's account.
 *
 * @share: the handle
 *
 * NOT_FOUND: there is no such share, or it is not the caller's; or the hypervisor offers it, for
 *            a device's back end (stile/virtio.h)
 * BUSY: as for memory_accept in core_multicall
 *
 * Example:
 *     struct stile_result result = stile_memory_revoke(share);
 *     bool is_mine_alone = result.status == STILE_SUCCESS;
 */
STILE_CALL(0x58, 9, memory, revoke, ARGS1(share, share), RETS0(), ERRS2(NOT_FOUND, BUSY))

/*
 * Walk the shares that others have offered to the caller, accepted ones included, and what it has
 * accepted and not yet released of those that have ended.
 *
 * @after: the handle that the last call returned; 0 at first
 *
 * Returns, of the next share in the order of the handles, the handle in x1; in x2 the owner's VM
 * number in bits 31:0 and the number of pages in bits 63:32; in x3 STILE_ACCESS_* bits and
 * STILE_SHARE_* bits. Shares come and go meanwhile: the walk finds each one that is there from its
 * beginning to its end, once. STILE_VIRQ_SHARE tells when to walk.
 *
 * NOT_FOUND: there is none with a larger handle
 *
 * Example:
 *     struct stile_result result = stile_memory_next_offered(stile_share(0));
 *     stile_share_t first = stile_memory_next_offered_handle(result);
 */
STILE_CALL(0x59, 10, memory, next_offered, ARGS1(share, after),
           RETS3(share, handle, u64, owner_and_count, u32, what), ERRS1(NOT_FOUND))

/*
 * Clean and invalidate data caches to the point of coherency: what the VM has written is seen by
 * whoever reads past the caches, a vCPU with its MMU off or a device; and what those write then is
 * seen by the VM, if it does not touch the pages meanwhile.
 *
 * @base:  the first address, a multiple of PAGE_BYTES
 * @count: 1 to 512 pages
 *
 * Returns in x1 how many pages were cleaned, from the start of the range: at least 1, fewer than
 * asked when the next one would fail, or to bound the call.
 *
 * INVALID_ARGUMENT: as for memory_map
 * NOT_MAPPED: the first page is not memory of the caller
 *
 * Example:
 *     struct stile_result result = stile_memory_clean(base, count);
 *     uint64_t left = count.pages - stile_memory_clean_done(result).pages; // go on from there
 */
STILE_CALL(0x5A, 9, memory, clean, ARGS2(ipa, base, nr_pages, count),
           RETS1(nr_pages, done), ERRS1(NOT_MAPPED))

/*
 * Walk the shares that the caller offers: what a kernel has forgotten, or one before it in the same
 * VM has left.
 *
 * @after: the handle that the last call returned; 0 at first
 *
 * Returns, of the next share in the order of the handles, the handle in x1; in x2 the peer's VM
 * number in bits 31:0 and the number of pages in bits 63:32; in x3 STILE_ACCESS_* bits and
 * STILE_SHARE_* bits. Shares come and go meanwhile, as for memory_next_offered.
 * STILE_SHARE_ENDED: a memory_revoke has begun, and is to be made again.
 *
 * NOT_FOUND: there is none with a larger handle
 *
 * Example:
 *     struct stile_result result = stile_memory_next_shared(stile_share(0));
 *     stile_share_t first = stile_memory_next_shared_handle(result);
 */
STILE_CALL(0x5B, 10, memory, next_shared, ARGS1(share, after),
           RETS3(share, handle, u64, peer_and_count, u32, what), ERRS1(NOT_FOUND))

/*
 * Say that the VM does not need what pages of its own hold: they stay mapped and count as before,
 * and are zeroed when they are next touched. A page that is not touched again costs nobody
 * anything: who saves, moves or dumps the VM has nothing to copy.
 *
 * @base:  the first address, a multiple of PAGE_BYTES
 * @count: 1 to 512 pages
 *
 * Returns in x1 how many pages were discarded, from the start of the range: at least 1, fewer than
 * asked when the next one would fail, or to bound the call. What the VM may do with them stays as it
 * is. A vCPU that touches a page meanwhile finds what it held or zeros. Whole blocks of 2 MiB are
 * the cheapest, and stay blocks.
 *
 * INVALID_ARGUMENT: as for memory_map
 * NOT_MAPPED: the first page is not memory of the caller
 * BUSY: the first page is part of a share of the caller's, offered or accepted
 * NO_MEMORY: the range is part of a larger block, and the VM's budget of the hypervisor's memory
 *            has no page for the table that would split it
 *
 * Example:
 *     struct stile_result result = stile_memory_discard(base, count);
 *     uint64_t left = count.pages - stile_memory_discard_done(result).pages; // go on from there
 */
STILE_CALL(0x5C, 11, memory, discard, ARGS2(ipa, base, nr_pages, count),
           RETS1(nr_pages, done), ERRS3(NOT_MAPPED, BUSY, NO_MEMORY))

/* clang-format on */
