/*
 * test_loop_proof.c - the rules of mercury.h, one function each. The same cases and more
 * are data in tests/vectors/loop_proof.json, which hold the library against its twin.
 */
#include "check.h"
#include "internal.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* The verdict must be this one. */
#define CHECK_VERDICT(earlier, later, shared, expected_loop, expected_depth)                                           \
    do {                                                                                                               \
        mercury_verdict found = {-9, -9};                                                                              \
        CHECK(mercury_loop_proof_compare(earlier, LENGTH(earlier), later, LENGTH(later), shared, &found, NULL) == 0);  \
        CHECK(found.loop == (expected_loop));                                                                          \
        CHECK(found.depth == (expected_depth));                                                                        \
    } while (0)

enum { VIEW = 1, HELPER, OTHER, WALK, RENDER, GET };

static void refuses_what_is_no_pair_of_paths(void) {
    const mercury_frame path[] = {{VIEW, 88, 0}, {GET, 4, 0}};
    mercury_verdict verdict;
    mercury_error error;
    CHECK(mercury_loop_proof_compare(path, 0, path, 2, 0, &verdict, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(error.position == -1);
    CHECK(mercury_loop_proof_compare(path, 2, path, 0, 0, &verdict, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_loop_proof_compare(path, 2, path, 1, 2, &verdict, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_loop_proof_compare(NULL, 2, path, 2, 1, &verdict, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_loop_proof_compare(path, 2, NULL, 2, 1, &verdict, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
    CHECK(mercury_loop_proof_compare(path, 2, path, 2, 1, NULL, NULL) == MERCURY_ERROR_INVALID_ARGUMENT);
}

static void one_operation_is_a_batch(void) {
    const mercury_frame first[] = {{VIEW, 88, 0}, {GET, 4, 0}};
    const mercury_frame moved[] = {{VIEW, 88, 0}, {GET, 9, 0}};
    CHECK_VERDICT(first, first, 2, MERCURY_LOOP_OPERATION, 1);
    CHECK_VERDICT(first, moved, 2, MERCURY_LOOP_OPERATION, 1);
}

static void one_instruction_twice_is_a_loop(void) {
    const mercury_frame book[] = {{VIEW, 88, 0}, {HELPER, 6, 0}, {GET, 4, 0}};
    const mercury_frame film[] = {{VIEW, 88, 0}, {OTHER, 2, 0}, {GET, 4, 0}};
    CHECK_VERDICT(book, book, 1, MERCURY_LOOP_REPEATED, 0);
    CHECK_VERDICT(book, book, 2, MERCURY_LOOP_REPEATED, 1);
    CHECK_VERDICT(book, film, 1, MERCURY_LOOP_CALLED, 0);
}

static void a_frame_that_moved_on_is_no_loop(void) {
    const mercury_frame first[] = {{VIEW, 88, 0}, {HELPER, 6, 0}, {GET, 4, 0}};
    const mercury_frame second[] = {{VIEW, 96, 0}, {HELPER, 6, 0}, {GET, 4, 0}};
    CHECK_VERDICT(first, second, 1, MERCURY_LOOP_NONE, -1);
}

static void an_element_tells_the_nodes_of_a_template_apart(void) {
    const mercury_frame author[] = {{VIEW, 88, 0}, {RENDER, 12, 101}, {GET, 4, 0}};
    const mercury_frame editor[] = {{VIEW, 88, 0}, {RENDER, 12, 102}, {GET, 4, 0}};
    CHECK_VERDICT(author, editor, 2, MERCURY_LOOP_NONE, -1);
    CHECK_VERDICT(author, author, 2, MERCURY_LOOP_REPEATED, 1);
}

static void an_operation_that_calls_code_is_no_loop(void) {
    const mercury_frame load[] = {{VIEW, 88, 0}, {GET, 4, 0}};
    const mercury_frame within[] = {{VIEW, 88, 0}, {GET, 4, 0}, {HELPER, 6, 0}, {GET, 4, 0}};
    CHECK_VERDICT(load, within, 2, MERCURY_LOOP_NONE, -1);
    CHECK_VERDICT(within, load, 2, MERCURY_LOOP_NONE, -1);
    CHECK_VERDICT(load, within, 0, MERCURY_LOOP_NONE, -1);
}

static void unknown_activations_prove_but_do_not_locate(void) {
    const mercury_frame book[] = {{VIEW, 88, 0}, {HELPER, 6, 0}, {GET, 4, 0}};
    const mercury_frame film[] = {{VIEW, 88, 0}, {OTHER, 2, 0}, {GET, 4, 0}};
    const mercury_frame later[] = {{VIEW, 96, 0}, {HELPER, 6, 0}, {GET, 4, 0}};
    CHECK_VERDICT(book, book, 0, MERCURY_LOOP_REPEATED, -1);
    CHECK_VERDICT(book, film, 0, MERCURY_LOOP_CALLED, -1);
    CHECK_VERDICT(book, later, 0, MERCURY_LOOP_NONE, -1);
}

static void recursion_is_a_loop_within_one_activation(void) {
    const mercury_frame root[] = {{VIEW, 88, 0}, {WALK, 4, 0}, {GET, 4, 0}};
    const mercury_frame child[] = {{VIEW, 88, 0}, {WALK, 10, 0}, {WALK, 4, 0}, {GET, 4, 0}};
    const mercury_frame other_tree[] = {{VIEW, 96, 0}, {WALK, 10, 0}, {WALK, 4, 0}, {GET, 4, 0}};
    CHECK_VERDICT(root, child, 2, MERCURY_LOOP_RECURSION, 1);
    CHECK_VERDICT(child, root, 2, MERCURY_LOOP_RECURSION, 1);
    CHECK_VERDICT(root, child, 0, MERCURY_LOOP_RECURSION, 1);
    CHECK_VERDICT(root, other_tree, 1, MERCURY_LOOP_NONE, -1);
    CHECK_VERDICT(root, other_tree, 0, MERCURY_LOOP_NONE, -1);
}

int main(void) {
    RUN(refuses_what_is_no_pair_of_paths);
    RUN(one_operation_is_a_batch);
    RUN(one_instruction_twice_is_a_loop);
    RUN(a_frame_that_moved_on_is_no_loop);
    RUN(an_element_tells_the_nodes_of_a_template_apart);
    RUN(an_operation_that_calls_code_is_no_loop);
    RUN(unknown_activations_prove_but_do_not_locate);
    RUN(recursion_is_a_loop_within_one_activation);
    return CHECK_RESULT();
}
