/*
 * random_text.h - texts put together of pieces, with a strange byte now and then; the same ones on every machine.
 */
#ifndef MERCURY_RANDOM_TEXT_H
#define MERCURY_RANDOM_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t random_next(uint32_t *state) {
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* Writes fewer than `most` pieces, one in `strange` with another first byte, and returns the bytes written. */
static inline size_t random_text(char *text, size_t capacity, uint32_t *state, const char *const *pieces,
                                 size_t piece_count, uint32_t most, uint32_t strange) {
    size_t length = 0;
    uint32_t wanted = random_next(state) % most;
    for (uint32_t i = 0; i < wanted; i++) {
        const char *piece = pieces[random_next(state) % piece_count];
        size_t width = strlen(piece);
        if (length + width > capacity) {
            break;
        }
        memcpy(text + length, piece, width);
        if (random_next(state) % strange == 0) {
            text[length] = (char)random_next(state);
        }
        length += width;
    }
    return length;
}

#endif
