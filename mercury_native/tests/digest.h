/*
 * digest.h - one number for many bytes, to compare what is written on machines of either byte order.
 */
#ifndef MERCURY_DIGEST_H
#define MERCURY_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a with 64 bits. */
static inline uint64_t digest_of(const void *memory, size_t length) {
    const unsigned char *bytes = (const unsigned char *)memory;
    uint64_t digest = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < length; i++) {
        digest = (digest ^ bytes[i]) * UINT64_C(0x100000001B3);
    }
    return digest;
}

#endif
