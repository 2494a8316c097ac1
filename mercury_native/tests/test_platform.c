/* test_platform.c - the process's memory is a figure that can be believed, or a documented error. */
#if defined(__linux__)
#define _POSIX_C_SOURCE 200809L
#endif

#include "check.h"
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <fcntl.h>
#endif

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

#if defined(__linux__)

/* What /proc/self/status holds; NULL for the system's own file. */
static const char *status_text;
static int status_missing;

/* Takes the place of the C library's: no real system writes what these tests must try. */
FILE *fopen(const char *path, const char *mode) {
    if (status_missing) {
        return NULL;
    }
    if (status_text != NULL) {
        return fmemopen((void *)(uintptr_t)status_text, strlen(status_text), mode);
    }
    return fdopen(open(path, mode[0] == 'w' ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY, 0666), mode);
}

static int64_t read_status(const char *text, mercury_memory *memory) {
    status_text = text;
    memset(memory, 0, sizeof *memory);
    int64_t code = mercury_platform_memory(memory, NULL);
    status_text = NULL;
    return code;
}

static void a_strange_status_is_no_figure(void) {
    mercury_memory memory;
    CHECK(read_status("Name:\tx\nVmHWM:\t9 kB\n", &memory) == MERCURY_ERROR_UNSUPPORTED);
    CHECK(read_status("Name:\tx\nVmRSS:\tmany\n", &memory) == MERCURY_ERROR_UNSUPPORTED);
    CHECK(read_status("Name:\tx\nVmRSS:\t-5 kB\n", &memory) == MERCURY_ERROR_UNSUPPORTED);
    CHECK(read_status("Name:\tx\nVmRSS: 7", &memory) == MERCURY_OK);
    CHECK(memory.resident_bytes == 7168 && memory.peak_bytes == -1);
    CHECK(read_status("Name:\tx\nVmHWM: 8:\nVmRSS: 9 kB\n", &memory) == MERCURY_OK);
    CHECK(memory.resident_bytes == 9216 && memory.peak_bytes == 9216);
    CHECK(read_status("Name:\tx\nVmRSS: 99999999999999999999999 kB\n", &memory) == MERCURY_OK);
    CHECK(memory.resident_bytes > (int64_t)1 << 50);
    status_missing = 1;
    CHECK(mercury_platform_memory(&memory, NULL) == MERCURY_ERROR_UNSUPPORTED);
    status_missing = 0;
}

#endif

int main(void) {
#if defined(__linux__)
    RUN(a_strange_status_is_no_figure);
#endif
    RUN(null_is_an_invalid_argument);
    RUN(memory_follows_a_large_block);
    return CHECK_RESULT();
}
