/*
 * internal.h - what the core's files share with each other and with nobody else.
 */
#ifndef MERCURY_INTERNAL_H
#define MERCURY_INTERNAL_H

#include "mercury.h"

/*
 * ALWAYS_INLINE: where a compiler would count the size and make a call, and the call would
 * cost what the function saves. NEVER_INLINE: a rare path that must not make a common one
 * larger.
 */
#if defined(__GNUC__)
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define NEVER_INLINE  static __attribute__((noinline))
#elif defined(_MSC_VER)
#define ALWAYS_INLINE static __forceinline
#define NEVER_INLINE  static __declspec(noinline)
#else
#define ALWAYS_INLINE static inline
#define NEVER_INLINE  static
#endif

/*
 * SHARED_TABLE: declares data that another file of the core defines. A compiler that is not told
 * that it lies in the same library reads its address from a table that the system fills, and zig's
 * linker for macOS leaves what such an entry is called as it was in memory: no build was like another.
 */
#if defined(__GNUC__) && !defined(_WIN32)
#define SHARED_TABLE extern __attribute__((visibility("hidden")))
#else
#define SHARED_TABLE extern
#endif

/*
 * LIKELY: a condition that nearly always holds. What is common lies in one line then, and is a branch
 * that processors foretell: the next step need not wait for what the condition was read from.
 */
#ifdef __has_builtin
#if __has_builtin(__builtin_expect_with_probability)
#define LIKELY(condition) __builtin_expect_with_probability((condition) ? 1 : 0, 1, 0.99)
#endif
#endif
#ifndef LIKELY
#define LIKELY(condition) (condition)
#endif

/*
 * Writes code, position and the code's message to `error` (NULL allowed) and returns
 * `code`, so that a function fails in one line:
 *
 *     return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, row);
 */
int64_t mercury_error_fill(mercury_error *error, int64_t code, int64_t position);

/*
 * Resizes a block of the core's allocator; a NULL `old` with 0 old_bytes makes a new one.
 * new_bytes must not be 0. NULL means failure and leaves `old` as it was. The bytes beyond
 * old_bytes are not cleared.
 */
void *mercury_alloc_resize(void *old, size_t old_bytes, size_t new_bytes);

/* Gives a block back. NULL is allowed. */
void mercury_alloc_free(void *old, size_t old_bytes);

#endif
