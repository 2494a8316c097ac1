/*
 * loop_proof.c - two call paths to one verdict: did something loop between them?
 *
 * The rules stand in mercury.h. Nothing is kept between calls, and a comparison costs
 * at most one walk over the shorter path and one over the shared part.
 */
#include "internal.h"

typedef struct path_pair {
    const mercury_frame *earlier;
    size_t earlier_length;
    const mercury_frame *later;
    size_t later_length;
} path_pair;

static const mercury_verdict no_loop = {MERCURY_LOOP_NONE, -1};

static mercury_verdict verdict_of(mercury_loop loop, size_t depth) {
    mercury_verdict verdict = {loop, (int64_t)depth};
    return verdict;
}

static int equal_frames(const mercury_frame *one, const mercury_frame *other) {
    return one->code == other->code && one->offset == other->offset && one->element == other->element;
}

/* How many entries the two paths have in common, from the outermost on. */
static size_t equal_entries(const path_pair *pair) {
    size_t shorter = pair->earlier_length < pair->later_length ? pair->earlier_length : pair->later_length;
    /* The usual case of a trace: a path that it holds once, met again. */
    size_t count = pair->earlier == pair->later ? shorter : 0;
    while (count < shorter && equal_frames(&pair->earlier[count], &pair->later[count])) {
        count++;
    }
    return count;
}

/*
 * RECURSION if one query site was reached at two depths of one cycle of frames. The
 * site's function must stand among the first `common` entries, which belong to both
 * statements: otherwise two calls in a row of a function that recurses would look like
 * a loop.
 */
static mercury_verdict recursion(const path_pair *pair, size_t common) {
    if (pair->earlier_length == pair->later_length || pair->earlier_length < 2 || pair->later_length < 2) {
        return no_loop;
    }
    const mercury_frame *site = &pair->later[pair->later_length - 2];
    if (!equal_frames(&pair->earlier[pair->earlier_length - 2], site)) {
        return no_loop;
    }
    for (size_t depth = 0; depth < common && depth < pair->later_length - 1; depth++) {
        if (pair->later[depth].code == site->code) {
            return verdict_of(MERCURY_LOOP_RECURSION, depth);
        }
    }
    return no_loop;
}

/* Two elements of one interpreter: as good as two instructions of the code that it runs. */
static int is_next_element(const mercury_frame *one, const mercury_frame *other) {
    return one->code == other->code && one->element != 0 && other->element != 0 && one->element != other->element;
}

static mercury_verdict compare_activations(const path_pair *pair, size_t shared) {
    if (shared == pair->earlier_length && shared == pair->later_length) {
        return verdict_of(MERCURY_LOOP_OPERATION, shared - 1);
    }
    int below_both = shared < pair->earlier_length && shared < pair->later_length;
    size_t same = equal_entries(pair);
    if (below_both && same >= shared && !is_next_element(&pair->earlier[shared], &pair->later[shared])) {
        int equal = same == pair->earlier_length && same == pair->later_length;
        return verdict_of(equal ? MERCURY_LOOP_REPEATED : MERCURY_LOOP_CALLED, shared - 1);
    }
    return recursion(pair, shared);
}

/* Where no activation is known, a proof says that something looped, but never where. */
static mercury_verdict compare_paths_alone(const path_pair *pair) {
    mercury_verdict unlocated = no_loop;
    size_t same = equal_entries(pair);
    int both_go_on = same < pair->earlier_length && same < pair->later_length;
    if (same == pair->earlier_length && same == pair->later_length) {
        unlocated.loop = MERCURY_LOOP_REPEATED;
        return unlocated;
    }
    if (same == 0) {
        return no_loop;
    }
    if (both_go_on && pair->earlier[same].code != pair->later[same].code) {
        unlocated.loop = MERCURY_LOOP_CALLED;
        return unlocated;
    }
    return recursion(pair, same + 1);
}

int64_t mercury_loop_proof_compare(const mercury_frame *earlier, size_t earlier_length, const mercury_frame *later,
                                   size_t later_length, size_t shared, mercury_verdict *verdict, mercury_error *error) {
    int missing = earlier == NULL || later == NULL || verdict == NULL;
    if (missing || earlier_length == 0 || later_length == 0 || shared > earlier_length || shared > later_length) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    path_pair pair = {earlier, earlier_length, later, later_length};
    *verdict = shared > 0 ? compare_activations(&pair, shared) : compare_paths_alone(&pair);
    return MERCURY_OK;
}
