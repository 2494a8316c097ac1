/* Made by build_ffi.py from mercury.h; do not edit. */
#ifndef MERCURY_HEADER_HASH
#define MERCURY_HEADER_HASH "ebbe4eaaf8c986111f8d0f51958dd23937daa6f22181c0e4e78054cc10e9b536"
#endif
