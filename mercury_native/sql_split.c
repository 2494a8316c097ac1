/*
 * sql_split.c - a script to its statements.
 *
 * The lexer tells a semicolon from one in a literal; all that is left to do is to forget
 * at each of them what came before, so that reading may go on from there as well. What
 * reading may not forget is not divided: COPY with its data, and all behind DELIMITER.
 */
#include "sql_lexer.h"

/* A semicolon, or the `\.` that ends COPY's data. */
static bool ends_statement(const sql_lexer *lexer, const sql_token *token) {
    const unsigned char *text = lexer->text + token->start;
    size_t length = token->end - token->start;
    bool end = (length == 1 && text[0] == ';') || (length == 2 && text[0] == '\\' && text[1] == '.');
    return token->kind == MERCURY_TOKEN_PUNCTUATION && end && !lexer->in_code && lexer->delimiter_length == 0;
}

/* The semicolon behind COPY on the last line: should another line come, data begin here. */
static bool may_begin_data(const sql_lexer *lexer, const sql_token *token, bool data_due) {
    return data_due && lexer->copies == SQL_COPIES_NONE && lexer->text[token->start] == ';';
}

int64_t mercury_sql_split_offsets(const char *text, size_t length, int64_t dialect, int64_t *offsets, size_t capacity,
                                  size_t *count, mercury_error *error) {
    sql_lexer lexer;
    sql_token token;
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
    while (found < capacity && sql_lexer_next(&lexer, &token) && !may_begin_data(&lexer, &token, data_due)) {
        if (ends_statement(&lexer, &token) && !data_due) {
            found++;
            offsets[found] = (int64_t)token.end;
            lexer.open_brackets = 0;
        }
        data_due = lexer.copies == SQL_COPIES_STDIN;
    }
    *count = found;
    return MERCURY_OK;
}
