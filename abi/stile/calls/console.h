/* SPDX-License-Identifier: MIT */
/*
 * Group console, 0x10 to 0x1F: the VM's console: characters in registers, in memory, in a ring.
 *
 * Part of the call table: included by stile/calls.h, which says what holds for every line.
 */

/* clang-format off */

/*
 * Write characters to the VM's console, packed in registers.
 *
 * @length: 1 to 32
 * @word0:  the first 8 characters, the first in bits 7:0
 * @word1:  the next 8
 * @word2:  the next 8
 * @word3:  the last 8; bytes past the length must be zero in all four
 *
 * Returns in x1 how many characters were taken, from 0 to the length: fewer if the console's
 * buffer is full.
 *
 * INVALID_ARGUMENT: the length is out of range, or a byte past it is not zero
 *
 * Example:
 *     // "ok\n"
 *     struct stile_result result = stile_console_write(stile_nr_bytes(3), 0x0A6B6F, 0, 0, 0);
 */
STILE_CALL(0x10, 1, console, write,
           ARGS5(nr_bytes, length, u64, word0, u64, word1, u64, word2, u64, word3),
           RETS1(nr_bytes, taken), ERRS0())

/*
 * Write characters to the VM's console from memory.
 *
 * @buffer: where they are, any alignment
 * @length: 1 to 4096
 *
 * Returns in x1 how many characters were taken, from 0 to the length: fewer if the console's
 * buffer is full, after some 2,000 characters or fewer that are many lines, or if the buffer
 * crosses into a page whose first byte is not memory of the caller.
 *
 * INVALID_ARGUMENT: the length is out of range, or makes the range wrap
 * NOT_MAPPED: the first byte is not memory of the caller
 *
 * Example:
 *     struct stile_result result = stile_console_write_buffer(buffer, length);
 *     // what is left: once more, when there is room
 *     uint64_t left = length.bytes - stile_console_write_buffer_taken(result).bytes;
 */
STILE_CALL(0x11, 1, console, write_buffer, ARGS2(ipa, buffer, nr_bytes, length),
           RETS1(nr_bytes, taken), ERRS1(NOT_MAPPED))

/*
 * Read characters typed at the VM's console, packed in registers.
 *
 * @limit: the most to return, 1 to 8
 *
 * Returns in x1 how many there were (0 if none) and in x2 the characters, the first in bits 7:0.
 * An interrupt, STILE_INFO_CONSOLE_INTID, tells when there is something to read.
 *
 * INVALID_ARGUMENT: the limit is out of range
 *
 * Example:
 *     struct stile_result result = stile_console_read(stile_nr_bytes(8));
 *     uint64_t nr = stile_console_read_length(result).bytes;
 *     char first = nr > 0 ? (char)stile_console_read_word(result) : '\0';
 */
STILE_CALL(0x12, 1, console, read, ARGS1(nr_bytes, limit),
           RETS2(nr_bytes, length, u64, word), ERRS0())

/*
 * Read characters typed at the VM's console into memory.
 *
 * @buffer: where to put them, any alignment
 * @limit:  the most to return, 1 to 4096
 *
 * Returns in x1 how many there were (0 if none); no more than fit in the buffer's first page.
 *
 * INVALID_ARGUMENT: the limit is out of range, or makes the range wrap
 * NOT_MAPPED: the first byte is not memory the caller may write; nothing was read
 *
 * Example:
 *     struct stile_result result = stile_console_read_buffer(buffer, limit);
 *     uint64_t nr_typed = stile_console_read_buffer_length(result).bytes;
 */
STILE_CALL(0x13, 1, console, read_buffer, ARGS2(ipa, buffer, nr_bytes, limit),
           RETS1(nr_bytes, length), ERRS1(NOT_MAPPED))

/*
 * Use the console's ring (struct stile_console_ring, at STILE_INFO_CONSOLE_RING) or not. While it
 * is used, what is typed goes into it; console_read and console_read_buffer find nothing. Output by
 * calls and by ring may be mixed: what the ring has comes first.
 *
 * @enable: 1 or 0; 0 at reset
 *
 * Either starts with an empty ring: what it had to write is written as far as the console takes it
 * at once (after console_notify, wait until the ring is empty to have it all), typed characters in
 * it are lost. Those that wait for console_read move into a ring that is now used.
 *
 * INVALID_ARGUMENT: neither 0 nor 1
 *
 * Example:
 *     struct stile_result result = stile_console_use_ring(1);
 *     uint64_t ring_ipa = stile_core_info(STILE_INFO_CONSOLE_RING).value[0];
 */
STILE_CALL(0x14, 9, console, use_ring, ARGS1(u32, enable), RETS0(), ERRS0())

/*
 * Have the ring's reader read now. Needed only when the ring says that it sleeps; useful when the
 * ring is full. The reader then goes on by itself, and sleeps when it has found nothing new.
 *
 * BUSY: the ring is not used, and nobody reads what was written there
 *
 * Example:
 *     // after out_produced moved, and if out_sleeps is set
 *     struct stile_result result = stile_console_notify();
 */
STILE_CALL(0x15, 9, console, notify, ARGS0(), RETS0(), ERRS1(BUSY))

/* clang-format on */
