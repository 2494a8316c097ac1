/*
 * instructions_driver.c - one pass over the statements in one dialect, for callgrind to count.
 *
 *     instructions_driver FILE DIALECT-NUMBER
 */
#include "driver.h"

#include <mercury.h>
#include <stdio.h>
#include <stdlib.h>

/* Callgrind counts from the entry of this function to its end; so it has a name to be found by. */
uint64_t counted_pass(const statements *given, int64_t dialect, char *scratch, size_t capacity);

uint64_t counted_pass(const statements *given, int64_t dialect, char *scratch, size_t capacity) {
    uint64_t sum = 0;
    mercury_normalized normalized;
    for (size_t i = 0; i < given->count; i++) {
        const statement *sql = &given->all[i];
        if (mercury_sql_normalize_text(sql->text, sql->length, dialect, scratch, capacity, &normalized, NULL) !=
            MERCURY_OK) {
            fputs("a statement was refused\n", stderr);
            exit(2);
        }
        sum += normalized.fingerprint;
    }
    return sum;
}

/* Called through a pointer, so that no compiler makes the function part of main. */
static uint64_t (*volatile pass)(const statements *, int64_t, char *, size_t) = counted_pass;

int main(int count, char **arguments) {
    if (count != 3) {
        fputs("usage: instructions_driver FILE DIALECT-NUMBER\n", stderr);
        return 2;
    }
    statements given = driver_load(arguments[1]);
    size_t capacity = mercury_sql_normalize_bound(given.longest);
    uint64_t sum = pass(&given, strtoll(arguments[2], NULL, 10), driver_memory(capacity), capacity);
    printf("{\"build\": \"%s\", \"statements\": %zu, \"bytes\": %zu, \"sum\": \"%016llx\"}\n", mercury_abi_build(),
           given.count, given.bytes, (unsigned long long)sum);
    return 0;
}
