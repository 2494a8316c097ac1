/*
 * test_trace.c - what a trace keeps, where it refuses, and what it does without memory.
 */
#include "check.h"
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

enum { VIEW = 1, HELPER, OTHER, GET };
enum { IN_LOOP = 0, OTHER_IN_LOOP = 1, AFTER = 2, SHORT = 3, OTHER_SITE = 4, PATHS = 5 };
enum { FIRST = 11, SECOND = 12 };

static const mercury_frame frames[] = {
    {VIEW, 88, 0}, {HELPER, 6, 0}, {GET, 4, 0},                 /* IN_LOOP */
    {VIEW, 88, 0}, {OTHER, 2, 0},  {HELPER, 6, 0}, {GET, 4, 0}, /* OTHER_IN_LOOP */
    {VIEW, 96, 0}, {HELPER, 6, 0}, {GET, 4, 0},                 /* AFTER */
    {VIEW, 88, 0}, {GET, 4, 0},                                 /* SHORT */
    {VIEW, 88, 0}, {OTHER, 2, 0},  {GET, 4, 0},                 /* OTHER_SITE */
};
static const int64_t offsets[PATHS + 1] = {0, 3, 7, 10, 12, 15};

static mercury_event query(int64_t fingerprint, int64_t path, int64_t shared, int64_t parameters) {
    mercury_event event = {fingerprint, path, shared, parameters, 0, 0, 0, 10, 0};
    return event;
}

static mercury_trace *trace_with_paths(void) {
    mercury_trace *trace = mercury_trace_new(1, NULL);
    CHECK(trace != NULL);
    CHECK(mercury_trace_add_paths(trace, frames, LENGTH(frames), offsets, PATHS, NULL) == MERCURY_OK);
    return trace;
}

static void add(mercury_trace *trace, mercury_event event) {
    CHECK(mercury_trace_add_events(trace, &event, 1, NULL) == MERCURY_OK);
}

static mercury_totals totals_of(const mercury_trace *trace) {
    mercury_totals totals;
    CHECK(mercury_trace_totals(trace, &totals, NULL) == MERCURY_OK);
    return totals;
}

static mercury_group group_at(const mercury_trace *trace, size_t index) {
    mercury_group groups[8];
    size_t count = 0;
    memset(groups, 0, sizeof groups);
    CHECK(mercury_trace_groups(trace, groups, LENGTH(groups), &count, NULL) == MERCURY_OK);
    CHECK(index < count);
    return groups[index];
}

static void an_empty_trace_has_nothing(void) {
    mercury_trace *trace = mercury_trace_new(0, NULL);
    mercury_totals totals = totals_of(trace);
    size_t count = 9;
    CHECK(totals.event_count == 0 && totals.group_count == 0);
    CHECK(mercury_trace_groups(trace, NULL, 0, &count, NULL) == MERCURY_OK && count == 0);
    CHECK(mercury_trace_duplicates(trace, NULL, 0, &count, NULL) == MERCURY_OK && count == 0);
    CHECK(mercury_trace_add_paths(trace, NULL, 0, NULL, 0, NULL) == MERCURY_OK);
    CHECK(mercury_trace_add_events(trace, NULL, 0, NULL) == MERCURY_OK);
    mercury_trace_free(trace);
    mercury_trace_free(NULL);
}

static void a_loop_is_proven_by_its_second_event(void) {
    mercury_trace *trace = trace_with_paths();
    add(trace, query(FIRST, IN_LOOP, 0, 1));
    CHECK(group_at(trace, 0).loop == MERCURY_LOOP_NONE);
    add(trace, query(FIRST, IN_LOOP, 1, 2));
    add(trace, query(FIRST, IN_LOOP, 1, 3));
    mercury_group group = group_at(trace, 0);
    CHECK(group.count == 3 && group.operation_count == 3 && group.proven_count == 2 && group.distinct_count == 3);
    CHECK(group.loop == MERCURY_LOOP_REPEATED && group.loop_depth == 0 && group.outer_loop_depth == 0);
    CHECK(group.first_event == 0 && group.last_event == 2 && group.duration_ns == 30 && group.longest_ns == 10);
    mercury_trace_free(trace);
}

static void nested_loops_have_two_depths(void) {
    mercury_trace *trace = trace_with_paths();
    add(trace, query(FIRST, IN_LOOP, 0, 1));
    add(trace, query(FIRST, IN_LOOP, 2, 2));
    add(trace, query(FIRST, IN_LOOP, 1, 3));
    CHECK(group_at(trace, 0).loop_depth == 1 && group_at(trace, 0).outer_loop_depth == 0);
    mercury_trace_free(trace);
}

/* The evidence is about the last event of the group, however many came between. */
static void activations_are_followed_over_other_statements(void) {
    mercury_trace *trace = trace_with_paths();
    add(trace, query(FIRST, IN_LOOP, 0, 1));
    add(trace, query(SECOND, OTHER_IN_LOOP, 1, 0));
    add(trace, query(SECOND, SHORT, 1, 0));
    add(trace, query(FIRST, IN_LOOP, 1, 2));
    CHECK(group_at(trace, 0).loop == MERCURY_LOOP_REPEATED && group_at(trace, 0).loop_depth == 0);
    mercury_trace_free(trace);
}

static void one_operation_counts_once(void) {
    mercury_trace *trace = trace_with_paths();
    add(trace, query(FIRST, IN_LOOP, 0, 1));
    add(trace, query(FIRST, IN_LOOP, 3, 2));
    add(trace, query(FIRST, IN_LOOP, 3, 3));
    mercury_group group = group_at(trace, 0);
    CHECK(group.count == 3 && group.operation_count == 1 && group.proven_count == 0);
    CHECK(group.loop == MERCURY_LOOP_OPERATION && group.loop_depth == -1);
    mercury_trace_free(trace);
}

static void two_paths_of_one_loop_prove_each_other(void) {
    mercury_trace *trace = trace_with_paths();
    add(trace, query(FIRST, IN_LOOP, 0, 1));
    add(trace, query(FIRST, OTHER_IN_LOOP, 1, 2));
    CHECK(group_at(trace, 0).loop == MERCURY_LOOP_CALLED && group_at(trace, 0).proven_count == 0);
    CHECK(group_at(trace, 1).loop == MERCURY_LOOP_CALLED && group_at(trace, 1).proven_count == 1);
    CHECK(group_at(trace, 0).loop_depth == 0 && group_at(trace, 1).loop_depth == 0);
    mercury_trace_free(trace);
}

/* Two paths that are said to share what they do not: the depth holds for the later one alone. */
static void a_depth_is_not_passed_on_to_other_code(void) {
    static const mercury_frame stacks[] = {
        {VIEW, 88, 0}, {OTHER, 2, 0},  {OTHER, 4, 0},  {HELPER, 6, 0}, {GET, 4, 0}, /* 0 */
        {VIEW, 88, 0}, {HELPER, 9, 0}, {HELPER, 6, 0}, {GET, 4, 0},                 /* 1 */
    };
    static const int64_t ends[] = {0, 5, 9};
    mercury_trace *trace = mercury_trace_new(1, NULL);
    CHECK(mercury_trace_add_paths(trace, stacks, LENGTH(stacks), ends, 2, NULL) == MERCURY_OK);
    add(trace, query(FIRST, 0, 0, 1));
    add(trace, query(FIRST, 1, 2, 2));
    CHECK(group_at(trace, 0).loop == MERCURY_LOOP_RECURSION && group_at(trace, 0).loop_depth == -1);
    CHECK(group_at(trace, 1).loop == MERCURY_LOOP_RECURSION && group_at(trace, 1).loop_depth == 1);
    mercury_trace_free(trace);
}

static void two_sites_of_one_loop_prove_nothing(void) {
    mercury_trace *trace = trace_with_paths();
    add(trace, query(FIRST, IN_LOOP, 0, 1));
    add(trace, query(FIRST, OTHER_SITE, 1, 2));
    CHECK(group_at(trace, 0).loop == MERCURY_LOOP_NONE && group_at(trace, 1).loop == MERCURY_LOOP_NONE);
    mercury_trace_free(trace);
}

static void straight_line_code_is_no_loop(void) {
    mercury_trace *trace = trace_with_paths();
    add(trace, query(FIRST, IN_LOOP, 0, 1));
    add(trace, query(FIRST, AFTER, 1, 2));
    CHECK(group_at(trace, 0).loop == MERCURY_LOOP_NONE && group_at(trace, 1).loop == MERCURY_LOOP_NONE);
    mercury_trace_free(trace);
}

static void lanes_share_no_activations(void) {
    mercury_trace *trace = trace_with_paths();
    mercury_event elsewhere = query(FIRST, IN_LOOP, 0, 2);
    elsewhere.lane = MERCURY_TRACE_MAX_LANES - 1;
    add(trace, query(FIRST, IN_LOOP, 0, 1));
    add(trace, elsewhere);
    CHECK(group_at(trace, 0).loop == MERCURY_LOOP_REPEATED && group_at(trace, 0).loop_depth == -1);
    mercury_trace_free(trace);
}

static void duplicates_name_their_places(void) {
    mercury_trace *trace = trace_with_paths();
    mercury_duplicate found;
    size_t count = 0;
    add(trace, query(SECOND, SHORT, 0, 77));
    add(trace, query(FIRST, IN_LOOP, 1, 77));
    add(trace, query(FIRST, AFTER, 0, 77));
    add(trace, query(FIRST, IN_LOOP, 0, 77));
    CHECK(mercury_trace_duplicates(trace, &found, 1, &count, NULL) == MERCURY_OK);
    CHECK(count == 1 && found.fingerprint == FIRST && found.parameters == 77 && found.count == 3);
    CHECK(found.first_event == 1 && found.last_event == 3 && found.duration_ns == 30 && found.place_count == 2);
    CHECK(found.places[0] == 1 && found.places[1] == 2 && found.places[2] == -1 && found.places[3] == -1);
    CHECK(group_at(trace, 1).distinct_count == 1 && group_at(trace, 2).distinct_count == 0);
    mercury_trace_free(trace);
}

static void some_events_are_never_duplicates(void) {
    const int64_t flags[] = {MERCURY_EVENT_FAILED, MERCURY_EVENT_MANY, MERCURY_EVENT_WRITE, MERCURY_EVENT_TRANSACTION};
    mercury_trace *trace = trace_with_paths();
    for (size_t index = 0; index < 2 * LENGTH(flags); index++) {
        mercury_event event = query(FIRST, IN_LOOP, 0, 77);
        event.flags = flags[index / 2];
        add(trace, event);
    }
    mercury_totals totals = totals_of(trace);
    CHECK(totals.duplicate_count == 0 && totals.event_count == 8 && totals.query_count == 6);
    CHECK(totals.transaction_count == 2 && totals.failed_count == 2 && totals.write_count == 2);
    CHECK(group_at(trace, 0).count == 6 && group_at(trace, 0).distinct_count == 6);
    CHECK(group_at(trace, 0).flags == (MERCURY_EVENT_FAILED | MERCURY_EVENT_MANY | MERCURY_EVENT_WRITE));
    mercury_trace_free(trace);
}

static void durations_saturate(void) {
    mercury_trace *trace = trace_with_paths();
    mercury_event event = query(FIRST, IN_LOOP, 0, 1);
    event.duration_ns = INT64_MIN;
    add(trace, event);
    CHECK(totals_of(trace).duration_ns == 0);
    event.duration_ns = INT64_MAX;
    add(trace, event);
    add(trace, event);
    CHECK(totals_of(trace).duration_ns == INT64_MAX && group_at(trace, 0).duration_ns == INT64_MAX);
    mercury_trace_free(trace);
}

static void a_query_without_a_path_is_not_judged(void) {
    mercury_trace *trace = trace_with_paths();
    mercury_event event = query(FIRST, -1, 0, 1);
    event.lane = INT64_MAX;
    add(trace, event);
    event.flags = MERCURY_EVENT_TRANSACTION;
    add(trace, event);
    CHECK(totals_of(trace).ungrouped_count == 1 && totals_of(trace).group_count == 0);
    mercury_trace_free(trace);
}

/* The second of two events is wrong: nothing of the block may be added. */
static void check_refused(mercury_event wrong) {
    mercury_trace *trace = trace_with_paths();
    mercury_event events[3] = {query(FIRST, IN_LOOP, 0, 1), wrong, query(FIRST, IN_LOOP, 0, 1)};
    mercury_error error;
    CHECK(mercury_trace_add_events(trace, events, 3, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(error.position == 1);
    CHECK(totals_of(trace).event_count == 0);
    CHECK(mercury_trace_add_events(trace, events, 1, &error) == MERCURY_OK);
    mercury_trace_free(trace);
}

static void wrong_events_are_refused_with_their_block(void) {
    const int64_t lanes[] = {-1, MERCURY_TRACE_MAX_LANES, INT64_MAX, INT64_MIN};
    check_refused(query(FIRST, PATHS, 0, 1));
    check_refused(query(FIRST, -2, 0, 1));
    check_refused(query(FIRST, INT64_MAX, 0, 1));
    check_refused(query(FIRST, INT64_MIN, 0, 1));
    check_refused(query(FIRST, IN_LOOP, -1, 1));
    check_refused(query(FIRST, IN_LOOP, 4, 1));
    check_refused(query(FIRST, SHORT, 3, 1));
    check_refused(query(FIRST, -1, 1, 1));
    for (size_t index = 0; index < LENGTH(lanes); index++) {
        mercury_event event = query(FIRST, IN_LOOP, 0, 1);
        event.lane = lanes[index];
        check_refused(event);
    }
    mercury_event database = query(FIRST, IN_LOOP, 0, 1);
    database.database = -1;
    check_refused(database);
    mercury_event first_of_lane = query(FIRST, IN_LOOP, 1, 1);
    first_of_lane.lane = 1;
    check_refused(first_of_lane);
}

static void check_paths_refused(const int64_t *wrong, size_t count, int64_t position) {
    mercury_trace *trace = trace_with_paths();
    mercury_error error;
    int64_t code = mercury_trace_add_paths(trace, frames, 3, wrong, count, &error);
    CHECK(code == MERCURY_ERROR_INVALID_ARGUMENT && error.position == position);
    mercury_event event = query(FIRST, PATHS, 0, 1);
    CHECK(mercury_trace_add_events(trace, &event, 1, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    mercury_trace_free(trace);
}

static void wrong_paths_are_refused_together(void) {
    const int64_t beyond[] = {0, 2, 4};
    const int64_t empty[] = {0, 2, 2};
    const int64_t falling[] = {2, 1};
    const int64_t negative[] = {-1, 1};
    const int64_t huge[] = {0, INT64_MAX};
    check_paths_refused(beyond, 2, 1);
    check_paths_refused(empty, 2, 1);
    check_paths_refused(falling, 1, 0);
    check_paths_refused(negative, 1, 0);
    check_paths_refused(huge, 1, 0);
}

static void null_pointers_are_refused(void) {
    mercury_trace *trace = trace_with_paths();
    mercury_event event = query(FIRST, IN_LOOP, 0, 1);
    mercury_totals totals;
    mercury_group group;
    mercury_duplicate duplicate;
    size_t count;
    CHECK(mercury_trace_add_paths(NULL, frames, 1, offsets, 0, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_trace_add_paths(trace, NULL, 1, offsets, 0, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_trace_add_paths(trace, frames, 1, NULL, 1, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_trace_add_events(NULL, &event, 1, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_trace_add_events(trace, NULL, 1, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_trace_totals(NULL, &totals, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_trace_totals(trace, NULL, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_trace_groups(NULL, &group, 1, &count, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_trace_groups(trace, NULL, 1, &count, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_trace_groups(trace, &group, 1, NULL, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_trace_duplicates(NULL, &duplicate, 1, &count, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_trace_duplicates(trace, NULL, 1, &count, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_trace_duplicates(trace, &duplicate, 1, NULL, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    mercury_trace_free(trace);
}

static void too_small_a_buffer_is_told_what_is_needed(void) {
    mercury_trace *trace = trace_with_paths();
    mercury_error error;
    size_t count;
    add(trace, query(FIRST, IN_LOOP, 0, 1));
    add(trace, query(FIRST, AFTER, 0, 1));
    CHECK(mercury_trace_groups(trace, NULL, 0, &count, &error) == MERCURY_ERROR_BUFFER_TOO_SMALL);
    CHECK(error.position == 2);
    CHECK(mercury_trace_duplicates(trace, NULL, 0, &count, &error) == MERCURY_ERROR_BUFFER_TOO_SMALL);
    CHECK(error.position == 1);
    mercury_trace_free(trace);
}

static void paths_and_frames_have_bounds(void) {
    static int64_t ends[MERCURY_TRACE_MAX_PATHS + 1];
    const int64_t whole[] = {0, MERCURY_TRACE_MAX_FRAMES / 2};
    mercury_trace *trace = mercury_trace_new(1, NULL);
    mercury_error error;
    for (size_t index = 0; index < LENGTH(ends); index++) {
        ends[index] = (int64_t)index;
    }
    size_t many = MERCURY_TRACE_MAX_FRAMES / 2;
    mercury_frame *long_path = calloc(many, sizeof *long_path);
    if (!CHECK(long_path != NULL)) {
        return;
    }
    CHECK(mercury_trace_add_paths(trace, long_path, many, whole, 1, NULL) == MERCURY_OK);
    CHECK(mercury_trace_add_paths(trace, long_path, many, ends, MERCURY_TRACE_MAX_PATHS, &error) ==
          MERCURY_ERROR_LIMIT_EXCEEDED);
    CHECK(error.position == MERCURY_TRACE_MAX_PATHS);
    CHECK(mercury_trace_add_paths(trace, long_path, many, ends, MERCURY_TRACE_MAX_PATHS - 2, NULL) == MERCURY_OK);
    CHECK(mercury_trace_add_paths(trace, long_path, many, whole, 1, &error) == MERCURY_ERROR_LIMIT_EXCEEDED);
    CHECK(error.position == MERCURY_TRACE_MAX_FRAMES);
    free(long_path);
    mercury_trace_free(trace);
}

static void no_more_paths_are_measured_than_have_room(void) {
    const size_t many = (size_t)MERCURY_TRACE_MAX_FRAMES + 2;
    const int64_t two[] = {0, MERCURY_TRACE_MAX_FRAMES + 1, MERCURY_TRACE_MAX_FRAMES + 2};
    mercury_trace *trace = mercury_trace_new(1, NULL);
    mercury_frame *long_path = calloc(many, sizeof *long_path);
    if (CHECK(trace != NULL && long_path != NULL)) {
        CHECK(mercury_trace_add_paths(trace, long_path, many, two, 2, NULL) == MERCURY_ERROR_LIMIT_EXCEEDED);
    }
    free(long_path);
    mercury_trace_free(trace);
}

static void beyond_the_bounds_events_are_only_counted(void) {
    mercury_trace *trace = trace_with_paths();
    const int64_t many = MERCURY_TRACE_MAX_GROUPS + 10;
    for (int64_t number = 0; number < many; number++) {
        mercury_event event = query(number, SHORT, 0, 1);
        CHECK(mercury_trace_add_events(trace, &event, 1, NULL) == MERCURY_OK);
    }
    mercury_totals totals = totals_of(trace);
    CHECK(totals.group_count == MERCURY_TRACE_MAX_GROUPS && totals.ungrouped_count == 10);
    for (int64_t number = 0; number < MERCURY_TRACE_MAX_PARAMETERS; number++) {
        mercury_event event = query(0, SHORT, 0, 2 + number);
        CHECK(mercury_trace_add_events(trace, &event, 1, NULL) == MERCURY_OK);
    }
    add(trace, query(0, SHORT, 0, 1 + MERCURY_TRACE_MAX_PARAMETERS));
    add(trace, query(0, SHORT, 0, 1 + MERCURY_TRACE_MAX_PARAMETERS));
    CHECK(totals_of(trace).duplicate_count == 0);
    add(trace, query(0, SHORT, 0, 2));
    CHECK(totals_of(trace).duplicate_count == 1);
    mercury_trace_free(trace);
}

/* An allocator that fails at one request, or at that and all later ones. */
typedef struct fault {
    long requests;
    long fails_at;
    int for_ever;
    long live;
} fault;

static void *failing_allocator(void *context, void *old, size_t old_bytes, size_t new_bytes) {
    fault *plan = context;
    (void)old_bytes;
    if (new_bytes == 0) {
        plan->live -= old != NULL;
        free(old);
        return NULL;
    }
    plan->requests++;
    if (plan->requests == plan->fails_at || (plan->for_ever && plan->requests > plan->fails_at)) {
        return NULL;
    }
    void *block = realloc(old, new_bytes);
    plan->live += old == NULL && block != NULL;
    return block;
}

enum { WORK = 300 };

static void fill_work(mercury_event *events) {
    for (int64_t number = 0; number < WORK; number++) {
        events[number] = query(number % 90, number % PATHS, 0, number % 70);
        events[number].lane = number % 40;
    }
}

/* Adds all events, going on behind those that failed; the events that were added, or -1 where a rule was broken. */
static int64_t add_with_faults(mercury_trace *trace, const mercury_event *events, fault *plan) {
    mercury_error error;
    size_t done = 0;
    while (done < WORK) {
        int64_t code = mercury_trace_add_events(trace, events + done, WORK - done, &error);
        if (code == MERCURY_OK) {
            done = WORK;
        } else if (code != MERCURY_ERROR_OUT_OF_MEMORY || error.position < 0 || error.position >= WORK) {
            return -1;
        } else {
            done += (size_t)error.position;
            if (totals_of(trace).event_count != (int64_t)done) {
                return -1;
            }
            plan->for_ever = 0; /* the shortage is over: the rest must go in as if it had never been */
        }
    }
    return (int64_t)done;
}

static int same_results(const mercury_trace *one, const mercury_trace *other) {
    static mercury_group groups[2][WORK];
    static mercury_duplicate duplicates[2][WORK];
    size_t counts[4] = {0, 0, 0, 0};
    mercury_totals totals[2] = {totals_of(one), totals_of(other)};
    mercury_trace_groups(one, groups[0], WORK, &counts[0], NULL);
    mercury_trace_groups(other, groups[1], WORK, &counts[1], NULL);
    mercury_trace_duplicates(one, duplicates[0], WORK, &counts[2], NULL);
    mercury_trace_duplicates(other, duplicates[1], WORK, &counts[3], NULL);
    return memcmp(&totals[0], &totals[1], sizeof totals[0]) == 0 && counts[0] == counts[1] && counts[2] == counts[3] &&
           memcmp(groups[0], groups[1], counts[0] * sizeof groups[0][0]) == 0 &&
           memcmp(duplicates[0], duplicates[1], counts[2] * sizeof duplicates[0][0]) == 0;
}

/* Whether an event may name a path; a refused one leaves nothing behind. */
static int has_paths(mercury_trace *trace) {
    mercury_event refused[2] = {query(FIRST, 0, 0, 1), query(FIRST, -2, 0, 1)};
    mercury_error error;
    CHECK(mercury_trace_add_events(trace, refused, 2, &error) != MERCURY_OK);
    return error.position == 1;
}

/* One run with a fault; the requests that it made, or 0 once the fault came too late to be met. */
static int run_with_fault(fault plan, const mercury_event *events, const mercury_trace *expected) {
    mercury_error error;
    mercury_alloc_set(failing_allocator, &plan);
    mercury_trace *trace = mercury_trace_new(5, &error);
    if (trace == NULL) {
        CHECK(error.code == MERCURY_ERROR_OUT_OF_MEMORY);
    } else {
        while (mercury_trace_add_paths(trace, frames, LENGTH(frames), offsets, PATHS, &error) != MERCURY_OK) {
            CHECK(error.code == MERCURY_ERROR_OUT_OF_MEMORY);
            plan.for_ever = 0;
            CHECK(!has_paths(trace));
        }
        CHECK(add_with_faults(trace, events, &plan) == WORK);
        CHECK(same_results(trace, expected));
        mercury_trace_free(trace);
    }
    mercury_alloc_set(NULL, NULL);
    CHECK(plan.live == 0);
    return plan.requests >= plan.fails_at;
}

static void every_request_for_memory_may_fail(void) {
    static mercury_event events[WORK];
    mercury_trace *expected = trace_with_paths();
    fill_work(events);
    CHECK(mercury_trace_add_events(expected, events, WORK, NULL) == MERCURY_OK);
    for (int for_ever = 0; for_ever <= 1; for_ever++) {
        long faults = 0;
        for (int met = 1; met != 0;) {
            fault plan = {0, ++faults, for_ever, 0};
            met = run_with_fault(plan, events, expected);
        }
        CHECK(faults > 50);
    }
    mercury_trace_free(expected);
}

static void neither_seed_nor_blocks_show_in_results(void) {
    static mercury_event events[WORK];
    mercury_trace *whole = trace_with_paths();
    mercury_trace *pieces = mercury_trace_new(UINT64_MAX, NULL);
    fill_work(events);
    CHECK(mercury_trace_add_paths(pieces, frames, LENGTH(frames), offsets, PATHS, NULL) == MERCURY_OK);
    CHECK(mercury_trace_add_events(whole, events, WORK, NULL) == MERCURY_OK);
    for (size_t start = 0; start < WORK; start += 7) {
        size_t count = WORK - start < 7 ? WORK - start : 7;
        CHECK(mercury_trace_add_events(pieces, events + start, count, NULL) == MERCURY_OK);
    }
    CHECK(same_results(whole, pieces));
    mercury_trace_free(whole);
    mercury_trace_free(pieces);
}

int main(void) {
    RUN(an_empty_trace_has_nothing);
    RUN(a_loop_is_proven_by_its_second_event);
    RUN(nested_loops_have_two_depths);
    RUN(activations_are_followed_over_other_statements);
    RUN(one_operation_counts_once);
    RUN(two_paths_of_one_loop_prove_each_other);
    RUN(a_depth_is_not_passed_on_to_other_code);
    RUN(two_sites_of_one_loop_prove_nothing);
    RUN(straight_line_code_is_no_loop);
    RUN(lanes_share_no_activations);
    RUN(duplicates_name_their_places);
    RUN(some_events_are_never_duplicates);
    RUN(durations_saturate);
    RUN(a_query_without_a_path_is_not_judged);
    RUN(wrong_events_are_refused_with_their_block);
    RUN(wrong_paths_are_refused_together);
    RUN(null_pointers_are_refused);
    RUN(too_small_a_buffer_is_told_what_is_needed);
    RUN(paths_and_frames_have_bounds);
    RUN(no_more_paths_are_measured_than_have_room);
    RUN(beyond_the_bounds_events_are_only_counted);
    every_request_for_memory_may_fail(); /* not by RUN: it refuses requests itself */
    RUN(neither_seed_nor_blocks_show_in_results);
    return CHECK_RESULT();
}
