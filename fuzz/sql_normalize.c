/*
 * sql_normalize.c - one text through every function that reads SQL.
 *
 *     input    dialect (1 byte, modulo 6) | text
 *
 * Each text is read whole and cut in half: a cut may fall anywhere.
 */
#include "mercury.h"
#include "require.h"

#include <stdbool.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { DIALECTS = 6 };

static bool is_space(char byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static void require_spaces(const char *text, int64_t start, int64_t end) {
    REQUIRE(start <= end);
    for (int64_t at = start; at < end; at++) {
        REQUIRE(is_space(text[at]));
    }
}

/* Tokens stand in order and hold every byte that is no white space; only the last may be in doubt. */
static void require_cover(const char *text, size_t length, const mercury_token *tokens, size_t count) {
    int64_t end = 0;
    for (size_t index = 0; index < count; index++) {
        const mercury_token *token = &tokens[index];
        require_spaces(text, end, token->start);
        REQUIRE(token->start < token->end && token->end <= (int64_t)length);
        REQUIRE(token->kind >= MERCURY_TOKEN_WORD && token->kind <= MERCURY_TOKEN_DOUBT);
        REQUIRE(token->kind != MERCURY_TOKEN_DOUBT || index + 1 == count);
        end = token->end;
    }
    require_spaces(text, end, (int64_t)length);
}

static void try_tokens(const char *text, size_t length, int64_t dialect) {
    mercury_token *tokens = exactly(length * sizeof *tokens);
    mercury_error error;
    size_t count = 0;
    size_t again = 0;
    REQUIRE(mercury_sql_lexer_tokens(text, length, dialect, tokens, length, &count, NULL) == MERCURY_OK);
    REQUIRE(count <= length);
    require_cover(text, length, tokens, count);
    if (count > 0) {
        int64_t code = mercury_sql_lexer_tokens(text, length, dialect, tokens, count - 1, &again, &error);
        REQUIRE(code == MERCURY_ERROR_BUFFER_TOO_SMALL && error.position == (int64_t)count);
    }
    free(tokens);
}

/* The canonical text, in memory that the caller frees. */
static char *canonical_text(const char *text, size_t length, int64_t dialect, mercury_normalized *normalized) {
    size_t bound = mercury_sql_normalize_bound(length);
    char *canonical = exactly(bound);
    mercury_error error;
    int64_t code = mercury_sql_normalize_text(text, length, dialect, canonical, bound - 1, normalized, &error);
    REQUIRE(code == MERCURY_ERROR_BUFFER_TOO_SMALL && error.position == (int64_t)bound);
    REQUIRE(mercury_sql_normalize_text(text, length, dialect, canonical, bound, normalized, NULL) == MERCURY_OK);
    REQUIRE(normalized->length >= 0 && normalized->length <= 3 * (int64_t)length);
    REQUIRE(normalized->literal_count >= 0 && normalized->literal_count <= (int64_t)length);
    REQUIRE(normalized->in_doubt == 0 || (normalized->length > 0 && canonical[normalized->length - 1] == '?'));
    REQUIRE(normalized->fingerprint == XXH3_64bits(canonical, (size_t)normalized->length));
    return canonical;
}

static void require_no_literal(const char *canonical, size_t length, int64_t dialect) {
    mercury_token *tokens = exactly(length * sizeof *tokens);
    size_t count = 0;
    REQUIRE(mercury_sql_lexer_tokens(canonical, length, dialect, tokens, length, &count, NULL) == MERCURY_OK);
    for (size_t index = 0; index < count; index++) {
        int64_t kind = tokens[index].kind;
        REQUIRE(kind != MERCURY_TOKEN_STRING && kind != MERCURY_TOKEN_NUMBER && kind != MERCURY_TOKEN_DOUBT);
    }
    free(tokens);
}

/* A canonical text is its own canonical text and holds no literal. */
static void try_normalize(const char *text, size_t length, int64_t dialect) {
    mercury_normalized once;
    mercury_normalized twice;
    char *canonical = canonical_text(text, length, dialect, &once);
    char *copy = exact_copy(canonical, (size_t)once.length);
    char *again = canonical_text(copy, (size_t)once.length, dialect, &twice);
    REQUIRE(twice.length == once.length && memcmp(again, canonical, (size_t)once.length) == 0);
    REQUIRE(twice.literal_count <= once.literal_count); /* a password counts, also where it is `?` */
    require_no_literal(copy, (size_t)once.length, dialect);
    free(again);
    free(copy);
    free(canonical);
}

/* A name in quotes may be empty. */
static void require_tables(const mercury_summary *summary) {
    int64_t end = MERCURY_SUMMARY_TABLES;
    REQUIRE(summary->table_count >= 0 && summary->table_count <= MERCURY_SUMMARY_MAX_TABLES);
    for (int64_t index = 0; index < MERCURY_SUMMARY_MAX_TABLES; index++) {
        int64_t next = summary->table_ends[index];
        REQUIRE(index < summary->table_count ? next >= end : next == 0);
        end = index < summary->table_count ? next : end;
    }
    REQUIRE(end <= MERCURY_SUMMARY_TABLES + MERCURY_SUMMARY_MAX_TABLE_BYTES);
}

static void try_summary(const char *text, size_t length, int64_t dialect) {
    char *out = exactly(MERCURY_SUMMARY_CAPACITY);
    mercury_summary summary;
    int64_t code = mercury_sql_summary_text(text, length, dialect, out, MERCURY_SUMMARY_CAPACITY, &summary, NULL);
    REQUIRE(code == MERCURY_OK);
    REQUIRE(summary.length >= 0 && summary.length <= MERCURY_SUMMARY_MAX_BYTES);
    REQUIRE(summary.verb_length >= 0 && summary.verb_length <= MERCURY_SUMMARY_TABLES - MERCURY_SUMMARY_VERB);
    REQUIRE(summary.complete == 0 || summary.complete == 1);
    for (int64_t at = 0; at < summary.verb_length; at++) {
        char byte = out[MERCURY_SUMMARY_VERB + at];
        REQUIRE((byte >= 'A' && byte <= 'Z') || byte == ' ');
    }
    require_tables(&summary);
    free(out);
}

/* The first bytes of the text serve as what is known of its parameters. */
static void try_advice(const char *text, size_t length, int64_t dialect) {
    char *wildcards = exact_copy(text, length / 2);
    mercury_advice advice;
    REQUIRE(mercury_sql_advice_text(text, length, dialect, wildcards, length / 2, &advice, NULL) == MERCURY_OK);
    REQUIRE(advice.complete == 0 || advice.complete == 1);
    for (int rule = 0; rule < MERCURY_ADVICE_RULES; rule++) {
        int64_t position = advice.positions[rule];
        REQUIRE(advice.counts[rule] >= 0 && advice.counts[rule] <= (int64_t)length);
        REQUIRE(advice.counts[rule] == 0 ? position == -1 : position >= 0 && position < (int64_t)length);
    }
    free(wildcards);
}

/* GO or a lone `/`, which clients divide at; a number may follow GO. */
static bool ends_batch(const char *text, int64_t end) {
    while (end > 1 && ((text[end - 1] >= '0' && text[end - 1] <= '9') || is_space(text[end - 1]))) {
        end--;
    }
    bool go = end > 1 && (text[end - 1] | 0x20) == 'o' && (text[end - 2] | 0x20) == 'g';
    return go || text[end - 1] == '/';
}

/* A semicolon, the `\\.` behind COPY's data, or the end of a batch. */
static bool ends_statement(const char *text, int64_t end) {
    bool data = end > 1 && text[end - 1] == '.' && text[end - 2] == '\\';
    return text[end - 1] == ';' || data || ends_batch(text, end);
}

/* The statements of the text, some at a time; the memory is the caller's to free. */
static int64_t *split_offsets(const char *text, size_t length, int64_t dialect, size_t most, size_t *count) {
    int64_t *offsets = exactly((length + 1) * sizeof *offsets);
    size_t found = 0;
    *count = 0;
    offsets[0] = 0;
    do {
        size_t start = (size_t)offsets[*count];
        size_t room = length - *count < most ? length - *count : most;
        int64_t *here = exactly((room + 1) * sizeof *here);
        const char *rest = text != NULL ? text + start : NULL;
        REQUIRE(mercury_sql_split_offsets(rest, length - start, dialect, here, room, &found, NULL) == MERCURY_OK);
        REQUIRE(here[0] == 0 && found <= room);
        for (size_t index = 1; index <= found; index++) {
            REQUIRE(here[index] > here[index - 1] && here[index] <= (int64_t)(length - start));
            REQUIRE(ends_statement(rest, here[index]));
            offsets[++*count] = (int64_t)start + here[index];
        }
        free(here);
    } while (found > 0);
    return offsets;
}

/* A script falls into the same statements however it is read, and what its first half shows stays true. */
static void try_split(const char *text, size_t length, int64_t dialect) {
    size_t count = 0;
    size_t again = 0;
    size_t of_half = 0;
    int64_t *offsets = split_offsets(text, length, dialect, length, &count);
    int64_t *in_pieces = split_offsets(text, length, dialect, 2, &again);
    char *half = exact_copy(text, length / 2);
    int64_t *first = split_offsets(half, length / 2, dialect, length, &of_half);
    REQUIRE(count == again && memcmp(offsets, in_pieces, (count + 1) * sizeof *offsets) == 0);
    REQUIRE(of_half <= count && memcmp(offsets, first, (of_half + 1) * sizeof *offsets) == 0);
    free(first);
    free(half);
    free(in_pieces);
    free(offsets);
}

static void try_text(const uint8_t *bytes, size_t length, int64_t dialect) {
    char *text = exact_copy(bytes, length);
    try_tokens(text, length, dialect);
    try_normalize(text, length, dialect);
    try_summary(text, length, dialect);
    try_advice(text, length, dialect);
    try_split(text, length, dialect);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 0) {
        try_text(data + 1, size - 1, data[0] % DIALECTS);
        try_text(data + 1, (size - 1) / 2, data[0] % DIALECTS);
    }
    return 0;
}
