/*
 * test_sql_bytes.c - sixteen bytes at a time give the answer of one byte at a time, and
 * nothing behind them is read.
 */
#include "check.h"
#include "sql_bytes.h"

#include <stdlib.h>

enum { ROUNDS = 20000 };

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

/* How many bytes of the block at `text` are of the class, one by one. */
static size_t count_one_by_one(const unsigned char *text, int mask) {
    return sql_bytes_skip(text, 0, SQL_BYTES_BLOCK, mask);
}

static void check_block(const unsigned char *text) {
    CHECK(sql_bytes_count_word(text) == count_one_by_one(text, SQL_BYTE_WORD));
    CHECK(sql_bytes_count_lower(text) == count_one_by_one(text, SQL_BYTE_LOWER));
    CHECK(sql_bytes_count_digits(text) == count_one_by_one(text, SQL_BYTE_DIGIT));
    CHECK(sql_bytes_count_spaces(text) == count_one_by_one(text, SQL_BYTE_SPACE));
}

static void test_random_blocks(void) {
    unsigned char *text = malloc(SQL_BYTES_BLOCK); /* of its own, so that a sanitizer sees one byte too far */
    if (!CHECK(text != NULL)) {
        return;
    }
    for (int round = 0; round < ROUNDS; round++) {
        fill(text, SQL_BYTES_BLOCK);
        check_block(text);
    }
    free(text);
}

/* Each byte at each place, the same byte of each class around it. */
static void test_every_byte(void) {
    static const int AROUND[] = {'b', '7', ' '};
    unsigned char text[SQL_BYTES_BLOCK];
    for (size_t i = 0; i < sizeof AROUND / sizeof *AROUND; i++) {
        for (int byte = 0; byte < 256; byte++) {
            for (size_t place = 0; place < SQL_BYTES_BLOCK; place++) {
                memset(text, AROUND[i], sizeof text);
                text[place] = (unsigned char)byte;
                check_block(text);
            }
        }
    }
}

/* Blocks that differ in the one byte at `place`, or nowhere if that is behind them. */
static void test_same(void) {
    unsigned char a[2 * SQL_BYTES_BLOCK];
    unsigned char b[2 * SQL_BYTES_BLOCK];
    memset(a, 'b', sizeof a);
    for (size_t place = 0; place <= sizeof a; place++) {
        memset(b, 'b', sizeof b);
        if (place < sizeof b) {
            b[place] = 'c';
        }
        for (size_t size = 1; size <= sizeof a; size++) {
            CHECK(sql_bytes_same(a, b, size) == (size <= place));
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
    test_random_blocks();
    test_every_byte();
    test_same();
    test_fold();
    test_load();
    return CHECK_RESULT();
}
