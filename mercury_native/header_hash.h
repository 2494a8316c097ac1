/* Made by build_ffi.py from mercury.h; do not edit. */
#ifndef MERCURY_HEADER_HASH
#define MERCURY_HEADER_HASH "888ce98830a155bdc4626b30f998086b365de2437bcfdf8e21720c29ff7b7457"
#endif
