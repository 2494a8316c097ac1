/* Made by build_ffi.py from mercury.h; do not edit. */
#ifndef MERCURY_HEADER_HASH
#define MERCURY_HEADER_HASH "dd08b7b0cdd7834f3e38eac36ce72cb9155b69b1e1d21fa8903d0d1c85c1aaf1"
#endif
