/* Made by build_ffi.py from mercury.h; do not edit. */
#ifndef MERCURY_HEADER_HASH
#define MERCURY_HEADER_HASH "a7a56fdeb297ebd12c9f9285ee29b87b5ced8f3bffe1591137d5ac928e736b00"
#endif
