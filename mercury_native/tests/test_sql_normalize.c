/*
 * test_sql_normalize.c - what the C interface of the normalizer adds to
 * tests/test_sql_normalize.py: capacities, bounds, NULL pointers, rows, and random bytes.
 */
#include "check.h"
#include "mercury.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The canonical text in memory of its own, which ends with its bound, of a text that ends where its memory does. */
static char *canonical_of(const char *text, size_t length, mercury_normalized *normalized) {
    size_t capacity = mercury_sql_normalize_bound(length);
    char *copy = malloc(length);
    char *canonical = malloc(capacity);
    if (CHECK(copy != NULL && canonical != NULL)) {
        memcpy(copy, text, length);
        CHECK(mercury_sql_normalize_text(copy, length, 0, canonical, capacity, normalized, NULL) == MERCURY_OK);
    }
    free(copy);
    return canonical;
}

/* Whether `text` normalizes to `expected`. */
static int normalizes_to(const char *text, int64_t dialect, const char *expected) {
    char canonical[1024];
    mercury_normalized normalized;
    int64_t code =
        mercury_sql_normalize_text(text, strlen(text), dialect, canonical, sizeof canonical, &normalized, NULL);
    return code == MERCURY_OK && normalized.length == (int64_t)strlen(expected) &&
           memcmp(canonical, expected, strlen(expected)) == 0;
}

static void test_texts(void) {
    CHECK(normalizes_to("", 0, ""));
    CHECK(
        normalizes_to("SELECT \"id\" FROM t WHERE a IN (1,2) LIMIT 5;", 0, "select id from t where a in (?) limit ?"));
    CHECK(normalizes_to("insert into t(a) values (1),(2)", 0, "insert into t(a) values (?)"));
    CHECK(normalizes_to("where (a = 1 or a = 2)", 0, "where (a = ?)"));
    CHECK(normalizes_to("data ? 'k'", MERCURY_DIALECT_POSTGRESQL, "data ?? ?"));
    CHECK(normalizes_to("savepoint s1", 0, "savepoint ?"));
    CHECK(
        normalizes_to("x <= 1 and y<>2 or z||'a'::text != b <=> c", 0, "x <= ? and y <> ? or z || ?::text != b <=> c"));
    CHECK(normalizes_to("select \"a_name_of_16_byte\", \"a_name_of_31_bytes_in_all_______\"", 0,
                        "select a_name_of_16_byte, a_name_of_31_bytes_in_all_______"));
    CHECK(normalizes_to("select \"a_name_of_32_bytes_in_all________\".\"a_Name_of_17_byte\"", 0,
                        "select a_name_of_32_bytes_in_all________.\"a_Name_of_17_byte\""));
    CHECK(normalizes_to("select a_word_OF_16byte.B, a_word_of_31_bytes_in_all______ from t", 0,
                        "select a_word_of_16byte.b, a_word_of_31_bytes_in_all______ from t"));
    CHECK(normalizes_to("select a_word_of_32_bytes_in_all_______, A_word_of_16byte where Current_TIMESTAMP > 1",
                        MERCURY_DIALECT_MYSQL,
                        "select a_word_of_32_bytes_in_all_______, A_word_of_16byte where current_timestamp > ?"));
    CHECK(normalizes_to("select a_word_of_16byte'b'", 0, "select a_word_of_16byte ?"));
    CHECK(
        normalizes_to("select \"current_timestamp\", \"sixteen_bytes_in\"\"\"", 0, "select \"current_timestamp\", ?"));
}

/*
 * Whatever stands near the end of a text that is read in place, it is read as at the end of
 * a short one, and a sanitizer sees no byte behind either.
 */
static void test_ends_of_long_texts(void) {
    static const char *const ENDS[] = {
        "\"a_name_of_31_bytes_in_all______\"",   "\"a_name_of_31_bytes_in_all______\",",
        "\"a_name_of_31_bytes_in_all______\", ", "\"a_name_of_31_bytes_in_all______\".",
        "\"t\".\"c\", \"t\".\"c\", \"t\".\"c\"", "a.b, a.c, a_name_of_19_bytes_",
        "in ((1), (2)) and x = 'y' or x = 'z'",
    };
    char text[1200];
    memset(text, ' ', sizeof text);
    memcpy(text, "select", 6);
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
        size_t size = strlen(ENDS[i]);
        mercury_normalized copied;
        mercury_normalized in_place;
        memcpy(text + 7, ENDS[i], size);
        free(canonical_of(text, 7 + size, &copied));
        memset(text + 7, ' ', size);
        memcpy(text + 1024, ENDS[i], size);
        for (size_t spaces = 0; spaces < 64; spaces++) {
            free(canonical_of(text, 1024 + size + spaces, &in_place));
            CHECK(in_place.fingerprint == copied.fingerprint);
        }
        memset(text + 1024, ' ', size);
    }
}

static void test_record(void) {
    char canonical[64];
    mercury_normalized normalized;
    CHECK(mercury_sql_normalize_text("a = 1 limit 2", 13, 0, canonical, sizeof canonical, &normalized, NULL) == 0);
    CHECK(normalized.literal_count == 1 && normalized.in_doubt == 0);
    CHECK(mercury_sql_normalize_text("a = '", 5, 0, canonical, sizeof canonical, &normalized, NULL) == 0);
    CHECK(normalized.literal_count == 1 && normalized.in_doubt == 1);
    CHECK(mercury_sql_normalize_text(NULL, 0, 0, canonical, sizeof canonical, &normalized, NULL) == 0);
    CHECK(normalized.length == 0 && normalized.fingerprint == UINT64_C(0x2D06800538D394C2));
}

static void test_within_a_workspace(void) {
    char canonical[64];
    mercury_workspace workspace = {.dialect = MERCURY_DIALECT_GENERIC, .canonical = canonical, .capacity = 64};
    CHECK(mercury_sql_normalize_within(&workspace, "SELECT 'a'", 10) == 8);
    CHECK(memcmp(canonical, "select ?", 8) == 0 && workspace.normalized.length == 8);
    CHECK(workspace.normalized.literal_count == 1 && workspace.normalized.in_doubt == 0);
    CHECK(mercury_sql_normalize_within(&workspace, NULL, 0) == 0);
    CHECK(workspace.normalized.fingerprint == UINT64_C(0x2D06800538D394C2));
    CHECK(mercury_sql_normalize_within(&workspace, "a = 1 or b = 2 or", 17) == MERCURY_ERROR_BUFFER_TOO_SMALL);
    CHECK(workspace.error.code == MERCURY_ERROR_BUFFER_TOO_SMALL && workspace.error.position == 67);
    workspace.dialect = 6;
    CHECK(mercury_sql_normalize_within(&workspace, "a", 1) == MERCURY_ERROR_UNKNOWN_DIALECT);
    CHECK(mercury_sql_normalize_within(NULL, "a", 1) == MERCURY_ERROR_INVALID_ARGUMENT);
}

static void test_bound(void) {
    CHECK(mercury_sql_normalize_bound(0) == 16);
    CHECK(mercury_sql_normalize_bound(100) == 316);
    CHECK(mercury_sql_normalize_bound(SIZE_MAX) == SIZE_MAX);
    CHECK(mercury_sql_normalize_bound(SIZE_MAX / 3) == SIZE_MAX);
}

static void test_arguments(void) {
    char canonical[64];
    mercury_normalized normalized;
    mercury_error error;
    CHECK(mercury_sql_normalize_text(NULL, 1, 0, canonical, 64, &normalized, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_normalize_text("a", 1, 0, NULL, 64, &normalized, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_normalize_text("a", 1, 0, canonical, 64, NULL, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_normalize_text("a", 1, 6, canonical, 64, &normalized, &error) == MERCURY_ERROR_UNKNOWN_DIALECT);
    CHECK(mercury_sql_normalize_text("a", 1, 0, canonical, 18, &normalized, &error) == MERCURY_ERROR_BUFFER_TOO_SMALL);
    CHECK(error.position == 19);
    CHECK(mercury_sql_normalize_text("a", 1, 0, NULL, 0, &normalized, &error) == MERCURY_ERROR_BUFFER_TOO_SMALL);
}

static const int64_t OFFSETS[] = {0, 8, 16, 16};

/* The rows of "select 1select 2" that `offsets` cuts out of it. */
static mercury_rows rows_of(const int64_t *offsets, size_t count) {
    mercury_rows rows = {"select 1select 2x", 17, offsets, 8, count, NULL, 0};
    return rows;
}

static void test_fingerprints(void) {
    static const int32_t narrow[] = {0, 8, 16, 16};
    mercury_rows rows = rows_of(OFFSETS, 3);
    char scratch[64];
    uint64_t ids[3] = {0, 0, 0};
    CHECK(mercury_sql_normalize_fingerprints(&rows, 0, scratch, 64, ids, NULL) == MERCURY_OK);
    CHECK(ids[0] == ids[1] && ids[0] != 0 && ids[2] == UINT64_C(0x2D06800538D394C2));
    rows.offsets = narrow;
    rows.offset_bytes = 4;
    ids[1] = 0;
    CHECK(mercury_sql_normalize_fingerprints(&rows, 0, scratch, 64, ids, NULL) == MERCURY_OK);
    CHECK(ids[0] == ids[1]);
}

static void test_nulls(void) {
    static const uint8_t validity[] = {0x7F, 0x02}; /* bits 7 to 9: 0, 0, 1 */
    mercury_rows rows = rows_of(OFFSETS, 3);
    char scratch[64];
    uint64_t ids[3] = {1, 1, 1};
    int64_t ends[4];
    size_t done = 0;
    rows.validity = validity;
    rows.validity_start = 7;
    CHECK(mercury_sql_normalize_fingerprints(&rows, 0, scratch, 64, ids, NULL) == MERCURY_OK);
    CHECK(ids[0] == 0 && ids[1] == 0 && ids[2] == UINT64_C(0x2D06800538D394C2));
    CHECK(mercury_sql_normalize_texts(&rows, 0, scratch, 64, ends, &done, NULL) == MERCURY_OK);
    CHECK(done == 3 && ends[0] == 0 && ends[1] == 0 && ends[2] == 0 && ends[3] == 0);
}

/* Whether both batches refuse the rows with `code` and `position`. */
static int refuses(const mercury_rows *rows, int64_t dialect, int64_t code, int64_t position) {
    char memory[64];
    uint64_t ids[4];
    int64_t ends[5];
    size_t done = 0;
    mercury_error one = {0, -2, ""};
    mercury_error other = {0, -2, ""};
    return mercury_sql_normalize_fingerprints(rows, dialect, memory, 64, ids, &one) == code &&
           mercury_sql_normalize_texts(rows, dialect, memory, 64, ends, &done, &other) == code &&
           one.position == position && other.position == position;
}

static void test_wrong_rows(void) {
    static const int64_t backward[] = {0, 8, 7};
    static const int64_t beyond[] = {0, 18};
    static const int64_t negative[] = {-1, 8};
    static const int64_t extreme[] = {INT64_MAX, INT64_MIN};
    mercury_rows rows = rows_of(backward, 2);
    CHECK(refuses(&rows, 0, MERCURY_ERROR_INVALID_ARGUMENT, 1));
    rows = rows_of(beyond, 1);
    CHECK(refuses(&rows, 0, MERCURY_ERROR_INVALID_ARGUMENT, 0));
    rows = rows_of(negative, 1);
    CHECK(refuses(&rows, 0, MERCURY_ERROR_INVALID_ARGUMENT, 0));
    rows = rows_of(extreme, 1);
    CHECK(refuses(&rows, 0, MERCURY_ERROR_INVALID_ARGUMENT, 0));
    rows = rows_of(NULL, 1);
    CHECK(refuses(&rows, 0, MERCURY_ERROR_INVALID_ARGUMENT, -1));
    rows = rows_of(OFFSETS, 3);
    CHECK(refuses(&rows, 9, MERCURY_ERROR_UNKNOWN_DIALECT, -1));
    rows.offset_bytes = 2;
    CHECK(refuses(&rows, 0, MERCURY_ERROR_INVALID_ARGUMENT, -1));
    rows = rows_of(OFFSETS, 1);
    rows.offsets = (const char *)OFFSETS + 1;
    CHECK(refuses(&rows, 0, MERCURY_ERROR_INVALID_ARGUMENT, -1));
    CHECK(refuses(NULL, 0, MERCURY_ERROR_INVALID_ARGUMENT, -1));
}

static void test_wrong_results(void) {
    mercury_rows rows = rows_of(OFFSETS, 3);
    char memory[64];
    uint64_t ids[3];
    int64_t ends[4];
    size_t done = 0;
    CHECK(mercury_sql_normalize_fingerprints(&rows, 0, memory, 64, NULL, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_normalize_fingerprints(&rows, 0, NULL, 64, ids, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_normalize_texts(&rows, 0, NULL, 64, ends, &done, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_normalize_texts(&rows, 0, memory, 64, NULL, &done, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_normalize_texts(&rows, 0, memory, 64, ends, NULL, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    rows.data = NULL;
    CHECK(refuses(&rows, 0, MERCURY_ERROR_INVALID_ARGUMENT, -1));
}

/*
 * Offsets that results are written over, as if another thread wrote them: each was right when
 * all were checked. The first row's name becomes the second row's end.
 */
static void test_offsets_that_become_too_long(void) {
    static const char TEXT[] = "\"\0\0\0\" and more than the scratch memory holds";
    const bool little_endian = *(const unsigned char *)(const int32_t[]){1} == 1;
    int32_t offsets[10] = {0, 5, 5};
    mercury_rows rows = {TEXT, sizeof TEXT, offsets, 4, 2, NULL, 0};
    uint64_t ids[2];
    mercury_error error;
    int64_t code =
        mercury_sql_normalize_fingerprints(&rows, MERCURY_DIALECT_POSTGRESQL, (char *)(offsets + 2), 31, ids, &error);
    CHECK(code == (little_endian ? MERCURY_ERROR_BUFFER_TOO_SMALL : MERCURY_ERROR_INVALID_ARGUMENT));
    CHECK(error.position == (little_endian ? (int64_t)mercury_sql_normalize_bound('"' - 5) : 1));
}

static void test_offsets_that_become_wrong(void) {
    int64_t wide[3] = {0, 1, 1};
    int32_t narrow[10] = {0, 4, 4};
    mercury_rows rows = {"\"ab\"", 4, wide, 8, 2, NULL, 0};
    char memory[64];
    int64_t ends[3];
    size_t done = 0;
    mercury_error error;
    int64_t code = mercury_sql_normalize_fingerprints(&rows, 0, memory, 64, (uint64_t *)(wide + 2), &error);
    CHECK(code == MERCURY_ERROR_INVALID_ARGUMENT && error.position == 1);
    rows.offsets = narrow;
    rows.offset_bytes = 4;
    code = mercury_sql_normalize_texts(&rows, 0, (char *)(narrow + 2), 31, ends, &done, &error);
    CHECK(code == MERCURY_ERROR_INVALID_ARGUMENT && error.position == 1 && done == 1);
}

/* A bound beyond all memory is the largest that a capacity or a position can say. */
static void test_longest_row(void) {
    const int64_t largest = (uint64_t)SIZE_MAX > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)SIZE_MAX;
    const int64_t offsets[] = {0, 1, largest};
    mercury_rows rows = {"a", SIZE_MAX, offsets, 8, 2, NULL, 0};
    char canonical[64];
    uint64_t ids[2];
    int64_t ends[3];
    size_t done = 0;
    mercury_error error;
    int64_t code = mercury_sql_normalize_texts(&rows, 0, canonical, 64, ends, &done, &error);
    CHECK(code == MERCURY_ERROR_BUFFER_TOO_SMALL && done == 1 && error.position == largest);
    code = mercury_sql_normalize_fingerprints(&rows, 0, canonical, 64, ids, &error);
    CHECK(code == MERCURY_ERROR_BUFFER_TOO_SMALL && error.position == largest);
}

static void test_no_rows(void) {
    mercury_rows rows = {NULL, 0, NULL, 4, 0, NULL, 0};
    int64_t end = 7;
    size_t done = 0;
    CHECK(mercury_sql_normalize_fingerprints(&rows, 0, NULL, 0, NULL, NULL) == MERCURY_OK);
    CHECK(mercury_sql_normalize_texts(&rows, 0, NULL, 0, &end, &done, NULL) == MERCURY_OK);
    CHECK(done == 0 && end == 0);
}

static void test_small_scratch(void) {
    mercury_rows rows = rows_of(OFFSETS, 3);
    uint64_t ids[3];
    char scratch[39];
    mercury_error error;
    CHECK(mercury_sql_normalize_fingerprints(&rows, 0, scratch, 39, ids, &error) == MERCURY_ERROR_BUFFER_TOO_SMALL);
    CHECK(error.position == 40);
    CHECK(mercury_sql_normalize_fingerprints(&rows, 0, NULL, 0, ids, &error) == MERCURY_ERROR_BUFFER_TOO_SMALL);
}

static void test_texts_are_gone_on_with(void) {
    mercury_rows rows = rows_of(OFFSETS, 3);
    char canonical[64];
    int64_t ends[4];
    size_t done = 0;
    mercury_error error;
    CHECK(mercury_sql_normalize_texts(&rows, 0, canonical, 47, ends, &done, &error) == MERCURY_ERROR_BUFFER_TOO_SMALL);
    CHECK(done == 1 && ends[1] == 8 && error.position == 48);
    CHECK(mercury_sql_normalize_texts(&rows, 0, canonical, 48, ends, &done, &error) == MERCURY_OK);
    CHECK(done == 3 && ends[2] == 16 && ends[3] == 16);
    CHECK(memcmp(canonical, "select ?select ?", 16) == 0);
    done = 4;
    CHECK(mercury_sql_normalize_texts(&rows, 0, canonical, 64, ends, &done, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    done = 1;
    ends[1] = 65;
    CHECK(mercury_sql_normalize_texts(&rows, 0, canonical, 64, ends, &done, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    ends[1] = -1;
    CHECK(mercury_sql_normalize_texts(&rows, 0, canonical, 64, ends, &done, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
}

/* Pieces that mean something to a lexer, so that random texts reach every corner. */
static const char *const PIECES[] = {
    "'",    "\"",    "`",      "[",         "]",       "(",      ")",  ",",         ".",      ";",  "?",       "%s",
    "$1",   "$$",    ":a",     "::",        "@x",      "#",      "--", "/*",        "*/",     "-",  "=",       "a",
    "A",    "\"a\"", "1",      ".5",        " ",       " ",      "\n", "in",        "values", "or", "/*!",     "\\",
    "e",    "q",     "select", "savepoint", "\"\"\"",  "fetch",  "to", "date",      "limit",  "%",  "array[1", "<=>",
    "(1,2", "),",    "u&",     "from",      "declare", "cursor", "no", " or a = 1",
};

/* A small generator: the texts are the same on every machine. */
static uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static size_t random_text(char *text, size_t capacity, uint32_t *state) {
    size_t length = 0;
    int bytes = next_random(state) % 4 == 0;
    uint32_t pieces = next_random(state) % 30;
    for (uint32_t i = 0; i < pieces; i++) {
        const char *piece = PIECES[next_random(state) % (sizeof PIECES / sizeof PIECES[0])];
        size_t width = bytes ? 1 : strlen(piece);
        if (length + width > capacity) {
            break;
        }
        memcpy(text + length, piece, width);
        if (bytes) {
            text[length] = (char)next_random(state);
        }
        length += width;
    }
    return length;
}

/* Normalizes into memory of exactly the bound's size; the result is the caller's to free. */
static char *normalized_copy(const char *text, size_t length, int64_t dialect, mercury_normalized *normalized) {
    size_t capacity = mercury_sql_normalize_bound(length);
    char *canonical = malloc(capacity);
    if (canonical != NULL) {
        CHECK(mercury_sql_normalize_text(text, length, dialect, canonical, capacity, normalized, NULL) == MERCURY_OK);
    }
    return canonical;
}

static void test_random_texts_are_stable(void) {
    uint32_t state = 1;
    for (int round = 0; round < 20000; round++) {
        char text[256];
        mercury_normalized once;
        mercury_normalized twice;
        int64_t dialect = round % 6;
        size_t length = random_text(text, sizeof text, &state);
        char *first = normalized_copy(text, length, dialect, &once);
        char *second = first != NULL ? normalized_copy(first, (size_t)once.length, dialect, &twice) : NULL;
        if (CHECK(second != NULL)) {
            CHECK(once.length <= 3 * (int64_t)length);
            CHECK(once.length == twice.length && once.fingerprint == twice.fingerprint);
        }
        free(first);
        free(second);
    }
}

int main(void) {
    RUN(test_texts);
    RUN(test_ends_of_long_texts);
    RUN(test_record);
    RUN(test_within_a_workspace);
    RUN(test_bound);
    RUN(test_arguments);
    RUN(test_fingerprints);
    RUN(test_nulls);
    RUN(test_wrong_rows);
    RUN(test_wrong_results);
    RUN(test_offsets_that_become_too_long);
    RUN(test_offsets_that_become_wrong);
    RUN(test_longest_row);
    RUN(test_no_rows);
    RUN(test_small_scratch);
    RUN(test_texts_are_gone_on_with);
    RUN(test_random_texts_are_stable);
    return CHECK_RESULT();
}
