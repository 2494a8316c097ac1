/* driver.c - see driver.h. */
#define _POSIX_C_SOURCE 199309L
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void give_up(const char *what) {
    perror(what);
    exit(2);
}

void *driver_memory(size_t bytes) {
    void *memory = malloc(bytes > 0 ? bytes : 1);
    if (memory == NULL) {
        give_up("malloc");
    }
    return memory;
}

/* The whole file, with a NUL byte behind it. */
static char *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        give_up(path);
    }
    long size = ftell(file);
    rewind(file);
    *length = (size_t)size;
    char *data = driver_memory(*length + 1);
    if (fread(data, 1, *length, file) != *length) {
        give_up(path);
    }
    fclose(file);
    data[*length] = '\0';
    return data;
}

static size_t count_statements(const char *data, size_t length) {
    size_t count = 1;
    for (size_t i = 0; i < length; i++) {
        count += data[i] == '\0' ? 1 : 0;
    }
    return count;
}

statements driver_load(const char *path) {
    size_t length;
    const char *data = read_file(path, &length);
    statements given = {NULL, count_statements(data, length), 0, 0};
    given.all = driver_memory(given.count * sizeof *given.all);
    for (size_t i = 0; i < given.count; i++) {
        given.all[i].text = data;
        given.all[i].length = strlen(data);
        given.bytes += given.all[i].length;
        given.longest = given.all[i].length > given.longest ? given.all[i].length : given.longest;
        data += given.all[i].length + 1;
    }
    return given;
}

void driver_introduce(const char *version, const statements *given, const size_t *failed, size_t failed_count) {
    printf("{\"version\": \"%s\", \"statements\": %zu, \"bytes\": %zu, \"failed\": [", version, given->count,
           given->bytes);
    for (size_t i = 0; i < failed_count; i++) {
        printf(i > 0 ? ", %zu" : "%zu", failed[i]);
    }
    puts("]}");
    fflush(stdout);
}

static uint64_t now_ns(clockid_t clock) {
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) {
        give_up("clock_gettime");
    }
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

int driver_serve(driver_pass pass, const statements *given, void *context) {
    volatile uint64_t result = pass(given, context);
    unsigned long passes;
    while (scanf("%lu", &passes) == 1) {
        uint64_t wall = now_ns(CLOCK_MONOTONIC);
        uint64_t cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
        for (unsigned long i = 0; i < passes; i++) {
            result += pass(given, context);
        }
        cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        wall = now_ns(CLOCK_MONOTONIC) - wall;
        printf("{\"wall_ns\": %llu, \"cpu_ns\": %llu}\n", (unsigned long long)wall, (unsigned long long)cpu);
        fflush(stdout);
    }
    return (int)(result & 0); /* used, so that no pass may be left out */
}
