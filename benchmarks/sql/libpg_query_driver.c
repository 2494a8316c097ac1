/*
 * libpg_query_driver.c - PostgreSQL's own parser and fingerprint, as libpg_query offers them.
 *
 *     libpg_query_driver FILE
 *
 * A statement that is no PostgreSQL costs it an error instead of a fingerprint; such
 * statements are listed as failed.
 */
#include "driver.h"

#include <pg_query.h>
#include <stdio.h>

static uint64_t fingerprint_all(const statements *given, void *context) {
    uint64_t sum = 0;
    (void)context;
    for (size_t i = 0; i < given->count; i++) {
        PgQueryFingerprintResult result = pg_query_fingerprint(given->all[i].text);
        sum += result.fingerprint;
        pg_query_free_fingerprint_result(result);
    }
    return sum;
}

static size_t find_failures(const statements *given, size_t *failed) {
    size_t count = 0;
    for (size_t i = 0; i < given->count; i++) {
        PgQueryFingerprintResult result = pg_query_fingerprint(given->all[i].text);
        if (result.error != NULL) {
            failed[count++] = i;
        }
        pg_query_free_fingerprint_result(result);
    }
    return count;
}

int main(int count, char **arguments) {
    if (count != 2) {
        fputs("usage: libpg_query_driver FILE\n", stderr);
        return 2;
    }
    statements given = driver_load(arguments[1]);
    size_t *failed = driver_memory(given.count * sizeof *failed);
    driver_introduce(LIBPG_QUERY_VERSION, &given, failed, find_failures(&given, failed));
    return driver_serve(fingerprint_all, &given, NULL);
}
