/* Made by build_ffi.py from mercury.h; do not edit. */
#ifndef MERCURY_HEADER_HASH
#define MERCURY_HEADER_HASH "792596f587ae3a664a60a7cca4bc091faadbf48ad1d737f7be21fd381d0374cd"
#endif
