/*
 * histogram_driver.c - what the histogram's functions cost in C.
 *
 *     histogram_driver ROUNDS
 *
 * prints a line of JSON a round: nanoseconds of processor time by what is measured, each a value or a call. The
 * values are times in nanoseconds from 1 us to 1 s, spread evenly over their magnitudes, in an
 * order that no processor foretells; a megabyte of them, so that they lie in the second cache.
 */
#define _POSIX_C_SOURCE 199309L
#include "mercury.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { VALUES = 1 << 17, CALLS = 2000, LEAST_BITS = 10, MOST_BITS = 30, SCALE = 5 };

static int64_t integers[VALUES];
static double doubles[VALUES];
static double seconds[VALUES];

static void fill(void) {
    uint64_t state = 1;
    for (size_t i = 0; i < VALUES; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        unsigned bits = LEAST_BITS + (unsigned)(state >> 33) % (MOST_BITS - LEAST_BITS);
        integers[i] = (int64_t)(UINT64_C(1) << bits | state >> (64 - bits));
        doubles[i] = (double)integers[i];
        seconds[i] = doubles[i] / 1e9;
    }
}

static double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static mercury_histogram *new_histogram(void) {
    mercury_histogram *histogram = mercury_histogram_new(SCALE, NULL);
    if (histogram == NULL) {
        exit(2);
    }
    return histogram;
}

static mercury_histogram *of_seconds(void) {
    mercury_histogram *histogram = new_histogram();
    mercury_histogram_record_doubles(histogram, seconds, VALUES, NULL);
    return histogram;
}

/* As many buckets as there may be. */
static mercury_histogram *of_all_buckets(void) {
    mercury_histogram *histogram = new_histogram();
    for (double value = 1.001; value < 4e9; value *= 1.01) {
        mercury_histogram_record_double(histogram, value, NULL);
    }
    return histogram;
}

static double record_integer(void) {
    mercury_histogram *histogram = new_histogram();
    double started = now_ns();
    for (size_t i = 0; i < VALUES; i++) {
        mercury_histogram_record_integer(histogram, integers[i], NULL);
    }
    double taken = now_ns() - started;
    mercury_histogram_free(histogram);
    return taken / (double)VALUES;
}

static double record_double(void) {
    mercury_histogram *histogram = new_histogram();
    double started = now_ns();
    for (size_t i = 0; i < VALUES; i++) {
        mercury_histogram_record_double(histogram, seconds[i], NULL);
    }
    double taken = now_ns() - started;
    mercury_histogram_free(histogram);
    return taken / (double)VALUES;
}

static double record_integers(void) {
    mercury_histogram *histogram = new_histogram();
    double started = now_ns();
    mercury_histogram_record_integers(histogram, integers, VALUES, NULL);
    double taken = now_ns() - started;
    mercury_histogram_free(histogram);
    return taken / (double)VALUES;
}

static double record_doubles(void) {
    mercury_histogram *histogram = new_histogram();
    double started = now_ns();
    mercury_histogram_record_doubles(histogram, seconds, VALUES, NULL);
    double taken = now_ns() - started;
    mercury_histogram_free(histogram);
    return taken / (double)VALUES;
}

/* Per call; ends both. */
static double merge(mercury_histogram *histogram, mercury_histogram *other) {
    double started = now_ns();
    for (int call = 0; call < CALLS; call++) {
        mercury_histogram_merge(histogram, other, NULL);
    }
    double taken = now_ns() - started;
    mercury_histogram_free(histogram);
    mercury_histogram_free(other);
    return taken / (double)CALLS;
}

static double quantile(void) {
    mercury_histogram *histogram = of_seconds();
    double value;
    double started = now_ns();
    for (int call = 0; call < CALLS; call++) {
        mercury_histogram_quantile(histogram, 0.99, &value, NULL);
    }
    double taken = now_ns() - started;
    mercury_histogram_free(histogram);
    return taken / (double)CALLS;
}

static double encode_and_decode(void) {
    mercury_histogram *histogram = of_seconds();
    unsigned char bytes[MERCURY_HISTOGRAM_MAX_BYTES];
    size_t length;
    double started = now_ns();
    for (int call = 0; call < CALLS; call++) {
        mercury_histogram_encode(histogram, bytes, sizeof bytes, &length, NULL);
        mercury_histogram_free(mercury_histogram_decode(bytes, length, NULL));
    }
    double taken = now_ns() - started;
    mercury_histogram_free(histogram);
    return taken / (double)CALLS;
}

/* The least that counting can cost: one bucket for each power of two, and a sum that may overflow. */
static double bare_loop(void) {
    static uint64_t counts[64];
    uint64_t sum = 0;
    double started = now_ns();
    for (size_t i = 0; i < VALUES; i++) {
        counts[__builtin_clzll((uint64_t)integers[i])]++;
        sum += (uint64_t)integers[i];
    }
    double taken = now_ns() - started;
    volatile uint64_t used = sum + counts[40];
    (void)used;
    return taken / (double)VALUES;
}

int main(int argc, char **argv) {
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
    fill();
    for (long round = 0; round < rounds; round++) {
        printf("{\"record_integer\": %.3f, \"record_double\": %.3f, ", record_integer(), record_double());
        printf("\"record_integers\": %.3f, \"record_doubles\": %.3f, ", record_integers(), record_doubles());
        printf("\"bare_loop\": %.3f, \"merge\": %.1f, ", bare_loop(), merge(of_seconds(), of_seconds()));
        printf("\"merge_all_buckets\": %.1f, ", merge(of_all_buckets(), of_all_buckets()));
        printf("\"quantile\": %.1f, \"encode_and_decode\": %.1f}\n", quantile(), encode_and_decode());
        fflush(stdout);
    }
    return 0;
}
