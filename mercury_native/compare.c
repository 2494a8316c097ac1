/*
 * compare.c - is one sample of numbers greater than another, by how much, and how sure is that.
 *
 *   rank tests     Mann and Whitney (1947) for two independent samples, Wilcoxon (1945) for pairs.
 *                  Their exact distributions are counted in integers; beyond that the normal one.
 *   shift, center  Hodges and Lehmann (1963): the median of all differences, or of all means of two.
 *                  Neither is ever listed: both are matrices with sorted rows, in which the number
 *                  of entries up to a bound is counted in one walk along the border.
 *   intervals      Efron's percentile bootstrap (1979), its indices from SplitMix64.
 *
 * C and twin agree to the last bit: all floating-point results come from + - * / sqrt in one order,
 * nothing from the rest of libm, whose last bits differ between machines.
 */
#include "internal.h"

#include <math.h>
#include <string.h>

enum {
    MAX_SAMPLES = MERCURY_COMPARE_MAX_SAMPLES,
    MAX_RESAMPLES = MERCURY_COMPARE_MAX_RESAMPLES,
    EXACT_SAMPLES = MERCURY_COMPARE_EXACT_SAMPLES,
    MOST_PAIRS = EXACT_SAMPLES / 2 * (EXACT_SAMPLES / 2),
    MOST_DOUBLED_RANKS = EXACT_SAMPLES * (EXACT_SAMPLES + 1),
    EXPONENTIAL_TERMS = 14,
    FRACTION_TERMS = 120
};

static const double GREATEST = 0x1p1000; /* so that no difference of two is infinite */

typedef struct sorted {
    const double *values; /* ascending, no -0 */
    size_t count;
} sorted;

/* what is taken */

static int64_t check_sample(const double *values, size_t count, size_t position, mercury_error *error) {
    if (values == NULL || count == 0) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    if (count > MAX_SAMPLES) {
        return mercury_error_fill(error, MERCURY_ERROR_LIMIT_EXCEEDED, MAX_SAMPLES);
    }
    for (size_t i = 0; i < count; i++) {
        if (!(values[i] >= -GREATEST && values[i] <= GREATEST)) {
            return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, (int64_t)(position + i));
        }
    }
    return MERCURY_OK;
}

static int64_t check_samples(const double *base, size_t base_count, const double *head, size_t head_count,
                             mercury_error *error) {
    int64_t code = check_sample(base, base_count, 0, error);
    return code != MERCURY_OK ? code : check_sample(head, head_count, base_count, error);
}

static int64_t check_bootstrap(double level, size_t resamples, mercury_error *error) {
    if (!(level > 0 && level < 1) || resamples == 0) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    return resamples > MAX_RESAMPLES ? mercury_error_fill(error, MERCURY_ERROR_LIMIT_EXCEEDED, MAX_RESAMPLES)
                                     : MERCURY_OK;
}

static double *new_doubles(size_t count, mercury_error *error) {
    double *values = mercury_alloc_resize(NULL, 0, count * sizeof *values);
    if (values == NULL) {
        mercury_error_fill(error, MERCURY_ERROR_OUT_OF_MEMORY, -1);
    }
    return values;
}

/* sorting: qsort of some C libraries takes memory of its own */

static void sift_down(double *values, size_t root, size_t count) {
    double value = values[root];
    for (size_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
        child += child + 1 < count && values[child + 1] > values[child];
        if (!(values[child] > value)) {
            break;
        }
        values[root] = values[child];
        root = child;
    }
    values[root] = value;
}

static void sort(double *values, size_t count) {
    for (size_t root = count / 2; root-- > 0;) {
        sift_down(values, root, count);
    }
    for (size_t last = count; last-- > 1;) {
        double greatest = values[0];
        values[0] = values[last];
        values[last] = greatest;
        sift_down(values, 0, last);
    }
}

/* Adding 0 makes 0 of -0. */
static sorted sorted_copy(double *target, const double *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        target[i] = values[i] + 0.0;
    }
    sort(target, count);
    sorted copy = {target, count};
    return copy;
}

/* the normal distribution */

/* e to the power of -x for x from 0 on: e^-x = 2^-k e^-r with r below ln 2, whose series ends soon. */
static double exponential_of_minus(double x) {
    const double ln2_high = 0x1.62e42fee00000p-1; /* its last bits are 0, so that k times it is exact */
    const double ln2_low = 0x1.a39ef35793c76p-33;
    if (x > 745) {
        return 0;
    }
    int64_t halvings = (int64_t)(x / ln2_high);
    double rest = (x - (double)halvings * ln2_high) - (double)halvings * ln2_low;
    double half = -rest * 0.5;
    double sum = 1;
    for (int term = EXPONENTIAL_TERMS; term > 0; term--) {
        sum = 1 + sum * half / term;
    }
    double value = sum * sum;
    for (; halvings > 0; halvings--) {
        value *= 0.5;
    }
    return value;
}

/* Marsaglia (2004): 1/2 - phi(z) (z + z^3/3 + z^5/15 + ...), for z from 0 to 2. */
static double tail_by_series(double z, double density) {
    double sum = z;
    double term = z;
    for (int odd = 3; sum + term != sum; odd += 2) {
        term = term * z * z / odd;
        sum += term;
    }
    return 0.5 - density * sum;
}

/* Laplace's continued fraction phi(z) / (z + 1/(z + 2/(z + 3/...))), for z from 2 on. */
static double tail_by_fraction(double z, double density) {
    double denominator = z;
    for (int term = FRACTION_TERMS; term > 0; term--) {
        denominator = z + term / denominator;
    }
    return density / denominator;
}

/* The probability that a standard normal variable is `z` or more. */
static double normal_tail(double z) {
    const double one_by_root_of_two_pi = 0x1.9884533d43651p-2;
    double magnitude = z < 0 ? -z : z;
    double density = exponential_of_minus(magnitude * magnitude * 0.5) * one_by_root_of_two_pi;
    double tail = magnitude < 2 ? tail_by_series(magnitude, density) : tail_by_fraction(magnitude, density);
    return z < 0 ? 1 - tail : tail;
}

/* ranks */

typedef struct ranks {
    int64_t doubled_sum; /* twice the sum of the head's ranks, ties at the middle of theirs */
    int64_t tied_cubes;  /* the sum of t^3 - t over groups of t equal numbers */
} ranks;

/* How many numbers from `at` on are equal to `value`. */
static size_t count_equal(sorted sample, size_t at, double value) {
    size_t end = at;
    while (end < sample.count && sample.values[end] == value) {
        end++;
    }
    return end - at;
}

/*
 * Ranks both samples together. `doubled`, if not NULL, gets twice the rank of each of the numbers, in ascending
 * order.
 */
static ranks rank_together(sorted base, sorted head, int64_t *doubled) {
    ranks result = {0, 0};
    size_t in_base = 0;
    size_t in_head = 0;
    while (in_base < base.count || in_head < head.count) {
        int from_head = in_base == base.count || (in_head < head.count && head.values[in_head] < base.values[in_base]);
        double value = from_head ? head.values[in_head] : base.values[in_base];
        size_t of_base = count_equal(base, in_base, value);
        size_t of_head = count_equal(head, in_head, value);
        int64_t tied = (int64_t)(of_base + of_head);
        int64_t doubled_rank = 2 * (int64_t)(in_base + in_head) + tied + 1;
        for (size_t i = 0; doubled != NULL && i < of_base + of_head; i++) {
            doubled[in_base + in_head + i] = doubled_rank;
        }
        result.doubled_sum += (int64_t)of_head * doubled_rank;
        result.tied_cubes += tied * tied * tied - tied;
        in_base += of_base;
        in_head += of_head;
    }
    return result;
}

/* Both tails of a statistic among `size` values that were counted in integers; `scale` of them make 1. */
static void set_exact(mercury_rank_test *test, const uint64_t *counts, size_t size, size_t statistic, double scale) {
    uint64_t less = 0;
    uint64_t all = 0;
    for (size_t i = 0; i < size; i++) {
        all += counts[i];
        less += i <= statistic ? counts[i] : 0;
    }
    test->statistic = (double)statistic / scale;
    test->p_less = (double)(int64_t)less / (double)(int64_t)all;
    test->p_greater = (double)(int64_t)(all - less + counts[statistic]) / (double)(int64_t)all;
    test->is_exact = 1;
}

/* Both tails of a statistic near a normal distribution, with the correction for continuity. */
static void set_normal(mercury_rank_test *test, double statistic, double mean, double variance) {
    test->statistic = statistic;
    test->is_exact = 0;
    if (!(variance > 0)) {
        test->p_less = test->p_greater = 1;
        return;
    }
    double deviation = sqrt(variance);
    test->p_less = normal_tail((mean - statistic - 0.5) / deviation);
    test->p_greater = normal_tail((statistic - mean - 0.5) / deviation);
}

/*
 * In how many ways U comes to each value: the coefficients of a Gaussian binomial, the product of
 * (1 - q^(n + i)) / (1 - q^i) for i from 1 to m. On the way they may wrap around; the last ones do not.
 */
static void count_rank_sums(uint64_t *counts, size_t pairs, size_t m, size_t n) {
    memset(counts, 0, (pairs + 1) * sizeof *counts);
    counts[0] = 1;
    for (size_t i = 1; i <= m; i++) {
        for (size_t u = pairs; u >= n + i; u--) {
            counts[u] -= counts[u - n - i];
        }
        for (size_t u = i; u <= pairs; u++) {
            counts[u] += counts[u - i];
        }
    }
}

static void rank_sum(mercury_rank_test *test, sorted base, sorted head) {
    ranks found = rank_together(base, head, NULL);
    int64_t m = (int64_t)base.count;
    int64_t n = (int64_t)head.count;
    int64_t all = m + n;
    int64_t doubled = found.doubled_sum - n * (n + 1);
    if (found.tied_cubes == 0 && all <= EXACT_SAMPLES) {
        uint64_t counts[MOST_PAIRS + 1];
        count_rank_sums(counts, (size_t)(m * n), base.count, head.count);
        set_exact(test, counts, (size_t)(m * n) + 1, (size_t)(doubled / 2), 1);
        return;
    }
    double ties = (double)found.tied_cubes / (double)(all * (all - 1));
    double variance = (double)(m * n) / 12 * ((double)(all + 1) - ties);
    set_normal(test, (double)doubled / 2, (double)(m * n) / 2, variance);
}

int64_t mercury_compare_rank_sum(const double *base, size_t base_count, const double *head, size_t head_count,
                                 mercury_rank_test *test, mercury_error *error) {
    int64_t code = check_samples(base, base_count, head, head_count, error);
    if (code != MERCURY_OK) {
        return code;
    }
    if (test == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    size_t count = base_count + head_count;
    double *copies = new_doubles(count, error);
    if (copies == NULL) {
        return MERCURY_ERROR_OUT_OF_MEMORY;
    }
    rank_sum(test, sorted_copy(copies, base, base_count), sorted_copy(copies + base_count, head, head_count));
    mercury_alloc_free(copies, count * sizeof *copies);
    return MERCURY_OK;
}

/* With which signs the ranks come to each sum: each of 2^count ways is as likely, ties or not. */
static void count_signed_sums(uint64_t *counts, size_t most, const int64_t *doubled, size_t count) {
    memset(counts, 0, (most + 1) * sizeof *counts);
    counts[0] = 1;
    for (size_t i = 0; i < count; i++) {
        size_t rank = (size_t)doubled[i];
        for (size_t sum = most; sum >= rank; sum--) {
            counts[sum] += counts[sum - rank];
        }
    }
}

static void signed_rank(mercury_rank_test *test, sorted negative, sorted positive) {
    int64_t doubled_ranks[EXACT_SAMPLES] = {0};
    int64_t n = (int64_t)(negative.count + positive.count);
    int is_exact = n <= EXACT_SAMPLES;
    ranks found = rank_together(negative, positive, is_exact ? doubled_ranks : NULL);
    if (is_exact) {
        uint64_t counts[MOST_DOUBLED_RANKS + 1];
        size_t most = (size_t)(n * (n + 1));
        count_signed_sums(counts, most, doubled_ranks, (size_t)n);
        set_exact(test, counts, most + 1, (size_t)found.doubled_sum, 2);
        return;
    }
    double squares = (double)(n * (n + 1) * (2 * n + 1)) / 24;
    double variance = squares - (double)found.tied_cubes / 48;
    set_normal(test, (double)found.doubled_sum / 2, (double)(n * (n + 1)) / 4, variance);
}

/* Puts the magnitudes of all numbers of one sign into `target`; how many there are. */
static size_t magnitudes(double *target, const double *values, size_t count, double sign) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i] * sign > 0) {
            target[found++] = values[i] * sign;
        }
    }
    return found;
}

int64_t mercury_compare_signed_rank(const double *differences, size_t count, mercury_rank_test *test,
                                    mercury_error *error) {
    int64_t code = check_sample(differences, count, 0, error);
    if (code != MERCURY_OK) {
        return code;
    }
    if (test == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    double *copies = new_doubles(count, error);
    if (copies == NULL) {
        return MERCURY_ERROR_OUT_OF_MEMORY;
    }
    sorted negative = {copies, magnitudes(copies, differences, count, -1)};
    double *rest = copies + negative.count;
    sorted positive = {rest, magnitudes(rest, differences, count, 1)};
    sort(copies, negative.count);
    sort(rest, positive.count);
    signed_rank(test, negative, positive);
    mercury_alloc_free(copies, count * sizeof *copies);
    return MERCURY_OK;
}

/* selecting from matrices with sorted rows */

/* A double's bits in the order of the doubles. */
static uint64_t key_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 != 0 ? ~bits : bits | UINT64_C(1) << 63;
}

static double value_of(uint64_t key) {
    uint64_t bits = key >> 63 != 0 ? key & ~(UINT64_C(1) << 63) : ~key;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* How many of head's numbers less base's are at most `bound`. */
static int64_t count_differences(sorted base, sorted head, double bound) {
    int64_t found = 0;
    size_t first = 0;
    for (size_t i = 0; i < head.count; i++) {
        while (first < base.count && head.values[i] - base.values[first] > bound) {
            first++;
        }
        found += (int64_t)(base.count - first);
    }
    return found;
}

static double mean_of(double one, double other) {
    return (one + other) * 0.5 + 0.0;
}

/* How many means of two numbers, each one with itself too, are at most `bound`. */
static int64_t count_means(sorted sample, double bound) {
    int64_t found = 0;
    size_t end = sample.count;
    for (size_t i = 0; i < end; i++) {
        while (end > i && mean_of(sample.values[i], sample.values[end - 1]) > bound) {
            end--;
        }
        found += (int64_t)(end - i);
    }
    return found;
}

/* A matrix of differences, or, where `base` is empty, of head's means of two. */
typedef struct matrix {
    sorted base;
    sorted head;
} matrix;

static int64_t count_up_to(const matrix *entries, double bound) {
    return entries->base.count == 0 ? count_means(entries->head, bound)
                                    : count_differences(entries->base, entries->head, bound);
}

/* The least double from `low` to `high` up to which there are `wanted` entries: it is one of them. */
static double select_entry(const matrix *entries, int64_t wanted, double low, double high) {
    uint64_t first = key_of(low);
    uint64_t last = key_of(high);
    while (first < last) {
        uint64_t middle = first + (last - first) / 2;
        if (count_up_to(entries, value_of(middle)) >= wanted) {
            last = middle;
        } else {
            first = middle + 1;
        }
    }
    return value_of(first);
}

/* The median of a matrix whose entries are from `low` to `high`. */
static double median_entry(const matrix *entries, int64_t count, double low, double high) {
    double lower = select_entry(entries, (count + 1) / 2, low, high);
    if (count % 2 != 0 || count_up_to(entries, lower) > count / 2) {
        return lower + 0.0;
    }
    return mean_of(lower, select_entry(entries, count / 2 + 1, lower, high));
}

static double shift_of(sorted base, sorted head) {
    matrix differences = {base, head};
    double low = head.values[0] - base.values[base.count - 1];
    double high = head.values[head.count - 1] - base.values[0];
    return median_entry(&differences, (int64_t)base.count * (int64_t)head.count, low, high);
}

static double center_of(sorted sample) {
    matrix means = {{NULL, 0}, sample};
    int64_t n = (int64_t)sample.count;
    return median_entry(&means, n * (n + 1) / 2, sample.values[0], sample.values[sample.count - 1]);
}

int64_t mercury_compare_shift(const double *base, size_t base_count, const double *head, size_t head_count,
                              double *shift, mercury_error *error) {
    int64_t code = check_samples(base, base_count, head, head_count, error);
    if (code != MERCURY_OK) {
        return code;
    }
    if (shift == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    size_t count = base_count + head_count;
    double *copies = new_doubles(count, error);
    if (copies == NULL) {
        return MERCURY_ERROR_OUT_OF_MEMORY;
    }
    *shift = shift_of(sorted_copy(copies, base, base_count), sorted_copy(copies + base_count, head, head_count));
    mercury_alloc_free(copies, count * sizeof *copies);
    return MERCURY_OK;
}

int64_t mercury_compare_center(const double *values, size_t count, double *center, mercury_error *error) {
    int64_t code = check_sample(values, count, 0, error);
    if (code != MERCURY_OK) {
        return code;
    }
    if (center == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    double *copy = new_doubles(count, error);
    if (copy == NULL) {
        return MERCURY_ERROR_OUT_OF_MEMORY;
    }
    *center = center_of(sorted_copy(copy, values, count));
    mercury_alloc_free(copy, count * sizeof *copy);
    return MERCURY_OK;
}

/* the bootstrap */

/* SplitMix64 of Steele, Lea and Flood (2014). */
static uint64_t next_random(uint64_t *state) {
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t mixed = *state;
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ mixed >> 31;
}

/* Draws as many numbers as there are, with replacement, in ascending order; `counts` is as long as the sample. */
static sorted resample(sorted sample, double *target, uint64_t *counts, uint64_t *state) {
    memset(counts, 0, sample.count * sizeof *counts);
    for (size_t i = 0; i < sample.count; i++) {
        counts[(next_random(state) >> 32) * sample.count >> 32]++;
    }
    size_t drawn = 0;
    for (size_t i = 0; i < sample.count; i++) {
        for (uint64_t times = counts[i]; times > 0; times--) {
            target[drawn++] = sample.values[i];
        }
    }
    sorted result = {target, sample.count};
    return result;
}

/* What a bootstrap works in, all of one block. */
typedef struct workspace {
    double *copies;
    double *drawn;
    uint64_t *counts;
    double *estimates;
    size_t bytes;
} workspace;

static int64_t open_workspace(workspace *self, size_t samples, size_t resamples, mercury_error *error) {
    double *block = new_doubles(3 * samples + resamples, error);
    if (block == NULL) {
        return MERCURY_ERROR_OUT_OF_MEMORY;
    }
    self->copies = block;
    self->drawn = block + samples;
    self->estimates = block + 2 * samples;
    void *rest = block + 2 * samples + resamples;
    self->counts = rest;
    self->bytes = (3 * samples + resamples) * sizeof *block;
    return MERCURY_OK;
}

/* Fills the estimates; without a base those of head's center. */
static void bootstrap(workspace *self, sorted base, sorted head, size_t resamples, uint64_t seed) {
    uint64_t state = seed;
    for (size_t i = 0; i < resamples; i++) {
        if (base.count == 0) {
            self->estimates[i] = center_of(resample(head, self->drawn, self->counts, &state));
        } else {
            sorted drawn_base = resample(base, self->drawn, self->counts, &state);
            sorted drawn_head = resample(head, self->drawn + base.count, self->counts, &state);
            self->estimates[i] = shift_of(drawn_base, drawn_head);
        }
    }
}

/* Cuts off one half of what is beyond `level` at each end. */
static void set_interval(double *estimates, size_t resamples, double level, mercury_interval *interval) {
    sort(estimates, resamples);
    size_t cut = (size_t)((1 - level) * 0.5 * (double)resamples);
    interval->low = estimates[cut];
    interval->high = estimates[resamples - 1 - cut];
}

int64_t mercury_compare_shift_interval(const double *base, size_t base_count, const double *head, size_t head_count,
                                       double level, size_t resamples, uint64_t seed, mercury_interval *interval,
                                       mercury_error *error) {
    int64_t code = check_samples(base, base_count, head, head_count, error);
    code = code != MERCURY_OK ? code : check_bootstrap(level, resamples, error);
    if (code != MERCURY_OK) {
        return code;
    }
    if (interval == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    workspace space;
    code = open_workspace(&space, base_count + head_count, resamples, error);
    if (code == MERCURY_OK) {
        sorted sorted_base = sorted_copy(space.copies, base, base_count);
        bootstrap(&space, sorted_base, sorted_copy(space.copies + base_count, head, head_count), resamples, seed);
        set_interval(space.estimates, resamples, level, interval);
        mercury_alloc_free(space.copies, space.bytes);
    }
    return code;
}

int64_t mercury_compare_center_interval(const double *values, size_t count, double level, size_t resamples,
                                        uint64_t seed, mercury_interval *interval, mercury_error *error) {
    int64_t code = check_sample(values, count, 0, error);
    code = code != MERCURY_OK ? code : check_bootstrap(level, resamples, error);
    if (code != MERCURY_OK) {
        return code;
    }
    if (interval == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    workspace space;
    code = open_workspace(&space, count, resamples, error);
    if (code == MERCURY_OK) {
        sorted none = {NULL, 0};
        bootstrap(&space, none, sorted_copy(space.copies, values, count), resamples, seed);
        set_interval(space.estimates, resamples, level, interval);
        mercury_alloc_free(space.copies, space.bytes);
    }
    return code;
}
