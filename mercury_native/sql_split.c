/*
 * sql_split.c - a script to its statements.
 *
 * The lexer tells a semicolon from one in a literal; all that is left to do is to forget
 * at each of them what came before, so that reading may go on from there as well. What
 * reading may not forget is not divided: COPY with its data, all behind DELIMITER, and the
 * bodies of triggers and routines, which have semicolons of their own.
 */
#include "sql_lexer.h"

#include <string.h>

/* What words say about the semicolons of a statement. */
enum { OTHER, DOT, DEFINES, ROUTINE, EVENT, PACKAGE, PLAIN, OPENS, BEGIN, TRANSACTION, CASE, END, BLOCK, DECLARE };

static const struct {
    const char *text;
    int meaning;
} WORDS[] = {
    {"alter", DEFINES},
    {"create", DEFINES},
    {"function", ROUTINE},
    {"proc", ROUTINE},
    {"procedure", ROUTINE},
    {"trigger", ROUTINE},
    {"event", EVENT},
    {"body", PACKAGE},
    {"package", PACKAGE},
    {"database", PLAIN},
    {"index", PLAIN},
    {"partition", PLAIN},
    {"role", PLAIN},
    {"schema", PLAIN},
    {"table", PLAIN},
    {"user", PLAIN},
    {"view", PLAIN},
    {"as", OPENS},
    {"is", OPENS},
    {"begin", BEGIN},
    {"conversation", TRANSACTION},
    {"dialog", TRANSACTION},
    {"distributed", TRANSACTION},
    {"tran", TRANSACTION},
    {"transaction", TRANSACTION},
    {"case", CASE},
    {"end", END},
    {"for", BLOCK},
    {"if", BLOCK},
    {"loop", BLOCK},
    {"repeat", BLOCK},
    {"while", BLOCK},
    {"declare", DECLARE},
};

/* How deep a statement is in the body of a trigger, a routine or a block. */
typedef struct body {
    bool is_first;   /* no token has come */
    bool defines;    /* CREATE or ALTER is read, and not yet what */
    bool is_routine; /* BEGIN opens a block; elsewhere a transaction */
    bool is_package; /* AS or IS opens what END ends */
    bool is_held;    /* SQL Server's routines end with their batch */
    bool declares;   /* what Oracle declares stands before BEGIN */
    size_t depth;    /* what END has not ended */
    int last;
} body;

static void body_start(body *b, int64_t dialect) {
    *b = (body){.is_first = true, .is_routine = dialect == MERCURY_DIALECT_MSSQL};
}

/* Whether a semicolon here stands within the statement. */
static bool body_is_open(const body *b) {
    return b->is_held || b->declares || b->depth > 0;
}

static bool is_same(const unsigned char *text, const char *lower, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if ((text[i] | 0x20) != lower[i]) {
            return false;
        }
    }
    return true;
}

static int meaning_of(const unsigned char *text, size_t length) {
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (strlen(WORDS[i].text) == length && is_same(text, WORDS[i].text, length)) {
            return WORDS[i].meaning;
        }
    }
    return OTHER;
}

static void body_begin(body *b, int64_t dialect, int word) {
    b->is_first = false;
    b->defines = word == DEFINES;
    if (dialect == MERCURY_DIALECT_ORACLE && (word == BEGIN || word == DECLARE)) {
        b->is_routine = true;
        b->declares = word == DECLARE;
    }
}

static void body_define(body *b, int64_t dialect, int word, bool opening) {
    bool routine = word == ROUTINE || word == EVENT || word == PACKAGE;
    b->defines = !routine && word != PLAIN && !opening;
    b->is_package = word == PACKAGE;
    if (routine) {
        b->is_routine = true;
        b->is_held = dialect == MERCURY_DIALECT_MSSQL && word == ROUTINE;
        b->declares = dialect == MERCURY_DIALECT_ORACLE && word == ROUTINE;
    }
}

/* Counts what the word opens or ends; OTHER where an END ended nothing. */
static int body_nest(body *b, int64_t dialect, int word) {
    bool goes_on = word == BLOCK && b->last == END && dialect != MERCURY_DIALECT_MSSQL; /* END IF, END LOOP */
    if (word == BEGIN) {
        b->declares = false;
        b->depth++;
    } else if (goes_on || (word == CASE && b->last != END && b->depth > 0)) {
        b->depth++;
    } else if (word == TRANSACTION && b->last == BEGIN) {
        b->depth--;
    } else if (word == END) {
        if (b->depth == 0) {
            return OTHER;
        }
        b->depth--;
    }
    return word;
}

/* Takes the next token, comments aside. */
static void body_read(body *b, const sql_lexer *lexer, const sql_token *token) {
    const unsigned char *text = lexer->text + token->start;
    size_t length = token->end - token->start;
    bool is_word = token->kind == MERCURY_TOKEN_WORD && b->last != DOT;
    bool matters = b->is_first || b->defines || b->is_package || b->is_routine || b->depth > 0;
    int word = is_word && matters ? meaning_of(text, length) : OTHER;
    if (b->is_first) {
        body_begin(b, lexer->dialect, word);
    } else if (b->defines) {
        body_define(b, lexer->dialect, word, text[0] == '(');
    }
    if (b->is_package && word == OPENS) {
        b->is_package = false;
        b->depth++;
    } else if (b->is_routine || b->depth > 0) {
        word = body_nest(b, lexer->dialect, word);
    }
    b->last = length == 1 && text[0] == '.' ? DOT : word;
}

/* A semicolon, or the `\.` that ends COPY's data. */
static bool is_end(const sql_lexer *lexer, const sql_token *token) {
    const unsigned char *text = lexer->text + token->start;
    size_t length = token->end - token->start;
    return (length == 1 && text[0] == ';') || (length == 2 && text[0] == '\\' && text[1] == '.');
}

/* GO or `/`, alone on a line; where that has an end, nothing can be added to it. */
static bool is_separator(const sql_lexer *lexer, const sql_token *token) {
    int byte = lexer->text[token->start];
    const unsigned char *rest = lexer->text + token->end;
    return (byte == 'g' || byte == 'G' || byte == '/') && memchr(rest, '\n', lexer->length - token->end) != NULL;
}

static bool ends_statement(const sql_lexer *lexer, const sql_token *token, const body *b) {
    if (token->kind != MERCURY_TOKEN_PUNCTUATION || lexer->in_code || lexer->delimiter_length > 0) {
        return false;
    }
    return (is_end(lexer, token) && !body_is_open(b)) || is_separator(lexer, token);
}

/* The semicolon behind COPY on the last line: should another line come, data begin here. */
static bool may_begin_data(const sql_lexer *lexer, bool data_due) {
    return data_due && lexer->copies == SQL_COPIES_NONE;
}

int64_t mercury_sql_split_offsets(const char *text, size_t length, int64_t dialect, int64_t *offsets, size_t capacity,
                                  size_t *count, mercury_error *error) {
    sql_lexer lexer;
    sql_token token;
    body b;
    size_t found = 0;
    bool data_due = false;
    if ((text == NULL && length > 0) || offsets == NULL || count == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    if (!sql_lexer_knows(dialect)) {
        return mercury_error_fill(error, MERCURY_ERROR_UNKNOWN_DIALECT, -1);
    }
    offsets[0] = 0;
    sql_lexer_start(&lexer, text, length, dialect);
    body_start(&b, dialect);
    while (found < capacity && sql_lexer_next(&lexer, &token) && !may_begin_data(&lexer, data_due)) {
        if (ends_statement(&lexer, &token, &b) && !data_due) {
            found++;
            offsets[found] = (int64_t)token.end;
            lexer.open_brackets = 0;
            body_start(&b, dialect);
        } else if (token.kind != MERCURY_TOKEN_COMMENT) {
            body_read(&b, &lexer, &token);
        }
        data_due = lexer.copies == SQL_COPIES_STDIN;
    }
    *count = found;
    return MERCURY_OK;
}
