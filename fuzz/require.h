/*
 * require.h - what a fuzz target needs: a rule that ends the program where it is broken, and
 * memory that ends where the bytes end, so that the address sanitizer sees each byte beyond.
 */
#ifndef MERCURY_FUZZ_REQUIRE_H
#define MERCURY_FUZZ_REQUIRE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Called by libFuzzer and by driver.c with each input; always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(rule)                                                                                                  \
    do {                                                                                                               \
        if (!(rule)) {                                                                                                 \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #rule);                                         \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* Memory of exactly `size` bytes, not cleared; the caller frees it. NULL for 0 bytes. */
static inline void *exactly(size_t size) {
    void *memory = size > 0 ? malloc(size) : NULL;
    REQUIRE(memory != NULL || size == 0);
    return memory;
}

/* The same with a copy of `size` bytes. */
static inline void *exact_copy(const void *bytes, size_t size) {
    void *memory = exactly(size);
    if (size > 0) {
        memcpy(memory, bytes, size);
    }
    return memory;
}

#endif
