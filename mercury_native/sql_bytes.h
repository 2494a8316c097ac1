/*
 * sql_bytes.h - the bytes of SQL by class, and many of them at a time.
 *
 * Words are about six bytes long. A loop over their bytes ends in a branch that nobody can
 * foretell, and that branch would be the dearest part of lexing; so sixteen bytes are
 * looked at together where the machine can do that, and where it cannot, a loop gives the
 * same answer. Nothing here reads outside the text.
 */
#ifndef MERCURY_SQL_BYTES_H
#define MERCURY_SQL_BYTES_H

#include "internal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* MERCURY_PLAIN_C leaves the vector instructions out. */
#if !defined(MERCURY_PLAIN_C) && (defined(__SSE2__) || defined(_M_X64))
#define SQL_BYTES_SSE2 1
#include <emmintrin.h>
#ifdef _MSC_VER
#include <intrin.h>
#endif
#endif

/* Character classes. The bytes from 0x80 on are letters, as servers take them. */
enum {
    SQL_BYTE_SPACE = 0x01,
    SQL_BYTE_WORD_START = 0x02, /* A-Z a-z _ */
    SQL_BYTE_WORD = 0x04,       /* WORD_START 0-9 $ */
    SQL_BYTE_DIGIT = 0x08,
    SQL_BYTE_OPERATOR = 0x10, /* what PostgreSQL builds operators of */
    SQL_BYTE_TAG = 0x20,      /* WORD_START 0-9 */
    SQL_BYTE_HASH = 0x40,
    SQL_BYTE_AT = 0x80,
    SQL_BYTE_LOWER = 0x100, /* a-z 0-9 _ */
    SQL_BYTE_JOINS = 0x200  /* right behind a word it may make more of it */
};

/* The classes of each byte. */
SHARED_TABLE const unsigned short sql_bytes_table[256];

ALWAYS_INLINE bool sql_bytes_is(int byte, int mask) {
    return (sql_bytes_table[byte] & mask) != 0;
}

/* The first position from `position` on that is not of the classes in `mask`. */
ALWAYS_INLINE size_t sql_bytes_skip(const unsigned char *text, size_t position, size_t length, int mask) {
    while (position < length && sql_bytes_is(text[position], mask)) {
        position++;
    }
    return position;
}

enum { SQL_BYTES_BLOCK = 16 };

#ifdef SQL_BYTES_SSE2

/* The position of the lowest bit that is set; `bits` must not be 0. */
ALWAYS_INLINE size_t sql_bytes_lowest_bit(unsigned bits) {
#ifdef _MSC_VER
    unsigned long position;
    _BitScanForward(&position, bits);
    return position;
#else
    return (size_t)(unsigned)__builtin_ctz(bits);
#endif
}

/* Which bytes lie from `first` to `last`; both must be ASCII. */
ALWAYS_INLINE __m128i sql_bytes_between(__m128i bytes, int first, int last) {
    __m128i shifted = _mm_add_epi8(bytes, _mm_set1_epi8((char)(127 - last)));
    return _mm_cmpgt_epi8(shifted, _mm_set1_epi8((char)(126 - last + first)));
}

/* Which bytes are digits, `_` or `$`. */
ALWAYS_INLINE __m128i sql_bytes_others(__m128i bytes) {
    __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('_')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('$')));
    return _mm_or_si128(sql_bytes_between(bytes, '0', '9'), marks);
}

/* How many of the 16 bytes at `text` are SQL_BYTE_WORD, up to the first that is none. */
ALWAYS_INLINE size_t sql_bytes_count_word(const unsigned char *text) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i letters = sql_bytes_between(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
    __m128i words = _mm_or_si128(letters, _mm_or_si128(sql_bytes_others(bytes), bytes));
    return sql_bytes_lowest_bit(~(unsigned)_mm_movemask_epi8(words));
}

/* How many of the 16 bytes at `text` are SQL_BYTE_LOWER, up to the first that is none. */
ALWAYS_INLINE size_t sql_bytes_count_lower(const unsigned char *text) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i letters = _mm_or_si128(sql_bytes_between(bytes, 'a', 'z'), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_')));
    __m128i lower = _mm_or_si128(letters, sql_bytes_between(bytes, '0', '9'));
    return sql_bytes_lowest_bit(~(unsigned)_mm_movemask_epi8(lower));
}

/* How many of the 16 bytes at `text` are digits, up to the first that is none. */
ALWAYS_INLINE size_t sql_bytes_count_digits(const unsigned char *text) {
    __m128i digits = sql_bytes_between(_mm_loadu_si128((const __m128i *)(const void *)text), '0', '9');
    return sql_bytes_lowest_bit(~(unsigned)_mm_movemask_epi8(digits));
}

/* How many of the 16 bytes at `text` are SQL_BYTE_SPACE, up to the first that is none. */
ALWAYS_INLINE size_t sql_bytes_count_spaces(const unsigned char *text) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i spaces = _mm_or_si128(sql_bytes_between(bytes, '\t', '\r'), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')));
    return sql_bytes_lowest_bit(~(unsigned)_mm_movemask_epi8(spaces));
}

/* Which of the 16 bytes at `a` and `b` are the same, a bit each. */
ALWAYS_INLINE unsigned sql_bytes_same_block(const unsigned char *a, const unsigned char *b) {
    __m128i first = _mm_loadu_si128((const __m128i *)(const void *)a);
    __m128i second = _mm_loadu_si128((const __m128i *)(const void *)b);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(first, second));
}

/* Whether `size` bytes, 1 to 32, are the same; 32 must be readable at both. */
ALWAYS_INLINE bool sql_bytes_same(const unsigned char *a, const unsigned char *b, size_t size) {
    unsigned same = sql_bytes_same_block(a, b) | sql_bytes_same_block(a + 16, b + 16) << 16;
    return ~same << (32 - size) == 0;
}

#else

ALWAYS_INLINE bool sql_bytes_same(const unsigned char *a, const unsigned char *b, size_t size) {
    return memcmp(a, b, size) == 0;
}

ALWAYS_INLINE size_t sql_bytes_count_word(const unsigned char *text) {
    return sql_bytes_skip(text, 0, SQL_BYTES_BLOCK, SQL_BYTE_WORD);
}

ALWAYS_INLINE size_t sql_bytes_count_digits(const unsigned char *text) {
    return sql_bytes_skip(text, 0, SQL_BYTES_BLOCK, SQL_BYTE_DIGIT);
}

ALWAYS_INLINE size_t sql_bytes_count_spaces(const unsigned char *text) {
    return sql_bytes_skip(text, 0, SQL_BYTES_BLOCK, SQL_BYTE_SPACE);
}

ALWAYS_INLINE size_t sql_bytes_count_lower(const unsigned char *text) {
    return sql_bytes_skip(text, 0, SQL_BYTES_BLOCK, SQL_BYTE_LOWER);
}

#endif

/* Eight bytes as a number, the first one lowest on every machine. */
ALWAYS_INLINE uint64_t sql_bytes_load(const unsigned char *text) {
    return (uint64_t)text[0] | (uint64_t)text[1] << 8 | (uint64_t)text[2] << 16 | (uint64_t)text[3] << 24 |
           (uint64_t)text[4] << 32 | (uint64_t)text[5] << 40 | (uint64_t)text[6] << 48 | (uint64_t)text[7] << 56;
}

/* A to Z in lower case; other bytes as they are. */
ALWAYS_INLINE unsigned char sql_bytes_fold(unsigned char byte) {
    return (unsigned char)(byte + ((unsigned char)(byte - 'A') < 26 ? 'a' - 'A' : 0));
}

/* Folds 16 bytes. Compilers make a few vector instructions of it. */
ALWAYS_INLINE void sql_bytes_fold_block(unsigned char *out, const unsigned char *text) {
    unsigned char block[SQL_BYTES_BLOCK];
    memcpy(block, text, sizeof block);
    for (int i = 0; i < SQL_BYTES_BLOCK; i++) {
        block[i] = sql_bytes_fold(block[i]);
    }
    memcpy(out, block, sizeof block);
}

#endif
