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

/* A word of the frozen list, in lower case. */
typedef struct sql_word {
    char text[21];
    unsigned char length;
    unsigned char flags; /* SQL_WORD_* */
    unsigned char role;  /* SQL_ROLE_* */
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
    bool plain;   /* a quoted name that is what the dialect makes of it unquoted; false says nothing */
} sql_token;

typedef struct sql_lexer {
    const unsigned char *text;
    size_t length;
    size_t position;
    size_t open_brackets; /* `[` not yet closed: a `:` inside is a slice */
    int dialect;
    int names_quote; /* around names that sql_lexer_common_name may read; 0 if none */
    int word_mask;   /* the character classes that go on with a word in this dialect */
    int previous;    /* SQL_AFTER_*: what the last token leaves to expect */
    bool in_code;    /* inside a MySQL comment that is code */

    int copies;              /* SQL_COPIES_* */
    bool last_line;          /* no line feed comes any more */
    size_t delimiter;        /* where what MySQL's client takes for a semicolon stands in the text */
    size_t delimiter_length; /* its bytes, 0 if there is none */
} sql_lexer;

/* Sets the lexer to the first byte. `dialect` must be a mercury_dialect. */
void sql_lexer_start(sql_lexer *lexer, const char *text, size_t length, int64_t dialect);

/* Makes the last token count as a value: it was a name that is written as `?`. */
void sql_lexer_hide(sql_lexer *lexer);

/* Whether the number is a mercury_dialect. */
bool sql_lexer_knows(int64_t dialect);

/*
 * The entry of the word from `start` to `end` of the text, in any case; one whose flags
 * are 0 if it is not in the frozen list.
 */
const sql_word *sql_lexer_find(const unsigned char *text, size_t length, size_t start, size_t end);

/* Reads the token that starts at the lexer's position, whatever it is. */
bool sql_lexer_any(sql_lexer *lexer, sql_token *token);

/*
 * ---- The tokens that statements are made of ----
 *
 * Nine in ten tokens are words, quoted names, punctuation and plain placeholders, and most
 * of the time goes into telling them apart. They are read here, in their callers, where the
 * compiler sees what the caller does with each kind. Each function below returns false where
 * the token is anything else: sql_lexer_any reads it then, from its first byte.
 */

static inline bool sql_lexer_finish(sql_lexer *lexer, sql_token *token, int kind, size_t end, int previous) {
    token->kind = kind;
    token->end = end;
    lexer->position = end;
    lexer->previous = previous;
    return true;
}

/* The byte at `position`, 0 beyond the end: the end means nothing else than NUL here. */
static inline int sql_lexer_peek(const sql_lexer *lexer, size_t position) {
    return position < lexer->length ? lexer->text[position] : 0;
}

static inline int sql_lexer_after_word(int flags) {
    if ((flags & SQL_WORD_OPERAND) != 0) {
        return SQL_AFTER_OPERAND_WORD;
    }
    return (flags & SQL_WORD_MAYBE) != 0 ? SQL_AFTER_MAYBE_WORD : SQL_AFTER_NAME;
}

/* A word that no quote touches. */
static inline bool sql_lexer_common_word(sql_lexer *lexer, sql_token *token) {
    size_t end = sql_bytes_skip_word(lexer->text, token->start, lexer->length);
    if (sql_bytes_is(sql_lexer_peek(lexer, end), SQL_BYTE_JOINS)) {
        return false;
    }
    if (lexer->previous < SQL_AFTER_DOT) {
        const sql_word *word = sql_lexer_find(lexer->text, lexer->length, token->start, end);
        if ((word->flags & SQL_WORD_APART) != 0) {
            return false;
        }
        token->flags = word->flags;
        token->role = word->role;
    }
    return sql_lexer_finish(lexer, token, MERCURY_TOKEN_WORD, end, sql_lexer_after_word(token->flags));
}

/* "name" or `name`, of lower-case letters, digits, `_` and `$`. */
static inline bool sql_lexer_common_name(sql_lexer *lexer, sql_token *token, int quote) {
    size_t end = sql_bytes_skip_lower(lexer->text, token->start + 1, lexer->length, quote);
    if (end == token->start + 1 || sql_lexer_peek(lexer, end) != quote || sql_lexer_peek(lexer, end + 1) == quote) {
        return false;
    }
    token->plain = sql_bytes_is(lexer->text[token->start + 1], SQL_BYTE_WORD_START);
    return sql_lexer_finish(lexer, token, MERCURY_TOKEN_QUOTED, end + 1, SQL_AFTER_NAME);
}

static inline bool sql_lexer_common_punctuation(sql_lexer *lexer, sql_token *token, int previous) {
    return sql_lexer_finish(lexer, token, MERCURY_TOKEN_PUNCTUATION, token->start + 1, previous);
}

/* `.` before a name. */
static inline bool sql_lexer_common_dot(sql_lexer *lexer, sql_token *token) {
    if (sql_bytes_is(sql_lexer_peek(lexer, token->start + 1), SQL_BYTE_DIGIT)) {
        return false;
    }
    return sql_lexer_common_punctuation(lexer, token,
                                        lexer->previous == SQL_AFTER_NAME ? SQL_AFTER_NAME_DOT : SQL_AFTER_DOT);
}

/* An operator of one byte. */
static inline bool sql_lexer_common_operator(sql_lexer *lexer, sql_token *token) {
    if (sql_bytes_is(sql_lexer_peek(lexer, token->start + 1), SQL_BYTE_OPERATOR)) {
        return false;
    }
    return sql_lexer_finish(lexer, token, MERCURY_TOKEN_OPERATOR, token->start + 1, SQL_AFTER_OPERAND_WORD);
}

/* Digits that nothing touches. */
static inline bool sql_lexer_common_number(sql_lexer *lexer, sql_token *token) {
    size_t end = sql_bytes_skip(lexer->text, token->start, lexer->length, SQL_BYTE_DIGIT);
    int next = sql_lexer_peek(lexer, end);
    if (lexer->previous == SQL_AFTER_NAME_DOT || next == '.' || sql_bytes_is(next, SQL_BYTE_TAG)) {
        return false;
    }
    return sql_lexer_finish(lexer, token, MERCURY_TOKEN_NUMBER, end, SQL_AFTER_VALUE);
}

/* %s where a placeholder may stand. */
static inline bool sql_lexer_common_percent(sql_lexer *lexer, sql_token *token) {
    if (lexer->previous > SQL_AFTER_MAYBE_WORD || sql_lexer_peek(lexer, token->start + 1) != 's' ||
        sql_bytes_is(sql_lexer_peek(lexer, token->start + 2), SQL_BYTE_WORD)) {
        return false;
    }
    return sql_lexer_finish(lexer, token, MERCURY_TOKEN_PLACEHOLDER, token->start + 2, SQL_AFTER_VALUE);
}

/* `?` where a placeholder may stand. */
static inline bool sql_lexer_common_question_mark(sql_lexer *lexer, sql_token *token) {
    int next = sql_lexer_peek(lexer, token->start + 1);
    if (lexer->previous > SQL_AFTER_MAYBE_WORD || next == '?' || sql_bytes_is(next, SQL_BYTE_DIGIT)) {
        return false;
    }
    return sql_lexer_finish(lexer, token, MERCURY_TOKEN_PLACEHOLDER, token->start + 1, SQL_AFTER_VALUE);
}

static inline bool sql_lexer_common(sql_lexer *lexer, sql_token *token) {
    int byte = lexer->text[token->start];
    switch (sql_bytes_kind(byte)) {
    case SQL_KIND_LETTER:
        return sql_lexer_common_word(lexer, token);
    case SQL_KIND_DOUBLE_QUOTE:
        return lexer->names_quote == '"' && sql_lexer_common_name(lexer, token, '"');
    case SQL_KIND_BACKQUOTE:
        return lexer->names_quote == '`' && sql_lexer_common_name(lexer, token, '`');
    case SQL_KIND_OPENING:
        return sql_lexer_common_punctuation(lexer, token, SQL_AFTER_OPERAND_WORD);
    case SQL_KIND_CLOSING:
        return sql_lexer_common_punctuation(lexer, token, SQL_AFTER_VALUE);
    case SQL_KIND_DOT:
        return sql_lexer_common_dot(lexer, token);
    case SQL_KIND_DIGIT:
        return sql_lexer_common_number(lexer, token);
    case SQL_KIND_OPERATOR:
        return sql_lexer_common_operator(lexer, token);
    case SQL_KIND_PERCENT:
        return sql_lexer_common_percent(lexer, token);
    case SQL_KIND_QUESTION_MARK:
        return sql_lexer_common_question_mark(lexer, token);
    default:
        return false;
    }
}

/* Reads one token, comments included; false at the end of the text. */
static inline bool sql_lexer_next(sql_lexer *lexer, sql_token *token) {
    size_t start = sql_bytes_skip(lexer->text, lexer->position, lexer->length, SQL_BYTE_SPACE);
    lexer->position = start;
    if (start >= lexer->length) {
        return false;
    }
    token->start = start;
    token->flags = 0;
    token->role = SQL_ROLE_NONE;
    token->operand = lexer->previous <= SQL_AFTER_OPERAND_WORD;
    token->plain = false;
    /* Where a statement begins, and behind DELIMITER, a client may read what comes. */
    bool apart = lexer->previous == SQL_AFTER_START || lexer->delimiter_length > 0;
    return (!apart && sql_lexer_common(lexer, token)) || sql_lexer_any(lexer, token);
}

#endif
