/* Made by build_ffi.py from mercury.h; do not edit. */
#ifndef MERCURY_HEADER_HASH
#define MERCURY_HEADER_HASH "fabdf3e499049e4d82d9234eb572524ac9a6a3e8bbea6c6844bb853517d4096c"
#endif
