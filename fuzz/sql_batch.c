/*
 * sql_batch.c - rows as Arrow lays them out, with offsets that may be anything.
 *
 *     input    dialect | shape | rows (1 byte each) | offsets | data
 *
 *     shape    bit 0    offsets of 8 bytes, not of 4
 *              bit 1    a validity bitmap, whose bytes are the first of the data
 *              bit 2    the offsets are brought into order, so that rows are read at all
 *              bits 3 to 5    the bit of row 0 in the bitmap
 */
#include "mercury.h"
#include "require.h"

#include <stdbool.h>

enum { DIALECTS = 6, HEADER_BYTES = 3, MAX_ROWS = 24, WIDE = 1, HAS_NULLS = 2, IN_ORDER = 4, START_SHIFT = 3 };

typedef struct batch {
    mercury_rows rows;
    int64_t dialect;
    int64_t bounds[MAX_ROWS + 1]; /* the offsets again, wide */
    void *offsets;
    char *data;
    uint8_t *validity;
} batch;

static int compare_bounds(const void *one, const void *other) {
    int64_t first = *(const int64_t *)one;
    int64_t second = *(const int64_t *)other;
    return (first > second) - (first < second);
}

static void put_in_order(batch *self, size_t data_length) {
    for (size_t index = 0; index <= self->rows.count; index++) {
        self->bounds[index] = (int64_t)((uint64_t)self->bounds[index] % (data_length + 1));
    }
    qsort(self->bounds, self->rows.count + 1, sizeof self->bounds[0], compare_bounds);
}

static void read_bounds(batch *self, const uint8_t *bytes, size_t width) {
    for (size_t index = 0; index <= self->rows.count; index++) {
        int32_t narrow = 0;
        if (width == sizeof narrow) {
            memcpy(&narrow, bytes + index * width, width);
            self->bounds[index] = narrow;
        } else {
            memcpy(&self->bounds[index], bytes + index * width, width);
        }
    }
}

/* The offsets in memory of their own, as wide as the shape wants them. */
static void *offsets_of(const batch *self, size_t width) {
    char *offsets = exactly((self->rows.count + 1) * width);
    for (size_t index = 0; index <= self->rows.count; index++) {
        int32_t narrow = (int32_t)self->bounds[index];
        memcpy(offsets + index * width, width == sizeof narrow ? (const void *)&narrow : &self->bounds[index], width);
    }
    return offsets;
}

/* False if the input is too short for what it announces. */
static bool read_batch(batch *self, const uint8_t *input, size_t size) {
    memset(self, 0, sizeof *self);
    if (size < HEADER_BYTES) {
        return false;
    }
    size_t shape = input[1];
    size_t width = (shape & WIDE) != 0 ? sizeof(int64_t) : sizeof(int32_t);
    size_t start = shape >> START_SHIFT & 7;
    self->dialect = input[0] % DIALECTS;
    self->rows.count = input[2] % (MAX_ROWS + 1);
    size_t used = HEADER_BYTES + (self->rows.count + 1) * width;
    size_t bitmap_bytes = (shape & HAS_NULLS) != 0 ? (start + self->rows.count + 7) / 8 : 0;
    if (size < used + bitmap_bytes) {
        return false;
    }
    self->rows.data_length = size - used - bitmap_bytes;
    read_bounds(self, input + HEADER_BYTES, width);
    if ((shape & IN_ORDER) != 0) {
        put_in_order(self, self->rows.data_length);
    }
    self->offsets = offsets_of(self, width);
    self->validity = exact_copy(input + used, bitmap_bytes);
    self->data = exact_copy(input + used + bitmap_bytes, self->rows.data_length);
    self->rows.data = self->data;
    self->rows.offsets = self->offsets;
    self->rows.offset_bytes = width;
    self->rows.validity = self->validity;
    self->rows.validity_start = start;
    return true;
}

static void free_batch(batch *self) {
    free(self->offsets);
    free(self->validity);
    free(self->data);
}

/* The first row that does not lie within the data, or -1. */
static int64_t wrong_row(const batch *self) {
    for (size_t row = 0; row < self->rows.count; row++) {
        int64_t start = self->bounds[row];
        int64_t end = self->bounds[row + 1];
        if (start < 0 || end < start || end > (int64_t)self->rows.data_length) {
            return (int64_t)row;
        }
    }
    return -1;
}

static bool is_null(const batch *self, size_t row) {
    size_t bit = self->rows.validity_start + row;
    return self->validity != NULL && (self->validity[bit / 8] >> bit % 8 & 1) == 0;
}

static void try_wrong_rows(const batch *self, int64_t wrong) {
    uint64_t fingerprints[MAX_ROWS];
    int64_t canonical_offsets[MAX_ROWS + 1];
    char memory[16];
    size_t done = 0;
    mercury_error error;
    int64_t code =
        mercury_sql_normalize_fingerprints(&self->rows, self->dialect, memory, sizeof memory, fingerprints, &error);
    REQUIRE(code == MERCURY_ERROR_INVALID_ARGUMENT && error.position == wrong);
    code = mercury_sql_normalize_texts(&self->rows, self->dialect, memory, sizeof memory, canonical_offsets, &done,
                                       &error);
    REQUIRE(code == MERCURY_ERROR_INVALID_ARGUMENT && error.position == wrong && done == 0);
}

/* One row of both results must be what the row's statement alone gives. */
static void require_row(const batch *self, size_t row, uint64_t fingerprint, const char *canonical, size_t length) {
    size_t source = (size_t)(self->bounds[row + 1] - self->bounds[row]);
    size_t bound = mercury_sql_normalize_bound(source);
    char *expected = exactly(bound);
    mercury_normalized normalized = {0, 0, 0, 0};
    if (!is_null(self, row)) {
        const char *text = self->data != NULL ? self->data + self->bounds[row] : NULL;
        REQUIRE(mercury_sql_normalize_text(text, source, self->dialect, expected, bound, &normalized, NULL) == 0);
    }
    REQUIRE(fingerprint == normalized.fingerprint);
    REQUIRE(length == (size_t)normalized.length && memcmp(canonical, expected, length) == 0);
    free(expected);
}

/* The fingerprints, with scratch memory of exactly the size that the library asks for. */
static void read_fingerprints(const batch *self, uint64_t *fingerprints) {
    mercury_error error;
    int64_t code = mercury_sql_normalize_fingerprints(&self->rows, self->dialect, NULL, 0, fingerprints, &error);
    if (code != MERCURY_OK) {
        REQUIRE(code == MERCURY_ERROR_BUFFER_TOO_SMALL && error.position > 0);
        char *scratch = exactly((size_t)error.position);
        REQUIRE(mercury_sql_normalize_fingerprints(&self->rows, self->dialect, scratch, (size_t)error.position,
                                                   fingerprints, NULL) == MERCURY_OK);
        free(scratch);
    }
}

/* The canonical texts, in memory that grows by what the library asks for; the caller frees it. */
static char *read_texts(const batch *self, int64_t *canonical_offsets) {
    mercury_error error;
    char *canonical = NULL;
    size_t capacity = 0;
    size_t done = 0;
    while (mercury_sql_normalize_texts(&self->rows, self->dialect, canonical, capacity, canonical_offsets, &done,
                                       &error) != MERCURY_OK) {
        REQUIRE(error.code == MERCURY_ERROR_BUFFER_TOO_SMALL && error.position > (int64_t)capacity);
        REQUIRE(done < self->rows.count);
        capacity = (size_t)error.position;
        canonical = realloc(canonical, capacity);
        REQUIRE(canonical != NULL);
    }
    REQUIRE(done == self->rows.count && canonical_offsets[0] == 0);
    return canonical;
}

static void try_rows(const batch *self) {
    uint64_t fingerprints[MAX_ROWS];
    int64_t ends[MAX_ROWS + 1];
    read_fingerprints(self, fingerprints);
    char *canonical = read_texts(self, ends);
    for (size_t row = 0; row < self->rows.count; row++) {
        REQUIRE(ends[row + 1] >= ends[row]);
        const char *text = canonical != NULL ? canonical + ends[row] : "";
        require_row(self, row, fingerprints[row], text, (size_t)(ends[row + 1] - ends[row]));
    }
    free(canonical);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    batch self;
    if (!read_batch(&self, data, size)) {
        return 0;
    }
    int64_t wrong = wrong_row(&self);
    if (wrong >= 0) {
        try_wrong_rows(&self, wrong);
    } else {
        try_rows(&self);
    }
    free_batch(&self);
    return 0;
}
