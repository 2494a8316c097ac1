/*
 * trace.c - events of one unit of work to totals, groups and duplicates.
 *
 * No event is kept. What is kept:
 *
 *   paths       frames      | view helper get | view get | ...      all paths, end to end
 *               path_ends                     3          5
 *
 *   a lane      the last path that a thread took, and since which event each of its
 *               frames has been standing:
 *
 *                 event 3   view  helper  get      since   3  3  3
 *                 event 4   view  helper  get      since   3  4  4   shared = 1: helper ran again
 *                 event 5   view  helper  other    since   3  4  5   shared = 2
 *
 *               Event 5 shares with event 4 the frames that stand since 4 or earlier (2),
 *               and with event 3 those that stand since 3 (1). These numbers never fall
 *               from the outermost frame to the innermost, hence a binary search.
 *
 *   a table     records in order of arrival, found by a key of two integers:
 *
 *               slots       | . | 2 | . | . | 1 | 3 | . | . |       1 + index; 0 is free
 *                                 |           |   |
 *               records     | record 0 | record 1 | record 2 | ...  key, then the rest
 *
 *               statements  (fingerprint, database)
 *               groups      (statement, path)
 *               instructions, places
 *                           (code, offset), (instruction, element): the distinct entries
 *                           before the last ones of all paths, so that a path's place is
 *                           one number
 *               sites       (statement, place) -> the group of its last event
 *               parameters  (statement, parameters) -> how often, and from which groups
 *
 * A path remembers the group of its last event, and a group its site. Nearly all events
 * find theirs that way, and only their parameters are looked up.
 *
 * The order of arrival is the order in which results are written, so that neither the
 * seed nor the size of a table shows in them.
 */
#include "internal.h"

#include <string.h>

enum {
    ABSENT = -1,
    FIRST_CAPACITY = 16,
    NOT_COMPARED = MERCURY_EVENT_FAILED | MERCURY_EVENT_MANY | MERCURY_EVENT_WRITE
};

/* memory that grows */

typedef struct block {
    void *data;
    size_t bytes;
} block;

static void block_free(block *self) {
    mercury_alloc_free(self->data, self->bytes);
    self->data = NULL;
    self->bytes = 0;
}

static int block_grow(block *self, size_t count, size_t item_bytes) {
    size_t capacity = FIRST_CAPACITY;
    const int fits = count <= SIZE_MAX / 2 / item_bytes;
    while (fits && capacity < count) {
        capacity *= 2;
    }
    void *data = fits ? mercury_alloc_resize(self->data, self->bytes, capacity * item_bytes) : NULL;
    if (data == NULL) {
        return 0;
    }
    self->data = data;
    self->bytes = capacity * item_bytes;
    return 1;
}

/* True once the block holds `count` items; on failure it is as it was. */
static inline int block_reserve(block *self, size_t count, size_t item_bytes) {
    return count <= self->bytes / item_bytes || block_grow(self, count, item_bytes);
}

/* tables */

/* Every record of a table begins with its key. */
typedef struct table_key {
    int64_t first;
    int64_t second;
} table_key;

typedef struct table {
    uint64_t seed;
    size_t record_bytes;
    size_t count;
    size_t slot_count; /* a power of two, twice the records that there is room for; 0 before the first */
    block records;
    block slots;
} table;

static void table_init(table *self, uint64_t seed, size_t record_bytes) {
    memset(self, 0, sizeof *self);
    self->seed = seed;
    self->record_bytes = record_bytes;
}

static void table_free(table *self) {
    block_free(&self->records);
    block_free(&self->slots);
}

static void *table_at(const table *self, size_t index) {
    return (char *)self->records.data + index * self->record_bytes;
}

/* The finalizer of splitmix64: a bijection, so that no two first keys collide before the second is added. */
static uint64_t mixed(uint64_t value) {
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31);
}

/* The slot that holds the key, or the free one where it belongs. */
static uint32_t *table_slot(const table *self, table_key key) {
    uint32_t *slots = self->slots.data;
    size_t mask = self->slot_count - 1;
    size_t at = (size_t)mixed(mixed((uint64_t)key.first ^ self->seed) + (uint64_t)key.second) & mask;
    for (; slots[at] != 0; at = (at + 1) & mask) {
        const table_key *found = table_at(self, slots[at] - 1);
        if (found->first == key.first && found->second == key.second) {
            break;
        }
    }
    return &slots[at];
}

/* The index of the record with this key, or ABSENT. table_reserve was called. */
static int64_t table_find(const table *self, int64_t first, int64_t second) {
    table_key key = {first, second};
    return (int64_t)*table_slot(self, key) - 1;
}

static int table_grow_slots(table *self, size_t slot_count) {
    block slots = {NULL, 0};
    if (!block_grow(&slots, slot_count, sizeof(uint32_t))) {
        return 0;
    }
    memset(slots.data, 0, slots.bytes);
    block_free(&self->slots);
    self->slots = slots;
    self->slot_count = slot_count;
    for (size_t index = 0; index < self->count; index++) {
        *table_slot(self, *(const table_key *)table_at(self, index)) = (uint32_t)(index + 1);
    }
    return 1;
}

static int table_grow(table *self) {
    size_t slot_count = self->slot_count != 0 ? self->slot_count * 2 : (size_t)2 * FIRST_CAPACITY;
    return block_reserve(&self->records, slot_count / 2, self->record_bytes) && table_grow_slots(self, slot_count);
}

/* True if one more record has room; on failure the table is as it was. Moves the records. */
static inline int table_reserve(table *self) {
    return self->count < self->slot_count / 2 || table_grow(self);
}

/* The index of the record with this key; where there is none, of a new one, all zero but its key. table_reserve was
 * called. */
static int64_t table_number(table *self, int64_t first, int64_t second) {
    table_key key = {first, second};
    uint32_t *slot = table_slot(self, key);
    if (*slot == 0) {
        void *record = table_at(self, self->count);
        memset(record, 0, self->record_bytes);
        memcpy(record, &key, sizeof key);
        *slot = (uint32_t)++self->count;
    }
    return (int64_t)*slot - 1;
}

/* the trace */

typedef struct lane {
    block since; /* int64_t for each frame of the last path */
    size_t depth;
    size_t checked_depth; /* depth after the events of a block that is being checked */
} lane;

/* A record that is nothing but its key: its index is what stands for it. */
typedef struct numbered_record {
    table_key key;
} numbered_record;

typedef struct site_record {
    table_key key; /* index of the statement, place of the path */
    int64_t last_group;
} site_record;

/* What is known of a path beside its frames. */
typedef struct path_record {
    size_t end;         /* of its frames, among all paths' frames */
    int64_t place;      /* the instruction that entered the operation, as its index among the places */
    int64_t last_group; /* of its last event, or ABSENT */
} path_record;

typedef struct group_record {
    table_key key; /* index of the statement, path */
    int64_t site;
    int64_t last_lane;
    mercury_group result;
} group_record;

typedef struct parameter_record {
    table_key key; /* index of the statement, parameters */
    int64_t count;
    int64_t duration_ns;
    int64_t first_event;
    int64_t last_event;
    int64_t place_count;
    int16_t places[MERCURY_TRACE_DUPLICATE_PLACES]; /* groups; as many as place_count says, at most all */
} parameter_record;

/* A group's index fits in parameter_record.places, and a struct in the array that Python reads it from. */
_Static_assert(MERCURY_TRACE_MAX_GROUPS <= INT16_MAX, "places would overflow");
_Static_assert(sizeof(mercury_event) == 9 * sizeof(int64_t) && sizeof(mercury_totals) == 9 * sizeof(int64_t),
               "padding");
_Static_assert(sizeof(mercury_group) == 16 * sizeof(int64_t) && sizeof(mercury_duplicate) == 12 * sizeof(int64_t),
               "padding");

struct mercury_trace {
    block frames; /* mercury_frame */
    block paths;  /* path_record */
    size_t path_count;
    size_t frame_count;
    table instructions;
    table places;
    block lanes; /* lane */
    size_t lane_count;
    table statements;
    table groups;
    table sites;
    table parameters;
    mercury_totals totals;
};

mercury_trace *mercury_trace_new(uint64_t seed, mercury_error *error) {
    mercury_trace *trace = mercury_alloc_resize(NULL, 0, sizeof *trace);
    if (trace == NULL) {
        mercury_error_fill(error, MERCURY_ERROR_OUT_OF_MEMORY, -1);
        return NULL;
    }
    memset(trace, 0, sizeof *trace);
    table_init(&trace->instructions, seed, sizeof(numbered_record));
    table_init(&trace->places, seed, sizeof(numbered_record));
    table_init(&trace->statements, seed, sizeof(numbered_record));
    table_init(&trace->groups, seed, sizeof(group_record));
    table_init(&trace->sites, seed, sizeof(site_record));
    table_init(&trace->parameters, seed, sizeof(parameter_record));
    return trace;
}

static lane *lane_at(const mercury_trace *trace, int64_t index) {
    return (lane *)trace->lanes.data + index;
}

void mercury_trace_free(mercury_trace *trace) {
    if (trace == NULL) {
        return;
    }
    for (size_t index = 0; index < trace->lane_count; index++) {
        block_free(&lane_at(trace, (int64_t)index)->since);
    }
    block_free(&trace->lanes);
    block_free(&trace->frames);
    block_free(&trace->paths);
    table_free(&trace->instructions);
    table_free(&trace->places);
    table_free(&trace->statements);
    table_free(&trace->groups);
    table_free(&trace->sites);
    table_free(&trace->parameters);
    mercury_alloc_free(trace, sizeof *trace);
}

/* paths */

typedef struct path_view {
    const mercury_frame *frames;
    size_t length;
} path_view;

static path_view path_at(const mercury_trace *trace, int64_t index) {
    const path_record *paths = trace->paths.data;
    size_t start = index > 0 ? paths[index - 1].end : 0;
    path_view path = {(const mercury_frame *)trace->frames.data + start, paths[index].end - start};
    return path;
}

/* The first path whose offsets are wrong, or -1. */
static int64_t wrong_path(const int64_t *offsets, size_t count, size_t frame_count) {
    for (size_t index = 0; index < count; index++) {
        int64_t start = offsets[index];
        int64_t end = offsets[index + 1];
        if (start < 0 || end <= start || (uint64_t)end > (uint64_t)frame_count) {
            return (int64_t)index;
        }
    }
    return -1;
}

/* Frames of `count` paths, or more than the bound as soon as they exceed it. */
static size_t total_length(const int64_t *offsets, size_t count) {
    size_t total = 0;
    for (size_t index = 0; index < count && total <= MERCURY_TRACE_MAX_FRAMES; index++) {
        total += (size_t)(offsets[index + 1] - offsets[index]);
    }
    return total;
}

/* The place of a path: the frame before its last one, which is its operation. ABSENT: no memory. */
static int64_t place_of(mercury_trace *trace, const mercury_frame *frames, size_t length) {
    const mercury_frame *site = &frames[length > 1 ? length - 2 : 0];
    if (!table_reserve(&trace->instructions) || !table_reserve(&trace->places)) {
        return ABSENT;
    }
    int64_t instruction = table_number(&trace->instructions, site->code, site->offset);
    return table_number(&trace->places, instruction, site->element);
}

/* Places first: where memory ends, no path has been added, and a place alone means nothing. */
static int append_paths(mercury_trace *trace, const mercury_frame *frames, const int64_t *offsets, size_t count) {
    path_record *paths = (path_record *)trace->paths.data + trace->path_count;
    mercury_frame *target = trace->frames.data;
    for (size_t index = 0; index < count; index++) {
        size_t length = (size_t)(offsets[index + 1] - offsets[index]);
        paths[index].place = place_of(trace, &frames[offsets[index]], length);
        paths[index].last_group = ABSENT;
        if (paths[index].place == ABSENT) {
            return 0;
        }
    }
    for (size_t index = 0; index < count; index++) {
        size_t length = (size_t)(offsets[index + 1] - offsets[index]);
        memcpy(&target[trace->frame_count], &frames[offsets[index]], length * sizeof *frames);
        trace->frame_count += length;
        paths[index].end = trace->frame_count;
    }
    trace->path_count += count;
    return 1;
}

int64_t mercury_trace_add_paths(mercury_trace *trace, const mercury_frame *frames, size_t frame_count,
                                const int64_t *offsets, size_t count, mercury_error *error) {
    if (trace == NULL || (frames == NULL && frame_count > 0) || (offsets == NULL && count > 0)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    int64_t wrong = wrong_path(offsets, count, frame_count);
    if (wrong >= 0) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, wrong);
    }
    if (count > MERCURY_TRACE_MAX_PATHS - trace->path_count) {
        return mercury_error_fill(error, MERCURY_ERROR_LIMIT_EXCEEDED, MERCURY_TRACE_MAX_PATHS);
    }
    size_t added = total_length(offsets, count);
    if (added > MERCURY_TRACE_MAX_FRAMES - trace->frame_count) {
        return mercury_error_fill(error, MERCURY_ERROR_LIMIT_EXCEEDED, MERCURY_TRACE_MAX_FRAMES);
    }
    if (!block_reserve(&trace->frames, trace->frame_count + added, sizeof *frames) ||
        !block_reserve(&trace->paths, trace->path_count + count, sizeof(path_record)) ||
        !append_paths(trace, frames, offsets, count)) {
        return mercury_error_fill(error, MERCURY_ERROR_OUT_OF_MEMORY, -1);
    }
    return MERCURY_OK;
}

/* checking a block of events before any of it is added */

/* True once every lane that the block's events name exists. */
static int reserve_lanes(mercury_trace *trace, const mercury_event *events, size_t count) {
    size_t needed = trace->lane_count;
    for (size_t index = 0; index < count; index++) {
        int64_t number = events[index].lane;
        if (events[index].path >= 0 && number >= (int64_t)needed && number < MERCURY_TRACE_MAX_LANES) {
            needed = (size_t)number + 1;
        }
    }
    if (!block_reserve(&trace->lanes, needed, sizeof(lane))) {
        return 0;
    }
    if (needed > trace->lane_count) {
        memset(lane_at(trace, (int64_t)trace->lane_count), 0, (needed - trace->lane_count) * sizeof(lane));
        trace->lane_count = needed;
    }
    return 1;
}

static int check_event(mercury_trace *trace, const mercury_event *event) {
    if (event->lane < 0 || event->database < 0) {
        return 0;
    }
    if (event->path < 0) {
        return event->path == -1 && event->shared == 0;
    }
    if ((uint64_t)event->path >= trace->path_count || event->lane >= MERCURY_TRACE_MAX_LANES) {
        return 0;
    }
    lane *own = lane_at(trace, event->lane);
    size_t length = path_at(trace, event->path).length;
    size_t bound = length < own->checked_depth ? length : own->checked_depth;
    if (event->shared < 0 || (uint64_t)event->shared > bound) {
        return 0;
    }
    own->checked_depth = length;
    return 1;
}

/* The first wrong event, or -1. */
static int64_t wrong_event(mercury_trace *trace, const mercury_event *events, size_t count) {
    for (size_t index = 0; index < trace->lane_count; index++) {
        lane *own = lane_at(trace, (int64_t)index);
        own->checked_depth = own->depth;
    }
    for (size_t index = 0; index < count; index++) {
        if (!check_event(trace, &events[index])) {
            return (int64_t)index;
        }
    }
    return -1;
}

/* lanes: who stands since when */

static void lane_enter(lane *self, int64_t number, size_t length, size_t shared) {
    int64_t *since = self->since.data;
    for (size_t depth = shared; depth < length; depth++) {
        since[depth] = number;
    }
    self->depth = length;
}

/* How many frames of the lane's last path were there, as the same activations, at event `number`. */
static size_t lane_shared_with(const lane *self, int64_t number) {
    const int64_t *since = self->since.data;
    size_t low = 0;
    size_t high = self->depth;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (since[middle] <= number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* proofs */

static int strength(int64_t loop) {
    switch (loop) {
    case MERCURY_LOOP_OPERATION:
        return 1;
    case MERCURY_LOOP_CALLED:
        return 2;
    case MERCURY_LOOP_RECURSION:
        return 3;
    case MERCURY_LOOP_REPEATED:
        return 4;
    default:
        return 0;
    }
}

static int proves(int64_t loop) {
    return strength(loop) >= strength(MERCURY_LOOP_CALLED);
}

/* Keeps the strongest verdict, and the innermost and outermost frame that a proof named. */
static void note(mercury_group *group, mercury_verdict verdict) {
    if (strength(verdict.loop) > strength(group->loop)) {
        group->loop = verdict.loop;
    }
    if (!proves(verdict.loop) || verdict.depth < 0) {
        return;
    }
    if (verdict.depth > group->loop_depth) {
        group->loop_depth = verdict.depth;
    }
    if (group->outer_loop_depth < 0 || verdict.depth < group->outer_loop_depth) {
        group->outer_loop_depth = verdict.depth;
    }
}

/* The verdict on `event`, whose lane has just entered its path, and the last event of `group`. */
static mercury_verdict compare_with(const mercury_trace *trace, const group_record *group, const mercury_event *event) {
    mercury_verdict verdict = {MERCURY_LOOP_NONE, -1};
    path_view earlier = path_at(trace, group->result.path);
    path_view later = path_at(trace, event->path);
    size_t shared = 0;
    if (group->last_lane == event->lane) {
        shared = lane_shared_with(lane_at(trace, event->lane), group->result.last_event);
    }
    mercury_loop_proof_compare(earlier.frames, earlier.length, later.frames, later.length, shared, &verdict, NULL);
    return verdict;
}

/* `verdict` for the earlier statement's path: the depth holds only if the same code stands there. */
static mercury_verdict seen_from(const mercury_trace *trace, const group_record *other, const mercury_event *event,
                                 mercury_verdict verdict) {
    path_view path = path_at(trace, other->result.path);
    path_view later = path_at(trace, event->path);
    int64_t depth = verdict.depth;
    if (depth >= 0 && ((uint64_t)depth >= path.length || path.frames[depth].code != later.frames[depth].code)) {
        verdict.depth = -1;
    }
    return verdict;
}

/* Compares the event with the last one of `other`, another group of its site. True if that proves a loop. */
static int prove_by_other(mercury_trace *trace, group_record *group, group_record *other, const mercury_event *event) {
    mercury_verdict verdict = compare_with(trace, other, event);
    note(&group->result, verdict);
    if (proves(verdict.loop) && !proves(other->result.loop)) {
        note(&other->result, seen_from(trace, other, event, verdict));
    }
    return proves(verdict.loop);
}

static void prove(mercury_trace *trace, group_record *group, const site_record *site, const mercury_event *event) {
    mercury_verdict own = {MERCURY_LOOP_NONE, -1};
    if (group->result.count > 0) {
        own = compare_with(trace, group, event);
        note(&group->result, own);
    }
    /* A part of an operation is not one more operation, but a group has at least one. */
    group->result.operation_count += own.loop != MERCURY_LOOP_OPERATION;
    int proven = proves(own.loop);
    if (!proven && site->last_group != ABSENT) {
        group_record *other = table_at(&trace->groups, (size_t)site->last_group);
        proven = other != group && prove_by_other(trace, group, other, event);
    }
    group->result.proven_count += proven;
}

/* adding one event */

static int64_t saturating_sum(int64_t one, int64_t other) {
    return one > INT64_MAX - other ? INT64_MAX : one + other;
}

static int64_t duration_of(const mercury_event *event) {
    return event->duration_ns > 0 ? event->duration_ns : 0;
}

static void count_event(mercury_totals *totals, const mercury_event *event) {
    int is_transaction = (event->flags & MERCURY_EVENT_TRANSACTION) != 0;
    totals->event_count++;
    totals->transaction_count += is_transaction;
    totals->query_count += !is_transaction;
    totals->failed_count += (event->flags & MERCURY_EVENT_FAILED) != 0;
    totals->write_count += (event->flags & MERCURY_EVENT_WRITE) != 0;
    totals->duration_ns = saturating_sum(totals->duration_ns, duration_of(event));
}

static path_record *path_record_at(const mercury_trace *trace, int64_t index) {
    return (path_record *)trace->paths.data + index;
}

/* The site of a statement and a path, which comes with its first group. */
static int64_t site_of(mercury_trace *trace, int64_t statement, int64_t path) {
    const size_t known = trace->sites.count;
    int64_t index = table_number(&trace->sites, statement, path_record_at(trace, path)->place);
    if (trace->sites.count > known) {
        site_record *site = table_at(&trace->sites, (size_t)index);
        site->last_group = ABSENT;
    }
    return index;
}

static int64_t new_group(mercury_trace *trace, int64_t statement, const mercury_event *event, int64_t number) {
    int64_t index = table_number(&trace->groups, statement, event->path);
    group_record *group = table_at(&trace->groups, (size_t)index);
    group->site = site_of(trace, statement, event->path);
    group->result.fingerprint = event->fingerprint;
    group->result.database = event->database;
    group->result.path = event->path;
    group->result.first_event = number;
    group->result.loop_depth = -1;
    group->result.outer_loop_depth = -1;
    trace->totals.group_count++;
    return index;
}

/* The event's group, or ABSENT if there is no room for one more. */
static int64_t find_group(mercury_trace *trace, const mercury_event *event, int64_t number) {
    int64_t group = ABSENT;
    /* A statement comes with its first group: so a full table of groups keeps statements bounded too. */
    int64_t statement = table_find(&trace->statements, event->fingerprint, event->database);
    if (statement != ABSENT) {
        group = table_find(&trace->groups, statement, event->path);
    }
    if (group == ABSENT && trace->groups.count < MERCURY_TRACE_MAX_GROUPS) {
        statement = table_number(&trace->statements, event->fingerprint, event->database);
        group = new_group(trace, statement, event, number);
    }
    return group;
}

static int is_of_group(const mercury_trace *trace, const mercury_event *event, int64_t group) {
    if (group == ABSENT) {
        return 0;
    }
    const mercury_group *known = &((const group_record *)table_at(&trace->groups, (size_t)group))->result;
    return known->fingerprint == event->fingerprint && known->database == event->database;
}

/* The same, or ABSENT if its path was not measured. */
static int64_t group_of(mercury_trace *trace, const mercury_event *event, int64_t number) {
    if (event->path < 0) {
        return ABSENT;
    }
    path_record *path = path_record_at(trace, event->path);
    if (!is_of_group(trace, event, path->last_group)) {
        path->last_group = find_group(trace, event, number);
    }
    return path->last_group;
}

static void group_add(group_record *self, const mercury_event *event, int64_t number) {
    mercury_group *result = &self->result;
    int64_t duration = duration_of(event);
    result->count++;
    result->failed_count += (event->flags & MERCURY_EVENT_FAILED) != 0;
    result->flags |= event->flags;
    result->duration_ns = saturating_sum(result->duration_ns, duration);
    result->longest_ns = duration > result->longest_ns ? duration : result->longest_ns;
    result->last_event = number;
    self->last_lane = event->lane;
}

static void parameter_add_place(parameter_record *self, int64_t group) {
    int64_t remembered =
        self->place_count < MERCURY_TRACE_DUPLICATE_PLACES ? self->place_count : MERCURY_TRACE_DUPLICATE_PLACES;
    for (int64_t index = 0; index < remembered; index++) {
        if (self->places[index] == group) {
            return;
        }
    }
    if (remembered < MERCURY_TRACE_DUPLICATE_PLACES) {
        self->places[remembered] = (int16_t)group;
    }
    self->place_count++;
}

static void parameter_add(parameter_record *self, const mercury_event *event, int64_t number, int64_t group) {
    self->count++;
    self->duration_ns = saturating_sum(self->duration_ns, duration_of(event));
    self->last_event = number;
    parameter_add_place(self, group);
}

/* True unless this statement was sent with the same parameters before. */
static int is_new_to_statement(mercury_trace *trace, int64_t statement, int64_t group, const mercury_event *event,
                               int64_t number) {
    table *parameters = &trace->parameters;
    if (event->parameters == 0 || (event->flags & NOT_COMPARED) != 0) {
        return 1;
    }
    int64_t index = parameters->count < MERCURY_TRACE_MAX_PARAMETERS
                        ? table_number(parameters, statement, event->parameters)
                        : table_find(parameters, statement, event->parameters);
    if (index == ABSENT) {
        return 1;
    }
    parameter_record *known = table_at(parameters, (size_t)index);
    if (known->count == 0) {
        known->first_event = number;
    }
    parameter_add(known, event, number, group);
    trace->totals.duplicate_count += known->count == 2;
    return known->count == 1;
}

static void add_query(mercury_trace *trace, const mercury_event *event, int64_t number) {
    int64_t index = group_of(trace, event, number);
    if (index == ABSENT) {
        trace->totals.ungrouped_count++;
        return;
    }
    group_record *group = table_at(&trace->groups, (size_t)index);
    site_record *site = table_at(&trace->sites, (size_t)group->site);
    prove(trace, group, site, event);
    group_add(group, event, number);
    site->last_group = index;
    group->result.distinct_count += is_new_to_statement(trace, group->key.first, index, event, number);
}

/* All memory that one event may want, before anything is changed: so an event is added whole or not at all. */
static int reserve_event(mercury_trace *trace, const mercury_event *event) {
    if (event->path < 0) {
        return 1;
    }
    if (!block_reserve(&lane_at(trace, event->lane)->since, path_at(trace, event->path).length, sizeof(int64_t))) {
        return 0;
    }
    if (trace->groups.count < MERCURY_TRACE_MAX_GROUPS &&
        !(table_reserve(&trace->groups) && table_reserve(&trace->statements) && table_reserve(&trace->sites))) {
        return 0;
    }
    return trace->parameters.count >= MERCURY_TRACE_MAX_PARAMETERS || table_reserve(&trace->parameters);
}

static int add_event(mercury_trace *trace, const mercury_event *event) {
    int64_t number = trace->totals.event_count;
    if (!reserve_event(trace, event)) {
        return 0;
    }
    count_event(&trace->totals, event);
    if (event->path >= 0) {
        lane_enter(lane_at(trace, event->lane), number, path_at(trace, event->path).length, (size_t)event->shared);
    }
    if ((event->flags & MERCURY_EVENT_TRANSACTION) == 0) {
        add_query(trace, event, number);
    }
    return 1;
}

int64_t mercury_trace_add_events(mercury_trace *trace, const mercury_event *events, size_t count,
                                 mercury_error *error) {
    if (trace == NULL || (events == NULL && count > 0)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    if (!reserve_lanes(trace, events, count)) {
        return mercury_error_fill(error, MERCURY_ERROR_OUT_OF_MEMORY, 0);
    }
    int64_t wrong = wrong_event(trace, events, count);
    if (wrong >= 0) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, wrong);
    }
    for (size_t index = 0; index < count; index++) {
        if (!add_event(trace, &events[index])) {
            return mercury_error_fill(error, MERCURY_ERROR_OUT_OF_MEMORY, (int64_t)index);
        }
    }
    return MERCURY_OK;
}

/* results */

int64_t mercury_trace_totals(const mercury_trace *trace, mercury_totals *totals, mercury_error *error) {
    if (trace == NULL || totals == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    *totals = trace->totals;
    return MERCURY_OK;
}

int64_t mercury_trace_groups(const mercury_trace *trace, mercury_group *groups, size_t capacity, size_t *count,
                             mercury_error *error) {
    if (trace == NULL || count == NULL || (groups == NULL && capacity > 0)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    if (capacity < trace->groups.count) {
        return mercury_error_fill(error, MERCURY_ERROR_BUFFER_TOO_SMALL, (int64_t)trace->groups.count);
    }
    for (size_t index = 0; index < trace->groups.count; index++) {
        groups[index] = ((const group_record *)table_at(&trace->groups, index))->result;
    }
    *count = trace->groups.count;
    return MERCURY_OK;
}

static mercury_duplicate duplicate_of(const mercury_trace *trace, const parameter_record *found) {
    const numbered_record *statement = table_at(&trace->statements, (size_t)found->key.first);
    mercury_duplicate result;
    result.fingerprint = statement->key.first;
    result.database = statement->key.second;
    result.parameters = found->key.second;
    result.count = found->count;
    result.duration_ns = found->duration_ns;
    result.first_event = found->first_event;
    result.last_event = found->last_event;
    result.place_count = found->place_count;
    for (int64_t index = 0; index < MERCURY_TRACE_DUPLICATE_PLACES; index++) {
        result.places[index] = index < found->place_count ? found->places[index] : ABSENT;
    }
    return result;
}

int64_t mercury_trace_duplicates(const mercury_trace *trace, mercury_duplicate *duplicates, size_t capacity,
                                 size_t *count, mercury_error *error) {
    if (trace == NULL || count == NULL || (duplicates == NULL && capacity > 0)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    const size_t needed = (size_t)trace->totals.duplicate_count;
    if (capacity < needed) {
        return mercury_error_fill(error, MERCURY_ERROR_BUFFER_TOO_SMALL, (int64_t)needed);
    }
    size_t written = 0;
    for (size_t index = 0; written < needed; index++) {
        const parameter_record *found = table_at(&trace->parameters, index);
        if (found->count > 1) {
            duplicates[written++] = duplicate_of(trace, found);
        }
    }
    *count = written;
    return MERCURY_OK;
}
