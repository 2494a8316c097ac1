/*
 * allocation_failures.c - every request for memory that a test makes is refused once.
 *
 * Linked to each C test by `make alloc-failures`. A test runs once as it is; then with its
 * n-th request refused, for n = 1, 2, ... until a run makes fewer than n requests: first
 * that request alone, then that and all later ones. In each run
 *
 *     the first error after a refused request is OUT_OF_MEMORY,
 *     a refused request is followed by such an error,
 *     every block is given back, with the size that it was asked for.
 *
 * That a handle is as it was and goes on working is what test_trace.c proves, with an
 * allocator of its own. Where each refused request came from is written to
 * <program>.refusals for tools/allocation_sites.py, which holds the places against the sources.
 *
 * The linker's --wrap puts the two functions of this file that begin with __wrap_ in front of the core's.
 * Only for GNU systems: it asks for the call stack.
 */
#define _GNU_SOURCE
#include "allocation_failures.h"
#include "internal.h"

#include <errno.h>
#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STACK_FRAMES = 16, MAX_STACKS = 4096, MAX_RUNS = 100000 };

typedef struct call_stack {
    void *frames[STACK_FRAMES];
    int depth;
    long refusals;
} call_stack;

/* What one run is refused, and what came of it. */
typedef struct plan {
    long fails_at; /* 0: nothing is refused */
    int for_ever;
    long requests;
    long refused;
    int is_owed; /* a refusal that no error has told of yet */
    long live_blocks;
    long wrong_sizes;
    long wrong_codes;
} plan;

static plan current;
static int is_running;
static call_stack stacks[MAX_STACKS];
static size_t stack_count;
static long broken_rules;

int64_t __real_mercury_error_fill(mercury_error *error, int64_t code, int64_t position);
int64_t __wrap_mercury_error_fill(mercury_error *error, int64_t code, int64_t position);
void __real_mercury_alloc_set(mercury_allocator allocator, void *context);
void __wrap_mercury_alloc_set(mercury_allocator allocator, void *context);

static void note_refusal(void) {
    call_stack found;
    memset(&found, 0, sizeof found);
    found.depth = backtrace(found.frames, STACK_FRAMES);
    for (size_t index = 0; index < stack_count; index++) {
        if (memcmp(stacks[index].frames, found.frames, sizeof found.frames) == 0) {
            stacks[index].refusals++;
            return;
        }
    }
    if (stack_count == MAX_STACKS) {
        fprintf(stderr, "more than %d different stacks\n", MAX_STACKS);
        abort();
    }
    found.refusals = 1;
    stacks[stack_count++] = found;
}

static int is_refused(const plan *self) {
    return self->requests == self->fails_at || (self->for_ever && self->requests > self->fails_at);
}

/* Keeps each block's size in front of it, to hold against the size that the core states. */
static void *refusing_allocator(void *context, void *old, size_t old_bytes, size_t new_bytes) {
    plan *self = context;
    max_align_t *block = old != NULL ? (max_align_t *)old - 1 : NULL;
    if (block != NULL) {
        self->wrong_sizes += memcmp(block, &old_bytes, sizeof old_bytes) != 0;
    }
    if (new_bytes == 0) {
        self->live_blocks -= block != NULL;
        free(block);
        return NULL;
    }
    self->requests++;
    if (self->fails_at != 0 && is_refused(self)) {
        if (self->refused++ == 0) {
            note_refusal();
        }
        self->is_owed = 1;
        return NULL;
    }
    max_align_t *resized = realloc(block, sizeof *resized + new_bytes);
    if (resized == NULL) {
        abort();
    }
    self->live_blocks += block == NULL;
    memcpy(resized, &new_bytes, sizeof new_bytes);
    return resized + 1;
}

/* A test that swaps an allocator in and out again gets this file's back, not the C library's. */
void __wrap_mercury_alloc_set(mercury_allocator allocator, void *context) {
    if (allocator == NULL && is_running) {
        __real_mercury_alloc_set(refusing_allocator, &current);
    } else {
        __real_mercury_alloc_set(allocator, context);
    }
}

int64_t __wrap_mercury_error_fill(mercury_error *error, int64_t code, int64_t position) {
    if (current.is_owed) {
        current.is_owed = 0;
        current.wrong_codes += code != MERCURY_ERROR_OUT_OF_MEMORY;
    }
    return __real_mercury_error_fill(error, code, position);
}

static void hold(const char *name, int holds, const char *rule) {
    if (!holds) {
        broken_rules++;
        fprintf(stderr, "%s, request %ld refused%s: %s\n", name, current.fails_at,
                current.for_ever ? " and all after it" : "", rule);
    }
}

static void run_once(const char *name, void (*test)(void), long fails_at, int for_ever) {
    memset(&current, 0, sizeof current);
    current.fails_at = fails_at;
    current.for_ever = for_ever;
    is_running = 1;
    __real_mercury_alloc_set(refusing_allocator, &current);
    test();
    __real_mercury_alloc_set(NULL, NULL);
    is_running = 0;
    hold(name, current.live_blocks == 0, "blocks were not given back");
    hold(name, current.wrong_sizes == 0, "a size was not the one asked for");
    hold(name, current.wrong_codes == 0, "another error than OUT_OF_MEMORY came first");
    hold(name, !current.is_owed, "no error told of it");
}

void allocation_failures_run(const char *name, void (*test)(void)) {
    run_once(name, test, 0, 0);
    for (int for_ever = 0; for_ever <= 1; for_ever++) {
        long fails_at = 0;
        do {
            run_once(name, test, ++fails_at, for_ever);
        } while (current.refused > 0 && fails_at < MAX_RUNS);
        hold(name, fails_at < MAX_RUNS, "there is no end of requests");
    }
}

int allocation_failures_active(void) {
    return is_running && current.fails_at != 0;
}

static void write_stack(FILE *file, const call_stack *stack) {
    fprintf(file, "%ld", stack->refusals);
    for (int depth = 0; depth < stack->depth; depth++) {
        fprintf(file, " %p", stack->frames[depth]);
    }
    fprintf(file, "\n");
}

long allocation_failures_result(void) {
    char path[4096];
    snprintf(path, sizeof path, "%s.refusals", program_invocation_name);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return broken_rules + 1;
    }
    for (size_t index = 0; index < stack_count; index++) {
        write_stack(file, &stacks[index]);
    }
    return broken_rules + (fclose(file) != 0);
}
