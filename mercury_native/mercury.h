/*
 * mercury.h - the public interface of Mercury's core, and its manual.
 *
 * The core computes and does nothing else: no input or output, no threads, no
 * clock, no locale, no recursion, and no global state but the allocator hook.
 * It works on memory that the caller gives. Its place in the flow:
 *
 * capture -> core -> findings -> suppression -> report -> segment -> telemetry -> export -> testing -> django -> commands
 *                   |
 *                   |  SQL text        sql_lexer      bytes  -> tokens
 *                   |                  sql_split      tokens -> the statements of a script
 *                   |                  sql_normalize  tokens -> canonical text, fingerprint
 *                   |                  sql_summary    tokens -> verb, tables, query summary
 *                   |                  sql_advice     tokens -> what the text proves wasteful
 *                   |  one unit's      loop_proof     two call paths -> did something loop?
 *                   |  statements      trace          events -> totals, groups, duplicates
 *                   |  numbers         histogram      numbers -> buckets, quantiles, exact sum
 *                   |  all processes   segment        series in shared memory
 *                   |  two samples     compare        which is greater, by how much, how surely
 *                   |  the process     platform       memory in use
 *                   |  every call      abi, error, alloc
 *
 * Each section below is one C file, one entry of SOURCES in the Makefile and
 * one module of the pure-Python twin in mercury/core/pure/, under one name. The
 * twin gives the same bytes, ids, codes and positions for the same input.
 *
 * Conventions
 *   Names       mercury_<file>_<verb>. Units are in the names: _ns, _bytes, _count.
 *   Text        pointer and length in bytes. NUL bytes and invalid UTF-8 are legal
 *               input. A NULL pointer is legal where the length is 0.
 *   Results     functions return MERCURY_OK (0) or a negative mercury_code; what
 *               they compute goes to out-parameters, the error is always the last.
 *   Errors      `error` is the caller's; NULL means "I do not want to know more
 *               than the code". It is written only on failure.
 *   Failure     out-parameters are then unspecified unless a function says otherwise;
 *               handles stay usable and may be freed.
 *   Handles     made by _new, ended by _free, which accepts NULL.
 *   Threads     functions without a handle may run in any number of threads at
 *               once. One handle serves one thread at a time; two handles are
 *               independent. Nothing here takes a lock.
 *   Fork        nothing is shared: a child may go on using its copy of a handle.
 *   Layout      every record that crosses to Python is made of 8-byte fields, so
 *               that one array of 64-bit integers holds it on every platform.
 *               mercury_rows is no record: it holds the caller's pointers.
 *
 * build_ffi.py feeds this file to cffi after preprocessing it with
 * -DPYTHON_HEADER: so no system header, attribute, inline function or computed
 * #define is seen there, and constants are enums.
 */
#ifndef MERCURY_H
#define MERCURY_H

#ifndef PYTHON_HEADER
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#if defined(MERCURY_STATIC)
#define MERCURY_API
#elif defined(MERCURY_BUILD)
#define MERCURY_API __declspec(dllexport)
#else
#define MERCURY_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define MERCURY_API __attribute__((visibility("default")))
#else
#define MERCURY_API
#endif

#ifdef __cplusplus
extern "C" {
#endif
#else
#define MERCURY_API
#endif

/* The caller's record of what went wrong; see section "error". */
typedef struct mercury_error mercury_error;

/* ---- Section: abi ----------------------------------------------------------
 *
 * What a loader asks before it trusts a library. cffi's ABI mode loads a stale
 * or foreign library without complaint and crashes at the first call whose
 * meaning changed; so the loader compares the hash below with the one in its
 * generated module and refuses anything but equality. The two functions of this
 * section keep their signatures for ever.
 */

/*
 * The SHA-256 of this header's canonical tokens (comments, line markers and white
 * space do not count), as 64 lower-case hexadecimal digits, NUL-terminated.
 * The text is static: never free it. Never NULL.
 */
MERCURY_API const char *mercury_abi_header_hash(void);

/*
 * One line for a person: compiler and version, pointer width, byte order, for example
 * "gcc 12.2.0, 64-bit, little-endian". Static, never NULL, never parsed by code.
 */
MERCURY_API const char *mercury_abi_build(void);

/* ---- Section: error --------------------------------------------------------
 *
 * A failure is a code, a position and a constant message. Reporting one never
 * allocates, and no message ever quotes input: what was passed in may be secret.
 */

typedef enum mercury_code {
    MERCURY_OK = 0,
    MERCURY_ERROR_INVALID_ARGUMENT = -1, /* an argument is outside what the function states */
    MERCURY_ERROR_OUT_OF_MEMORY = -2,    /* the allocator said no; the handle is unchanged */
    MERCURY_ERROR_BUFFER_TOO_SMALL = -3, /* position holds the capacity that is needed */
    MERCURY_ERROR_UNKNOWN_DIALECT = -4,  /* no mercury_dialect has this number */
    MERCURY_ERROR_LIMIT_EXCEEDED = -5,   /* a stated bound was passed; position holds the bound */
    MERCURY_ERROR_UNSUPPORTED = -6,      /* this platform cannot tell */
    MERCURY_ERROR_MALFORMED_DATA = -7    /* bytes from outside have not the form that is specified */
} mercury_code;

struct mercury_error {
    int64_t code;      /* a mercury_code */
    int64_t position;  /* what it counts is said where the code is returned; -1: nothing */
    char message[112]; /* UTF-8, NUL-terminated, the code's text as mercury_error_message gives it */
};

/*
 * The constant text of `code`, for example "an argument is out of range".
 * Static, never NULL: an unknown code has the text "unknown error".
 */
MERCURY_API const char *mercury_error_message(int64_t code);

/* ---- Section: alloc --------------------------------------------------------
 *
 * All memory of the core comes through one function that the host may swap. The
 * tests swap in one that fails at the n-th call.
 */

/*
 * Allocates, resizes and frees, in one function:
 *   old NULL, new_bytes > 0     a new block of new_bytes, aligned for any type
 *   old given, new_bytes > 0    the block resized as realloc does
 *   new_bytes 0                 old is freed (NULL allowed); the result is ignored
 * old_bytes is the size that `old` was last given. NULL means failure, `old` is
 * then untouched. It must be as thread-safe as the host's use of the core is.
 */
typedef void *(*mercury_allocator)(void *context, void *old, size_t old_bytes, size_t new_bytes);

/*
 * Makes `allocator` serve all later requests; NULL brings back the C library's.
 * `context` is passed through untouched and must outlive its use. Not thread-safe:
 * call it before the first handle exists and after the last is gone.
 */
MERCURY_API void mercury_alloc_set(mercury_allocator allocator, void *context);

/* ---- Section: sql_lexer ----------------------------------------------------
 *
 * Bytes to tokens in one pass, for SQL that need not be valid. Every byte of the
 * input that is not white space belongs to exactly one token. When the lexer is
 * in doubt about where a literal ends, the rest of the text is one DOUBT token:
 * better to lose a statement's tail than to let a literal out.
 */

typedef enum mercury_dialect {
    MERCURY_DIALECT_GENERIC = 0, /* unknown server: what most dialects agree on, else doubt */
    MERCURY_DIALECT_POSTGRESQL = 1,
    MERCURY_DIALECT_MYSQL = 2, /* and MariaDB */
    MERCURY_DIALECT_SQLITE = 3,
    MERCURY_DIALECT_ORACLE = 4,
    MERCURY_DIALECT_MSSQL = 5
} mercury_dialect;

typedef enum mercury_token_kind {
    MERCURY_TOKEN_WORD = 1,        /* keyword or unquoted identifier */
    MERCURY_TOKEN_QUOTED = 2,      /* quoted identifier, quotes included */
    MERCURY_TOKEN_STRING = 3,      /* literal in quotes of any kind, prefix included */
    MERCURY_TOKEN_NUMBER = 4,      /* unsigned numeric literal */
    MERCURY_TOKEN_PLACEHOLDER = 5, /* ? %s %(name)s $1 :name @p1, where an operand may stand */
    MERCURY_TOKEN_OPERATOR = 6,    /* a run of operator characters, as the server splits it */
    MERCURY_TOKEN_PUNCTUATION = 7, /* one of ( ) [ ] , ; . */
    MERCURY_TOKEN_COMMENT = 8,     /* to be dropped */
    MERCURY_TOKEN_DOUBT = 9        /* everything from here on is unsure */
} mercury_token_kind;

typedef struct mercury_token {
    int64_t kind;  /* a mercury_token_kind */
    int64_t start; /* first byte, counted from the start of the text */
    int64_t end;   /* one past the last byte; end > start */
} mercury_token;

/*
 * Splits `length` bytes at `text` into at most `capacity` tokens and sets
 * *count. `length` tokens always suffice. Linear time, constant stack, no heap.
 *
 * Errors: INVALID_ARGUMENT (a NULL pointer with a non-zero length or capacity),
 * UNKNOWN_DIALECT, BUFFER_TOO_SMALL (position: the tokens that are needed).
 */
MERCURY_API int64_t mercury_sql_lexer_tokens(const char *text, size_t length, int64_t dialect, mercury_token *tokens,
                                             size_t capacity, size_t *count, mercury_error *error);

/* ---- Section: sql_split ----------------------------------------------------
 *
 * A script to its statements. A semicolon ends a statement where the lexer reads it as
 * one: not in a literal, a quoted name or a comment, nor in a MySQL comment that is code,
 * nor behind a point of doubt. GO and `/` end one where they separate what a client sends,
 * as soon as their line has an end. COPY ... FROM STDIN ends with the `\.` behind its data,
 * and nothing behind it ends while its line is the last; behind DELIMITER nothing ends
 * until DELIMITER gives the semicolon back.
 *
 * A trigger, a routine or an event that is created ends with the END of its BEGIN, in
 * MSSQL, but for events, with GO; a package with the END of its AS or IS. In ORACLE blocks
 * end alike, and what they and routines declare before BEGIN belongs to them; in MSSQL any
 * BEGIN opens a block but a transaction's.
 *
 * What is found in the first bytes of a text stays true whatever comes behind them. So a
 * script of any length can be read in pieces: what is behind the last semicolon found
 * goes in front of the next piece.
 */

/*
 * Sets offsets[0] to 0, offsets[i + 1] to one past what ends statement i,
 * and *count to the statements found, at most `capacity`; `offsets` has room for
 * capacity + 1 entries. Go on at offsets[*count] for more: a statement is read alike
 * whatever is before it. What is behind the last end is not counted. Linear time,
 * constant stack, no heap.
 *
 * Errors: INVALID_ARGUMENT, UNKNOWN_DIALECT.
 */
MERCURY_API int64_t mercury_sql_split_offsets(const char *text, size_t length, int64_t dialect, int64_t *offsets,
                                              size_t capacity, size_t *count, mercury_error *error);

/* ---- Section: sql_normalize ------------------------------------------------
 *
 * Tokens to the canonical text: no literal, no comment, one spelling for one
 * statement. The fingerprint is the XXH3-64 (seed 0) of the canonical bytes, so
 * that anybody can compute it again from docs/fingerprint-spec.md.
 */

typedef struct mercury_normalized {
    int64_t length;        /* bytes of canonical text */
    uint64_t fingerprint;  /* XXH3-64 of those bytes */
    int64_t literal_count; /* literals that were replaced; numbers after LIMIT, OFFSET and FETCH do not count */
    int64_t in_doubt;      /* 1: the text ends in a `?` that stands for everything after a point of doubt */
} mercury_normalized;

/*
 * The capacity in bytes that always suffices for the canonical text of `length` bytes:
 * 3 * length + 16, saturating. The canonical text may be longer than its source
 * because it writes `a=1` as `a = ?` and a lone jsonb operator `?` as ` ?? `.
 */
MERCURY_API size_t mercury_sql_normalize_bound(size_t length);

/*
 * Writes the canonical text of `length` bytes at `text` to `canonical` (not
 * NUL-terminated; may not overlap `text`) and fills *normalized. Normalizing a canonical text again gives
 * the same bytes. Linear time, constant stack, no heap.
 *
 * Errors: INVALID_ARGUMENT, UNKNOWN_DIALECT, BUFFER_TOO_SMALL (position: a
 * capacity that suffices).
 */
MERCURY_API int64_t mercury_sql_normalize_text(const char *text, size_t length, int64_t dialect, char *canonical,
                                               size_t capacity, mercury_normalized *normalized, mercury_error *error);

/*
 * What mercury_sql_normalize_within reads and writes besides the text. The caller sets the
 * first three, once for any number of texts, and owns `canonical`. One thread at a time
 * may use it.
 */
typedef struct mercury_workspace {
    int64_t dialect; /* a mercury_dialect */
    char *canonical; /* the canonical text is written here, over the one before */
    size_t capacity; /* bytes at `canonical` */
    mercury_normalized normalized;
    mercury_error error;
} mercury_workspace;

/*
 * mercury_sql_normalize_text for callers to whom each argument of a call costs as much as a
 * word of SQL, as it does behind a foreign function interface. Returns the bytes of the
 * canonical text, or an error, which workspace->error then tells of.
 *
 * Errors: those of mercury_sql_normalize_text.
 */
MERCURY_API int64_t mercury_sql_normalize_within(mercury_workspace *workspace, const char *text, size_t length);

/*
 * Statements that lie in one buffer as Arrow lays out strings: row i is
 * data[offsets[i]] up to data[offsets[i + 1]]. The offsets have count + 1 entries
 * (none are read where count is 0), never decrease, and stay within 0 and data_length.
 * Another thread may write to all of this memory during a call: results are then
 * unspecified, but nothing outside of the memory is touched.
 */
typedef struct mercury_rows {
    const char *data;
    size_t data_length;      /* bytes */
    const void *offsets;     /* int32_t or int64_t, aligned as its type wants */
    size_t offset_bytes;     /* 4 or 8: the width of one offset */
    size_t count;            /* rows */
    const uint8_t *validity; /* Arrow's bitmap, lowest bit first, where 0 is null; NULL: no row is null */
    size_t validity_start;   /* the bit of row 0 */
} mercury_rows;

/*
 * Writes the fingerprint of each row to `fingerprints`, 0 for a null. `scratch` is memory
 * of `capacity` bytes that the call may use, at least mercury_sql_normalize_bound of
 * the longest row. All offsets are checked before the first row is read.
 *
 * Errors: INVALID_ARGUMENT (position: the row whose offsets are wrong, or -1),
 * UNKNOWN_DIALECT, BUFFER_TOO_SMALL (position: a scratch capacity that suffices).
 */
MERCURY_API int64_t mercury_sql_normalize_fingerprints(const mercury_rows *rows, int64_t dialect, char *scratch,
                                                       size_t capacity, uint64_t *fingerprints, mercury_error *error);

/*
 * Writes the canonical texts of the rows one behind the other to `canonical`: that of row
 * i is canonical[canonical_offsets[i]] up to canonical[canonical_offsets[i + 1]], and that
 * of a null is empty. `canonical_offsets` has room for count + 1 entries. All offsets are
 * checked before the first row is read.
 *
 * *done is 0 at first and becomes the number of rows that are written. A row is written
 * where mercury_sql_normalize_bound of it is free behind the row before, so memory stays
 * bounded by what the caller gives: at BUFFER_TOO_SMALL (position: a capacity that lets
 * row *done in) call again with *done as it is and a larger buffer that begins as the
 * smaller one did; or take the rows out and go on behind them as a batch of its own.
 *
 * Errors: INVALID_ARGUMENT (position: the row whose offsets are wrong, or -1),
 * UNKNOWN_DIALECT, BUFFER_TOO_SMALL.
 */
MERCURY_API int64_t mercury_sql_normalize_texts(const mercury_rows *rows, int64_t dialect, char *canonical,
                                                size_t capacity, int64_t *canonical_offsets, size_t *done,
                                                mercury_error *error);

/* ---- Section: sql_summary --------------------------------------------------
 *
 * Tokens to what a statement does and to what: its verb, its tables, and the query
 * summary of OpenTelemetry's semantic conventions (db.query.summary):
 *
 *     INSERT INTO archive SELECT * FROM orders o JOIN "Lines" l ON ... WHERE total > 5
 *
 *     summary   INSERT archive SELECT orders "Lines"
 *     verb      INSERT
 *     tables    archive, orders, Lines
 *
 * The summary holds operations and their targets in the order of the text, as the text
 * writes them, without comments: one space between two, `; ` between two statements.
 *
 *     operation   SELECT, INSERT, CREATE TABLE, ROLLBACK TO SAVEPOINT ...; a statement that
 *                 begins with no known verb has none, and nothing after it either. VALUES
 *                 counts only where it begins a statement. FROM at the start of the text,
 *                 as HQL has it, counts as `select`.
 *     target      the table, view, function or subquery's table behind FROM and JOIN of a
 *                 SELECT; of UPDATE, DELETE and MERGE only what they change; the procedure
 *                 of CALL; what is created, altered, dropped or locked. Names of common
 *                 table expressions are none, nor are names of savepoints and cursors.
 *
 * The verb is the first operation outside of parentheses, without what it works on, in
 * upper case: INSERT for `WITH x AS (SELECT ...) INSERT ...`.
 *
 * The tables stand in order of their first appearance, schema and all, quotes taken away,
 * each once: UPDATE's and DELETE's other tables and those of REFERENCES are among them,
 * functions are not. Case is kept; two names are one where the dialect folds them to one.
 * Two names that differ by their quotes alone are one as well.
 *
 * No literal is ever written: only known words, and words and quoted names where a name
 * is due. That is why a target in single quotes is left out. At a point of doubt the
 * reading ends.
 */

enum {
    MERCURY_SUMMARY_MAX_BYTES = 255,        /* the summary; it ends before the first name that does not fit */
    MERCURY_SUMMARY_MAX_TABLES = 64,        /* tables */
    MERCURY_SUMMARY_MAX_TABLE_BYTES = 5088, /* all tables' names */
    MERCURY_SUMMARY_MAX_CTES = 64,          /* common table expressions that are known at one place */
    MERCURY_SUMMARY_MAX_CTE_BYTES = 2048,   /* all their names */
    MERCURY_SUMMARY_MAX_NAME_BYTES = 512,   /* one name, schema and all */
    MERCURY_SUMMARY_MAX_DEPTH = 256,        /* the text and its open parentheses; what is deeper is not read */
    MERCURY_SUMMARY_VERB = 256,             /* where the verb starts in the caller's memory */
    MERCURY_SUMMARY_TABLES = 288,           /* where the first table starts */
    MERCURY_SUMMARY_CAPACITY = 8192         /* the memory that a call wants, for any text */
};

/* 68 fields of 8 bytes. */
typedef struct mercury_summary {
    int64_t length;      /* bytes of the summary, which starts at 0 */
    int64_t verb_length; /* bytes of the verb, which starts at MERCURY_SUMMARY_VERB; 0: no known verb */
    int64_t complete;    /* 0: doubt or a bound ended the reading or left something out */
    int64_t table_count;
    int64_t table_ends[64]; /* where each table ends; the next one starts there; 0 beyond the last */
} mercury_summary;

/*
 * Reads `length` bytes at `text`, writes summary, verb and tables to `out` (no NUL; may
 * not overlap `text`) and fills *summary. The rest of `out` is scratch and holds names of
 * the text afterward. Linear time, constant stack (3 KiB), no heap.
 *
 * Errors: INVALID_ARGUMENT, UNKNOWN_DIALECT, BUFFER_TOO_SMALL (position:
 * MERCURY_SUMMARY_CAPACITY).
 */
MERCURY_API int64_t mercury_sql_summary_text(const char *text, size_t length, int64_t dialect, char *out,
                                             size_t capacity, mercury_summary *summary, mercury_error *error);

/* ---- Section: sql_advice ---------------------------------------------------
 *
 * What a statement's text alone proves wasteful or wrong, before any database has seen it.
 * docs/advice.md tells each rule with its reason, its cure and where it is silent.
 *
 * A parameter's value never comes here. LIKE wants to know of it what an index wants to
 * know, and that is one bit: whether it is a text that begins with % or _.
 *
 * What a rule cannot see it does not tell: where doubt, a bound or a cut leaves something
 * unread, the rules that need a statement's end are silent. DDL, EXPLAIN and the like are
 * not judged, and nothing behind CREATE, ALTER, DECLARE or a BEGIN that begins code, as
 * routines hold statements.
 */

/* The rules, from 0 on without gaps. */
typedef enum mercury_rule {
    MERCURY_RULE_UNBOUNDED_SELECT = 0,   /* all rows of tables: no condition, limit or aggregate */
    MERCURY_RULE_DEEP_OFFSET = 1,        /* OFFSET skips MERCURY_ADVICE_DEEP_OFFSET rows or more */
    MERCURY_RULE_LEADING_WILDCARD = 2,   /* LIKE '%...': no index on the column can serve */
    MERCURY_RULE_ORDER_BY_RANDOM = 3,    /* ORDER BY RANDOM() and its like */
    MERCURY_RULE_NOT_IN_SUBQUERY = 4,    /* NOT IN (SELECT ...): one NULL empties the result */
    MERCURY_RULE_FUNCTION_ON_COLUMN = 5, /* lower(x) = ?, x::date = ?, CAST(x AS t) = ? */
    MERCURY_RULE_CARTESIAN_JOIN = 6,     /* tables in FROM that nothing links */
    MERCURY_RULE_LONG_IN_LIST = 7,       /* IN compares with MERCURY_ADVICE_LONG_LIST items or more */
    MERCURY_RULE_UNION_DISTINCT = 8,     /* UNION sorts or hashes where UNION ALL may do */
    MERCURY_RULE_SELECT_STAR = 9,        /* the outermost SELECT reads * */
    MERCURY_RULE_LITERAL_VALUE = 10      /* a column is compared with a literal, not with a parameter */
} mercury_rule;

enum {
    MERCURY_ADVICE_RULES = 11,          /* how many there are */
    MERCURY_ADVICE_DEEP_OFFSET = 1000,  /* rows */
    MERCURY_ADVICE_LONG_LIST = 1000,    /* items; Oracle takes no more */
    MERCURY_ADVICE_MAX_DEPTH = 64,      /* the text and its open parentheses; what is deeper is not read */
    MERCURY_ADVICE_MAX_RELATIONS = 32,  /* tables that are known at one place */
    MERCURY_ADVICE_MAX_CTES = 32,       /* common table expressions that are known at one place */
    MERCURY_ADVICE_MAX_NAME_BYTES = 255 /* one name of those */
};

/* 23 fields of 8 bytes; the arrays are by rule. */
typedef struct mercury_advice {
    int64_t complete;      /* 0: doubt or a bound left something unread */
    int64_t counts[11];    /* places that break the rule; UNBOUNDED_SELECT counts statements */
    int64_t positions[11]; /* the first byte of the first such place; -1: none */
} mercury_advice;

/*
 * Reads `length` bytes at `text` and fills *advice. wildcards[i], for i below
 * `wildcard_count`, says of the i-th placeholder's parameter, in the order of the text,
 * whether it is a text that begins with % or _ (not 0); of those beyond nothing is known.
 * Linear time, constant stack (4 KiB), no heap.
 *
 * Errors: INVALID_ARGUMENT, UNKNOWN_DIALECT.
 */
MERCURY_API int64_t mercury_sql_advice_text(const char *text, size_t length, int64_t dialect, const char *wildcards,
                                            size_t wildcard_count, mercury_advice *advice, mercury_error *error);

/* ---- Section: loop_proof ---------------------------------------------------
 *
 * Did something loop between two statements? The evidence is where the program
 * stood, not how often a statement came:
 *
 *     call path     outermost                                    innermost
 *     of a query    view@88 ........ render@12 ... get_author@6   [operation]
 *                     |                                               |
 *                     root of the unit of work         the ORM call that sent it
 *
 *     two queries   view@88   helper@6   get@4      shared = 1: `view` is the same
 *                   view@88   helper@6   get@4      activation, `helper` ran twice
 *
 * The innermost frame that both statements share as one and the same activation
 * (not merely the same code) decides. If it stands at the same instruction both
 * times, that instruction ran twice: it loops, and it is the loop. If it has moved
 * on, it was straight-line code between the two, unless the way led through a recursion.
 * The frames around it stand still with it; only a generator's caller may have moved on,
 * and then it was the caller's straight-line code that pulled the generator twice. An
 * interpreter that called its next element has moved on as well.
 *
 *     what the two statements share           verdict      depth
 *     the operation itself, both ends         OPERATION    the operation
 *     frames that are all at the instruction  REPEATED if the paths are equal, else CALLED
 *       they were at, and below them both                  the innermost of those frames
 *       paths go on, not to two elements of
 *       one interpreter
 *     no known activation, equal paths        REPEATED     not located
 *     no known activation; the first entry    CALLED       not located: any frame before
 *       that differs runs other code                       it may be the one that loops
 *     anything else                           RECURSION or NONE
 *
 * RECURSION wants paths of different lengths whose entries before the operation are
 * equal, and the code of that entry among the frames that both share (activations not
 * known: up to the first entry that differs). Then the longer path entered that code
 * again from within. Its depth is where that code first stands.
 *
 * The operation's own entry proves nothing where the other path goes on below it: the
 * ORM's frames are not in the path, so that one run of one instruction of the operation
 * may send its own statement and then call code that sends another. For the same reason
 * each operation must be an entry of its own, also that of a bare cursor.
 */

typedef struct mercury_frame {
    int64_t code;    /* identity of the code object, unique within a trace */
    int64_t offset;  /* bytecode offset at which the frame stands */
    int64_t element; /* what an interpreter of templates, forms or serializers is at; 0: no such frame */
} mercury_frame;

typedef enum mercury_loop {
    MERCURY_LOOP_NONE = 0,      /* straight-line code, or nothing proves a loop */
    MERCURY_LOOP_OPERATION = 1, /* one operation sent both: a batch, not a repetition */
    MERCURY_LOOP_REPEATED = 2,  /* the same call path was taken twice */
    MERCURY_LOOP_CALLED = 3,    /* one instruction called two different paths */
    MERCURY_LOOP_RECURSION = 4  /* one query site was entered again through a cycle of frames */
} mercury_loop;

typedef struct mercury_verdict {
    int64_t loop;  /* a mercury_loop */
    int64_t depth; /* index in the later path of the frame that loops; -1: not located */
} mercury_verdict;

/*
 * Compares the call paths of two statements, outermost frame first, the operation
 * last. `shared` says how many of the outermost frames are the same activations in
 * both; 0 means not known (another thread, or the first statement there), and the paths
 * alone decide then: equal paths under one root looped somewhere.
 *
 * Errors: INVALID_ARGUMENT (an empty path, or `shared` beyond the shorter one).
 */
MERCURY_API int64_t mercury_loop_proof_compare(const mercury_frame *earlier, size_t earlier_length,
                                               const mercury_frame *later, size_t later_length, size_t shared,
                                               mercury_verdict *verdict, mercury_error *error);

/* ---- Section: trace --------------------------------------------------------
 *
 * The statements of one unit of work (a request, a test, a block), fed in blocks
 * and folded at once: memory grows with distinct statements, call paths and
 * parameters, never with their number, and each of those has a bound. What falls
 * beyond a bound is still in the totals and is counted as ungrouped.
 *
 *     events --> totals
 *            --> groups      one per (fingerprint, database, call path)
 *            --> duplicates  one per (fingerprint, database, parameters) seen twice
 *
 * Each query is compared with the last one of its group and, where that proves no loop,
 * with the last one of its site (fingerprint, database, and the instruction that entered
 * the operation: the path's last entry but one) if another group holds it; that group is
 * told of the proof too if it has none yet. Two sites prove nothing about each other:
 * that a loop called one after the other does not repeat either.
 */

enum {
    MERCURY_TRACE_MAX_PATHS = 16384,       /* distinct call paths */
    MERCURY_TRACE_MAX_FRAMES = 524288,     /* frames over all paths */
    MERCURY_TRACE_MAX_GROUPS = 16384,      /* groups */
    MERCURY_TRACE_MAX_PARAMETERS = 131072, /* distinct parameter sets over all statements */
    MERCURY_TRACE_MAX_LANES = 1024,        /* threads; the events of later ones cannot carry a path */
    MERCURY_TRACE_DUPLICATE_PLACES = 4     /* call paths remembered per duplicate */
};

enum {
    MERCURY_EVENT_FAILED = 1,      /* the database answered with an error */
    MERCURY_EVENT_MANY = 2,        /* executemany: one call, many parameter sets */
    MERCURY_EVENT_TRANSACTION = 4, /* BEGIN, SAVEPOINT, COMMIT ...: counted apart, never grouped */
    MERCURY_EVENT_WRITE = 8        /* INSERT, UPDATE, DELETE ...: never a duplicate */
};

/* One statement sent to a database: 9 fields of 8 bytes. */
typedef struct mercury_event {
    int64_t fingerprint; /* the unsigned id's bits */
    int64_t path;        /* index of a path added before; -1: the call path was not measured */
    int64_t shared;      /* outermost frames that are the same activations as at the lane's previous event */
    int64_t parameters;  /* keyed digest of the parameters; 0: not compared */
    int64_t lane;        /* thread, numbered from 0 within the trace, below MERCURY_TRACE_MAX_LANES */
    int64_t database;    /* alias, numbered from 0 within the trace */
    int64_t start_ns;    /* any clock that does not run backwards */
    int64_t duration_ns; /* negative counts as 0 */
    int64_t flags;       /* MERCURY_EVENT_* */
} mercury_event;

typedef struct mercury_totals {
    int64_t event_count;       /* all events */
    int64_t query_count;       /* events that are no transaction control */
    int64_t transaction_count; /* the others */
    int64_t failed_count;      /* events with MERCURY_EVENT_FAILED */
    int64_t write_count;       /* events with MERCURY_EVENT_WRITE */
    int64_t duration_ns;       /* sum over all events, saturating */
    int64_t group_count;       /* groups that exist */
    int64_t duplicate_count;   /* duplicates that exist */
    int64_t ungrouped_count;   /* queries without a path or beyond a bound: not judged */
} mercury_totals;

/* All queries of one statement from one call path: 16 fields of 8 bytes. */
typedef struct mercury_group {
    int64_t fingerprint;
    int64_t database;
    int64_t path;
    int64_t count;           /* queries; operations that sent several count each statement */
    int64_t operation_count; /* ORM operations, at least 1; a prefetch in five batches is one */
    int64_t failed_count;
    int64_t flags;       /* all its events' flags, or-ed */
    int64_t duration_ns; /* sum, saturating */
    int64_t longest_ns;
    int64_t first_event; /* number of its first event in the trace, from 0 */
    int64_t last_event;
    int64_t distinct_count;   /* queries whose parameters this statement had not had before; not compared counts too */
    int64_t loop;             /* the strongest found: REPEATED, RECURSION, CALLED, OPERATION, NONE in this order */
    int64_t loop_depth;       /* index in `path` of the innermost frame proven to loop; -1: not located */
    int64_t outer_loop_depth; /* the same for the outermost */
    int64_t proven_count;     /* queries that proved a loop; 0 where another group's query proved this one's */
} mercury_group;

/* One statement sent more than once with the same parameters: 12 fields of 8 bytes. */
typedef struct mercury_duplicate {
    int64_t fingerprint;
    int64_t database;
    int64_t parameters;
    int64_t count;       /* at least 2 */
    int64_t duration_ns; /* sum, saturating */
    int64_t first_event;
    int64_t last_event;
    int64_t place_count; /* distinct call paths; those beyond the remembered ones are counted as met */
    int64_t places[4];   /* indexes into the groups, in order of appearance; -1: none */
} mercury_duplicate;

/* A unit of work. Opaque; one thread at a time. */
typedef struct mercury_trace mercury_trace;

/*
 * A new, empty trace, or NULL (OUT_OF_MEMORY). `seed` keys its tables against
 * chosen collisions: give random bits; results do not depend on it. The caller
 * frees it with mercury_trace_free.
 */
MERCURY_API mercury_trace *mercury_trace_new(uint64_t seed, mercury_error *error);

/* Ends a trace and all that it holds. NULL is allowed. */
MERCURY_API void mercury_trace_free(mercury_trace *trace);

/*
 * Adds `count` call paths, which get the next indexes from 0. Path i is
 * frames[offsets[i]] up to frames[offsets[i + 1]], outermost first, the operation
 * last, at least one frame. The frames are copied. All or nothing.
 *
 * Errors: INVALID_ARGUMENT (position: the path), LIMIT_EXCEEDED (position: the
 * bound), OUT_OF_MEMORY.
 */
MERCURY_API int64_t mercury_trace_add_paths(mercury_trace *trace, const mercury_frame *frames, size_t frame_count,
                                            const int64_t *offsets, size_t count, mercury_error *error);

/*
 * Adds `count` events in the order in which their lanes sent them; lanes may be interleaved
 * in any way. All or nothing where an argument is wrong; after OUT_OF_MEMORY the
 * events from `position` on are missing.
 *
 * An event without a path has shared 0 and may have any lane: it leaves no trace in it.
 *
 * Errors: INVALID_ARGUMENT (position: the first event whose path is unknown or whose
 * lane, database or shared is out of range), OUT_OF_MEMORY (position: the event).
 */
MERCURY_API int64_t mercury_trace_add_events(mercury_trace *trace, const mercury_event *events, size_t count,
                                             mercury_error *error);

/* Fills *totals with the state so far. Errors: INVALID_ARGUMENT. */
MERCURY_API int64_t mercury_trace_totals(const mercury_trace *trace, mercury_totals *totals, mercury_error *error);

/*
 * Writes all groups, in order of their first event, and sets *count.
 * Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL (position: the groups that exist).
 */
MERCURY_API int64_t mercury_trace_groups(const mercury_trace *trace, mercury_group *groups, size_t capacity,
                                         size_t *count, mercury_error *error);

/*
 * Writes all duplicates, in order of their first event, and sets *count.
 * Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL (position: the duplicates that exist).
 */
MERCURY_API int64_t mercury_trace_duplicates(const mercury_trace *trace, mercury_duplicate *duplicates, size_t capacity,
                                             size_t *count, mercury_error *error);

/* ---- Section: histogram ----------------------------------------------------
 *
 * Numbers that are not negative, integers and doubles, counted in buckets whose bounds grow
 * by one factor: OpenTelemetry's exponential histogram, Prometheus's native histogram.
 *
 *     scale s     base = 2^(2^-s); bucket i holds the numbers above base^i, up to base^(i + 1)
 *
 *                 0.5     1       2       4       8           at scale 0, where base = 2
 *                   |  -1 |   0   |   1   |   2   |           1 is in bucket -1, 2 in bucket 0
 *
 *     Prometheus  calls the scale its schema, and bucket i its bucket i + 1
 *
 * An estimate of a quantile is off by at most (base - 1) / (base + 1) of the number: 1.1 % at
 * scale 5. The buckets of one scale are pairs of those of the next higher one. So a histogram
 * whose numbers would take more than MERCURY_HISTOGRAM_MAX_BUCKETS lowers its scale until they
 * do not, and histograms of any scales merge exactly: in whatever order numbers are recorded
 * and histograms merged, count, buckets, sum, minimum and maximum are the same to the last bit.
 *
 * Every number counts as what it is: integers above 2^53 are not rounded to doubles first, and
 * the sum is exact. docs/histogram-spec.md has the bytes that histograms are kept and sent as.
 */

enum {
    MERCURY_HISTOGRAM_MIN_SCALE = -10,    /* all doubles in three buckets */
    MERCURY_HISTOGRAM_MAX_SCALE = 8,      /* 256 buckets for a factor of two */
    MERCURY_HISTOGRAM_MAX_BUCKETS = 1024, /* from the first that is not empty to the last */
    MERCURY_HISTOGRAM_SUM_WORDS = 35,     /* words of 64 bits in a sum */
    MERCURY_HISTOGRAM_UNIT_BITS = 1152,   /* a sum is in units of 2^-1152 */
    MERCURY_HISTOGRAM_MAX_BYTES = 8568    /* of an encoded histogram */
};

/*
 * What a histogram holds but its buckets: 44 fields of 8 bytes.
 *
 * Minimum and maximum are significand * 2^(exponent - 63), where the significand has 64 bits
 * and is 0 for the number 0. All four are 0 where there is no number.
 */
typedef struct mercury_figures {
    int64_t scale;
    int64_t count;        /* all numbers */
    int64_t zero_count;   /* those that are 0: they are in no bucket */
    int64_t first_bucket; /* index of the first bucket that is not empty; 0 where all are */
    int64_t bucket_count; /* buckets from that one to the last that is not empty */
    int64_t minimum_exponent;
    uint64_t minimum_significand;
    int64_t maximum_exponent;
    uint64_t maximum_significand;
    uint64_t sum[35]; /* exact, in units of 2^-1152, the lowest word first */
} mercury_figures;

/* Opaque; one thread at a time. It takes 8.7 KiB, all of it at once. */
typedef struct mercury_histogram mercury_histogram;

/*
 * A new, empty histogram, or NULL (INVALID_ARGUMENT: no such scale; OUT_OF_MEMORY). The
 * caller frees it with mercury_histogram_free.
 */
MERCURY_API mercury_histogram *mercury_histogram_new(int64_t scale, mercury_error *error);

/* Ends a histogram. NULL is allowed. */
MERCURY_API void mercury_histogram_free(mercury_histogram *histogram);

/*
 * Records one number. No heap. Errors: INVALID_ARGUMENT (negative), LIMIT_EXCEEDED (2^63 - 1
 * numbers are recorded).
 */
MERCURY_API int64_t mercury_histogram_record_integer(mercury_histogram *histogram, int64_t value, mercury_error *error);

/*
 * The same for a double; -0 is 0. Errors: INVALID_ARGUMENT (negative, infinite or not a
 * number), LIMIT_EXCEEDED.
 */
MERCURY_API int64_t mercury_histogram_record_double(mercury_histogram *histogram, double value, mercury_error *error);

/*
 * Records `count` numbers, all or nothing. No heap. Figures are wrong, and nothing worse, where
 * another thread changes the numbers meanwhile.
 *
 * Errors: INVALID_ARGUMENT (position: the first number that cannot be recorded),
 * LIMIT_EXCEEDED.
 */
MERCURY_API int64_t mercury_histogram_record_integers(mercury_histogram *histogram, const int64_t *values, size_t count,
                                                      mercury_error *error);

/* The same for doubles. */
MERCURY_API int64_t mercury_histogram_record_doubles(mercury_histogram *histogram, const double *values, size_t count,
                                                     mercury_error *error);

/*
 * Adds all that `other` counts; its scale is the lower one then, or one still lower. `other`
 * may be the histogram itself. No heap.
 *
 * Errors: INVALID_ARGUMENT, LIMIT_EXCEEDED (more than 2^63 - 1 numbers; nothing was added).
 */
MERCURY_API int64_t mercury_histogram_merge(mercury_histogram *histogram, const mercury_histogram *other,
                                            mercury_error *error);

/*
 * Sets *value to an estimate of the number of rank ceil(q * count), the least having rank 1;
 * to the minimum and maximum, as the nearest doubles, for the first and the last rank. It is
 * off by at most (base - 1) / (base + 1) of that number, but for subnormal ones, and never
 * outside of minimum and maximum. NaN where no number is recorded.
 *
 * Errors: INVALID_ARGUMENT (q is not from 0 to 1).
 */
MERCURY_API int64_t mercury_histogram_quantile(const mercury_histogram *histogram, double q, double *value,
                                               mercury_error *error);

/* Fills *figures. Errors: INVALID_ARGUMENT. */
MERCURY_API int64_t mercury_histogram_figures(const mercury_histogram *histogram, mercury_figures *figures,
                                              mercury_error *error);

/*
 * Writes the counts of figures.bucket_count buckets from figures.first_bucket on, and sets
 * *count. Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL (position: the buckets that there are).
 */
MERCURY_API int64_t mercury_histogram_buckets(const mercury_histogram *histogram, uint64_t *counts, size_t capacity,
                                              size_t *count, mercury_error *error);

/*
 * Writes the histogram as docs/histogram-spec.md has it, and sets *length to its bytes, at
 * most MERCURY_HISTOGRAM_MAX_BYTES. Two histograms with the same contents have the same bytes, on
 * every machine. Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL (position: the bytes it takes).
 */
MERCURY_API int64_t mercury_histogram_encode(const mercury_histogram *histogram, unsigned char *bytes, size_t capacity,
                                             size_t *length, mercury_error *error);

/*
 * A new histogram from `length` bytes, which may be anything, or NULL. Bytes that it takes are
 * those that mercury_histogram_encode gives for it. The caller frees it with
 * mercury_histogram_free.
 *
 * Errors: MALFORMED_DATA (position: the first byte that cannot be right; where the checksum is wrong, that),
 * INVALID_ARGUMENT, OUT_OF_MEMORY.
 */
MERCURY_API mercury_histogram *mercury_histogram_decode(const unsigned char *bytes, size_t length,
                                                        mercury_error *error);
/* ---- Section: segment ------------------------------------------------------
 *
 * Counters and histograms in memory that the processes of one host share, in the layout of
 * docs/segment-format.md: a header, then slots, then series in each slot.
 *
 *     | header | slot 0: its head | series | series | ... | slot 1 ...
 *
 * One slot has one writer at a time, and nobody else writes there; the caller sees to that
 * with locks that die with their owner. A series is written whole and published by one store. A
 * value is recorded in plain stores around which a sequence number becomes odd and even again,
 * so that a process may be killed between any two of them.
 *
 * A reader copies a slot and believes only what its equations prove: the check sums over
 * names and places, sequence = 2 * count, count = the sum of the buckets, sum = ~complement.
 *
 * `memory` is the caller's, aligned to 8 bytes, and may be mapped; what other processes write
 * to it meanwhile changes results, but nothing outside of it is touched. A `place` counts
 * words of 8 bytes from its start. All words are little-endian on every machine.
 */

enum {
    MERCURY_SEGMENT_VERSION = 1,
    MERCURY_SEGMENT_HEADER_BYTES = 4096,
    MERCURY_SEGMENT_SLOT_BYTES = 65536,    /* of a slot in a file */
    MERCURY_SEGMENT_SLOT_HEAD_BYTES = 64,  /* the series of a slot begin behind it */
    MERCURY_SEGMENT_MIN_SLOT_BYTES = 4096, /* room for any one series */
    MERCURY_SEGMENT_ALIGNMENT_BYTES = 64,  /* of slots and series */
    MERCURY_SEGMENT_MAX_KEY_BYTES = 1024,  /* name and labels of one series */
    MERCURY_SEGMENT_SCALE = 3,             /* 8 buckets an octave */
    MERCURY_SEGMENT_FIRST_INDEX = 79,      /* of the second bucket; the first holds all that is less */
    MERCURY_SEGMENT_BUCKETS = 242          /* the last holds all from index 319 on, above 1,008 s in ns */
};

typedef enum mercury_segment_kind { MERCURY_SEGMENT_COUNTER = 1, MERCURY_SEGMENT_HISTOGRAM = 2 } mercury_segment_kind;

typedef enum mercury_segment_use {
    MERCURY_SEGMENT_FREE = 0,    /* nobody's: all zero */
    MERCURY_SEGMENT_WRITER = 1,  /* one writer's of one process */
    MERCURY_SEGMENT_RETIRED = 2, /* totals of the dead */
    MERCURY_SEGMENT_UNKNOWN = 3  /* its head is damaged */
} mercury_segment_use;

typedef enum mercury_segment_state {
    MERCURY_SEGMENT_WHOLE = 0,         /* every equation holds */
    MERCURY_SEGMENT_TORN = 1,          /* a series: its writer stopped, or is, in the middle of one value */
    MERCURY_SEGMENT_BROKEN = 2,        /* a check sum or an equation does not hold */
    MERCURY_SEGMENT_FOREIGN = 3,       /* a file: this is no segment */
    MERCURY_SEGMENT_OTHER_VERSION = 4, /* a file: another version of the format */
    MERCURY_SEGMENT_OTHER_SIZE = 5     /* a file: it was cut or grew */
} mercury_segment_state;

/* What a header says: 9 fields of 8 bytes. Only `state` and `version` are set unless it is WHOLE. */
typedef struct mercury_segment_layout {
    int64_t state;   /* a mercury_segment_state */
    int64_t version; /* 0 where it is FOREIGN */
    int64_t file_bytes;
    int64_t slot_bytes;
    int64_t slot_count;
    int64_t creation_low; /* random bits that name this segment */
    int64_t creation_high;
    int64_t created_ns; /* since 1970 */
    int64_t generation; /* of the retired slots that count; -1: that word is damaged, and none does */
} mercury_segment_layout;

/* The head of a slot: 7 fields of 8 bytes. */
typedef struct mercury_segment_slot {
    int64_t use;       /* a mercury_segment_use */
    int64_t owner_low; /* random bits that name the process */
    int64_t owner_high;
    int64_t pid; /* as its process saw itself: a hint for people */
    int64_t claimed_ns;
    int64_t generation;  /* of a retired slot */
    int64_t folded_into; /* the generation whose retired slots hold its values; 0: none; -1: damaged */
} mercury_segment_slot;

/* One series: 11 fields of 8 bytes. Sums are unsigned, 128 bits in two words. */
typedef struct mercury_segment_series {
    int64_t kind;  /* a mercury_segment_kind; 0: bytes that are no series any more */
    int64_t state; /* WHOLE, TORN or BROKEN */
    int64_t place;
    int64_t key_start; /* bytes from the start of the memory */
    int64_t key_bytes;
    int64_t count; /* values recorded; additions of a counter */
    int64_t sum_low;
    int64_t sum_high;
    int64_t smallest; /* unsigned; all bits set where there is none */
    int64_t largest;
    int64_t buckets; /* place of the first bucket; 0: a counter has none */
} mercury_segment_series;

/* Where merging stands, and what it met: 8 fields of 8 bytes. */
typedef struct mercury_segment_cursor {
    int64_t place;      /* in the source: the series to go on with; where the copy begins */
    int64_t end;        /* in the target: where the slot's next series belongs; 0: not known */
    int64_t owner_gone; /* 1: nobody writes to the source any more */
    int64_t skip;       /* place of a series to pass over, counted as broken; 0: none */
    int64_t status;     /* a mercury_segment_status */
    int64_t whole_count;
    int64_t torn_count;   /* merged, but for at most one value each */
    int64_t broken_count; /* not merged */
} mercury_segment_cursor;

typedef enum mercury_segment_status {
    MERCURY_SEGMENT_MERGED = 0,   /* the copy was read to its end */
    MERCURY_SEGMENT_FULL = 1,     /* the target's slot has no room: go on with another */
    MERCURY_SEGMENT_UNSETTLED = 2 /* the series at `place` is being written: go on with a new copy from there */
} mercury_segment_status;

/*
 * Writes a header over zeroed memory of `bytes` bytes: as many slots of `slot_bytes` as fit.
 * The identity should be random.
 *
 * Errors: INVALID_ARGUMENT (no room for one slot, `slot_bytes` below
 * MERCURY_SEGMENT_MIN_SLOT_BYTES or not a multiple of MERCURY_SEGMENT_ALIGNMENT_BYTES).
 */
MERCURY_API int64_t mercury_segment_format(void *memory, size_t bytes, size_t slot_bytes, uint64_t creation_low,
                                           uint64_t creation_high, int64_t created_ns, mercury_error *error);

/*
 * Reads the header in the first `bytes` bytes of a file of `file_bytes`; any bytes are legal.
 * Errors: INVALID_ARGUMENT.
 */
MERCURY_API int64_t mercury_segment_inspect(const void *memory, size_t bytes, size_t file_bytes,
                                            mercury_segment_layout *layout, mercury_error *error);

/*
 * Reads the heads of all slots of whole memory.
 * Errors: INVALID_ARGUMENT (the header is not WHOLE), BUFFER_TOO_SMALL (position: slots).
 */
MERCURY_API int64_t mercury_segment_slots(const void *memory, size_t bytes, mercury_segment_slot *slots,
                                          size_t capacity, size_t *count, mercury_error *error);

/*
 * Makes a free slot the caller's, who holds its lock: writes `head`, whose `use` is WRITER or
 * RETIRED; its folded_into is not read. Errors: INVALID_ARGUMENT (also: the slot is not free).
 */
MERCURY_API int64_t mercury_segment_claim(void *memory, size_t bytes, size_t slot, const mercury_segment_slot *head,
                                          mercury_error *error);

/*
 * Adds an empty series to the caller's own slot and publishes it. *end says where the slot's
 * next series belongs, 0 for "search"; it is moved on. *place is what records name it by.
 *
 * Errors: INVALID_ARGUMENT (a key of 0 or more than MERCURY_SEGMENT_MAX_KEY_BYTES bytes, an
 * unknown kind, a wrong *end), LIMIT_EXCEEDED (the slot is full).
 */
MERCURY_API int64_t mercury_segment_add(void *memory, size_t bytes, size_t slot, int64_t kind, const char *key,
                                        size_t key_bytes, size_t *end, size_t *place, mercury_error *error);

/*
 * Records values, in their order. updates[2 * i] is a number below `place_count`, places[number]
 * the series' place in the caller's own slots, updates[2 * i + 1] the value: what a counter
 * grows by, or what a histogram counts. A negative value counts as 0. No update reads
 * the header, allocates or fails halfway.
 *
 * Errors: INVALID_ARGUMENT (position: the first update whose place is 0, unknown or not that of
 * a series; those before it are recorded).
 */
MERCURY_API int64_t mercury_segment_record(void *memory, size_t bytes, const int64_t *places, size_t place_count,
                                           const int64_t *updates, size_t update_count, mercury_error *error);

/*
 * Adds the series of a copy to a slot of the target, which nobody else writes to or reads.
 * The copy ends where its slot ends; cursor->place is the place of its first word in the segment that it
 * was copied from, which has the target's identity. `index` finds series of the target by
 * key: `index_count` words, a power of two, all 0 before the first merge and unchanged between.
 * It serves all slots of one target; `seed` keys it against chosen collisions.
 *
 * Stops where cursor->status says. Errors: INVALID_ARGUMENT (the target's header is not WHOLE; a slot or
 * place that cannot be; an index that is full or no power of two).
 */
MERCURY_API int64_t mercury_segment_merge(void *memory, size_t bytes, size_t slot, uint64_t *index, size_t index_count,
                                          uint64_t seed, const void *copy, size_t copy_bytes,
                                          mercury_segment_cursor *cursor, mercury_error *error);

/*
 * Writes what a slot holds, series by series. Runs of bytes that are no series are one
 * record of kind 0 each. BROKEN series have the figures that they claim.
 *
 * Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL (position: the records that are needed).
 */
MERCURY_API int64_t mercury_segment_list(const void *memory, size_t bytes, size_t slot, mercury_segment_series *series,
                                         size_t capacity, size_t *count, mercury_error *error);

/*
 * Says of a slot that its values are in the retired slots of `generation`: it does not count
 * from the moment on when that generation, or a later one, is committed. 0 takes it back.
 * Errors: INVALID_ARGUMENT (also: a generation that is not from 0 to 2^32 - 1).
 */
MERCURY_API int64_t mercury_segment_fold(void *memory, size_t bytes, size_t slot, int64_t generation,
                                         mercury_error *error);

/*
 * Makes the retired slots of `generation` those that count, with one store.
 * Errors: INVALID_ARGUMENT (also: a generation that is not from 1 to 2^32 - 1).
 */
MERCURY_API int64_t mercury_segment_commit(void *memory, size_t bytes, int64_t generation, mercury_error *error);

/* Zeroes a slot, so that it is free; its series first. Errors: INVALID_ARGUMENT. */
MERCURY_API int64_t mercury_segment_clear(void *memory, size_t bytes, size_t slot, mercury_error *error);

/* ---- Section: compare ------------------------------------------------------
 *
 * Is one sample of numbers, such as times, greater than another; by how much; how sure is that.
 * docs/comparison.md has the method and its sources. Samples are finite doubles of a magnitude up to
 * 2^1000, in any order, at least 1 and at most MERCURY_COMPARE_MAX_SAMPLES of them; -0 is 0. All results
 * are the same to the last bit on every machine.
 *
 * Errors of all functions: INVALID_ARGUMENT (NULL; an empty sample; a number that is NaN, infinite or
 * too great, whose index is the position, head's behind base's), LIMIT_EXCEEDED (more samples, or
 * resamples, than there may be), OUT_OF_MEMORY: they take memory for their time, 8 bytes for
 * each sample, and intervals 24, and 8 for each resample.
 */

enum {
    MERCURY_COMPARE_MAX_SAMPLES = 10000,
    MERCURY_COMPARE_MAX_RESAMPLES = 10000,
    MERCURY_COMPARE_EXACT_SAMPLES = 60 /* up to so many samples, of both sides together, p is counted exactly */
};

/* What a rank test says. Both p are from 0 to 1; twice the lesser one, at most 1, is the two-sided p. */
typedef struct mercury_rank_test {
    double statistic;
    double p_less;    /* the probability of a statistic this low or lower where nothing differs */
    double p_greater; /* this high or higher */
    int64_t is_exact; /* 1: counted; 0: from the normal distribution, corrected for ties and continuity */
} mercury_rank_test;

typedef struct mercury_interval {
    double low;
    double high;
} mercury_interval;

/*
 * The test of Mann and Whitney for two independent samples. The statistic is U: in how many pairs head's number is
 * the greater one, ties being one half. It is exact where there are no ties and few samples. No order of the
 * samples matters. Takes O(n log n).
 */
MERCURY_API int64_t mercury_compare_rank_sum(const double *base, size_t base_count, const double *head,
                                             size_t head_count, mercury_rank_test *test, mercury_error *error);

/*
 * The signed-rank test of Wilcoxon for differences within pairs: are they as likely below 0 as above? The
 * statistic is the sum of the ranks of those above 0. Differences of 0 are left out. It is exact for few samples, with
 * ties and without.
 */
MERCURY_API int64_t mercury_compare_signed_rank(const double *differences, size_t count, mercury_rank_test *test,
                                                mercury_error *error);

/*
 * The shift of Hodges and Lehmann: the median of all differences of a number of head and one of base. Takes O(n log n)
 * and at most 128 walks over both samples.
 */
MERCURY_API int64_t mercury_compare_shift(const double *base, size_t base_count, const double *head, size_t head_count,
                                          double *shift, mercury_error *error);

/* The same for one sample: the median of the means of any two numbers, each with itself too. */
MERCURY_API int64_t mercury_compare_center(const double *values, size_t count, double *center, mercury_error *error);

/*
 * An interval for the shift by the percentile bootstrap: each sample is drawn anew `resamples` times with
 * replacement, from SplitMix64 with this seed, and (1 - level) / 2 of the shifts are cut off at either end.
 * `level` is between 0 and 1. Takes `resamples` times what the shift takes.
 */
MERCURY_API int64_t mercury_compare_shift_interval(const double *base, size_t base_count, const double *head,
                                                   size_t head_count, double level, size_t resamples, uint64_t seed,
                                                   mercury_interval *interval, mercury_error *error);

/* The same for the center of one sample. */
MERCURY_API int64_t mercury_compare_center_interval(const double *values, size_t count, double level, size_t resamples,
                                                    uint64_t seed, mercury_interval *interval, mercury_error *error);

/* ---- Section: platform -----------------------------------------------------
 *
 * The one section that asks the operating system.
 */

typedef struct mercury_memory {
    int64_t resident_bytes; /* physical memory of this process now */
    int64_t peak_bytes;     /* the most it has had; -1 where the system does not say */
} mercury_memory;

/*
 * Reads this process's memory. The figure is process-wide: it belongs to no single
 * request. Errors: INVALID_ARGUMENT, UNSUPPORTED.
 */
MERCURY_API int64_t mercury_platform_memory(mercury_memory *memory, mercury_error *error);

#ifndef PYTHON_HEADER
#ifdef __cplusplus
}
#endif
#endif

#endif
