/*
 * sql_common.h - the tokens that statements are made of, read where they are used.
 *
 * Nine in ten tokens are words, quoted names, punctuation, numbers and placeholders in their
 * plainest form. sql_lexer_next reads them as it reads all others, but telling the kinds
 * apart there, and once more in its caller, took most of the time. So sql_normalize
 * asks the functions below first: each reads one kind from its first byte on, and says
 * with 0 that the token is anything else, which sql_lexer_next reads then.
 *
 * No function here asks for the end of the text: SQL_COMMON_ROOM bytes from `start` on must be
 * readable, and what is behind the text must be zeros, which are part of no common token.
 */
#ifndef MERCURY_SQL_COMMON_H
#define MERCURY_SQL_COMMON_H

#include "sql_lexer.h"

/*
 * The longest common name, and all that is read with it: a space before it, its quotes, and the
 * comma, space and quote behind it that another name may follow.
 */
enum { SQL_COMMON_LONGEST = 2 * SQL_BYTES_BLOCK - 1, SQL_COMMON_ROOM = 1 + SQL_COMMON_LONGEST + 2 + 3 };

/* Made by tools/sql_words.py: see there how the hash comes to have no collisions. */
SHARED_TABLE const sql_word sql_words[];
SHARED_TABLE const uint64_t sql_words_multiplier;
SHARED_TABLE const unsigned char sql_words_displacements[];
SHARED_TABLE const uint32_t sql_words_second_letters[32][SQL_WORD_LONGEST + 1];

/* What is found where a word is not in the list: flags and role are 0. */
SHARED_TABLE const sql_word sql_words_none;

/*
 * A block of 0xDF and a block of 0. From the byte on that stands `size` bytes before the zeros, it
 * cuts a word of `size` bytes out of its block, and makes its letters upper case: of the
 * bytes of words, only letters lose a bit and become what stands in the list.
 */
SHARED_TABLE const unsigned char sql_words_masks[];

/* The only entry that a word can have, from its first and second eight bytes in upper case. */
ALWAYS_INLINE const sql_word *sql_common_candidate(uint64_t first, uint64_t second) {
    uint64_t number = (first ^ (second << 5)) * sql_words_multiplier;
    return &sql_words[(number >> 48 & 511) ^ sql_words_displacements[number >> 57]];
}

/*
 * The entry of the word of `size` bytes, at most 15, at `word`, from where 16 bytes may be read: a longer
 * entry has a 16th byte, so that the same 16 bytes are the same word.
 */
ALWAYS_INLINE const sql_word *sql_common_find(const unsigned char *word, size_t size) {
    const unsigned char *mask = sql_words_masks + SQL_BYTES_BLOCK - size;
    uint64_t first = sql_bytes_load(word) & sql_bytes_load(mask);
    uint64_t second = sql_bytes_load(word + 8) & sql_bytes_load(mask + 8);
    const sql_word *found = sql_common_candidate(first, second);
    const unsigned char *text = (const unsigned char *)found->text;
    bool same = sql_bytes_load(text) == first && sql_bytes_load(text + 8) == second;
    return same ? found : &sql_words_none;
}

/*
 * Whether a word of the list has `size` bytes, 1 to 19, and the first two letters of `word`. Of most names
 * none has, and this costs a third of sql_common_find.
 */
ALWAYS_INLINE bool sql_common_may_be_listed(const unsigned char *word, size_t size) {
    return (sql_words_second_letters[word[0] & 31][size] >> (word[1] & 31) & 1) != 0;
}

/* What a word of these flags leaves to expect. */
ALWAYS_INLINE int sql_common_after_word(int flags) {
    if ((flags & SQL_WORD_OPERAND) != 0) {
        return SQL_AFTER_OPERAND_WORD;
    }
    return (flags & SQL_WORD_MAYBE) != 0 ? SQL_AFTER_MAYBE_WORD : SQL_AFTER_NAME;
}

/* The size of a word of at most 15 bytes that no quote touches. What begins beyond ASCII may be money. */
ALWAYS_INLINE size_t sql_common_word(const unsigned char *text) {
    size_t size = sql_bytes_count_word(text);
    bool common = size < SQL_BYTES_BLOCK && !sql_bytes_is(text[size], SQL_BYTE_JOINS) && text[0] < 0x80;
    return LIKELY(common) ? size : 0;
}

/* The same for a word of 16 to 31 bytes. */
ALWAYS_INLINE size_t sql_common_long_word(const unsigned char *text) {
    if (text[0] >= 0x80 || sql_bytes_count_word(text) < SQL_BYTES_BLOCK) {
        return 0;
    }
    size_t size = SQL_BYTES_BLOCK + sql_bytes_count_word(text + SQL_BYTES_BLOCK);
    return size <= SQL_COMMON_LONGEST && !sql_bytes_is(text[size], SQL_BYTE_JOINS) ? size : 0;
}

/* The same as sql_common_name where the first 16 bytes of the name are SQL_BYTE_LOWER. */
size_t sql_common_long_name(const unsigned char *text, int quote);

/*
 * The size of the name of at most 31 bytes behind the quote at `text`, if it is written
 * without its quotes: SQL_BYTE_LOWER, no digit first, and no word of the list.
 */
ALWAYS_INLINE size_t sql_common_name(const unsigned char *text, int quote) {
    const unsigned char *name = text + 1;
    size_t size = sql_bytes_count_lower(name);
    if (!LIKELY(sql_bytes_is(name[0], SQL_BYTE_WORD_START))) {
        return 0;
    }
    if (!LIKELY(size < SQL_BYTES_BLOCK)) {
        return sql_common_long_name(text, quote);
    }
    bool listed = sql_common_may_be_listed(name, size) && sql_common_find(name, size)->flags != 0;
    return LIKELY(name[size] == quote && name[size + 1] != quote && !listed) ? size : 0;
}

/* The size of at most 15 digits that nothing touches. */
ALWAYS_INLINE size_t sql_common_number(const unsigned char *text) {
    size_t size = sql_bytes_count_digits(text);
    return text[size] == '.' || sql_bytes_is(text[size], SQL_BYTE_TAG) ? 0 : size;
}

/* The size of %s, where a placeholder may stand. */
ALWAYS_INLINE size_t sql_common_percent(const unsigned char *text) {
    return text[1] == 's' && !sql_bytes_is(text[2], SQL_BYTE_WORD) ? 2 : 0;
}

/* The size of `?`, where a placeholder may stand. */
ALWAYS_INLINE size_t sql_common_question_mark(const unsigned char *text) {
    return text[1] == '?' || sql_bytes_is(text[1], SQL_BYTE_DIGIT) ? 0 : 1;
}

/* The size of an operator of one byte. */
ALWAYS_INLINE size_t sql_common_operator(const unsigned char *text) {
    return sql_bytes_is(text[1], SQL_BYTE_OPERATOR) ? 0 : 1;
}

/* The size of a comparison or `||`, whatever the dialect. */
ALWAYS_INLINE size_t sql_common_pair(const unsigned char *text) {
    bool compares = text[1] == '=' && (text[0] == '<' || text[0] == '>' || text[0] == '!');
    bool other = (text[0] == '<' && text[1] == '>') || (text[0] == '|' && text[1] == '|');
    return (compares || other) && !sql_bytes_is(text[2], SQL_BYTE_OPERATOR) ? 2 : 0;
}

/* The size of a `.` that no number begins with. */
ALWAYS_INLINE size_t sql_common_dot(const unsigned char *text) {
    return sql_bytes_is(text[1], SQL_BYTE_DIGIT) ? 0 : 1;
}

#endif
