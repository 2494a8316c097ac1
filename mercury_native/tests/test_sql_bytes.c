/*
 * test_sql_bytes.c - sixteen bytes at a time give the answer of one byte at a time, and
 * nothing behind the text is read.
 */
#include "check.h"
#include "sql_bytes.h"

#include <stdlib.h>

enum { TEXT_BYTES = 80, ROUNDS = 300 };

/* Numbers that look random and are the same in each run. */
static unsigned next_random(void) {
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return (unsigned)(state >> 33);
}

/* A text mostly of word bytes, so that the answers lie far enough apart. */
static void fill(unsigned char *text, size_t length) {
    static const char COMMON[] = "abcdefghijklmnopqrstuvwxyz_0123456789$";
    for (size_t i = 0; i < length; i++) {
        unsigned number = next_random();
        text[i] = number % 12 == 0 ? (unsigned char)(number >> 8) : (unsigned char)COMMON[number % (sizeof COMMON - 1)];
    }
}

static void check_position(const unsigned char *text, size_t position, size_t length) {
    size_t lower = sql_bytes_skip(text, position, length, SQL_BYTE_LOWER);
    CHECK(sql_bytes_skip_word(text, position, length) == sql_bytes_skip(text, position, length, SQL_BYTE_WORD));
    CHECK(sql_bytes_skip_lower(text, position, length, '"') == lower);
    CHECK(sql_bytes_skip_lower(text, position, length, lower < length ? text[lower] : '`') == lower);
}

static void test_every_position(void) {
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t length = round % TEXT_BYTES;
        unsigned char *text = malloc(length + 1);
        if (!CHECK(text != NULL)) {
            return;
        }
        fill(text + 1, length); /* the text ends where its memory ends, so that a sanitizer sees one byte too far */
        for (size_t position = 0; position <= length; position++) {
            check_position(text + 1, position, length);
        }
        free(text);
    }
}

/* Each byte behind word bytes and before them. */
static void test_every_byte(void) {
    unsigned char text[40];
    for (int byte = 0; byte < 256; byte++) {
        for (size_t place = 0; place < 20; place++) {
            memset(text, 'a', sizeof text);
            text[place] = (unsigned char)byte;
            CHECK(sql_bytes_skip_word(text, 0, 40) == sql_bytes_skip(text, 0, 40, SQL_BYTE_WORD));
            CHECK(sql_bytes_skip_lower(text, 0, 40, '"') == sql_bytes_skip(text, 0, 40, SQL_BYTE_LOWER));
        }
    }
}

static void test_fold(void) {
    unsigned char block[SQL_BYTES_BLOCK];
    unsigned char folded[SQL_BYTES_BLOCK];
    for (int first = 0; first < 256; first += SQL_BYTES_BLOCK) {
        for (int i = 0; i < SQL_BYTES_BLOCK; i++) {
            block[i] = (unsigned char)(first + i);
        }
        sql_bytes_fold_block(folded, block);
        for (int i = 0; i < SQL_BYTES_BLOCK; i++) {
            int byte = first + i;
            CHECK(folded[i] == (byte >= 'A' && byte <= 'Z' ? byte + 'a' - 'A' : byte));
        }
    }
}

static void test_load(void) {
    static const unsigned char text[] = {1, 2, 3, 4, 5, 6, 7, 0x88};
    CHECK(sql_bytes_load(text) == UINT64_C(0x8807060504030201));
}

int main(void) {
    test_every_position();
    test_every_byte();
    test_fold();
    test_load();
    return CHECK_RESULT();
}
