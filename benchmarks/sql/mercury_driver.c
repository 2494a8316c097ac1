/*
 * mercury_driver.c - what a C program pays for canonical text and fingerprint, and what it
 * pays for copying the same statements.
 *
 *     mercury_driver normalize|copy|lay|normalize-far|lay-far FILE
 *
 *     normalize       each statement's canonical text into one buffer, and its fingerprint
 *     copy            each statement by memcpy into one buffer, which stays in the nearest cache
 *     lay             each statement by memcpy behind the one before
 *     normalize-far   each statement's canonical text behind the one before, and its fingerprint
 *     lay-far         the same as lay
 *
 * What is far runs over the statements again and again, each time a copy of its own, until they
 * fill FAR_BYTES: so source and destination come from memory and go to it.
 */
#include "driver.h"

#include <mercury.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Eight times the last cache of large servers. */
enum { FAR_BYTES = 256 << 20 };

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

static uint64_t normalize_one_behind_another(const statements *given, void *context) {
    uint64_t sum = 0;
    char *next = context;
    mercury_normalized normalized;
    for (size_t i = 0; i < given->count; i++) {
        const statement *sql = &given->all[i];
        size_t capacity = mercury_sql_normalize_bound(sql->length);
        if (mercury_sql_normalize_text(sql->text, sql->length, MERCURY_DIALECT_GENERIC, next, capacity, &normalized,
                                       NULL) != MERCURY_OK) {
            return 0;
        }
        sum += normalized.fingerprint;
        next += normalized.length;
    }
    return sum;
}

static const struct {
    const char *name;
    driver_pass pass;
    bool far;
} PASSES[] = {{"normalize", normalize_all, false},
              {"copy", copy_all, false},
              {"lay", lay_all, false},
              {"normalize-far", normalize_one_behind_another, true},
              {"lay-far", lay_all, true}};

/* The statements as often as they fit into FAR_BYTES, each time a copy of their own. */
static statements far_from_caches(const statements *given) {
    size_t times = FAR_BYTES / (given->bytes + given->count) + 1;
    statements far = {driver_memory(times * given->count * sizeof *far.all), times * given->count, given->longest,
                      times * given->bytes};
    char *text = driver_memory(far.bytes + far.count);
    for (size_t i = 0; i < far.count; i++) {
        const statement *sql = &given->all[i % given->count];
        memcpy(text, sql->text, sql->length + 1);
        far.all[i].text = text;
        far.all[i].length = sql->length;
        text += sql->length + 1;
    }
    return far;
}

int main(int count, char **arguments) {
    for (size_t i = 0; count == 3 && i < sizeof PASSES / sizeof *PASSES; i++) {
        if (strcmp(arguments[1], PASSES[i].name) == 0) {
            statements given = driver_load(arguments[2]);
            given = PASSES[i].far ? far_from_caches(&given) : given;
            void *memory = driver_memory(mercury_sql_normalize_bound(given.bytes + given.count));
            driver_introduce(mercury_abi_build(), &given, NULL, 0);
            return driver_serve(PASSES[i].pass, &given, memory);
        }
    }
    fputs("usage: mercury_driver normalize|copy|lay|normalize-far|lay-far FILE\n", stderr);
    return 2;
}
