/*
 * test_sql_split.c - what the C interface of the splitter adds to tests/test_sql_split.py:
 * capacities and NULL pointers.
 */
#include "check.h"
#include "mercury.h"

static void test_capacities(void) {
    int64_t offsets[4] = {-1, -1, -1, -1};
    size_t count = 9;
    CHECK(mercury_sql_split_offsets("a;b;c;d", 7, 0, offsets, 3, &count, NULL) == MERCURY_OK);
    CHECK(count == 3 && offsets[0] == 0 && offsets[1] == 2 && offsets[2] == 4 && offsets[3] == 6);
    offsets[1] = -1;
    CHECK(mercury_sql_split_offsets("a;b;c;d", 7, 0, offsets, 0, &count, NULL) == MERCURY_OK);
    CHECK(count == 0 && offsets[0] == 0 && offsets[1] == -1);
    CHECK(mercury_sql_split_offsets(NULL, 0, 0, offsets, 3, &count, NULL) == MERCURY_OK);
    CHECK(count == 0 && offsets[0] == 0);
}

static void test_arguments(void) {
    int64_t offsets[2];
    size_t count;
    mercury_error error;
    CHECK(mercury_sql_split_offsets(NULL, 1, 0, offsets, 1, &count, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_split_offsets("a", 1, 0, NULL, 0, &count, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_split_offsets("a", 1, 0, offsets, 1, NULL, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_sql_split_offsets("a", 1, 6, offsets, 1, &count, &error) == MERCURY_ERROR_UNKNOWN_DIALECT);
    CHECK(error.position == -1);
}

int main(void) {
    test_capacities();
    test_arguments();
    return CHECK_RESULT();
}
