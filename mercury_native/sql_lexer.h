/*
 * sql_lexer.h - one token at a time, for the files of the core that read SQL.
 *
 *     sql_lexer lexer;
 *     sql_token token;
 *     sql_lexer_start(&lexer, text, length, dialect);
 *     while (sql_lexer_next(&lexer, &token)) { ... }
 *
 * The state is the caller's and small; nothing is allocated and nothing looks back.
 */
#ifndef MERCURY_SQL_LEXER_H
#define MERCURY_SQL_LEXER_H

#include "internal.h"

#include <stdbool.h>

/* What a word of the frozen list does to the text around it. */
enum {
    SQL_WORD_OPERAND = 1,  /* an operand is expected after it: a sign there belongs to a literal */
    SQL_WORD_MAYBE = 2,    /* an operand may follow (`date '...'`), but a sign there is binary */
    SQL_WORD_FUNCTION = 4, /* written without a space before `(` */
    SQL_WORD_ENDS = 8,     /* ends a condition */
    SQL_WORD_STARTS = 16,  /* a condition starts after it */
    SQL_WORD_KEYWORD = 32  /* the word is in the list */
};

/* Words that sql_normalize has to tell from all others. */
enum {
    SQL_ROLE_NONE = 0,
    SQL_ROLE_IN,
    SQL_ROLE_VALUES,
    SQL_ROLE_ARRAY,
    SQL_ROLE_SELECT,
    SQL_ROLE_OR,
    SQL_ROLE_LIMIT, /* LIMIT, OFFSET */
    SQL_ROLE_FETCH,
    SQL_ROLE_FIRST, /* FIRST, NEXT */
    SQL_ROLE_SAVEPOINT,
    SQL_ROLE_RELEASE,
    SQL_ROLE_ROLLBACK,
    SQL_ROLE_TO,
    SQL_ROLE_WORK,        /* WORK, TRANSACTION, TRAN */
    SQL_ROLE_CURSOR_VERB, /* MOVE, CLOSE */
    SQL_ROLE_DECLARE,
    SQL_ROLE_CURSOR,
    SQL_ROLE_OPTION,    /* BINARY, SCROLL ...: between a cursor's name and CURSOR */
    SQL_ROLE_DIRECTION, /* FORWARD, ALL ...: between FETCH and a cursor's name */
    SQL_ROLE_FROM
};

typedef struct sql_token {
    size_t start;
    size_t end;
    int kind;     /* a mercury_token_kind */
    int flags;    /* SQL_WORD_*; 0 for a word outside the list, or after a dot */
    int role;     /* SQL_ROLE_* */
    bool operand; /* an operand was expected where the token starts */
} sql_token;

typedef struct sql_lexer {
    const unsigned char *text;
    size_t length;
    size_t position;
    size_t open_brackets; /* `[` not yet closed: a `:` inside is a slice */
    int dialect;
    int word_mask; /* the character classes that go on with a word in this dialect */
    int previous;  /* what the last token leaves to expect; see sql_lexer.c */
    bool in_code;  /* inside a MySQL comment that is code */
} sql_lexer;

/* Sets the lexer to the first byte. `dialect` must be a mercury_dialect. */
void sql_lexer_start(sql_lexer *lexer, const char *text, size_t length, int64_t dialect);

/* Reads one token, comments included; false at the end of the text. */
bool sql_lexer_next(sql_lexer *lexer, sql_token *token);

/* Makes the last token count as a value: it was a name that is written as `?`. */
void sql_lexer_hide(sql_lexer *lexer);

/* Flags of a word in lower case, 0 if it is not in the frozen list; *role is always set. */
int sql_lexer_word(const unsigned char *word, size_t length, int *role);

/* Whether the number is a mercury_dialect. */
bool sql_lexer_knows(int64_t dialect);

#endif
