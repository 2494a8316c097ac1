/* Made by build_ffi.py from mercury.h; do not edit. */
#ifndef MERCURY_HEADER_HASH
#define MERCURY_HEADER_HASH "54ee49b277d1e0065dc03540d1acfa8b58e4b232b185a7de94dd2d0d8f85ec80"
#endif
