/* Made by build_ffi.py from mercury.h; do not edit. */
#ifndef MERCURY_HEADER_HASH
#define MERCURY_HEADER_HASH "b4d2cfc32ecdc71939dcbfc003aa7adc7deca7fe65b81a8de9a94010824cf29b"
#endif
