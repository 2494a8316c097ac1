/*
 * segment_driver.c - what recording in a segment costs in C.
 *
 *     segment_driver ROUNDS
 *
 * prints a line of JSON a round: nanoseconds of processor time a value. The values are times in nanoseconds from 1 us
 * to 1 s, spread evenly over their magnitudes, in an order that no processor foretells, and go
 * to 20 histograms in turn.
 */
#define _POSIX_C_SOURCE 199309L
#include "mercury.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    VALUES = 1 << 17,
    SERIES = 20,
    BYTES = MERCURY_SEGMENT_HEADER_BYTES + MERCURY_SEGMENT_SLOT_BYTES,
    LEAST_BITS = 10,
    MOST_BITS = 30
};

static int64_t memory[BYTES / 8];
static int64_t places[SERIES];
static int64_t updates[2 * VALUES];

static double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* False where the segment cannot be made. */
static int prepare(void) {
    const mercury_segment_slot writer = {MERCURY_SEGMENT_WRITER, 1, 2, 3, 4, 0, 0};
    size_t end = 0;
    memset(memory, 0, sizeof memory);
    int64_t code = mercury_segment_format(memory, BYTES, MERCURY_SEGMENT_SLOT_BYTES, 1, 2, 3, NULL);
    code += mercury_segment_claim(memory, BYTES, 0, &writer, NULL);
    for (size_t number = 0; number < SERIES; number++) {
        const char key = (char)('a' + number);
        size_t place = 0;
        code += mercury_segment_add(memory, BYTES, 0, MERCURY_SEGMENT_HISTOGRAM, &key, 1, &end, &place, NULL);
        places[number] = (int64_t)place;
    }
    return code == MERCURY_OK;
}

static void fill(void) {
    uint64_t state = 1;
    for (size_t i = 0; i < VALUES; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        unsigned bits = LEAST_BITS + (unsigned)(state >> 33) % (MOST_BITS - LEAST_BITS);
        updates[2 * i] = (int64_t)(i % SERIES);
        updates[2 * i + 1] = (int64_t)(UINT64_C(1) << bits | state >> (64 - bits));
    }
}

static double record_all(void) {
    double started = now_ns();
    if (mercury_segment_record(memory, BYTES, places, SERIES, updates, VALUES, NULL) != MERCURY_OK) {
        exit(2);
    }
    return (now_ns() - started) / VALUES;
}

int main(int argc, char **argv) {
    const long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
    fill();
    if (!prepare()) {
        return 2;
    }
    for (long round = 0; round < rounds; round++) {
        printf("{\"segment_record\": %.3f}\n", record_all());
    }
    return 0;
}
