/*
 * test_threads.c - functions without a handle run in all threads at once, and each thread's trace is its own.
 *
 * Every thread does the same work and must come to the same results; the thread sanitizer
 * (`make tsan`) sees whether two of them ever touched one byte.
 */
#include "check.h"
#include "mercury.h"

#include <pthread.h>
#include <string.h>

enum { THREADS = 8, ROUNDS = 200, TOKENS = 64 };

static const char *const STATEMENTS[] = {
    "select * from a where b = 'c' and d in (1, 2, 3)",
    "insert into t (a) values (1), (2)",
    "with x as (select 1) update t set a = 2 from x where \"B\" ? 'k'",
    "select 'open",
};

enum { STATEMENT_COUNT = sizeof STATEMENTS / sizeof STATEMENTS[0] };

/* What one thread found. */
typedef struct findings {
    int64_t failures;
    uint64_t fingerprints;
    int64_t tokens;
    int64_t tables;
    int64_t loop;
    mercury_totals totals;
} findings;

/* Reads one statement with every function that needs no handle; its fingerprint. */
static uint64_t read_statement(const char *text, int64_t dialect, findings *found) {
    char canonical[512];
    char summary_text[MERCURY_SUMMARY_CAPACITY];
    mercury_token tokens[TOKENS];
    mercury_normalized normalized = {0, 0, 0, 0};
    mercury_summary summary;
    mercury_error error;
    size_t count = 0;
    size_t length = strlen(text);
    found->failures += mercury_sql_lexer_tokens(text, length, dialect, tokens, TOKENS, &count, &error) != MERCURY_OK;
    found->failures += mercury_sql_normalize_text(text, length, dialect, canonical, sizeof canonical, &normalized,
                                                  &error) != MERCURY_OK;
    found->failures += mercury_sql_summary_text(text, length, dialect, summary_text, sizeof summary_text, &summary,
                                                &error) != MERCURY_OK;
    found->failures += mercury_sql_lexer_tokens(text, length, 99, tokens, TOKENS, &count, &error) == MERCURY_OK;
    found->tokens += (int64_t)count;
    found->tables += summary.table_count;
    found->fingerprints = found->fingerprints * 31 + normalized.fingerprint;
    return normalized.fingerprint;
}

static void add_query(mercury_trace *trace, uint64_t fingerprint, int64_t shared, findings *found) {
    mercury_event event = {(int64_t)(fingerprint >> 1), 0, shared, 1, 0, 0, 0, 5, 0};
    found->failures += mercury_trace_add_events(trace, &event, 1, NULL) != MERCURY_OK;
}

static void *work(void *argument) {
    static const mercury_frame path[] = {{1, 8, 0}, {2, 4, 0}};
    static const int64_t offsets[] = {0, 2};
    findings *found = argument;
    mercury_verdict verdict = {0, 0};
    mercury_trace *trace = mercury_trace_new(1, NULL);
    if (trace == NULL || mercury_trace_add_paths(trace, path, 2, offsets, 1, NULL) != MERCURY_OK) {
        found->failures++;
        mercury_trace_free(trace);
        return NULL;
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int index = 0; index < STATEMENT_COUNT; index++) {
            add_query(trace, read_statement(STATEMENTS[index], round % 6, found), round + index > 0 ? 1 : 0, found);
        }
    }
    found->failures += mercury_loop_proof_compare(path, 2, path, 2, 1, &verdict, NULL) != MERCURY_OK;
    found->failures += strlen(mercury_abi_header_hash()) != 64 || strlen(mercury_abi_build()) == 0;
    found->loop = verdict.loop;
    mercury_trace_totals(trace, &found->totals, NULL);
    mercury_trace_free(trace);
    return NULL;
}

static void all_threads_find_the_same(void) {
    pthread_t threads[THREADS];
    findings found[THREADS];
    int started = 0;
    memset(found, 0, sizeof found);
    while (started < THREADS && CHECK(pthread_create(&threads[started], NULL, work, &found[started]) == 0)) {
        started++;
    }
    for (int index = 0; index < started; index++) {
        CHECK(pthread_join(threads[index], NULL) == 0);
        CHECK(memcmp(&found[index], &found[0], sizeof found[0]) == 0);
    }
    CHECK(found[0].failures == 0 && found[0].tables > 0 && found[0].tokens > 0);
    CHECK(found[0].loop == MERCURY_LOOP_REPEATED);
    CHECK(found[0].totals.query_count == (int64_t)ROUNDS * STATEMENT_COUNT);
    CHECK(found[0].totals.group_count >= STATEMENT_COUNT);
}

int main(void) {
    all_threads_find_the_same(); /* not by RUN: threads ask for memory in no fixed order */
    return CHECK_RESULT();
}
