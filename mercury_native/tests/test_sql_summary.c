/*
 * test_sql_summary.c - what the C interface of the summary adds to
 * tests/test_sql_summary.py: where the results lie, capacities, NULL pointers, random bytes.
 */
#include "check.h"
#include "random_text.h"
#include "mercury.h"

#include <stdlib.h>
#include <string.h>

/* A text's results in memory of exactly the stated size, so that a sanitizer sees each byte beyond. */
typedef struct outcome {
    char *out;
    mercury_summary summary;
} outcome;

static outcome summarize(const char *text, size_t length, int64_t dialect) {
    outcome result;
    memset(&result, 0, sizeof result);
    result.out = malloc(MERCURY_SUMMARY_CAPACITY);
    if (CHECK(result.out != NULL)) {
        CHECK(mercury_sql_summary_text(text, length, dialect, result.out, MERCURY_SUMMARY_CAPACITY, &result.summary,
                                       NULL) == MERCURY_OK);
    }
    return result;
}

static int holds(const char *bytes, int64_t length, const char *expected) {
    return length == (int64_t)strlen(expected) && memcmp(bytes, expected, strlen(expected)) == 0;
}

static int is_table(const outcome *result, int64_t index, const char *expected) {
    int64_t start = index == 0 ? MERCURY_SUMMARY_TABLES : result->summary.table_ends[index - 1];
    return holds(result->out + start, result->summary.table_ends[index] - start, expected);
}

static void test_places(void) {
    const char *text = "with x as (select 1 from s.\"B\") insert into t select * from x, T, u where a = 'v'";
    outcome result = summarize(text, strlen(text), MERCURY_DIALECT_POSTGRESQL);
    CHECK(holds(result.out, result.summary.length, "select s.\"B\" insert t select T u"));
    CHECK(holds(result.out + MERCURY_SUMMARY_VERB, result.summary.verb_length, "INSERT"));
    CHECK(result.summary.complete == 1 && result.summary.table_count == 3);
    CHECK(is_table(&result, 0, "s.B") && is_table(&result, 1, "t") && is_table(&result, 2, "u"));
    CHECK(result.summary.table_ends[3] == 0 && result.summary.table_ends[63] == 0);
    free(result.out);
}

static void test_nothing(void) {
    outcome result = summarize(NULL, 0, 0);
    CHECK(result.summary.length == 0 && result.summary.verb_length == 0 && result.summary.table_count == 0);
    CHECK(result.summary.complete == 1);
    free(result.out);
}

static void test_doubt(void) {
    outcome result = summarize("select a from t, '", 18, 0);
    CHECK(holds(result.out, result.summary.length, "select t") && result.summary.complete == 0);
    free(result.out);
}

/* What is beyond the deepest bracket is passed over, whatever it is. */
static void test_too_deep(void) {
    static char out[MERCURY_SUMMARY_CAPACITY];
    char text[MERCURY_SUMMARY_MAX_DEPTH + 64] = "select a from t where ";
    size_t start = strlen(text);
    mercury_summary summary;
    memset(text + start, '(', MERCURY_SUMMARY_MAX_DEPTH + 8);
    memcpy(text + start + MERCURY_SUMMARY_MAX_DEPTH + 8, "select b from u, v [c]", 23);
    CHECK(mercury_sql_summary_text(text, strlen(text), 0, out, sizeof out, &summary, NULL) == MERCURY_OK);
    CHECK(summary.complete == 0 && summary.table_count == 1);
}

static void test_layout(void) {
    CHECK(sizeof(mercury_summary) == 68 * 8);
    CHECK(MERCURY_SUMMARY_MAX_BYTES < MERCURY_SUMMARY_VERB && MERCURY_SUMMARY_VERB < MERCURY_SUMMARY_TABLES);
    CHECK(MERCURY_SUMMARY_TABLES + MERCURY_SUMMARY_MAX_TABLE_BYTES + MERCURY_SUMMARY_MAX_CTE_BYTES +
              MERCURY_SUMMARY_MAX_NAME_BYTES + 256 ==
          MERCURY_SUMMARY_CAPACITY);
}

static void test_arguments(void) {
    static char out[MERCURY_SUMMARY_CAPACITY];
    mercury_summary summary;
    mercury_error error;
    size_t capacity = sizeof out;
    CHECK(mercury_sql_summary_text(NULL, 1, 0, out, capacity, &summary, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_summary_text("a", 1, 0, NULL, capacity, &summary, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_summary_text("a", 1, 0, out, capacity, NULL, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(error.position == -1);
    CHECK(mercury_sql_summary_text("a", 1, 6, out, capacity, &summary, &error) == MERCURY_ERROR_UNKNOWN_DIALECT);
    CHECK(mercury_sql_summary_text("a", 1, -1, out, capacity, &summary, NULL) == MERCURY_ERROR_UNKNOWN_DIALECT);
    CHECK(mercury_sql_summary_text("a", 1, 0, out, capacity - 1, &summary, &error) == MERCURY_ERROR_BUFFER_TOO_SMALL);
    CHECK(error.position == MERCURY_SUMMARY_CAPACITY);
    CHECK(mercury_sql_summary_text("a", 1, 0, NULL, 0, &summary, &error) == MERCURY_ERROR_BUFFER_TOO_SMALL);
}

/* Words that build statements, so that random texts reach every corner. */
static const char *const PIECES[] = {
    "select ",   "from ",     "from ",    "join ",       "(",          "(",       ")",      ", ",       ".",
    ";",         "with ",     "as ",      "insert ",     "into ",      "update ", "set ",   "delete ",  "using ",
    "merge ",    "create ",   "table ",   "index ",      "on ",        "a ",      "bb ",    "\"A\"",    "`b`",
    "[",         "]",         "values ",  "1 ",          "'x'",        "? ",      "where ", "union ",   "begin ",
    "end ",      "drop ",     "call ",    "explain ",    "is ",        "only ",   "top ",   "= ",       "$$",
    "truncate ", "trigger ",  "copy ",    "distinct ",   "recursive",  "lock ",   "to ",    "\xC3\xA9", "/* x */",
    "'",         "procedure", " output ", "references ", "u&\"x\"\"\""};

/* Whether lengths, counts and ends lie within what the header states, one behind the other. */
static int is_within_bounds(const mercury_summary *summary) {
    int64_t end = MERCURY_SUMMARY_TABLES;
    if (summary->length < 0 || summary->length > MERCURY_SUMMARY_MAX_BYTES || summary->verb_length < 0 ||
        summary->verb_length > MERCURY_SUMMARY_TABLES - MERCURY_SUMMARY_VERB || summary->table_count < 0 ||
        summary->table_count > MERCURY_SUMMARY_MAX_TABLES) {
        return 0;
    }
    for (int64_t i = 0; i < summary->table_count; i++) {
        if (summary->table_ends[i] < end) {
            return 0;
        }
        end = summary->table_ends[i];
    }
    return end <= MERCURY_SUMMARY_TABLES + MERCURY_SUMMARY_MAX_TABLE_BYTES;
}

static void test_random_texts_stay_within_bounds(void) {
    uint32_t state = 7;
    for (int round = 0; round < 20000; round++) {
        char buffer[256];
        size_t length = random_text(buffer, sizeof buffer, &state, PIECES, sizeof PIECES / sizeof *PIECES, 40, 16);
        char *text = malloc(length + 1);
        if (CHECK(text != NULL)) {
            memcpy(text, buffer, length);
            outcome result = summarize(text, length, round % 6);
            CHECK(is_within_bounds(&result.summary));
            free(result.out);
        }
        free(text);
    }
}

/* Repeats `piece` until `text` is full. */
static void fill(char *text, size_t length, const char *piece) {
    for (size_t i = 0; i < length; i++) {
        text[i] = piece[i % strlen(piece)];
    }
}

static void test_long_texts_stay_within_bounds(void) {
    static const char *const SHAPES[] = {
        "select * from a.",  "(select * from ",    "x",          "[a ",          ", abcdefghijklmnop1",
        "with a as (select", "with abc(a) as () ", "select 1; ", "from \"a\"\"", "select * from t join u",
    };
    static char text[200000];
    for (size_t i = 0; i < sizeof SHAPES / sizeof SHAPES[0]; i++) {
        for (int64_t dialect = 0; dialect < 6; dialect++) {
            fill(text, sizeof text, SHAPES[i]);
            memcpy(text, "select * from t, ", 17);
            outcome result = summarize(text, sizeof text, dialect);
            CHECK(is_within_bounds(&result.summary));
            free(result.out);
        }
    }
}

int main(void) {
    RUN(test_places);
    RUN(test_nothing);
    RUN(test_doubt);
    RUN(test_too_deep);
    RUN(test_layout);
    RUN(test_arguments);
    RUN(test_random_texts_stay_within_bounds);
    RUN(test_long_texts_stay_within_bounds);
    return CHECK_RESULT();
}
