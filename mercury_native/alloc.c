/*
 * alloc.c - the one door to memory, and the only global state of the core.
 *
 * Hosts swap the allocator to count or to limit; the tests swap in one that fails
 * at the n-th call, so that every path out of a failed request is walked.
 */
#include "internal.h"

#include <stdlib.h>

static void *standard_allocator(void *context, void *old, size_t old_bytes, size_t new_bytes) {
    (void)context;
    (void)old_bytes;
    if (new_bytes == 0) {
        free(old);
        return NULL;
    }
    return realloc(old, new_bytes);
}

static mercury_allocator current_allocator = standard_allocator;
static void *current_context = NULL;

void mercury_alloc_set(mercury_allocator allocator, void *context) {
    current_allocator = allocator != NULL ? allocator : standard_allocator;
    current_context = allocator != NULL ? context : NULL;
}

void *mercury_alloc_resize(void *old, size_t old_bytes, size_t new_bytes) {
    return current_allocator(current_context, old, old_bytes, new_bytes);
}

void mercury_alloc_free(void *old, size_t old_bytes) {
    if (old != NULL) {
        current_allocator(current_context, old, old_bytes, 0);
    }
}
