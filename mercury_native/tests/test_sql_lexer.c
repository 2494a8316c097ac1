/*
 * test_sql_lexer.c - what the C interface of the lexer adds to tests/test_sql_lexer.py:
 * capacities, NULL pointers, errors, and memory that ends where the text ends.
 */
#include "check.h"
#include "mercury.h"

#include <stdlib.h>
#include <string.h>

/* The kinds of the tokens of `text`, a letter each; "!" if the call failed. */
static const char *kinds(const char *text, int64_t dialect) {
    static char letters[64];
    mercury_token tokens[63];
    size_t count = 0;
    if (mercury_sql_lexer_tokens(text, strlen(text), dialect, tokens, 63, &count, NULL) != MERCURY_OK) {
        return "!";
    }
    for (size_t i = 0; i < count; i++) {
        letters[i] = "?wqsnpo.cd"[tokens[i].kind];
    }
    letters[count] = '\0';
    return letters;
}

static void test_kinds(void) {
    CHECK(strcmp(kinds("select a, 'b' -- c\n + 1", MERCURY_DIALECT_GENERIC), "ww.scon") == 0);
    CHECK(strcmp(kinds("data ? 'k'", MERCURY_DIALECT_POSTGRESQL), "wos") == 0);
    CHECK(strcmp(kinds("data ? 'k'", MERCURY_DIALECT_SQLITE), "wps") == 0);
    CHECK(strcmp(kinds("`a` \"b\"", MERCURY_DIALECT_MYSQL), "qs") == 0);
    CHECK(strcmp(kinds("[a]]b]", MERCURY_DIALECT_MSSQL), "q") == 0);
    CHECK(strcmp(kinds("q'[it's]'", MERCURY_DIALECT_ORACLE), "s") == 0);
    CHECK(strcmp(kinds("select 'a", MERCURY_DIALECT_GENERIC), "wd") == 0);
    CHECK(strcmp(kinds("", MERCURY_DIALECT_GENERIC), "") == 0);
}

static void test_capacity(void) {
    mercury_token tokens[4];
    mercury_error error;
    size_t count = 99;
    CHECK(mercury_sql_lexer_tokens("a,b", 3, 0, tokens, 3, &count, &error) == MERCURY_OK);
    CHECK(count == 3);
    CHECK(tokens[2].start == 2 && tokens[2].end == 3);
    CHECK(mercury_sql_lexer_tokens("a,b", 3, 0, tokens, 2, &count, &error) == MERCURY_ERROR_BUFFER_TOO_SMALL);
    CHECK(error.code == MERCURY_ERROR_BUFFER_TOO_SMALL && error.position == 3);
    CHECK(mercury_sql_lexer_tokens("a,b", 3, 0, NULL, 0, &count, &error) == MERCURY_ERROR_BUFFER_TOO_SMALL);
    CHECK(mercury_sql_lexer_tokens(NULL, 0, 0, NULL, 0, &count, NULL) == MERCURY_OK);
    CHECK(count == 0);
}

static void test_arguments(void) {
    mercury_token token;
    mercury_error error;
    size_t count;
    CHECK(mercury_sql_lexer_tokens(NULL, 1, 0, &token, 1, &count, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_lexer_tokens("a", 1, 0, NULL, 1, &count, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_lexer_tokens("a", 1, 0, &token, 1, NULL, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_lexer_tokens("a", 1, -1, &token, 1, &count, &error) == MERCURY_ERROR_UNKNOWN_DIALECT);
    CHECK(mercury_sql_lexer_tokens("a", 1, 6, &token, 1, &count, NULL) == MERCURY_ERROR_UNKNOWN_DIALECT);
}

/* Every prefix and every suffix of a text with all kinds of openings. */
static void test_every_prefix(void) {
    static const char text[] =
        "a'b''c\\'d\" e\"\" `f` [g]]h] $i$ j $i$ /* k */ --l\n /*!50003 m */ #n\n u&'o' u&\"p\" q'[r]'"
        " 0x1 1.5e-3 .5 ?? ?| ?& ? 'x' %(name)s %s %% :a :: := @b @@c $1 <=> ->> @? -|- #- #> {\\";
    for (size_t length = 0; length < sizeof text; length++) {
        char *copy = malloc(length + 1);
        mercury_token *tokens = calloc(length + 1, sizeof *tokens);
        if (!CHECK(copy != NULL && tokens != NULL)) {
            free(copy);
            free(tokens);
            return;
        }
        /* The copy ends where its memory ends, so that a sanitizer sees one byte too far. */
        memcpy(copy + 1, text + sizeof text - 1 - length, length);
        for (int64_t dialect = 0; dialect < 6; dialect++) {
            size_t count = 0;
            CHECK(mercury_sql_lexer_tokens(copy + 1, length, dialect, tokens, length, &count, NULL) == MERCURY_OK);
            CHECK(count == 0 || tokens[count - 1].end <= (int64_t)length);
            memmove(copy + 1, text, length);
            CHECK(mercury_sql_lexer_tokens(copy + 1, length, dialect, tokens, length, &count, NULL) == MERCURY_OK);
        }
        free(copy);
        free(tokens);
    }
}

int main(void) {
    RUN(test_kinds);
    RUN(test_capacity);
    RUN(test_arguments);
    RUN(test_every_prefix);
    return CHECK_RESULT();
}
