/*
 * shared_words.h - words of 8 bytes in memory that other threads and processes read: little-endian, each
 * stored at once where the machine can, in an order that a fence holds.
 *
 * Readers rely on equations between words and not on fences. What the order is for: that
 * a process which is killed leaves its last stores as a beginning of what it was about
 * to do. So stores may be relaxed, and a fence costs nothing on x86-64.
 */
#ifndef MERCURY_SHARED_WORDS_H
#define MERCURY_SHARED_WORDS_H

#include "internal.h"

#include <string.h>

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#endif

/* The same number in the other byte order where the machine's is big-endian. */
ALWAYS_INLINE uint64_t little_endian(uint64_t word) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(word);
#else
    return word;
#endif
}

/* Reads a word at any address of a copy. */
ALWAYS_INLINE uint64_t word_at(const void *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return little_endian(word);
}

/*
 * A word where it lies in a segment, whose memory is aligned to 8 bytes. On i686 the type alone
 * promises 4, and for those clang calls a function that locks, which other processes know nothing of.
 */
#if defined(__GNUC__) || defined(__clang__)
typedef uint64_t aligned_word __attribute__((aligned(8)));
#endif

/* Reads a word that another process may be writing. */
ALWAYS_INLINE uint64_t word_load(const uint64_t *at) {
#if defined(__GCC_ATOMIC_LLONG_LOCK_FREE) && __GCC_ATOMIC_LLONG_LOCK_FREE == 2
    return little_endian(__atomic_load_n((const aligned_word *)at, __ATOMIC_RELAXED));
#else
    return little_endian(*(const volatile uint64_t *)at);
#endif
}

/* Stores a word; the compiler leaves it in its place among other stores. */
ALWAYS_INLINE void word_store(uint64_t *at, uint64_t word) {
#if defined(__GCC_ATOMIC_LLONG_LOCK_FREE) && __GCC_ATOMIC_LLONG_LOCK_FREE == 2
    __atomic_store_n((aligned_word *)at, little_endian(word), __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
#else
    *(volatile uint64_t *)at = little_endian(word);
#endif
}

/* No store behind it is seen before those in front of it. */
ALWAYS_INLINE void word_fence(void) {
#if defined(_MSC_VER) && !defined(__clang__)
#if defined(_M_ARM64)
    __dmb(0xB); /* inner shareable */
#endif
    _ReadWriteBarrier();
#else
    __atomic_thread_fence(__ATOMIC_RELEASE);
#endif
}

/* A store that is seen only together with all stores before it. */
ALWAYS_INLINE void word_publish(uint64_t *at, uint64_t word) {
    word_fence();
    word_store(at, word);
}

#endif
