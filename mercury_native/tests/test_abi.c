/* test_abi.c - the two functions that a loader calls before it trusts anything else. */
#include "check.h"
#include "internal.h"

#include <string.h>

static void the_hash_is_64_lower_case_digits(void) {
    const char *hash = mercury_abi_header_hash();
    CHECK(strlen(hash) == 64);
    CHECK(strspn(hash, "0123456789abcdef") == 64);
}

static void the_build_line_names_this_machine(void) {
    const char *build = mercury_abi_build();
    const uint16_t one = 1;
    int is_little = *(const unsigned char *)&one == 1;
    CHECK(strchr(build, '\n') == NULL);
    CHECK(strstr(build, sizeof(void *) == 8 ? "64-bit" : "32-bit") != NULL);
    CHECK(strstr(build, is_little ? "little-endian" : "big-endian") != NULL);
}

/* Python reads these from arrays of 64-bit integers. */
static void records_are_made_of_8_byte_fields(void) {
    CHECK(sizeof(mercury_token) == 3 * 8);
    CHECK(sizeof(mercury_normalized) == 4 * 8);
    CHECK(sizeof(mercury_frame) == 3 * 8);
    CHECK(sizeof(mercury_verdict) == 2 * 8);
    CHECK(sizeof(mercury_event) == 9 * 8);
    CHECK(sizeof(mercury_totals) == 9 * 8);
    CHECK(sizeof(mercury_group) == 16 * 8);
    CHECK(sizeof(mercury_duplicate) == 12 * 8);
    CHECK(sizeof(mercury_memory) == 2 * 8);
}

int main(void) {
    RUN(the_hash_is_64_lower_case_digits);
    RUN(the_build_line_names_this_machine);
    RUN(records_are_made_of_8_byte_fields);
    return CHECK_RESULT();
}
