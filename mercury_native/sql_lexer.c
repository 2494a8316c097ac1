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
#include "sql_lexer.h"

#include <string.h>

/* Character classes. The bytes from 0x80 on are letters, as servers take them. */
enum {
    SPACE = 0x01,
    WORD_START = 0x02, /* A-Z a-z _ */
    WORD = 0x04,       /* WORD_START 0-9 $ */
    DIGIT = 0x08,
    OPERATOR = 0x10, /* what PostgreSQL builds operators of */
    TAG = 0x20,      /* WORD_START 0-9 */
    HASH = 0x40,
    AT = 0x80
};

/* clang-format off */
static const unsigned char CLASSES[256] = {
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x01, 0x01, 0x01, 0x01, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x01, 0x10, 0x00, 0x50, 0x04, 0x10, 0x10, 0x00, 0x00, 0x00, 0x10, 0x10, 0x00, 0x10, 0x00, 0x10,
    0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x00, 0x00, 0x10, 0x10, 0x10, 0x00,
    0x90, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26,
    0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x00, 0x00, 0x00, 0x10, 0x26,
    0x10, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26,
    0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x00, 0x10, 0x00, 0x10, 0x00,
    0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26,
    0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26,
    0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26,
    0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26,
    0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26,
    0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26,
    0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26,
    0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26,
};

enum { LONGEST_WORD = 19 };

typedef struct word_entry {
    char text[LONGEST_WORD + 1];
    unsigned char length;
    unsigned char flags;
    unsigned char role;
} word_entry;

/*
 * The frozen list, sorted. A quoted identifier of this spelling keeps its quotes; where
 * identifiers keep their case, these words are the ones that lose it. A change here is a
 * new version of docs/fingerprint-spec.md.
 */
#define O SQL_WORD_OPERAND
#define M SQL_WORD_MAYBE
#define F SQL_WORD_FUNCTION
#define E SQL_WORD_ENDS
#define S SQL_WORD_STARTS
static const word_entry WORDS[] = {
    {"abort", 5, 0, 0},
    {"abs", 3, F, 0},
    {"absolute", 8, O, SQL_ROLE_DIRECTION},
    {"add", 3, 0, 0},
    {"against", 7, O, 0},
    {"all", 3, O | F, SQL_ROLE_DIRECTION},
    {"alter", 5, 0, 0},
    {"always", 6, 0, 0},
    {"analyze", 7, O, 0},
    {"and", 3, O, 0},
    {"any", 3, O | F, 0},
    {"apply", 5, 0, 0},
    {"array", 5, O | F, SQL_ROLE_ARRAY},
    {"array_agg", 9, F, 0},
    {"as", 2, O, 0},
    {"asc", 3, 0, 0},
    {"asensitive", 10, 0, SQL_ROLE_OPTION},
    {"asymmetric", 10, 0, 0},
    {"auto_increment", 14, 0, 0},
    {"autoincrement", 13, 0, 0},
    {"avg", 3, F, 0},
    {"backward", 8, O, SQL_ROLE_DIRECTION},
    {"begin", 5, 0, 0},
    {"between", 7, O, 0},
    {"bigint", 6, F, 0},
    {"binary", 6, O, SQL_ROLE_OPTION},
    {"bit", 3, F, 0},
    {"blob", 4, F, 0},
    {"bool_and", 8, F, 0},
    {"bool_or", 7, F, 0},
    {"boolean", 7, F, 0},
    {"by", 2, O, 0},
    {"call", 4, O, 0},
    {"cascade", 7, 0, 0},
    {"case", 4, O, 0},
    {"cast", 4, F, 0},
    {"ceil", 4, F, 0},
    {"ceiling", 7, F, 0},
    {"chain", 5, 0, 0},
    {"change", 6, 0, 0},
    {"char", 4, F, 0},
    {"char_length", 11, F, 0},
    {"character", 9, F, 0},
    {"charset", 7, 0, 0},
    {"check", 5, O, 0},
    {"close", 5, O, SQL_ROLE_CURSOR_VERB},
    {"coalesce", 8, F, 0},
    {"collate", 7, 0, 0},
    {"column", 6, 0, 0},
    {"columns", 7, 0, 0},
    {"commit", 6, 0, 0},
    {"committed", 9, 0, 0},
    {"concat", 6, F, 0},
    {"concat_ws", 9, F, 0},
    {"concurrently", 12, 0, 0},
    {"conflict", 8, 0, 0},
    {"connect", 7, 0, 0},
    {"constraint", 10, 0, 0},
    {"convert", 7, F, 0},
    {"count", 5, F, 0},
    {"create", 6, 0, 0},
    {"cross", 5, 0, 0},
    {"cube", 4, 0, 0},
    {"current_date", 12, F, 0},
    {"current_time", 12, F, 0},
    {"current_timestamp", 17, F, 0},
    {"current_user", 12, 0, 0},
    {"cursor", 6, 0, SQL_ROLE_CURSOR},
    {"database", 8, F, 0},
    {"date", 4, M | F, 0},
    {"date_add", 8, F, 0},
    {"date_format", 11, F, 0},
    {"date_sub", 8, F, 0},
    {"dateadd", 7, F, 0},
    {"datediff", 8, F, 0},
    {"datetime", 8, F, 0},
    {"deallocate", 10, 0, 0},
    {"decimal", 7, F, 0},
    {"declare", 7, 0, SQL_ROLE_DECLARE},
    {"decode", 6, F, 0},
    {"default", 7, O, 0},
    {"deferrable", 10, 0, 0},
    {"deferred", 8, 0, 0},
    {"delayed", 7, 0, 0},
    {"delete", 6, 0, 0},
    {"dense_rank", 10, F, 0},
    {"desc", 4, 0, 0},
    {"describe", 8, 0, 0},
    {"distinct", 8, O, 0},
    {"div", 3, O, 0},
    {"do", 2, O, 0},
    {"double", 6, F, 0},
    {"drop", 4, 0, 0},
    {"dual", 4, 0, 0},
    {"duplicate", 9, 0, 0},
    {"else", 4, O, 0},
    {"elseif", 6, O, 0},
    {"enclosed", 8, 0, 0},
    {"end", 3, 0, 0},
    {"engine", 6, 0, 0},
    {"escape", 6, O, 0},
    {"escaped", 7, 0, 0},
    {"every", 5, F, 0},
    {"except", 6, O | E, 0},
    {"exclusive", 9, 0, 0},
    {"exec", 4, O, 0},
    {"execute", 7, O, 0},
    {"exists", 6, O, 0},
    {"explain", 7, O, 0},
    {"extract", 7, F, 0},
    {"fail", 4, 0, 0},
    {"false", 5, 0, 0},
    {"fetch", 5, O | E, SQL_ROLE_FETCH},
    {"filter", 6, 0, 0},
    {"first", 5, O, SQL_ROLE_FIRST},
    {"first_value", 11, F, 0},
    {"float", 5, F, 0},
    {"floor", 5, F, 0},
    {"following", 9, 0, 0},
    {"for", 3, E, 0},
    {"force", 5, 0, 0},
    {"foreign", 7, 0, 0},
    {"forward", 7, O, SQL_ROLE_DIRECTION},
    {"found_rows", 10, F, 0},
    {"from", 4, O, SQL_ROLE_FROM},
    {"full", 4, 0, 0},
    {"generated", 9, 0, 0},
    {"getdate", 7, F, 0},
    {"glob", 4, O, 0},
    {"go", 2, 0, 0},
    {"grant", 5, 0, 0},
    {"greatest", 8, F, 0},
    {"group", 5, E, 0},
    {"group_concat", 12, F, 0},
    {"grouping", 8, F, 0},
    {"groups", 6, 0, 0},
    {"having", 6, O | E | S, 0},
    {"high_priority", 13, 0, 0},
    {"identified", 10, M, 0},
    {"if", 2, F, 0},
    {"ifnull", 6, F, 0},
    {"ignore", 6, 0, 0},
    {"iif", 3, F, 0},
    {"ilike", 5, O, 0},
    {"immediate", 9, 0, 0},
    {"in", 2, O, SQL_ROLE_IN},
    {"index", 5, 0, 0},
    {"infile", 6, 0, 0},
    {"initially", 9, 0, 0},
    {"inner", 5, 0, 0},
    {"insensitive", 11, 0, SQL_ROLE_OPTION},
    {"insert", 6, F, 0},
    {"int", 3, F, 0},
    {"integer", 7, F, 0},
    {"intersect", 9, O | E, 0},
    {"interval", 8, M | F, 0},
    {"into", 4, O, 0},
    {"is", 2, O, 0},
    {"isnull", 6, F, 0},
    {"isolation", 9, 0, 0},
    {"join", 4, 0, 0},
    {"json_agg", 8, F, 0},
    {"json_array", 10, F, 0},
    {"json_extract", 12, F, 0},
    {"json_object", 11, F, 0},
    {"json_type", 9, F, 0},
    {"json_unquote", 12, F, 0},
    {"jsonb_agg", 9, F, 0},
    {"key", 3, 0, 0},
    {"kill", 4, 0, 0},
    {"lag", 3, F, 0},
    {"last", 4, O, SQL_ROLE_DIRECTION},
    {"last_insert_id", 14, F, 0},
    {"last_value", 10, F, 0},
    {"lateral", 7, 0, 0},
    {"lead", 4, F, 0},
    {"least", 5, F, 0},
    {"left", 4, F, 0},
    {"len", 3, F, 0},
    {"like", 4, O, 0},
    {"limit", 5, O | E, SQL_ROLE_LIMIT},
    {"load", 4, 0, 0},
    {"localtime", 9, F, 0},
    {"localtimestamp", 14, F, 0},
    {"lock", 4, 0, 0},
    {"locked", 6, 0, 0},
    {"low_priority", 12, 0, 0},
    {"lower", 5, F, 0},
    {"match", 5, O | F, 0},
    {"materialized", 12, 0, 0},
    {"max", 3, F, 0},
    {"merge", 5, 0, 0},
    {"min", 3, F, 0},
    {"minus", 5, O | E, 0},
    {"mod", 3, O | F, 0},
    {"modify", 6, 0, 0},
    {"move", 4, O, SQL_ROLE_CURSOR_VERB},
    {"natural", 7, 0, 0},
    {"nchar", 5, F, 0},
    {"next", 4, O, SQL_ROLE_FIRST},
    {"no", 2, 0, SQL_ROLE_OPTION},
    {"nocycle", 7, 0, 0},
    {"not", 3, O, 0},
    {"nothing", 7, 0, 0},
    {"notnull", 7, 0, 0},
    {"now", 3, F, 0},
    {"nowait", 6, 0, 0},
    {"ntile", 5, F, 0},
    {"null", 4, 0, 0},
    {"nullif", 6, F, 0},
    {"nulls", 5, 0, 0},
    {"numeric", 7, F, 0},
    {"nvarchar", 8, F, 0},
    {"nvl", 3, F, 0},
    {"of", 2, 0, 0},
    {"off", 3, 0, 0},
    {"offset", 6, O | E, SQL_ROLE_LIMIT},
    {"on", 2, O | S, 0},
    {"only", 4, 0, 0},
    {"or", 2, O | S, SQL_ROLE_OR},
    {"order", 5, E, 0},
    {"ordinality", 10, 0, 0},
    {"outer", 5, 0, 0},
    {"outfile", 7, 0, 0},
    {"over", 4, 0, 0},
    {"overlaps", 8, 0, 0},
    {"overlay", 7, F, 0},
    {"partition", 9, 0, 0},
    {"password", 8, M, 0},
    {"percent", 7, 0, 0},
    {"pivot", 5, 0, 0},
    {"pragma", 6, O, 0},
    {"preceding", 9, 0, 0},
    {"precision", 9, 0, 0},
    {"prepare", 7, 0, 0},
    {"primary", 7, 0, 0},
    {"prior", 5, O, SQL_ROLE_DIRECTION},
    {"procedure", 9, 0, 0},
    {"processlist", 11, 0, 0},
    {"raiserror", 9, 0, 0},
    {"rand", 4, F, 0},
    {"random", 6, F, 0},
    {"read", 4, 0, 0},
    {"real", 4, F, 0},
    {"recursive", 9, 0, 0},
    {"references", 10, 0, 0},
    {"regexp", 6, O, 0},
    {"relative", 8, O, SQL_ROLE_DIRECTION},
    {"release", 7, O, SQL_ROLE_RELEASE},
    {"rename", 6, 0, 0},
    {"repeatable", 10, 0, 0},
    {"replace", 7, F, 0},
    {"restrict", 8, 0, 0},
    {"return", 6, O, 0},
    {"returning", 9, O | E, 0},
    {"revoke", 6, 0, 0},
    {"right", 5, F, 0},
    {"rlike", 5, O, 0},
    {"rollback", 8, 0, SQL_ROLE_ROLLBACK},
    {"rollup", 6, 0, 0},
    {"round", 5, F, 0},
    {"row", 3, F, 0},
    {"row_number", 10, F, 0},
    {"rowid", 5, 0, 0},
    {"rownum", 6, 0, 0},
    {"rows", 4, 0, 0},
    {"save", 4, 0, 0},
    {"savepoint", 9, O, SQL_ROLE_SAVEPOINT},
    {"schema", 6, F, 0},
    {"scroll", 6, 0, SQL_ROLE_OPTION},
    {"select", 6, O, SQL_ROLE_SELECT},
    {"sequence", 8, 0, 0},
    {"serializable", 12, 0, 0},
    {"session_user", 12, 0, 0},
    {"set", 3, O, 0},
    {"sets", 4, 0, 0},
    {"show", 4, O, 0},
    {"signed", 6, 0, 0},
    {"similar", 7, O, 0},
    {"skip", 4, 0, 0},
    {"smallint", 8, F, 0},
    {"some", 4, O | F, 0},
    {"sounds", 6, O, 0},
    {"sql_calc_found_rows", 19, 0, 0},
    {"sql_no_cache", 12, 0, 0},
    {"start", 5, 0, 0},
    {"stddev", 6, F, 0},
    {"straight_join", 13, 0, 0},
    {"string_agg", 10, F, 0},
    {"substr", 6, F, 0},
    {"substring", 9, F, 0},
    {"sum", 3, F, 0},
    {"symmetric", 9, 0, 0},
    {"sysdate", 7, F, 0},
    {"table", 5, 0, 0},
    {"tables", 6, 0, 0},
    {"tablespace", 10, 0, 0},
    {"temp", 4, 0, 0},
    {"temporary", 9, 0, 0},
    {"terminated", 10, 0, 0},
    {"then", 4, O | E, 0},
    {"ties", 4, 0, 0},
    {"time", 4, M | F, 0},
    {"timestamp", 9, M | F, 0},
    {"timestamptz", 11, M, 0},
    {"tinyint", 7, F, 0},
    {"to", 2, O, SQL_ROLE_TO},
    {"to_char", 7, F, 0},
    {"to_date", 7, F, 0},
    {"to_number", 9, F, 0},
    {"top", 3, O, 0},
    {"tran", 4, 0, SQL_ROLE_WORK},
    {"transaction", 11, 0, SQL_ROLE_WORK},
    {"trigger", 7, 0, 0},
    {"trim", 4, F, 0},
    {"true", 4, 0, 0},
    {"truncate", 8, 0, 0},
    {"uescape", 7, O, 0},
    {"unbounded", 9, 0, 0},
    {"uncommitted", 11, 0, 0},
    {"union", 5, O | E, 0},
    {"unique", 6, 0, 0},
    {"unknown", 7, 0, 0},
    {"unlock", 6, 0, 0},
    {"unlogged", 8, 0, 0},
    {"unpivot", 7, 0, 0},
    {"unsigned", 8, 0, 0},
    {"until", 5, M, 0},
    {"update", 6, 0, 0},
    {"upper", 5, F, 0},
    {"upsert", 6, 0, 0},
    {"use", 3, 0, 0},
    {"user", 4, F, 0},
    {"using", 5, O, 0},
    {"vacuum", 6, O, 0},
    {"values", 6, O, SQL_ROLE_VALUES},
    {"varchar", 7, F, 0},
    {"variables", 9, 0, 0},
    {"variance", 8, F, 0},
    {"view", 4, 0, 0},
    {"when", 4, O | S, 0},
    {"where", 5, O | S, 0},
    {"while", 5, O, 0},
    {"window", 6, E, 0},
    {"with", 4, O, 0},
    {"within", 6, 0, 0},
    {"without", 7, 0, 0},
    {"work", 4, 0, SQL_ROLE_WORK},
    {"write", 5, 0, 0},
    {"xor", 3, O, 0},
    {"zerofill", 8, 0, 0},
    {"zone", 4, M, 0},
};
#undef O
#undef M
#undef F
#undef E
#undef S

/* Where the words of each letter start in WORDS, and the end. */
static const unsigned short LETTERS[27] = {
    0, 21, 32, 68, 95, 110, 126, 136, 138, 160, 168, 170, 188, 197, 214, 227, 239, 239, 266, 294, 317, 334, 340, 349, 350, 350, 352};
/* clang-format on */

/* What the last token leaves to expect. */
enum {
    AFTER_OPERAND_WORD, /* operator, opening bracket, comma, SELECT ..., or the start: an operand */
    AFTER_MAYBE_WORD,   /* a placeholder may stand, a sign is binary */
    AFTER_NAME,         /* an operator */
    AFTER_VALUE,        /* an operator; what is before is no identifier */
    AFTER_DOT,          /* a name */
    AFTER_NAME_DOT      /* a name, and in MySQL it may begin with a digit */
};

/* Longer operators and placeholder names are split: bounded look-ahead keeps the time linear. */
enum { LONGEST_OPERATOR = 64, LONGEST_NAME = 64 };

bool sql_lexer_knows(int64_t dialect) {
    return dialect >= MERCURY_DIALECT_GENERIC && dialect <= MERCURY_DIALECT_MSSQL;
}

int sql_lexer_word(const unsigned char *word, size_t length, int *role) {
    *role = SQL_ROLE_NONE;
    if (length < 2 || length > LONGEST_WORD || word[0] < 'a' || word[0] > 'z') {
        return 0;
    }
    const word_entry *entry = &WORDS[LETTERS[word[0] - 'a']];
    const word_entry *end = &WORDS[LETTERS[word[0] - 'a' + 1]];
    for (; entry < end; entry++) {
        if (entry->length == length && entry->text[1] == (char)word[1] && memcmp(entry->text, word, length) == 0) {
            *role = entry->role;
            return entry->flags | SQL_WORD_KEYWORD;
        }
    }
    return 0;
}

void sql_lexer_start(sql_lexer *lexer, const char *text, size_t length, int64_t dialect) {
    memset(lexer, 0, sizeof *lexer);
    lexer->text = (const unsigned char *)text;
    lexer->length = length;
    lexer->dialect = (int)dialect;
    lexer->previous = AFTER_OPERAND_WORD;
    lexer->word_mask = WORD;
    if (dialect == MERCURY_DIALECT_ORACLE) {
        lexer->word_mask = WORD | HASH;
    } else if (dialect == MERCURY_DIALECT_MSSQL) {
        lexer->word_mask = WORD | HASH | AT;
    }
}

void sql_lexer_hide(sql_lexer *lexer) {
    lexer->previous = AFTER_VALUE;
}

/* The byte at `position`, or -1 beyond the end. */
static int byte_at(const sql_lexer *lexer, size_t position) {
    return position < lexer->length ? lexer->text[position] : -1;
}

static bool has_class(const sql_lexer *lexer, size_t position, int mask) {
    return position < lexer->length && (CLASSES[lexer->text[position]] & mask) != 0;
}

/* The first position from `position` on that is not of the classes in `mask`. */
static size_t skip_class(const sql_lexer *lexer, size_t position, int mask) {
    while (position < lexer->length && (CLASSES[lexer->text[position]] & mask) != 0) {
        position++;
    }
    return position;
}

static bool is_dialect(const sql_lexer *lexer, int first, int second) {
    return lexer->dialect == first || lexer->dialect == second;
}

static bool operand_expected(const sql_lexer *lexer) {
    return lexer->previous == AFTER_OPERAND_WORD;
}

static bool placeholder_expected(const sql_lexer *lexer) {
    return lexer->previous <= AFTER_MAYBE_WORD;
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

static bool value(sql_lexer *lexer, sql_token *token, int kind, size_t end) {
    return finish(lexer, token, kind, end, AFTER_VALUE);
}

static bool operator_token(sql_lexer *lexer, sql_token *token, size_t end) {
    return finish(lexer, token, MERCURY_TOKEN_OPERATOR, end, AFTER_OPERAND_WORD);
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

/* A literal whose opening quote is at `quote`, any prefix before it. */
static bool string(sql_lexer *lexer, sql_token *token, size_t quote, bool escaped) {
    int byte = lexer->text[quote];
    size_t end = escaped ? end_of_escaped_quotes(lexer, quote + 1, byte) : end_of_quotes(lexer, quote + 1, byte);
    return end != 0 ? value(lexer, token, MERCURY_TOKEN_STRING, end) : doubt(lexer, token);
}

static bool quoted(sql_lexer *lexer, sql_token *token, size_t quote) {
    int opening = lexer->text[quote];
    size_t end = end_of_quotes(lexer, quote + 1, opening == '[' ? ']' : opening);
    if (end == 0) {
        return doubt(lexer, token);
    }
    return finish(lexer, token, MERCURY_TOKEN_QUOTED, end, AFTER_NAME);
}

/* Only this much is surely an identifier where the dialect is not known. */
static bool is_sure_identifier(const sql_lexer *lexer, size_t start, size_t end) {
    for (size_t i = start; i < end; i++) {
        int byte = lexer->text[i];
        if (byte >= 0x80 || (byte != '.' && (CLASSES[byte] & WORD) == 0)) {
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
    return finish(lexer, token, MERCURY_TOKEN_QUOTED, end + 1, AFTER_NAME);
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
    if (lexer->dialect == MERCURY_DIALECT_GENERIC && !has_class(lexer, start, SPACE) && has_quotes(lexer, start, end)) {
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
            return comment(lexer, token, skip_class(lexer, mark + 1, DIGIT));
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
        return skip_class(lexer, position, TAG);
    }
    position = skip_class(lexer, position, DIGIT);
    if (byte_at(lexer, position) == '.' && byte_at(lexer, position + 1) != '.') {
        position = skip_class(lexer, position + 1, DIGIT);
    }
    if (to_lower(byte_at(lexer, position)) == 'e') {
        int sign = byte_at(lexer, position + 1);
        if ((sign == '+' || sign == '-') && has_class(lexer, position + 2, DIGIT)) {
            position += 2;
        }
    }
    return skip_class(lexer, position, TAG);
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
        } while (position < limit && (has_class(lexer, position, TAG) || byte_at(lexer, position) == '.' ||
                                      byte_at(lexer, position) == ' ' || byte_at(lexer, position) == '-'));
        if (byte_at(lexer, position) != ')') {
            return 0;
        }
        position++;
    }
    int type = byte_at(lexer, position);
    bool known = type == 's' || type == 'b' || type == 't';
    return known && !has_class(lexer, position + 1, WORD) ? position + 1 : 0;
}

/* Whether a `:` at `position` starts :name or :1. In brackets it is a slice. */
static bool is_colon_placeholder(const sql_lexer *lexer, size_t position) {
    bool slices = is_dialect(lexer, MERCURY_DIALECT_POSTGRESQL, MERCURY_DIALECT_GENERIC);
    return has_class(lexer, position + 1, TAG) && !(slices && lexer->open_brackets > 0);
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
        position = skip_class(lexer, position, SPACE);
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
        return has_class(lexer, position + 1, TAG) || byte_at(lexer, position + 1) == '$';
    case '?':
        return byte_at(lexer, position + 1) != '?';
    case '%':
        return end_of_percent_placeholder(lexer, position) != 0;
    case ':':
        return is_colon_placeholder(lexer, position);
    case '.':
        return has_class(lexer, position + 1, DIGIT);
    default:
        return has_class(lexer, position, DIGIT) || is_unicode_prefix(lexer, position, '\'') ||
               (has_class(lexer, position, WORD_START) && byte_at(lexer, position + 1) == '\'' &&
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
    return value(lexer, token, MERCURY_TOKEN_PLACEHOLDER, skip_class(lexer, start + 1, DIGIT));
}

static bool dollar(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    size_t end = skip_class(lexer, start + 1, TAG);
    bool digit = has_class(lexer, start + 1, DIGIT);
    if (digit && lexer->dialect == MERCURY_DIALECT_MSSQL) {
        return number(lexer, token, start + 1); /* money */
    }
    if (!digit && byte_at(lexer, end) == '$' &&
        is_dialect(lexer, MERCURY_DIALECT_POSTGRESQL, MERCURY_DIALECT_GENERIC)) {
        return dollar_quotes(lexer, token, end + 1);
    }
    return end > start + 1 ? value(lexer, token, MERCURY_TOKEN_PLACEHOLDER, end) : operator_token(lexer, token, end);
}

static bool colon(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    int next = byte_at(lexer, start + 1);
    if (next == ':' || next == '=') {
        return operator_token(lexer, token, start + 2);
    }
    if (placeholder_expected(lexer) && is_colon_placeholder(lexer, start)) {
        return value(lexer, token, MERCURY_TOKEN_PLACEHOLDER, skip_class(lexer, start + 1, TAG));
    }
    return operator_token(lexer, token, start + 1);
}

/* ---- Words ---- */

static int after_word(int flags) {
    if ((flags & SQL_WORD_OPERAND) != 0) {
        return AFTER_OPERAND_WORD;
    }
    return (flags & SQL_WORD_MAYBE) != 0 ? AFTER_MAYBE_WORD : AFTER_NAME;
}

static bool plain_word(sql_lexer *lexer, sql_token *token, size_t end) {
    size_t length = end - lexer->position;
    if (lexer->previous < AFTER_DOT && length <= LONGEST_WORD) {
        unsigned char lower[LONGEST_WORD];
        for (size_t i = 0; i < length; i++) {
            lower[i] = (unsigned char)to_lower(lexer->text[lexer->position + i]);
        }
        token->flags = sql_lexer_word(lower, length, &token->role);
    }
    return finish(lexer, token, MERCURY_TOKEN_WORD, end, after_word(token->flags));
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

static bool word(sql_lexer *lexer, sql_token *token) {
    size_t start = lexer->position;
    size_t end = skip_class(lexer, start, lexer->word_mask);
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
        return has_class(lexer, position + (next == '@' ? 2 : 1), WORD_START);
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
    while (end < start + LONGEST_OPERATOR && has_class(lexer, end, OPERATOR) && !ends_run(lexer, start, end)) {
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
    bool listed = !runs || !has_class(lexer, start, OPERATOR);
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
    bool generic = lexer->dialect == MERCURY_DIALECT_GENERIC && placeholder_expected(lexer);
    bool own = is_dialect(lexer, MERCURY_DIALECT_MYSQL, MERCURY_DIALECT_MSSQL);
    bool variable = generic || own || (lexer->dialect == MERCURY_DIALECT_SQLITE && !system);
    if (!variable || !has_class(lexer, name, WORD_START)) {
        return operator_run(lexer, token);
    }
    size_t end = skip_class(lexer, name, lexer->word_mask);
    return system ? finish(lexer, token, MERCURY_TOKEN_WORD, end, AFTER_NAME)
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
    if (lexer->dialect == MERCURY_DIALECT_MSSQL && has_class(lexer, start + 1, WORD_START | HASH)) {
        return plain_word(lexer, token, skip_class(lexer, start, lexer->word_mask));
    }
    return operator_run(lexer, token);
}

/* ---- Dispatch ---- */

static bool punctuation(sql_lexer *lexer, sql_token *token, int byte) {
    size_t end = lexer->position + 1;
    int previous = AFTER_OPERAND_WORD;
    if (byte == '.') {
        previous = lexer->previous == AFTER_NAME ? AFTER_NAME_DOT : AFTER_DOT;
    } else if (byte == ')' || byte == ']') {
        previous = AFTER_VALUE;
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
    bool touches = start > 0 && (has_class(lexer, start - 1, WORD) || lexer->text[start - 1] == '`');
    bool mysql_name = lexer->dialect == MERCURY_DIALECT_MYSQL && lexer->previous == AFTER_NAME && touches;
    if (has_class(lexer, start + 1, DIGIT) && !mysql_name) {
        return number(lexer, token, start);
    }
    return punctuation(lexer, token, '.');
}

static bool digit(sql_lexer *lexer, sql_token *token) {
    bool touches = lexer->position > 0 && lexer->text[lexer->position - 1] == '.';
    if (lexer->dialect == MERCURY_DIALECT_MYSQL && lexer->previous == AFTER_NAME_DOT && touches) {
        return plain_word(lexer, token, skip_class(lexer, lexer->position, lexer->word_mask));
    }
    return number(lexer, token, lexer->position);
}

/* The end of a comment that was code. */
static bool is_end_of_code(const sql_lexer *lexer) {
    return lexer->in_code && byte_at(lexer, lexer->position + 1) == '/';
}

bool sql_lexer_next(sql_lexer *lexer, sql_token *token) {
    lexer->position = skip_class(lexer, lexer->position, SPACE);
    if (lexer->position >= lexer->length) {
        return false;
    }
    int byte = lexer->text[lexer->position];
    token->start = lexer->position;
    token->flags = 0;
    token->role = SQL_ROLE_NONE;
    token->operand = operand_expected(lexer);
    if ((CLASSES[byte] & WORD_START) != 0) {
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
        return string(lexer, token, lexer->position, lexer->dialect == MERCURY_DIALECT_MYSQL);
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
    case ';':
        return punctuation(lexer, token, byte);
    case '.':
        return dot(lexer, token);
    case '-':
        return is_line_comment(lexer, lexer->position) ? line_comment(lexer, token) : operator_run(lexer, token);
    case '/':
        return byte_at(lexer, lexer->position + 1) == '*' ? block_comment(lexer, token) : operator_run(lexer, token);
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
