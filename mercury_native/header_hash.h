/* Made by build_ffi.py from mercury.h; do not edit. */
#ifndef MERCURY_HEADER_HASH
#define MERCURY_HEADER_HASH "7e92915f5f0e3530bd685834959bd98b3ab1da0cc5ad86e886d9d8f5431b03ce"
#endif
