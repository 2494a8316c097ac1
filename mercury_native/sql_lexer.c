/*
 * sql_lexer.c - bytes to tokens, one pass, per dialect.
 *
 * What a byte means depends on the dialect and, for placeholders and signs, on
 * whether an operand may stand there. That is all the state there is:
 *
 *     SELECT  a  -  1      after a name an operator is expected: binary minus
 *     SELECT     -  1      after SELECT an operand: the sign of a literal
 *     data ? 'key'         PostgreSQL after a name: the jsonb operator
 *     id = ?               after an operator: a placeholder
 *
 * Where two dialects would disagree about the end of a literal, `generic` says DOUBT.
 */
#include "sql_common.h"
#include "sql_words.h"

#include <string.h>

#define NOTHING 0
#define LETTER  (SQL_BYTE_WORD_START | SQL_BYTE_WORD | SQL_BYTE_TAG)
#define LOWER   (LETTER | SQL_BYTE_LOWER)
#define DIGIT   (SQL_BYTE_WORD | SQL_BYTE_DIGIT | SQL_BYTE_TAG | SQL_BYTE_LOWER)
#define DOLLAR  SQL_BYTE_WORD
#define SPACE   SQL_BYTE_SPACE
#define OPER    SQL_BYTE_OPERATOR
#define AMPER   (SQL_BYTE_OPERATOR | SQL_BYTE_JOINS)
#define HASH    (SQL_BYTE_OPERATOR | SQL_BYTE_HASH | SQL_BYTE_JOINS)
#define AT      (SQL_BYTE_OPERATOR | SQL_BYTE_AT | SQL_BYTE_JOINS)
#define QUOTE   SQL_BYTE_JOINS

/* clang-format off */
const unsigned short sql_bytes_table[256] = {
    NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, SPACE, SPACE, SPACE, SPACE, SPACE, NOTHING, NOTHING,
    NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING,
    SPACE, OPER, QUOTE, HASH, DOLLAR, OPER, AMPER, QUOTE, NOTHING, NOTHING, OPER, OPER, NOTHING, OPER, NOTHING, OPER,
    DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, NOTHING, NOTHING, OPER, OPER, OPER, NOTHING,
    AT, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER,
    LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, NOTHING, NOTHING, NOTHING, OPER, LOWER,
    OPER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER,
    LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, NOTHING, OPER, NOTHING, OPER, NOTHING,
    LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER,
    LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER,
    LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER,
    LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER,
    LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER,
    LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER,
    LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER,
    LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER,
};
/* clang-format on */

const unsigned char sql_words_masks[2 * SQL_BYTES_BLOCK] = {
    0xDF, 0xDF, 0xDF, 0xDF, 0xDF, 0xDF, 0xDF, 0xDF, 0xDF, 0xDF, 0xDF, 0xDF, 0xDF, 0xDF, 0xDF, 0xDF,
};

const sql_word sql_words_none = {"", 0, 0, SQL_ROLE_NONE};

/* Longer operators and placeholder names are split: bounded look-ahead keeps the time linear. */
enum { LONGEST_OPERATOR = 64, LONGEST_NAME = 64, LONGEST_DELIMITER = 16 };

bool sql_lexer_knows(int64_t dialect) {
    return dialect >= MERCURY_DIALECT_GENERIC && dialect <= MERCURY_DIALECT_MSSQL;
}

const sql_word *sql_lexer_find(const unsigned char *word, size_t size) {
    unsigned char upper[sizeof sql_words_none.text] = {0};
    if (size < 2 || size > SQL_WORD_LONGEST || !sql_common_may_be_listed(word, size)) {
        return &sql_words_none;
    }
    for (size_t i = 0; i < size; i++) {
        upper[i] = word[i] & sql_words_masks[0];
    }
    const sql_word *found = sql_common_candidate(sql_bytes_load(upper), sql_bytes_load(upper + 8));
    return memcmp(found->text, upper, sizeof upper) == 0 ? found : &sql_words_none;
}

size_t sql_common_long_name(const unsigned char *text, int quote) {
    const unsigned char *name = text + 1;
    size_t size = SQL_BYTES_BLOCK + sql_bytes_count_lower(name + SQL_BYTES_BLOCK);
    if (size > SQL_COMMON_LONGEST || name[size] != quote || name[size + 1] == quote) {
        return 0;
    }
    return sql_lexer_find(name, size)->flags == 0 ? size : 0;
}

void sql_lexer_start(sql_lexer *lexer, const char *text, size_t length, int64_t dialect) {
    memset(lexer, 0, sizeof *lexer);
    lexer->text = (const unsigned char *)text;
    lexer->length = length;
    lexer->dialect = (int)dialect;
    lexer->common_end = length > SQL_COMMON_ROOM ? length - SQL_COMMON_ROOM : 0;
    lexer->previous = SQL_AFTER_START;
    lexer->names_quote = '"';
    lexer->word_mask = SQL_BYTE_WORD;
    if (dialect == MERCURY_DIALECT_ORACLE) {
        lexer->names_quote = 0;
        lexer->word_mask = SQL_BYTE_WORD | SQL_BYTE_HASH;
    } else if (dialect == MERCURY_DIALECT_MYSQL) {
        lexer->names_quote = '`';
    } else if (dialect == MERCURY_DIALECT_MSSQL) {
        lexer->word_mask = SQL_BYTE_WORD | SQL_BYTE_HASH | SQL_BYTE_AT;
    }
}

void sql_lexer_hide(sql_lexer *lexer) {
    lexer->previous = SQL_AFTER_VALUE;
}

/* The byte at `position`, or -1 beyond the end. */
static int byte_at(const sql_lexer *lexer, size_t position) {
    return position < lexer->length ? lexer->text[position] : -1;
}

static bool has_class(const sql_lexer *lexer, size_t position, int mask) {
    return position < lexer->length && sql_bytes_is(lexer->text[position], mask);
}

/* The first position from `position` on that is not of the classes in `mask`. */
static size_t skip_class(const sql_lexer *lexer, size_t position, int mask) {
    return sql_bytes_skip(lexer->text, position, lexer->length, mask);
}

static bool is_dialect(const sql_lexer *lexer, int first, int second) {
    return lexer->dialect == first || lexer->dialect == second;
}

static bool placeholder_expected(const sql_lexer *lexer) {
    return lexer->previous <= SQL_AFTER_MAYBE_WORD;
}

static int to_lower(int byte) {
    return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

static bool finish(sql_lexer *lexer, sql_token *token, int kind, size_t end, int previous) {
    token->kind = kind;
    token->end = end;
    lexer->position = end;
    lexer->previous = previous;
    return true;
}

/* Whether `expected`, which is in lower case, stands at `position` in any case. */
static bool is_text(const sql_lexer *lexer, size_t position, const char *expected, size_t length) {
    if (lexer->length - position < length) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (to_lower(lexer->text[position + i]) != expected[i]) {
            return false;
        }
    }
    return true;
}

static bool value(sql_lexer *lexer, sql_token *token, int kind, size_t end) {
    return finish(lexer, token, kind, end, SQL_AFTER_VALUE);
}

static bool operator_token(sql_lexer *lexer, sql_token *token, size_t end) {
    return finish(lexer, token, MERCURY_TOKEN_OPERATOR, end, SQL_AFTER_OPERAND_WORD);
}

static bool comment(sql_lexer *lexer, sql_token *token, size_t end) {
    return finish(lexer, token, MERCURY_TOKEN_COMMENT, end, lexer->previous);
}

static bool doubt(sql_lexer *lexer, sql_token *token) {
    return value(lexer, token, MERCURY_TOKEN_DOUBT, lexer->length);
}

/* ---- Quotes ---- */

/* The position of the next `wanted` byte, or the length. */
static size_t find_byte(const sql_lexer *lexer, size_t position, int wanted) {
    if (position >= lexer->length) {
        return lexer->length;
    }
    const unsigned char *found = memchr(lexer->text + position, wanted, lexer->length - position);
    return found != NULL ? (size_t)(found - lexer->text) : lexer->length;
}

/*
 * One past the closing quote of a text whose content starts at `position`; 0 if none. A
 * doubled quote goes on. In `generic` a backslash before the quote ends nothing and doubles
 * nothing that two dialects would agree on: 0 as well.
 */
static size_t end_of_quotes(const sql_lexer *lexer, size_t position, int quote) {
    size_t content = position;
    bool generic = lexer->dialect == MERCURY_DIALECT_GENERIC;
    for (;;) {
        position = find_byte(lexer, position, quote);
        if (position >= lexer->length) {
            return 0;
        }
        if (generic && position > content && lexer->text[position - 1] == '\\') {
            return 0;
        }
        if (byte_at(lexer, position + 1) != quote) {
            return position + 1;
        }
        position += 2;
    }
}

/* The same where a backslash takes the next byte's meaning away. */
static size_t end_of_escaped_quotes(const sql_lexer *lexer, size_t position, int quote) {
    while (position < lexer->length) {
        int byte = lexer->text[position];
        if (byte == '\\') {
            position += 2;
        } else if (byte != quote) {
            position++;
        } else if (byte_at(lexer, position + 1) == quote) {
            position += 2;
        } else {
            return position + 1;
        }
    }
    return 0;
}

size_t sql_lexer_end_of_string(const sql_lexer *lexer, size_t quote) {
    return lexer->dialect == MERCURY_DIALECT_MYSQL ? end_of_escaped_quotes(lexer, quote + 1, '\'')
                                                   : end_of_quotes(lexer, quote + 1, '\'');
}

/* A literal whose opening quote is at `quote`, any prefix before it. */
static bool string(sql_lexer *lexer, sql_token *token, size_t quote, bool escaped) {
    int byte = lexer->text[quote];
    size_t end = escaped ? end_of_escaped_quotes(lexer, quote + 1, byte) : end_of_quotes(lexer, quote + 1, byte);
    return end != 0 ? value(lexer, token, MERCURY_TOKEN_STRING, end) : doubt(lexer, token);
}

/*
 * A name in quotes. Behind COPY's data one that holds a line feed is a literal: shown in the canonical text, it would
 * make data due there.
 */
static bool quoted(sql_lexer *lexer, sql_token *token, size_t quote) {
    int opening = lexer->text[quote];
    size_t end = end_of_quotes(lexer, quote + 1, opening == '[' ? ']' : opening);
    if (end == 0) {
        return doubt(lexer, token);
    }
    if (lexer->copied && memchr(lexer->text + quote, '\n', end - quote) != NULL) {
        return value(lexer, token, MERCURY_TOKEN_STRING, end);
    }
    return finish(lexer, token, MERCURY_TOKEN_QUOTED, end, SQL_AFTER_NAME);
}

/* Whether the quotes at `quote` hold one backslash: in ESCAPE '\' no dialect could read more than that. */
static bool is_one_backslash(const sql_lexer *lexer, size_t quote) {
    return byte_at(lexer, quote + 1) == '\\' && byte_at(lexer, quote + 2) == '\'' && byte_at(lexer, quote + 3) != '\'';
}

static bool single_quotes(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    if (lexer->previous == SQL_AFTER_ESCAPE && is_one_backslash(lexer, start)) {
        return value(lexer, token, MERCURY_TOKEN_STRING, start + 3);
    }
    return string(lexer, token, start, lexer->dialect == MERCURY_DIALECT_MYSQL);
}

/* Only this much is surely an identifier where the dialect is not known. */
static bool is_sure_identifier(const sql_lexer *lexer, size_t start, size_t end) {
    for (size_t i = start; i < end; i++) {
        int byte = lexer->text[i];
        if (byte >= 0x80 || (byte != '.' && !sql_bytes_is(byte, SQL_BYTE_WORD))) {
            return false;
        }
    }
    return start < end;
}

static bool double_quotes(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    if (lexer->dialect == MERCURY_DIALECT_MYSQL) {
        return string(lexer, token, start, true);
    }
    quoted(lexer, token, start);
    if (lexer->dialect == MERCURY_DIALECT_GENERIC && token->kind == MERCURY_TOKEN_QUOTED &&
        !is_sure_identifier(lexer, start + 1, token->end - 1)) {
        return value(lexer, token, MERCURY_TOKEN_STRING, token->end);
    }
    return true;
}

/* [name], where SQL Server doubles an inner `]` and SQLite knows none. */
static bool bracket_quotes(sql_lexer *lexer, sql_token *token) {
    if (lexer->dialect == MERCURY_DIALECT_MSSQL) {
        return quoted(lexer, token, lexer->position);
    }
    size_t end = find_byte(lexer, lexer->position, ']');
    if (end >= lexer->length) {
        return doubt(lexer, token);
    }
    return finish(lexer, token, MERCURY_TOKEN_QUOTED, end + 1, SQL_AFTER_NAME);
}

/* The byte that closes Oracle's q'[...]'. */
static int closing_delimiter(int opening) {
    switch (opening) {
    case '[':
        return ']';
    case '(':
        return ')';
    case '{':
        return '}';
    case '<':
        return '>';
    default:
        return opening;
    }
}

static bool oracle_quotes(sql_lexer *lexer, sql_token *token, size_t quote) {
    int closing = closing_delimiter(byte_at(lexer, quote + 1));
    size_t position = quote + 2;
    while (closing >= 0 && (position = find_byte(lexer, position, closing)) < lexer->length) {
        position++;
        if (byte_at(lexer, position) == '\'') {
            return value(lexer, token, MERCURY_TOKEN_STRING, position + 1);
        }
    }
    return doubt(lexer, token);
}

/* $tag$...$tag$, whose opening delimiter ends at `content`. */
static bool dollar_quotes(sql_lexer *lexer, sql_token *token, size_t content) {
    const unsigned char *delimiter = lexer->text + lexer->position;
    size_t width = content - lexer->position;
    size_t position = find_byte(lexer, content, '$');
    while (lexer->length - position >= width) {
        if (memcmp(lexer->text + position, delimiter, width) == 0) {
            return value(lexer, token, MERCURY_TOKEN_STRING, position + width);
        }
        position = find_byte(lexer, position + 1, '$');
    }
    return doubt(lexer, token);
}

/* ---- Comments ---- */

static size_t end_of_line(const sql_lexer *lexer, size_t position) {
    size_t end = find_byte(lexer, position, '\n');
    if (lexer->dialect == MERCURY_DIALECT_POSTGRESQL && end > position) {
        const unsigned char *found = memchr(lexer->text + position, '\r', end - position);
        end = found != NULL ? (size_t)(found - lexer->text) : end;
    }
    return end;
}

/* Whether a quote stands in the range: then a dialect that sees code there would see another literal. */
static bool has_quotes(const sql_lexer *lexer, size_t start, size_t end) {
    for (size_t i = start; i < end; i++) {
        int byte = lexer->text[i];
        if (byte == '\'' || byte == '"' || byte == '`') {
            return true;
        }
    }
    return false;
}

/* Whether `--` at `position` opens a comment: MySQL wants white space after it. */
static bool is_line_comment(const sql_lexer *lexer, size_t position) {
    if (byte_at(lexer, position) != '-' || byte_at(lexer, position + 1) != '-') {
        return false;
    }
    return lexer->dialect != MERCURY_DIALECT_MYSQL || position + 2 >= lexer->length || lexer->text[position + 2] <= ' ';
}

static bool line_comment(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position + 2;
    size_t end = end_of_line(lexer, start);
    if (lexer->dialect == MERCURY_DIALECT_GENERIC && !has_class(lexer, start, SQL_BYTE_SPACE) &&
        has_quotes(lexer, start, end)) {
        return doubt(lexer, token);
    }
    return comment(lexer, token, end);
}

/*
 * One past the end of a block comment whose content starts at `position`; 0 if it has
 * none or, in `generic`, if nesting decides which it is.
 */
static size_t end_of_block(const sql_lexer *lexer, size_t position) {
    bool nests = is_dialect(lexer, MERCURY_DIALECT_POSTGRESQL, MERCURY_DIALECT_MSSQL);
    size_t depth = 1;
    for (; position + 1 < lexer->length; position++) {
        int byte = lexer->text[position];
        int next = lexer->text[position + 1];
        if (byte == '*' && next == '/') {
            position++;
            if (--depth == 0) {
                return position + 1;
            }
        } else if (byte == '/' && next == '*' && lexer->dialect == MERCURY_DIALECT_GENERIC) {
            return 0;
        } else if (byte == '/' && next == '*' && nests) {
            position++;
            depth++;
        }
    }
    return 0;
}

static bool block_comment(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position + 2;
    if (lexer->dialect == MERCURY_DIALECT_MYSQL) {
        size_t mark = byte_at(lexer, start) == 'M' ? start + 1 : start;
        if (byte_at(lexer, mark) == '!') {
            lexer->in_code = true;
            return comment(lexer, token, skip_class(lexer, mark + 1, SQL_BYTE_DIGIT));
        }
    }
    size_t end = end_of_block(lexer, start);
    return end != 0 ? comment(lexer, token, end) : doubt(lexer, token);
}

/* ---- Numbers, placeholders ---- */

/* One past a number. Letters that touch it belong to it: better one literal too long than a leak. */
static size_t end_of_number(const sql_lexer *lexer, size_t position) {
    int radix = to_lower(byte_at(lexer, position + 1));
    if (byte_at(lexer, position) == '0' && (radix == 'x' || radix == 'o' || radix == 'b')) {
        return skip_class(lexer, position, SQL_BYTE_TAG);
    }
    position = skip_class(lexer, position, SQL_BYTE_DIGIT);
    if (byte_at(lexer, position) == '.' && byte_at(lexer, position + 1) != '.') {
        position = skip_class(lexer, position + 1, SQL_BYTE_DIGIT);
    }
    if (to_lower(byte_at(lexer, position)) == 'e') {
        int sign = byte_at(lexer, position + 1);
        if ((sign == '+' || sign == '-') && has_class(lexer, position + 2, SQL_BYTE_DIGIT)) {
            position += 2;
        }
    }
    return skip_class(lexer, position, SQL_BYTE_TAG);
}

static bool number(sql_lexer *lexer, sql_token *token, size_t start) {
    return value(lexer, token, MERCURY_TOKEN_NUMBER, end_of_number(lexer, start));
}

/* One past %s, %b, %t or %(name)s at `position`; 0 if none stands there. */
static size_t end_of_percent_placeholder(const sql_lexer *lexer, size_t position) {
    position++;
    if (byte_at(lexer, position) == '(') {
        size_t limit = position + LONGEST_NAME;
        do {
            position++;
        } while (position < limit && (has_class(lexer, position, SQL_BYTE_TAG) || byte_at(lexer, position) == '.' ||
                                      byte_at(lexer, position) == ' ' || byte_at(lexer, position) == '-'));
        if (byte_at(lexer, position) != ')') {
            return 0;
        }
        position++;
    }
    int type = byte_at(lexer, position);
    bool known = type == 's' || type == 'b' || type == 't';
    return known && !has_class(lexer, position + 1, SQL_BYTE_WORD) ? position + 1 : 0;
}

/* Whether a `:` at `position` starts :name or :1. In brackets it is a slice. */
static bool is_colon_placeholder(const sql_lexer *lexer, size_t position) {
    bool slices = is_dialect(lexer, MERCURY_DIALECT_POSTGRESQL, MERCURY_DIALECT_GENERIC);
    return has_class(lexer, position + 1, SQL_BYTE_TAG) && !(slices && lexer->open_brackets > 0);
}

/* Whether the word at `start` makes the quote behind it a literal's. */
static bool is_string_prefix(const sql_lexer *lexer, size_t start, size_t length) {
    static const char *const PREFIXES[] = {"ebxn", "ebxn", "bxn", "x", "n", "n"};
    const unsigned char *word = lexer->text + start;
    if (lexer->dialect == MERCURY_DIALECT_MYSQL && word[0] == '_') {
        return true;
    }
    return length == 1 && word[0] < 0x80 && strchr(PREFIXES[lexer->dialect], to_lower(word[0])) != NULL;
}

/* Whether U& and a quote stand at `position`. */
static bool is_unicode_prefix(const sql_lexer *lexer, size_t position, int quote) {
    return is_dialect(lexer, MERCURY_DIALECT_POSTGRESQL, MERCURY_DIALECT_GENERIC) &&
           to_lower(byte_at(lexer, position)) == 'u' && byte_at(lexer, position + 1) == '&' &&
           byte_at(lexer, position + 2) == quote;
}

/* Skips white space and comments that are sure to end. */
static size_t skip_gap(const sql_lexer *lexer, size_t position) {
    for (;;) {
        position = skip_class(lexer, position, SQL_BYTE_SPACE);
        if (is_line_comment(lexer, position)) {
            position = end_of_line(lexer, position);
        } else if (byte_at(lexer, position) == '/' && byte_at(lexer, position + 1) == '*') {
            size_t end = end_of_block(lexer, position + 2);
            if (end == 0) {
                return lexer->length;
            }
            position = end;
        } else {
            return position;
        }
    }
}

/*
 * Whether a literal or placeholder comes next. It decides what PostgreSQL's `?` after a
 * name is: `data ? 'key'` has an operator, and the canonical `date ?` never has a
 * literal after it, because adjacent literals become one.
 */
static bool literal_follows(const sql_lexer *lexer, size_t position) {
    position = skip_gap(lexer, position);
    int byte = byte_at(lexer, position);
    switch (byte) {
    case '\'':
        return true;
    case '$':
        return has_class(lexer, position + 1, SQL_BYTE_TAG) || byte_at(lexer, position + 1) == '$';
    case '?':
        return byte_at(lexer, position + 1) != '?';
    case '%':
        return end_of_percent_placeholder(lexer, position) != 0;
    case ':':
        return is_colon_placeholder(lexer, position);
    case '.':
        return has_class(lexer, position + 1, SQL_BYTE_DIGIT);
    default:
        return has_class(lexer, position, SQL_BYTE_DIGIT) || is_unicode_prefix(lexer, position, '\'') ||
               (has_class(lexer, position, SQL_BYTE_WORD_START) && byte_at(lexer, position + 1) == '\'' &&
                is_string_prefix(lexer, position, 1));
    }
}

/* One past ??, ??|, ??&, ?| or ?& at the lexer's position, where `marks` question marks start it. */
static size_t end_of_question_operator(const sql_lexer *lexer, size_t marks) {
    size_t end = lexer->position + marks;
    int suffix = byte_at(lexer, end);
    bool whole = (suffix == '|' || suffix == '&') && byte_at(lexer, end + 1) != suffix;
    return whole ? end + 1 : end;
}

static bool question_mark(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    if (byte_at(lexer, start + 1) == '?') {
        return operator_token(lexer, token, end_of_question_operator(lexer, 2));
    }
    if (!placeholder_expected(lexer) && is_dialect(lexer, MERCURY_DIALECT_POSTGRESQL, MERCURY_DIALECT_GENERIC)) {
        size_t end = end_of_question_operator(lexer, 1);
        bool lone = lexer->dialect == MERCURY_DIALECT_POSTGRESQL && literal_follows(lexer, end);
        if (end > start + 1 || lone) {
            return operator_token(lexer, token, end);
        }
    }
    return value(lexer, token, MERCURY_TOKEN_PLACEHOLDER, skip_class(lexer, start + 1, SQL_BYTE_DIGIT));
}

static bool dollar(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    size_t end = skip_class(lexer, start + 1, SQL_BYTE_TAG);
    bool digit = has_class(lexer, start + 1, SQL_BYTE_DIGIT);
    if (digit && lexer->dialect == MERCURY_DIALECT_MSSQL) {
        return number(lexer, token, start + 1); /* money */
    }
    if (!digit && byte_at(lexer, end) == '$' &&
        is_dialect(lexer, MERCURY_DIALECT_POSTGRESQL, MERCURY_DIALECT_GENERIC)) {
        return dollar_quotes(lexer, token, end + 1);
    }
    return end > start + 1 ? value(lexer, token, MERCURY_TOKEN_PLACEHOLDER, end) : operator_token(lexer, token, end);
}

/* A placeholder whose name is in quotes; `quote` is where they open. */
static bool quoted_placeholder(sql_lexer *lexer, sql_token *token, size_t quote) {
    bool escaped = lexer->dialect == MERCURY_DIALECT_MYSQL && lexer->text[quote] != '`';
    string(lexer, token, quote, escaped);
    if (token->kind == MERCURY_TOKEN_STRING) {
        token->kind = MERCURY_TOKEN_PLACEHOLDER;
    }
    return true;
}

static bool colon(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    int next = byte_at(lexer, start + 1);
    bool expected = placeholder_expected(lexer) || lexer->dialect == MERCURY_DIALECT_ORACLE;
    if (next == ':' || next == '=') {
        return operator_token(lexer, token, start + 2);
    }
    if (expected && is_colon_placeholder(lexer, start)) {
        return value(lexer, token, MERCURY_TOKEN_PLACEHOLDER, skip_class(lexer, start + 1, SQL_BYTE_TAG));
    }
    if (expected && next == '\'' && is_dialect(lexer, MERCURY_DIALECT_POSTGRESQL, MERCURY_DIALECT_GENERIC)) {
        return quoted_placeholder(lexer, token, start + 1); /* a variable of psql */
    }
    return operator_token(lexer, token, start + 1);
}

/*
 * One past ClickHouse's {name:Type} at `position`; 0 if none stands there. White space
 * within is none of it: canonical text has some, and must not be read so.
 */
static size_t end_of_typed_placeholder(const sql_lexer *lexer, size_t position) {
    size_t limit = position + 1 + LONGEST_NAME;
    if (!has_class(lexer, ++position, SQL_BYTE_WORD_START)) {
        return 0;
    }
    while (position < limit && has_class(lexer, position, SQL_BYTE_TAG)) {
        position++;
    }
    if (position == limit || byte_at(lexer, position) != ':' || !has_class(lexer, position + 1, SQL_BYTE_WORD_START)) {
        return 0;
    }
    limit = ++position + LONGEST_NAME;
    while (position < limit && (has_class(lexer, position, SQL_BYTE_TAG) || byte_at(lexer, position) == '(' ||
                                byte_at(lexer, position) == ')' || byte_at(lexer, position) == ',')) {
        position++;
    }
    return position < limit && byte_at(lexer, position) == '}' ? position + 1 : 0;
}

/* The quote of {d '...'}, {t '...'}, {ts '...'} or {guid '...'} at `position`; 0 if none of them stands there. */
static size_t quote_of_odbc(const sql_lexer *lexer, size_t position) {
    static const char *const TYPES[] = {"guid", "ts", "d", "t"};
    position = skip_class(lexer, position + 1, SQL_BYTE_SPACE);
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        size_t length = strlen(TYPES[i]);
        size_t quote = skip_class(lexer, position + length, SQL_BYTE_SPACE);
        if (is_text(lexer, position, TYPES[i], length) && byte_at(lexer, quote) == '\'') {
            return quote;
        }
    }
    return 0;
}

/* {d '...'} of ODBC, and ClickHouse's {name:Type}. */
static bool brace(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    size_t end = placeholder_expected(lexer) ? end_of_typed_placeholder(lexer, start) : 0;
    if (end != 0) {
        return value(lexer, token, MERCURY_TOKEN_PLACEHOLDER, end);
    }
    size_t quote = placeholder_expected(lexer) ? quote_of_odbc(lexer, start) : 0;
    if (quote != 0) {
        bool escaped = lexer->dialect == MERCURY_DIALECT_MYSQL;
        end = escaped ? end_of_escaped_quotes(lexer, quote + 1, '\'') : end_of_quotes(lexer, quote + 1, '\'');
        end = end != 0 ? skip_class(lexer, end, SQL_BYTE_SPACE) : 0;
        if (end != 0 && byte_at(lexer, end) == '}') {
            return value(lexer, token, MERCURY_TOKEN_STRING, end + 1);
        }
    }
    return operator_token(lexer, token, start + 1);
}

/* ---- What clients read ---- */

/* A semicolon or what stands for one. Behind COPY's, data are due if another line comes. */
static bool separator(sql_lexer *lexer, sql_token *token, size_t end) {
    bool data_due = lexer->copies == SQL_COPIES_STDIN && !lexer->last_line;
    if (data_due) {
        lexer->last_line = find_byte(lexer, end, '\n') >= lexer->length;
        data_due = !lexer->last_line;
        lexer->copied = lexer->copied || data_due;
    }
    lexer->copies = data_due ? SQL_COPIES_DATA : SQL_COPIES_NONE;
    return finish(lexer, token, MERCURY_TOKEN_PUNCTUATION, end, SQL_AFTER_START);
}

/* Where the line feed before `\.` is, from `position` on; the length if there is none. */
static size_t end_of_copy(const sql_lexer *lexer, size_t position) {
    while ((position = find_byte(lexer, position, '\n')) < lexer->length) {
        if (byte_at(lexer, position + 1) == '\\' && byte_at(lexer, position + 2) == '.') {
            return position;
        }
        position++;
    }
    return lexer->length;
}

/* The literal that COPY's data are; false if there are none. */
static bool copied_data(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    lexer->copies = SQL_COPIES_NONE;
    size_t end = end_of_copy(lexer, start - 1);
    return end > start && value(lexer, token, MERCURY_TOKEN_STRING, end);
}

static bool is_delimiter(const sql_lexer *lexer, size_t position) {
    return lexer->delimiter_length > 0 && lexer->length - position >= lexer->delimiter_length &&
           memcmp(lexer->text + position, lexer->text + lexer->delimiter, lexer->delimiter_length) == 0;
}

/*
 * Reads what the client takes for a semicolon. What opens a quote or a comment is none, or
 * what it encloses would be read as code.
 */
static bool set_delimiter(sql_lexer *lexer, sql_token *token, size_t position) {
    size_t line_end = end_of_line(lexer, position);
    size_t start = skip_class(lexer, position, SQL_BYTE_SPACE);
    size_t end = start;
    while (end < line_end && lexer->text[end] != 0 && strchr("$/|;!~^&", lexer->text[end]) != NULL) {
        end++;
    }
    bool whole = end == line_end || has_class(lexer, end, SQL_BYTE_SPACE);
    bool too_little = end == start + 1 && (lexer->text[start] == ';' || lexer->text[start] == '/');
    bool usable = whole && end > start && end - start <= LONGEST_DELIMITER && !too_little;
    lexer->delimiter = start;
    lexer->delimiter_length = usable ? end - start : 0;
    return comment(lexer, token, line_end);
}

/* The first position from `position` on that is no white space of this line. */
static size_t skip_blanks(const sql_lexer *lexer, size_t position) {
    while (position < lexer->length && lexer->text[position] != '\n' && has_class(lexer, position, SQL_BYTE_SPACE)) {
        position++;
    }
    return position;
}

/* Whether nothing else stands on the line, which is not the first. */
static bool is_alone(const sql_lexer *lexer, size_t start, size_t end) {
    while (start > 0 && lexer->text[start - 1] != '\n' && has_class(lexer, start - 1, SQL_BYTE_SPACE)) {
        start--;
    }
    end = skip_blanks(lexer, end);
    return start > 0 && lexer->text[start - 1] == '\n' && (end == lexer->length || lexer->text[end] == '\n');
}

/* One past the number of times that GO runs its batch. */
static size_t end_of_count(const sql_lexer *lexer, size_t position) {
    size_t blanks = skip_blanks(lexer, position);
    size_t end = skip_class(lexer, blanks, SQL_BYTE_DIGIT);
    return blanks > position && end > blanks ? end : position;
}

/* SQL*Plus's commands take their line; what goes on with `:=`, `(` or `.` is code. */
static bool is_sqlplus_command(const sql_lexer *lexer, size_t start, size_t end) {
    static const char *const COMMANDS[] = {"accept", "define", "host", "prompt", "rem", "remark", "spool", "undefine"};
    size_t next = skip_class(lexer, end, SQL_BYTE_SPACE);
    int byte = byte_at(lexer, next);
    bool dot = byte == '.' && !has_class(lexer, next + 1, SQL_BYTE_DIGIT);
    if (byte == '(' || dot || (byte == ':' && byte_at(lexer, next + 1) == '=')) {
        return false;
    }
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
        if (end - start == strlen(COMMANDS[i]) && is_text(lexer, start, COMMANDS[i], end - start)) {
            return true;
        }
    }
    return false;
}

/* Reads the word before `end` if it is a client's; false if it is SQL's. */
static bool client_word(sql_lexer *lexer, sql_token *token, size_t end) {
    size_t start = lexer->position;
    if ((token->flags & SQL_WORD_APART) != 0 && token->role != SQL_ROLE_ESCAPE) {
        if (token->role != SQL_ROLE_OPENS) {
            lexer->copies = lexer->copies == SQL_COPIES_BEGUN ? SQL_COPIES_STDIN : lexer->copies;
            return false;
        }
        size_t count = end_of_count(lexer, end);
        if (!is_dialect(lexer, MERCURY_DIALECT_GENERIC, MERCURY_DIALECT_MSSQL) || !is_alone(lexer, start, count)) {
            return false;
        }
        token->flags = 0;
        token->role = SQL_ROLE_NONE;
        return separator(lexer, token, count);
    }
    if (lexer->previous != SQL_AFTER_START || token->flags != 0) {
        return false;
    }
    if (end - start == 4 && is_text(lexer, start, "copy", 4) &&
        is_dialect(lexer, MERCURY_DIALECT_POSTGRESQL, MERCURY_DIALECT_GENERIC)) {
        lexer->copies = SQL_COPIES_BEGUN;
        return false;
    }
    if (end - start == 9 && is_text(lexer, start, "delimiter", 9) &&
        is_dialect(lexer, MERCURY_DIALECT_GENERIC, MERCURY_DIALECT_MYSQL)) {
        return set_delimiter(lexer, token, end);
    }
    if (lexer->dialect == MERCURY_DIALECT_ORACLE && is_sqlplus_command(lexer, start, end)) {
        token->flags = 0;
        token->role = SQL_ROLE_NONE;
        return comment(lexer, token, end_of_line(lexer, end));
    }
    return false;
}

/* Whether `word` stands in the range, in any case. */
static bool holds(const sql_lexer *lexer, size_t position, size_t limit, const char *word, size_t length) {
    for (; position + length <= limit; position++) {
        if (is_text(lexer, position, word, length)) {
            return true;
        }
    }
    return false;
}

/* \G and \g end a statement; psql's other commands take the rest of their line, a lone backslash nothing. */
static bool backslash(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position + 1;
    size_t end = start;
    bool postgresql = lexer->dialect == MERCURY_DIALECT_POSTGRESQL;
    bool mysql = lexer->dialect == MERCURY_DIALECT_MYSQL;
    if (!postgresql && !mysql && lexer->dialect != MERCURY_DIALECT_GENERIC) {
        return operator_token(lexer, token, start);
    }
    while (to_lower(byte_at(lexer, end)) >= 'a' && to_lower(byte_at(lexer, end)) <= 'z') {
        end++;
    }
    int byte = byte_at(lexer, start);
    if (end == start && byte != '.' && byte != '!' && byte != '?') {
        return comment(lexer, token, start);
    }
    size_t line_end = end_of_line(lexer, start - 1);
    if (end == start + 1 && to_lower(byte) == 'g' && !postgresql) {
        return separator(lexer, token, end);
    }
    if (end == start + 1 && byte == 'N' && !postgresql) {
        return value(lexer, token, MERCURY_TOKEN_NUMBER, end); /* NULL */
    }
    if (byte == '.' && !mysql) {
        return separator(lexer, token, start + 1);
    }
    if (byte == 'g' && !mysql) {
        return separator(lexer, token, line_end);
    }
    if (end == start + 4 && memcmp(lexer->text + start, "copy", 4) == 0 && !mysql &&
        holds(lexer, end, line_end, "stdin", 5)) {
        lexer->copies = SQL_COPIES_DATA;
        lexer->previous = SQL_AFTER_START;
    }
    return comment(lexer, token, line_end);
}

/* ---- Words ---- */

static const sql_word *find_word(const sql_lexer *lexer, size_t end) {
    const unsigned char *word = lexer->text + lexer->position;
    size_t size = end - lexer->position;
    bool common = lexer->position < lexer->common_end && size < SQL_BYTES_BLOCK;
    return common ? sql_common_find(word, size) : sql_lexer_find(word, size);
}

static bool plain_word(sql_lexer *lexer, sql_token *token, size_t end) {
    if (lexer->previous < SQL_AFTER_DOT) {
        const sql_word *found = find_word(lexer, end);
        token->flags = found->flags;
        token->role = found->role;
        if (client_word(lexer, token, end)) {
            return true;
        }
    }
    bool escapes = token->role == SQL_ROLE_ESCAPE;
    return finish(lexer, token, MERCURY_TOKEN_WORD, end,
                  escapes ? SQL_AFTER_ESCAPE : sql_common_after_word(token->flags));
}

/* q'...' and nq'...': Oracle's own quotes, and doubt where the dialect is not known. */
static bool is_oracle_prefix(const sql_lexer *lexer, size_t start, size_t length) {
    const unsigned char *word = lexer->text + start;
    return is_dialect(lexer, MERCURY_DIALECT_ORACLE, MERCURY_DIALECT_GENERIC) &&
           ((length == 1 && to_lower(word[0]) == 'q') ||
            (length == 2 && to_lower(word[0]) == 'n' && to_lower(word[1]) == 'q'));
}

/* A word with a quote right behind it, at `end`. */
static bool prefixed(sql_lexer *lexer, sql_token *token, size_t end) {
    size_t start = lexer->position;
    size_t length = end - start;
    if (is_oracle_prefix(lexer, start, length)) {
        return lexer->dialect == MERCURY_DIALECT_ORACLE ? oracle_quotes(lexer, token, end) : doubt(lexer, token);
    }
    if (is_string_prefix(lexer, start, length)) {
        bool postgresql_escapes = lexer->dialect == MERCURY_DIALECT_POSTGRESQL && to_lower(lexer->text[start]) == 'e';
        return string(lexer, token, end, postgresql_escapes || lexer->dialect == MERCURY_DIALECT_MYSQL);
    }
    return plain_word(lexer, token, end);
}

/* Most words end within one block, where no dialect's own letters stand. */
static size_t end_of_word(const sql_lexer *lexer, size_t position) {
    if (position < lexer->common_end) {
        position += sql_bytes_count_word(lexer->text + position);
    }
    return skip_class(lexer, position, lexer->word_mask);
}

/* The end of a word from `start` to `end` that the delimiter may cut short. */
static size_t cut_at_delimiter(const sql_lexer *lexer, size_t start, size_t end) {
    for (size_t cut = start + 1; lexer->delimiter_length > 0 && cut + lexer->delimiter_length <= end; cut++) {
        if (is_delimiter(lexer, cut)) {
            return cut;
        }
    }
    return end;
}

/* The last bytes, `from` to `to`, of the signs that stand before money in SQL Server, and what stands before those. */
static const struct {
    unsigned char lead[2], from, to;
} CURRENCIES[] = {
    {{0xC2}, 0xA2, 0xA5},       {{0xE0, 0xA7}, 0xB2, 0xB3}, {{0xE0, 0xB8}, 0xBF, 0xBF}, {{0xE1, 0x9F}, 0x9B, 0x9B},
    {{0xE2, 0x82}, 0xA0, 0xB1}, {{0xEF, 0xB7}, 0xBC, 0xBC}, {{0xEF, 0xB9}, 0xA9, 0xA9}, {{0xEF, 0xBC}, 0x84, 0x84},
    {{0xEF, 0xBF}, 0xA0, 0xA1}, {{0xEF, 0xBF}, 0xA5, 0xA6},
};

/* One past the sign of a currency at `position`; `position` if none stands there. */
static size_t end_of_currency(const sql_lexer *lexer, size_t position) {
    for (size_t index = 0; index < sizeof CURRENCIES / sizeof *CURRENCIES; index++) {
        const unsigned char *lead = CURRENCIES[index].lead;
        size_t last = position + (lead[1] != 0 ? 2 : 1);
        int byte = byte_at(lexer, last);
        bool led = lexer->text[position] == lead[0] && (lead[1] == 0 || byte_at(lexer, position + 1) == lead[1]);
        if (led && byte >= CURRENCIES[index].from && byte <= CURRENCIES[index].to) {
            return last + 1;
        }
    }
    return position;
}

static bool word(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    size_t digits = lexer->dialect == MERCURY_DIALECT_MSSQL ? end_of_currency(lexer, start) : start;
    if (digits > start && has_class(lexer, digits, SQL_BYTE_DIGIT)) {
        return number(lexer, token, digits);
    }
    size_t end = cut_at_delimiter(lexer, start, end_of_word(lexer, start));
    int next = byte_at(lexer, end);
    if (next == '\'' || (next == '"' && lexer->dialect == MERCURY_DIALECT_MYSQL)) {
        return prefixed(lexer, token, end);
    }
    if (next == '&' && end == start + 1 && is_unicode_prefix(lexer, start, '\'')) {
        return string(lexer, token, end + 1, false);
    }
    if (next == '&' && end == start + 1 && is_unicode_prefix(lexer, start, '"') &&
        lexer->dialect == MERCURY_DIALECT_POSTGRESQL) {
        return quoted(lexer, token, end + 1);
    }
    return plain_word(lexer, token, end);
}

/* ---- Operators ---- */

/* Whether the byte at `position` cannot go on with a run of operator characters from `start`. */
static bool ends_run(const sql_lexer *lexer, size_t start, size_t position) {
    bool generic = lexer->dialect == MERCURY_DIALECT_GENERIC;
    int next = byte_at(lexer, position + 1);
    switch (lexer->text[position]) {
    case '-':
        return next == '-';
    case '/':
        return next == '*';
    case '%':
        return position > start && end_of_percent_placeholder(lexer, position) != 0;
    case '#':
        return generic && next != '>';
    case '`':
        return generic;
    case '@':
        if (!generic || position == start || (position == start + 1 && lexer->text[start] == '@')) {
            return false;
        }
        return has_class(lexer, position + (next == '@' ? 2 : 1), SQL_BYTE_WORD_START);
    default:
        return false;
    }
}

/* PostgreSQL lets an operator end in a sign only if it holds one of these. */
static bool may_end_in_sign(const sql_lexer *lexer, size_t start, size_t end) {
    if (lexer->dialect == MERCURY_DIALECT_GENERIC) {
        return end - start == 3 && memcmp(lexer->text + start, "-|-", 3) == 0;
    }
    for (size_t i = start; i < end; i++) {
        if (strchr("~!@#%^&|`", lexer->text[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* One past the operator that PostgreSQL would read at `start`. */
static size_t end_of_run(const sql_lexer *lexer, size_t start) {
    size_t end = start;
    while (end < start + LONGEST_OPERATOR && has_class(lexer, end, SQL_BYTE_OPERATOR) && !ends_run(lexer, start, end)) {
        end++;
    }
    int last = end > start ? lexer->text[end - 1] : 0;
    if ((last == '+' || last == '-') && !may_end_in_sign(lexer, start, end)) {
        while (end > start + 1 && (lexer->text[end - 1] == '+' || lexer->text[end - 1] == '-')) {
            end--;
        }
    }
    if (end == start + 1 && lexer->text[start] == '@' && byte_at(lexer, end) == '?') {
        end++;
    }
    return end > start ? end : start + 1;
}

/* One past the longest operator of the servers that have a fixed list. */
static size_t end_of_listed(const sql_lexer *lexer, size_t start) {
    static const char PAIRS[] = "<= >= <> != || && << >> -> == => ** ^= ~= !< !> += -= *= /= &= |= %%";
    int first = byte_at(lexer, start);
    int second = byte_at(lexer, start + 1);
    int third = byte_at(lexer, start + 2);
    if ((first == '<' && second == '=' && third == '>') || (first == '-' && second == '>' && third == '>')) {
        return start + 3;
    }
    for (const char *pair = PAIRS; pair[0] != '\0'; pair += pair[2] != '\0' ? 3 : 2) {
        if (pair[0] == first && pair[1] == second) {
            return start + 2;
        }
    }
    return start + 1;
}

static bool operator_run(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    bool runs = is_dialect(lexer, MERCURY_DIALECT_POSTGRESQL, MERCURY_DIALECT_GENERIC);
    bool listed = !runs || !has_class(lexer, start, SQL_BYTE_OPERATOR);
    return operator_token(lexer, token, listed ? end_of_listed(lexer, start) : end_of_run(lexer, start));
}

static bool percent(sql_lexer *lexer, sql_token *token) {
    size_t end = placeholder_expected(lexer) ? end_of_percent_placeholder(lexer, lexer->position) : 0;
    return end != 0 ? value(lexer, token, MERCURY_TOKEN_PLACEHOLDER, end) : operator_run(lexer, token);
}

/* @name is a parameter or variable, @@name a system variable, elsewhere an operator. */
static bool at_sign(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    bool system = byte_at(lexer, start + 1) == '@';
    size_t name = start + (system ? 2 : 1);
    int next = byte_at(lexer, start + 1);
    if (lexer->dialect == MERCURY_DIALECT_MYSQL && placeholder_expected(lexer) &&
        (next == '\'' || next == '"' || next == '`')) {
        return quoted_placeholder(lexer, token, start + 1);
    }
    bool generic = lexer->dialect == MERCURY_DIALECT_GENERIC && placeholder_expected(lexer);
    bool own = is_dialect(lexer, MERCURY_DIALECT_MYSQL, MERCURY_DIALECT_MSSQL);
    bool variable = generic || own || (lexer->dialect == MERCURY_DIALECT_SQLITE && !system);
    if (!variable || !has_class(lexer, name, SQL_BYTE_WORD_START)) {
        return operator_run(lexer, token);
    }
    size_t end = skip_class(lexer, name, lexer->word_mask);
    return system ? finish(lexer, token, MERCURY_TOKEN_WORD, end, SQL_AFTER_NAME)
                  : value(lexer, token, MERCURY_TOKEN_PLACEHOLDER, end);
}

static bool hash_sign(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    int next = byte_at(lexer, start + 1);
    if (lexer->dialect == MERCURY_DIALECT_MYSQL) {
        return comment(lexer, token, end_of_line(lexer, start));
    }
    if (lexer->dialect == MERCURY_DIALECT_GENERIC && next == '-') {
        return operator_token(lexer, token, start + 2);
    }
    if (lexer->dialect == MERCURY_DIALECT_GENERIC && next != '>') {
        return doubt(lexer, token); /* MySQL would see a comment, others an operator or a name */
    }
    if (lexer->dialect == MERCURY_DIALECT_MSSQL && has_class(lexer, start + 1, SQL_BYTE_WORD_START | SQL_BYTE_HASH)) {
        return plain_word(lexer, token, skip_class(lexer, start, lexer->word_mask));
    }
    return operator_run(lexer, token);
}

/* ---- Dispatch ---- */

static bool punctuation(sql_lexer *lexer, sql_token *token, int byte) {
    size_t end = lexer->position + 1;
    int previous = SQL_AFTER_OPERAND_WORD;
    if (byte == '.') {
        previous = lexer->previous == SQL_AFTER_NAME ? SQL_AFTER_NAME_DOT : SQL_AFTER_DOT;
    } else if (byte == ')' || byte == ']') {
        previous = SQL_AFTER_VALUE;
    }
    if (byte == '[') {
        lexer->open_brackets++;
    } else if (byte == ']' && lexer->open_brackets > 0) {
        lexer->open_brackets--;
    }
    return finish(lexer, token, MERCURY_TOKEN_PUNCTUATION, end, previous);
}

static bool dot(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    bool touches = start > 0 && (has_class(lexer, start - 1, SQL_BYTE_WORD) || lexer->text[start - 1] == '`');
    bool mysql_name = lexer->dialect == MERCURY_DIALECT_MYSQL && lexer->previous == SQL_AFTER_NAME && touches;
    if (has_class(lexer, start + 1, SQL_BYTE_DIGIT) && !mysql_name) {
        return number(lexer, token, start);
    }
    return punctuation(lexer, token, '.');
}

static bool digit(sql_lexer *lexer, sql_token *token) {
    bool touches = lexer->position > 0 && lexer->text[lexer->position - 1] == '.';
    if (lexer->dialect == MERCURY_DIALECT_MYSQL && lexer->previous == SQL_AFTER_NAME_DOT && touches) {
        return plain_word(lexer, token, skip_class(lexer, lexer->position, lexer->word_mask));
    }
    return number(lexer, token, lexer->position);
}

/* The end of a comment that was code. */
static bool is_end_of_code(const sql_lexer *lexer) {
    return lexer->in_code && byte_at(lexer, lexer->position + 1) == '/';
}

/* A slash that is alone on its line runs SQL*Plus's buffer. */
static bool slash(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    if (byte_at(lexer, start + 1) == '*') {
        return block_comment(lexer, token);
    }
    if (lexer->dialect == MERCURY_DIALECT_ORACLE && is_alone(lexer, start, start + 1)) {
        return separator(lexer, token, start + 1);
    }
    return operator_run(lexer, token);
}

/* What begins a statement of none of these dialects: a script, a command or a setting of a client, and what it is given. */
static bool is_client_line(const sql_lexer *lexer) {
    size_t start = lexer->position;
    int byte = lexer->text[start];
    bool letter = has_class(lexer, start + 1, SQL_BYTE_WORD_START);
    switch (lexer->dialect) {
    case MERCURY_DIALECT_SQLITE:
        return byte == '.' && !has_class(lexer, start + 1, SQL_BYTE_DIGIT);
    case MERCURY_DIALECT_ORACLE:
        return byte == '@' || byte == '!';
    case MERCURY_DIALECT_MSSQL:
        return (byte == ':' && letter) || (byte == '!' && byte_at(lexer, start + 1) == '!');
    default:
        return false;
    }
}

bool sql_lexer_next(sql_lexer *lexer, sql_token *token) {
    lexer->position = skip_class(lexer, lexer->position, SQL_BYTE_SPACE);
    if (lexer->position >= lexer->length) {
        return false;
    }
    int byte = lexer->text[lexer->position];
    token->start = lexer->position;
    token->flags = 0;
    token->role = SQL_ROLE_NONE;
    token->operand = lexer->previous <= SQL_AFTER_OPERAND_WORD;
    if (lexer->copies == SQL_COPIES_DATA && copied_data(lexer, token)) {
        return true;
    }
    if (is_delimiter(lexer, lexer->position)) {
        return separator(lexer, token, lexer->position + lexer->delimiter_length);
    }
    if (lexer->previous == SQL_AFTER_START && is_client_line(lexer)) {
        return comment(lexer, token, end_of_line(lexer, lexer->position));
    }
    if (sql_bytes_is(byte, SQL_BYTE_WORD_START)) {
        return word(lexer, token);
    }
    switch (byte) {
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
        return digit(lexer, token);
    case '\'':
        return single_quotes(lexer, token);
    case '"':
        return double_quotes(lexer, token);
    case '`':
        if (lexer->dialect <= MERCURY_DIALECT_SQLITE && lexer->dialect != MERCURY_DIALECT_POSTGRESQL) {
            return quoted(lexer, token, lexer->position);
        }
        return operator_run(lexer, token);
    case '[':
        if (is_dialect(lexer, MERCURY_DIALECT_SQLITE, MERCURY_DIALECT_MSSQL)) {
            return bracket_quotes(lexer, token);
        }
        return punctuation(lexer, token, byte);
    case '(':
    case ')':
    case ']':
    case ',':
        return punctuation(lexer, token, byte);
    case ';':
        return separator(lexer, token, lexer->position + 1);
    case '{':
        return brace(lexer, token);
    case '\\':
        return backslash(lexer, token);
    case '.':
        return dot(lexer, token);
    case '-':
        return is_line_comment(lexer, lexer->position) ? line_comment(lexer, token) : operator_run(lexer, token);
    case '/':
        return slash(lexer, token);
    case '*':
        if (is_end_of_code(lexer)) {
            lexer->in_code = false;
            return comment(lexer, token, lexer->position + 2);
        }
        return operator_run(lexer, token);
    case '#':
        return hash_sign(lexer, token);
    case '$':
        return dollar(lexer, token);
    case '?':
        return question_mark(lexer, token);
    case '%':
        return percent(lexer, token);
    case ':':
        return colon(lexer, token);
    case '@':
        return at_sign(lexer, token);
    default:
        return operator_run(lexer, token);
    }
}

int64_t mercury_sql_lexer_tokens(const char *text, size_t length, int64_t dialect, mercury_token *tokens,
                                 size_t capacity, size_t *count, mercury_error *error) {
    sql_lexer lexer;
    sql_token token;
    size_t found = 0;
    if ((text == NULL && length > 0) || (tokens == NULL && capacity > 0) || count == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    if (!sql_lexer_knows(dialect)) {
        return mercury_error_fill(error, MERCURY_ERROR_UNKNOWN_DIALECT, -1);
    }
    sql_lexer_start(&lexer, text, length, dialect);
    for (; sql_lexer_next(&lexer, &token); found++) {
        if (found < capacity) {
            tokens[found].kind = token.kind;
            tokens[found].start = (int64_t)token.start;
            tokens[found].end = (int64_t)token.end;
        }
    }
    if (found > capacity) {
        return mercury_error_fill(error, MERCURY_ERROR_BUFFER_TOO_SMALL, (int64_t)found);
    }
    *count = found;
    return MERCURY_OK;
}
