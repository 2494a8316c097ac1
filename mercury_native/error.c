/*
 * error.c - codes to constant texts, and filling the caller's record.
 *
 * No message is ever composed: a composed one would need memory while memory is
 * short, and would sooner or later quote a secret.
 */
#include "internal.h"

#include <string.h>

const char *mercury_error_message(int64_t code) {
    switch (code) {
    case MERCURY_OK:
        return "no error";
    case MERCURY_ERROR_INVALID_ARGUMENT:
        return "an argument is out of range";
    case MERCURY_ERROR_OUT_OF_MEMORY:
        return "out of memory";
    case MERCURY_ERROR_BUFFER_TOO_SMALL:
        return "a buffer is too small";
    case MERCURY_ERROR_UNKNOWN_DIALECT:
        return "unknown SQL dialect";
    case MERCURY_ERROR_LIMIT_EXCEEDED:
        return "a limit was exceeded";
    case MERCURY_ERROR_UNSUPPORTED:
        return "this platform does not support it";
    case MERCURY_ERROR_MALFORMED_DATA:
        return "the data has not the specified form";
    default:
        return "unknown error";
    }
}

int64_t mercury_error_fill(mercury_error *error, int64_t code, int64_t position) {
    if (error != NULL) {
        error->code = code;
        error->position = position;
        /* Fills the tail with zeros too: a record may be stored or sent as it lies in memory. */
        strncpy(error->message, mercury_error_message(code), sizeof error->message - 1);
        error->message[sizeof error->message - 1] = '\0';
    }
    return code;
}
