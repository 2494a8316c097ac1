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
#include "sql_bytes.h"

/* What a word of the frozen list does to the text around it. */
enum {
    SQL_WORD_OPERAND = 1,  /* an operand is expected after it: a sign there belongs to a literal */
    SQL_WORD_MAYBE = 2,    /* an operand may follow (`date '...'`), but a sign there is binary */
    SQL_WORD_FUNCTION = 4, /* written without a space before `(` */
    SQL_WORD_ENDS = 8,     /* ends a condition */
    SQL_WORD_STARTS = 16,  /* a condition starts after it */
    SQL_WORD_KEYWORD = 32, /* the word is in the list */
    SQL_WORD_APART = 64    /* GO, STDIN, ESCAPE: what it does depends on what stands around it */
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
    SQL_ROLE_FROM,
    SQL_ROLE_CONSTANT,  /* NULL, TRUE, FALSE */
    SQL_ROLE_OPENS,     /* BEGIN, THEN ...: a statement may begin after it */
    SQL_ROLE_SENSITIVE, /* SET, START ...: a statement that begins with it may have a password */
    SQL_ROLE_CONNECT,
    SQL_ROLE_PRAGMA,
    SQL_ROLE_ESCAPE,
    SQL_ROLE_ROW,
    SQL_ROLE_SAVE,
    SQL_ROLE_DEFINE, /* CREATE, ALTER, CHECK: an account, a link, a key may have a password */
    SQL_ROLE_IDENTIFIED
};

enum { SQL_WORD_LONGEST = 19 };

/* A word of the frozen list, in upper case, with zeros up to the third eight bytes. */
typedef struct sql_word {
    char text[24];
    unsigned char length;
    unsigned char flags; /* SQL_WORD_* */
    int role;            /* SQL_ROLE_* */
} sql_word;

/* How far COPY ... FROM STDIN has come, behind whose semicolon data stand. */
enum { SQL_COPIES_NONE, SQL_COPIES_BEGUN, SQL_COPIES_STDIN, SQL_COPIES_DATA };

/* What the last token leaves to expect. */
enum {
    SQL_AFTER_START,        /* the start, or the end of a statement: an operand, or what only a client reads */
    SQL_AFTER_ESCAPE,       /* an operand, which may be a backslash */
    SQL_AFTER_OPERAND_WORD, /* operator, opening bracket, comma, SELECT ...: an operand */
    SQL_AFTER_MAYBE_WORD,   /* a placeholder may stand, a sign is binary */
    SQL_AFTER_NAME,         /* an operator */
    SQL_AFTER_VALUE,        /* an operator; what is before is no identifier */
    SQL_AFTER_DOT,          /* a name */
    SQL_AFTER_NAME_DOT      /* a name, and in MySQL it may begin with a digit */
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
    size_t common_end;    /* before it, sql_common.h may be asked */
    size_t open_brackets; /* `[` not yet closed: a `:` inside is a slice */
    int dialect;
    int names_quote; /* around names that sql_common_name may read; 0 if none */
    int word_mask;   /* the character classes that go on with a word in this dialect */
    int previous;    /* SQL_AFTER_*: what the last token leaves to expect */
    bool in_code;    /* inside a MySQL comment that is code */

    int copies;              /* SQL_COPIES_* */
    bool last_line;          /* no line feed comes any more */
    bool copied;             /* data of a COPY were due */
    size_t delimiter;        /* where what MySQL's client takes for a semicolon stands in the text */
    size_t delimiter_length; /* its bytes, 0 if there is none */
} sql_lexer;

/* Sets the lexer to the first byte. `dialect` must be a mercury_dialect. */
void sql_lexer_start(sql_lexer *lexer, const char *text, size_t length, int64_t dialect);

/* Makes the last token count as a value: it was a name that is written as `?`. */
void sql_lexer_hide(sql_lexer *lexer);

/* Whether the number is a mercury_dialect. */
bool sql_lexer_knows(int64_t dialect);

/* Reads one token, comments included; false at the end of the text. */
bool sql_lexer_next(sql_lexer *lexer, sql_token *token);

/*
 * The entry of a word of `size` bytes, in any case, which must all be SQL_BYTE_WORD, # or @; an
 * entry with flags and role 0 if the word is not in the frozen list.
 */
const sql_word *sql_lexer_find(const unsigned char *word, size_t size);

/* One past the literal whose opening `'` is at `quote`; 0 if its end is in doubt. */
size_t sql_lexer_end_of_string(const sql_lexer *lexer, size_t quote);

#endif
