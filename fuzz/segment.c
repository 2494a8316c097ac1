/*
 * segment.c - shared memory in which any word may have been overwritten.
 *
 *     input    cut (2 bytes) | patch | patch | ...      11 bytes each, at most 16
 *     patch    place (2 bytes) | how | word (8 bytes)
 *
 *     how      bit 0    the word is put there; else its bits are flipped
 *              bit 1    the check sum of the series there is made right again, so that what it says is read
 *
 * A segment with three series is written and patched, then read, recorded in and merged. Nothing beyond the
 * memory may be touched; what was merged must be whole; what the patches left alone must be there.
 */
#include "mercury.h"
#include "require.h"

enum {
    SLOT_BYTES = 4096,
    SLOTS = 2,
    BYTES = MERCURY_SEGMENT_HEADER_BYTES + SLOTS * SLOT_BYTES,
    WORDS = BYTES / 8,
    FIRST = (MERCURY_SEGMENT_HEADER_BYTES + MERCURY_SEGMENT_SLOT_HEAD_BYTES) / 8,
    COPY_BYTES = SLOT_BYTES - MERCURY_SEGMENT_SLOT_HEAD_BYTES,
    SERIES = 3,
    INDEX = 128,
    CUT_BYTES = 2,
    PATCH_BYTES = 11,
    MAX_PATCHES = 16,
    PUT = 1,
    REPAIR = 2,
    KEY = 12
};

static const mercury_segment_slot writer = {MERCURY_SEGMENT_WRITER, 1, 2, 3, 4, 0, 0};

static uint64_t *write_segment(int64_t *places) {
    uint64_t *words = exactly(BYTES);
    const int64_t updates[] = {0, 5, 1, 1000000, 2, 7, 1, 3};
    size_t end = 0;
    memset(words, 0, BYTES);
    REQUIRE(mercury_segment_format(words, BYTES, SLOT_BYTES, 1, 2, 3, NULL) == MERCURY_OK);
    REQUIRE(mercury_segment_claim(words, BYTES, 0, &writer, NULL) == MERCURY_OK);
    for (size_t number = 0; number < SERIES; number++) {
        size_t place = 0;
        int64_t kind = number == 1 ? MERCURY_SEGMENT_HISTOGRAM : MERCURY_SEGMENT_COUNTER;
        REQUIRE(mercury_segment_add(words, BYTES, 0, kind, &"a key of its own"[number], 9, &end, &place, NULL) ==
                MERCURY_OK);
        places[number] = (int64_t)place;
    }
    REQUIRE(mercury_segment_record(words, BYTES, places, SERIES, updates, 4, NULL) == MERCURY_OK);
    return words;
}

static uint32_t crc_of_word(uint32_t crc, uint64_t word) {
    crc = ~crc;
    for (int byte = 0; byte < 8; byte++) {
        crc ^= (uint32_t)(word >> 8 * byte & 0xFF);
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320U : 0);
        }
    }
    return ~crc;
}

static void repair(uint64_t *words, size_t place) {
    const uint64_t key_words = ((words[place + 1] >> 32) + 7) / 8;
    uint32_t crc = crc_of_word(crc_of_word(crc_of_word(0, 1), 2), place);
    crc = crc_of_word(crc_of_word(crc, words[place]), words[place + 1]);
    if (place + KEY + key_words <= WORDS) {
        for (size_t at = 0; at < key_words; at++) {
            crc = crc_of_word(crc, words[place + KEY + at]);
        }
        words[place + 2] = crc;
    }
}

static void patch(uint64_t *words, const uint8_t *bytes) {
    uint64_t word;
    const size_t place = (size_t)(bytes[0] | bytes[1] << 8) % WORDS;
    memcpy(&word, bytes + 3, sizeof word);
    words[place] = (bytes[2] & PUT) != 0 ? word : words[place] ^ word;
    if ((bytes[2] & REPAIR) != 0 && place >= FIRST) {
        size_t start = FIRST + (place - FIRST) / 8 * 8;
        repair(words, start + KEY < WORDS ? start : FIRST);
    }
}

static int is_answer(int64_t code) {
    return code == MERCURY_OK || code == MERCURY_ERROR_INVALID_ARGUMENT || code == MERCURY_ERROR_BUFFER_TOO_SMALL;
}

static void read_all(const uint64_t *words) {
    mercury_segment_slot slots[SLOTS];
    mercury_segment_series series[4];
    size_t count = 0;
    REQUIRE(is_answer(mercury_segment_slots(words, BYTES, slots, SLOTS, &count, NULL)));
    for (size_t slot = 0; slot < SLOTS; slot++) {
        REQUIRE(is_answer(mercury_segment_list(words, BYTES, slot, series, 4, &count, NULL)));
    }
}

/* Merges a copy of the first slot into a clean segment, in which everything must hold then. */
static void merge_all(const uint64_t *words, size_t copy_bytes, int64_t owner_gone) {
    int64_t places[SERIES];
    uint64_t index[INDEX] = {0};
    mercury_segment_series series[64];
    size_t count = 0;
    uint64_t *target = write_segment(places);
    uint8_t *copy = exact_copy(words + FIRST, copy_bytes);
    mercury_segment_cursor cursor = {FIRST, 0, owner_gone, 0, 0, 0, 0, 0};
    REQUIRE(mercury_segment_claim(target, BYTES, 1, &writer, NULL) == MERCURY_OK);
    REQUIRE(mercury_segment_merge(target, BYTES, 1, index, INDEX, 1, copy, copy_bytes, &cursor, NULL) == MERCURY_OK);
    REQUIRE(cursor.place >= FIRST && cursor.place <= (int64_t)(FIRST + copy_bytes / 8));
    REQUIRE(cursor.status != MERCURY_SEGMENT_UNSETTLED || owner_gone == 0);
    REQUIRE(mercury_segment_list(target, BYTES, 1, series, 64, &count, NULL) == MERCURY_OK);
    REQUIRE((int64_t)count <= cursor.whole_count + cursor.torn_count);
    for (size_t at = 0; at < count; at++) {
        REQUIRE(series[at].state == MERCURY_SEGMENT_WHOLE);
    }
    free(copy);
    free(target);
}

static void record_anywhere(uint64_t *words, const int64_t *places, const uint8_t *input, size_t size) {
    int64_t numbers[6] = {0, 1, 1, 2, 2, 3};
    int64_t wild[SERIES] = {places[0], places[1], places[2]};
    memcpy(&wild[0], input, size < sizeof wild[0] ? size : sizeof wild[0]);
    REQUIRE(is_answer(mercury_segment_record(words, BYTES, wild, SERIES, numbers, 3, NULL)));
    REQUIRE(is_answer(mercury_segment_record(words, BYTES, places, SERIES, numbers, 3, NULL)));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    int64_t places[SERIES];
    mercury_segment_layout layout;
    if (size < CUT_BYTES) {
        return 0;
    }
    uint64_t *words = write_segment(places);
    const size_t cut = (size_t)(input[0] | input[1] << 8) % (BYTES + 1);
    const uint8_t *patches = input + CUT_BYTES;
    const size_t count =
        (size - CUT_BYTES) / PATCH_BYTES < MAX_PATCHES ? (size - CUT_BYTES) / PATCH_BYTES : MAX_PATCHES;
    for (size_t at = 0; at < count; at++) {
        patch(words, patches + at * PATCH_BYTES);
    }
    uint8_t *beginning = exact_copy(words, cut);
    REQUIRE(mercury_segment_inspect(beginning, cut, cut, &layout, NULL) == MERCURY_OK);
    REQUIRE(layout.state != MERCURY_SEGMENT_WHOLE || cut == BYTES);
    free(beginning);
    read_all(words);
    merge_all(words, cut < COPY_BYTES ? cut : COPY_BYTES, 0);
    merge_all(words, COPY_BYTES, 1);
    record_anywhere(words, places, input, size);
    free(words);
    return 0;
}
