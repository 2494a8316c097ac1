/*
 * allocation_failures.h - how check.h runs a test: once, or in a build of `make alloc-failures`
 * again and again, with each request for memory refused in turn.
 */
#ifndef MERCURY_ALLOCATION_FAILURES_H
#define MERCURY_ALLOCATION_FAILURES_H

#ifdef ALLOCATION_FAILURES

/* Runs the test as it is, then with each of its requests for memory refused. */
void allocation_failures_run(const char *name, void (*test)(void));

/* True during a run that is refused memory. */
int allocation_failures_active(void);

/* Writes down where requests were refused; the number of rules that were broken. */
long allocation_failures_result(void);

#else

static inline void allocation_failures_run(const char *name, void (*test)(void)) {
    (void)name;
    test();
}

static inline int allocation_failures_active(void) {
    return 0;
}

static inline long allocation_failures_result(void) {
    return 0;
}

#endif

#endif
