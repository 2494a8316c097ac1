/*
 * histogram.c - bytes that may be an encoded histogram, and numbers to record.
 *
 *     input    seal (1 byte) | bytes
 *
 *     seal     odd: the last 8 bytes are made the checksum of those before, so that what they say is read
 *
 * What is taken must be what it is encoded as again, and fit together; what is refused must be refused at one of its
 * bytes. The same bytes are then recorded as integers and as doubles, at once and one by one.
 */
#include "mercury.h"
#include "require.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    WORD_BYTES = 8,
    SCALE = 5,
    MAX_BUCKETS = MERCURY_HISTOGRAM_MAX_BUCKETS,
    MAX_BYTES = MERCURY_HISTOGRAM_MAX_BYTES
};

static void seal(unsigned char *bytes, size_t size) {
    if (size >= WORD_BYTES) {
        uint64_t checksum = XXH3_64bits(bytes, size - WORD_BYTES);
        for (size_t i = 0; i < WORD_BYTES; i++) {
            bytes[size - WORD_BYTES + i] = (unsigned char)(checksum >> 8 * i);
        }
    }
}

static void require_encoding(const mercury_histogram *histogram, const unsigned char *bytes, size_t size) {
    size_t length = 0;
    unsigned char *again = exactly(size);
    REQUIRE(mercury_histogram_encode(histogram, again, size, &length, NULL) == MERCURY_OK);
    REQUIRE(length == size && memcmp(again, bytes, size) == 0);
    free(again);
}

static mercury_figures figures_of(const mercury_histogram *histogram) {
    mercury_figures figures;
    REQUIRE(mercury_histogram_figures(histogram, &figures, NULL) == MERCURY_OK);
    return figures;
}

/* Counts add up, and quantiles rise from the minimum to the maximum. */
static void require_sense(const mercury_histogram *histogram) {
    mercury_figures figures = figures_of(histogram);
    uint64_t counts[MAX_BUCKETS];
    size_t count = 0;
    REQUIRE(mercury_histogram_buckets(histogram, counts, MAX_BUCKETS, &count, NULL) == MERCURY_OK);
    REQUIRE(count == (size_t)figures.bucket_count);
    uint64_t total = (uint64_t)figures.zero_count;
    for (size_t i = 0; i < count; i++) {
        total += counts[i];
    }
    REQUIRE(total == (uint64_t)figures.count);
    double before = 0;
    for (int step = 0; step <= 8 && total > 0; step++) {
        double value = -1;
        REQUIRE(mercury_histogram_quantile(histogram, step / 8.0, &value, NULL) == MERCURY_OK);
        REQUIRE(value >= before);
        before = value;
    }
}

static void require_merge(mercury_histogram *histogram) {
    int64_t count = figures_of(histogram).count;
    int64_t code = mercury_histogram_merge(histogram, histogram, NULL);
    if (count > INT64_MAX / 2) {
        REQUIRE(code == MERCURY_ERROR_LIMIT_EXCEEDED && figures_of(histogram).count == count);
    } else {
        REQUIRE(code == MERCURY_OK && figures_of(histogram).count == 2 * count);
    }
    require_sense(histogram);
}

static void try_bytes(const unsigned char *bytes, size_t size) {
    mercury_error error = {0};
    mercury_histogram *histogram = mercury_histogram_decode(bytes, size, &error);
    if (histogram == NULL) {
        REQUIRE(error.code == MERCURY_ERROR_MALFORMED_DATA);
        REQUIRE(error.position >= 0 && error.position <= (int64_t)size);
        return;
    }
    require_encoding(histogram, bytes, size);
    require_sense(histogram);
    require_merge(histogram);
    mercury_histogram_free(histogram);
}

static void require_equal(mercury_histogram *one, mercury_histogram *other) {
    unsigned char bytes[MAX_BYTES];
    size_t length = 0;
    REQUIRE(mercury_histogram_encode(one, bytes, sizeof bytes, &length, NULL) == MERCURY_OK);
    require_encoding(other, bytes, length);
    require_sense(one);
    mercury_histogram_free(one);
    mercury_histogram_free(other);
}

static mercury_histogram *new_histogram(void) {
    mercury_histogram *histogram = mercury_histogram_new(SCALE, NULL);
    REQUIRE(histogram != NULL);
    return histogram;
}

/* Up to the first that is refused, which must be the one that is told. */
static void try_integers(const int64_t *values, size_t count) {
    mercury_histogram *single = new_histogram();
    mercury_histogram *whole = new_histogram();
    size_t recorded = 0;
    while (recorded < count && mercury_histogram_record_integer(single, values[recorded], NULL) == MERCURY_OK) {
        recorded++;
    }
    mercury_error error = {0};
    int64_t code = mercury_histogram_record_integers(whole, values, count, &error);
    REQUIRE(recorded == count ? code == MERCURY_OK : error.position == (int64_t)recorded);
    REQUIRE(code == MERCURY_OK || mercury_histogram_record_integers(whole, values, recorded, NULL) == MERCURY_OK);
    require_equal(single, whole);
}

static void try_doubles(const double *values, size_t count) {
    mercury_histogram *single = new_histogram();
    mercury_histogram *whole = new_histogram();
    size_t recorded = 0;
    while (recorded < count && mercury_histogram_record_double(single, values[recorded], NULL) == MERCURY_OK) {
        recorded++;
    }
    mercury_error error = {0};
    int64_t code = mercury_histogram_record_doubles(whole, values, count, &error);
    REQUIRE(recorded == count ? code == MERCURY_OK : error.position == (int64_t)recorded);
    REQUIRE(code == MERCURY_OK || mercury_histogram_record_doubles(whole, values, recorded, NULL) == MERCURY_OK);
    require_equal(single, whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    unsigned char *bytes = exact_copy(data + 1, size - 1);
    if ((data[0] & 1) != 0) {
        seal(bytes, size - 1);
    }
    try_bytes(bytes, size - 1);
    size_t count = (size - 1) / WORD_BYTES;
    void *numbers = exact_copy(data + 1, count * WORD_BYTES);
    try_integers(numbers, count);
    try_doubles(numbers, count);
    free(numbers);
    free(bytes);
    return 0;
}
