/*
 * test_sql_advice.c - what the C interface of the advice adds to tests/test_sql_advice.py:
 * the struct's layout, NULL pointers, the bits of parameters, random bytes.
 */
#include "check.h"
#include "random_text.h"
#include "mercury.h"

#include <stdlib.h>
#include <string.h>

static mercury_advice advise(const char *text, size_t length, int64_t dialect, const char *wildcards, size_t count) {
    mercury_advice advice;
    memset(&advice, 0x55, sizeof advice);
    CHECK(mercury_sql_advice_text(text, length, dialect, wildcards, count, &advice, NULL) == MERCURY_OK);
    return advice;
}

static void test_places(void) {
    const char *text = "select * from t,u where lower(t.a) = u.a or lower(b) = ? or lower(a) = ?";
    mercury_advice advice = advise(text, strlen(text), MERCURY_DIALECT_POSTGRESQL, NULL, 0);
    CHECK(advice.complete == 1);
    CHECK(advice.counts[MERCURY_RULE_SELECT_STAR] == 1 && advice.positions[MERCURY_RULE_SELECT_STAR] == 7);
    CHECK(advice.counts[MERCURY_RULE_CARTESIAN_JOIN] == 0 && advice.positions[MERCURY_RULE_CARTESIAN_JOIN] == -1);
    CHECK(advice.counts[MERCURY_RULE_FUNCTION_ON_COLUMN] == 2);
    CHECK(advice.positions[MERCURY_RULE_FUNCTION_ON_COLUMN] == 44);
}

static void test_nothing(void) {
    mercury_advice advice = advise(NULL, 0, 0, NULL, 0);
    CHECK(advice.complete == 1);
    for (size_t rule = 0; rule < MERCURY_ADVICE_RULES; rule++) {
        CHECK(advice.counts[rule] == 0 && advice.positions[rule] == -1);
    }
}

static void test_doubt(void) {
    mercury_advice advice = advise("select a from t '", 17, 0, NULL, 0);
    CHECK(advice.complete == 0 && advice.counts[MERCURY_RULE_UNBOUNDED_SELECT] == 0);
}

/* Each placeholder has its byte; of those beyond the last nothing is known. */
static void test_wildcards(void) {
    const char *text = "select a from t where b = ? and c like ?";
    static const char BITS[] = {0, 1};
    for (size_t count = 0; count <= sizeof BITS; count++) {
        mercury_advice advice = advise(text, strlen(text), 0, BITS, count);
        CHECK(advice.counts[MERCURY_RULE_LEADING_WILDCARD] == (count == 2));
    }
}

/* As many names as a term may have are counted to a bound, and link no more than there are tables. */
static void test_many_names(void) {
    char text[2048] = "select * from t, u where f(a";
    while (strlen(text) < sizeof text - 32) {
        strcat(text, ",a");
    }
    strcat(text, ") and f(a,b,c) limit 1");
    mercury_advice advice = advise(text, strlen(text), 0, NULL, 0);
    CHECK(advice.complete == 1 && advice.counts[MERCURY_RULE_CARTESIAN_JOIN] == 0);
}

static void test_long_name(void) {
    char text[512] = "with ";
    memset(text + 5, 'a', MERCURY_ADVICE_MAX_NAME_BYTES + 1);
    strcat(text, " as (select 1) select 1");
    CHECK(advise(text, strlen(text), 0, NULL, 0).complete == 0);
}

static void test_layout(void) {
    CHECK(sizeof(mercury_advice) == (1 + 2 * MERCURY_ADVICE_RULES) * 8);
    CHECK(MERCURY_RULE_LITERAL_VALUE + 1 == MERCURY_ADVICE_RULES);
}

static void test_arguments(void) {
    mercury_advice advice;
    mercury_error error;
    CHECK(mercury_sql_advice_text(NULL, 1, 0, NULL, 0, &advice, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_advice_text("a", 1, 0, NULL, 1, &advice, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_advice_text("a", 1, 0, NULL, 0, NULL, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(error.position == -1);
    CHECK(mercury_sql_advice_text("a", 1, 6, NULL, 0, &advice, &error) == MERCURY_ERROR_UNKNOWN_DIALECT);
    CHECK(mercury_sql_advice_text("a", 1, -1, NULL, 0, &advice, NULL) == MERCURY_ERROR_UNKNOWN_DIALECT);
}

/* Words that build statements, so that random texts reach every corner. */
static const char *const PIECES[] = {"select ",
                                     "from ",
                                     "join ",
                                     "(",
                                     "(",
                                     "(",
                                     ")",
                                     ")",
                                     ", ",
                                     ".",
                                     ";",
                                     "with ",
                                     "as ",
                                     "insert ",
                                     "union ",
                                     "update ",
                                     "on ",
                                     "using ",
                                     "cross ",
                                     "natural ",
                                     "where ",
                                     "where ",
                                     "and ",
                                     "not ",
                                     "in ",
                                     "in (",
                                     "like ",
                                     "between ",
                                     "case ",
                                     "end ",
                                     "a ",
                                     "b",
                                     "t.a ",
                                     "\"A\"",
                                     "[",
                                     "]",
                                     "lower(",
                                     "cast(",
                                     "::date",
                                     "::text",
                                     "= ",
                                     "< ",
                                     "1 ",
                                     "2000",
                                     "'%x' ",
                                     "'",
                                     "? ",
                                     "order by ",
                                     "random(",
                                     "limit ",
                                     "select a from t ",
                                     "where lower(a) = ",
                                     "a not in (select b from u) ",
                                     "where a = 1 and ",
                                     "like '%x' ",
                                     "offset 5000 ",
                                     "offset ",
                                     "group ",
                                     "exists(",
                                     "any(",
                                     "recursive ",
                                     "lateral ",
                                     "values ",
                                     "* ",
                                     "/* x */",
                                     "--",
                                     "$$",
                                     "q'[%]'",
                                     "begin ",
                                     "create ",
                                     "\xC3\xA9",
                                     "distinct",
                                     "is ",
                                     "t ",
                                     "u ",
                                     "from t, u "};

/* Whether each place that is told lies in the text, and only those have a position. */
static int is_within(const mercury_advice *advice, size_t length) {
    for (size_t rule = 0; rule < MERCURY_ADVICE_RULES; rule++) {
        int64_t position = advice->positions[rule];
        if ((advice->counts[rule] > 0) != (position >= 0) || position >= (int64_t)length) {
            return 0;
        }
    }
    return 1;
}

static void test_random_texts(void) {
    static const char BITS[] = {1, 0, 1};
    uint32_t state = 7;
    int64_t told[MERCURY_ADVICE_RULES] = {0};
    for (int round = 0; round < 40000; round++) {
        char buffer[256];
        size_t length = random_text(buffer, sizeof buffer, &state, PIECES, sizeof PIECES / sizeof *PIECES, 60, 32);
        char *text = malloc(length + 1);
        if (CHECK(text != NULL)) {
            memcpy(text, buffer, length);
            mercury_advice advice = advise(text, length, round % 6, BITS, sizeof BITS);
            CHECK(is_within(&advice, length));
            for (size_t rule = 0; rule < MERCURY_ADVICE_RULES; rule++) {
                told[rule] += advice.counts[rule];
            }
        }
        free(text);
    }
    for (size_t rule = 0; rule < MERCURY_ADVICE_RULES; rule++) {
        CHECK(told[rule] > 0 || rule == MERCURY_RULE_LONG_IN_LIST);
    }
}

/* Repeats `piece` until `text` is full. */
static void fill(char *text, size_t length, const char *piece) {
    for (size_t i = 0; i < length; i++) {
        text[i] = piece[i % strlen(piece)];
    }
}

static void test_long_texts(void) {
    static const char *const SHAPES[] = {"(",
                                         "(select * from ",
                                         "from t, ",
                                         "where a.b = ",
                                         "a in (1, 2), ",
                                         "with a as",
                                         "a as (select 1),",
                                         "case when ",
                                         "not ",
                                         "like f(",
                                         "t1, ",
                                         "a.a.",
                                         "and b = c ",
                                         "union select ",
                                         "xxxx"};
    static char text[200000];
    for (size_t i = 0; i < sizeof SHAPES / sizeof SHAPES[0]; i++) {
        for (int64_t dialect = 0; dialect < 6; dialect++) {
            fill(text, sizeof text, SHAPES[i]);
            memcpy(text, "select * from t, ", 17);
            mercury_advice advice = advise(text, sizeof text, dialect, NULL, 0);
            CHECK(is_within(&advice, sizeof text));
        }
    }
}

int main(void) {
    test_places();
    test_nothing();
    test_doubt();
    test_wildcards();
    test_many_names();
    test_long_name();
    test_layout();
    test_arguments();
    test_random_texts();
    test_long_texts();
    return CHECK_RESULT();
}
