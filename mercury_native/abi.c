/*
 * abi.c - what a loader asks before it trusts this library.
 */
#include "internal.h"

#include "header_hash.h"

#define TEXT_OF_TOKENS(tokens) #tokens
#define TEXT_OF(macro)         TEXT_OF_TOKENS(macro)

/* clang calls itself gcc 4.2.1 too, and clang-cl _MSC_VER: so clang is asked for first. */
#if defined(__clang__)
#define COMPILER "clang " TEXT_OF(__clang_major__) "." TEXT_OF(__clang_minor__) "." TEXT_OF(__clang_patchlevel__)
#elif defined(__GNUC__)
#define COMPILER "gcc " TEXT_OF(__GNUC__) "." TEXT_OF(__GNUC_MINOR__) "." TEXT_OF(__GNUC_PATCHLEVEL__)
#elif defined(_MSC_VER)
#define COMPILER "msvc " TEXT_OF(_MSC_VER)
#else
#define COMPILER "unknown compiler"
#endif

#if UINTPTR_MAX > 0xFFFFFFFFu
#define POINTER_WIDTH "64-bit"
#else
#define POINTER_WIDTH "32-bit"
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define BYTE_ORDER_NAME "big-endian"
#else
#define BYTE_ORDER_NAME "little-endian"
#endif

const char *mercury_abi_header_hash(void) {
    return MERCURY_HEADER_HASH;
}

const char *mercury_abi_build(void) {
    return COMPILER ", " POINTER_WIDTH ", " BYTE_ORDER_NAME;
}
