/*
 * sql_normalize.c - tokens to the canonical text, and its fingerprint.
 *
 * The text is written in one pass. What shows only later is mended by cutting the end
 * of the output off, which is where all of these stand when they are known:
 *
 *     written so far           next    becomes
 *     x in (?, ?               )       x in (?)             an element like the one before
 *     values (?), (?           )       values (?)           a row like the one before
 *     a = ? or a = ?           )       a = ?                a comparison like the one before
 *     (a)                      in      a in                 brackets that hold a name alone
 *     b = -                    5       b = ?                the sign belongs to the literal
 *
 * So the canonical text never has to be read again, and every cut is paid for by what
 * was written.
 */
#include "sql_common.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* What was written last, a bit each; the pair of classes alone decides about the space between. */
enum {
    START = 1 << 0,
    SEMICOLON = 1 << 1,
    NAME = 1 << 2, /* a name, or a keyword that calls like a function */
    KEYWORD = 1 << 3,
    LITERAL = 1 << 4,
    OPERATOR = 1 << 5,
    CAST = 1 << 6, /* :: */
    COMMA = 1 << 7,
    DOT = 1 << 8,
    PARENTHESIS = 1 << 9, /* ( */
    BRACKET = 1 << 10,    /* [ */
    CLOSING = 1 << 11,    /* ) ] */
    OPENING = START | PARENTHESIS | BRACKET | DOT,
    OPERAND = NAME | KEYWORD | LITERAL | CLOSING,
    EVERYTHING = 0xFFF
};

/* The classes after which `class` is written without a space. */
ALWAYS_INLINE int touches(int class) {
    switch (class) {
    case NAME:
    case KEYWORD:
    case LITERAL:
        return OPENING | CAST;
    case OPERATOR:
        return OPENING;
    case CAST:
        return OPENING | OPERAND;
    case PARENTHESIS:
        return OPENING | CAST | NAME;
    case BRACKET:
        return OPENING | CAST | NAME | LITERAL | CLOSING;
    default:
        return EVERYTHING;
    }
}

/* An element of a list: only `?` and `?::type` make a run. */
enum { ELEMENT_EMPTY, ELEMENT_LITERAL, ELEMENT_CAST, ELEMENT_TYPED, ELEMENT_OTHER };

/* How far a comparison `column = ?` has come. */
enum { COMPARE_NONE, COMPARE_OPEN, COMPARE_COLUMN, COMPARE_DOT, COMPARE_EQUALS, COMPARE_DONE };

/* Whether the number to come is a window's, which Django writes itself. */
enum { WINDOW_NONE, WINDOW_NUMBER, WINDOW_COMMA };

/* Where the name of a savepoint or cursor is due. */
enum {
    NAMING_NONE,
    NAMING_NAME,     /* a savepoint's or cursor's name is next */
    NAMING_TAIL,     /* a name or count is written; more of it is dropped, FROM brings another */
    NAMING_TAIL_DOT, /* the name behind the dot is dropped */
    NAMING_ROLLBACK, /* ROLLBACK or SAVE is written, TO or TRANSACTION decides */
    NAMING_WORK,     /* TRANSACTION is written behind it: TO or a name is next */
    NAMING_CURSOR,   /* FETCH, MOVE or CLOSE is written */
    NAMING_DECLARE,  /* DECLARE is written */
    NAMING_DECLARED, /* a name that CURSOR will make a cursor's is written */
    /* Where a password is due. */
    NAMING_KIND,       /* CREATE or ALTER is written, and not yet what */
    NAMING_IDENTIFIED, /* IDENTIFIED is written, BY or WITH decides */
    NAMING_PLUGIN,     /* IDENTIFIED WITH is written: a plugin's name is next */
    NAMING_PLUGIN_END, /* ... and is written */
    NAMING_CONNECT,    /* CONNECT is written: a password is behind `/` or USING */
    NAMING_PRAGMA,     /* PRAGMA is written */
    NAMING_SECRET,     /* PASSWORD is written: a password, `=` or TO is next */
    NAMING_OWNER,      /* PASSWORD FOR is written: `=` or TO ends the account */
    NAMING_VALUE,      /* a password is next, whatever it is */
    NAMING_HIDDEN,     /* a password without quotes is hidden: what may belong to it goes too */
    NAMING_CLOSED      /* a password that is a literal is written: only what touches it goes */
};

/* Lists are recognized down to this many open brackets. */
enum { DEEPEST_LIST = 64 };

typedef struct span {
    size_t start;
    size_t length;
} span;

typedef struct normalizer {
    sql_lexer lexer;
    unsigned char *out;
    size_t length;

    int last;      /* class of what was written last */
    int last_role; /* SQL_ROLE_* of the word that was written last */
    int window;
    bool row;   /* at this depth the last tokens were VALUES, its rows and their commas */
    bool signs; /* the output ends in prefix signs ... */
    int signs_last;
    size_t signs_start; /* ... that start here */

    size_t depth;   /* open brackets */
    bool list;      /* what stands at this depth are a list's elements */
    uint64_t lists; /* bit d: the same at depth d, around this one */
    uint64_t rows;  /* bit d: `row` at depth d, around this one */

    int element;
    size_t element_start;
    size_t row_start; /* where the word ROW of a row was written */
    span earlier;     /* the element before, length 0 if it makes no run */

    int comparison;
    size_t comparison_start;
    span run;       /* the comparison that later ones are held against, length 0 if none */
    span lone_name; /* a name alone in the brackets that end the output, brackets and all; length 0 if none */
    bool unwrapped; /* the name before the last IN lost its brackets */
    size_t singles; /* the depth of the list behind it: its tuples are of one; 0 if none */

    int naming;
    span name;
    bool sensitive;    /* in this statement PASSWORD is no name */
    size_t secret_end; /* where the password that was written last ends in the source */
    int64_t literal_count;
    bool in_doubt;

    const unsigned char *table; /* the common quoted name that was read last before a dot: its opening quote */
    size_t table_size;          /* its bytes between the quotes, 0 if there is none */

    /* Where the bracket that opened depth d was written. */
    size_t tuple_start[DEEPEST_LIST];
} normalizer;

/* ---- Writing ---- */

ALWAYS_INLINE void write_byte(normalizer *n, int byte) {
    n->out[n->length++] = (unsigned char)byte;
}

/*
 * Writes the space that goes before `class`, if any, and makes it the last. Returns where the token itself
 * is to be written; the length follows with the token, because each token waits for the length of the one before.
 */
ALWAYS_INLINE size_t place(normalizer *n, int class) {
    size_t length = n->length;
    if (touches(class) != EVERYTHING) {
        n->out[length] = ' '; /* without a branch: whether it counts is hard to foretell */
        length += (touches(class) & n->last) == 0;
    }
    n->last = class;
    n->last_role = SQL_ROLE_NONE;
    n->signs = false;
    return length;
}

ALWAYS_INLINE void begin(normalizer *n, int class) {
    n->length = place(n, class);
}

/* Writes a token of one byte and returns where. */
ALWAYS_INLINE size_t write_mark(normalizer *n, int class, int byte) {
    size_t start = place(n, class);
    n->out[start] = (unsigned char)byte;
    n->length = start + 1;
    return start;
}

static bool same_text(const normalizer *n, span a, span b) {
    return a.length == b.length && memcmp(n->out + a.start, n->out + b.start, a.length) == 0;
}

ALWAYS_INLINE bool keeps_case(const normalizer *n) {
    return n->lexer.dialect == MERCURY_DIALECT_MYSQL || n->lexer.dialect == MERCURY_DIALECT_MSSQL;
}

/* Writes a piece of the text as it is. */
static void write_source(normalizer *n, size_t start, size_t end) {
    memcpy(n->out + n->length, n->lexer.text + start, end - start);
    n->length += end - start;
}

/* The same in lower case. */
static void write_folded(normalizer *n, size_t start, size_t end) {
    for (; start < end && n->lexer.length - start >= SQL_BYTES_BLOCK; start += SQL_BYTES_BLOCK) {
        size_t size = end - start < SQL_BYTES_BLOCK ? end - start : SQL_BYTES_BLOCK;
        sql_bytes_fold_block(n->out + n->length, n->lexer.text + start);
        n->length += size;
    }
    for (; start < end; start++) {
        write_byte(n, sql_bytes_fold(n->lexer.text[start]));
    }
}

/*
 * The same two for common words and names. One block that is longer than the name costs
 * less than the decision how much to copy; behind what is written, the output has room
 * for it, as it has for all that is not yet read.
 */
ALWAYS_INLINE void write_common_source(normalizer *n, size_t start, const unsigned char *text, size_t size) {
    memcpy(n->out + start, text, SQL_BYTES_BLOCK);
    n->length = start + size;
}

ALWAYS_INLINE void write_common_folded(normalizer *n, size_t start, const unsigned char *text, size_t size) {
    sql_bytes_fold_block(n->out + start, text);
    n->length = start + size;
}

/* ---- Lists: elements, tuples, rows ---- */

ALWAYS_INLINE bool is_set(uint64_t bits, size_t depth) {
    return depth < DEEPEST_LIST && ((bits >> depth) & 1) != 0;
}

ALWAYS_INLINE void set_bit(uint64_t *bits, size_t depth, bool on) {
    if (depth < DEEPEST_LIST) {
        uint64_t bit = (uint64_t)1 << depth;
        *bits = on ? *bits | bit : *bits & ~bit;
    }
}

/*
 * An element of a list is whole: drops it with its comma if it equals the one before. One byte can only be `?`;
 * to read it back would wait until it has come to the cache.
 */
NEVER_INLINE void end_list_element(normalizer *n) {
    span whole = {n->element_start, n->length - n->element_start};
    if (n->element != ELEMENT_LITERAL && n->element != ELEMENT_TYPED) {
        n->earlier.length = 0;
    } else if (n->earlier.length == whole.length && (whole.length == 1 || same_text(n, n->earlier, whole))) {
        n->length = n->earlier.start + n->earlier.length;
    } else {
        n->earlier = whole;
    }
}

ALWAYS_INLINE void end_element(normalizer *n) {
    if (n->list) {
        end_list_element(n);
    }
    n->element = ELEMENT_EMPTY;
}

ALWAYS_INLINE void element_word(normalizer *n) {
    n->element = n->element == ELEMENT_CAST ? ELEMENT_TYPED : ELEMENT_OTHER;
}

/* Whether the bracket at `start` opens a tuple: it follows a bracket, a comma or VALUES. */
static bool opens_tuple(const normalizer *n, size_t start) {
    const unsigned char *before = n->out + start;
    if (start >= 1 && (before[-1] == '(' || before[-1] == '[')) {
        return true;
    }
    if (start >= 2 && before[-2] == ',' && before[-1] == ' ') {
        return true;
    }
    return start >= 7 && memcmp(before - 7, "values ", 7) == 0;
}

/* A tuple that starts at `start` is whole: drops it with its comma if it equals the one before. */
NEVER_INLINE void end_tuple(normalizer *n, size_t start) {
    size_t length = n->length - start;
    if (start < length + 2 || n->out[start - 1] != ' ' || n->out[start - 2] != ',') {
        return;
    }
    size_t before = start - 2 - length;
    if (n->out[start - 3] == n->out[n->length - 1] && opens_tuple(n, before) &&
        memcmp(n->out + before, n->out + start, length) == 0) {
        n->length = start - 2;
    }
}

ALWAYS_INLINE void open_bracket(normalizer *n, int byte) {
    bool named_row = n->row && n->last_role == SQL_ROLE_ROW;
    bool row = named_row || n->last_role == SQL_ROLE_VALUES || (n->row && n->last == COMMA);
    bool first = n->last == COMMA || n->last == PARENTHESIS || n->last == BRACKET;
    bool named = n->last_role == SQL_ROLE_IN || (byte == '[' && n->last_role == SQL_ROLE_ARRAY);
    bool list = row || named || (first && n->list);
    bool singles = n->unwrapped && n->last_role == SQL_ROLE_IN;
    size_t start = write_mark(n, byte == '(' ? PARENTHESIS : BRACKET, byte);
    set_bit(&n->lists, n->depth, n->list);
    set_bit(&n->rows, n->depth, row);
    n->depth++;
    if (singles || n->singles == n->depth) {
        n->singles = singles ? n->depth : 0;
    }
    n->list = list && n->depth < DEEPEST_LIST;
    n->row = false;
    if (n->depth < DEEPEST_LIST) {
        n->tuple_start[n->depth] = named_row ? n->row_start : start;
    }
    n->element = ELEMENT_EMPTY;
    n->earlier.length = 0;
}

/* A list that starts at `start` is whole: `((?))` is `(?)`. */
NEVER_INLINE void unwrap_list(normalizer *n, size_t start) {
    n->singles = 0;
    if (n->length - start == 5 && memcmp(n->out + start, "((?))", 5) == 0) {
        memcpy(n->out + start, "(?)", 3);
        n->length = start + 3;
    }
}

ALWAYS_INLINE void close_bracket(normalizer *n, int byte) {
    end_element(n);
    write_mark(n, CLOSING, byte);
    n->element = ELEMENT_OTHER;
    n->earlier.length = 0;
    if (n->depth == 0) {
        return;
    }
    bool tuple = n->list;
    if (tuple && n->depth == n->singles) {
        unwrap_list(n, n->tuple_start[n->depth]);
    }
    n->depth--;
    n->list = is_set(n->lists, n->depth);
    n->row = is_set(n->rows, n->depth);
    if (tuple && (n->row || n->list)) {
        end_tuple(n, n->tuple_start[n->depth + 1]);
    }
}

/* ---- Comparisons joined by OR ---- */

/* A comparison is whole: drops it with its OR if it equals the one that the run began with. */
NEVER_INLINE void end_comparison(normalizer *n) {
    span whole = {n->comparison_start, n->length - n->comparison_start};
    if (n->comparison != COMPARE_DONE) {
        n->run.length = 0;
    } else if (n->run.length > 0 && same_text(n, n->run, whole)) {
        n->length = n->run.start + n->run.length;
    } else {
        n->run = whole;
    }
}

/* Here a comparison may begin that no other is before. */
ALWAYS_INLINE void open_comparison(normalizer *n) {
    n->comparison = COMPARE_OPEN;
    n->run.length = 0;
}

/* A name is written at `start`, the end of the output. */
ALWAYS_INLINE void compare_name(normalizer *n, size_t start) {
    bool starts = n->comparison == COMPARE_OPEN;
    bool goes_on = n->comparison == COMPARE_DOT;
    n->comparison_start = starts ? start : n->comparison_start;
    n->comparison = starts || goes_on ? COMPARE_COLUMN : COMPARE_NONE;
}

/* A word that ends a condition, starts one, or joins two. */
NEVER_INLINE void compare_condition(normalizer *n, int flags, int role) {
    if ((flags & SQL_WORD_ENDS) != 0 || role == SQL_ROLE_OR) {
        end_comparison(n);
    }
    if (role == SQL_ROLE_OR) {
        n->comparison = COMPARE_OPEN;
    } else if ((flags & SQL_WORD_STARTS) != 0) {
        open_comparison(n);
    } else {
        n->comparison = COMPARE_NONE;
    }
}

ALWAYS_INLINE void compare_word(normalizer *n, int flags, int role) {
    if ((flags & (SQL_WORD_ENDS | SQL_WORD_STARTS)) != 0) {
        compare_condition(n, flags, role);
    } else {
        n->comparison = COMPARE_NONE;
    }
}

/* Goes on to `next` if the comparison has come to `expected`, and else leaves it. */
ALWAYS_INLINE void compare_step(normalizer *n, int expected, int next) {
    n->comparison = n->comparison == expected ? next : COMPARE_NONE;
}

/* ---- A name alone in brackets before IN ---- */

/* Whether nothing but a name stands in the innermost brackets, and they call nothing and are no list. */
NEVER_INLINE bool holds_lone_name(const normalizer *n) {
    size_t start = n->comparison_start;
    if (start == 0 || n->out[start - 1] != '(' || n->list) {
        return false;
    }
    return start == 1 || n->out[start - 2] == ' ' || n->out[start - 2] == '(';
}

/* IN follows: `(a.b)` at the end of the output is `a.b`. */
NEVER_INLINE void unwrap_lone_name(normalizer *n) {
    n->unwrapped = n->lone_name.length > 0 && n->lone_name.start + n->lone_name.length == n->length;
    if (n->unwrapped) {
        unsigned char *bracket = n->out + n->lone_name.start;
        memmove(bracket, bracket + 1, n->lone_name.length - 2);
        n->length -= 2;
    }
}

/* ---- Tokens ---- */

/* Whether the bytes from `start` on are those of a word in lower case. */
static bool matches(const normalizer *n, size_t start, const char *word, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (sql_bytes_fold(n->lexer.text[start + i]) != (unsigned char)word[i]) {
            return false;
        }
    }
    return true;
}

/* A word may change what numbers, names and brackets to come mean. */
ALWAYS_INLINE void note_role(normalizer *n, int role) {
    bool window = role == SQL_ROLE_LIMIT || role == SQL_ROLE_FETCH;
    bool keeps = role == SQL_ROLE_FIRST || role == SQL_ROLE_DIRECTION;
    if (!keeps) {
        n->window = window ? WINDOW_NUMBER : WINDOW_NONE;
    }
    n->row = role == SQL_ROLE_VALUES && n->depth < DEEPEST_LIST;
    n->list = n->list && role != SQL_ROLE_SELECT;
}

/* What every token but words with a role, literals, brackets and commas ends. */
ALWAYS_INLINE void leave_window_and_rows(normalizer *n) {
    n->window = WINDOW_NONE;
    n->row = false;
}

/* What a word of the list changes before it is written; `place` forgets the role again. */
ALWAYS_INLINE size_t place_keyword(normalizer *n, int flags, int role) {
    compare_word(n, flags, role);
    size_t start = place(n, (flags & SQL_WORD_FUNCTION) != 0 ? NAME : KEYWORD);
    n->last_role = role;
    return start;
}

ALWAYS_INLINE size_t place_name(normalizer *n) {
    size_t start = place(n, NAME);
    compare_name(n, start);
    return start;
}

/* MySQL's ROW(1, 2) where a row of VALUES may stand. */
static bool begins_row(const normalizer *n, int role) {
    if (role != SQL_ROLE_ROW || n->depth >= DEEPEST_LIST) {
        return false;
    }
    return n->last_role == SQL_ROLE_VALUES || (n->row && n->last == COMMA);
}

static void write_word(normalizer *n, const sql_token *token) {
    if (token->role == SQL_ROLE_IN) {
        unwrap_lone_name(n);
    }
    bool row = begins_row(n, token->role);
    note_role(n, token->role);
    element_word(n);
    if (token->flags != 0) {
        n->length = place_keyword(n, token->flags, token->role);
        if (row) {
            n->row = true;
            n->row_start = n->length;
        }
        write_folded(n, token->start, token->end);
        return;
    }
    n->length = place_name(n);
    if (keeps_case(n)) {
        write_source(n, token->start, token->end);
    } else {
        write_folded(n, token->start, token->end);
    }
}

static bool is_keyword(const normalizer *n, size_t start, size_t end) {
    return sql_lexer_find(n->lexer.text + start, end - start)->flags != 0;
}

/* A capital and digits: an alias of Django's making, which Django 6.1 quotes and earlier versions do not. */
static bool is_made_alias(const normalizer *n, size_t start, size_t end) {
    const unsigned char *text = n->lexer.text;
    if (end - start < 2 || text[start] < 'A' || text[start] > 'Z') {
        return false;
    }
    for (size_t i = start + 1; i < end; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
    }
    return true;
}

/*
 * Whether a quoted name needs no quotes: it is what the dialect makes of the unquoted
 * word, and no word of the frozen list.
 */
static bool is_plain(const normalizer *n, size_t start, size_t end) {
    int dialect = n->lexer.dialect;
    bool upper_allowed = keeps_case(n) || dialect == MERCURY_DIALECT_ORACLE || is_made_alias(n, start, end);
    bool lower_allowed = dialect != MERCURY_DIALECT_ORACLE;
    for (size_t i = start; i < end; i++) {
        int byte = n->lexer.text[i];
        bool lower_letter = byte >= 'a' && byte <= 'z';
        bool upper_letter = byte >= 'A' && byte <= 'Z';
        bool other = byte == '_' || (i > start && (byte == '$' || (byte >= '0' && byte <= '9')));
        if (!other && !(lower_letter && lower_allowed) && !(upper_letter && upper_allowed)) {
            return false;
        }
    }
    return end > start && !is_keyword(n, start, end);
}

/* Writes a name in double quotes; `closing` is the quote that its source doubles, -1 if none. */
static void write_requoted(normalizer *n, size_t start, size_t end, int closing) {
    write_byte(n, '"');
    for (size_t i = start; i < end; i++) {
        int byte = n->lexer.text[i];
        if (byte == '"') {
            write_byte(n, '"');
        }
        write_byte(n, byte);
        i += byte == closing ? 1 : 0;
    }
    write_byte(n, '"');
}

/* Whether `generic` reads the name as one when it stands in double quotes. */
static bool survives_double_quotes(const normalizer *n, size_t start, size_t end) {
    for (size_t i = start; i < end; i++) {
        int byte = n->lexer.text[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        if (!letter && byte != '_' && byte != '$' && byte != '.' && !(byte >= '0' && byte <= '9')) {
            return false;
        }
    }
    return end > start;
}

static void write_name(normalizer *n, const sql_token *token) {
    int opening = n->lexer.text[token->start];
    int dialect = n->lexer.dialect;
    size_t start = token->start + 1;
    size_t end = token->end - 1;
    bool unicode = opening == 'u' || opening == 'U';
    bool backquoted = opening == '`' && dialect == MERCURY_DIALECT_GENERIC && !survives_double_quotes(n, start, end);
    if (!unicode && is_plain(n, start, end)) {
        if (keeps_case(n)) {
            write_source(n, start, end);
        } else {
            write_folded(n, start, end);
        }
    } else if (opening == '"' || dialect == MERCURY_DIALECT_MYSQL || backquoted) {
        write_source(n, token->start, token->end);
    } else if (unicode) {
        write_byte(n, 'u');
        write_source(n, start, token->end);
    } else if (opening == '[') {
        write_requoted(n, start, end, dialect == MERCURY_DIALECT_MSSQL ? ']' : -1);
    } else {
        write_requoted(n, start, end, opening);
    }
}

static void write_quoted(normalizer *n, const sql_token *token) {
    leave_window_and_rows(n);
    element_word(n);
    n->length = place_name(n);
    write_name(n, token);
}

/* Writes `?`; a sign before it belongs to it, and a literal right before it is one with it. */
ALWAYS_INLINE void write_literal(normalizer *n) {
    if (n->signs) {
        n->length = n->signs_start;
        n->last = n->signs_last;
    }
    if (n->comparison != COMPARE_DONE) {
        compare_step(n, COMPARE_EQUALS, COMPARE_DONE);
    }
    n->row = false;
    if (n->last == LITERAL) {
        return;
    }
    n->element_start = write_mark(n, LITERAL, '?'); /* read only where the element is this literal */
    n->element = n->element == ELEMENT_EMPTY ? ELEMENT_LITERAL : ELEMENT_OTHER;
}

/* Whether a word is a value: NULL, TRUE or FALSE right behind an operator, or first in an element. */
static bool is_constant(const normalizer *n, const sql_token *token) {
    if (token->role != SQL_ROLE_CONSTANT) {
        return false;
    }
    return n->last == OPERATOR || (n->element == ELEMENT_EMPTY && n->list);
}

ALWAYS_INLINE void count_literal(normalizer *n, int kind) {
    bool number = kind == MERCURY_TOKEN_NUMBER || kind == MERCURY_TOKEN_PLACEHOLDER;
    bool window = n->window == WINDOW_NUMBER && number;
    if (kind != MERCURY_TOKEN_PLACEHOLDER && !window) {
        n->literal_count++;
    }
    n->window = window ? WINDOW_COMMA : WINDOW_NONE;
}

/* Writes a sign that an operand follows, so that a literal can take it away. */
NEVER_INLINE void write_sign(normalizer *n, int byte) {
    bool signs = n->signs;
    int last = n->last;
    size_t start = n->length;
    if (n->comparison != COMPARE_EQUALS) {
        n->comparison = COMPARE_NONE;
    }
    if (n->element != ELEMENT_EMPTY) {
        n->element = ELEMENT_OTHER;
    }
    n->row = false;
    write_mark(n, OPERATOR, byte);
    if (!signs) {
        n->signs_start = start;
        n->signs_last = last;
    }
    n->signs = true;
}

/* Writes the operator's bytes; `%%` is a doubled `%`. */
static void write_operator_text(normalizer *n, const unsigned char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '%' || i == 0 || text[i - 1] != '%') {
            write_byte(n, text[i]);
        }
    }
}

/* A sign that a literal would take with it. */
ALWAYS_INLINE bool is_sign(const normalizer *n, const sql_token *token) {
    int byte = n->lexer.text[token->start];
    return token->operand && token->end - token->start == 1 && (byte == '-' || byte == '+');
}

/* An operator of one byte, which is neither `?` nor a sign. */
ALWAYS_INLINE void write_short_operator(normalizer *n, int byte) {
    compare_step(n, byte == '=' ? COMPARE_COLUMN : COMPARE_NONE, byte == '=' ? COMPARE_EQUALS : COMPARE_NONE);
    leave_window_and_rows(n);
    n->element = ELEMENT_OTHER;
    write_mark(n, OPERATOR, byte);
}

static void write_long_operator(normalizer *n, size_t start, size_t end) {
    const unsigned char *text = n->lexer.text + start;
    size_t length = end - start;
    bool cast = length == 2 && text[0] == ':' && text[1] == ':';
    bool typed = n->element == ELEMENT_LITERAL || n->element == ELEMENT_TYPED;
    n->comparison = COMPARE_NONE;
    leave_window_and_rows(n);
    n->element = cast && typed ? ELEMENT_CAST : ELEMENT_OTHER;
    begin(n, cast ? CAST : OPERATOR);
    if (text[0] == '?' && (length == 1 || text[1] != '?')) {
        write_byte(n, '?'); /* a lone `?` in canonical text is always a literal */
    }
    write_operator_text(n, text, length);
}

static void write_operator(normalizer *n, const sql_token *token) {
    int byte = n->lexer.text[token->start];
    if (is_sign(n, token)) {
        write_sign(n, byte);
    } else if (token->end - token->start == 1 && byte != '?') {
        write_short_operator(n, byte);
    } else {
        write_long_operator(n, token->start, token->end);
    }
}

static void write_semicolon(normalizer *n) {
    end_comparison(n);
    n->comparison = COMPARE_NONE;
    leave_window_and_rows(n);
    n->element = ELEMENT_OTHER;
    if (n->last > SEMICOLON) { /* else the statement was empty */
        write_mark(n, SEMICOLON, ';');
    }
}

ALWAYS_INLINE void write_comma(normalizer *n) {
    n->window = n->window == WINDOW_COMMA ? WINDOW_NUMBER : WINDOW_NONE;
    n->comparison = COMPARE_NONE;
    end_element(n);
    write_mark(n, COMMA, ',');
}

ALWAYS_INLINE void write_dot(normalizer *n) {
    compare_step(n, COMPARE_COLUMN, COMPARE_DOT);
    leave_window_and_rows(n);
    n->element = ELEMENT_OTHER;
    write_mark(n, DOT, '.');
}

ALWAYS_INLINE void write_opening(normalizer *n, int byte) {
    n->window = WINDOW_NONE;
    open_bracket(n, byte);
    if (byte == '(') {
        open_comparison(n);
    } else {
        n->comparison = COMPARE_NONE;
    }
}

ALWAYS_INLINE void write_closing(normalizer *n, int byte) {
    bool lone = n->comparison == COMPARE_COLUMN && holds_lone_name(n);
    n->window = WINDOW_NONE;
    if (n->comparison == COMPARE_DONE) {
        end_comparison(n);
    }
    n->comparison = COMPARE_NONE;
    close_bracket(n, byte);
    if (lone) {
        n->lone_name.start = n->comparison_start - 1;
        n->lone_name.length = n->length - n->lone_name.start;
    }
}

static void write_punctuation(normalizer *n, int byte) {
    switch (byte) {
    case '(':
    case '[':
        write_opening(n, byte);
        break;
    case ')':
    case ']':
        write_closing(n, byte);
        break;
    case ',':
        write_comma(n);
        break;
    case '.':
        write_dot(n);
        break;
    default: /* a semicolon, or what a client takes for one */
        write_semicolon(n);
        break;
    }
}

/* Whether a `(` comes next, behind comments or not. */
static bool opens_call(const normalizer *n, size_t position) {
    sql_lexer ahead = n->lexer;
    sql_token next;
    ahead.position = position;
    while (sql_lexer_next(&ahead, &next)) {
        if (next.kind != MERCURY_TOKEN_COMMENT) {
            return n->lexer.text[next.start] == '(';
        }
    }
    return false;
}

/* MySQL's other word for VALUES: VALUE behind the table or its columns. */
static bool is_value_list(const normalizer *n, const sql_token *token) {
    if (token->end - token->start != 5 || n->lexer.dialect != MERCURY_DIALECT_MYSQL) {
        return false;
    }
    bool due = (n->last == NAME || n->last == CLOSING) && matches(n, token->start, "value", 5);
    return due && opens_call(n, token->end);
}

static void write_value_list(normalizer *n, const sql_token *token) {
    sql_token values = *token;
    values.flags = SQL_WORD_OPERAND | SQL_WORD_KEYWORD;
    values.role = SQL_ROLE_VALUES;
    write_word(n, &values);
    write_byte(n, 's');
}

static void write_token(normalizer *n, const sql_token *token) {
    switch (token->kind) {
    case MERCURY_TOKEN_WORD:
        if (is_constant(n, token)) {
            sql_lexer_hide(&n->lexer);
            write_literal(n);
        } else if (token->flags == 0 && is_value_list(n, token)) {
            write_value_list(n, token);
        } else {
            write_word(n, token);
        }
        break;
    case MERCURY_TOKEN_QUOTED:
        write_quoted(n, token);
        break;
    case MERCURY_TOKEN_OPERATOR:
        write_operator(n, token);
        break;
    case MERCURY_TOKEN_PUNCTUATION:
        write_punctuation(n, token->end - token->start == 1 ? n->lexer.text[token->start] : ';');
        break;
    default:
        count_literal(n, token->kind);
        write_literal(n);
        n->in_doubt = token->kind == MERCURY_TOKEN_DOUBT;
        break;
    }
}

/* ---- Names of savepoints and cursors ---- */

/* What the first word of a statement says about names and passwords to come. */
static int naming_of(int role) {
    switch (role) {
    case SQL_ROLE_SAVEPOINT:
    case SQL_ROLE_RELEASE:
        return NAMING_NAME;
    case SQL_ROLE_ROLLBACK:
    case SQL_ROLE_SAVE:
        return NAMING_ROLLBACK;
    case SQL_ROLE_FETCH:
    case SQL_ROLE_CURSOR_VERB:
        return NAMING_CURSOR;
    case SQL_ROLE_DECLARE:
        return NAMING_DECLARE;
    case SQL_ROLE_DEFINE:
        return NAMING_KIND;
    case SQL_ROLE_CONNECT:
        return NAMING_CONNECT;
    case SQL_ROLE_PRAGMA:
        return NAMING_PRAGMA;
    default:
        return NAMING_NONE;
    }
}

static bool is_name(const sql_token *token) {
    return token->kind == MERCURY_TOKEN_WORD || token->kind == MERCURY_TOKEN_QUOTED;
}

static bool is_dot(const normalizer *n, const sql_token *token) {
    return token->kind == MERCURY_TOKEN_PUNCTUATION && n->lexer.text[token->start] == '.';
}

static bool is_value(const sql_token *token) {
    return token->kind != MERCURY_TOKEN_OPERATOR && token->kind != MERCURY_TOKEN_PUNCTUATION;
}

/* Writes a name as `?`, or a literal that stands in its place. */
static void write_hidden(normalizer *n, const sql_token *token, int naming) {
    n->naming = naming;
    sql_lexer_hide(&n->lexer);
    if (is_name(token)) {
        n->window = WINDOW_NONE;
        write_literal(n);
    } else {
        write_token(n, token);
    }
}

/* Writes a keyword that leaves the name still to come. */
static void write_and_expect(normalizer *n, const sql_token *token, int naming) {
    write_token(n, token);
    n->naming = naming;
}

/* The words between FETCH and a cursor's name. */
static bool is_direction(int role) {
    return role == SQL_ROLE_DIRECTION || role == SQL_ROLE_FIRST || role == SQL_ROLE_FROM || role == SQL_ROLE_IN;
}

static void cursor_token(normalizer *n, const sql_token *token) {
    if (is_direction(token->role) || is_sign(n, token)) {
        write_and_expect(n, token, NAMING_CURSOR);
    } else if (is_value(token)) {
        write_hidden(n, token, NAMING_TAIL);
    } else {
        write_and_expect(n, token, NAMING_NONE);
    }
}

static void rollback_token(normalizer *n, const sql_token *token) {
    int naming = NAMING_NONE;
    if (token->role == SQL_ROLE_WORK) {
        naming = NAMING_WORK;
    } else if (token->role == SQL_ROLE_TO) {
        naming = NAMING_NAME;
    }
    write_and_expect(n, token, naming);
}

/* ROLLBACK TRANSACTION x, where x is no word of the list. */
static void work_token(normalizer *n, const sql_token *token) {
    if (is_value(token) && token->flags == 0) {
        write_hidden(n, token, NAMING_TAIL);
    } else {
        rollback_token(n, token);
    }
}

/* CURSOR makes the word after DECLARE a cursor's name: it stands a few words back. */
static void declared_token(normalizer *n, const sql_token *token) {
    if (token->role == SQL_ROLE_CURSOR) {
        size_t end = n->name.start + n->name.length;
        n->out[n->name.start] = '?';
        memmove(n->out + n->name.start + 1, n->out + end, n->length - end);
        n->length -= n->name.length - 1;
    }
    write_and_expect(n, token, token->role == SQL_ROLE_OPTION ? NAMING_DECLARED : NAMING_NONE);
}

static void declare_token(normalizer *n, const sql_token *token) {
    size_t start = n->length;
    write_and_expect(n, token, is_name(token) ? NAMING_DECLARED : NAMING_NONE);
    n->name.start = start + 1;
    n->name.length = n->length - n->name.start;
}

static void named_token(normalizer *n, const sql_token *token) {
    if (token->role == SQL_ROLE_SAVEPOINT || is_sign(n, token)) {
        write_and_expect(n, token, NAMING_NAME);
    } else if (is_value(token)) {
        write_hidden(n, token, NAMING_TAIL);
    } else {
        write_and_expect(n, token, NAMING_NONE);
    }
}

/* Behind a hidden name: the rest of a dotted name and literals go with it. */
static void tail_token(normalizer *n, const sql_token *token) {
    int naming = NAMING_NONE;
    if (is_dot(n, token)) {
        n->naming = NAMING_TAIL_DOT;
        return;
    }
    if (token->role == SQL_ROLE_FROM || token->role == SQL_ROLE_IN) {
        naming = NAMING_NAME;
    } else if (is_value(token) && !is_name(token)) {
        naming = NAMING_TAIL;
    }
    write_and_expect(n, token, naming);
}

static void tail_dot_token(normalizer *n, const sql_token *token) {
    if (is_value(token)) {
        n->naming = NAMING_TAIL;
        sql_lexer_hide(&n->lexer);
        n->in_doubt = token->kind == MERCURY_TOKEN_DOUBT;
    } else if (!is_dot(n, token)) {
        write_and_expect(n, token, NAMING_NONE);
    }
}

/* ---- Passwords ---- */

typedef struct listed_word {
    unsigned char length; /* 0 ends the list */
    char text[15];
} listed_word;

/* clang-format off */
#define W(text) {sizeof(text) - 1, text}

/* The first words outside the frozen list of statements that can have a password without quotes. */
static const listed_word SENSITIVE_VERBS[] = {
    W("administer"), W("backup"), W("conn"), W("export"), W("import"), W("open"), W("recover"), W("restore"),
    W("validate"), {0, ""},
};

/* What CREATE, ALTER and CHECK give a password to ... */
static const listed_word ACCOUNT_KINDS[] = {
    W("account"), W("application"), W("certificate"), W("connection"), W("credential"), W("database"),
    W("endpoint"), W("group"), W("key"), W("keystore"), W("link"), W("login"), W("master"), W("profile"),
    W("role"), W("secret"), W("server"), W("session"), W("subscription"), W("system"), W("user"), {0, ""},
};

/* ... and what has columns and code, in which `password` is a name; the frequent ones first. */
static const listed_word OTHER_KINDS[] = {
    W("table"), W("index"), W("view"), W("function"), W("aggregate"), W("column"), W("domain"), W("event"),
    W("extension"), W("operator"), W("package"), W("policy"), W("proc"), W("procedure"), W("publication"), W("rule"),
    W("schema"), W("sequence"), W("statistics"), W("synonym"), W("trigger"), W("type"), {0, ""},
};

static const listed_word PRAGMA_KEYS[] = {
    W("hexkey"), W("hexrekey"), W("key"), W("rekey"), W("textkey"), {0, ""},
};

/* The words that go on after a password, and are none where it has no `=` before it. */
static const listed_word SECRET_OPTIONS[] = {
    W("account"), W("attribute"), W("authenticated"), W("comment"), W("container"), W("default"), W("enable"),
    W("expire"), W("hashed"), W("history"), W("must_change"), W("null"), W("profile"), W("quota"), W("require"),
    W("retain"), W("reuse"), W("valid"), {0, ""},
};

static const listed_word SECRET_ENDINGS[] = {
    W("password"), W("passwd"), W("passphrase"), W("pwd"), W("secret"), {0, ""},
};
#undef W
/* clang-format on */

/* Whether the token is a word of this spelling, in any case. */
static bool is_word(const normalizer *n, const sql_token *token, const char *word) {
    size_t length = strlen(word);
    return token->kind == MERCURY_TOKEN_WORD && token->end - token->start == length &&
           matches(n, token->start, word, length);
}

/* Whether the token is a word of the list. */
static bool is_listed(const normalizer *n, const sql_token *token, const listed_word *list) {
    size_t length = token->end - token->start;
    for (; token->kind == MERCURY_TOKEN_WORD && list->length != 0; list++) {
        if (list->length == length && matches(n, token->start, list->text, length)) {
            return true;
        }
    }
    return false;
}

/* Whether the token is a word that ends in one of the list. */
static bool ends_listed(const normalizer *n, const sql_token *token, const listed_word *list) {
    size_t length = token->end - token->start;
    for (; token->kind == MERCURY_TOKEN_WORD && list->length != 0; list++) {
        if (list->length <= length && matches(n, token->end - list->length, list->text, list->length)) {
            return true;
        }
    }
    return false;
}

static bool is_secret(const normalizer *n, const sql_token *token) {
    return ends_listed(n, token, SECRET_ENDINGS) || is_word(n, token, "identity");
}

/* Whether the token is the one byte. */
static bool is_byte(const normalizer *n, const sql_token *token, int byte) {
    return token->end - token->start == 1 && n->lexer.text[token->start] == byte;
}

static bool is_punctuation(const sql_token *token) {
    return token->kind == MERCURY_TOKEN_PUNCTUATION;
}

static void begin_statement(normalizer *n, const sql_token *token) {
    n->naming = naming_of(token->role);
    n->sensitive = false;
    n->sensitive = n->naming >= NAMING_KIND || token->role == SQL_ROLE_SENSITIVE;
    if (token->flags == 0 && token->kind == MERCURY_TOKEN_WORD) {
        n->naming = is_word(n, token, "conn") ? NAMING_CONNECT : NAMING_NONE;
        n->sensitive = is_listed(n, token, SENSITIVE_VERBS);
    }
}

/* In a statement that can have a password. */
static void watch(normalizer *n, const sql_token *token) {
    if (token->role == SQL_ROLE_SELECT) {
        n->sensitive = false;
    } else if (is_secret(n, token)) {
        n->naming = NAMING_SECRET;
    }
}

/* A token that nothing waits for; it may say that a name or a password comes. */
static void plain_token(normalizer *n, const sql_token *token) {
    n->naming = NAMING_NONE;
    if (n->last == START || n->last == SEMICOLON) {
        begin_statement(n, token);
    } else if (token->role == SQL_ROLE_IDENTIFIED) {
        n->naming = NAMING_IDENTIFIED;
    } else if (token->role == SQL_ROLE_DEFINE && n->last_role == SQL_ROLE_OPENS) {
        n->naming = NAMING_KIND;
        n->sensitive = true;
    } else if (n->sensitive) {
        watch(n, token);
    }
    write_token(n, token);
}

/* Behind CREATE and ALTER: what decides whether PASSWORD is a name. */
static void kind_token(normalizer *n, const sql_token *token) {
    bool first = n->last_role == SQL_ROLE_DEFINE;
    bool other = is_listed(n, token, OTHER_KINDS);
    bool account = !other && is_listed(n, token, ACCOUNT_KINDS);
    bool secret = !other && is_secret(n, token);
    if (other || (first && secret && !account)) {
        n->sensitive = false;
        write_and_expect(n, token, NAMING_NONE);
    } else if (account) {
        write_and_expect(n, token, NAMING_NONE);
    } else if (secret) {
        write_and_expect(n, token, NAMING_SECRET);
    } else {
        write_and_expect(n, token, token->role == SQL_ROLE_IDENTIFIED ? NAMING_IDENTIFIED : NAMING_KIND);
    }
}

static void identified_token(normalizer *n, const sql_token *token) {
    bool by = is_word(n, token, "by");
    if (by || is_word(n, token, "via") || is_word(n, token, "with")) {
        n->sensitive = true;
        write_and_expect(n, token, by ? NAMING_VALUE : NAMING_PLUGIN);
    } else {
        plain_token(n, token);
    }
}

static void plugin_end_token(normalizer *n, const sql_token *token) {
    if (is_word(n, token, "as") || is_word(n, token, "by") || is_word(n, token, "using")) {
        write_and_expect(n, token, NAMING_VALUE);
        return;
    }
    plain_token(n, token);
    /* Literals behind the plugin, and their signs, are one `?`: read again, it is passed over too. */
    bool passed = n->last == LITERAL || token->kind == MERCURY_TOKEN_OPERATOR;
    if (passed && n->naming == NAMING_NONE) {
        n->naming = NAMING_PLUGIN_END;
    }
}

/* CONNECT scott/tiger@db; CONNECT TO db USER u USING secret; CONNECT u PASSWORD secret. */
static void connect_token(normalizer *n, const sql_token *token) {
    bool slash = token->kind == MERCURY_TOKEN_OPERATOR && n->lexer.text[token->start] == '/';
    if (n->last == KEYWORD && is_word(n, token, "by")) {
        n->sensitive = false;
        write_and_expect(n, token, NAMING_NONE);
    } else if (slash || is_word(n, token, "using")) {
        write_and_expect(n, token, NAMING_VALUE);
    } else if (token->role == SQL_ROLE_IDENTIFIED || is_secret(n, token)) {
        plain_token(n, token);
    } else {
        write_and_expect(n, token, NAMING_CONNECT);
    }
}

/* PRAGMA key = secret, PRAGMA main.rekey(secret). */
static void pragma_token(normalizer *n, const sql_token *token) {
    bool goes_on = is_name(token) || is_dot(n, token);
    if (is_listed(n, token, PRAGMA_KEYS)) {
        write_and_expect(n, token, NAMING_SECRET);
    } else {
        write_and_expect(n, token, goes_on ? NAMING_PRAGMA : NAMING_NONE);
    }
}

/* Writes a password as `?`. */
static void write_secret(normalizer *n, const sql_token *token) {
    n->naming = NAMING_HIDDEN;
    n->secret_end = token->end;
    n->literal_count++;
    n->window = WINDOW_NONE;
    sql_lexer_hide(&n->lexer);
    write_literal(n);
}

/* Writes a password that is a literal, or a placeholder, which may be a password that begins with `$`. */
static void write_closed_secret(normalizer *n, const sql_token *token) {
    n->secret_end = token->end;
    n->literal_count += token->kind == MERCURY_TOKEN_PLACEHOLDER ? 1 : 0;
    write_and_expect(n, token, NAMING_CLOSED);
}

/* Drops more of a password. */
static void drop_secret(normalizer *n, const sql_token *token, int naming) {
    n->naming = naming;
    n->secret_end = token->end;
    sql_lexer_hide(&n->lexer);
    if (is_value(token) && !is_name(token)) {
        n->literal_count++;
        n->in_doubt = token->kind == MERCURY_TOKEN_DOUBT;
    }
}

/* PASSWORD('...'), where a password is due. */
static bool calls(const normalizer *n, const sql_token *token) {
    return is_secret(n, token) && opens_call(n, token->end);
}

/* Whether the token is one of the single bytes. */
static bool is_one_of(const normalizer *n, const sql_token *token, const char *bytes) {
    int byte = n->lexer.text[token->start];
    return token->end - token->start == 1 && byte != 0 && strchr(bytes, byte) != NULL;
}

static bool is_cast(const normalizer *n, const sql_token *token) {
    const unsigned char *text = n->lexer.text + token->start;
    return token->end - token->start == 2 && text[0] == ':' && text[1] == ':';
}

/* Drops the token if it goes on with the password before it: it touches it, or would in canonical text. */
static bool belongs(normalizer *n, const sql_token *token) {
    bool touches = token->start == n->secret_end && !is_one_of(n, token, ";,)]");
    if (is_word(n, token, "replace") || is_word(n, token, "set")) { /* and the other one */
        drop_secret(n, token, NAMING_VALUE);
    } else if (touches || is_one_of(n, token, ".[") || is_cast(n, token)) {
        drop_secret(n, token, is_byte(n, token, '(') ? NAMING_VALUE : NAMING_HIDDEN);
    } else {
        return false;
    }
    return true;
}

/* Behind a dropped `(` or REPLACE, what would belong to the `?` in canonical text goes too. */
static void value_punctuation(normalizer *n, const sql_token *token) {
    if (n->last == LITERAL && belongs(n, token)) {
        return;
    }
    if (is_byte(n, token, '(')) {
        write_and_expect(n, token, NAMING_VALUE);
    } else {
        plain_token(n, token);
    }
}

static void value_token(normalizer *n, const sql_token *token) {
    if (is_punctuation(token)) {
        value_punctuation(n, token);
    } else if (calls(n, token)) {
        write_and_expect(n, token, NAMING_SECRET);
    } else if (token->kind == MERCURY_TOKEN_OPERATOR || is_name(token)) {
        write_secret(n, token);
    } else {
        write_closed_secret(n, token);
    }
}

/* Whether the token leads from PASSWORD to what surely is one: `=`, `:=`, TO. */
static bool assigns(const normalizer *n, const sql_token *token) {
    const unsigned char *text = n->lexer.text + token->start;
    bool becomes = token->end - token->start == 2 && text[0] == ':' && text[1] == '=';
    return becomes || is_byte(n, token, '=') || is_word(n, token, "to");
}

static void secret_token(normalizer *n, const sql_token *token) {
    if (assigns(n, token) || is_byte(n, token, '(')) {
        write_and_expect(n, token, NAMING_VALUE);
    } else if (is_word(n, token, "for")) {
        write_and_expect(n, token, NAMING_OWNER);
    } else if (is_punctuation(token) || is_listed(n, token, SECRET_OPTIONS) || token->role == SQL_ROLE_IDENTIFIED) {
        plain_token(n, token);
    } else {
        value_token(n, token);
    }
}

static void owner_token(normalizer *n, const sql_token *token) {
    write_and_expect(n, token, assigns(n, token) ? NAMING_VALUE : NAMING_OWNER);
}

static void hidden_token(normalizer *n, const sql_token *token) {
    bool known = token->flags != 0 || is_listed(n, token, SECRET_OPTIONS) || is_secret(n, token);
    if (belongs(n, token)) {
        return;
    }
    if (is_punctuation(token) || (token->kind == MERCURY_TOKEN_WORD && known)) {
        plain_token(n, token);
    } else {
        drop_secret(n, token, NAMING_HIDDEN);
    }
}

static void closed_token(normalizer *n, const sql_token *token) {
    if (belongs(n, token)) {
        return;
    }
    if (is_value(token) && !is_name(token)) { /* adjacent literals are one */
        write_closed_secret(n, token);
    } else {
        plain_token(n, token);
    }
}

static void password_token(normalizer *n, const sql_token *token) {
    switch (n->naming) {
    case NAMING_KIND:
        kind_token(n, token);
        break;
    case NAMING_IDENTIFIED:
        identified_token(n, token);
        break;
    case NAMING_PLUGIN:
        write_and_expect(n, token, NAMING_PLUGIN_END);
        break;
    case NAMING_PLUGIN_END:
        plugin_end_token(n, token);
        break;
    case NAMING_CONNECT:
        connect_token(n, token);
        break;
    case NAMING_PRAGMA:
        pragma_token(n, token);
        break;
    case NAMING_SECRET:
        secret_token(n, token);
        break;
    case NAMING_OWNER:
        owner_token(n, token);
        break;
    case NAMING_VALUE:
        value_token(n, token);
        break;
    case NAMING_HIDDEN:
        hidden_token(n, token);
        break;
    default:
        closed_token(n, token);
        break;
    }
}

/* ---- One token ---- */

/* Whether nothing is due that could make the next token other than it looks. */
ALWAYS_INLINE bool is_ordinary(const normalizer *n) {
    return n->last > SEMICOLON && n->naming == NAMING_NONE && !n->sensitive;
}

static void awaited_token(normalizer *n, const sql_token *token) {
    int naming = n->last == SEMICOLON ? NAMING_NONE : n->naming;
    switch (naming) {
    case NAMING_NONE:
        plain_token(n, token);
        break;
    case NAMING_NAME:
        named_token(n, token);
        break;
    case NAMING_TAIL:
        tail_token(n, token);
        break;
    case NAMING_TAIL_DOT:
        tail_dot_token(n, token);
        break;
    case NAMING_ROLLBACK:
        rollback_token(n, token);
        break;
    case NAMING_WORK:
        work_token(n, token);
        break;
    case NAMING_CURSOR:
        cursor_token(n, token);
        break;
    case NAMING_DECLARE:
        declare_token(n, token);
        break;
    case NAMING_DECLARED:
        declared_token(n, token);
        break;
    default:
        password_token(n, token);
        break;
    }
    /* Without its brackets, the name that they hold would be the one that was awaited. */
    if (naming != NAMING_NONE && n->last == PARENTHESIS) {
        n->comparison = COMPARE_NONE;
    }
}

/* Writes a token; one with a role from SQL_ROLE_DEFINE on may say that a password comes. */
static void next_token(normalizer *n, const sql_token *token) {
    if (is_ordinary(n) && token->role < SQL_ROLE_DEFINE) {
        write_token(n, token);
    } else {
        awaited_token(n, token);
    }
}

/* The end of the text ends what was open; semicolons at the end say nothing. */
static void finish(normalizer *n) {
    end_comparison(n);
    while (n->last == SEMICOLON && n->length > 0 && n->out[n->length - 1] == ';') {
        n->length--;
    }
}

/* ---- The tokens that statements are made of ---- */

/* Whether common tokens may come: nothing is due, and no client reads what comes. */
static bool may_be_common(const normalizer *n) {
    return is_ordinary(n) && n->lexer.previous != SQL_AFTER_START && n->lexer.delimiter_length == 0;
}

/* Goes on behind a token of `size` bytes: returns where. */
ALWAYS_INLINE size_t go_on(normalizer *n, size_t start, size_t size, int previous) {
    n->lexer.position = start + size;
    n->lexer.previous = previous;
    return start + size;
}

/* A word for which something may wait, or which makes something wait. */
NEVER_INLINE size_t write_awaited(normalizer *n, size_t start, size_t size, const sql_word *word) {
    sql_token token = {start, start + size, MERCURY_TOKEN_WORD, word->flags, word->role, false};
    go_on(n, start, size, sql_common_after_word(word->flags));
    next_token(n, &token);
    return may_be_common(n) ? n->lexer.position : 0;
}

ALWAYS_INLINE size_t common_keyword(normalizer *n, size_t start, size_t size, const sql_word *word) {
    if (word->role == SQL_ROLE_NONE || word->role == SQL_ROLE_FROM) {
        leave_window_and_rows(n);
    } else if (word->role >= SQL_ROLE_DEFINE || word->role == SQL_ROLE_CONSTANT || word->role == SQL_ROLE_ROW) {
        return write_awaited(n, start, size, word);
    } else {
        if (word->role == SQL_ROLE_IN) {
            unwrap_lone_name(n);
        }
        note_role(n, word->role);
    }
    element_word(n);
    size_t written = place_keyword(n, word->flags, word->role);
    write_common_folded(n, written, n->lexer.text + start, size);
    return go_on(n, start, size, sql_common_after_word(word->flags));
}

/* A word outside the list, as the dialect folds it. */
ALWAYS_INLINE void write_common_word(normalizer *n, size_t start, const unsigned char *text, size_t size) {
    if (keeps_case(n)) {
        write_common_source(n, start, text, size);
    } else {
        write_common_folded(n, start, text, size);
    }
}

/* The words of a name that are behind dots, up to one that is not common. */
ALWAYS_INLINE size_t write_dotted(normalizer *n, size_t start) {
    const unsigned char *text = n->lexer.text;
    size_t size;
    for (; text[start] == '.' && start + 1 < n->lexer.common_end; start += 1 + size) {
        size = sql_bytes_is(text[start + 1], SQL_BYTE_WORD_START) ? sql_common_word(text + start + 1) : 0;
        if (size == 0) {
            break;
        }
        n->out[n->length] = '.';
        n->element = ELEMENT_OTHER;
        write_common_word(n, n->length + 1, text + start + 1, size);
    }
    return go_on(n, start, 0, SQL_AFTER_NAME);
}

ALWAYS_INLINE size_t write_words(normalizer *n, size_t start, size_t size) {
    leave_window_and_rows(n);
    element_word(n);
    write_common_word(n, place_name(n), n->lexer.text + start, size);
    return write_dotted(n, start + size);
}

/* The same for a first word of 16 to 31 bytes. */
NEVER_INLINE size_t common_long_word(normalizer *n, size_t start) {
    const unsigned char *text = n->lexer.text + start;
    size_t size = sql_common_long_word(text);
    if (size == 0 || sql_lexer_find(text, size)->flags != 0) {
        return 0;
    }
    leave_window_and_rows(n);
    element_word(n);
    size_t written = place_name(n);
    write_common_word(n, written, text, SQL_BYTES_BLOCK);
    write_common_word(n, written + SQL_BYTES_BLOCK, text + SQL_BYTES_BLOCK, size - SQL_BYTES_BLOCK);
    return write_dotted(n, start + size);
}

ALWAYS_INLINE size_t common_word(normalizer *n, size_t start) {
    const unsigned char *text = n->lexer.text + start;
    size_t size = sql_common_word(text);
    const sql_word *word = &sql_words_none;
    if (!LIKELY(size != 0)) {
        return common_long_word(n, start);
    }
    /* Keyword or name is hard to foretell: most names are told by their size and two letters, long before the hash. */
    if (n->lexer.previous < SQL_AFTER_DOT && sql_common_may_be_listed(text, size)) {
        word = sql_common_find(text, size);
    }
    if (word->flags == 0) {
        bool may_be_values = size == 5 && n->lexer.dialect == MERCURY_DIALECT_MYSQL;
        return LIKELY(!may_be_values) ? write_words(n, start, size) : 0;
    }
    return LIKELY((word->flags & SQL_WORD_APART) == 0) ? common_keyword(n, start, size, word) : 0;
}

/* Reads a name that is not the last table's; before a dot it is the last table's from now on. */
NEVER_INLINE size_t new_table(normalizer *n, const unsigned char *text) {
    size_t size = sql_common_name(text, n->lexer.names_quote);
    if (text[2 + size] == '.') {
        n->table = text;
        n->table_size = size;
    }
    return size;
}

/*
 * What sql_common_name says, at a name that no dot is before. Every second one is the table that was read
 * last: its end is known, and what follows can be read before the comparison is through.
 */
ALWAYS_INLINE size_t common_table(normalizer *n, const unsigned char *text, int quote) {
    size_t size = n->table_size;
    bool known = size > 0 && sql_bytes_same(text, n->table, 1 + size);
    return known && text[1 + size] == quote && text[2 + size] != quote ? size : new_table(n, text);
}

/* Copies a common name, and more: see write_common_source. */
ALWAYS_INLINE unsigned char *copy_name(unsigned char *out, const unsigned char *name, size_t size) {
    memcpy(out, name, SQL_BYTES_BLOCK);
    if (size > SQL_BYTES_BLOCK) {
        memcpy(out + SQL_BYTES_BLOCK, name + SQL_BYTES_BLOCK, SQL_BYTES_BLOCK);
    }
    return out + size;
}

/*
 * Quoted names with dots and commas between, as Django lists columns: half of the tokens of
 * its statements. What a dot changes, the name behind it changes back; a comma leaves the
 * comparison.
 */
ALWAYS_INLINE size_t common_names(normalizer *n, size_t start) {
    const unsigned char *name = n->lexer.text + start;
    const unsigned char *end = n->lexer.text + n->lexer.common_end;
    int quote = n->lexer.names_quote;
    bool list = n->list;
    size_t size = common_table(n, name, quote);
    if (size == 0) {
        return 0;
    }
    leave_window_and_rows(n);
    element_word(n);
    unsigned char *out = n->out + place_name(n);
    for (;;) {
        out = copy_name(out, name + 1, size);
        name += size + 2;
        while (name[0] == '.' && name[1] == quote && name + 1 < end) {
            size = sql_common_name(name + 1, quote);
            if (size == 0) {
                break;
            }
            *out = '.';
            out = copy_name(out + 1, name + 2, size);
            name += size + 3;
            n->element = ELEMENT_OTHER;
        }
        if (name[0] != ',' || name[1] != ' ' || name[2] != quote || list || name + 2 >= end) {
            break;
        }
        size = common_table(n, name + 2, quote);
        if (size == 0) {
            break;
        }
        memcpy(out, name, 2);
        out += 2;
        name += 2;
        n->element = ELEMENT_OTHER;
        n->comparison = COMPARE_NONE;
    }
    n->length = (size_t)(out - n->out);
    return go_on(n, (size_t)(name - n->lexer.text), 0, SQL_AFTER_NAME);
}

ALWAYS_INLINE size_t common_literal(normalizer *n, size_t start, size_t size, int kind) {
    if (!LIKELY(size != 0)) {
        return 0;
    }
    count_literal(n, kind);
    write_literal(n);
    return go_on(n, start, size, SQL_AFTER_VALUE);
}

ALWAYS_INLINE size_t common_string(normalizer *n, size_t start) {
    bool escape = n->lexer.previous == SQL_AFTER_ESCAPE; /* ESCAPE '\\' is read apart */
    size_t end = escape ? 0 : sql_lexer_end_of_string(&n->lexer, start);
    return common_literal(n, start, end != 0 ? end - start : 0, MERCURY_TOKEN_STRING);
}

ALWAYS_INLINE size_t common_number(normalizer *n, size_t start) {
    bool name = n->lexer.previous == SQL_AFTER_NAME_DOT; /* MySQL's names may begin with a digit */
    return name ? 0 : common_literal(n, start, sql_common_number(n->lexer.text + start), MERCURY_TOKEN_NUMBER);
}

ALWAYS_INLINE size_t common_placeholder(normalizer *n, size_t start, size_t size) {
    return common_literal(n, start, n->lexer.previous <= SQL_AFTER_MAYBE_WORD ? size : 0, MERCURY_TOKEN_PLACEHOLDER);
}

ALWAYS_INLINE size_t common_pair(normalizer *n, size_t start, size_t size) {
    if (size == 0) {
        return 0;
    }
    write_long_operator(n, start, start + 2);
    return go_on(n, start, 2, SQL_AFTER_OPERAND_WORD);
}

ALWAYS_INLINE size_t common_operator(normalizer *n, size_t start) {
    int byte = n->lexer.text[start];
    if (sql_common_operator(n->lexer.text + start) == 0) {
        return common_pair(n, start, sql_common_pair(n->lexer.text + start));
    }
    if ((byte == '-' || byte == '+') && n->lexer.previous <= SQL_AFTER_OPERAND_WORD) {
        write_sign(n, byte);
    } else {
        write_short_operator(n, byte);
    }
    return go_on(n, start, 1, SQL_AFTER_OPERAND_WORD);
}

ALWAYS_INLINE size_t common_dot(normalizer *n, size_t start) {
    if (sql_common_dot(n->lexer.text + start) == 0) {
        return 0;
    }
    write_dot(n);
    return go_on(n, start, 1, n->lexer.previous == SQL_AFTER_NAME ? SQL_AFTER_NAME_DOT : SQL_AFTER_DOT);
}

ALWAYS_INLINE size_t common_spaces(normalizer *n, size_t start) {
    size_t count = sql_bytes_count_spaces(n->lexer.text + start);
    n->lexer.position = start + count;
    if (count == SQL_BYTES_BLOCK) {
        n->lexer.position = sql_bytes_skip(n->lexer.text, start + count, n->lexer.length, SQL_BYTE_SPACE);
    }
    return n->lexer.position;
}

/*
 * Reads and writes the token at `start`, or behind a space there, if it is a common one. Returns where the
 * next one starts; 0 where the token is another, and where it is one that others wait for.
 *
 * The position goes from token to token in a register. Each token waits for the one before to end, so
 * nothing on that way is longer than it must be: the space is a branch that processors foretell, not a sum.
 */
ALWAYS_INLINE size_t write_common(normalizer *n, size_t start) {
    const unsigned char *text = n->lexer.text;
    if (LIKELY(text[start] == ' ')) {
        start++;
    }
    switch (text[start]) {
    case ' ':
    case '\t':
    case '\n':
    case '\v':
    case '\f':
    case '\r':
        return common_spaces(n, start);
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return common_number(n, start);
    case '"':
    case '`':
        return text[start] == n->lexer.names_quote ? common_names(n, start) : 0;
    case '\'':
        return common_string(n, start);
    case '(':
        write_opening(n, '(');
        return go_on(n, start, 1, SQL_AFTER_OPERAND_WORD);
    case ')':
        write_closing(n, ')');
        return go_on(n, start, 1, SQL_AFTER_VALUE);
    case ',':
        write_comma(n);
        return go_on(n, start, 1, SQL_AFTER_OPERAND_WORD);
    case '.':
        return common_dot(n, start);
    case '!':
    case '&':
    case '*':
    case '+':
    case '-':
    case '<':
    case '=':
    case '>':
    case '^':
    case '|':
    case '~':
        return common_operator(n, start);
    case '%':
        return common_placeholder(n, start, sql_common_percent(text + start));
    case ':': /* a cast */
        return common_pair(n, start, text[start + 1] == ':' ? 2 : 0);
    case '?':
        return common_placeholder(n, start, sql_common_question_mark(text + start));
    default:
        return sql_bytes_is(text[start], SQL_BYTE_WORD_START) ? common_word(n, start) : 0;
    }
}

/*
 * The first word of a text, which is the way of all short statements: a word of the list. False where
 * anything else comes.
 */
ALWAYS_INLINE bool write_first(normalizer *n) {
    const unsigned char *text = n->lexer.text;
    size_t start = sql_bytes_skip(text, 0, n->lexer.common_end, SQL_BYTE_SPACE);
    size_t size = start < n->lexer.common_end ? sql_common_word(text + start) : 0;
    if (size == 0) {
        return false;
    }
    const sql_word *word = sql_common_find(text + start, size);
    if (word->flags == 0 || (word->flags & SQL_WORD_APART) != 0) {
        return false;
    }
    if (word->role == SQL_ROLE_NONE || word->role == SQL_ROLE_SELECT) {
        common_keyword(n, start, size, word);
    } else {
        write_awaited(n, start, size, word);
    }
    return true;
}

/* Reads and writes the next token, whatever it is; false at the end. */
static bool write_any(normalizer *n) {
    sql_token token;
    if (n->lexer.position == n->lexer.length || !sql_lexer_next(&n->lexer, &token)) {
        return false;
    }
    if (token.kind != MERCURY_TOKEN_COMMENT) {
        next_token(n, &token);
    }
    return true;
}

static void normalize_tokens(normalizer *n) {
    bool more = write_first(n) || write_any(n);
    for (; more; more = write_any(n)) {
        if (may_be_common(n)) {
            size_t position = n->lexer.position;
            do {
                position = position < n->lexer.common_end ? write_common(n, position) : 0;
            } while (position != 0);
        }
    }
    finish(n);
}

/* Sets what is read before it is written. Field by field: to clear all of them costs twice as much. */
static void start(normalizer *n, const void *text, size_t length, int64_t dialect, char *canonical) {
    sql_lexer_start(&n->lexer, text, length, dialect);
    n->out = (unsigned char *)canonical;
    n->length = 0;
    n->last = START;
    n->last_role = SQL_ROLE_NONE;
    n->window = WINDOW_NONE;
    n->row = false;
    n->signs = false;
    n->depth = 0;
    n->list = false;
    n->lists = 0;
    n->rows = 0;
    n->element = ELEMENT_EMPTY;
    n->earlier.length = 0;
    n->comparison = COMPARE_NONE;
    n->comparison_start = 0;
    n->run.length = 0;
    n->lone_name.length = 0;
    n->unwrapped = false;
    n->singles = 0;
    n->naming = NAMING_NONE;
    n->sensitive = false;
    n->secret_end = 0;
    n->literal_count = 0;
    n->in_doubt = false;
    n->table_size = 0;
}

/* Texts up to this are read from a copy that has the room behind it which sql_common.h wants. */
enum { COPIED_BYTES = 1024 };

NEVER_INLINE void normalize_copy(normalizer *n, const char *text, size_t length, int64_t dialect, char *canonical) {
    unsigned char copy[COPIED_BYTES + SQL_COMMON_ROOM];
    memcpy(copy, text, length);
    memset(copy + length, 0, SQL_COMMON_ROOM);
    start(n, copy, length, dialect, canonical);
    n->lexer.common_end = length;
    normalize_tokens(n);
}

static void normalize(normalizer *n, const char *text, size_t length, int64_t dialect, char *canonical) {
    if (length > 0 && length <= COPIED_BYTES) {
        normalize_copy(n, text, length, dialect, canonical);
    } else {
        start(n, text, length, dialect, canonical);
        normalize_tokens(n);
    }
}

/* ---- The public functions ---- */

/* The same as the public function, which other libraries could replace, so that no compiler inlines it. */
ALWAYS_INLINE size_t bound(size_t length) {
    return length > (SIZE_MAX - 16) / 3 ? SIZE_MAX : 3 * length + 16;
}

size_t mercury_sql_normalize_bound(size_t length) {
    return bound(length);
}

/* A capacity as an error's position. */
static int64_t as_position(size_t capacity) {
    return (uint64_t)capacity > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)capacity;
}

int64_t mercury_sql_normalize_text(const char *text, size_t length, int64_t dialect, char *canonical, size_t capacity,
                                   mercury_normalized *normalized, mercury_error *error) {
    normalizer state;
    if ((text == NULL && length > 0) || (canonical == NULL && capacity > 0) || normalized == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    if (!sql_lexer_knows(dialect)) {
        return mercury_error_fill(error, MERCURY_ERROR_UNKNOWN_DIALECT, -1);
    }
    if (canonical == NULL || capacity < bound(length)) {
        return mercury_error_fill(error, MERCURY_ERROR_BUFFER_TOO_SMALL, as_position(bound(length)));
    }
    normalize(&state, text, length, dialect, canonical);
    normalized->length = (int64_t)state.length;
    normalized->fingerprint = XXH3_64bits(canonical, state.length);
    normalized->literal_count = state.literal_count;
    normalized->in_doubt = state.in_doubt ? 1 : 0;
    return MERCURY_OK;
}

int64_t mercury_sql_normalize_within(mercury_workspace *workspace, const char *text, size_t length) {
    if (workspace == NULL) {
        return MERCURY_ERROR_INVALID_ARGUMENT;
    }
    int64_t code = mercury_sql_normalize_text(text, length, workspace->dialect, workspace->canonical,
                                              workspace->capacity, &workspace->normalized, &workspace->error);
    return code == MERCURY_OK ? workspace->normalized.length : code;
}

/* ---- Batches ---- */

/*
 * Walks the rows of a batch. Each offset is read once, here: what was checked is what is
 * used, even while another thread writes to the caller's memory.
 */
typedef struct row_walk {
    const mercury_rows *rows;
    size_t row;  /* the row that comes next */
    int64_t end; /* where the row before ends */
} row_walk;

static int64_t offset_at(const mercury_rows *rows, size_t i) {
    if (rows->offset_bytes == sizeof(int32_t)) {
        return ((const volatile int32_t *)rows->offsets)[i];
    }
    return ((const volatile int64_t *)rows->offsets)[i];
}

static row_walk walk_from(const mercury_rows *rows, size_t row) {
    row_walk walk = {rows, row, row < rows->count ? offset_at(rows, row) : 0};
    return walk;
}

/* Goes to the next row, which `text` and `length` then are; false if its offsets are wrong. */
static bool next_row(row_walk *walk, const char **text, size_t *length) {
    int64_t start = walk->end;
    int64_t end = offset_at(walk->rows, walk->row + 1);
    if (start < 0 || end < start || (uint64_t)end > walk->rows->data_length) {
        return false;
    }
    walk->row++;
    walk->end = end;
    *length = (size_t)(end - start);
    *text = *length > 0 ? walk->rows->data + start : "";
    return true;
}

/* Whether the row that the walk has just gone to is null. */
static bool is_null(const row_walk *walk) {
    const mercury_rows *rows = walk->rows;
    if (rows->validity == NULL) {
        return false;
    }
    size_t bit = rows->validity_start + walk->row - 1;
    return ((rows->validity[bit / 8] >> (bit % 8)) & 1) == 0;
}

static bool are_readable(const mercury_rows *rows) {
    if (rows == NULL || (rows->data == NULL && rows->data_length > 0)) {
        return false;
    }
    if (rows->offset_bytes != sizeof(int32_t) && rows->offset_bytes != sizeof(int64_t)) {
        return false;
    }
    return rows->count == 0 || (rows->offsets != NULL && (uintptr_t)rows->offsets % rows->offset_bytes == 0);
}

static int64_t wrong_row(size_t row, mercury_error *error) {
    return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, (int64_t)row);
}

static int64_t too_small(size_t capacity, mercury_error *error) {
    return mercury_error_fill(error, MERCURY_ERROR_BUFFER_TOO_SMALL, as_position(capacity));
}

/* Checks what both batches are given, and sets *longest to the longest row's bytes. */
static int64_t check_rows(const mercury_rows *rows, int64_t dialect, size_t *longest, mercury_error *error) {
    const char *text;
    size_t length;
    *longest = 0;
    if (!are_readable(rows)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    if (!sql_lexer_knows(dialect)) {
        return mercury_error_fill(error, MERCURY_ERROR_UNKNOWN_DIALECT, -1);
    }
    for (row_walk walk = walk_from(rows, 0); walk.row < rows->count;) {
        if (!next_row(&walk, &text, &length)) {
            return wrong_row(walk.row, error);
        }
        *longest = length > *longest ? length : *longest;
    }
    return MERCURY_OK;
}

int64_t mercury_sql_normalize_fingerprints(const mercury_rows *rows, int64_t dialect, char *scratch, size_t capacity,
                                           uint64_t *fingerprints, mercury_error *error) {
    normalizer state;
    const char *text;
    size_t length;
    size_t longest;
    int64_t code = check_rows(rows, dialect, &longest, error);
    if (code != MERCURY_OK) {
        return code;
    }
    if (rows->count > 0 && (fingerprints == NULL || (scratch == NULL && capacity > 0))) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    if (rows->count > 0 && capacity < mercury_sql_normalize_bound(longest)) {
        return too_small(mercury_sql_normalize_bound(longest), error);
    }
    for (row_walk walk = walk_from(rows, 0); walk.row < rows->count;) {
        if (!next_row(&walk, &text, &length)) {
            return wrong_row(walk.row, error);
        }
        if (capacity < mercury_sql_normalize_bound(length)) {
            return too_small(mercury_sql_normalize_bound(length), error);
        }
        if (is_null(&walk)) {
            fingerprints[walk.row - 1] = 0;
            continue;
        }
        normalize(&state, text, length, dialect, scratch);
        fingerprints[walk.row - 1] = XXH3_64bits(scratch, state.length);
    }
    return MERCURY_OK;
}

/* Whether `done` rows of `canonical_offsets` may be gone on with. */
static bool are_resumable(const mercury_rows *rows, const int64_t *canonical_offsets, size_t capacity, size_t done) {
    if (done > rows->count) {
        return false;
    }
    return done == 0 || (canonical_offsets[done] >= 0 && (uint64_t)canonical_offsets[done] <= capacity);
}

int64_t mercury_sql_normalize_texts(const mercury_rows *rows, int64_t dialect, char *canonical, size_t capacity,
                                    int64_t *canonical_offsets, size_t *done, mercury_error *error) {
    normalizer state;
    const char *text;
    size_t length;
    size_t longest;
    int64_t code = check_rows(rows, dialect, &longest, error);
    if (code != MERCURY_OK) {
        return code;
    }
    if ((canonical == NULL && capacity > 0) || canonical_offsets == NULL || done == NULL ||
        !are_resumable(rows, canonical_offsets, capacity, *done)) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    size_t written = *done > 0 ? (size_t)canonical_offsets[*done] : 0;
    canonical_offsets[*done] = (int64_t)written;
    for (row_walk walk = walk_from(rows, *done); walk.row < rows->count;) {
        if (!next_row(&walk, &text, &length)) {
            return wrong_row(walk.row, error);
        }
        if (!is_null(&walk)) {
            size_t bound = mercury_sql_normalize_bound(length);
            if (capacity - written < bound) {
                return too_small(bound > SIZE_MAX - written ? SIZE_MAX : written + bound, error);
            }
            normalize(&state, text, length, dialect, canonical + written);
            written += state.length;
        }
        *done = walk.row;
        canonical_offsets[*done] = (int64_t)written;
    }
    return MERCURY_OK;
}
