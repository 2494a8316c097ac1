/* test_alloc.c - the host's allocator is asked for everything, with the sizes that it gave. */
#include "check.h"
#include "internal.h"

#include <stdlib.h>
#include <string.h>

typedef struct account {
    long calls;
    size_t live_bytes;
    long wrong_sizes;
} account;

/* Keeps each block's size in front of it, to hold against the size that the core states. */
static void *counting_allocator(void *context, void *old, size_t old_bytes, size_t new_bytes) {
    account *kept = context;
    max_align_t *block = old != NULL ? (max_align_t *)old - 1 : NULL;
    kept->calls++;
    if (block != NULL) {
        size_t recorded;
        memcpy(&recorded, block, sizeof recorded);
        kept->wrong_sizes += recorded != old_bytes;
        kept->live_bytes -= recorded;
    }
    kept->live_bytes += new_bytes;
    if (new_bytes == 0) {
        free(block);
        return NULL;
    }
    max_align_t *resized = realloc(block, sizeof *resized + new_bytes);
    if (resized == NULL) {
        return NULL;
    }
    memcpy(resized, &new_bytes, sizeof new_bytes);
    return resized + 1;
}

static void *refusing_allocator(void *context, void *old, size_t old_bytes, size_t new_bytes) {
    (void)context;
    (void)old;
    (void)old_bytes;
    (void)new_bytes;
    return NULL;
}

static void blocks_keep_their_bytes(void) {
    char *block = mercury_alloc_resize(NULL, 0, 8);
    if (!CHECK(block != NULL)) {
        return;
    }
    memcpy(block, "mercury", 8);
    block = mercury_alloc_resize(block, 8, 100000);
    CHECK(block != NULL && strcmp(block, "mercury") == 0);
    mercury_alloc_free(block, 100000);
    mercury_alloc_free(NULL, 0);
}

static void the_hook_sees_every_request(void) {
    account kept = {0, 0, 0};
    mercury_frame frame = {1, 2, 0};
    int64_t offsets[2] = {0, 1};
    mercury_event event = {7, 0, 0, 5, 3, 0, 0, 1, 0};
    mercury_alloc_set(counting_allocator, &kept);
    mercury_trace *trace = mercury_trace_new(1, NULL);
    CHECK(trace != NULL && kept.calls == 1);
    CHECK(mercury_trace_add_paths(trace, &frame, 1, offsets, 1, NULL) == MERCURY_OK);
    CHECK(mercury_trace_add_events(trace, &event, 1, NULL) == MERCURY_OK);
    CHECK(kept.live_bytes > 0);
    mercury_trace_free(trace);
    CHECK(kept.live_bytes == 0);
    CHECK(kept.wrong_sizes == 0);
    mercury_alloc_set(NULL, NULL);
}

static void null_brings_back_the_standard_allocator(void) {
    mercury_alloc_set(refusing_allocator, NULL);
    CHECK(mercury_alloc_resize(NULL, 0, 8) == NULL);
    mercury_alloc_set(NULL, NULL);
    blocks_keep_their_bytes();
}

int main(void) {
    /* Not by RUN: these ask the allocator itself, where no error tells of a refusal. */
    blocks_keep_their_bytes();
    null_brings_back_the_standard_allocator();
    RUN(the_hook_sees_every_request);
    return CHECK_RESULT();
}
