/*
 * platform.c - the memory of this process, and the only file that asks the system.
 */
#include "internal.h"

#if defined(_WIN32)

#define WIN32_LEAN_AND_MEAN
#define PSAPI_VERSION 2 /* K32GetProcessMemoryInfo lives in kernel32: no psapi.dll to link */
#include <windows.h>
#include <psapi.h>

static int read_memory(mercury_memory *memory) {
    PROCESS_MEMORY_COUNTERS counters;
    counters.cb = sizeof counters;
    if (!K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters)) {
        return 0;
    }
    memory->resident_bytes = (int64_t)counters.WorkingSetSize;
    memory->peak_bytes = (int64_t)counters.PeakWorkingSetSize;
    return 1;
}

#elif defined(__APPLE__)

#include <mach/mach.h>

static int read_memory(mercury_memory *memory) {
    struct mach_task_basic_info info = {0};
    mach_msg_type_number_t count = MACH_TASK_BASIC_INFO_COUNT;
    if (task_info(mach_task_self(), MACH_TASK_BASIC_INFO, (task_info_t)&info, &count) != KERN_SUCCESS) {
        return 0;
    }
    memory->resident_bytes = (int64_t)info.resident_size;
    memory->peak_bytes = (int64_t)info.resident_size_max;
    return 1;
}

#else

#include <stdio.h>
#include <string.h>

/* The bytes of a line such as "VmRSS:\t  1234 kB", or -1 if `status` has no such line. */
static int64_t kilobyte_line(const char *status, const char *name) {
    const char *at = strstr(status, name);
    int64_t kilobytes = 0;
    if (at == NULL) {
        return -1;
    }
    at += strlen(name);
    while (*at == ' ' || *at == '\t') {
        at++;
    }
    if (*at < '0' || *at > '9') {
        return -1;
    }
    /* The bound keeps a strange system's endless digits from overflowing. */
    while (*at >= '0' && *at <= '9' && kilobytes < INT64_MAX / 1024 / 16) {
        kilobytes = kilobytes * 10 + (*at - '0');
        at++;
    }
    return kilobytes * 1024;
}

/*
 * Both figures from one file. getrusage is no substitute for the peak: its figure
 * survives exec, so it may be that of the shell that started the program.
 */
static int read_memory(mercury_memory *memory) {
    char status[8192];
    FILE *file = fopen("/proc/self/status", "rb");
    if (file == NULL) {
        return 0;
    }
    size_t length = fread(status, 1, sizeof status - 1, file);
    (void)fclose(file);
    status[length] = '\0';
    memory->resident_bytes = kilobyte_line(status, "\nVmRSS:");
    memory->peak_bytes = kilobyte_line(status, "\nVmHWM:");
    return memory->resident_bytes >= 0;
}

#endif

int64_t mercury_platform_memory(mercury_memory *memory, mercury_error *error) {
    if (memory == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    if (!read_memory(memory)) {
        return mercury_error_fill(error, MERCURY_ERROR_UNSUPPORTED, -1);
    }
    /* The system samples the two figures apart; a peak below the present would be nonsense. */
    if (memory->peak_bytes >= 0 && memory->peak_bytes < memory->resident_bytes) {
        memory->peak_bytes = memory->resident_bytes;
    }
    return MERCURY_OK;
}
