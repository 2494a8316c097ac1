/* Made by build_ffi.py from mercury.h; do not edit. */
#ifndef MERCURY_HEADER_HASH
#define MERCURY_HEADER_HASH "2340e2168b86a86ac2f7d4b769bc98fd3b09da5c758495e96feb932229f998d5"
#endif
