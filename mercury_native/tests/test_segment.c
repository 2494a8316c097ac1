/*
 * test_segment.c - what a segment refuses, what survives in it, and many writers at once.
 */
#include "check.h"
#include "digest.h"
#include "internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOT_BYTES = 8192,
    SLOTS = 3,
    BYTES = MERCURY_SEGMENT_HEADER_BYTES + SLOTS * SLOT_BYTES,
    WORDS = BYTES / 8,
    FIRST = (MERCURY_SEGMENT_HEADER_BYTES + MERCURY_SEGMENT_SLOT_HEAD_BYTES) / 8,
    FIRST_BYTES = SLOT_BYTES - MERCURY_SEGMENT_SLOT_HEAD_BYTES,
    INDEX = 16,
    THREADS = 16
};

#define WRONG(call) CHECK((call) == MERCURY_ERROR_INVALID_ARGUMENT)

static const mercury_segment_slot writer = {MERCURY_SEGMENT_WRITER, 1, 2, 3, 4, 0, 0};

/* A counter and a histogram in slot 0, at places[0] and places[1]. */
static void prepare(uint64_t *words, int64_t *places) {
    size_t place = 0;
    size_t end = 0;
    memset(words, 0, BYTES);
    CHECK(mercury_segment_format(words, BYTES, SLOT_BYTES, 1, 2, 3, NULL) == MERCURY_OK);
    CHECK(mercury_segment_claim(words, BYTES, 0, &writer, NULL) == MERCURY_OK);
    CHECK(mercury_segment_add(words, BYTES, 0, MERCURY_SEGMENT_COUNTER, "a", 1, &end, &place, NULL) == MERCURY_OK);
    places[0] = (int64_t)place;
    CHECK(mercury_segment_add(words, BYTES, 0, MERCURY_SEGMENT_HISTOGRAM, "b", 1, &end, &place, NULL) == MERCURY_OK);
    places[1] = (int64_t)place;
}

/* The number is that of x86-64; make big-endian runs this on s390x. */
static void the_bytes_are_the_same_on_every_machine(void) {
    static uint64_t words[WORDS];
    int64_t places[2];
    const int64_t updates[] = {0, 1, 0, 825, 1, 1, 1, 1000000, 1, 1 << 30, 1, INT64_C(1) << 50};
    mercury_segment_series series[2];
    size_t count = 0;
    prepare(words, places);
    CHECK(mercury_segment_record(words, BYTES, places, 2, updates, 6, NULL) == MERCURY_OK);
    CHECK(digest_of(words, BYTES) == UINT64_C(0x57FD14D221B8AAFB));
    CHECK(mercury_segment_list(words, BYTES, 0, series, 2, &count, NULL) == MERCURY_OK && count == 2);
    CHECK(series[0].state == MERCURY_SEGMENT_WHOLE && series[0].sum_low == 826);
    CHECK(series[1].state == MERCURY_SEGMENT_WHOLE && series[1].count == 4);
    CHECK(series[1].smallest == 1 && series[1].largest == INT64_C(1) << 50);
}

static void null_and_askew_memory_is_refused(void) {
    static uint64_t words[WORDS];
    int64_t places[2];
    char *askew = (char *)words + 1;
    mercury_segment_layout layout;
    mercury_segment_slot slots[SLOTS];
    mercury_segment_series series[2];
    mercury_segment_cursor cursor = {FIRST, 0, 1, 0, 0, 0, 0, 0};
    uint64_t index[INDEX] = {0};
    size_t count = 0;
    size_t end = 0;
    prepare(words, places);
    WRONG(mercury_segment_format(NULL, BYTES, SLOT_BYTES, 1, 2, 3, NULL));
    WRONG(mercury_segment_format(askew, BYTES, SLOT_BYTES, 1, 2, 3, NULL));
    WRONG(mercury_segment_inspect(NULL, 8, 8, &layout, NULL));
    WRONG(mercury_segment_inspect(words, BYTES, BYTES, NULL, NULL));
    WRONG(mercury_segment_slots(words, BYTES, slots, SLOTS, NULL, NULL));
    WRONG(mercury_segment_slots(words, BYTES, NULL, SLOTS, &count, NULL));
    WRONG(mercury_segment_slots(askew, BYTES, slots, SLOTS, &count, NULL));
    WRONG(mercury_segment_claim(words, BYTES, 1, NULL, NULL));
    WRONG(mercury_segment_add(words, BYTES, 0, 1, NULL, 1, &end, &count, NULL));
    WRONG(mercury_segment_add(words, BYTES, 0, 1, "k", 1, NULL, &count, NULL));
    WRONG(mercury_segment_add(words, BYTES, 0, 1, "k", 1, &end, NULL, NULL));
    WRONG(mercury_segment_add(words, BYTES, SLOTS, 1, "k", 1, &end, &count, NULL));
    WRONG(mercury_segment_record(askew, BYTES, places, 2, places, 1, NULL));
    WRONG(mercury_segment_record(words, BYTES, NULL, 2, places, 1, NULL));
    WRONG(mercury_segment_record(words, BYTES, places, 2, NULL, 1, NULL));
    WRONG(mercury_segment_merge(words, BYTES, 0, NULL, INDEX, 1, words, 8, &cursor, NULL));
    WRONG(mercury_segment_merge(words, BYTES, 0, index, 0, 1, words, 8, &cursor, NULL));
    WRONG(mercury_segment_merge(words, BYTES, 0, index, 3, 1, words, 8, &cursor, NULL));
    WRONG(mercury_segment_merge(words, BYTES, 0, index, INDEX, 1, NULL, 8, &cursor, NULL));
    WRONG(mercury_segment_merge(words, BYTES, 0, index, INDEX, 1, words, 8, NULL, NULL));
    WRONG(mercury_segment_merge(words, BYTES, SLOTS, index, INDEX, 1, words, 8, &cursor, NULL));
    WRONG(mercury_segment_list(words, BYTES, 0, series, 2, NULL, NULL));
    WRONG(mercury_segment_list(words, BYTES, 0, NULL, 2, &count, NULL));
    WRONG(mercury_segment_list(words, BYTES, SLOTS, series, 2, &count, NULL));
    WRONG(mercury_segment_fold(words, BYTES, SLOTS, 1, NULL));
    WRONG(mercury_segment_commit(NULL, BYTES, 1, NULL));
    WRONG(mercury_segment_clear(words, BYTES, SLOTS, NULL));
    CHECK(mercury_segment_merge(words, BYTES, 0, index, INDEX, 1, NULL, 0, &cursor, NULL) == MERCURY_OK);
    CHECK(mercury_segment_record(words, BYTES, NULL, 0, NULL, 0, NULL) == MERCURY_OK);
    CHECK(mercury_segment_slots(words, BYTES, NULL, 0, &count, NULL) == MERCURY_ERROR_BUFFER_TOO_SMALL);
    CHECK(mercury_segment_list(words, BYTES, 0, NULL, 0, &count, NULL) == MERCURY_ERROR_BUFFER_TOO_SMALL);
}

static void an_end_outside_of_the_slot_is_refused(void) {
    static uint64_t words[WORDS];
    int64_t places[2];
    uint64_t index[INDEX] = {0};
    const size_t slot_end = (MERCURY_SEGMENT_HEADER_BYTES + SLOT_BYTES) / 8;
    const size_t wrong[] = {1, FIRST - 8, FIRST + 1, slot_end + 8, SIZE_MAX};
    size_t place = 0;
    prepare(words, places);
    for (size_t at = 0; at < sizeof wrong / sizeof *wrong; at++) {
        size_t end = wrong[at];
        mercury_segment_cursor cursor = {FIRST, (int64_t)end, 1, 0, 0, 0, 0, 0};
        WRONG(mercury_segment_add(words, BYTES, 0, MERCURY_SEGMENT_COUNTER, "k", 1, &end, &place, NULL));
        WRONG(mercury_segment_merge(words, BYTES, 0, index, INDEX, 1, words, 8, &cursor, NULL));
    }
    size_t end = slot_end;
    CHECK(mercury_segment_add(words, BYTES, 0, MERCURY_SEGMENT_COUNTER, "k", 1, &end, &place, NULL) ==
          MERCURY_ERROR_LIMIT_EXCEEDED);
}

static void too_small_a_buffer_is_told_what_is_needed(void) {
    static uint64_t words[WORDS];
    int64_t places[2];
    mercury_segment_slot slots[SLOTS];
    mercury_segment_series series[2];
    mercury_error error;
    size_t count = 0;
    prepare(words, places);
    CHECK(mercury_segment_slots(words, BYTES, slots, SLOTS - 1, &count, &error) == MERCURY_ERROR_BUFFER_TOO_SMALL);
    CHECK(error.position == SLOTS);
    CHECK(mercury_segment_list(words, BYTES, 0, series, 1, &count, &error) == MERCURY_ERROR_BUFFER_TOO_SMALL);
    CHECK(error.position == 2);
    CHECK(mercury_segment_list(words, BYTES, 0, series, 2, &count, &error) == MERCURY_OK && count == 2);
}

/* The index is the caller's too: what it says is not believed. */
static void a_lying_index_is_refused(void) {
    static uint64_t words[WORDS];
    static uint64_t copy[FIRST_BYTES / 8];
    const uint64_t lies[] = {WORDS - 1, UINT64_MAX, WORDS / 2};
    int64_t places[2];
    prepare(words, places);
    memcpy(copy, words + FIRST, FIRST_BYTES);
    CHECK(mercury_segment_claim(words, BYTES, 1, &writer, NULL) == MERCURY_OK);
    for (size_t lie = 0; lie < sizeof lies / sizeof *lies; lie++) {
        mercury_segment_cursor cursor = {FIRST, 0, 1, 0, 0, 0, 0, 0};
        uint64_t index[INDEX];
        for (size_t at = 0; at < INDEX; at++) {
            index[at] = lies[lie];
        }
        WRONG(mercury_segment_merge(words, BYTES, 1, index, INDEX, 1, copy, FIRST_BYTES, &cursor, NULL));
    }
}

/* Keys of one shape and of another, in an index so small that they meet under some seed. */
static void keys_that_meet_are_told_apart(void) {
    enum { KEYS = 3, SMALL_INDEX = 4, SEEDS = 32 };
    static const char *const keys[KEYS] = {"one", "two", "one of more bytes"};
    static uint64_t words[WORDS];
    static uint64_t copy[FIRST_BYTES / 8];
    mercury_segment_series series[KEYS];
    int64_t places[KEYS];
    size_t end = 0;
    size_t place = 0;
    memset(words, 0, BYTES);
    CHECK(mercury_segment_format(words, BYTES, SLOT_BYTES, 1, 2, 3, NULL) == MERCURY_OK);
    CHECK(mercury_segment_claim(words, BYTES, 0, &writer, NULL) == MERCURY_OK);
    for (size_t number = 0; number < KEYS; number++) {
        CHECK(mercury_segment_add(words, BYTES, 0, MERCURY_SEGMENT_COUNTER, keys[number], strlen(keys[number]), &end,
                                  &place, NULL) == MERCURY_OK);
        places[number] = (int64_t)place;
    }
    const int64_t updates[] = {0, 5, 1, 7, 2, 11};
    CHECK(mercury_segment_record(words, BYTES, places, KEYS, updates, KEYS, NULL) == MERCURY_OK);
    memcpy(copy, words + FIRST, FIRST_BYTES);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        uint64_t index[SMALL_INDEX] = {0};
        mercury_segment_cursor cursor = {FIRST, 0, 1, 0, 0, 0, 0, 0};
        CHECK(mercury_segment_claim(words, BYTES, 1, &writer, NULL) == MERCURY_OK);
        for (int round = 0; round < 2; round++) {
            cursor.place = FIRST;
            CHECK(mercury_segment_merge(words, BYTES, 1, index, SMALL_INDEX, seed, copy, FIRST_BYTES, &cursor, NULL) ==
                  MERCURY_OK);
        }
        CHECK(cursor.status == MERCURY_SEGMENT_MERGED && cursor.whole_count == (int64_t)2 * KEYS);
        CHECK(mercury_segment_list(words, BYTES, 1, series, KEYS, &end, NULL) == MERCURY_OK && end == KEYS);
        CHECK(series[0].sum_low == 10 && series[1].sum_low == 14 && series[2].sum_low == 22);
        CHECK(mercury_segment_clear(words, BYTES, 1, NULL) == MERCURY_OK);
    }
}

/* Histograms of one slot each, one thread each; MERCURY_TEST_RECORDS says how often. */
static uint64_t *shared;
static size_t shared_bytes;
static int64_t records;

/* NULL where all was recorded. CHECK counts in plain numbers, so it is none of a thread's. */
static void *record_many(void *argument) {
    const size_t slot = *(const size_t *)argument;
    mercury_segment_slot head = writer;
    size_t end = 0;
    size_t place = 0;
    head.owner_low = (int64_t)slot;
    if (mercury_segment_claim(shared, shared_bytes, slot, &head, NULL) != MERCURY_OK ||
        mercury_segment_add(shared, shared_bytes, slot, MERCURY_SEGMENT_HISTOGRAM, "h", 1, &end, &place, NULL) !=
            MERCURY_OK) {
        return argument;
    }
    const int64_t places[] = {(int64_t)place};
    for (int64_t value = 0; value < records; value++) {
        const int64_t update[] = {0, value};
        if (mercury_segment_record(shared, shared_bytes, places, 1, update, 1, NULL) != MERCURY_OK) {
            return argument;
        }
    }
    return NULL;
}

static void threads_have_exact_totals(void) {
    pthread_t threads[THREADS];
    size_t numbers[THREADS];
    uint64_t index[INDEX] = {0};
    const char *wanted = getenv("MERCURY_TEST_RECORDS");
    records = wanted != NULL ? strtoll(wanted, NULL, 10) : 2000;
    shared_bytes = MERCURY_SEGMENT_HEADER_BYTES + (size_t)(THREADS + 1) * SLOT_BYTES;
    shared = calloc(1, shared_bytes);
    if (!CHECK(shared != NULL)) {
        return;
    }
    CHECK(mercury_segment_format(shared, shared_bytes, SLOT_BYTES, 1, 2, 3, NULL) == MERCURY_OK);
    for (size_t thread = 0; thread < THREADS; thread++) {
        numbers[thread] = thread;
        CHECK(pthread_create(&threads[thread], NULL, record_many, &numbers[thread]) == 0);
    }
    for (size_t thread = 0; thread < THREADS; thread++) {
        void *failed = NULL;
        CHECK(pthread_join(threads[thread], &failed) == 0 && failed == NULL);
    }
    mercury_segment_cursor cursor = {0, 0, 1, 0, 0, 0, 0, 0};
    CHECK(mercury_segment_claim(shared, shared_bytes, THREADS, &writer, NULL) == MERCURY_OK);
    for (size_t slot = 0; slot < THREADS; slot++) {
        cursor.place = (int64_t)(FIRST + slot * SLOT_BYTES / 8);
        CHECK(mercury_segment_merge(shared, shared_bytes, THREADS, index, INDEX, 1, shared + cursor.place, FIRST_BYTES,
                                    &cursor, NULL) == MERCURY_OK);
    }
    mercury_segment_series series;
    size_t count = 0;
    CHECK(cursor.whole_count == THREADS && cursor.torn_count == 0 && cursor.broken_count == 0);
    CHECK(mercury_segment_list(shared, shared_bytes, THREADS, &series, 1, &count, NULL) == MERCURY_OK && count == 1);
    CHECK(series.state == MERCURY_SEGMENT_WHOLE && series.count == THREADS * records);
    CHECK(series.sum_low == THREADS * (records * (records - 1) / 2) && series.largest == records - 1);
    free(shared);
}

int main(void) {
    RUN(the_bytes_are_the_same_on_every_machine);
    RUN(null_and_askew_memory_is_refused);
    RUN(an_end_outside_of_the_slot_is_refused);
    RUN(too_small_a_buffer_is_told_what_is_needed);
    RUN(a_lying_index_is_refused);
    RUN(keys_that_meet_are_told_apart);
    RUN(threads_have_exact_totals);
    return CHECK_RESULT();
}
