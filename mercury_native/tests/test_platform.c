/* test_platform.c - the process's memory is a figure that can be believed, or a documented error. */
#include "check.h"
#include "internal.h"

#include <stdlib.h>

static void null_is_an_invalid_argument(void) {
    mercury_error error;
    CHECK(mercury_platform_memory(NULL, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(error.code == MERCURY_ERROR_INVALID_ARGUMENT && error.position == -1);
    CHECK(mercury_platform_memory(NULL, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
}

static void memory_follows_a_large_block(void) {
    const size_t bytes = (size_t)64 << 20;
    mercury_memory before;
    mercury_memory after;
    if (mercury_platform_memory(&before, NULL) == MERCURY_ERROR_UNSUPPORTED) {
        return;
    }
    CHECK(before.resident_bytes > 0 && before.resident_bytes < (int64_t)1 << 40);
    CHECK(before.peak_bytes == -1 || before.peak_bytes >= before.resident_bytes);
    /* Volatile, or the compiler sees that nobody needs the block and leaves it out. */
    volatile char *block = malloc(bytes);
    CHECK(block != NULL);
    if (block == NULL) {
        return;
    }
    for (size_t at = 0; at < bytes; at += 512) {
        block[at] = 1;
    }
    CHECK(mercury_platform_memory(&after, NULL) == MERCURY_OK);
    CHECK(block[bytes / 2] == 1);
    free((void *)(uintptr_t)block);
    /* Half of it, because a system may have taken other pages away meanwhile. */
    CHECK(after.resident_bytes - before.resident_bytes > (int64_t)bytes / 2);
    CHECK(after.peak_bytes == -1 || after.peak_bytes >= after.resident_bytes);
}

int main(void) {
    RUN(null_is_an_invalid_argument);
    RUN(memory_follows_a_large_block);
    return CHECK_RESULT();
}
