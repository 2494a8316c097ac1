/*
 * sql_advice.c - tokens to what the text alone proves wasteful or wrong.
 *
 * One pass with one token of look-ahead. Each open parenthesis has a frame; what it holds is
 * told by what stood before it:
 *
 *     SELECT a, f(b) FROM t1 x, (SELECT ...) y WHERE lower(x.a) IN (1, 2) AND (x.b = y.b)
 *     QUERY      CALL           JOINS -> QUERY            CALL     LIST       EXPRESSION
 *
 * In a condition, each comparison is a *term*; AND and OR begin a new one. Its left side
 * decides about functions on columns, and the names in it link the tables that FROM lists.
 * At a point of doubt the reading ends, and what needs the statement's end is not told.
 */
#include "sql_lexer.h"
#include "sql_word_list.h"

#include <string.h>

/* What a word says where it stands inside of a statement. */
enum {
    ROLE_NONE,
    ROLE_SELECT,
    ROLE_WITH,
    ROLE_RECURSIVE,
    ROLE_WRITE, /* begins a statement that has conditions but no result to bound */
    ROLE_VALUES,
    ROLE_CODE, /* begins what may hold further statements */
    ROLE_BEGIN,
    ROLE_TRANSACTION, /* shows that BEGIN begins no code */
    ROLE_ALL,
    ROLE_DISTINCT,
    ROLE_TOP,
    ROLE_INTO,
    ROLE_FROM,
    ROLE_LATERAL,
    ROLE_ONLY,
    ROLE_DUAL, /* the table of one row */
    ROLE_AS,
    ROLE_JOIN,
    ROLE_NATURAL,
    ROLE_CROSS,
    ROLE_SIDE, /* LEFT, INNER ...: JOIN follows */
    ROLE_APPLY,
    ROLE_ON,
    ROLE_CONFLICT, /* ON, but no condition */
    ROLE_USING,
    ROLE_WHERE,
    ROLE_GROUP, /* a clause that makes few rows of many */
    ROLE_ORDER,
    ROLE_LIMIT,
    ROLE_OFFSET,
    ROLE_REST, /* any other clause */
    ROLE_UNION,
    ROLE_EXCEPT,
    ROLE_AND,
    ROLE_NOT,
    ROLE_IN,
    ROLE_LIKE,
    ROLE_TO,
    ROLE_BETWEEN,
    ROLE_CASE,
    ROLE_END,
    ROLE_PREDICATE, /* stands before parentheses and is no function */
    ROLE_RANDOM,
    ROLE_RANDOM_PACKAGE,
    ROLE_TEXT, /* a cast to it keeps an index usable */
};

/* What a frame holds. */
enum {
    QUERY,      /* a statement or a subquery; the text itself is one */
    JOINS,      /* tables in parentheses */
    EXPRESSION, /* a part of a condition, or of another expression */
    CALL,       /* arguments, and whatever else decides nothing about rows */
    LIST,       /* what IN compares with */
};

/* How far a query has come. Frames in it that are no query of their own begin with its clause. */
enum {
    START,
    CTE_NAME,
    CTE_HEAD, /* its columns */
    CTE_AS,   /* its query */
    CTE_TAIL, /* a comma brings another, a verb the statement */
    COLUMNS,
    DUE,    /* a table */
    TABLES, /* a table was read */
    ON,
    WHERE,
    ORDER,
    REST,
    SILENT, /* nothing of this statement is judged */
};

/* What a term has shown so far. */
enum {
    TERM_START,
    TERM_COLUMN,   /* a column */
    TERM_GROUP,    /* parentheses with a column in them */
    TERM_CALL,     /* a function on a column */
    TERM_CAST,     /* a cast of a column */
    TERM_COMPARED, /* a column and a comparison */
    TERM_WRAPPED,  /* a function or a cast of a column, and a comparison */
    TERM_OTHER,
};

/* What a frame's flags say. */
enum {
    FRESH = 1, /* nothing was read in it yet */
    OUTER = 2, /* its rows are the statement's */
    RECURSIVE = 4,
    NEGATED = 8,
    HAS_COLUMN = 16,
    NOT_TERM = 32, /* NOT stands before the term */
};

/* How the next table is joined. */
enum { JOINED_FREELY, JOINED_CROSSWISE, JOINED_BY_ON, JOINED_BY_NAMES };

enum {
    OUTSIDE = MERCURY_ADVICE_MAX_RELATIONS, /* the group of subqueries, functions and outer queries */
    NO_ANCHOR = OUTSIDE + 1,
    MOST = 255 /* where counts of names stop */
};

static const size_t NOWHERE = (size_t)-1;

/* Every word that is more than a name here, sorted. */
/* clang-format off */
static const listed_word WORDS[] = {
    {"all", 3, ROLE_ALL, 0},
    {"alter", 5, ROLE_CODE, 0},
    {"and", 3, ROLE_AND, 0},
    {"any", 3, ROLE_PREDICATE, 0},
    {"apply", 5, ROLE_APPLY, 0},
    {"array", 5, ROLE_PREDICATE, 0},
    {"as", 2, ROLE_AS, 0},
    {"begin", 5, ROLE_BEGIN, 0},
    {"between", 7, ROLE_BETWEEN, 0},
    {"binary", 6, ROLE_TO, 0},
    {"case", 4, ROLE_CASE, 0},
    {"conflict", 8, ROLE_CONFLICT, 0},
    {"connect", 7, ROLE_GROUP, 0},
    {"create", 6, ROLE_CODE, 0},
    {"cross", 5, ROLE_CROSS, 0},
    {"dbms_random", 11, ROLE_RANDOM_PACKAGE, 0},
    {"declare", 7, ROLE_CODE, 0},
    {"deferred", 8, ROLE_TRANSACTION, 0},
    {"delete", 6, ROLE_WRITE, 0},
    {"distinct", 8, ROLE_DISTINCT, 0},
    {"do", 2, ROLE_CODE, 0},
    {"dual", 4, ROLE_DUAL, 0},
    {"duplicate", 9, ROLE_CONFLICT, 0},
    {"end", 3, ROLE_END, 0},
    {"except", 6, ROLE_EXCEPT, 0},
    {"exclusive", 9, ROLE_TRANSACTION, 0},
    {"exec", 4, ROLE_CODE, 0},
    {"execute", 7, ROLE_CODE, 0},
    {"exists", 6, ROLE_PREDICATE, 0},
    {"fetch", 5, ROLE_LIMIT, 0},
    {"for", 3, ROLE_REST, 0},
    {"from", 4, ROLE_FROM, 0},
    {"full", 4, ROLE_SIDE, 0},
    {"group", 5, ROLE_GROUP, 0},
    {"having", 6, ROLE_GROUP, 0},
    {"ilike", 5, ROLE_LIKE, 0},
    {"immediate", 9, ROLE_TRANSACTION, 0},
    {"in", 2, ROLE_IN, 0},
    {"inner", 5, ROLE_SIDE, 0},
    {"insert", 6, ROLE_WRITE, 0},
    {"intersect", 9, ROLE_EXCEPT, 0},
    {"into", 4, ROLE_INTO, 0},
    {"isolation", 9, ROLE_TRANSACTION, 0},
    {"join", 4, ROLE_JOIN, 0},
    {"lateral", 7, ROLE_LATERAL, 0},
    {"left", 4, ROLE_SIDE, 0},
    {"like", 4, ROLE_LIKE, 0},
    {"limit", 5, ROLE_LIMIT, 0},
    {"merge", 5, ROLE_WRITE, 0},
    {"minus", 5, ROLE_EXCEPT, 0},
    {"natural", 7, ROLE_NATURAL, 0},
    {"newid", 5, ROLE_RANDOM, 0},
    {"not", 3, ROLE_NOT, 0},
    {"offset", 6, ROLE_OFFSET, 0},
    {"on", 2, ROLE_ON, 0},
    {"only", 4, ROLE_ONLY, 0},
    {"option", 6, ROLE_REST, 0},
    {"or", 2, ROLE_AND, 0},
    {"order", 5, ROLE_ORDER, 0},
    {"outer", 5, ROLE_SIDE, 0},
    {"qualify", 7, ROLE_GROUP, 0},
    {"rand", 4, ROLE_RANDOM, 0},
    {"random", 6, ROLE_RANDOM, 0},
    {"recursive", 9, ROLE_RECURSIVE, 0},
    {"replace", 7, ROLE_WRITE, 0},
    {"returning", 9, ROLE_REST, 0},
    {"right", 5, ROLE_SIDE, 0},
    {"row", 3, ROLE_PREDICATE, 0},
    {"select", 6, ROLE_SELECT, 0},
    {"set", 3, ROLE_REST, 0},
    {"similar", 7, ROLE_LIKE, 0},
    {"some", 4, ROLE_PREDICATE, 0},
    {"start", 5, ROLE_GROUP, 0},
    {"straight_join", 13, ROLE_JOIN, 0},
    {"tablesample", 11, ROLE_GROUP, 0},
    {"text", 4, ROLE_TEXT, 0},
    {"to", 2, ROLE_TO, 0},
    {"top", 3, ROLE_TOP, 0},
    {"tran", 4, ROLE_TRANSACTION, 0},
    {"transaction", 11, ROLE_TRANSACTION, 0},
    {"union", 5, ROLE_UNION, 0},
    {"update", 6, ROLE_WRITE, 0},
    {"upsert", 6, ROLE_WRITE, 0},
    {"using", 5, ROLE_USING, 0},
    {"values", 6, ROLE_VALUES, 0},
    {"varchar", 7, ROLE_TEXT, 0},
    {"where", 5, ROLE_WHERE, 0},
    {"window", 6, ROLE_REST, 0},
    {"with", 4, ROLE_WITH, 0},
    {"work", 4, ROLE_TRANSACTION, 0},
    {"xor", 3, ROLE_AND, 0},
};
/* clang-format on */

typedef struct word_token {
    int kind; /* a mercury_token_kind; 0: the end of the text, or nothing before its start */
    int role;
    int flags; /* what the lexer's list says */
    size_t start;
    size_t length;
    const unsigned char *text;
} word_token;

static const word_token NOTHING = {0, ROLE_NONE, 0, 0, 0, (const unsigned char *)""};

/* A name without its quotes. */
typedef struct name {
    const unsigned char *text;
    size_t length;
} name;

/* An open parenthesis, or the text itself. */
typedef struct frame {
    size_t position; /* of the term's left side; of the IN before a LIST */
    uint16_t items;  /* of a LIST */
    uint8_t kind;
    uint8_t clause;
    uint8_t flags;
    uint8_t term;
    uint8_t cases;          /* CASE not yet ended */
    uint8_t query;          /* the frame of the innermost query, perhaps this one */
    uint8_t relation_count; /* those that were known where it opened */
    uint8_t cte_count;
    uint8_t anchor;      /* a group that the term's names belong to */
    uint8_t loose_names; /* names without a table in the term */
    uint8_t links;       /* links between tables that those may have made */
} frame;

/* A table that FROM lists, until the query ends. */
typedef struct relation {
    const unsigned char *name;
    size_t position;
    uint8_t name_length; /* 0: it has no name of its own */
    uint8_t group;
    bool awaits_on;
} relation;

/* One SELECT of those whose rows are the statement's. */
typedef struct arm {
    size_t position;
    bool open;
    bool has_column; /* one outside of parentheses: no aggregate then */
    bool has_table;
    bool bounded;
} arm;

typedef struct adviser {
    const unsigned char *text;
    const char *wildcards;
    size_t wildcard_count;
    mercury_advice *advice;
    frame frames[MERCURY_ADVICE_MAX_DEPTH];
    size_t depth;    /* of the innermost frame */
    size_t too_deep; /* open parentheses beyond it */
    relation relations[MERCURY_ADVICE_MAX_RELATIONS];
    size_t relation_count;
    name ctes[MERCURY_ADVICE_MAX_CTES];
    size_t cte_count;
    arm arm;
    size_t unbounded; /* the first arm that would be one */
    bool limited;
    bool unsure; /* the statement's end proves nothing */
    bool code;   /* what follows may be the body of a routine */
    word_token previous;
    size_t name_start; /* of the name that is being read */
    word_token before_name;
    word_token qualifier;
    int join;
    bool alias_due;
    size_t list_start; /* of the last IN, or of its NOT */
    bool list_negated;
    size_t pattern; /* of the LIKE whose pattern is due */
    size_t placeholder_count;
} adviser;

/* ---- Words ---- */

static int to_lower(int byte) {
    return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

/* The role of a word in any case. */
static int find_role(const unsigned char *text, size_t length) {
    const listed_word *found = listed_word_find(WORDS, sizeof WORDS / sizeof *WORDS, text, length);
    return found != NULL ? found->role : ROLE_NONE;
}

static bool is_text(const word_token *token, const char *text) {
    return token->length == strlen(text) && memcmp(token->text, text, token->length) == 0;
}

static bool is_punctuation(const word_token *token, int byte) {
    return token->kind == MERCURY_TOKEN_PUNCTUATION && token->text[0] == byte;
}

static bool is_word_or_quoted(const word_token *token) {
    return token->kind == MERCURY_TOKEN_WORD || token->kind == MERCURY_TOKEN_QUOTED;
}

static bool is_literal(const word_token *token) {
    return token->kind == MERCURY_TOKEN_STRING || token->kind == MERCURY_TOKEN_NUMBER;
}

static bool is_value(const word_token *token) {
    return is_literal(token) || token->kind == MERCURY_TOKEN_PLACEHOLDER;
}

/* Whether a word or a quoted name can be nothing else. */
static bool is_name(const word_token *token) {
    return token->kind == MERCURY_TOKEN_QUOTED ||
           (token->kind == MERCURY_TOKEN_WORD && (token->flags & SQL_WORD_KEYWORD) == 0);
}

static bool is_column(const word_token *token, const word_token *following) {
    return is_name(token) && !is_punctuation(following, '(');
}

/* Whether parentheses behind the token hold arguments. */
static bool is_function(const word_token *token) {
    if (token->kind == MERCURY_TOKEN_WORD && (token->flags & SQL_WORD_KEYWORD) != 0) {
        return (token->flags & SQL_WORD_FUNCTION) != 0 && token->role != ROLE_PREDICATE;
    }
    return is_word_or_quoted(token);
}

/* Whether a name behind the token is a column and no alias. */
static bool precedes_column(const word_token *token) {
    if (token->kind == MERCURY_TOKEN_WORD) {
        return (token->flags & SQL_WORD_KEYWORD) != 0 && token->role != ROLE_AS && token->role != ROLE_END;
    }
    return is_punctuation(token, ',') || (token->kind == MERCURY_TOKEN_OPERATOR && !is_text(token, "::"));
}

/* Whether a statement cannot end so: the text was cut. */
static bool is_unfinished(const word_token *last) {
    return last->kind == MERCURY_TOKEN_OPERATOR || is_punctuation(last, ',') || is_punctuation(last, '.');
}

/* Whether a plain decimal number reaches a bound. */
static bool is_at_least(const word_token *number, long bound) {
    long value = 0;
    for (size_t i = 0; i < number->length; i++) {
        int byte = number->text[i];
        if (byte < '0' || byte > '9') {
            return false;
        }
        value = value < bound ? 10 * value + (byte - '0') : value;
    }
    return value >= bound;
}

/* The first byte between a literal's quotes, -1 if there is none. */
static int first_character(const word_token *literal) {
    const unsigned char *text = literal->text;
    size_t opening = 0;
    while (opening < literal->length && text[opening] != '\'' && text[opening] != '"' && text[opening] != '$') {
        opening++;
    }
    if (opening < literal->length && text[opening] == '$') {
        do {
            opening++;
        } while (opening < literal->length && text[opening] != '$');
    } else if (opening > 0 && to_lower(text[opening - 1]) == 'q') {
        opening++; /* q'[...]' */
    }
    return opening + 1 < literal->length ? text[opening + 1] : -1;
}

/* ---- Names ---- */

static name content(const word_token *token) {
    name result = {token->text, token->length};
    if (token->kind == MERCURY_TOKEN_QUOTED) {
        result.text++;
        result.length -= 2;
    }
    return result;
}

static bool is_same_name(name one, name other) {
    if (one.length != other.length) {
        return false;
    }
    for (size_t i = 0; i < one.length; i++) {
        if (to_lower(one.text[i]) != to_lower(other.text[i])) {
            return false;
        }
    }
    return true;
}

static bool starts_with(name whole, const char *start) {
    name head = {whole.text, strlen(start)};
    name wanted = {(const unsigned char *)start, head.length};
    return whole.length >= head.length && is_same_name(head, wanted);
}

static bool is_of_catalog(const word_token *token) {
    name plain = content(token);
    return starts_with(plain, "pg_") || starts_with(plain, "sqlite_") || starts_with(plain, "information_schema");
}

static bool is_cte(const adviser *a, const word_token *token) {
    for (size_t i = 0; i < a->cte_count; i++) {
        if (is_same_name(a->ctes[i], content(token))) {
            return true;
        }
    }
    return false;
}

static name name_of(const relation *table) {
    name result = {table->name, table->name_length};
    return result;
}

/* ---- Frames ---- */

static frame *top(adviser *a) {
    return &a->frames[a->depth];
}

static bool is_condition(int clause) {
    return clause == ON || clause == WHERE;
}

/* Whether the frame's terms decide about rows. */
static bool has_terms(const frame *f) {
    return f->kind == QUERY || f->kind == JOINS || f->kind == EXPRESSION;
}

/* Whether the frame's term says what rows are not. */
static bool is_negated(const frame *f) {
    return ((f->flags & NEGATED) != 0) != ((f->flags & NOT_TERM) != 0);
}

static void set_flag(frame *f, int flag) {
    f->flags = (uint8_t)(f->flags | flag);
}

static void clear_flag(frame *f, int flag) {
    f->flags = (uint8_t)(f->flags & ~flag);
}

static frame new_frame(const adviser *a, int kind, int clause, int flags, size_t query) {
    frame f;
    memset(&f, 0, sizeof f);
    f.kind = (uint8_t)kind;
    f.clause = (uint8_t)clause;
    f.flags = (uint8_t)flags;
    f.term = TERM_OTHER;
    f.items = 1;
    f.query = (uint8_t)query;
    f.relation_count = (uint8_t)a->relation_count;
    f.cte_count = (uint8_t)a->cte_count;
    f.anchor = NO_ANCHOR;
    return f;
}

/* Something stays unread: the end of the statement proves nothing. */
static void lose(adviser *a) {
    a->advice->complete = 0;
    a->unsure = true;
}

/* ---- Rules ---- */

/* Counts a place; the first in the text is kept. */
static void tell(adviser *a, int rule, size_t position) {
    a->advice->counts[rule]++;
    if (a->advice->positions[rule] < 0 || (int64_t)position < a->advice->positions[rule]) {
        a->advice->positions[rule] = (int64_t)position;
    }
}

static void rule_unbounded_select(adviser *a) {
    if (a->unbounded != NOWHERE && !a->limited && !a->unsure) {
        tell(a, MERCURY_RULE_UNBOUNDED_SELECT, a->unbounded);
    }
}

static void rule_deep_offset(adviser *a, size_t position, const word_token *number) {
    if (number->kind == MERCURY_TOKEN_NUMBER && is_at_least(number, MERCURY_ADVICE_DEEP_OFFSET)) {
        tell(a, MERCURY_RULE_DEEP_OFFSET, position);
    }
}

/* The token is the first value behind LIKE. */
static void rule_leading_wildcard(adviser *a, const word_token *token) {
    bool leads = false;
    if (token->kind == MERCURY_TOKEN_STRING) {
        int first = first_character(token);
        leads = first == '%' || first == '_';
    } else if (a->placeholder_count <= a->wildcard_count) {
        leads = a->wildcards[a->placeholder_count - 1] != 0;
    }
    if (leads) {
        tell(a, MERCURY_RULE_LEADING_WILDCARD, a->pattern);
    }
}

static void rule_order_by_random(adviser *a, const word_token *token, const word_token *following) {
    if ((token->role == ROLE_RANDOM && is_punctuation(following, '(')) ||
        (token->role == ROLE_RANDOM_PACKAGE && is_punctuation(following, '.'))) {
        tell(a, MERCURY_RULE_ORDER_BY_RANDOM, token->start);
    }
}

static void rule_not_in_subquery(adviser *a, const frame *f) {
    if (f->kind == LIST && (f->flags & NEGATED) != 0) {
        tell(a, MERCURY_RULE_NOT_IN_SUBQUERY, f->position);
    }
}

/* What is compared is no plain column, so that no index on that one could serve either. */
static void rule_function_on_column(adviser *a, const frame *f) {
    if (f->term == TERM_WRAPPED) {
        tell(a, MERCURY_RULE_FUNCTION_ON_COLUMN, f->position);
    }
}

/* More groups of tables are left than links could join whose tables the text does not name. */
static void rule_cartesian_join(adviser *a, const frame *f) {
    uint64_t groups = 0; /* a bit each */
    size_t group_count = 0;
    size_t apart = NOWHERE;
    for (size_t i = f->relation_count; i < a->relation_count; i++) {
        uint64_t bit = (uint64_t)1 << a->relations[i].group;
        if ((groups & bit) == 0) {
            group_count++;
            apart = group_count == 2 ? a->relations[i].position : apart;
        }
        groups |= bit;
    }
    if (!a->unsure && group_count > 1 + (size_t)f->links) {
        tell(a, MERCURY_RULE_CARTESIAN_JOIN, apart);
    }
}

static void rule_long_in_list(adviser *a, const frame *f) {
    if (f->items == MERCURY_ADVICE_LONG_LIST) {
        tell(a, MERCURY_RULE_LONG_IN_LIST, f->position);
    }
}

static void rule_union_distinct(adviser *a, const frame *f, const word_token *token, const word_token *following) {
    bool begins = following->role == ROLE_SELECT || following->role == ROLE_WITH || following->role == ROLE_VALUES ||
                  is_punctuation(following, '(');
    if (begins && (f->flags & RECURSIVE) == 0) { /* there it ends the recursion */
        tell(a, MERCURY_RULE_UNION_DISTINCT, token->start);
    }
}

static void rule_select_star(adviser *a, const word_token *token) {
    tell(a, MERCURY_RULE_SELECT_STAR, token->start);
}

static void rule_literal_value(adviser *a, const frame *f, const word_token *token) {
    if (f->term == TERM_COMPARED && is_literal(token)) {
        tell(a, MERCURY_RULE_LITERAL_VALUE, token->start);
    }
}

/* ---- Links between tables ---- */

/* Makes two groups one, and says which. */
static uint8_t merge_groups(adviser *a, uint8_t one, uint8_t other) {
    uint8_t kept = other == OUTSIDE ? other : one;
    uint8_t gone = other == OUTSIDE ? one : other;
    for (size_t i = 0; i < a->relation_count; i++) {
        if (a->relations[i].group == gone) {
            a->relations[i].group = kept;
        }
    }
    return kept;
}

static uint8_t group_before(const adviser *a, const frame *query, size_t number) {
    return number > query->relation_count ? a->relations[number - 1].group : (uint8_t)OUTSIDE;
}

static void add_to_term(adviser *a, frame *query, uint8_t group) {
    query->anchor = query->anchor == NO_ANCHOR ? group : merge_groups(a, query->anchor, group);
}

/* The innermost table of that name, or NULL. */
static const relation *find_relation(const adviser *a, name wanted) {
    for (size_t i = a->relation_count; i > 0; i--) {
        if (is_same_name(name_of(&a->relations[i - 1]), wanted)) {
            return &a->relations[i - 1];
        }
    }
    return NULL;
}

static void link_loosely(frame *query) {
    query->loose_names = (uint8_t)(query->loose_names + (query->loose_names < MOST));
}

/* A column stands in a condition of the query: its table is linked with the term's others. */
static void link_column(adviser *a, size_t query_number) {
    frame *query = &a->frames[query_number];
    if (a->qualifier.kind == 0) {
        link_loosely(query);
        return;
    }
    const relation *table = find_relation(a, content(&a->qualifier));
    if (table == NULL || table < a->relations + query->relation_count) {
        add_to_term(a, query, OUTSIDE);
    }
    if (table != NULL) {
        while (table < a->relations + query->relation_count) {
            query = &a->frames[a->frames[query - a->frames - 1].query];
        }
        add_to_term(a, query, table->group);
    }
}

/* A term ends. Names without a table may have linked as many as they are, less one. */
static void end_term(adviser *a, size_t query_number) {
    frame *query = &a->frames[query_number];
    size_t names = query->loose_names;
    if (query->anchor == NO_ANCHOR && names > 0) {
        names--;
    }
    query->links = (uint8_t)(query->links + names > MOST ? MOST : query->links + names);
    query->loose_names = 0;
    query->anchor = NO_ANCHOR;
}

/* ON or USING: the last table that waits for one is joined to the one before it. */
static void join_by_condition(adviser *a, const frame *f) {
    const frame *query = &a->frames[f->query];
    for (size_t i = a->relation_count; i > query->relation_count; i--) {
        relation *table = &a->relations[i - 1];
        if (table->awaits_on) {
            table->awaits_on = false;
            merge_groups(a, table->group, group_before(a, query, i - 1));
            return;
        }
    }
}

/* ---- Statements ---- */

static void end_arm(adviser *a) {
    static const arm NONE = {0, false, false, false, false};
    if (a->arm.open && a->arm.has_column && a->arm.has_table && !a->arm.bounded && a->unbounded == NOWHERE) {
        a->unbounded = a->arm.position;
    }
    a->arm = NONE;
}

/* A SELECT ends, with its parentheses, at UNION or with the statement. */
static void end_query(adviser *a, frame *f) {
    if (f->clause == DUE) {
        a->unsure = true;
    }
    end_term(a, f->query);
    rule_cartesian_join(a, f);
    a->relation_count = f->relation_count;
    f->links = 0;
    if ((f->flags & OUTER) != 0) {
        end_arm(a);
    }
}

static void begin_statement(adviser *a) {
    a->depth = 0;
    a->too_deep = 0;
    a->relation_count = 0;
    a->cte_count = 0;
    a->frames[0] = new_frame(a, QUERY, a->code ? SILENT : START, OUTER, 0);
    a->unbounded = NOWHERE;
    a->limited = false;
    a->unsure = false;
    a->alias_due = false;
    a->pattern = NOWHERE;
}

static void end_statement(adviser *a) {
    if (a->depth > 0 || a->too_deep > 0 || is_unfinished(&a->previous)) {
        a->unsure = true;
    }
    end_query(a, &a->frames[0]);
    rule_unbounded_select(a);
    a->arm.open = false;
}

static void begin_select(adviser *a, frame *f, const word_token *token) {
    bool begins = f->clause == START || f->clause == CTE_TAIL || f->clause == REST;
    if (!begins || a->relation_count > f->relation_count) { /* another statement without a semicolon */
        a->unsure = true;
        a->relation_count = f->relation_count;
    }
    f->clause = COLUMNS;
    if ((f->flags & OUTER) != 0) {
        arm opened = {token->start, true, false, false, false};
        a->arm = opened;
    }
}

static void step_start(adviser *a, frame *f, const word_token *token, const word_token *following) {
    switch (token->role) {
    case ROLE_SELECT:
        begin_select(a, f, token);
        break;
    case ROLE_ALL:
    case ROLE_DISTINCT: /* of UNION */
        break;
    case ROLE_WITH:
        f->clause = CTE_NAME;
        break;
    case ROLE_WRITE:
    case ROLE_VALUES:
        clear_flag(f, OUTER);
        f->clause = REST;
        break;
    case ROLE_BEGIN:
        a->code = a->code || (following->kind == MERCURY_TOKEN_WORD && following->role != ROLE_TRANSACTION);
        f->clause = SILENT;
        break;
    default:
        a->code = a->code || token->role == ROLE_CODE;
        f->clause = SILENT;
        break;
    }
}

/* ---- Common table expressions ---- */

static void step_cte_name(adviser *a, frame *f, const word_token *token, const word_token *following) {
    if (token->role == ROLE_RECURSIVE && is_word_or_quoted(following) && following->role != ROLE_AS) {
        set_flag(f, RECURSIVE);
        return;
    }
    name plain = content(token);
    if (!is_word_or_quoted(token) || plain.length > MERCURY_ADVICE_MAX_NAME_BYTES ||
        a->cte_count == MERCURY_ADVICE_MAX_CTES) {
        lose(a);
    } else {
        a->ctes[a->cte_count++] = plain;
    }
    f->clause = CTE_HEAD;
}

static void step_cte(adviser *a, frame *f, const word_token *token, const word_token *following) {
    bool begins = token->role == ROLE_SELECT || token->role == ROLE_WRITE || token->role == ROLE_VALUES;
    if (f->clause == CTE_NAME) {
        step_cte_name(a, f, token, following);
    } else if (f->clause == CTE_HEAD && token->role == ROLE_AS) {
        f->clause = CTE_AS;
    } else if (f->clause == CTE_TAIL && begins) {
        step_start(a, f, token, following);
    }
}

/* ---- Tables ---- */

/* Something keeps the rows from being all of a table. */
static void bound(adviser *a, const frame *f) {
    if ((a->frames[f->query].flags & OUTER) != 0) {
        a->arm.bounded = true;
    }
}

/* What stands in FROM is no table whose size and links can be judged. */
static void derive(adviser *a, const frame *f) {
    bound(a, f);
    a->join = JOINED_FREELY;
    a->alias_due = false;
}

/* Gives the last table a name. Two of one name cannot be told apart. */
static void name_table(adviser *a, const frame *f, const word_token *token) {
    relation *last = &a->relations[a->relation_count - 1];
    name plain = content(token);
    bool unsure = plain.length > MERCURY_ADVICE_MAX_NAME_BYTES;
    for (const relation *other = a->relations + a->frames[f->query].relation_count; other < last; other++) {
        unsure = unsure || is_same_name(name_of(other), plain);
    }
    if (unsure) {
        a->unsure = true;
        plain.length = 0;
    }
    last->name = plain.text;
    last->name_length = (uint8_t)plain.length;
}

/* Whether the name is one of WITH, of a catalog, or of the table with one row. */
static bool is_derived(const adviser *a, const word_token *token) {
    if (a->qualifier.kind == 0) {
        return token->role == ROLE_DUAL || is_of_catalog(token) || is_cte(a, token);
    }
    return is_of_catalog(token) || is_of_catalog(&a->qualifier);
}

static void add_table(adviser *a, frame *f, const word_token *token, const word_token *following) {
    bool is_call = is_punctuation(following, '(') || following->role == ROLE_FROM; /* ROWS FROM (f(), g()) */
    if (!is_word_or_quoted(token) || is_call || is_derived(a, token)) {
        derive(a, f);
        return;
    }
    const frame *query = &a->frames[f->query];
    if ((query->flags & OUTER) != 0) {
        a->arm.has_table = true;
    }
    if (a->relation_count == MERCURY_ADVICE_MAX_RELATIONS) {
        lose(a);
        return;
    }
    size_t number = a->relation_count++;
    relation table = {NULL, a->name_start, 0, (uint8_t)number, a->join == JOINED_BY_ON};
    a->relations[number] = table;
    name_table(a, f, token);
    if (a->join == JOINED_BY_NAMES) {
        merge_groups(a, (uint8_t)number, group_before(a, query, number));
    }
    a->join = JOINED_FREELY;
    a->alias_due = true;
}

/* The words that are no table's name where one is due. */
static bool ends_tables(int role) {
    switch (role) {
    case ROLE_SELECT:
    case ROLE_FROM:
    case ROLE_JOIN:
    case ROLE_NATURAL:
    case ROLE_CROSS:
    case ROLE_SIDE:
    case ROLE_ON:
    case ROLE_USING:
    case ROLE_WHERE:
    case ROLE_GROUP:
    case ROLE_ORDER:
    case ROLE_LIMIT:
    case ROLE_UNION:
    case ROLE_EXCEPT:
        return true;
    default:
        return false;
    }
}

/* A table is due; false where a clause comes instead. */
static bool step_table(adviser *a, frame *f, const word_token *token, const word_token *following) {
    if (ends_tables(token->role)) {
        a->unsure = true;
        f->clause = TABLES;
        return false;
    }
    if (token->role == ROLE_LATERAL) {
        derive(a, f);
    } else if (token->role != ROLE_ONLY) {
        f->clause = TABLES;
        add_table(a, f, token, following);
    }
    return true;
}

/* Whether a word behind a table is its alias; a keyword may be one, or begin PARTITION (p) or USE INDEX (i). */
static bool may_be_alias(const word_token *token, const word_token *following) {
    if (is_name(token) || token->role != ROLE_NONE) {
        return is_name(token);
    }
    bool goes_on = is_word_or_quoted(following) && following->role == ROLE_NONE;
    return !goes_on && !is_punctuation(following, '(');
}

static void step_alias(adviser *a, const frame *f, const word_token *token, const word_token *following) {
    bool behind_as = a->previous.role == ROLE_AS;
    if (!a->alias_due) {
        return;
    }
    if (is_word_or_quoted(token) && (behind_as || may_be_alias(token, following))) {
        name_table(a, f, token);
        a->alias_due = false;
    } else if (behind_as) { /* servers take strings here */
        a->unsure = true;
    }
}

/* ---- Clauses ---- */

/* A clause begins, and with it perhaps a condition. */
static void enter(adviser *a, frame *f, int clause) {
    end_term(a, f->query);
    f->clause = (uint8_t)clause;
    f->term = is_condition(clause) ? TERM_START : TERM_OTHER;
    clear_flag(f, NOT_TERM);
    f->cases = 0;
    a->alias_due = false;
    a->pattern = NOWHERE;
}

/* DISTINCT, TOP, INTO. */
static bool step_modifier(adviser *a, const frame *f) {
    if (f->clause == COLUMNS) {
        bound(a, f);
    }
    return f->clause == COLUMNS || f->clause == TABLES;
}

static bool step_from(adviser *a, frame *f) {
    if (f->clause == COLUMNS && a->previous.role != ROLE_DISTINCT) { /* IS DISTINCT FROM */
        enter(a, f, DUE);
        a->join = JOINED_FREELY;
    }
    return f->clause == TABLES || f->clause == DUE;
}

/* The words before JOIN, and those that bring a table. */
static bool step_join(adviser *a, frame *f, const word_token *token, const word_token *following) {
    bool is_call = token->role == ROLE_SIDE && is_punctuation(following, '(');
    if ((f->clause != TABLES && f->clause != ON) || is_call) {
        return false;
    }
    enter(a, f, TABLES);
    if (token->role == ROLE_NATURAL) {
        a->join = JOINED_BY_NAMES;
    } else if (token->role == ROLE_CROSS) {
        a->join = JOINED_CROSSWISE;
    } else if (token->role == ROLE_APPLY) {
        derive(a, f);
        f->clause = DUE;
    } else if (token->role == ROLE_JOIN) {
        a->join = a->join == JOINED_FREELY ? JOINED_BY_ON : a->join;
        f->clause = DUE;
    }
    return true;
}

static bool step_on(adviser *a, frame *f, const word_token *following) {
    if (f->clause != TABLES && f->clause != ON && f->clause != REST) {
        return false;
    }
    enter(a, f, following->role == ROLE_CONFLICT ? SILENT : ON);
    join_by_condition(a, f);
    return true;
}

static bool step_using(adviser *a, const frame *f) {
    if (f->clause == TABLES) {
        join_by_condition(a, f);
    }
    return f->clause == TABLES;
}

static bool step_limit(adviser *a, frame *f) {
    enter(a, f, REST);
    a->limited = a->limited || (f->flags & OUTER) != 0;
    return true;
}

static bool step_offset(adviser *a, frame *f, const word_token *token, const word_token *following) {
    if (!is_value(following)) {
        return false;
    }
    enter(a, f, REST);
    rule_deep_offset(a, token->start, following);
    return true;
}

static bool step_rest(adviser *a, frame *f) {
    if (f->clause != COLUMNS) {
        enter(a, f, REST);
    }
    return true;
}

/* A clause that bounds the rows begins. */
static bool step_bound(adviser *a, frame *f, int clause) {
    enter(a, f, clause);
    bound(a, f);
    return true;
}

/* UNION, EXCEPT, INTERSECT: one SELECT ends, another begins. */
static bool step_combine(adviser *a, frame *f, const word_token *token, const word_token *following) {
    end_query(a, f);
    enter(a, f, START);
    if (token->role == ROLE_UNION) {
        rule_union_distinct(a, f, token, following);
    } else if ((f->flags & OUTER) != 0) {
        a->limited = true;
    }
    return true;
}

/* A word where no statement, no WITH and no table is due; false where it is a part of an expression. */
static bool step_word(adviser *a, frame *f, const word_token *token, const word_token *following) {
    switch (token->role) {
    case ROLE_SELECT:
        begin_select(a, f, token);
        return true;
    case ROLE_DISTINCT:
    case ROLE_TOP:
    case ROLE_INTO:
        return step_modifier(a, f);
    case ROLE_FROM:
        return step_from(a, f);
    case ROLE_JOIN:
    case ROLE_NATURAL:
    case ROLE_CROSS:
    case ROLE_SIDE:
    case ROLE_APPLY:
        return step_join(a, f, token, following);
    case ROLE_ON:
        return step_on(a, f, following);
    case ROLE_USING:
        return step_using(a, f);
    case ROLE_WHERE:
        return step_bound(a, f, WHERE);
    case ROLE_GROUP:
        return step_bound(a, f, REST);
    case ROLE_ORDER:
        enter(a, f, ORDER);
        return true;
    case ROLE_LIMIT:
        return step_limit(a, f);
    case ROLE_OFFSET:
        return step_offset(a, f, token, following);
    case ROLE_REST:
        return step_rest(a, f);
    case ROLE_UNION:
    case ROLE_EXCEPT:
        return step_combine(a, f, token, following);
    default:
        if (f->clause == TABLES) {
            step_alias(a, f, token, following);
        }
        return f->clause == TABLES;
    }
}

/* Follows a query from clause to clause; false where the token is a part of an expression. */
static bool step_clause(adviser *a, frame *f, const word_token *token, const word_token *following) {
    if (f->clause == START) {
        step_start(a, f, token, following);
        return true;
    }
    if (f->clause == CTE_NAME || f->clause == CTE_HEAD || f->clause == CTE_AS || f->clause == CTE_TAIL) {
        step_cte(a, f, token, following);
        return true;
    }
    if (f->clause == DUE && step_table(a, f, token, following)) {
        return true;
    }
    return step_word(a, f, token, following);
}

/* ---- Expressions ---- */

/* An item of the outermost SELECT, outside of parentheses. */
static void step_column(adviser *a, const word_token *token, const word_token *following) {
    bool ends = following->role == ROLE_FROM || is_punctuation(following, ',');
    if (token->kind == MERCURY_TOKEN_OPERATOR && is_text(token, "*") && ends) {
        a->arm.has_column = true;
        rule_select_star(a, token);
    } else if (is_column(token, following) && precedes_column(&a->before_name) && !is_text(following, "=")) {
        a->arm.has_column = true;
    }
}

/* Whether an index could serve the comparison. */
static bool is_comparison(const adviser *a, const frame *f, const word_token *token) {
    static const char *const OPERATORS[] = {"=", "<", ">", "<=", ">=", "<=>", "=="};
    if (a->previous.role == ROLE_NOT || is_negated(f)) {
        return false;
    }
    for (size_t i = 0; i < sizeof OPERATORS / sizeof OPERATORS[0]; i++) {
        if (is_text(token, OPERATORS[i])) {
            return true;
        }
    }
    return token->role == ROLE_IN || token->role == ROLE_LIKE || token->role == ROLE_BETWEEN;
}

static int left_side(const adviser *a, frame *f, const word_token *token, const word_token *following) {
    f->position = a->name_start;
    if (is_column(token, following)) {
        return TERM_COLUMN;
    }
    return is_function(token) && is_punctuation(following, '(') ? TERM_CALL : TERM_OTHER;
}

/* What a term is behind its left side, at a cast or a comparison. */
static int behind_left_side(const adviser *a, const frame *f, const word_token *token, const word_token *following) {
    if (is_text(token, "::") && f->term != TERM_CAST) {
        return following->role == ROLE_TEXT && f->term != TERM_CALL ? TERM_OTHER : TERM_CAST;
    }
    if (f->term != TERM_GROUP && is_comparison(a, f, token)) {
        return f->term == TERM_COLUMN ? TERM_COMPARED : TERM_WRAPPED;
    }
    return f->term == TERM_CAST && token->kind == MERCURY_TOKEN_WORD ? TERM_CAST : TERM_OTHER; /* the type's rest */
}

static int next_term(adviser *a, frame *f, const word_token *token, const word_token *following) {
    switch (f->term) {
    case TERM_START:
        return left_side(a, f, token, following);
    case TERM_COMPARED:
        rule_literal_value(a, f, token);
        return TERM_OTHER;
    case TERM_WRAPPED:
        if (!is_column(token, following)) {
            rule_function_on_column(a, f);
        }
        return TERM_OTHER;
    case TERM_OTHER:
        return TERM_OTHER;
    default:
        return behind_left_side(a, f, token, following);
    }
}

static void step_term(adviser *a, frame *f, const word_token *token, const word_token *following) {
    int role = token->role;
    if (role == ROLE_CASE) {
        f->cases = (uint8_t)(f->cases + (f->cases < MOST));
        f->term = TERM_OTHER;
    } else if (f->cases > 0) {
        f->cases = (uint8_t)(f->cases - (role == ROLE_END));
    } else if (role == ROLE_AND) {
        end_term(a, f->query);
        f->term = TERM_START;
        clear_flag(f, NOT_TERM);
    } else if (role == ROLE_NOT) {
        f->flags = (uint8_t)(f->flags ^ (f->term == TERM_START ? NOT_TERM : 0));
    } else {
        if (role == ROLE_LIKE && a->previous.role != ROLE_NOT && !is_negated(f)) {
            a->pattern = token->start;
        }
        f->term = (uint8_t)next_term(a, f, token, following);
    }
}

static void step_condition(adviser *a, frame *f, const word_token *token, const word_token *following) {
    if (is_column(token, following)) {
        set_flag(f, HAS_COLUMN);
        link_column(a, f->query);
    } else if (is_value(token) && f->clause == ON) {
        bound(a, f);
    }
    if (has_terms(f)) {
        step_term(a, f, token, following);
    } else if (f->kind == LIST) {
        rule_literal_value(a, f, token);
        f->term = TERM_OTHER;
    }
}

static void step_expression(adviser *a, frame *f, const word_token *token, const word_token *following) {
    if (token->role == ROLE_IN) {
        a->list_negated = a->previous.role == ROLE_NOT;
        a->list_start = a->list_negated ? a->previous.start : token->start;
    }
    if (is_condition(f->clause)) {
        step_condition(a, f, token, following);
    } else if (f->clause == ORDER) {
        rule_order_by_random(a, token, following);
    } else if (f->kind == QUERY && f->clause == COLUMNS && (f->flags & OUTER) != 0) {
        step_column(a, token, following);
    } else if (f->kind == QUERY && a->previous.role == ROLE_LIMIT && is_punctuation(following, ',')) {
        rule_deep_offset(a, a->previous.start, token);
    }
}

/* Looks for the first value behind LIKE, through functions and parentheses. */
static void step_pattern(adviser *a, const word_token *token, const word_token *following) {
    bool goes_on = token->role == ROLE_TO || is_punctuation(following, '(') || is_punctuation(following, '.') ||
                   is_punctuation(following, '[');
    if (is_word_or_quoted(token) && goes_on) {
        return;
    }
    if (token->kind == MERCURY_TOKEN_STRING || token->kind == MERCURY_TOKEN_PLACEHOLDER) {
        rule_leading_wildcard(a, token);
    }
    a->pattern = NOWHERE;
}

/* What stands first in parentheses decides what they hold. */
static void settle(adviser *a, frame *f, const word_token *token) {
    clear_flag(f, FRESH);
    bool is_query = token->role == ROLE_SELECT || token->role == ROLE_WITH || token->role == ROLE_VALUES;
    if (f->kind == QUERY || f->clause == SILENT || !is_query) {
        return;
    }
    if (f->kind == JOINS) {
        derive(a, f);
    }
    rule_not_in_subquery(a, f);
    f->kind = QUERY;
    f->clause = START;
    f->flags = 0;
    f->query = (uint8_t)a->depth;
}

/* Any token but punctuation. */
static void step_token(adviser *a, frame *f, const word_token *token, const word_token *following) {
    if ((f->flags & FRESH) != 0) {
        settle(a, f, token);
    }
    if (f->clause == SILENT) {
        return;
    }
    if (a->pattern != NOWHERE) {
        step_pattern(a, token, following);
    }
    if (is_word_or_quoted(token) && a->name_start == NOWHERE) {
        a->name_start = token->start;
        a->before_name = a->previous;
    }
    if (is_word_or_quoted(token) && is_punctuation(following, '.')) {
        a->qualifier = *token;
        if (f->clause == ORDER) {
            rule_order_by_random(a, token, following);
        }
        return;
    }
    if ((f->kind != QUERY && f->kind != JOINS) || !step_clause(a, f, token, following)) {
        step_expression(a, f, token, following);
    }
}

/* ---- Punctuation ---- */

/* What parentheses that open in a query's clause hold, and the clause they begin with; false: an expression. */
static bool holds(int clause, int *kind, int *within) {
    switch (clause) {
    case START:
    case CTE_AS:
        *kind = QUERY;
        *within = START;
        return true;
    case DUE:
        *kind = JOINS;
        *within = DUE;
        return true;
    case CTE_NAME:
    case CTE_HEAD:
    case CTE_TAIL:
    case TABLES:
        *kind = CALL;
        *within = REST;
        return true;
    default:
        return false;
    }
}

/* What parentheses that open here hold. */
static void look_within(const adviser *a, const frame *around, int *kind, int *within) {
    bool is_part = has_terms(around) && around->cases == 0 && around->term != TERM_CAST;
    bool is_clause = around->kind == QUERY || around->kind == JOINS;
    *within = around->clause;
    if (around->clause == SILENT) {
        *kind = CALL;
    } else if (is_clause && holds(around->clause, kind, within)) {
        return;
    } else if (a->previous.role == ROLE_IN) {
        *kind = LIST;
    } else {
        *kind = is_part && !is_function(&a->previous) ? EXPRESSION : CALL;
    }
}

/* Carries over what the parentheses are compared with, and whether they are negated. */
static void compare_frame(const adviser *a, const frame *around, frame *f) {
    f->position = a->list_start;
    if (is_condition(f->clause) && has_terms(around) && around->cases == 0) {
        if (is_negated(around) != (f->kind == LIST && a->list_negated)) {
            set_flag(f, NEGATED);
        }
        f->term = f->kind == EXPRESSION ? (uint8_t)TERM_START : around->term;
    }
}

/* The clause behind parentheses that open. */
static int clause_behind(int clause) {
    switch (clause) {
    case START:
        return REST;
    case CTE_AS:
        return CTE_TAIL;
    case DUE:
        return TABLES;
    default:
        return clause;
    }
}

/* The frame around goes on behind the parentheses that open. */
static void pass(adviser *a, frame *around, const word_token *token) {
    bool is_clause = around->kind == QUERY || around->kind == JOINS;
    if (is_clause && clause_behind(around->clause) != around->clause) {
        around->clause = (uint8_t)clause_behind(around->clause);
        a->alias_due = false;
    }
    if (around->term == TERM_START) {
        around->term = TERM_GROUP;
        around->position = token->start;
    } else if (around->term != TERM_CALL && around->term != TERM_CAST) {
        rule_function_on_column(a, around);
        around->term = TERM_OTHER;
    }
}

static void open_parenthesis(adviser *a, const word_token *token, const word_token *following) {
    if (a->too_deep > 0 || a->depth + 1 == MERCURY_ADVICE_MAX_DEPTH) {
        a->too_deep++;
        lose(a);
        return;
    }
    frame *around = top(a);
    int kind;
    int clause;
    clear_flag(around, FRESH);
    if (is_text(following, "+") && is_name(&a->previous)) { /* Oracle's outer join: a.i = b.i(+) */
        link_loosely(&a->frames[around->query]);
    }
    look_within(a, around, &kind, &clause);
    frame f = new_frame(a, kind, clause, FRESH, kind == QUERY ? a->depth + 1 : around->query);
    if (kind == QUERY) {
        f.flags = (uint8_t)(around->flags & (around->clause == START ? OUTER : RECURSIVE));
    } else if (kind == LIST || (kind == EXPRESSION && is_condition(clause))) {
        compare_frame(a, around, &f);
    }
    pass(a, around, token);
    a->frames[++a->depth] = f;
}

static void end_joins(adviser *a, const frame *f, const word_token *following) {
    end_term(a, f->query);
    if (following->role == ROLE_AS || is_name(following)) { /* an alias hides their names */
        for (size_t i = f->relation_count; i < a->relation_count; i++) {
            merge_groups(a, a->relations[i].group, OUTSIDE);
        }
    }
}

static void close_parenthesis(adviser *a, const word_token *following) {
    a->pattern = NOWHERE;
    if (a->too_deep > 0) {
        a->too_deep--;
        return;
    }
    if (a->depth == 0) {
        a->unsure = true;
        return;
    }
    frame *f = top(a);
    if (f->kind != CALL) { /* t PARTITION (p) AS alias */
        a->alias_due = false;
    }
    if (f->kind == QUERY) {
        end_query(a, f);
        a->cte_count = f->cte_count;
    } else if (f->kind == JOINS) {
        end_joins(a, f, following);
    }
    a->depth--;
    frame *around = top(a);
    if (f->kind != QUERY && (f->flags & HAS_COLUMN) != 0) {
        set_flag(around, HAS_COLUMN);
    } else if (around->term == TERM_GROUP || around->term == TERM_CALL) {
        around->term = TERM_OTHER;
    }
}

static void step_comma(adviser *a, frame *f) {
    if (f->kind == LIST) {
        f->items = (uint16_t)(f->items + (f->items <= MERCURY_ADVICE_LONG_LIST));
        rule_long_in_list(a, f);
    } else if (f->kind != QUERY && f->kind != JOINS) {
        f->term = TERM_OTHER;
    } else if (f->clause == TABLES || f->clause == ON) {
        enter(a, f, DUE);
        a->join = JOINED_FREELY;
    } else if (f->clause == CTE_TAIL) {
        f->clause = CTE_NAME;
    }
}

/* A comma, a dot or a square bracket. */
static void step_separator(adviser *a, frame *f, int byte) {
    clear_flag(f, FRESH);
    if (byte == ',' || byte == ']') {
        a->pattern = NOWHERE;
    }
    if (byte == ',') {
        step_comma(a, f);
    } else if (byte != '.' && f->term != TERM_CAST) {
        f->term = TERM_OTHER;
    }
}

static void step_punctuation(adviser *a, const word_token *token, const word_token *following) {
    int byte = token->text[0];
    if (byte == '(') {
        open_parenthesis(a, token, following);
    } else if (byte == ')') {
        close_parenthesis(a, following);
    } else if (byte == ';') {
        end_statement(a);
        begin_statement(a);
    } else if (a->too_deep == 0) {
        step_separator(a, top(a), byte);
    }
}

/* ---- The text ---- */

static void step(adviser *a, const word_token *token, const word_token *following) {
    if (token->kind == MERCURY_TOKEN_PLACEHOLDER) {
        a->placeholder_count++;
    }
    if (token->kind == MERCURY_TOKEN_PUNCTUATION) {
        step_punctuation(a, token, following);
    } else if (a->too_deep == 0) {
        step_token(a, top(a), token, following);
    }
    if (!is_punctuation(token, '.') && !(is_word_or_quoted(token) && is_punctuation(following, '.'))) {
        a->name_start = NOWHERE;
        a->qualifier = NOTHING;
    }
    a->previous = *token;
}

/* Reads the next token that is no comment; false at the end and at a point of doubt. */
static bool read_token(adviser *a, sql_lexer *lexer, bool dotted, word_token *token) {
    sql_token next;
    *token = NOTHING;
    do {
        if (!sql_lexer_next(lexer, &next)) {
            return false;
        }
    } while (next.kind == MERCURY_TOKEN_COMMENT);
    if (next.kind == MERCURY_TOKEN_DOUBT) {
        lose(a);
        return false;
    }
    token->kind = next.kind;
    token->flags = next.flags;
    token->start = next.start;
    token->text = a->text + next.start;
    token->length = next.end - next.start;
    if (next.kind == MERCURY_TOKEN_WORD && !dotted) {
        token->role = find_role(token->text, token->length);
    }
    return true;
}

static void read_text(adviser *a, sql_lexer *lexer) {
    word_token token;
    word_token following;
    bool more = read_token(a, lexer, false, &token);
    while (more) {
        more = read_token(a, lexer, is_punctuation(&token, '.'), &following);
        step(a, &token, &following);
        token = following;
    }
    end_statement(a);
}

static void start(adviser *a, const char *text, const char *wildcards, size_t wildcard_count, mercury_advice *advice) {
    memset(a, 0, sizeof *a);
    memset(advice, 0, sizeof *advice);
    advice->complete = 1;
    for (size_t rule = 0; rule < MERCURY_ADVICE_RULES; rule++) {
        advice->positions[rule] = -1;
    }
    a->text = (const unsigned char *)text;
    a->wildcards = wildcards;
    a->wildcard_count = wildcard_count;
    a->advice = advice;
    a->previous = NOTHING;
    a->before_name = NOTHING;
    a->qualifier = NOTHING;
    a->name_start = NOWHERE;
    begin_statement(a);
}

int64_t mercury_sql_advice_text(const char *text, size_t length, int64_t dialect, const char *wildcards,
                                size_t wildcard_count, mercury_advice *advice, mercury_error *error) {
    adviser state;
    sql_lexer lexer;
    if ((text == NULL && length > 0) || (wildcards == NULL && wildcard_count > 0) || advice == NULL) {
        return mercury_error_fill(error, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    }
    if (!sql_lexer_knows(dialect)) {
        return mercury_error_fill(error, MERCURY_ERROR_UNKNOWN_DIALECT, -1);
    }
    start(&state, text, wildcards, wildcard_count, advice);
    sql_lexer_start(&lexer, text, length, dialect);
    read_text(&state, &lexer);
    return MERCURY_OK;
}
