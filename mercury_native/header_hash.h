/* Made by build_ffi.py from mercury.h; do not edit. */
#ifndef MERCURY_HEADER_HASH
#define MERCURY_HEADER_HASH "39bafd78ee3b2f0e1f44e7284f6b410a8803c24d31293434815e60ecbe453e6f"
#endif
