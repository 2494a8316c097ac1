/*
 * sql_summary.c - tokens to the verb, the tables and OpenTelemetry's query summary.
 *
 * One pass with one token of look-ahead. Each open parenthesis has a frame that knows what
 * may come next; nothing is parsed beyond that:
 *
 *     SELECT a, (SELECT max(b) FROM t2) FROM t1 x JOIN t3 ON ... WHERE ...
 *     COLUMNS    COLUMNS       TARGET   TARGET TABLES TARGET ... BODY
 *
 * Only words of the list below, and names where a target is due, are ever written. Literals
 * stand in no such place, and at a point of doubt the reading ends.
 */
#include "sql_lexer.h"
#include "sql_word_list.h"

#include <string.h>

/* What a word says where it stands inside of a statement. */
enum {
    ROLE_NONE,
    ROLE_SELECT,
    ROLE_FROM,
    ROLE_JOIN,
    ROLE_WITH,
    ROLE_AS,
    ROLE_IS,
    ROLE_NOT,
    ROLE_DISTINCT,
    ROLE_CLAUSE, /* ends the tables */
    ROLE_SET,
    ROLE_ON,
    ROLE_USING,
    ROLE_WHEN,
    ROLE_VALUES,
    ROLE_INTO,
    ROLE_OUTPUT,
    ROLE_PREFIX, /* may stand before a table */
    ROLE_SKIP,   /* may stand between a verb and its target */
    ROLE_TOP,
    ROLE_REFERENCES,
    ROLE_LIKE,
    ROLE_TEMPORARY,   /* may stand before the table of SELECT INTO */
    ROLE_FILE,        /* SELECT INTO a file */
    ROLE_MAINTENANCE, /* an option of VACUUM and ANALYZE */
    ROLE_HINT,        /* first in parentheses behind a table, no function's argument */
    ROLE_BEGIN,
    ROLE_ECHO,    /* a fixed word that belongs to the operation */
    ROLE_TABLE,   /* what CREATE, DROP and ALTER work on: tables and views */
    ROLE_INDEX,   /* things on a table */
    ROLE_TRIGGER, /* things on a table that have code */
    ROLE_ROUTINE, /* things that have code */
    ROLE_OBJECT,  /* all others */
};

/* What a statement that begins with the word is. */
enum {
    VERB_NONE,
    VERB_SELECT,
    VERB_INSERT,
    VERB_UPDATE,
    VERB_DELETE, /* what comes before FROM may be aliases */
    VERB_DELETE_FROM,
    VERB_MERGE,
    VERB_QUIET, /* the other tables of UPDATE, DELETE and MERGE: no targets */
    VERB_CALL,
    VERB_USE,
    VERB_VALUES,
    VERB_DEFINE,
    VERB_DROP,
    VERB_TRUNCATE,
    VERB_COPY,
    VERB_GRANT,
    VERB_LOAD,
    VERB_EXPLAIN,
    VERB_TRANSACTION,
    VERB_BEGIN,
    VERB_END,
    VERB_PLAIN, /* its operation says all */
    VERB_TABLE, /* from here on: what DEFINE and DROP become */
    VERB_TABLES,
    VERB_INDEX,
    VERB_ROUTINE,
    VERB_OBJECT,
    VERB_OBJECTS,
};

/* What may come next in a frame. */
enum {
    START,       /* a statement */
    OPEN,        /* a subquery, or else an expression */
    OPEN_TABLES, /* a subquery, or else a table */
    COLUMNS,     /* after SELECT, or after UPDATE's SET: FROM brings tables */
    TARGET,      /* a table */
    TABLES,      /* a table was read: a comma or JOIN brings another */
    BODY,        /* only subqueries */
    DONE,        /* nothing more of this statement */
    KIND,        /* after CREATE, DROP, ALTER: TABLE, INDEX ... */
    AWAIT,       /* the target of the verb */
    AFTER,       /* the target was read; what is defined or inserted comes */
    LIST,        /* the target was read; a comma brings another */
    REFERENCE,   /* a table that is no target */
    PRIVILEGES,  /* after GRANT: ON brings a table */
    GRANTED,     /* it was read; a comma brings another */
    LOADING,     /* after LOAD: INTO brings the target */
    CTE_NAME,
    CTE_HEAD, /* its columns */
    CTE_AS,   /* its statement */
    CTE_TAIL, /* a comma brings another, a verb the statement */
    TOLERANT, /* after EXPLAIN: options until a verb */
    ECHO,     /* after BEGIN, COMMIT ...: fixed words */
};

/* Every word that is more than a name here, sorted. */
/* clang-format off */
static const listed_word WORDS[] = {
    {"abort", 5, ROLE_SKIP, VERB_TRANSACTION},
    {"aggregate", 9, ROLE_OBJECT, VERB_NONE},
    {"all", 3, ROLE_SKIP, VERB_NONE},
    {"alter", 5, ROLE_NONE, VERB_DEFINE},
    {"analyze", 7, ROLE_MAINTENANCE, VERB_TRUNCATE},
    {"apply", 5, ROLE_JOIN, VERB_NONE},
    {"as", 2, ROLE_AS, VERB_NONE},
    {"attach", 6, ROLE_NONE, VERB_PLAIN},
    {"begin", 5, ROLE_BEGIN, VERB_BEGIN},
    {"body", 4, ROLE_SKIP, VERB_NONE},
    {"bulk", 4, ROLE_NONE, VERB_EXPLAIN},
    {"call", 4, ROLE_NONE, VERB_CALL},
    {"checkpoint", 10, ROLE_NONE, VERB_PLAIN},
    {"checksum", 8, ROLE_NONE, VERB_DROP},
    {"close", 5, ROLE_NONE, VERB_PLAIN},
    {"cluster", 7, ROLE_NONE, VERB_TRUNCATE},
    {"collation", 9, ROLE_OBJECT, VERB_NONE},
    {"comment", 7, ROLE_NONE, VERB_DEFINE},
    {"commit", 6, ROLE_NONE, VERB_TRANSACTION},
    {"concurrently", 12, ROLE_SKIP, VERB_NONE},
    {"copy", 4, ROLE_NONE, VERB_COPY},
    {"create", 6, ROLE_NONE, VERB_DEFINE},
    {"database", 8, ROLE_OBJECT, VERB_NONE},
    {"deallocate", 10, ROLE_NONE, VERB_PLAIN},
    {"declare", 7, ROLE_NONE, VERB_EXPLAIN},
    {"delayed", 7, ROLE_SKIP, VERB_NONE},
    {"delete", 6, ROLE_NONE, VERB_DELETE},
    {"deny", 4, ROLE_NONE, VERB_GRANT},
    {"desc", 4, ROLE_NONE, VERB_EXPLAIN},
    {"describe", 8, ROLE_NONE, VERB_EXPLAIN},
    {"detach", 6, ROLE_NONE, VERB_PLAIN},
    {"discard", 7, ROLE_NONE, VERB_PLAIN},
    {"distinct", 8, ROLE_DISTINCT, VERB_NONE},
    {"do", 2, ROLE_NONE, VERB_PLAIN},
    {"domain", 6, ROLE_OBJECT, VERB_NONE},
    {"drop", 4, ROLE_NONE, VERB_DROP},
    {"dumpfile", 8, ROLE_FILE, VERB_NONE},
    {"end", 3, ROLE_NONE, VERB_END},
    {"event", 5, ROLE_OBJECT, VERB_NONE},
    {"except", 6, ROLE_CLAUSE, VERB_NONE},
    {"exec", 4, ROLE_NONE, VERB_CALL},
    {"execute", 7, ROLE_NONE, VERB_CALL},
    {"exists", 6, ROLE_SKIP, VERB_NONE},
    {"explain", 7, ROLE_NONE, VERB_EXPLAIN},
    {"extension", 9, ROLE_OBJECT, VERB_NONE},
    {"fail", 4, ROLE_SKIP, VERB_NONE},
    {"fetch", 5, ROLE_CLAUSE, VERB_PLAIN},
    {"first", 5, ROLE_SKIP, VERB_NONE},
    {"flush", 5, ROLE_NONE, VERB_PLAIN},
    {"for", 3, ROLE_CLAUSE, VERB_NONE},
    {"freeze", 6, ROLE_MAINTENANCE, VERB_NONE},
    {"from", 4, ROLE_FROM, VERB_NONE},
    {"full", 4, ROLE_MAINTENANCE, VERB_NONE},
    {"function", 8, ROLE_ROUTINE, VERB_NONE},
    {"grant", 5, ROLE_NONE, VERB_GRANT},
    {"group", 5, ROLE_CLAUSE, VERB_NONE},
    {"having", 6, ROLE_CLAUSE, VERB_NONE},
    {"high_priority", 13, ROLE_SKIP, VERB_NONE},
    {"holdlock", 8, ROLE_HINT, VERB_NONE},
    {"if", 2, ROLE_SKIP, VERB_NONE},
    {"ignore", 6, ROLE_SKIP, VERB_NONE},
    {"immediate", 9, ROLE_SKIP, VERB_NONE},
    {"index", 5, ROLE_INDEX, VERB_NONE},
    {"insert", 6, ROLE_NONE, VERB_INSERT},
    {"intersect", 9, ROLE_CLAUSE, VERB_NONE},
    {"into", 4, ROLE_INTO, VERB_NONE},
    {"is", 2, ROLE_IS, VERB_NONE},
    {"join", 4, ROLE_JOIN, VERB_NONE},
    {"kill", 4, ROLE_NONE, VERB_PLAIN},
    {"language", 8, ROLE_OBJECT, VERB_NONE},
    {"lateral", 7, ROLE_PREFIX, VERB_NONE},
    {"like", 4, ROLE_LIKE, VERB_NONE},
    {"limit", 5, ROLE_CLAUSE, VERB_NONE},
    {"listen", 6, ROLE_NONE, VERB_PLAIN},
    {"load", 4, ROLE_NONE, VERB_LOAD},
    {"local", 5, ROLE_MAINTENANCE, VERB_NONE},
    {"lock", 4, ROLE_NONE, VERB_TRUNCATE},
    {"login", 5, ROLE_OBJECT, VERB_NONE},
    {"low_priority", 12, ROLE_SKIP, VERB_NONE},
    {"merge", 5, ROLE_NONE, VERB_MERGE},
    {"minus", 5, ROLE_CLAUSE, VERB_NONE},
    {"move", 4, ROLE_NONE, VERB_PLAIN},
    {"no_write_to_binlog", 18, ROLE_MAINTENANCE, VERB_NONE},
    {"nolock", 6, ROLE_HINT, VERB_NONE},
    {"not", 3, ROLE_NOT, VERB_NONE},
    {"notify", 6, ROLE_NONE, VERB_PLAIN},
    {"offset", 6, ROLE_CLAUSE, VERB_NONE},
    {"on", 2, ROLE_ON, VERB_NONE},
    {"only", 4, ROLE_PREFIX, VERB_NONE},
    {"operator", 8, ROLE_OBJECT, VERB_NONE},
    {"optimize", 8, ROLE_NONE, VERB_DROP},
    {"or", 2, ROLE_SKIP, VERB_NONE},
    {"order", 5, ROLE_CLAUSE, VERB_NONE},
    {"outfile", 7, ROLE_FILE, VERB_NONE},
    {"output", 6, ROLE_OUTPUT, VERB_NONE},
    {"overwrite", 9, ROLE_SKIP, VERB_NONE},
    {"package", 7, ROLE_ROUTINE, VERB_NONE},
    {"paglock", 7, ROLE_HINT, VERB_NONE},
    {"policy", 6, ROLE_INDEX, VERB_NONE},
    {"pragma", 6, ROLE_NONE, VERB_PLAIN},
    {"prepare", 7, ROLE_NONE, VERB_EXPLAIN},
    {"procedure", 9, ROLE_ROUTINE, VERB_NONE},
    {"profile", 7, ROLE_OBJECT, VERB_NONE},
    {"publication", 11, ROLE_OBJECT, VERB_NONE},
    {"qualify", 7, ROLE_CLAUSE, VERB_NONE},
    {"quick", 5, ROLE_SKIP, VERB_NONE},
    {"readcommitted", 13, ROLE_HINT, VERB_NONE},
    {"readpast", 8, ROLE_HINT, VERB_NONE},
    {"readuncommitted", 15, ROLE_HINT, VERB_NONE},
    {"recursive", 9, ROLE_SKIP, VERB_NONE},
    {"references", 10, ROLE_REFERENCES, VERB_NONE},
    {"refresh", 7, ROLE_NONE, VERB_DEFINE},
    {"reindex", 7, ROLE_NONE, VERB_DROP},
    {"release", 7, ROLE_NONE, VERB_TRANSACTION},
    {"rename", 6, ROLE_NONE, VERB_DEFINE},
    {"repair", 6, ROLE_NONE, VERB_DROP},
    {"repeatableread", 14, ROLE_HINT, VERB_NONE},
    {"replace", 7, ROLE_SKIP, VERB_INSERT},
    {"reset", 5, ROLE_NONE, VERB_PLAIN},
    {"returning", 9, ROLE_CLAUSE, VERB_NONE},
    {"revoke", 6, ROLE_NONE, VERB_GRANT},
    {"role", 4, ROLE_OBJECT, VERB_NONE},
    {"rollback", 8, ROLE_SKIP, VERB_TRANSACTION},
    {"rowlock", 7, ROLE_HINT, VERB_NONE},
    {"rule", 4, ROLE_INDEX, VERB_NONE},
    {"savepoint", 9, ROLE_ECHO, VERB_TRANSACTION},
    {"schema", 6, ROLE_OBJECT, VERB_NONE},
    {"select", 6, ROLE_SELECT, VERB_SELECT},
    {"sequence", 8, ROLE_OBJECT, VERB_NONE},
    {"server", 6, ROLE_OBJECT, VERB_NONE},
    {"session", 7, ROLE_OBJECT, VERB_NONE},
    {"set", 3, ROLE_SET, VERB_PLAIN},
    {"show", 4, ROLE_NONE, VERB_PLAIN},
    {"start", 5, ROLE_NONE, VERB_TRANSACTION},
    {"statistics", 10, ROLE_OBJECT, VERB_NONE},
    {"straight_join", 13, ROLE_JOIN, VERB_NONE},
    {"subscription", 12, ROLE_OBJECT, VERB_NONE},
    {"synonym", 7, ROLE_OBJECT, VERB_NONE},
    {"system", 6, ROLE_OBJECT, VERB_NONE},
    {"table", 5, ROLE_TABLE, VERB_TRUNCATE},
    {"tables", 6, ROLE_TABLE, VERB_NONE},
    {"tablespace", 10, ROLE_OBJECT, VERB_NONE},
    {"tablock", 7, ROLE_HINT, VERB_NONE},
    {"tablockx", 8, ROLE_HINT, VERB_NONE},
    {"temp", 4, ROLE_TEMPORARY, VERB_NONE},
    {"temporary", 9, ROLE_TEMPORARY, VERB_NONE},
    {"to", 2, ROLE_ECHO, VERB_NONE},
    {"top", 3, ROLE_TOP, VERB_NONE},
    {"tran", 4, ROLE_ECHO, VERB_NONE},
    {"transaction", 11, ROLE_ECHO, VERB_NONE},
    {"trigger", 7, ROLE_TRIGGER, VERB_NONE},
    {"truncate", 8, ROLE_NONE, VERB_TRUNCATE},
    {"type", 4, ROLE_OBJECT, VERB_NONE},
    {"union", 5, ROLE_CLAUSE, VERB_NONE},
    {"unlisten", 8, ROLE_NONE, VERB_PLAIN},
    {"unlock", 6, ROLE_NONE, VERB_PLAIN},
    {"unlogged", 8, ROLE_TEMPORARY, VERB_NONE},
    {"update", 6, ROLE_NONE, VERB_UPDATE},
    {"updlock", 7, ROLE_HINT, VERB_NONE},
    {"upsert", 6, ROLE_NONE, VERB_INSERT},
    {"use", 3, ROLE_NONE, VERB_USE},
    {"user", 4, ROLE_OBJECT, VERB_NONE},
    {"using", 5, ROLE_USING, VERB_NONE},
    {"vacuum", 6, ROLE_NONE, VERB_TRUNCATE},
    {"values", 6, ROLE_VALUES, VERB_VALUES},
    {"verbose", 7, ROLE_MAINTENANCE, VERB_NONE},
    {"view", 4, ROLE_TABLE, VERB_NONE},
    {"when", 4, ROLE_WHEN, VERB_NONE},
    {"where", 5, ROLE_CLAUSE, VERB_NONE},
    {"window", 6, ROLE_CLAUSE, VERB_NONE},
    {"with", 4, ROLE_WITH, VERB_NONE},
    {"work", 4, ROLE_ECHO, VERB_NONE},
    {"xlock", 5, ROLE_HINT, VERB_NONE},
};
/* clang-format on */

/* The phase behind each verb. */
static const unsigned char FIRST_PHASES[] = {
    [VERB_SELECT] = COLUMNS,   [VERB_INSERT] = AWAIT,     [VERB_UPDATE] = AWAIT,   [VERB_DELETE] = AWAIT,
    [VERB_MERGE] = AWAIT,      [VERB_CALL] = AWAIT,       [VERB_USE] = AWAIT,      [VERB_VALUES] = BODY,
    [VERB_DEFINE] = KIND,      [VERB_DROP] = KIND,        [VERB_TRUNCATE] = AWAIT, [VERB_COPY] = AWAIT,
    [VERB_EXPLAIN] = TOLERANT, [VERB_TRANSACTION] = ECHO, [VERB_BEGIN] = ECHO,     [VERB_END] = ECHO,
    [VERB_PLAIN] = DONE,       [VERB_GRANT] = PRIVILEGES, [VERB_LOAD] = LOADING,
};

/* The phase behind a verb's target, or where it has none. */
static const unsigned char NEXT_PHASES[] = {
    [VERB_INSERT] = AFTER,  [VERB_UPDATE] = TABLES, [VERB_DELETE] = TABLES, [VERB_DELETE_FROM] = TABLES,
    [VERB_MERGE] = TABLES,  [VERB_CALL] = BODY,     [VERB_USE] = DONE,      [VERB_TRUNCATE] = LIST,
    [VERB_COPY] = BODY,     [VERB_TABLE] = AFTER,   [VERB_TABLES] = LIST,   [VERB_INDEX] = AFTER,
    [VERB_ROUTINE] = AFTER, [VERB_OBJECT] = DONE,   [VERB_OBJECTS] = LIST,  [VERB_LOAD] = BODY,
};

/* A bit a name says whether it was quoted. */
_Static_assert(MERCURY_SUMMARY_MAX_TABLES == 64 && MERCURY_SUMMARY_MAX_CTES == 64, "names have one bit each");

/* Where each piece lies in the caller's memory. The last three are scratch. */
enum {
    VERB_AT = MERCURY_SUMMARY_VERB,
    TABLES_AT = MERCURY_SUMMARY_TABLES,
    CTES_AT = TABLES_AT + MERCURY_SUMMARY_MAX_TABLE_BYTES,
    PLAIN_AT = CTES_AT + MERCURY_SUMMARY_MAX_CTE_BYTES,
    WRITTEN_AT = PLAIN_AT + MERCURY_SUMMARY_MAX_NAME_BYTES,
    WRITTEN_BYTES = 256
};

/* A name that is being read. */
enum { NAMING_NONE, NAMING_DOT, NAMING_PART, NAMING_BRACKET };

typedef struct word_token {
    int kind; /* a mercury_token_kind; 0: the end of the text */
    int byte; /* the first, where that says all: punctuation, `=` */
    int role;
    int verb;
    const unsigned char *text;
    size_t length;
} word_token;

/* An open parenthesis, or the text itself. */
typedef struct frame {
    unsigned char phase;
    unsigned char verb;
    unsigned char cte_count; /* those that were known where it opened */
} frame;

/* Names one behind the other, with the ends of each. A bit says whether quotes were there. */
typedef struct name_list {
    unsigned char *bytes;
    int64_t ends[MERCURY_SUMMARY_MAX_TABLES];
    uint64_t quoted;
    size_t count;
} name_list;

/* What a name becomes, bounded: `length` goes on where the memory ends. */
typedef struct name_text {
    unsigned char *bytes;
    size_t capacity;
    size_t length;
} name_text;

typedef struct summarizer {
    unsigned char *out;
    int dialect;
    frame frames[MERCURY_SUMMARY_MAX_DEPTH];
    size_t depth;    /* of the innermost frame */
    size_t too_deep; /* open parentheses beyond it */
    word_token previous;
    int comparison; /* how far IS [NOT] DISTINCT FROM has come */
    bool routine;   /* BEGIN and END enclose code */
    bool defines;   /* REFERENCES names a table */
    bool full;      /* the summary ends here */
    bool separate;  /* the next operation is another statement's */
    bool complete;
    size_t length;      /* of the summary */
    size_t verb_length; /* of what is written as the verb */
    bool outer_verb;    /* that verb stands outside of parentheses, or ended with its statement */
    name_list tables;
    name_list ctes;
    size_t held; /* the tables before DELETE's targets */
    int naming;
    name_text plain;
    name_text written;
    bool quoted;
    size_t parts;
    size_t in_bracket; /* words since the bracket */
    size_t dots;       /* those that no part followed yet */
    bool called;       /* the name is a function's, unless a hint stands in its parentheses */
} summarizer;

/* ---- Words ---- */

static int to_lower(int byte) {
    return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

static int to_upper(int byte) {
    return byte >= 'a' && byte <= 'z' ? byte - ('a' - 'A') : byte;
}

static bool is_punctuation(const word_token *token, int byte) {
    return token->kind == MERCURY_TOKEN_PUNCTUATION && token->byte == byte;
}

static bool is_word_or_quoted(const word_token *token) {
    return token->kind == MERCURY_TOKEN_WORD || token->kind == MERCURY_TOKEN_QUOTED;
}

/* The words that are no name where one is due. */
static bool is_reserved(int role) {
    switch (role) {
    case ROLE_SELECT:
    case ROLE_FROM:
    case ROLE_JOIN:
    case ROLE_WITH:
    case ROLE_AS:
    case ROLE_CLAUSE:
    case ROLE_SET:
    case ROLE_ON:
    case ROLE_USING:
    case ROLE_WHEN:
    case ROLE_VALUES:
    case ROLE_INTO:
        return true;
    default:
        return false;
    }
}

/* Whether what follows shows that a keyword is meant as a name. */
static bool ends_name(const word_token *following) {
    return is_punctuation(following, ',') || is_punctuation(following, ')') || is_punctuation(following, '.') ||
           (following->kind == MERCURY_TOKEN_OPERATOR && following->length == 1 && following->byte == '=');
}

/* Whether a table or a subquery can begin so. */
static bool may_be_name(const word_token *following) {
    if (following->kind == MERCURY_TOKEN_WORD) {
        return !is_reserved(following->role);
    }
    return following->kind == MERCURY_TOKEN_QUOTED || is_punctuation(following, '(') || is_punctuation(following, '[');
}

/* ---- Writing ---- */

/* Adds to the summary what fits in whole; the first that does not ends it. */
static void write_summary(summarizer *s, const unsigned char *text, size_t length, bool separate) {
    const char *separator = separate ? "; " : " ";
    size_t gap = s->length > 0 ? strlen(separator) : 0;
    if (s->full || length > MERCURY_SUMMARY_MAX_BYTES || s->length + gap + length > MERCURY_SUMMARY_MAX_BYTES) {
        s->full = true;
        s->complete = false;
        return;
    }
    memcpy(s->out + s->length, separator, gap);
    memcpy(s->out + s->length + gap, text, length);
    s->length += gap + length;
}

static void write_operation(summarizer *s, const unsigned char *text, size_t length) {
    bool outer = s->depth == 0;
    write_summary(s, text, length, s->separate);
    s->separate = false;
    if (s->outer_verb || (s->verb_length > 0 && !outer)) {
        return;
    }
    for (size_t i = 0; i < length; i++) {
        s->out[VERB_AT + i] = (unsigned char)to_upper(text[i]);
    }
    s->verb_length = length;
    s->outer_verb = outer;
}

static void add_bytes(name_text *name, const unsigned char *bytes, size_t length) {
    if (name->length < name->capacity) {
        size_t room = name->capacity - name->length;
        memcpy(name->bytes + name->length, bytes, length < room ? length : room);
    }
    name->length += length;
}

/* Adds a quoted name's content; `closing` is the quote that its source doubles, -1 if none. */
static void add_unquoted(name_text *name, const unsigned char *bytes, size_t length, int closing) {
    for (size_t i = 0; i < length; i++) {
        add_bytes(name, bytes + i, 1);
        if (bytes[i] == closing && i + 1 < length && bytes[i + 1] == closing) {
            i++;
        }
    }
}

/* ---- Lists of names ---- */

static size_t start_of(const name_list *list, size_t index) {
    return index == 0 ? 0 : (size_t)list->ends[index - 1];
}

/* A byte as the dialect folds it. */
static int fold(const summarizer *s, int byte, bool quoted) {
    if (s->dialect == MERCURY_DIALECT_SQLITE) {
        return to_lower(byte);
    }
    if (quoted || s->dialect == MERCURY_DIALECT_MYSQL || s->dialect == MERCURY_DIALECT_MSSQL) {
        return byte;
    }
    return s->dialect == MERCURY_DIALECT_ORACLE ? to_upper(byte) : to_lower(byte);
}

/* Whether the name that was read is the list's name at `index` for the dialect. */
static bool is_same_name(const summarizer *s, const name_list *list, size_t index) {
    const unsigned char *known = list->bytes + start_of(list, index);
    bool quoted = ((list->quoted >> index) & 1) != 0;
    if ((size_t)list->ends[index] - start_of(list, index) != s->plain.length) {
        return false;
    }
    for (size_t i = 0; i < s->plain.length; i++) {
        if (fold(s, known[i], quoted) != fold(s, s->plain.bytes[i], s->quoted)) {
            return false;
        }
    }
    return true;
}

static bool is_same_text(const summarizer *s, const name_list *list, size_t index) {
    size_t start = start_of(list, index);
    return (size_t)list->ends[index] - start == s->plain.length &&
           memcmp(list->bytes + start, s->plain.bytes, s->plain.length) == 0;
}

/* Adds the name that was read to a list of `capacity` bytes; a bound that is passed leaves it out. */
static void add_name(summarizer *s, name_list *list, size_t capacity) {
    size_t end = start_of(list, list->count);
    if (s->plain.length > MERCURY_SUMMARY_MAX_NAME_BYTES || list->count == MERCURY_SUMMARY_MAX_TABLES ||
        end + s->plain.length > capacity) {
        s->complete = false;
        return;
    }
    uint64_t bit = (uint64_t)1 << list->count;
    memcpy(list->bytes + end, s->plain.bytes, s->plain.length);
    list->quoted = s->quoted ? list->quoted | bit : list->quoted & ~bit;
    list->ends[list->count++] = (int64_t)(end + s->plain.length);
}

static void add_table(summarizer *s) {
    if (s->plain.length <= MERCURY_SUMMARY_MAX_NAME_BYTES) {
        for (size_t i = 0; i < s->tables.count; i++) {
            if (is_same_name(s, &s->tables, i) || is_same_text(s, &s->tables, i)) {
                return;
            }
        }
    }
    add_name(s, &s->tables, MERCURY_SUMMARY_MAX_TABLE_BYTES);
}

static bool is_cte(const summarizer *s) {
    if (s->parts != 1 || s->plain.length > MERCURY_SUMMARY_MAX_NAME_BYTES) {
        return false;
    }
    for (size_t i = 0; i < s->ctes.count; i++) {
        if (is_same_name(s, &s->ctes, i)) {
            return true;
        }
    }
    return false;
}

/* ---- Names ---- */

static frame *top(summarizer *s) {
    return &s->frames[s->depth];
}

static void begin_name(summarizer *s) {
    s->plain.length = 0;
    s->written.length = 0;
    s->quoted = false;
    s->parts = 0;
    s->dots = 0;
}

static void write_unquoted(summarizer *s, const word_token *token) {
    const unsigned char *text = token->text;
    if (text[0] == 'u' || text[0] == 'U') {
        add_unquoted(&s->plain, text + 3, token->length - 4, '"');
    } else if (text[0] == '[') {
        add_unquoted(&s->plain, text + 1, token->length - 2, s->dialect == MERCURY_DIALECT_MSSQL ? ']' : -1);
    } else {
        add_unquoted(&s->plain, text + 1, token->length - 2, text[0]);
    }
}

static void write_part(summarizer *s, const word_token *token) {
    s->parts++;
    add_bytes(&s->written, token->text, token->length);
    if (token->kind == MERCURY_TOKEN_QUOTED) {
        s->quoted = true;
        write_unquoted(s, token);
    } else {
        add_bytes(&s->plain, token->text, token->length);
    }
}

/* The phase behind a table that is no target. */
static unsigned char phase_behind_reference(int verb) {
    switch (verb) {
    case VERB_GRANT:
        return GRANTED;
    case VERB_SELECT:
    case VERB_UPDATE:
    case VERB_DELETE:
    case VERB_DELETE_FROM:
        return COLUMNS;
    default:
        return BODY;
    }
}

/* A name that was due has been read, or is not to be had. */
static void leave_name(summarizer *s) {
    frame *f = top(s);
    if (f->phase == AWAIT) {
        f->phase = NEXT_PHASES[f->verb];
    } else {
        f->phase = f->phase == TARGET ? TABLES : phase_behind_reference(f->verb);
    }
}

/* Whether the target of the verb is a table. */
static bool is_listed(int verb) {
    return verb != VERB_CALL && verb != VERB_USE && verb != VERB_INDEX && verb != VERB_ROUTINE && verb != VERB_OBJECT &&
           verb != VERB_OBJECTS;
}

static void write_target(summarizer *s, const frame *f, const word_token *following) {
    bool is_function = f->phase == TARGET && is_punctuation(following, '(');
    s->called = is_function && (s->dialect == MERCURY_DIALECT_GENERIC || s->dialect == MERCURY_DIALECT_MSSQL);
    if (f->phase == AWAIT || (f->phase == TARGET && f->verb == VERB_SELECT)) {
        write_summary(s, s->written.bytes, s->written.length, false);
    }
    bool schema = f->verb == VERB_GRANT && following->length > 0 && following->text[0] == '*'; /* ON shop.* */
    if (!is_function && !schema && !(f->phase == AWAIT && !is_listed(f->verb))) {
        add_table(s);
    }
}

static void end_name(summarizer *s, const word_token *following) {
    frame *f = top(s);
    bool truncates = f->phase == AWAIT && f->verb == VERB_TRUNCATE;
    s->naming = NAMING_NONE;
    if (!is_cte(s)) {
        write_target(s, f, following);
    }
    if (truncates) {
        f->verb = VERB_TABLES;
    }
    leave_name(s);
}

static void end_part(summarizer *s, const word_token *following) {
    s->naming = NAMING_NONE;
    if (is_punctuation(following, '.')) {
        s->naming = NAMING_DOT;
    } else {
        end_name(s, following);
    }
}

static void read_part(summarizer *s, const word_token *token, const word_token *following) {
    for (; s->dots > 0; s->dots--) {
        add_bytes(&s->written, (const unsigned char *)".", 1);
        add_bytes(&s->plain, (const unsigned char *)".", 1);
    }
    if (is_punctuation(token, '[')) { /* where brackets are no quotes for the lexer, they are for some servers */
        s->naming = NAMING_BRACKET;
        add_bytes(&s->written, token->text, 1);
        s->parts++;
        s->quoted = true;
        s->in_bracket = 0;
        return;
    }
    write_part(s, token);
    end_part(s, following);
}

/* A name that is due begins. */
static void read_name(summarizer *s, const word_token *token, const word_token *following) {
    begin_name(s);
    read_part(s, token, following);
}

/* The dot of a name: another part, another dot, or the end, as in `t.*`. */
static void read_dot(summarizer *s, const word_token *following) {
    if (is_word_or_quoted(following) || is_punctuation(following, '[')) {
        s->naming = NAMING_PART;
    } else if (!is_punctuation(following, '.')) {
        end_name(s, following);
    }
    s->dots++;
}

/* What stands in a name's brackets; false where it makes no name. */
static bool read_bracket(summarizer *s, const word_token *token, const word_token *following) {
    if (token->kind == MERCURY_TOKEN_WORD) {
        bool first = s->in_bracket == 0;
        add_bytes(&s->written, (const unsigned char *)" ", first ? 0 : 1);
        add_bytes(&s->plain, (const unsigned char *)" ", first ? 0 : 1);
        add_bytes(&s->written, token->text, token->length);
        add_bytes(&s->plain, token->text, token->length);
        s->in_bracket++;
        return true;
    }
    if (!is_punctuation(token, ']')) {
        s->naming = NAMING_NONE;
        leave_name(s);
        return false;
    }
    add_bytes(&s->written, token->text, 1);
    end_part(s, following);
    return true;
}

/* Goes on with a name; false where the token is none of it. */
static bool continue_name(summarizer *s, const word_token *token, const word_token *following) {
    if (s->naming == NAMING_BRACKET) {
        return read_bracket(s, token, following);
    }
    if (s->naming == NAMING_PART) {
        read_part(s, token, following);
    } else {
        read_dot(s, following);
    }
    return true;
}

/* ---- Words ---- */

/* A verb begins its statement. */
static void begin_statement(summarizer *s, const word_token *token) {
    frame *f = top(s);
    f->verb = (unsigned char)token->verb;
    f->phase = FIRST_PHASES[token->verb];
    write_operation(s, token->text, token->length);
    if (token->verb == VERB_DELETE) {
        s->held = s->tables.count;
    } else if (token->verb == VERB_DEFINE) {
        s->defines = true;
    }
}

static void step_start(summarizer *s, frame *f, const word_token *token, const word_token *following) {
    bool outermost = s->depth == 0;
    if (token->role == ROLE_WITH) {
        f->phase = CTE_NAME;
    } else if (token->role == ROLE_FROM && outermost && may_be_name(following)) { /* as HQL begins */
        write_operation(s, (const unsigned char *)"select", 6);
        f->verb = VERB_SELECT;
        f->phase = TARGET;
    } else if (s->routine && token->verb == VERB_BEGIN) {
        return;
    } else if (s->routine && (token->verb == VERB_NONE || token->verb == VERB_END)) {
        f->phase = BODY;
    } else if (token->verb == VERB_NONE) {
        f->phase = DONE;
    } else if (token->verb == VERB_VALUES && !outermost) {
        f->phase = BODY;
    } else {
        begin_statement(s, token);
    }
}

/* Whether SELECT INTO makes a table in the dialect; elsewhere it sets variables. */
static bool makes_table(int dialect) {
    return dialect == MERCURY_DIALECT_GENERIC || dialect == MERCURY_DIALECT_POSTGRESQL ||
           dialect == MERCURY_DIALECT_MSSQL;
}

static void step_columns(summarizer *s, frame *f, const word_token *token, const word_token *following) {
    if (token->role == ROLE_FROM && s->comparison != 2 && !ends_name(following)) {
        f->phase = TARGET;
    } else if (token->role == ROLE_INTO && makes_table(s->dialect) && may_be_name(following)) {
        f->phase = following->role == ROLE_FILE ? BODY : REFERENCE;
    }
}

/* Whether the word behind GRANT ... ON names what is no table. */
static bool is_no_table(int role) {
    return role == ROLE_INDEX || role == ROLE_TRIGGER || role == ROLE_ROUTINE || role == ROLE_OBJECT ||
           role == ROLE_SKIP;
}

/* DELETE a, b FROM t1 a JOIN t2 b: what stood before FROM may be aliases. */
static void from_of_delete(summarizer *s, frame *f) {
    if (f->verb == VERB_DELETE) {
        s->tables.count = s->held;
    }
    f->verb = VERB_DELETE_FROM;
    f->phase = TARGET;
}

static void step_tables(summarizer *s, frame *f, const word_token *token, const word_token *following) {
    int role = token->role;
    bool deletes = f->verb == VERB_DELETE || f->verb == VERB_DELETE_FROM;
    bool merges = f->verb == VERB_MERGE || f->verb == VERB_QUIET;
    if (role == ROLE_JOIN) {
        f->phase = may_be_name(following) ? TARGET : TABLES;
    } else if (role == ROLE_FROM && deletes && s->comparison != 2) {
        from_of_delete(s, f);
    } else if (role == ROLE_USING && (f->verb == VERB_DELETE_FROM || f->verb == VERB_MERGE)) {
        f->verb = VERB_QUIET;
        f->phase = TARGET;
    } else if ((role == ROLE_SET && f->verb == VERB_UPDATE) || (role == ROLE_OUTPUT && deletes)) {
        f->phase = COLUMNS;
    } else if (role == ROLE_CLAUSE || role == ROLE_VALUES || (role == ROLE_WHEN && merges)) {
        f->phase = BODY;
    }
}

static void step_body(summarizer *s, frame *f, const word_token *token, const word_token *following) {
    bool like = token->role == ROLE_LIKE && is_punctuation(&s->previous, '(');
    if ((token->role == ROLE_REFERENCES || like) && s->defines && may_be_name(following)) {
        f->phase = REFERENCE;
    } else if (token->role == ROLE_BEGIN && s->routine) {
        f->phase = START;
    }
}

static void step_after(summarizer *s, frame *f, const word_token *token, const word_token *following) {
    int role = token->role;
    if (role == ROLE_WITH && may_be_name(following)) {
        f->phase = CTE_NAME;
    } else if (role == ROLE_INTO && f->verb == VERB_INSERT && may_be_name(following)) {
        f->phase = AWAIT;
    } else if (role == ROLE_AS && f->verb == VERB_ROUTINE) {
        f->phase = START;
    } else if (role == ROLE_ON && f->verb == VERB_INDEX && may_be_name(following)) {
        f->phase = REFERENCE;
    } else if (role == ROLE_LIKE && f->verb == VERB_TABLE && may_be_name(following)) {
        f->phase = REFERENCE;
    } else if (role == ROLE_CLAUSE && f->verb == VERB_INSERT) {
        f->phase = BODY;
    } else {
        step_body(s, f, token, following);
    }
}

/* A keyword stands where a target was due. */
static void step_after_target(summarizer *s, frame *f, const word_token *token, const word_token *following) {
    if (f->phase == TABLES) {
        step_tables(s, f, token, following);
    } else if (f->phase == AFTER) {
        step_after(s, f, token, following);
    } else if (f->phase == BODY) {
        step_body(s, f, token, following);
    }
}

static bool is_cast(const word_token *token) {
    return token->kind == MERCURY_TOKEN_OPERATOR && token->length == 2 && memcmp(token->text, "::", 2) == 0;
}

static bool is_object(const word_token *token) {
    static const char OBJECT[] = "object";
    for (size_t i = 0; i < sizeof OBJECT - 1; i++) {
        if (token->length != sizeof OBJECT - 1 || to_lower(token->text[i]) != OBJECT[i]) {
            return false;
        }
    }
    return true;
}

/* INTO TEMPORARY TABLE t, ON TABLE t, ON OBJECT::t; SCHEMA::s is no table. */
static bool precedes_table(frame *f, const word_token *token, const word_token *following) {
    if (is_cast(following)) {
        f->phase = is_object(token) ? f->phase : DONE;
        return true;
    }
    return (token->role == ROLE_TABLE || token->role == ROLE_TEMPORARY) && may_be_name(following);
}

/* A table is due. */
static void step_due(summarizer *s, frame *f, const word_token *token, const word_token *following) {
    if (token->role == ROLE_FROM || (token->role == ROLE_PREFIX && may_be_name(following))) {
        return;
    }
    if (following->role == ROLE_FROM && f->phase == TARGET) { /* ROWS FROM (f(), g()) */
        return;
    }
    if (f->phase == REFERENCE && precedes_table(f, token, following)) {
        return;
    }
    if (is_reserved(token->role)) {
        leave_name(s);
        step_after_target(s, f, token, following);
    } else {
        read_name(s, token, following);
    }
}

/* What a definition, or with `list` a list, of such things is; VERB_NONE where the role is no kind. */
static int verb_of_kind(int role, bool list) {
    switch (role) {
    case ROLE_TABLE:
        return list ? VERB_TABLES : VERB_TABLE;
    case ROLE_INDEX:
    case ROLE_TRIGGER:
        return list ? VERB_OBJECTS : VERB_INDEX;
    case ROLE_ROUTINE:
        return list ? VERB_OBJECTS : VERB_ROUTINE;
    case ROLE_OBJECT:
        return list ? VERB_OBJECTS : VERB_OBJECT;
    default:
        return VERB_NONE;
    }
}

static void step_kind(summarizer *s, frame *f, const word_token *token) {
    int verb = verb_of_kind(token->role, f->verb == VERB_DROP);
    if (verb != VERB_NONE) {
        write_summary(s, token->text, token->length, false);
        s->routine = s->routine || token->role == ROLE_ROUTINE || token->role == ROLE_TRIGGER;
        f->verb = (unsigned char)verb;
        f->phase = AWAIT;
    }
}

/* Whether a word between a verb and its target is no name. */
static bool is_skipped(const frame *f, int role, const word_token *following) {
    if (role == ROLE_TOP) {
        return following->kind == MERCURY_TOKEN_NUMBER || following->kind == MERCURY_TOKEN_PLACEHOLDER ||
               is_punctuation(following, '(');
    }
    if (role == ROLE_MAINTENANCE && f->verb == VERB_TRUNCATE) {
        return true;
    }
    bool loads = f->verb == VERB_INSERT || f->verb == VERB_LOAD;
    bool modifies = role == ROLE_SKIP || role == ROLE_NOT || role == ROLE_PREFIX || (role == ROLE_TABLE && loads);
    return modifies && (may_be_name(following) || following->role == ROLE_INTO || following->role == ROLE_FROM);
}

static void step_await(summarizer *s, frame *f, const word_token *token, const word_token *following) {
    int role = token->role;
    if (role == ROLE_INTO || role == ROLE_FROM) {
        f->verb = f->verb == VERB_DELETE ? VERB_DELETE_FROM : f->verb;
    } else if (role == ROLE_TABLE && f->verb == VERB_TRUNCATE && may_be_name(following)) {
        write_summary(s, token->text, token->length, false);
        f->verb = VERB_TABLES;
    } else if (is_skipped(f, role, following)) {
        return;
    } else if (is_reserved(role)) {
        leave_name(s);
        step_after_target(s, f, token, following);
    } else {
        read_name(s, token, following);
    }
}

static void step_cte_name(summarizer *s, frame *f, const word_token *token, const word_token *following) {
    if (token->role == ROLE_SKIP && is_word_or_quoted(following) && following->role != ROLE_AS) {
        return;
    }
    if (following->role != ROLE_AS && !is_punctuation(following, '(')) {
        f->phase = CTE_TAIL;
        return;
    }
    begin_name(s);
    write_part(s, token);
    add_name(s, &s->ctes, MERCURY_SUMMARY_MAX_CTE_BYTES);
    f->phase = CTE_HEAD;
}

static bool is_explained(int verb) {
    return verb == VERB_INSERT || verb == VERB_UPDATE || verb == VERB_DELETE || verb == VERB_MERGE;
}

static void step_explained(summarizer *s, frame *f, const word_token *token, const word_token *following) {
    if (token->role == ROLE_WITH && may_be_name(following)) {
        f->phase = CTE_NAME;
    } else if (is_explained(token->verb)) {
        begin_statement(s, token);
    }
}

/* Whether a statement in code begins with the verb, after BEGIN. */
static bool is_code(int verb) {
    return verb != VERB_NONE && verb != VERB_SELECT && verb != VERB_TRANSACTION && verb != VERB_BEGIN &&
           verb != VERB_END;
}

static void step_echo(summarizer *s, frame *f, const word_token *token) {
    if (token->role == ROLE_ECHO) {
        write_summary(s, token->text, token->length, false);
    } else if (f->verb != VERB_BEGIN) {
        f->phase = DONE;
    } else if (is_code(token->verb)) {
        s->routine = true;
        begin_statement(s, token);
    }
}

/* Whether SELECT is no column's name. */
static bool is_query(const summarizer *s, const frame *f, const word_token *following) {
    return f->phase == START || (!is_punctuation(&s->previous, ',') && !ends_name(following));
}

/* Whether SELECT may begin a query in the phase. */
static bool allows_query(int phase) {
    switch (phase) {
    case DONE:
    case KIND:
    case LIST:
    case PRIVILEGES:
    case GRANTED:
    case CTE_NAME:
    case CTE_HEAD:
    case CTE_AS:
        return false;
    default:
        return true;
    }
}

static void step_word(summarizer *s, const word_token *token, const word_token *following) {
    frame *f = top(s);
    if (token->role == ROLE_SELECT && allows_query(f->phase)) {
        if (is_query(s, f, following)) {
            begin_statement(s, token);
        }
        return;
    }
    switch (f->phase) {
    case START:
    case OPEN:
    case OPEN_TABLES:
        step_start(s, f, token, following);
        break;
    case COLUMNS:
        step_columns(s, f, token, following);
        break;
    case TARGET:
    case REFERENCE:
        step_due(s, f, token, following);
        break;
    case TABLES:
        step_tables(s, f, token, following);
        break;
    case BODY:
        step_body(s, f, token, following);
        break;
    case KIND:
        step_kind(s, f, token);
        break;
    case AWAIT:
        step_await(s, f, token, following);
        break;
    case AFTER:
        step_after(s, f, token, following);
        break;
    case CTE_NAME:
        step_cte_name(s, f, token, following);
        break;
    case CTE_HEAD:
        f->phase = token->role == ROLE_AS ? CTE_AS : CTE_HEAD;
        break;
    case CTE_TAIL:
    case TOLERANT:
        step_explained(s, f, token, following);
        break;
    case ECHO:
        step_echo(s, f, token);
        break;
    case PRIVILEGES: /* GRANT ... ON [TABLE] t, u TO ... */
        if (token->role == ROLE_ON) {
            f->phase = is_no_table(following->role) ? DONE : REFERENCE;
        }
        break;
    case LOADING:
        if (token->role == ROLE_INTO && may_be_name(following)) {
            f->phase = AWAIT;
        }
        break;
    default: /* DONE, LIST, CTE_AS: words say nothing */
        break;
    }
}

/* ---- Other tokens ---- */

static bool is_due(int phase) {
    return phase == TARGET || phase == AWAIT || phase == REFERENCE;
}

static void step_quoted(summarizer *s, const word_token *token, const word_token *following) {
    frame *f = top(s);
    if (is_due(f->phase)) {
        read_name(s, token, following);
    } else if (f->phase == CTE_NAME) {
        step_cte_name(s, f, token, following);
    } else if (f->phase == START) {
        f->phase = DONE;
    }
}

/* A literal, a placeholder or an operator: never written. */
static void step_value(summarizer *s, const word_token *token) {
    frame *f = top(s);
    bool literal = token->kind == MERCURY_TOKEN_STRING || token->kind == MERCURY_TOKEN_NUMBER;
    if (f->phase == START && literal) {
        f->phase = DONE;
    } else if (f->phase == AWAIT) {
        bool called = f->verb == VERB_CALL && !literal; /* EXEC @result = name */
        if (!called && s->previous.role != ROLE_TOP) {
            leave_name(s);
        }
    } else if ((f->phase == TARGET || f->phase == REFERENCE) && !is_cast(token)) {
        leave_name(s);
    } else if (f->phase == CTE_NAME) {
        f->phase = CTE_TAIL;
    }
}

/* What stands first in parentheses decides what they hold. */
static void settle(summarizer *s, const word_token *token) {
    frame *f = top(s);
    bool open = f->phase == OPEN || f->phase == OPEN_TABLES;
    if (open && token->role != ROLE_SELECT && token->role != ROLE_WITH) {
        f->phase = f->phase == OPEN_TABLES && token->role != ROLE_VALUES ? TARGET : BODY;
    }
}

/* ---- Punctuation ---- */

/* What parentheses that open here hold; the frame around goes on behind them. */
static int phase_within(frame *f) {
    switch (f->phase) {
    case OPEN_TABLES:
    case TARGET:
        f->phase = TABLES;
        return OPEN_TABLES;
    case CTE_AS:
        f->phase = CTE_TAIL;
        return START;
    case DONE:
    case KIND:
    case LIST:
    case PRIVILEGES:
    case GRANTED:
    case CTE_HEAD:
        return DONE;
    case START:
    case OPEN:
        f->phase = BODY;
        return OPEN;
    case AWAIT:
        f->phase = f->verb == VERB_COPY ? BODY : AWAIT;
        return OPEN;
    default:
        return OPEN;
    }
}

static void open_parenthesis(summarizer *s) {
    if (s->depth + 1 == MERCURY_SUMMARY_MAX_DEPTH || s->too_deep > 0) {
        s->too_deep++;
        s->complete = false;
        return;
    }
    frame *around = top(s);
    frame within = {(unsigned char)phase_within(around), around->verb, (unsigned char)s->ctes.count};
    s->frames[++s->depth] = within;
}

static void close_parenthesis(summarizer *s) {
    if (s->too_deep > 0) {
        s->too_deep--;
    } else if (s->depth > 0) {
        s->ctes.count = top(s)->cte_count;
        s->depth--;
    }
}

static void end_statement(summarizer *s) {
    static const frame FIRST = {START, VERB_NONE, 0};
    s->frames[0] = FIRST;
    s->depth = 0;
    s->too_deep = 0;
    s->ctes.count = 0;
    s->separate = true;
    s->defines = false;
    s->outer_verb = s->verb_length > 0;
}

static void step_comma(frame *f) {
    if (f->phase == TABLES) {
        f->phase = f->verb == VERB_DELETE ? AWAIT : TARGET;
    } else if (f->phase == LIST) {
        f->phase = AWAIT;
    } else if (f->phase == GRANTED) {
        f->phase = REFERENCE;
    } else if (f->phase == CTE_TAIL) {
        f->phase = CTE_NAME;
    }
}

static void step_punctuation(summarizer *s, const word_token *token, const word_token *following) {
    if (token->byte == '(') {
        open_parenthesis(s);
    } else if (token->byte == ')') {
        close_parenthesis(s);
    } else if (token->byte == ';') {
        end_statement(s);
    } else if (s->too_deep == 0) {
        settle(s, token);
        if (token->byte == ',') {
            step_comma(top(s));
        } else if (token->byte == '[' && is_due(top(s)->phase)) {
            read_name(s, token, following);
        }
    }
}

/* ---- The text ---- */

/* Follows IS [NOT] DISTINCT FROM, whose FROM brings no tables. */
static void follow_comparison(summarizer *s, int role) {
    if (role == ROLE_IS) {
        s->comparison = 1;
    } else if (role == ROLE_DISTINCT && s->comparison == 1) {
        s->comparison = 2;
    } else if (role != ROLE_NOT) {
        s->comparison = 0;
    }
}

static void step_token(summarizer *s, const word_token *token, const word_token *following) {
    if (token->kind == MERCURY_TOKEN_PUNCTUATION) {
        step_punctuation(s, token, following);
    } else if (s->too_deep == 0) {
        settle(s, token);
        if (token->kind == MERCURY_TOKEN_WORD) {
            step_word(s, token, following);
        } else if (token->kind == MERCURY_TOKEN_QUOTED) {
            step_quoted(s, token, following);
        } else {
            step_value(s, token);
        }
    }
}

/* FROM t (NOLOCK): what seemed to be a function is a table. */
static void look_for_hint(summarizer *s, const word_token *token) {
    if (s->called && token->role == ROLE_HINT) {
        add_table(s);
    }
    s->called = false;
}

static void step(summarizer *s, const word_token *token, const word_token *following) {
    if (!is_punctuation(token, '(')) {
        look_for_hint(s, token);
    }
    if (s->naming == NAMING_NONE || !continue_name(s, token, following)) {
        step_token(s, token, following);
    }
    follow_comparison(s, token->role);
    s->previous = *token;
}

/* Reads the next token that is no comment; false at the end and at a point of doubt. */
static bool read_token(summarizer *s, sql_lexer *lexer, bool dotted, word_token *token) {
    static const word_token END = {0, 0, ROLE_NONE, VERB_NONE, NULL, 0};
    sql_token next;
    *token = END;
    do {
        if (!sql_lexer_next(lexer, &next)) {
            return false;
        }
    } while (next.kind == MERCURY_TOKEN_COMMENT);
    if (next.kind == MERCURY_TOKEN_DOUBT) {
        s->complete = false;
        return false;
    }
    token->kind = next.kind;
    token->text = lexer->text + next.start;
    token->length = next.end - next.start;
    token->byte = token->text[0];
    if (next.kind == MERCURY_TOKEN_PUNCTUATION && (token->length > 1 || strchr("()[],.", token->byte) == NULL)) {
        token->byte = ';'; /* or what a client takes for one */
    }
    bool may_mean = next.kind == MERCURY_TOKEN_WORD && !dotted;
    const listed_word *entry =
        may_mean ? listed_word_find(WORDS, sizeof WORDS / sizeof *WORDS, token->text, token->length) : NULL;
    if (entry != NULL) {
        token->role = entry->role;
        token->verb = entry->verb;
    }
    return true;
}

static void read_text(summarizer *s, sql_lexer *lexer) {
    word_token token;
    word_token following;
    bool more = read_token(s, lexer, false, &token);
    while (more) {
        more = read_token(s, lexer, is_punctuation(&token, '.'), &following);
        step(s, &token, &following);
        token = following;
    }
}

static void start(summarizer *s, char *out, int64_t dialect) {
    memset(s, 0, sizeof *s);
    s->out = (unsigned char *)out;
    s->dialect = (int)dialect;
    s->complete = true;
    s->tables.bytes = s->out + TABLES_AT;
    s->ctes.bytes = s->out + CTES_AT;
    s->plain.bytes = s->out + PLAIN_AT;
    s->plain.capacity = MERCURY_SUMMARY_MAX_NAME_BYTES;
    s->written.bytes = s->out + WRITTEN_AT;
    s->written.capacity = WRITTEN_BYTES;
}

static void fill_summary(const summarizer *s, mercury_summary *summary) {
    summary->length = (int64_t)s->length;
    summary->verb_length = (int64_t)s->verb_length;
    summary->complete = s->complete ? 1 : 0;
    summary->table_count = (int64_t)s->tables.count;
    for (size_t i = 0; i < MERCURY_SUMMARY_MAX_TABLES; i++) {
        summary->table_ends[i] = i < s->tables.count ? TABLES_AT + s->tables.ends[i] : 0;
    }
}

int64_t mercury_sql_summary_text(const char *text, size_t length, int64_t dialect, char *out, size_t capacity,
                                 mercury_summary *summary, mercury_error *error) {
    summarizer state;
    sql_lexer lexer;
    if ((text == NULL && length > 0) || (out == NULL && capacity > 0) || summary == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    if (!sql_lexer_knows(dialect)) {
        return mercury_error_fill(error, MERCURY_ERROR_UNKNOWN_DIALECT, -1);
    }
    if (capacity < MERCURY_SUMMARY_CAPACITY) {
        return mercury_error_fill(error, MERCURY_ERROR_BUFFER_TOO_SMALL, MERCURY_SUMMARY_CAPACITY);
    }
    start(&state, out, dialect);
    sql_lexer_start(&lexer, text, length, dialect);
    read_text(&state, &lexer);
    fill_summary(&state, summary);
    return MERCURY_OK;
}
