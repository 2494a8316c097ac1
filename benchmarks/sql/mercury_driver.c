/*
 * mercury_driver.c - what a C program pays for canonical text and fingerprint, and what it
 * pays for copying the same statements.
 *
 *     mercury_driver normalize|copy|lay FILE
 *
 *     normalize   each statement's canonical text into one buffer, and its fingerprint
 *     copy        each statement by memcpy into one buffer, which stays in the nearest cache
 *     lay         each statement by memcpy behind the one before, which writes new memory
 */
#include "driver.h"

#include <mercury.h>
#include <stdio.h>
#include <string.h>

static uint64_t normalize_all(const statements *given, void *context) {
    uint64_t sum = 0;
    mercury_normalized normalized;
    size_t capacity = mercury_sql_normalize_bound(given->longest);
    for (size_t i = 0; i < given->count; i++) {
        const statement *sql = &given->all[i];
        if (mercury_sql_normalize_text(sql->text, sql->length, MERCURY_DIALECT_GENERIC, context, capacity, &normalized,
                                       NULL) != MERCURY_OK) {
            return 0;
        }
        sum += normalized.fingerprint;
    }
    return sum;
}

/* Called through a pointer that may change: no compiler leaves the copy out. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;

static uint64_t copy_all(const statements *given, void *context) {
    uint64_t sum = 0;
    const unsigned char *copied = context;
    for (size_t i = 0; i < given->count; i++) {
        copy(context, given->all[i].text, given->all[i].length + 1);
        sum += copied[0];
    }
    return sum;
}

static uint64_t lay_all(const statements *given, void *context) {
    uint64_t sum = 0;
    unsigned char *next = context;
    for (size_t i = 0; i < given->count; i++) {
        copy(next, given->all[i].text, given->all[i].length + 1);
        sum += *next;
        next += given->all[i].length + 1;
    }
    return sum;
}

static const struct {
    const char *name;
    driver_pass pass;
} PASSES[] = {{"normalize", normalize_all}, {"copy", copy_all}, {"lay", lay_all}};

int main(int count, char **arguments) {
    for (size_t i = 0; count == 3 && i < sizeof PASSES / sizeof *PASSES; i++) {
        if (strcmp(arguments[1], PASSES[i].name) == 0) {
            statements given = driver_load(arguments[2]);
            void *memory = driver_memory(mercury_sql_normalize_bound(given.bytes + given.count));
            driver_introduce(mercury_abi_build(), &given, NULL, 0);
            return driver_serve(PASSES[i].pass, &given, memory);
        }
    }
    fputs("usage: mercury_driver normalize|copy|lay FILE\n", stderr);
    return 2;
}
