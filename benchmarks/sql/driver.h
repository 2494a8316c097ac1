/*
 * driver.h - one contender of the benchmark as a process that is told round by round.
 *
 * A driver is started with a file of statements, prints one line about itself, and then
 * answers each line of its input, a count of passes over the statements, with one line:
 *
 *     driver   {"version": "...", "statements": 4230, "bytes": 732799, "failed": []}
 *     caller   8
 *     driver   {"wall_ns": 5120345, "cpu_ns": 5118220}
 *
 * So that contenders in C, Go and Python take turns on one core.
 */
#ifndef MERCURY_BENCHMARK_DRIVER_H
#define MERCURY_BENCHMARK_DRIVER_H

#include <stddef.h>
#include <stdint.h>

typedef struct statement {
    const char *text; /* NUL-terminated */
    size_t length;
} statement;

typedef struct statements {
    statement *all;
    size_t count;
    size_t longest; /* bytes of the longest one */
    size_t bytes;   /* of all of them */
} statements;

/* What is measured: handles every statement once and returns a figure that depends on all results. */
typedef uint64_t (*driver_pass)(const statements *given, void *context);

/* Loads a file of statements separated by NUL bytes; ends the process if it cannot. */
statements driver_load(const char *path);

/* Memory that is never NULL. */
void *driver_memory(size_t bytes);

/* Prints the first line. `failed` holds the indexes of the statements that the contender refuses. */
void driver_introduce(const char *version, const statements *given, const size_t *failed, size_t failed_count);

/* Warms up with one pass and answers until the input ends. */
int driver_serve(driver_pass pass, const statements *given, void *context);

#endif
