/*
 * test_histogram.c - what a histogram counts, where it refuses, and that no bytes from outside
 * make anything of it that could not be.
 */
#include "check.h"
#include "digest.h"
#include "exponential_buckets.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

enum {
    SCALE = 5,
    ROUNDS = 20000,
    MAX_BYTES = MERCURY_HISTOGRAM_MAX_BYTES,
    ONES = MERCURY_HISTOGRAM_UNIT_BITS / 64 /* the word of a sum that counts ones */
};

typedef struct encoded {
    unsigned char bytes[MAX_BYTES + 1];
    size_t length;
} encoded;

static mercury_histogram *new_histogram(int64_t scale) {
    mercury_histogram *histogram = mercury_histogram_new(scale, NULL);
    CHECK(histogram != NULL);
    return histogram;
}

static mercury_histogram *of_integers(const int64_t *values, size_t count) {
    mercury_histogram *histogram = new_histogram(SCALE);
    CHECK(mercury_histogram_record_integers(histogram, values, count, NULL) == MERCURY_OK);
    return histogram;
}

static mercury_histogram *of_doubles(const double *values, size_t count) {
    mercury_histogram *histogram = new_histogram(SCALE);
    CHECK(mercury_histogram_record_doubles(histogram, values, count, NULL) == MERCURY_OK);
    return histogram;
}

static mercury_figures figures_of(const mercury_histogram *histogram) {
    mercury_figures figures;
    memset(&figures, 0xAB, sizeof figures);
    CHECK(mercury_histogram_figures(histogram, &figures, NULL) == MERCURY_OK);
    return figures;
}

static double quantile_of(const mercury_histogram *histogram, double q) {
    double value = -1;
    CHECK(mercury_histogram_quantile(histogram, q, &value, NULL) == MERCURY_OK);
    return value;
}

static encoded encoded_form(const mercury_histogram *histogram) {
    encoded form;
    memset(&form, 0, sizeof form);
    CHECK(mercury_histogram_encode(histogram, form.bytes, MAX_BYTES, &form.length, NULL) == MERCURY_OK);
    return form;
}

static int are_equal(const mercury_histogram *one, const mercury_histogram *other) {
    encoded first = encoded_form(one);
    encoded second = encoded_form(other);
    return first.length == second.length && memcmp(first.bytes, second.bytes, first.length) == 0;
}

/* Numbers that look random and are the same in each run. */
static uint64_t next_random(void) {
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return state ^ state >> 29;
}

static void an_empty_histogram_has_nothing(void) {
    mercury_histogram *histogram = new_histogram(SCALE);
    mercury_figures figures = figures_of(histogram);
    size_t count = 9;
    CHECK(figures.scale == SCALE && figures.count == 0 && figures.zero_count == 0);
    CHECK(figures.first_bucket == 0 && figures.bucket_count == 0);
    CHECK(figures.minimum_significand == 0 && figures.maximum_exponent == 0);
    CHECK(mercury_histogram_buckets(histogram, NULL, 0, &count, NULL) == MERCURY_OK && count == 0);
    CHECK(isnan(quantile_of(histogram, 0.5)));
    CHECK(mercury_histogram_record_integers(histogram, NULL, 0, NULL) == MERCURY_OK);
    CHECK(mercury_histogram_record_doubles(histogram, NULL, 0, NULL) == MERCURY_OK);
    mercury_histogram_free(histogram);
    mercury_histogram_free(NULL);
}

static void numbers_are_counted_in_their_buckets(void) {
    const int64_t values[] = {1, 2, 3, 4, 4, 0, 5};
    mercury_histogram *histogram = new_histogram(0);
    uint64_t counts[4] = {0};
    size_t count = 0;
    CHECK(mercury_histogram_record_integers(histogram, values, LENGTH(values), NULL) == MERCURY_OK);
    mercury_figures figures = figures_of(histogram);
    CHECK(figures.count == 7 && figures.zero_count == 1);
    CHECK(figures.first_bucket == -1 && figures.bucket_count == 4);
    CHECK(mercury_histogram_buckets(histogram, counts, 4, &count, NULL) == MERCURY_OK && count == 4);
    CHECK(counts[0] == 1 && counts[1] == 1 && counts[2] == 3 && counts[3] == 1);
    CHECK(figures.sum[ONES] == 19);
    CHECK(figures.minimum_significand == 0);
    CHECK(figures.maximum_exponent == 2 && figures.maximum_significand == UINT64_C(5) << 61);
    mercury_histogram_free(histogram);
}

static void one_by_one_is_all_at_once(void) {
    static int64_t integers[3000];
    static double doubles[3000];
    const double zeros[] = {0.0, -0.0, 0.0};
    mercury_histogram *single = new_histogram(SCALE);
    for (size_t i = 0; i < LENGTH(integers); i++) {
        integers[i] = i % 50 == 0 ? 0 : (int64_t)(next_random() >> (1 + i % 63));
        doubles[i] = i % 50 == 0 ? -0.0 : bucket_double_of(next_random() >> 2);
        CHECK(mercury_histogram_record_integer(single, integers[i], NULL) == MERCURY_OK);
        CHECK(mercury_histogram_record_double(single, doubles[i], NULL) == MERCURY_OK);
    }
    mercury_histogram *whole = of_integers(integers, LENGTH(integers));
    CHECK(mercury_histogram_record_doubles(whole, doubles, LENGTH(doubles), NULL) == MERCURY_OK);
    CHECK(mercury_histogram_record_doubles(whole, zeros, LENGTH(zeros), NULL) == MERCURY_OK);
    for (size_t i = 0; i < LENGTH(zeros); i++) {
        CHECK(mercury_histogram_record_double(single, zeros[i], NULL) == MERCURY_OK);
    }
    CHECK(are_equal(single, whole));
    mercury_histogram_free(single);
    mercury_histogram_free(whole);
}

static void sums_are_exact(void) {
    const double values[] = {1e300, 5e-324, 0.1, 1.0, 1e300};
    const double back_to_front[] = {1e300, 1.0, 0.1, 5e-324, 1e300};
    mercury_histogram *one = of_doubles(values, LENGTH(values));
    mercury_histogram *other = of_doubles(back_to_front, LENGTH(back_to_front));
    CHECK(are_equal(one, other));
    mercury_figures figures = figures_of(one);
    CHECK(figures.sum[1] == UINT64_C(1) << 14);
    CHECK(figures.sum[ONES] == 1);
    mercury_histogram_free(one);
    mercury_histogram_free(other);

    int64_t large[3] = {INT64_MAX, INT64_MAX, INT64_MAX};
    mercury_histogram *integers = of_integers(large, LENGTH(large));
    figures = figures_of(integers);
    CHECK(figures.sum[ONES] == UINT64_C(0x7FFFFFFFFFFFFFFD) && figures.sum[ONES + 1] == 1);
    mercury_histogram_free(integers);
}

/* A carry runs through words that are all ones: 2^64 - 2^-64 is made of doubles, then 2^-64 is added. */
static void sums_carry_over_many_words(void) {
    mercury_histogram *histogram = new_histogram(SCALE);
    for (int exponent = -192; exponent < 192; exponent++) {
        CHECK(mercury_histogram_record_double(histogram, ldexp(1, exponent), NULL) == MERCURY_OK);
    }
    CHECK(mercury_histogram_record_double(histogram, ldexp(1, -192), NULL) == MERCURY_OK);
    mercury_figures figures = figures_of(histogram);
    for (size_t word = 0; word < LENGTH(figures.sum); word++) {
        CHECK(figures.sum[word] == (word == ONES + 3));
    }
    mercury_histogram_free(histogram);
}

/* Lets a carry go into a word that is all ones, from the word below it. */
static void a_carry_meets_a_word_of_ones(void) {
    const double values[] = {0.5, 0x1.FFFFFFFFFFFFFp63, 0x7FFp0, 0.5};
    mercury_histogram *histogram = of_doubles(values, LENGTH(values));
    mercury_figures figures = figures_of(histogram);
    CHECK(figures.sum[ONES - 1] == 0 && figures.sum[ONES] == 0 && figures.sum[ONES + 1] == 1);
    mercury_histogram_free(histogram);
}

static void refuses_what_is_no_number_to_count(void) {
    const int64_t integers[] = {1, 2, -1, -2};
    const double doubles[] = {1, 2, -0.0, NAN, -1};
    const double each[] = {-1, -5e-324, NAN, -NAN, INFINITY, -INFINITY};
    mercury_histogram *histogram = new_histogram(SCALE);
    mercury_histogram *empty = new_histogram(SCALE);
    mercury_error error;
    CHECK(mercury_histogram_record_integer(histogram, -1, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_record_integer(histogram, INT64_MIN, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_record_integers(histogram, integers, 4, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(error.position == 2);
    CHECK(mercury_histogram_record_doubles(histogram, doubles, 5, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(error.position == 3);
    for (size_t i = 0; i < LENGTH(each); i++) {
        CHECK(mercury_histogram_record_double(histogram, each[i], NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    }
    CHECK(are_equal(histogram, empty));
    mercury_histogram_free(histogram);
    mercury_histogram_free(empty);
}

static void the_scale_halves_past_the_most_buckets(void) {
    mercury_histogram *histogram = new_histogram(SCALE);
    CHECK(mercury_histogram_record_double(histogram, 1.01, NULL) == MERCURY_OK);
    CHECK(mercury_histogram_record_double(histogram, ldexp(1, 32), NULL) == MERCURY_OK);
    mercury_figures figures = figures_of(histogram);
    CHECK(figures.scale == SCALE && figures.bucket_count == MERCURY_HISTOGRAM_MAX_BUCKETS);
    CHECK(mercury_histogram_record_double(histogram, 1, NULL) == MERCURY_OK);
    figures = figures_of(histogram);
    CHECK(figures.scale == SCALE - 1 && figures.first_bucket == -1 && figures.bucket_count == 513);
    CHECK(mercury_histogram_record_double(histogram, 5e-324, NULL) == MERCURY_OK);
    CHECK(mercury_histogram_record_double(histogram, DBL_MAX, NULL) == MERCURY_OK);
    figures = figures_of(histogram);
    CHECK(figures.scale == -2 && figures.count == 5);
    CHECK(figures.first_bucket == -1075 >> 2 && figures.bucket_count == (1023 >> 2) - (-1075 >> 2) + 1);
    mercury_histogram_free(histogram);
}

/* Three parts of one set of numbers, at three scales. */
static void fill_parts(mercury_histogram **parts, unsigned spread) {
    const int64_t scales[] = {8, 3, 6};
    for (size_t part = 0; part < LENGTH(scales); part++) {
        parts[part] = new_histogram(scales[part]);
        for (int i = 0; i < 100; i++) {
            uint64_t bits = next_random() >> 2;
            double number = ldexp(1 + (double)(bits >> 20) / 1e13, (int)(bits % spread) - (int)spread / 2);
            CHECK(mercury_histogram_record_double(parts[part], number, NULL) == MERCURY_OK);
        }
    }
}

static void merging_is_associative_and_commutative(void) {
    const unsigned spreads[] = {4, 60, 500, 2000};
    for (size_t i = 0; i < LENGTH(spreads); i++) {
        mercury_histogram *parts[3];
        fill_parts(parts, spreads[i]);
        mercury_histogram *left = new_histogram(8);
        mercury_histogram *right = new_histogram(8);
        mercury_histogram *pair = new_histogram(8);
        for (size_t part = 0; part < 3; part++) {
            CHECK(mercury_histogram_merge(left, parts[part], NULL) == MERCURY_OK);
        }
        CHECK(mercury_histogram_merge(pair, parts[2], NULL) == MERCURY_OK);
        CHECK(mercury_histogram_merge(pair, parts[1], NULL) == MERCURY_OK);
        CHECK(mercury_histogram_merge(right, parts[0], NULL) == MERCURY_OK);
        CHECK(mercury_histogram_merge(right, pair, NULL) == MERCURY_OK);
        CHECK(are_equal(left, right));
        CHECK(figures_of(left).count == 300 && figures_of(left).scale <= 3);
        for (size_t part = 0; part < 3; part++) {
            mercury_histogram_free(parts[part]);
        }
        mercury_histogram_free(left);
        mercury_histogram_free(right);
        mercury_histogram_free(pair);
    }
}

static void merging_an_empty_one_lowers_the_scale_alone(void) {
    const int64_t values[] = {7, 0};
    mercury_histogram *histogram = of_integers(values, 2);
    mercury_histogram *empty = new_histogram(2);
    CHECK(mercury_histogram_merge(histogram, empty, NULL) == MERCURY_OK);
    mercury_figures figures = figures_of(histogram);
    CHECK(figures.scale == 2 && figures.count == 2 && figures.bucket_count == 1);
    CHECK(mercury_histogram_merge(empty, histogram, NULL) == MERCURY_OK);
    CHECK(are_equal(empty, histogram));
    CHECK(mercury_histogram_merge(empty, empty, NULL) == MERCURY_OK);
    CHECK(figures_of(empty).count == 4 && figures_of(empty).sum[ONES] == 14);
    mercury_histogram_free(histogram);
    mercury_histogram_free(empty);
}

static void counts_end_where_64_bits_do(void) {
    const int64_t value = 3;
    const double also = 3;
    mercury_histogram *histogram = of_integers(&value, 1);
    mercury_histogram *total = new_histogram(SCALE);
    mercury_error error;
    for (int doubling = 0; doubling < 63; doubling++) {
        CHECK(mercury_histogram_merge(total, histogram, NULL) == MERCURY_OK);
        if (doubling < 62) {
            CHECK(mercury_histogram_merge(histogram, histogram, NULL) == MERCURY_OK);
        }
    }
    CHECK(figures_of(total).count == INT64_MAX);
    CHECK(quantile_of(total, 0.5) == 3);
    CHECK(quantile_of(total, nextafter(1, 0)) == 3);
    encoded before = encoded_form(total);
    CHECK(mercury_histogram_merge(total, histogram, &error) == MERCURY_ERROR_LIMIT_EXCEEDED);
    CHECK(error.position == INT64_MAX);
    CHECK(mercury_histogram_record_integer(total, 3, NULL) == MERCURY_ERROR_LIMIT_EXCEEDED);
    CHECK(mercury_histogram_record_double(total, 3, NULL) == MERCURY_ERROR_LIMIT_EXCEEDED);
    CHECK(mercury_histogram_record_integers(total, &value, 1, NULL) == MERCURY_ERROR_LIMIT_EXCEEDED);
    CHECK(mercury_histogram_record_doubles(total, &also, 1, NULL) == MERCURY_ERROR_LIMIT_EXCEEDED);
    encoded after = encoded_form(total);
    CHECK(memcmp(before.bytes, after.bytes, before.length) == 0);
    mercury_histogram_free(histogram);
    mercury_histogram_free(total);
}

static void quantiles_are_near(void) {
    double values[1000];
    for (size_t i = 0; i < LENGTH(values); i++) {
        values[i] = 0.01 * pow(1.013, (double)i);
    }
    mercury_histogram *histogram = of_doubles(values, LENGTH(values));
    double base = bucket_bound(1, SCALE);
    double allowed = (base - 1) / (base + 1) * (1 + 1e-12);
    CHECK(quantile_of(histogram, 0) == values[0]);
    CHECK(quantile_of(histogram, 1) == values[999]);
    for (size_t i = 0; i < LENGTH(values); i++) {
        double estimate = quantile_of(histogram, ((double)i + 0.5) / (double)LENGTH(values));
        CHECK(fabs(estimate - values[i]) <= allowed * values[i]);
    }
    mercury_histogram_free(histogram);
}

static void quantiles_stay_between_the_extremes(void) {
    const int64_t low[] = {0, 0, 100, 101, 101};
    const double high[] = {102.2, 102.3, 102.4, 102.5};
    mercury_histogram *histogram = of_integers(low, LENGTH(low));
    CHECK(quantile_of(histogram, 0.4) == 0);
    CHECK(quantile_of(histogram, 0.7) <= 101 && quantile_of(histogram, 0.7) > 99);
    mercury_histogram_free(histogram);
    histogram = of_doubles(high, LENGTH(high));
    for (int i = 0; i <= 20; i++) {
        CHECK(quantile_of(histogram, i / 20.0) >= 102.2 && quantile_of(histogram, i / 20.0) <= 102.5);
    }
    mercury_histogram_free(histogram);
    const double only = 1.0005;
    histogram = of_doubles(&only, 1);
    CHECK(quantile_of(histogram, 0.5) == only);
    mercury_histogram_free(histogram);
}

static void quantiles_of_the_widest_buckets(void) {
    const double values[] = {5e-324, 1e-310, 0.5, 1, 3, DBL_MAX};
    mercury_histogram *histogram = new_histogram(MERCURY_HISTOGRAM_MIN_SCALE);
    CHECK(mercury_histogram_record_doubles(histogram, values, LENGTH(values), NULL) == MERCURY_OK);
    CHECK(quantile_of(histogram, 0.3) == 5e-324);
    CHECK(quantile_of(histogram, 0.6) == 0x1p-1023);
    CHECK(quantile_of(histogram, 0.7) == 2);
    mercury_histogram_free(histogram);
    const double subnormal[] = {1e-310, 1.1e-310, 1.3e-310};
    histogram = of_doubles(subnormal, LENGTH(subnormal));
    CHECK(fabs(quantile_of(histogram, 0.5) / 1.1e-310 - 1) < 0.011);
    mercury_histogram_free(histogram);
}

static void null_pointers_are_refused(void) {
    mercury_histogram *histogram = new_histogram(SCALE);
    mercury_figures figures;
    mercury_error error;
    const int64_t integer = 1;
    const double number = 1;
    uint64_t counts[1];
    unsigned char bytes[1];
    double value;
    size_t count;
    CHECK(mercury_histogram_new(-11, &error) == NULL && error.code == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_new(9, NULL) == NULL);
    CHECK(mercury_histogram_record_integer(NULL, 1, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_record_double(NULL, 1, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_record_integers(NULL, &integer, 1, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(error.position == -1);
    CHECK(mercury_histogram_record_integers(histogram, NULL, 1, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_record_doubles(NULL, &number, 1, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_record_doubles(histogram, NULL, 1, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_merge(NULL, histogram, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_merge(histogram, NULL, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_quantile(NULL, 0.5, &value, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_quantile(histogram, 0.5, NULL, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_quantile(histogram, -0.1, &value, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_quantile(histogram, 1.1, &value, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_quantile(histogram, NAN, &value, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_figures(NULL, &figures, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_figures(histogram, NULL, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_buckets(NULL, counts, 1, &count, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_buckets(histogram, NULL, 1, &count, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_buckets(histogram, counts, 1, NULL, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_encode(NULL, bytes, 1, &count, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_encode(histogram, NULL, 1, &count, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_encode(histogram, bytes, 1, NULL, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_histogram_decode(NULL, 1, &error) == NULL && error.code == MERCURY_ERROR_INVALID_ARGUMENT);
    mercury_histogram_free(histogram);
}

static void too_small_memory_is_refused(void) {
    const int64_t values[] = {1, 2};
    mercury_histogram *histogram = of_integers(values, 2);
    mercury_error error = {0};
    uint64_t counts[1];
    size_t count = 0;
    CHECK(mercury_histogram_buckets(histogram, counts, 1, &count, &error) == MERCURY_ERROR_BUFFER_TOO_SMALL);
    CHECK(error.position == 33 && count == 33);
    CHECK(mercury_histogram_encode(histogram, NULL, 0, &count, &error) == MERCURY_ERROR_BUFFER_TOO_SMALL);
    unsigned char bytes[8];
    CHECK(mercury_histogram_encode(histogram, bytes, 8, &count, NULL) == MERCURY_ERROR_BUFFER_TOO_SMALL);
    CHECK(error.position == (11 + 1 + 33 + 1) * 8 && count == (size_t)error.position);
    mercury_histogram_free(histogram);
}

/* bytes */

enum {
    FORM = 0,
    SCALE_WORD = 1,
    ZEROS = 2,
    FIRST = 3,
    BUCKETS = 4,
    SUM_START = 5,
    SUM_LENGTH = 6,
    MINIMUM = 7,
    MAXIMUM = 9,
    SUM = 11
};

static void set_word(encoded *form, size_t word, uint64_t value) {
    for (size_t i = 0; i < 8; i++) {
        form->bytes[word * 8 + i] = (unsigned char)(value >> 8 * i);
    }
}

/* False for what could not be encoded, for want of memory. */
static int is_whole(const encoded *form) {
    return form->length >= (size_t)SUM * 8 && form->length <= MAX_BYTES;
}

static void seal(encoded *form) {
    set_word(form, form->length / 8 - 1, XXH3_64bits(form->bytes, form->length - 8));
}

/* The form must be refused at this byte, once its checksum is right. */
static void check_malformed(encoded form, int64_t position) {
    mercury_error error = {0};
    if (!is_whole(&form)) {
        return;
    }
    seal(&form);
    CHECK(mercury_histogram_decode(form.bytes, form.length, &error) == NULL);
    CHECK(error.code == MERCURY_ERROR_MALFORMED_DATA && error.position == position);
}

static void check_malformed_word(encoded form, size_t word, uint64_t value, size_t told) {
    set_word(&form, word, value);
    check_malformed(form, (int64_t)told * 8);
}

/* 0, 1, 1, 3 at scale 0: zero, and buckets -1 and 1 with an empty one between them; words 12 to 14. */
static encoded small_form(void) {
    const int64_t values[] = {0, 1, 1, 3};
    mercury_histogram *histogram = new_histogram(0);
    CHECK(mercury_histogram_record_integers(histogram, values, LENGTH(values), NULL) == MERCURY_OK);
    encoded form = encoded_form(histogram);
    CHECK(form.length == 16 * 8);
    mercury_histogram_free(histogram);
    return form;
}

static encoded form_without(int zeros, int positives) {
    mercury_histogram *histogram = new_histogram(0);
    for (int i = 0; i < zeros + positives; i++) {
        CHECK(mercury_histogram_record_integer(histogram, i < zeros ? 0 : 3, NULL) == MERCURY_OK);
    }
    encoded form = encoded_form(histogram);
    mercury_histogram_free(histogram);
    return form;
}

static void check_round_trip(const encoded *form) {
    mercury_histogram *back = mercury_histogram_decode(form->bytes, form->length, NULL);
    if (CHECK(back != NULL)) {
        encoded again = encoded_form(back);
        CHECK(again.length == form->length && memcmp(again.bytes, form->bytes, form->length) == 0);
    }
    mercury_histogram_free(back);
}

static void *refusing_allocator(void *context, void *old, size_t old_bytes, size_t new_bytes) {
    (void)context;
    (void)old;
    (void)old_bytes;
    (void)new_bytes;
    return NULL;
}

static void memory_may_be_refused(void) {
    const unsigned char form[] = {
        'M', 'H', 'I', 'S', 1, 0, 0, 0, /* an empty histogram of scale 0 */
    };
    encoded empty = {{0}, 12 * sizeof(uint64_t)};
    mercury_error error = {0};
    memcpy(empty.bytes, form, sizeof form);
    seal(&empty);
    mercury_alloc_set(refusing_allocator, NULL);
    CHECK(mercury_histogram_new(SCALE, &error) == NULL && error.code == MERCURY_ERROR_OUT_OF_MEMORY);
    error.code = 0;
    CHECK(mercury_histogram_decode(empty.bytes, empty.length, &error) == NULL);
    CHECK(error.code == MERCURY_ERROR_OUT_OF_MEMORY);
    mercury_alloc_set(NULL, NULL);
    check_round_trip(&empty);
}

static void encoded_histograms_come_back(void) {
    encoded forms[] = {small_form(), form_without(0, 0), form_without(2, 0), form_without(0, 2)};
    for (size_t i = 0; i < LENGTH(forms); i++) {
        check_round_trip(&forms[i]);
    }
    mercury_histogram *widest = new_histogram(8);
    for (int i = 0; i < ROUNDS; i++) {
        double number = ldexp(1 + (double)(next_random() >> 12) / 0x1p52, i % 5);
        CHECK(mercury_histogram_record_double(widest, number, NULL) == MERCURY_OK);
    }
    encoded form = encoded_form(widest);
    check_round_trip(&form);
    mercury_histogram_free(widest);
}

/* The number is that of x86-64; make big-endian runs this on s390x. */
static void the_bytes_are_the_same_on_every_machine(void) {
    const int64_t integers[] = {0, 1, 825, INT64_MAX};
    const double doubles[] = {0x1p-1074, 0.1, 1e9, DBL_MAX};
    mercury_histogram *histogram = new_histogram(SCALE);
    CHECK(mercury_histogram_record_integers(histogram, integers, LENGTH(integers), NULL) == MERCURY_OK);
    CHECK(mercury_histogram_record_doubles(histogram, doubles, LENGTH(doubles), NULL) == MERCURY_OK);
    encoded form = encoded_form(histogram);
    CHECK(digest_of(form.bytes, form.length) == UINT64_C(0xE3CF3823BC75DA7B));
    check_round_trip(&form);
    mercury_histogram_free(histogram);
}

static void truncated_forms_are_refused(void) {
    encoded form = small_form();
    mercury_error error;
    for (size_t length = 0; length < form.length; length++) {
        CHECK(mercury_histogram_decode(form.bytes, length, &error) == NULL);
        CHECK(error.code == MERCURY_ERROR_MALFORMED_DATA && error.position == (int64_t)length);
    }
    CHECK(mercury_histogram_decode(NULL, 0, NULL) == NULL);
    CHECK(mercury_histogram_decode(form.bytes, form.length + 1, &error) == NULL);
    CHECK(error.position == (int64_t)form.length);
}

static void flipped_bits_are_found(void) {
    encoded form = small_form();
    for (size_t bit = 0; bit < form.length * 8; bit++) {
        form.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        CHECK(mercury_histogram_decode(form.bytes, form.length, NULL) == NULL);
        form.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
}

static void wrong_frames_are_refused(void) {
    encoded form = small_form();
    const struct {
        size_t byte;
        int64_t position;
    } wrong[] = {{0, 0}, {3, 0}, {4, 4}, {5, 4}, {6, 4}, {7, 4}};
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        encoded other = form;
        other.bytes[wrong[i].byte] = 2;
        check_malformed(other, wrong[i].position);
    }
    check_malformed_word(form, BUCKETS, 1025, BUCKETS);
    check_malformed_word(form, BUCKETS, UINT64_MAX, BUCKETS);
    check_malformed_word(form, SUM_START, 36, SUM_START);
    check_malformed_word(form, SUM_START, UINT64_MAX, SUM_START);
    check_malformed_word(form, SUM_LENGTH, 18, SUM_LENGTH);
    check_malformed_word(form, SUM_LENGTH, 2, 16);
    check_malformed_word(form, BUCKETS, 2, 15);
    if (!is_whole(&form)) {
        return;
    }
    form.bytes[form.length - 1] ^= 1;
    mercury_error error;
    CHECK(mercury_histogram_decode(form.bytes, form.length, &error) == NULL);
    CHECK(error.position == (int64_t)form.length - 8);
}

static void wrong_counts_are_refused(void) {
    encoded form = small_form();
    check_malformed_word(form, SCALE_WORD, 9, SCALE_WORD);
    check_malformed_word(form, SCALE_WORD, (uint64_t)-11, SCALE_WORD);
    check_malformed_word(form, ZEROS, UINT64_C(1) << 63, ZEROS);
    check_malformed_word(form, FIRST, (uint64_t)-1076, FIRST);
    check_malformed_word(form, FIRST, 1022, FIRST);
    check_malformed_word(form, FIRST, 1024, FIRST);
    check_malformed_word(form, FIRST, UINT64_C(1) << 63, FIRST);
    check_malformed_word(form, 12, 0, 12);
    check_malformed_word(form, 14, 0, 14);
    check_malformed_word(form, 13, INT64_MAX, 13);
    check_malformed_word(form, 12, UINT64_MAX, 12);
    check_malformed_word(form_without(1, 0), FIRST, 1, FIRST);
}

static void wrong_sums_are_refused(void) {
    encoded form = small_form();
    check_malformed_word(form, SUM, 0, SUM);
    check_malformed_word(form_without(1, 0), SUM_START, 1, SUM_START);

    encoded no_sum = form_without(0, 2);
    memmove(no_sum.bytes + (size_t)SUM * 8, no_sum.bytes + (size_t)(SUM + 1) * 8, 16);
    set_word(&no_sum, SUM_LENGTH, 0);
    no_sum.length -= 8;
    check_malformed(no_sum, (int64_t)SUM_LENGTH * 8);

    encoded sum_of_nothing = form_without(1, 0);
    set_word(&sum_of_nothing, SUM_LENGTH, 1);
    set_word(&sum_of_nothing, SUM, 1);
    sum_of_nothing.length += 8;
    check_malformed(sum_of_nothing, (int64_t)SUM_LENGTH * 8);

    encoded two_words = form_without(0, 2);
    set_word(&two_words, SUM_LENGTH, 2);
    set_word(&two_words, SUM + 1, 0);
    set_word(&two_words, SUM + 2, 2);
    two_words.length += 8;
    check_malformed(two_words, (int64_t)(SUM + 1) * 8);
    set_word(&two_words, SUM_START, MERCURY_HISTOGRAM_SUM_WORDS - 2);
    set_word(&two_words, SUM + 1, 2);
    check_malformed(two_words, (int64_t)(SUM + 1) * 8);
    set_word(&two_words, SUM + 1, 1);
    if (is_whole(&two_words)) {
        seal(&two_words);
        check_round_trip(&two_words);
    }
}

static void wrong_extremes_are_refused(void) {
    encoded form = small_form();
    check_malformed_word(form, MINIMUM, 0, MINIMUM);
    check_malformed_word(form, MINIMUM + 1, 1, MINIMUM);
    check_malformed_word(form, MAXIMUM, 0, MAXIMUM);
    check_malformed_word(form, MAXIMUM, (uint64_t)-1075, MAXIMUM);
    check_malformed_word(form, MAXIMUM, 1024, MAXIMUM);
    check_malformed_word(form, MAXIMUM + 1, 1, MAXIMUM);
    check_malformed_word(form_without(1, 0), MAXIMUM, 0, MAXIMUM);
    check_malformed_word(form_without(1, 0), MAXIMUM + 1, 1, MAXIMUM);
    encoded positive = form_without(0, 2);
    check_malformed_word(positive, MINIMUM, 0, MINIMUM);
    check_malformed_word(positive, MINIMUM + 1, UINT64_C(0xD) << 60, MAXIMUM);
    check_malformed_word(form_without(0, 0), MAXIMUM + 1, 1, MAXIMUM + 1);
}

int main(void) {
    RUN(an_empty_histogram_has_nothing);
    RUN(numbers_are_counted_in_their_buckets);
    RUN(one_by_one_is_all_at_once);
    RUN(sums_are_exact);
    RUN(sums_carry_over_many_words);
    RUN(a_carry_meets_a_word_of_ones);
    RUN(refuses_what_is_no_number_to_count);
    RUN(the_scale_halves_past_the_most_buckets);
    RUN(merging_is_associative_and_commutative);
    RUN(merging_an_empty_one_lowers_the_scale_alone);
    RUN(counts_end_where_64_bits_do);
    RUN(quantiles_are_near);
    RUN(quantiles_stay_between_the_extremes);
    RUN(quantiles_of_the_widest_buckets);
    RUN(null_pointers_are_refused);
    RUN(too_small_memory_is_refused);
    RUN(memory_may_be_refused);
    RUN(encoded_histograms_come_back);
    RUN(the_bytes_are_the_same_on_every_machine);
    RUN(truncated_forms_are_refused);
    RUN(flipped_bits_are_found);
    RUN(wrong_frames_are_refused);
    RUN(wrong_counts_are_refused);
    RUN(wrong_sums_are_refused);
    RUN(wrong_extremes_are_refused);
    return CHECK_RESULT();
}
