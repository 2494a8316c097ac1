/*
 * segment.c - counters and histograms in shared memory; docs/segment-format.md is the layout.
 *
 *     header   | words that never change, their check sum | generation |
 *     slot     | head: 8 words | series | series | ... | zeros
 *     series   | state shape check | sequence count sum ~sum extremes | key | buckets |
 *               '-- never change --'                                   '--'
 *
 * To record a value: sequence odd; bucket, sum, complement, extremes, count; sequence even.
 * Whatever store a kill falls behind, the words say how far it came.
 */
#include "exponential_buckets.h"
#include "shared_words.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define MAGIC           UINT64_C(0x0A1A474553524D89) /* 89 "MRSEG" 1A 0A */
#define BYTE_ORDER_MARK UINT64_C(0x0102030405060708)
#define SLOT_STATE      UINT64_C(0x544F4C5300000000) /* "SLOT" above the use */
#define SERIES_STATE    UINT64_C(0x4952455300000000) /* "SERI" above the kind */
#define LOW_HALF        UINT64_C(0xFFFFFFFF)

enum {
    WORD_BYTES = 8,
    ALIGNMENT = MERCURY_SEGMENT_ALIGNMENT_BYTES / WORD_BYTES,
    HEADER_WORDS = MERCURY_SEGMENT_HEADER_BYTES / WORD_BYTES
};

/* Words of the header. */
enum {
    FILE_MAGIC = 0,
    FILE_VERSION,
    FILE_BYTE_ORDER,
    FILE_BYTES,
    FILE_HEADER_BYTES,
    FILE_SLOT_BYTES,
    FILE_SLOT_COUNT,
    FILE_SCALE,
    FILE_FIRST_INDEX,
    FILE_BUCKETS,
    FILE_CREATION_LOW,
    FILE_CREATION_HIGH,
    FILE_CREATED_NS,
    FILE_CHECK,
    FILE_GENERATION,
    FILE_WORDS
};

/* Words of a slot's head. */
enum {
    SLOT_USE = 0,
    SLOT_OWNER_LOW,
    SLOT_OWNER_HIGH,
    SLOT_PID,
    SLOT_CLAIMED_NS,
    SLOT_GENERATION,
    SLOT_CHECK,
    SLOT_FOLDED,
    SLOT_WORDS
};

/* Words of a series. */
enum {
    SERIES_KIND = 0,
    SERIES_SHAPE, /* words of the series, above them bytes of the key */
    SERIES_CHECK,
    SERIES_SEQUENCE,
    SERIES_COUNT,
    SERIES_SUM_LOW,
    SERIES_SUM_HIGH,
    SERIES_COMPLEMENT_LOW,
    SERIES_COMPLEMENT_HIGH,
    SERIES_SMALLEST,
    SERIES_LARGEST,
    SERIES_EXTREMES,
    SERIES_KEY
};

/* check sums */

/* CRC-32 as zlib has it, the halves of a byte looked up apart: two small tables, and no step waits for the other. */
static uint32_t crc_bytes(uint32_t crc, const uint8_t *bytes, size_t length) {
    static const uint32_t low_half[16] = {
        0x00000000U, 0x77073096U, 0xEE0E612CU, 0x990951BAU, 0x076DC419U, 0x706AF48FU, 0xE963A535U, 0x9E6495A3U,
        0x0EDB8832U, 0x79DCB8A4U, 0xE0D5E91EU, 0x97D2D988U, 0x09B64C2BU, 0x7EB17CBDU, 0xE7B82D07U, 0x90BF1D91U,
    };
    static const uint32_t high_half[16] = {
        0x00000000U, 0x1DB71064U, 0x3B6E20C8U, 0x26D930ACU, 0x76DC4190U, 0x6B6B51F4U, 0x4DB26158U, 0x5005713CU,
        0xEDB88320U, 0xF00F9344U, 0xD6D6A3E8U, 0xCB61B38CU, 0x9B64C2B0U, 0x86D3D2D4U, 0xA00AE278U, 0xBDBDF21CU,
    };
    crc = ~crc;
    for (size_t index = 0; index < length; index++) {
        uint32_t byte = (crc ^ bytes[index]) & 0xFF;
        crc = (crc >> 8) ^ low_half[byte & 15] ^ high_half[byte >> 4];
    }
    return ~crc;
}

static uint32_t crc_word(uint32_t crc, uint64_t word) {
    uint64_t bytes = little_endian(word);
    return crc_bytes(crc, (const uint8_t *)&bytes, sizeof bytes);
}

/* A number of 32 bits and its complement: one store commits it, and any flip shows. */
static uint64_t self_checked(uint64_t number) {
    return number | ~number << 32;
}

/* The number, or -1. */
static int64_t checked_number(uint64_t word) {
    uint64_t number = word & LOW_HALF;
    return self_checked(number) == word ? (int64_t)number : -1;
}

/* the file's header */

static uint32_t header_check(const uint8_t *header) {
    return crc_bytes(0, header, (size_t)FILE_CHECK * WORD_BYTES);
}

static uint64_t header_word(const void *header, size_t word) {
    return word_at((const uint8_t *)header + word * WORD_BYTES);
}

static size_t slots_within(size_t bytes, size_t slot_bytes) {
    return (bytes - MERCURY_SEGMENT_HEADER_BYTES) / slot_bytes;
}

static int is_slot_size(uint64_t slot_bytes) {
    return slot_bytes >= MERCURY_SEGMENT_MIN_SLOT_BYTES && slot_bytes <= LOW_HALF &&
           slot_bytes % MERCURY_SEGMENT_ALIGNMENT_BYTES == 0;
}

static int is_aligned(const void *memory) {
    return memory != NULL && (uintptr_t)memory % WORD_BYTES == 0;
}

int64_t mercury_segment_format(void *memory, size_t bytes, size_t slot_bytes, uint64_t creation_low,
                               uint64_t creation_high, int64_t created_ns, mercury_error *error) {
    uint64_t *header = memory;
    if (!is_aligned(memory) || !is_slot_size(slot_bytes) || bytes < MERCURY_SEGMENT_HEADER_BYTES ||
        slots_within(bytes, slot_bytes) == 0) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    word_store(header + FILE_VERSION, MERCURY_SEGMENT_VERSION);
    word_store(header + FILE_BYTE_ORDER, BYTE_ORDER_MARK);
    word_store(header + FILE_BYTES, bytes);
    word_store(header + FILE_HEADER_BYTES, MERCURY_SEGMENT_HEADER_BYTES);
    word_store(header + FILE_SLOT_BYTES, slot_bytes);
    word_store(header + FILE_SLOT_COUNT, slots_within(bytes, slot_bytes));
    word_store(header + FILE_SCALE, MERCURY_SEGMENT_SCALE);
    word_store(header + FILE_FIRST_INDEX, MERCURY_SEGMENT_FIRST_INDEX);
    word_store(header + FILE_BUCKETS, MERCURY_SEGMENT_BUCKETS);
    word_store(header + FILE_CREATION_LOW, creation_low);
    word_store(header + FILE_CREATION_HIGH, creation_high);
    word_store(header + FILE_CREATED_NS, (uint64_t)created_ns);
    word_store(header + FILE_GENERATION, self_checked(0));
    word_store(header + FILE_MAGIC, MAGIC);
    word_publish(header + FILE_CHECK, header_check((const uint8_t *)memory));
    return MERCURY_OK;
}

/* Of a header whose check sum is right: does it say what this version writes into a file of this size? */
static int64_t state_of_contents(const void *header, size_t file_bytes) {
    uint64_t slot_bytes = header_word(header, FILE_SLOT_BYTES);
    if (header_word(header, FILE_BYTE_ORDER) != BYTE_ORDER_MARK ||
        header_word(header, FILE_HEADER_BYTES) != MERCURY_SEGMENT_HEADER_BYTES ||
        header_word(header, FILE_SCALE) != MERCURY_SEGMENT_SCALE ||
        header_word(header, FILE_FIRST_INDEX) != MERCURY_SEGMENT_FIRST_INDEX ||
        header_word(header, FILE_BUCKETS) != MERCURY_SEGMENT_BUCKETS || !is_slot_size(slot_bytes)) {
        return MERCURY_SEGMENT_BROKEN;
    }
    if (header_word(header, FILE_BYTES) != file_bytes || file_bytes < MERCURY_SEGMENT_HEADER_BYTES) {
        return MERCURY_SEGMENT_OTHER_SIZE;
    }
    uint64_t slot_count = slots_within(file_bytes, (size_t)slot_bytes);
    int is_right = slot_count > 0 && header_word(header, FILE_SLOT_COUNT) == slot_count;
    return is_right ? MERCURY_SEGMENT_WHOLE : MERCURY_SEGMENT_BROKEN;
}

static int64_t state_of_header(const void *header, size_t bytes, size_t file_bytes) {
    if (bytes < WORD_BYTES || header_word(header, FILE_MAGIC) != MAGIC) {
        return MERCURY_SEGMENT_FOREIGN;
    }
    if (bytes < (size_t)FILE_WORDS * WORD_BYTES) {
        return MERCURY_SEGMENT_OTHER_SIZE;
    }
    if (header_word(header, FILE_VERSION) != MERCURY_SEGMENT_VERSION) {
        return MERCURY_SEGMENT_OTHER_VERSION;
    }
    if (header_word(header, FILE_CHECK) != header_check(header)) {
        return MERCURY_SEGMENT_BROKEN;
    }
    return state_of_contents(header, file_bytes);
}

static void read_layout(const void *header, mercury_segment_layout *layout) {
    layout->file_bytes = (int64_t)header_word(header, FILE_BYTES);
    layout->slot_bytes = (int64_t)header_word(header, FILE_SLOT_BYTES);
    layout->slot_count = (int64_t)header_word(header, FILE_SLOT_COUNT);
    layout->creation_low = (int64_t)header_word(header, FILE_CREATION_LOW);
    layout->creation_high = (int64_t)header_word(header, FILE_CREATION_HIGH);
    layout->created_ns = (int64_t)header_word(header, FILE_CREATED_NS);
    layout->generation = checked_number(header_word(header, FILE_GENERATION));
}

int64_t mercury_segment_inspect(const void *memory, size_t bytes, size_t file_bytes, mercury_segment_layout *layout,
                                mercury_error *error) {
    if ((memory == NULL && bytes > 0) || bytes > file_bytes || layout == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    memset(layout, 0, sizeof *layout);
    layout->state = state_of_header(memory, bytes, file_bytes);
    if (layout->state != MERCURY_SEGMENT_FOREIGN && bytes >= (size_t)FILE_WORDS * WORD_BYTES) {
        layout->version = (int64_t)header_word(memory, FILE_VERSION);
    }
    if (layout->state == MERCURY_SEGMENT_WHOLE) {
        read_layout(memory, layout);
    }
    return MERCURY_OK;
}

/* slots */

/* Whole memory with a header that is right, and one of its slots. */
typedef struct room {
    uint64_t *words;
    size_t word_count;
    size_t start; /* of the slot, in words */
    size_t end;
    uint64_t creation_low;
    uint64_t creation_high;
} room;

/* False unless the memory has such a slot. */
static int enter(room *self, const void *memory, size_t bytes, size_t slot) {
    if (!is_aligned(memory) || state_of_header(memory, bytes, bytes) != MERCURY_SEGMENT_WHOLE ||
        slot >= header_word(memory, FILE_SLOT_COUNT)) {
        return 0;
    }
    size_t slot_words = (size_t)header_word(memory, FILE_SLOT_BYTES) / WORD_BYTES;
    self->words = (uint64_t *)memory;
    self->word_count = bytes / WORD_BYTES;
    self->start = HEADER_WORDS + slot * slot_words;
    self->end = self->start + slot_words;
    self->creation_low = header_word(memory, FILE_CREATION_LOW);
    self->creation_high = header_word(memory, FILE_CREATION_HIGH);
    return 1;
}

/* Its place is part of it, so that a head which was copied elsewhere is none. */
static uint32_t slot_check(const room *self, const uint64_t head[SLOT_CHECK]) {
    uint32_t crc = crc_word(crc_word(crc_word(0, self->creation_low), self->creation_high), self->start);
    for (size_t word = 0; word < SLOT_CHECK; word++) {
        crc = crc_word(crc, head[word]);
    }
    return crc;
}

static void read_slot(const room *self, mercury_segment_slot *slot) {
    uint64_t head[SLOT_WORDS];
    memset(slot, 0, sizeof *slot);
    for (size_t word = 0; word < SLOT_WORDS; word++) {
        head[word] = word_load(self->words + self->start + word);
    }
    if (head[SLOT_USE] == 0) {
        return;
    }
    uint64_t use = head[SLOT_USE] - SLOT_STATE;
    int is_use = use == MERCURY_SEGMENT_WRITER || use == MERCURY_SEGMENT_RETIRED;
    slot->use = is_use && head[SLOT_CHECK] == slot_check(self, head) ? (int64_t)use : MERCURY_SEGMENT_UNKNOWN;
    slot->owner_low = (int64_t)head[SLOT_OWNER_LOW];
    slot->owner_high = (int64_t)head[SLOT_OWNER_HIGH];
    slot->pid = (int64_t)head[SLOT_PID];
    slot->claimed_ns = (int64_t)head[SLOT_CLAIMED_NS];
    slot->generation = (int64_t)head[SLOT_GENERATION];
    slot->folded_into = checked_number(head[SLOT_FOLDED]);
}

int64_t mercury_segment_slots(const void *memory, size_t bytes, mercury_segment_slot *slots, size_t capacity,
                              size_t *count, mercury_error *error) {
    room slot;
    if (count == NULL || (slots == NULL && capacity > 0) || !enter(&slot, memory, bytes, 0)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    const size_t slot_words = slot.end - slot.start;
    const size_t slot_count = slots_within(bytes, slot_words * WORD_BYTES);
    if (capacity < slot_count) {
        return mercury_error_fill(error, MERCURY_ERROR_BUFFER_TOO_SMALL, (int64_t)slot_count);
    }
    for (size_t index = 0; index < slot_count; index++) {
        read_slot(&slot, &slots[index]);
        slot.start += slot_words;
    }
    *count = slot_count;
    return MERCURY_OK;
}

int64_t mercury_segment_claim(void *memory, size_t bytes, size_t slot, const mercury_segment_slot *head,
                              mercury_error *error) {
    room self;
    if (head == NULL || (head->use != MERCURY_SEGMENT_WRITER && head->use != MERCURY_SEGMENT_RETIRED) ||
        !enter(&self, memory, bytes, slot) || word_load(self.words + self.start) != 0) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    const uint64_t words[SLOT_CHECK] = {
        SLOT_STATE | (uint64_t)head->use, (uint64_t)head->owner_low,  (uint64_t)head->owner_high, (uint64_t)head->pid,
        (uint64_t)head->claimed_ns,       (uint64_t)head->generation,
    };
    uint64_t *start = self.words + self.start;
    for (size_t word = SLOT_USE + 1; word < SLOT_CHECK; word++) {
        word_store(start + word, words[word]);
    }
    word_store(start + SLOT_CHECK, slot_check(&self, words));
    word_store(start + SLOT_FOLDED, self_checked(0));
    word_publish(start + SLOT_USE, words[SLOT_USE]);
    return MERCURY_OK;
}

int64_t mercury_segment_fold(void *memory, size_t bytes, size_t slot, int64_t generation, mercury_error *error) {
    room self;
    if (generation < 0 || generation > (int64_t)LOW_HALF || !enter(&self, memory, bytes, slot)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    word_publish(self.words + self.start + SLOT_FOLDED, self_checked((uint64_t)generation));
    return MERCURY_OK;
}

int64_t mercury_segment_commit(void *memory, size_t bytes, int64_t generation, mercury_error *error) {
    room self;
    if (generation < 1 || generation > (int64_t)LOW_HALF || !enter(&self, memory, bytes, 0)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    word_publish(self.words + FILE_GENERATION, self_checked((uint64_t)generation));
    return MERCURY_OK;
}

int64_t mercury_segment_clear(void *memory, size_t bytes, size_t slot, mercury_error *error) {
    room self;
    if (!enter(&self, memory, bytes, slot)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    word_fence(); /* whoever misses these values has to see the generation whose slots have them */
    memset(self.words + self.start + SLOT_WORDS, 0, (self.end - self.start - SLOT_WORDS) * WORD_BYTES);
    /* A slot whose use is 0 is free, whatever else its head says: claiming writes all of it. */
    for (size_t word = SLOT_USE; word < SLOT_WORDS; word++) {
        word_publish(self.words + self.start + word, 0);
    }
    return MERCURY_OK;
}

/* series: their form */

static size_t key_words(size_t key_bytes) {
    return (key_bytes + WORD_BYTES - 1) / WORD_BYTES;
}

/* Words up to the buckets. */
static size_t head_words(size_t key_bytes) {
    return SERIES_KEY + key_words(key_bytes);
}

static size_t series_words(uint64_t kind, size_t key_bytes) {
    size_t words = head_words(key_bytes) + (kind == MERCURY_SEGMENT_HISTOGRAM ? MERCURY_SEGMENT_BUCKETS : 0);
    return (words + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* A run of words that begins at `place` of a segment: of the segment itself, or of a copy at any address. */
typedef struct span {
    const uint8_t *bytes;
    size_t word_count;
    size_t place;
    uint64_t creation_low;
    uint64_t creation_high;
} span;

/* A series whose check sum is right, in a span. */
typedef struct found_series {
    const uint8_t *words;
    size_t word_count;
    uint64_t kind;
    size_t key_bytes;
} found_series;

static uint64_t series_word(const found_series *self, size_t word) {
    return word_at(self->words + word * WORD_BYTES);
}

static const uint8_t *series_key(const found_series *self) {
    return self->words + (size_t)SERIES_KEY * WORD_BYTES;
}

static uint64_t series_bucket(const found_series *self, size_t bucket) {
    return series_word(self, head_words(self->key_bytes) + bucket);
}

static uint32_t series_check(const span *within, size_t place, uint64_t state, uint64_t shape, const uint8_t *key,
                             size_t key_bytes) {
    static const uint8_t zeros[WORD_BYTES] = {0};
    uint32_t crc = crc_word(crc_word(crc_word(0, within->creation_low), within->creation_high), place);
    crc = crc_bytes(crc_word(crc_word(crc, state), shape), key, key_bytes);
    return crc_bytes(crc, zeros, key_words(key_bytes) * WORD_BYTES - key_bytes);
}

static int has_zero_padding(const found_series *self) {
    const uint8_t *key = series_key(self);
    for (size_t at = self->key_bytes; at < key_words(self->key_bytes) * WORD_BYTES; at++) {
        if (key[at] != 0) {
            return 0;
        }
    }
    return 1;
}

/* True if a series begins at this word of the span, with all that never changes in it. */
static int find_series(const span *within, size_t at, found_series *found) {
    const size_t left = within->word_count - at;
    if (left < (size_t)ALIGNMENT * 2) {
        return 0; /* not even a counter fits */
    }
    found->words = within->bytes + at * WORD_BYTES;
    uint64_t state = series_word(found, SERIES_KIND);
    uint64_t shape = series_word(found, SERIES_SHAPE);
    found->kind = state - SERIES_STATE;
    found->word_count = (size_t)(shape & LOW_HALF);
    found->key_bytes = (size_t)(shape >> 32);
    if ((found->kind != MERCURY_SEGMENT_COUNTER && found->kind != MERCURY_SEGMENT_HISTOGRAM) || found->key_bytes == 0 ||
        found->key_bytes > MERCURY_SEGMENT_MAX_KEY_BYTES ||
        found->word_count != series_words(found->kind, found->key_bytes) || found->word_count > left) {
        return 0;
    }
    uint32_t check = series_check(within, within->place + at, state, shape, series_key(found), found->key_bytes);
    return series_word(found, SERIES_CHECK) == check && has_zero_padding(found);
}

/* What stands at a word of a span. */
typedef enum sight { NOTHING_MORE, SERIES, RUBBISH } sight;

/*
 * Looks at word *at. For rubbish *at moves on to the next series, or to the end: what is
 * behind a damaged series is not lost with it.
 */
static sight look(const span *within, size_t *at, found_series *found) {
    if (within->word_count - *at < ALIGNMENT || word_at(within->bytes + *at * WORD_BYTES) == 0) {
        return NOTHING_MORE;
    }
    if (find_series(within, *at, found)) {
        return SERIES;
    }
    do {
        *at += ALIGNMENT;
    } while (within->word_count - *at >= ALIGNMENT && !find_series(within, *at, found));
    return RUBBISH;
}

static span span_of_slot(const room *slot) {
    const size_t place = slot->start + SLOT_WORDS;
    const span all = {(const uint8_t *)(slot->words + place), slot->end - place, place, slot->creation_low,
                      slot->creation_high};
    return all;
}

/* The place behind the slot's last series; 0: there is rubbish in the slot. */
static size_t end_of_series(const room *slot) {
    const span all = span_of_slot(slot);
    size_t at = 0;
    found_series found;
    sight seen;
    while ((seen = look(&all, &at, &found)) == SERIES) {
        at += found.word_count;
    }
    return seen == NOTHING_MORE ? all.place + at : 0;
}

static void publish_series(const room *slot, size_t place, uint64_t kind, const uint8_t *key, size_t key_bytes) {
    const span all = span_of_slot(slot);
    const size_t word_count = series_words(kind, key_bytes);
    const uint64_t shape = word_count | (uint64_t)key_bytes << 32;
    uint64_t *series = slot->words + place;
    memset(series, 0, word_count * WORD_BYTES);
    for (size_t at = 0; at < key_bytes; at += WORD_BYTES) {
        uint64_t word = 0;
        memcpy(&word, key + at, key_bytes - at < WORD_BYTES ? key_bytes - at : WORD_BYTES);
        word_store(series + SERIES_KEY + at / WORD_BYTES, little_endian(word));
    }
    word_store(series + SERIES_SHAPE, shape);
    word_store(series + SERIES_CHECK, series_check(&all, place, SERIES_STATE | kind, shape, key, key_bytes));
    word_store(series + SERIES_COMPLEMENT_LOW, UINT64_MAX);
    word_store(series + SERIES_COMPLEMENT_HIGH, UINT64_MAX);
    word_store(series + SERIES_SMALLEST, UINT64_MAX);
    word_publish(series + SERIES_KIND, SERIES_STATE | kind);
}

/* True if the series was added; *end is 0 for "search". */
static int add_series(const room *slot, uint64_t kind, const uint8_t *key, size_t key_bytes, size_t *end,
                      size_t *place) {
    const size_t at = *end != 0 ? *end : end_of_series(slot);
    if (at == 0 || slot->end - at < series_words(kind, key_bytes)) {
        return 0;
    }
    publish_series(slot, at, kind, key, key_bytes);
    *place = at;
    *end = at + series_words(kind, key_bytes);
    return 1;
}

static int is_end(const room *slot, size_t end) {
    return end == 0 || (end >= slot->start + SLOT_WORDS && end <= slot->end && (end - slot->start) % ALIGNMENT == 0);
}

int64_t mercury_segment_add(void *memory, size_t bytes, size_t slot, int64_t kind, const char *key, size_t key_bytes,
                            size_t *end, size_t *place, mercury_error *error) {
    room self;
    if (key == NULL || key_bytes == 0 || key_bytes > MERCURY_SEGMENT_MAX_KEY_BYTES || end == NULL || place == NULL ||
        (kind != MERCURY_SEGMENT_COUNTER && kind != MERCURY_SEGMENT_HISTOGRAM) || !enter(&self, memory, bytes, slot) ||
        !is_end(&self, *end)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    if (!add_series(&self, (uint64_t)kind, (const uint8_t *)key, key_bytes, end, place)) {
        return mercury_error_fill(error, MERCURY_ERROR_LIMIT_EXCEEDED, (int64_t)slot);
    }
    return MERCURY_OK;
}

/* series: recording */

static size_t bucket_of(uint64_t value) {
    if (value == 0) {
        return 0;
    }
    int64_t bucket = bucket_index(bucket_exact_integer(value), MERCURY_SEGMENT_SCALE) - MERCURY_SEGMENT_FIRST_INDEX + 1;
    if (bucket < 0) {
        return 0;
    }
    return bucket < MERCURY_SEGMENT_BUCKETS ? (size_t)bucket : MERCURY_SEGMENT_BUCKETS - 1;
}

static inline void store_sum(uint64_t *series, uint64_t low, uint64_t high) {
    word_store(series + SERIES_SUM_LOW, low);
    word_store(series + SERIES_SUM_HIGH, high);
    word_store(series + SERIES_COMPLEMENT_LOW, ~low);
    word_store(series + SERIES_COMPLEMENT_HIGH, ~high);
}

static inline void widen(uint64_t *series, uint64_t smallest, uint64_t largest) {
    uint64_t least = word_load(series + SERIES_SMALLEST);
    uint64_t most = word_load(series + SERIES_LARGEST);
    if (smallest < least || largest > most) {
        least = smallest < least ? smallest : least;
        most = largest > most ? largest : most;
        word_store(series + SERIES_SMALLEST, least);
        word_store(series + SERIES_LARGEST, most);
        word_store(series + SERIES_EXTREMES, ~(least ^ most));
    }
}

static inline uint64_t begin_change(uint64_t *series) {
    uint64_t count = word_load(series + SERIES_COUNT);
    word_store(series + SERIES_SEQUENCE, 2 * count + 1);
    word_fence();
    return count;
}

static inline void end_change(uint64_t *series, uint64_t count) {
    word_store(series + SERIES_COUNT, count);
    word_publish(series + SERIES_SEQUENCE, 2 * count);
}

/* `bucket` is NULL for a counter. */
static inline void record_value(uint64_t *series, uint64_t *bucket, uint64_t value) {
    uint64_t count = begin_change(series);
    if (bucket != NULL) {
        word_store(bucket, word_load(bucket) + 1);
    }
    uint64_t low = word_load(series + SERIES_SUM_LOW) + value;
    store_sum(series, low, word_load(series + SERIES_SUM_HIGH) + (low < value));
    widen(series, value, value);
    end_change(series, count + 1);
}

/* The series at a place, whose words may say anything; false where it would not lie within the memory. */
static inline int record_at(uint64_t *words, size_t word_count, uint64_t place, int64_t value) {
    if (place == 0 || place >= word_count || word_count - place < SERIES_KEY) {
        return 0;
    }
    uint64_t *series = words + place;
    uint64_t number = value > 0 ? (uint64_t)value : 0;
    uint64_t state = word_load(series + SERIES_KIND);
    if (LIKELY(state == (SERIES_STATE | MERCURY_SEGMENT_HISTOGRAM))) {
        uint64_t first = head_words((size_t)(word_load(series + SERIES_SHAPE) >> 32));
        if (first + MERCURY_SEGMENT_BUCKETS > word_count - place) {
            return 0;
        }
        record_value(series, series + first + bucket_of(number), number);
        return 1;
    }
    if (state == (SERIES_STATE | MERCURY_SEGMENT_COUNTER)) {
        record_value(series, NULL, number);
        return 1;
    }
    return 0;
}

int64_t mercury_segment_record(void *memory, size_t bytes, const int64_t *places, size_t place_count,
                               const int64_t *updates, size_t update_count, mercury_error *error) {
    if (!is_aligned(memory) || (places == NULL && place_count > 0) || (updates == NULL && update_count > 0)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    for (size_t index = 0; index < update_count; index++) {
        uint64_t number = (uint64_t)updates[2 * index];
        if (number >= place_count ||
            !record_at(memory, bytes / WORD_BYTES, (uint64_t)places[number], updates[2 * index + 1])) {
            return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, (int64_t)index);
        }
    }
    return MERCURY_OK;
}

/* series: reading */

typedef struct figures {
    uint64_t count;
    uint64_t sum_low;
    uint64_t sum_high;
    uint64_t smallest;
    uint64_t largest;
} figures;

static uint64_t sum_of_buckets(const found_series *self) {
    uint64_t sum = 0;
    for (size_t bucket = 0; bucket < MERCURY_SEGMENT_BUCKETS; bucket++) {
        sum += series_bucket(self, bucket);
    }
    return sum;
}

/*
 * The sum where a kill may have fallen between its stores, which go low, high, ~low, ~high. If the
 * high halves agree, the complement is whole, be it old or new. If they differ, a carry
 * was on its way: the sum is whole, because the high half is its last store.
 */
static void settle_sum(const found_series *self, figures *is) {
    uint64_t high = ~series_word(self, SERIES_COMPLEMENT_HIGH);
    is->sum_low = series_word(self, SERIES_SUM_LOW);
    is->sum_high = series_word(self, SERIES_SUM_HIGH);
    if (is->sum_high == high) {
        is->sum_low = ~series_word(self, SERIES_COMPLEMENT_LOW);
    }
}

/* Every equation of a series that is at rest. */
static int is_whole(const found_series *self, const figures *is) {
    return series_word(self, SERIES_SEQUENCE) == 2 * is->count && is->sum_low == series_word(self, SERIES_SUM_LOW) &&
           is->sum_high == ~series_word(self, SERIES_COMPLEMENT_HIGH) &&
           series_word(self, SERIES_EXTREMES) == ~(is->smallest ^ is->largest) &&
           (self->kind == MERCURY_SEGMENT_COUNTER || sum_of_buckets(self) == is->count);
}

/* Of a series with an odd sequence: is it at most one value away from whole? */
static int is_torn(const found_series *self, figures *is) {
    const uint64_t before = series_word(self, SERIES_SEQUENCE) >> 1;
    const uint64_t counted = self->kind == MERCURY_SEGMENT_HISTOGRAM ? sum_of_buckets(self) : is->count;
    if (is->count - before > 1 || counted - before > 1) {
        return 0;
    }
    is->count = counted;
    return 1;
}

/* A mercury_segment_state, and the figures that it vouches for. */
static int64_t read_figures(const found_series *self, figures *is) {
    is->count = series_word(self, SERIES_COUNT);
    is->smallest = series_word(self, SERIES_SMALLEST);
    is->largest = series_word(self, SERIES_LARGEST);
    settle_sum(self, is);
    if (is_whole(self, is)) {
        return MERCURY_SEGMENT_WHOLE;
    }
    int is_odd = (series_word(self, SERIES_SEQUENCE) & 1) != 0;
    return is_odd && is_torn(self, is) ? MERCURY_SEGMENT_TORN : MERCURY_SEGMENT_BROKEN;
}

static void describe(const span *within, size_t at, const found_series *found, mercury_segment_series *series) {
    figures is;
    series->kind = (int64_t)found->kind;
    series->state = read_figures(found, &is);
    series->place = (int64_t)(within->place + at);
    series->key_start = (int64_t)((within->place + at + SERIES_KEY) * WORD_BYTES);
    series->key_bytes = (int64_t)found->key_bytes;
    series->count = (int64_t)is.count;
    series->sum_low = (int64_t)is.sum_low;
    series->sum_high = (int64_t)is.sum_high;
    series->smallest = (int64_t)is.smallest;
    series->largest = (int64_t)is.largest;
    if (found->kind == MERCURY_SEGMENT_HISTOGRAM) {
        series->buckets = (int64_t)(within->place + at + head_words(found->key_bytes));
    }
}

int64_t mercury_segment_list(const void *memory, size_t bytes, size_t slot, mercury_segment_series *series,
                             size_t capacity, size_t *count, mercury_error *error) {
    room self;
    if (count == NULL || (series == NULL && capacity > 0) || !enter(&self, memory, bytes, slot)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    const span all = span_of_slot(&self);
    size_t written = 0;
    size_t at = 0;
    sight seen;
    found_series found;
    while ((seen = look(&all, &at, &found)) != NOTHING_MORE) {
        if (written < capacity) {
            memset(&series[written], 0, sizeof *series);
            series[written].state = MERCURY_SEGMENT_BROKEN;
            if (seen == SERIES) {
                describe(&all, at, &found, &series[written]);
            }
        }
        written++;
        at += seen == SERIES ? found.word_count : 0;
    }
    if (written > capacity) {
        return mercury_error_fill(error, MERCURY_ERROR_BUFFER_TOO_SMALL, (int64_t)written);
    }
    *count = written;
    return MERCURY_OK;
}

/* series: merging */

/* A slot of the target, and where series are found by their keys. */
typedef struct target {
    room slot;
    uint64_t *index;
    size_t index_count;
    uint64_t seed;
    mercury_segment_cursor *cursor;
} target;

static int is_same_series(const target *self, uint64_t place, const found_series *found) {
    const uint64_t *series = self->slot.words + place;
    const uint64_t shape = found->word_count | (uint64_t)found->key_bytes << 32;
    return word_load(series + SERIES_KIND) == (SERIES_STATE | found->kind) &&
           word_load(series + SERIES_SHAPE) == shape &&
           memcmp(series + SERIES_KEY, series_key(found), found->key_bytes) == 0;
}

/* The word of the index that holds the series' place, or 0 where it belongs; NULL: the index is full or lies. */
static uint64_t *index_entry(const target *self, const found_series *found) {
    const size_t mask = self->index_count - 1;
    size_t at = (size_t)XXH3_64bits_withSeed(series_key(found), found->key_bytes, self->seed + found->kind) & mask;
    for (size_t tries = 0; tries <= mask; tries++, at = (at + 1) & mask) {
        const uint64_t place = self->index[at];
        if (place == 0) {
            return &self->index[at];
        }
        if (place > self->slot.word_count || self->slot.word_count - place < found->word_count) {
            return NULL;
        }
        if (is_same_series(self, place, found)) {
            return &self->index[at];
        }
    }
    return NULL;
}

static void add_figures(uint64_t *into, const found_series *found, const figures *is) {
    uint64_t count = begin_change(into);
    if (found->kind == MERCURY_SEGMENT_HISTOGRAM) {
        uint64_t *buckets = into + head_words(found->key_bytes);
        for (size_t bucket = 0; bucket < MERCURY_SEGMENT_BUCKETS; bucket++) {
            word_store(buckets + bucket, word_load(buckets + bucket) + series_bucket(found, bucket));
        }
    }
    uint64_t low = word_load(into + SERIES_SUM_LOW) + is->sum_low;
    store_sum(into, low, word_load(into + SERIES_SUM_HIGH) + is->sum_high + (low < is->sum_low));
    if (is->count > 0) {
        widen(into, is->smallest, is->largest);
    }
    end_change(into, count + is->count);
}

/* A mercury_segment_status, or a negative code. */
static int64_t merge_series(const target *self, const found_series *found, const figures *is) {
    uint64_t *entry = index_entry(self, found);
    if (entry == NULL) {
        return MERCURY_ERROR_INVALID_ARGUMENT;
    }
    if (*entry == 0) {
        size_t end = (size_t)self->cursor->end;
        size_t place = 0;
        if (!add_series(&self->slot, found->kind, series_key(found), found->key_bytes, &end, &place)) {
            return MERCURY_SEGMENT_FULL;
        }
        *entry = place;
        self->cursor->end = (int64_t)end;
    }
    add_figures(self->slot.words + *entry, found, is);
    return MERCURY_SEGMENT_MERGED;
}

/* The same for a series in whatever state it is. */
static int64_t merge_if_settled(const target *self, const found_series *found, size_t place) {
    mercury_segment_cursor *cursor = self->cursor;
    figures is;
    const int64_t state = read_figures(found, &is);
    const int is_told_to_skip = (size_t)cursor->skip == place;
    if (state != MERCURY_SEGMENT_WHOLE && cursor->owner_gone == 0 && !is_told_to_skip) {
        return MERCURY_SEGMENT_UNSETTLED;
    }
    if (state == MERCURY_SEGMENT_BROKEN || (state == MERCURY_SEGMENT_TORN && cursor->owner_gone == 0)) {
        cursor->broken_count++;
        return MERCURY_SEGMENT_MERGED;
    }
    const int64_t status = merge_series(self, found, &is);
    if (status == MERCURY_SEGMENT_MERGED) {
        cursor->torn_count += state == MERCURY_SEGMENT_TORN;
        cursor->whole_count += state == MERCURY_SEGMENT_WHOLE;
    }
    return status;
}

static int64_t merge_span(const target *self, const span *source) {
    mercury_segment_cursor *cursor = self->cursor;
    int64_t status = MERCURY_SEGMENT_MERGED;
    size_t at = 0;
    sight seen;
    found_series found;
    while (status == MERCURY_SEGMENT_MERGED && (seen = look(source, &at, &found)) != NOTHING_MORE) {
        if (seen == RUBBISH) {
            cursor->broken_count++;
        } else {
            status = merge_if_settled(self, &found, source->place + at);
            at += status == MERCURY_SEGMENT_MERGED ? found.word_count : 0;
        }
    }
    cursor->place = (int64_t)(source->place + at);
    return status;
}

int64_t mercury_segment_merge(void *memory, size_t bytes, size_t slot, uint64_t *index, size_t index_count,
                              uint64_t seed, const void *copy, size_t copy_bytes, mercury_segment_cursor *cursor,
                              mercury_error *error) {
    target self;
    if (index == NULL || index_count == 0 || (index_count & (index_count - 1)) != 0 ||
        (copy == NULL && copy_bytes > 0) || cursor == NULL || cursor->place < 0 || cursor->end < 0 ||
        !enter(&self.slot, memory, bytes, slot) || !is_end(&self.slot, (size_t)cursor->end)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    self.index = index;
    self.index_count = index_count;
    self.seed = seed;
    self.cursor = cursor;
    const span source = {copy, copy_bytes / WORD_BYTES, (size_t)cursor->place, self.slot.creation_low,
                         self.slot.creation_high};
    const int64_t status = merge_span(&self, &source);
    if (status < 0) {
        return mercury_error_fill(error, status, -1);
    }
    cursor->status = status;
    return MERCURY_OK;
}
