/* test_error.c - codes have texts, and a failure fills exactly the caller's record. */
#include "check.h"
#include "internal.h"

#include <string.h>

static void every_code_has_its_own_text(void) {
    for (int64_t code = MERCURY_ERROR_MALFORMED_DATA; code <= MERCURY_OK; code++) {
        const char *text = mercury_error_message(code);
        CHECK(text != NULL && strcmp(text, "unknown error") != 0);
        CHECK(strlen(text) < sizeof((mercury_error *)0)->message);
        for (int64_t other = code + 1; other <= MERCURY_OK; other++) {
            CHECK(strcmp(text, mercury_error_message(other)) != 0);
        }
    }
}

static void unknown_codes_have_a_text(void) {
    CHECK(strcmp(mercury_error_message(1), "unknown error") == 0);
    CHECK(strcmp(mercury_error_message(MERCURY_ERROR_MALFORMED_DATA - 1), "unknown error") == 0);
    CHECK(strcmp(mercury_error_message(INT64_MIN), "unknown error") == 0);
    CHECK(strcmp(mercury_error_message(INT64_MAX), "unknown error") == 0);
}

static void fill_writes_the_whole_record(void) {
    mercury_error error;
    memset(&error, 0xAB, sizeof error);
    CHECK(mercury_error_fill(&error, MERCURY_ERROR_LIMIT_EXCEEDED, 42) == MERCURY_ERROR_LIMIT_EXCEEDED);
    CHECK(error.code == MERCURY_ERROR_LIMIT_EXCEEDED);
    CHECK(error.position == 42);
    CHECK(strcmp(error.message, mercury_error_message(MERCURY_ERROR_LIMIT_EXCEEDED)) == 0);
    CHECK(error.message[sizeof error.message - 1] == '\0');
}

static void fill_accepts_null(void) {
    CHECK(mercury_error_fill(NULL, MERCURY_ERROR_UNSUPPORTED, 0) == MERCURY_ERROR_UNSUPPORTED);
}

int main(void) {
    RUN(every_code_has_its_own_text);
    RUN(unknown_codes_have_a_text);
    RUN(fill_writes_the_whole_record);
    RUN(fill_accepts_null);
    return CHECK_RESULT();
}
