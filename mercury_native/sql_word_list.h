/*
 * sql_word_list.h - a sorted list of words that mean something to one module, and the search in it.
 */
#ifndef MERCURY_SQL_WORD_LIST_H
#define MERCURY_SQL_WORD_LIST_H

#include "sql_bytes.h"

enum { LISTED_WORD_LONGEST = 18 };

/* `text` is in lower case; what `role` and `verb` say is the module's own. */
typedef struct listed_word {
    char text[LISTED_WORD_LONGEST + 1];
    unsigned char length;
    unsigned char role;
    unsigned char verb;
} listed_word;

/* The entry of a word in any case among `count` sorted ones, or NULL. */
static inline const listed_word *listed_word_find(const listed_word *words, size_t count, const unsigned char *text,
                                                  size_t length) {
    unsigned char lower[LISTED_WORD_LONGEST + 1] = {0};
    size_t first = 0;
    size_t last = count;
    if (length > LISTED_WORD_LONGEST) {
        return NULL;
    }
    for (size_t i = 0; i < length; i++) {
        lower[i] = sql_bytes_fold(text[i]);
    }
    while (first < last) {
        size_t middle = first + (last - first) / 2;
        int order = memcmp(lower, words[middle].text, sizeof lower);
        if (order == 0) {
            /* A word may hold NUL bytes. */
            return words[middle].length == length ? &words[middle] : NULL;
        }
        if (order < 0) {
            last = middle;
        } else {
            first = middle + 1;
        }
    }
    return NULL;
}

#endif
