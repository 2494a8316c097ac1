/*
 * memory_driver.c - what normalizing takes from heap and stack, counted and painted.
 *
 *     memory_driver FILE
 *
 * Heap: this program's malloc, calloc, realloc and free count every request of the process
 * (glibc lets a program bring its own), and Mercury's allocator hook counts its own.
 * Stack: the statements run on a stack that was painted before; what lost its paint was used.
 */
#define _GNU_SOURCE
#include "driver.h"

#include <mercury.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

enum { STACK_BYTES = 1 << 20, PAINT = 0xA5 };

static unsigned long long heap_requests;
static unsigned long long hook_requests;

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);
void __libc_free(void *memory);

void *malloc(size_t bytes) {
    heap_requests++;
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes) {
    heap_requests++;
    return __libc_calloc(count, bytes);
}

void *realloc(void *old, size_t bytes) {
    heap_requests++;
    return __libc_realloc(old, bytes);
}

void free(void *memory) {
    heap_requests++;
    __libc_free(memory);
}

static void *count_hook(void *context, void *old, size_t old_bytes, size_t new_bytes) {
    (void)context;
    (void)old_bytes;
    hook_requests++;
    if (new_bytes == 0) {
        free(old);
        return NULL;
    }
    return realloc(old, new_bytes);
}

/* What the statements run into: a context of its own has no arguments but these. */
static struct {
    statements given;
    char *scratch;
    size_t capacity;
    unsigned char *stack;
    ucontext_t main;
    ucontext_t painted;
    unsigned long long sum;
} run;

static void do_nothing(void) {
}

static void normalize_all(void) {
    mercury_normalized normalized;
    for (size_t i = 0; i < run.given.count; i++) {
        const statement *sql = &run.given.all[i];
        for (int64_t dialect = MERCURY_DIALECT_GENERIC; dialect <= MERCURY_DIALECT_MSSQL; dialect++) {
            mercury_sql_normalize_text(sql->text, sql->length, dialect, run.scratch, run.capacity, &normalized, NULL);
            run.sum += normalized.fingerprint;
        }
    }
}

/* The bytes of stack that `work` touches, with those that entering it takes. */
static size_t painted_away(void (*work)(void)) {
    size_t untouched = 0;
    memset(run.stack, PAINT, STACK_BYTES);
    if (getcontext(&run.painted) != 0) {
        return 0;
    }
    run.painted.uc_stack.ss_sp = run.stack;
    run.painted.uc_stack.ss_size = STACK_BYTES;
    run.painted.uc_link = &run.main;
    makecontext(&run.painted, work, 0);
    swapcontext(&run.main, &run.painted);
    while (untouched < STACK_BYTES && run.stack[untouched] == PAINT) {
        untouched++;
    }
    return STACK_BYTES - untouched;
}

int main(int count, char **arguments) {
    if (count != 2) {
        fputs("usage: memory_driver FILE\n", stderr);
        return 2;
    }
    run.given = driver_load(arguments[1]);
    run.capacity = mercury_sql_normalize_bound(run.given.longest);
    run.scratch = driver_memory(run.capacity);
    run.stack = driver_memory(STACK_BYTES);
    mercury_alloc_set(count_hook, NULL);
    unsigned long long before = heap_requests;
    size_t idle = painted_away(do_nothing);
    size_t used = painted_away(normalize_all);
    unsigned long long requests = heap_requests - before;
    printf("{\"statements\": %zu, \"heap_requests\": %llu, \"hook_requests\": %llu, \"stack_bytes\": %zu}\n",
           run.given.count, requests, hook_requests, used - idle);
    return run.sum == 0; /* used, so that nothing may be left out */
}
