/*
 * histogram.c - numbers counted in exponential buckets, with their exact sum.
 *
 *   counts      a ring: bucket i has slot i mod 1024, so a window that grows at either end
 *               moves nothing. Slots outside of the window are 0.
 *
 *                 slots   | 3 | 1 | . | . | ... | . | 7 | 2 |
 *                           0   1   2   3         1021     1023
 *                 window    first = -3 (slot 1021) ... last = 1 (slot 1)
 *
 *   sum         a number of 35 words of 64 bits in units of 2^-1152: wide enough for the
 *               greatest double 2^63 times and fine enough for the least. Sums of integers
 *               and doubles are exact in it, so no order of adding them shows.
 *
 * All of it is one block of memory, made once: no number that is recorded can run out of it.
 */
#include "exponential_buckets.h"

#include <math.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    MAX_BUCKETS = MERCURY_HISTOGRAM_MAX_BUCKETS,
    SUM_WORDS = MERCURY_HISTOGRAM_SUM_WORDS,
    WORD_BITS = 64,
    DOUBLES_AT_ONCE = 1024, /* so many significands of 53 bits do not fill a word */
    EXPONENTS_AT_ONCE = 64,
    GREATEST_EXPONENT = 2 * DOUBLE_MAX_EXPONENT, /* as the bits of finite doubles have it */
    UNIT_BITS = MERCURY_HISTOGRAM_UNIT_BITS,
    UNITS_WORD = UNIT_BITS / WORD_BITS, /* the word of the sum that counts ones */
    LEAST_EXPONENT = -1074,             /* of the least double */
    ZERO_EXPONENT = LEAST_EXPONENT - 1  /* below all others, so that 0 compares as the least */
};

_Static_assert(LEAST_EXPONENT - (WORD_BITS - 1) + UNIT_BITS >= 0, "no bit of the least significand is lost");
_Static_assert(sizeof(mercury_figures) == (9 + SUM_WORDS) * sizeof(int64_t), "a record is made of 8-byte fields");

struct mercury_histogram {
    int64_t scale;
    int64_t count;      /* all numbers, at most INT64_MAX */
    int64_t zero_count; /* those that are 0, which are in no bucket */
    int64_t first;      /* the window; first > last: no bucket */
    int64_t last;
    exact_value minimum; /* above all numbers where there is none yet */
    exact_value maximum; /* below all numbers where there is none yet */
    uint64_t sum[SUM_WORDS];
    uint64_t counts[MAX_BUCKETS];
};

static const exact_value zero = {ZERO_EXPONENT, 0};
static const exact_value least_double = {LEAST_EXPONENT, UINT64_C(1) << 63};
static const exact_value greatest_double = {DOUBLE_MAX_EXPONENT, UINT64_MAX << DOUBLE_SPARE_BITS};

/* exact values */

ALWAYS_INLINE int is_less(exact_value one, exact_value other) {
    return one.exponent < other.exponent || (one.exponent == other.exponent && one.significand < other.significand);
}

/* Notes numbers of which `least` and `greatest` are the ends. */
ALWAYS_INLINE void note_extremes(mercury_histogram *h, exact_value least, exact_value greatest) {
    if (is_less(least, h->minimum)) {
        h->minimum = least;
    }
    if (is_less(h->maximum, greatest)) {
        h->maximum = greatest;
    }
}

/* the sum */

/* Adds to the sum from word `word` on. What it stands for is bounded by the count, so nothing is carried out of it. */
ALWAYS_INLINE void add_words(uint64_t *sum, size_t word, uint64_t low, uint64_t high) {
    sum[word] += low;
    uint64_t carry = sum[word] < low;
    uint64_t added = sum[word + 1] + high;
    uint64_t carried = added < high;
    sum[word + 1] = added + carry;
    carried += sum[word + 1] < carry;
    for (word += 2; carried != 0; word++) {
        sum[word]++;
        carried = sum[word] == 0;
    }
}

/* Adds a number whose lowest bit is bit `position` of the sum. */
ALWAYS_INLINE void add_at(uint64_t *sum, size_t position, uint64_t number) {
    unsigned shift = position % WORD_BITS;
    add_words(sum, position / WORD_BITS, number << shift, number >> 1 >> (WORD_BITS - 1 - shift));
}

/* The bit of the sum that a significand's lowest one is. */
ALWAYS_INLINE size_t position_of(exact_value value) {
    return (size_t)(value.exponent - (WORD_BITS - 1) + UNIT_BITS);
}

ALWAYS_INLINE void add_to_sum(mercury_histogram *h, exact_value value) {
    add_at(h->sum, position_of(value), value.significand);
}

static void add_sum(uint64_t *sum, const uint64_t *other) {
    uint64_t carry = 0;
    for (size_t word = 0; word < SUM_WORDS; word++) {
        uint64_t added = other[word] + carry;
        carry = added < carry;
        sum[word] += added;
        carry += sum[word] < added;
    }
}

/* the window */

static size_t slot_of(int64_t index) {
    return (size_t)index % MAX_BUCKETS;
}

static int has_buckets(const mercury_histogram *h) {
    return h->first <= h->last;
}

static void clear_window(mercury_histogram *h) {
    h->first = INT64_MAX;
    h->last = INT64_MIN;
}

/* Lowers the scale by `steps`: each bucket goes into the one that holds it then. */
static void coarsen(mercury_histogram *h, int64_t steps) {
    h->scale -= steps;
    if (steps == 0 || !has_buckets(h)) {
        return;
    }
    uint64_t coarse[MAX_BUCKETS] = {0};
    for (int64_t index = h->first; index <= h->last; index++) {
        coarse[slot_of(bucket_coarser(index, steps))] += h->counts[slot_of(index)];
    }
    memcpy(h->counts, coarse, sizeof coarse);
    h->first = bucket_coarser(h->first, steps);
    h->last = bucket_coarser(h->last, steps);
}

/* Makes the window hold the buckets from `first` to `last`, at a lower scale where they are too many for this one. */
NEVER_INLINE void widen(mercury_histogram *h, int64_t first, int64_t last) {
    int64_t wanted_first = first < h->first ? first : h->first;
    int64_t wanted_last = last > h->last ? last : h->last;
    int64_t steps = 0;
    while (wanted_last - wanted_first >= MAX_BUCKETS) {
        wanted_first = bucket_coarser(wanted_first, 1);
        wanted_last = bucket_coarser(wanted_last, 1);
        steps++;
    }
    coarsen(h, steps);
    h->first = wanted_first;
    h->last = wanted_last;
}

/* What a loop over many numbers needs of the histogram's window at hand. */
typedef struct window {
    int64_t steps; /* from the finest scale to the histogram's */
    uint64_t first;
    uint64_t span; /* from the first bucket to the last; where there is none, no index is so near to `first` */
} window;

static window window_of(const mercury_histogram *h) {
    window found = {BUCKET_FINEST_SCALE - h->scale, (uint64_t)h->first, (uint64_t)h->last - (uint64_t)h->first};
    return found;
}

/* Counts a number by its bucket of the finest scale. */
ALWAYS_INLINE void count_in_bucket(mercury_histogram *h, window *view, int64_t finest) {
    int64_t index = bucket_coarser(finest, view->steps);
    if (!LIKELY((uint64_t)index - view->first <= view->span)) {
        widen(h, index, index);
        *view = window_of(h);
        index = bucket_coarser(finest, view->steps);
    }
    h->counts[slot_of(index)]++;
}

/* making and ending */

static void clear(mercury_histogram *h, int64_t scale) {
    memset(h, 0, sizeof *h);
    h->scale = scale;
    h->minimum.exponent = INT64_MAX;
    h->maximum.exponent = INT64_MIN;
    clear_window(h);
}

mercury_histogram *mercury_histogram_new(int64_t scale, mercury_error *error) {
    if (scale < MERCURY_HISTOGRAM_MIN_SCALE || scale > MERCURY_HISTOGRAM_MAX_SCALE) {
        mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
        return NULL;
    }
    mercury_histogram *h = mercury_alloc_resize(NULL, 0, sizeof *h);
    if (h == NULL) {
        mercury_error_fill(error, MERCURY_ERROR_OUT_OF_MEMORY, -1);
        return NULL;
    }
    clear(h, scale);
    return h;
}

void mercury_histogram_free(mercury_histogram *histogram) {
    mercury_alloc_free(histogram, sizeof *histogram);
}

/* recording */

static void record_zeros(mercury_histogram *h, int64_t count) {
    if (count > 0) {
        h->zero_count += count;
        note_extremes(h, zero, zero);
    }
}

ALWAYS_INLINE void record_positive(mercury_histogram *h, exact_value value) {
    window view = window_of(h);
    count_in_bucket(h, &view, bucket_finest_index(value));
    note_extremes(h, value, value);
    add_to_sum(h, value);
}

/* Bits of 0, or of a double above it that is finite. */
ALWAYS_INLINE int is_plain(uint64_t bits) {
    return bits < UINT64_C(0x7FF) << DOUBLE_FRACTION_BITS;
}

/* Bits of a double that is below 0, no number or infinite; -0 is 0. */
ALWAYS_INLINE int is_refused(uint64_t bits) {
    return !is_plain(bits) && bits != UINT64_C(1) << 63;
}

ALWAYS_INLINE int is_zero(uint64_t bits) {
    return bits << 1 == 0;
}

static int64_t refuse_count(mercury_error *error) {
    return mercury_error_fill(error, MERCURY_ERROR_LIMIT_EXCEEDED, INT64_MAX);
}

int64_t mercury_histogram_record_integer(mercury_histogram *histogram, int64_t value, mercury_error *error) {
    if (histogram == NULL || value < 0) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    if (histogram->count == INT64_MAX) {
        return refuse_count(error);
    }
    histogram->count++;
    if (value == 0) {
        record_zeros(histogram, 1);
    } else {
        record_positive(histogram, bucket_exact_integer((uint64_t)value));
    }
    return MERCURY_OK;
}

int64_t mercury_histogram_record_double(mercury_histogram *histogram, double value, mercury_error *error) {
    uint64_t bits = bucket_bits_of(value);
    if (histogram == NULL || is_refused(bits)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    if (histogram->count == INT64_MAX) {
        return refuse_count(error);
    }
    histogram->count++;
    if (is_zero(bits)) {
        record_zeros(histogram, 1);
    } else {
        record_positive(histogram, bucket_exact_double(bits));
    }
    return MERCURY_OK;
}

/*
 * The first that is below 0, or `count`. A number that another thread changed between the two looks must
 * not lead the second one out of the buffer.
 */
static size_t first_refused_integer(const int64_t *values, size_t count) {
    int64_t seen = 0;
    size_t position = 0;
    for (; count - position >= 4; position += 4) {
        seen |= (values[position] | values[position + 1]) | (values[position + 2] | values[position + 3]);
    }
    for (; position < count; position++) {
        seen |= values[position];
    }
    if (LIKELY(seen >= 0)) {
        return count;
    }
    for (position = 0; position < count && values[position] >= 0;) {
        position++;
    }
    return position;
}

static size_t first_refused_double(const double *values, size_t count) {
    size_t position = 0;
    while (position < count && !is_refused(bucket_bits_of(values[position]))) {
        position++;
    }
    return position;
}

/* OK if all of `count` numbers can be recorded, of which number `refused` is the first that cannot be. */
static int64_t check_numbers(const mercury_histogram *h, size_t count, size_t refused, mercury_error *error) {
    if (refused < count) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, (int64_t)refused);
    }
    return count > (uint64_t)(INT64_MAX - h->count) ? refuse_count(error) : MERCURY_OK;
}

/* What many numbers add up to, kept in registers until their end. */
typedef struct batch {
    int64_t zero_count;
    uint64_t least; /* of those above 0 */
    uint64_t greatest;
    uint64_t low; /* the sum */
    uint64_t high;
} batch;

static const batch empty_batch = {0, UINT64_MAX, 0, 0, 0};

ALWAYS_INLINE void batch_note(batch *self, uint64_t number) {
    self->least = number < self->least ? number : self->least;
    self->greatest = number > self->greatest ? number : self->greatest;
}

ALWAYS_INLINE void batch_add(batch *self, uint64_t low, uint64_t high) {
    self->low += low;
    self->high += high + (self->low < low);
}

int64_t mercury_histogram_record_integers(mercury_histogram *histogram, const int64_t *values, size_t count,
                                          mercury_error *error) {
    if (histogram == NULL || (values == NULL && count > 0)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    int64_t code = check_numbers(histogram, count, first_refused_integer(values, count), error);
    if (code != MERCURY_OK) {
        return code;
    }
    batch all = empty_batch;
    window view = window_of(histogram);
    for (size_t i = 0; i < count; i++) {
        uint64_t value = (uint64_t)values[i];
        if (LIKELY((value - 1) >> (DOUBLE_FRACTION_BITS + 1) == 0)) {
            uint64_t bits = bucket_bits_of((double)values[i]);
            count_in_bucket(histogram, &view, bucket_finest_index_of_normal(bits));
        } else if (value != 0) {
            count_in_bucket(histogram, &view, bucket_finest_index(bucket_exact_integer(value)));
        } else {
            all.zero_count++;
            continue;
        }
        batch_add(&all, value, 0);
        batch_note(&all, value);
    }
    histogram->count += (int64_t)count;
    if (all.greatest > 0) {
        note_extremes(histogram, bucket_exact_integer(all.least), bucket_exact_integer(all.greatest));
        add_words(histogram->sum, UNITS_WORD, all.low, all.high);
    }
    record_zeros(histogram, all.zero_count);
    return MERCURY_OK;
}

/* The least and the greatest of many doubles above 0, as bits, which are in the same order. 0 where there is none. */
typedef struct ends {
    uint64_t least;
    uint64_t greatest;
} ends;

/* Only the bits in `kept` are looked at. With the sign, what is refused is above all others, and so is -0. */
ALWAYS_INLINE ends ends_of(const double *values, size_t count, uint64_t kept) {
    uint64_t least = UINT64_MAX; /* less 1, so that 0 is above all others */
    uint64_t greatest = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = bucket_bits_of(values[i]) & kept;
        least = bits - 1 < least ? bits - 1 : least;
        greatest = bits > greatest ? bits : greatest;
    }
    ends found = {least + 1, greatest};
    return found;
}

/* Notes the ends of numbers that will be recorded, and makes room for all between. */
static void expect(mercury_histogram *h, ends of_all) {
    exact_value least = bucket_exact_double(of_all.least);
    exact_value greatest = bucket_exact_double(of_all.greatest);
    int64_t steps = BUCKET_FINEST_SCALE - h->scale;
    widen(h, bucket_coarser(bucket_finest_index(least), steps), bucket_coarser(bucket_finest_index(greatest), steps));
    note_extremes(h, least, greatest);
}

/* The exponents, as doubles have them, whose significands a block adds up. */
typedef struct exponents {
    uint64_t first;
    uint64_t span;
} exponents;

ALWAYS_INLINE uint64_t exponent_of(uint64_t bits) {
    return bits >> DOUBLE_FRACTION_BITS;
}

static uint64_t between(uint64_t least, uint64_t number, uint64_t greatest) {
    const uint64_t raised = number < least ? least : number;
    return raised > greatest ? greatest : raised;
}

/* All between the ends, or as many as there is room for around the block's first number. */
static exponents exponents_around(uint64_t bits, ends of_all) {
    uint64_t least = between(1, exponent_of(of_all.least), GREATEST_EXPONENT); /* 0 is that of subnormal numbers */
    uint64_t greatest = between(least, exponent_of(of_all.greatest), GREATEST_EXPONENT);
    uint64_t middle = between(least, exponent_of(bits), greatest);
    uint64_t first = middle - least > EXPONENTS_AT_ONCE / 2 ? middle - EXPONENTS_AT_ONCE / 2 : least;
    exponents found = {first, between(0, greatest - first, EXPONENTS_AT_ONCE - 1)};
    return found;
}

/* The bit of the sum that the lowest one of a normal double's significand is, by its exponent as doubles have it. */
static size_t position_of_exponent(uint64_t exponent) {
    return (size_t)exponent + UNIT_BITS - DOUBLE_MAX_EXPONENT - DOUBLE_FRACTION_BITS;
}

static void add_significands(mercury_histogram *h, exponents near, const uint64_t *sums) {
    for (size_t place = 0; place <= near.span; place++) {
        if (sums[place] != 0) {
            add_at(h->sum, position_of_exponent(near.first + place), sums[place]);
        }
    }
}

ALWAYS_INLINE uint64_t significand_of_normal(uint64_t bits) {
    uint64_t highest = UINT64_C(1) << DOUBLE_FRACTION_BITS;
    return highest | (bits & (highest - 1));
}

/* A double unlike the others of its block. One that another thread has made wrong since the check counts as 0. */
NEVER_INLINE void record_apart(mercury_histogram *h, uint64_t bits, int64_t *zero_count) {
    if (is_zero(bits) || is_refused(bits)) {
        (*zero_count)++;
    } else {
        record_positive(h, bucket_exact_double(bits));
    }
}

/*
 * At most DOUBLES_AT_ONCE doubles. Significands are added up by their exponents: to shift each to its place in the sum
 * would take longer than all else.
 */
static int64_t record_block(mercury_histogram *h, const double *values, size_t count, ends of_all) {
    const exponents near = exponents_around(bucket_bits_of(values[0]), of_all);
    uint64_t sums[EXPONENTS_AT_ONCE];
    memset(sums, 0, sizeof *sums * (size_t)(near.span + 1));
    int64_t zero_count = 0;
    window view = window_of(h);
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = bucket_bits_of(values[i]);
        uint64_t place = exponent_of(bits) - near.first;
        int64_t index = bucket_coarser(bucket_finest_index_of_normal(bits), view.steps);
        if (!LIKELY(place <= near.span && (uint64_t)index - view.first <= view.span)) {
            record_apart(h, bits, &zero_count);
            view = window_of(h);
            continue;
        }
        h->counts[slot_of(index)]++;
        sums[place] += significand_of_normal(bits);
    }
    add_significands(h, near, sums);
    return zero_count;
}

int64_t mercury_histogram_record_doubles(mercury_histogram *histogram, const double *values, size_t count,
                                         mercury_error *error) {
    if (histogram == NULL || (values == NULL && count > 0)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    ends of_all = ends_of(values, count, UINT64_MAX);
    size_t refused = count;
    if (!LIKELY(is_plain(of_all.greatest))) {
        refused = first_refused_double(values, count);
        of_all = ends_of(values, count, UINT64_MAX >> 1);
    }
    int64_t code = check_numbers(histogram, count, refused, error);
    if (code != MERCURY_OK) {
        return code;
    }
    if (of_all.greatest > 0) {
        expect(histogram, of_all);
    }
    int64_t zero_count = 0;
    for (size_t start = 0; start < count; start += DOUBLES_AT_ONCE) {
        size_t rest = count - start;
        zero_count += record_block(histogram, values + start, rest < DOUBLES_AT_ONCE ? rest : DOUBLES_AT_ONCE, of_all);
    }
    histogram->count += (int64_t)count;
    record_zeros(histogram, zero_count);
    return MERCURY_OK;
}

/* merging */

int64_t mercury_histogram_merge(mercury_histogram *histogram, const mercury_histogram *other, mercury_error *error) {
    if (histogram == NULL || other == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    if (other->count > INT64_MAX - histogram->count) {
        return refuse_count(error);
    }
    if (histogram->scale > other->scale) {
        coarsen(histogram, histogram->scale - other->scale);
    }
    if (has_buckets(other)) {
        int64_t steps = other->scale - histogram->scale;
        widen(histogram, bucket_coarser(other->first, steps), bucket_coarser(other->last, steps));
        steps = other->scale - histogram->scale;
        for (int64_t index = other->first; index <= other->last; index++) {
            histogram->counts[slot_of(bucket_coarser(index, steps))] += other->counts[slot_of(index)];
        }
    }
    histogram->count += other->count;
    histogram->zero_count += other->zero_count;
    note_extremes(histogram, other->minimum, other->maximum);
    add_sum(histogram->sum, other->sum);
    return MERCURY_OK;
}

/* reading */

/* The number of the smallest of which a share of `q` is not above: 1 for the least. */
static int64_t rank_of(double q, int64_t count) {
    double wanted = q * (double)count;
    if (wanted >= (double)count) {
        return count;
    }
    int64_t below = (int64_t)wanted;
    int64_t rank = below + ((double)below < wanted);
    return rank > 0 ? rank : 1;
}

/*
 * The number in bucket `index` whose relative distance to both ends is the same:
 * 2 * low * high / (low + high).
 */
static double middle_of(const mercury_histogram *h, int64_t index) {
    double base = bucket_bound(1, h->scale);
    return bucket_bound(index, h->scale) * (2 / (1 + 1 / base));
}

static double estimate(const mercury_histogram *h, int64_t rank) {
    int64_t seen = h->zero_count;
    if (rank <= seen) {
        return 0;
    }
    int64_t index = h->first;
    for (; seen + (int64_t)h->counts[slot_of(index)] < rank; index++) {
        seen += (int64_t)h->counts[slot_of(index)];
    }
    return middle_of(h, index);
}

static double value_of_rank(const mercury_histogram *h, int64_t rank) {
    double value = estimate(h, rank);
    double minimum = bucket_nearest_double(h->minimum);
    double maximum = bucket_nearest_double(h->maximum);
    if (rank == 1 || value < minimum) {
        return minimum;
    }
    return rank == h->count || value > maximum ? maximum : value;
}

int64_t mercury_histogram_quantile(const mercury_histogram *histogram, double q, double *value, mercury_error *error) {
    if (histogram == NULL || value == NULL || !(q >= 0 && q <= 1)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    *value = histogram->count > 0 ? value_of_rank(histogram, rank_of(q, histogram->count)) : (double)NAN;
    return MERCURY_OK;
}

static size_t bucket_count_of(const mercury_histogram *h) {
    return has_buckets(h) ? (size_t)(h->last - h->first + 1) : 0;
}

static void fill_figures(const mercury_histogram *h, mercury_figures *figures) {
    memset(figures, 0, sizeof *figures);
    figures->scale = h->scale;
    figures->count = h->count;
    figures->zero_count = h->zero_count;
    figures->bucket_count = (int64_t)bucket_count_of(h);
    figures->first_bucket = figures->bucket_count > 0 ? h->first : 0;
    if (h->count > 0) {
        figures->minimum_exponent = h->minimum.exponent;
        figures->minimum_significand = h->minimum.significand;
        figures->maximum_exponent = h->maximum.exponent;
        figures->maximum_significand = h->maximum.significand;
    }
    memcpy(figures->sum, h->sum, sizeof figures->sum);
}

int64_t mercury_histogram_figures(const mercury_histogram *histogram, mercury_figures *figures, mercury_error *error) {
    if (histogram == NULL || figures == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    fill_figures(histogram, figures);
    return MERCURY_OK;
}

int64_t mercury_histogram_buckets(const mercury_histogram *histogram, uint64_t *counts, size_t capacity, size_t *count,
                                  mercury_error *error) {
    if (histogram == NULL || (counts == NULL && capacity > 0) || count == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    *count = bucket_count_of(histogram);
    if (capacity < *count) {
        return mercury_error_fill(error, MERCURY_ERROR_BUFFER_TOO_SMALL, (int64_t)*count);
    }
    for (size_t i = 0; i < *count; i++) {
        counts[i] = histogram->counts[slot_of(histogram->first + (int64_t)i)];
    }
    return MERCURY_OK;
}

/* bytes */

/* The words of 8 bytes before those of the sum; docs/histogram-spec.md. */
enum {
    WORD_FORM,
    WORD_SCALE,
    WORD_ZERO_COUNT,
    WORD_FIRST_BUCKET,
    WORD_BUCKET_COUNT,
    WORD_SUM_START,
    WORD_SUM_LENGTH,
    WORD_MINIMUM_EXPONENT,
    WORD_MINIMUM_SIGNIFICAND,
    WORD_MAXIMUM_EXPONENT,
    WORD_MAXIMUM_SIGNIFICAND,
    HEADER_WORDS
};

enum {
    WORD_BYTES = 8,
    SHORTEST_BYTES = (HEADER_WORDS + 1) * WORD_BYTES,
    VERSION = 1,
    VERSION_BYTE = 4 /* where it begins, behind the magic bytes; the rest of the word is 0 */
};

_Static_assert((HEADER_WORDS + SUM_WORDS + MAX_BUCKETS + 1) * WORD_BYTES == MERCURY_HISTOGRAM_MAX_BYTES,
               "the header states the longest encoding");

static const unsigned char magic[VERSION_BYTE] = {'M', 'H', 'I', 'S'};

/* Where the sum's words that are not 0 begin, and how many there are up to the last of them. */
typedef struct sum_span {
    size_t start;
    size_t length;
} sum_span;

static sum_span span_of(const uint64_t *sum) {
    sum_span span = {0, SUM_WORDS};
    while (span.length > 0 && sum[span.length - 1] == 0) {
        span.length--;
    }
    while (span.start < span.length && sum[span.start] == 0) {
        span.start++;
    }
    span.length -= span.start;
    return span;
}

static void put_word(unsigned char *bytes, size_t word, uint64_t value) {
    for (size_t i = 0; i < WORD_BYTES; i++) {
        bytes[word * WORD_BYTES + i] = (unsigned char)(value >> 8 * i);
    }
}

static uint64_t get_word(const unsigned char *bytes, size_t word) {
    uint64_t value = 0;
    for (size_t i = 0; i < WORD_BYTES; i++) {
        value |= (uint64_t)bytes[word * WORD_BYTES + i] << 8 * i;
    }
    return value;
}

static void put_header(unsigned char *bytes, const mercury_figures *figures, sum_span span) {
    put_word(bytes, WORD_FORM, 0);
    memcpy(bytes, magic, sizeof magic);
    bytes[VERSION_BYTE] = VERSION;
    put_word(bytes, WORD_SCALE, (uint64_t)figures->scale);
    put_word(bytes, WORD_ZERO_COUNT, (uint64_t)figures->zero_count);
    put_word(bytes, WORD_FIRST_BUCKET, (uint64_t)figures->first_bucket);
    put_word(bytes, WORD_BUCKET_COUNT, (uint64_t)figures->bucket_count);
    put_word(bytes, WORD_SUM_START, span.start);
    put_word(bytes, WORD_SUM_LENGTH, span.length);
    put_word(bytes, WORD_MINIMUM_EXPONENT, (uint64_t)figures->minimum_exponent);
    put_word(bytes, WORD_MINIMUM_SIGNIFICAND, figures->minimum_significand);
    put_word(bytes, WORD_MAXIMUM_EXPONENT, (uint64_t)figures->maximum_exponent);
    put_word(bytes, WORD_MAXIMUM_SIGNIFICAND, figures->maximum_significand);
}

int64_t mercury_histogram_encode(const mercury_histogram *histogram, unsigned char *bytes, size_t capacity,
                                 size_t *length, mercury_error *error) {
    if (histogram == NULL || (bytes == NULL && capacity > 0) || length == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    mercury_figures figures;
    fill_figures(histogram, &figures);
    sum_span span = span_of(histogram->sum);
    size_t bucket_count = (size_t)figures.bucket_count;
    size_t words = HEADER_WORDS + span.length + bucket_count;
    *length = (words + 1) * WORD_BYTES;
    if (bytes == NULL || capacity < *length) {
        return mercury_error_fill(error, MERCURY_ERROR_BUFFER_TOO_SMALL, (int64_t)*length);
    }
    put_header(bytes, &figures, span);
    for (size_t i = 0; i < span.length; i++) {
        put_word(bytes, HEADER_WORDS + i, histogram->sum[span.start + i]);
    }
    for (size_t i = 0; i < bucket_count; i++) {
        put_word(bytes, HEADER_WORDS + span.length + i, histogram->counts[slot_of(figures.first_bucket + (int64_t)i)]);
    }
    put_word(bytes, words, XXH3_64bits(bytes, words * WORD_BYTES));
    return MERCURY_OK;
}

/*
 * The functions below return the position of the first byte that is wrong, or WELL_FORMED.
 */
enum { WELL_FORMED = -1 };

static int64_t byte_of(size_t word) {
    return (int64_t)(word * WORD_BYTES);
}

/* What must hold before any word behind the header can be read: form, version, lengths and checksum. */
static int64_t check_frame(const unsigned char *bytes, size_t length) {
    if (length < SHORTEST_BYTES) {
        return (int64_t)length;
    }
    if (memcmp(bytes, magic, sizeof magic) != 0) {
        return 0;
    }
    if (get_word(bytes, WORD_FORM) >> 8 * VERSION_BYTE != VERSION) {
        return VERSION_BYTE;
    }
    if (get_word(bytes, WORD_BUCKET_COUNT) > MAX_BUCKETS) {
        return byte_of(WORD_BUCKET_COUNT);
    }
    if (get_word(bytes, WORD_SUM_START) > SUM_WORDS) {
        return byte_of(WORD_SUM_START);
    }
    if (get_word(bytes, WORD_SUM_LENGTH) > SUM_WORDS - get_word(bytes, WORD_SUM_START)) {
        return byte_of(WORD_SUM_LENGTH);
    }
    size_t words = HEADER_WORDS + (size_t)get_word(bytes, WORD_SUM_LENGTH) + (size_t)get_word(bytes, WORD_BUCKET_COUNT);
    size_t expected = (words + 1) * WORD_BYTES;
    if (length != expected) {
        return (int64_t)(length < expected ? length : expected);
    }
    return get_word(bytes, words) == XXH3_64bits(bytes, words * WORD_BYTES) ? WELL_FORMED : byte_of(words);
}

/* True where doubles or 64-bit integers have these buckets at the histogram's scale. */
static int are_buckets(const mercury_histogram *h, int64_t first, int64_t count) {
    int64_t lowest = bucket_index(least_double, h->scale);
    int64_t highest = bucket_index(greatest_double, h->scale);
    return first >= lowest && first <= highest && count <= highest - first + 1;
}

/* Counts of the header and of the buckets, which are as few as they can be: neither end is empty. */
static int64_t read_counts(mercury_histogram *h, const unsigned char *bytes) {
    size_t bucket_count = (size_t)get_word(bytes, WORD_BUCKET_COUNT);
    int64_t first = (int64_t)get_word(bytes, WORD_FIRST_BUCKET);
    size_t counts = HEADER_WORDS + (size_t)get_word(bytes, WORD_SUM_LENGTH);
    h->zero_count = h->count = (int64_t)get_word(bytes, WORD_ZERO_COUNT);
    if (h->zero_count < 0) {
        return byte_of(WORD_ZERO_COUNT);
    }
    if (bucket_count == 0) {
        return first == 0 ? WELL_FORMED : byte_of(WORD_FIRST_BUCKET);
    }
    if (!are_buckets(h, first, (int64_t)bucket_count)) {
        return byte_of(WORD_FIRST_BUCKET);
    }
    h->first = first;
    h->last = first + (int64_t)bucket_count - 1;
    for (size_t i = 0; i < bucket_count; i++) {
        uint64_t count = get_word(bytes, counts + i);
        if (count > (uint64_t)(INT64_MAX - h->count) || (count == 0 && (i == 0 || i == bucket_count - 1))) {
            return byte_of(counts + i);
        }
        h->counts[slot_of(first + (int64_t)i)] = count;
        h->count += (int64_t)count;
    }
    return WELL_FORMED;
}

/* The sum, after the counts: it is 0 where no bucket counts, and below the count times 2^1024. */
static int64_t read_sum(mercury_histogram *h, const unsigned char *bytes) {
    size_t start = (size_t)get_word(bytes, WORD_SUM_START);
    size_t length = (size_t)get_word(bytes, WORD_SUM_LENGTH);
    if ((length > 0) != has_buckets(h)) {
        return byte_of(WORD_SUM_LENGTH);
    }
    if (length == 0) {
        return start == 0 ? WELL_FORMED : byte_of(WORD_SUM_START);
    }
    for (size_t i = 0; i < length; i++) {
        h->sum[start + i] = get_word(bytes, HEADER_WORDS + i);
    }
    if (h->sum[start] == 0) {
        return byte_of(HEADER_WORDS);
    }
    if (h->sum[start + length - 1] == 0 || h->sum[SUM_WORDS - 1] >= (uint64_t)h->count) {
        return byte_of(HEADER_WORDS + length - 1);
    }
    return WELL_FORMED;
}

static exact_value get_exact(const unsigned char *bytes, size_t word) {
    exact_value value = {(int64_t)get_word(bytes, word), get_word(bytes, word + 1)};
    return value;
}

static int is_zero_value(exact_value value) {
    return value.exponent == zero.exponent && value.significand == zero.significand;
}

static int lies_in_bucket(const mercury_histogram *h, exact_value value, int64_t index) {
    return value.exponent >= LEAST_EXPONENT && !is_less(greatest_double, value) &&
           value.significand >> (WORD_BITS - 1) != 0 && bucket_index(value, h->scale) == index;
}

/* Minimum and maximum, after the counts: they lie in the first and last bucket. */
static int64_t read_extremes(mercury_histogram *h, const unsigned char *bytes) {
    if (h->count == 0) {
        for (size_t word = WORD_MINIMUM_EXPONENT; word < HEADER_WORDS; word++) {
            if (get_word(bytes, word) != 0) {
                return byte_of(word);
            }
        }
        return WELL_FORMED;
    }
    h->minimum = get_exact(bytes, WORD_MINIMUM_EXPONENT);
    h->maximum = get_exact(bytes, WORD_MAXIMUM_EXPONENT);
    if (h->zero_count > 0 ? !is_zero_value(h->minimum) : !lies_in_bucket(h, h->minimum, h->first)) {
        return byte_of(WORD_MINIMUM_EXPONENT);
    }
    int in_place = has_buckets(h) ? lies_in_bucket(h, h->maximum, h->last) : is_zero_value(h->maximum);
    return in_place && !is_less(h->maximum, h->minimum) ? WELL_FORMED : byte_of(WORD_MAXIMUM_EXPONENT);
}

static int64_t read_contents(mercury_histogram *h, const unsigned char *bytes) {
    int64_t scale = (int64_t)get_word(bytes, WORD_SCALE);
    if (scale < MERCURY_HISTOGRAM_MIN_SCALE || scale > MERCURY_HISTOGRAM_MAX_SCALE) {
        return byte_of(WORD_SCALE);
    }
    h->scale = scale;
    int64_t position = read_counts(h, bytes);
    position = position == WELL_FORMED ? read_sum(h, bytes) : position;
    return position == WELL_FORMED ? read_extremes(h, bytes) : position;
}

mercury_histogram *mercury_histogram_decode(const unsigned char *bytes, size_t length, mercury_error *error) {
    if (bytes == NULL && length > 0) {
        mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
        return NULL;
    }
    int64_t position = check_frame(bytes, length);
    if (position != WELL_FORMED) {
        mercury_error_fill(error, MERCURY_ERROR_MALFORMED_DATA, position);
        return NULL;
    }
    mercury_histogram *h = mercury_histogram_new(0, error);
    if (h == NULL) {
        return NULL;
    }
    position = read_contents(h, bytes);
    if (position != WELL_FORMED) {
        mercury_histogram_free(h);
        mercury_error_fill(error, MERCURY_ERROR_MALFORMED_DATA, position);
        return NULL;
    }
    return h;
}
