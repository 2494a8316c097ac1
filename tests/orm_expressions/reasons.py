"""Why two canonical texts of one expression differ, and the proof: rewritten for the reasons, they are equal.

A reason's rewritings clear out of both texts what the reason tells, so it cannot stand for another difference. The
statements of an expression are one text here, a line each. `differences.json` holds the reasons of every difference:

    {"versions": {name: {"sqlite 5.2": "names positions"}}, "databases": {name: {"4.2 5.2 6.0 6.1": "like"}}}

The first says that the statements on SQLite changed from the version before 5.2 to 5.2, the second that SQLite and
PostgreSQL differ in these versions.
"""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Match, NamedTuple, Tuple, Union

from tests.orm_expressions.expected import VENDORS, VERSIONS, Expected, section

DIFFERENCES_FILE = Path(__file__).resolve().parent / "differences.json"

Rewriting = Tuple[str, Union[str, Callable[[Match[str]], str]]]
"""A regular expression, and what stands for its matches."""


class Reason(NamedTuple):
    """One cause of differences."""

    text: str
    rewritings: Tuple[Rewriting, ...]
    """The first matches where the reason is at work; what follows clears away what goes with it."""


def _sorted_columns(match: Match[str]) -> str:
    return ", ".join(sorted(match.group().split(", ")))


_NO_BRACKETS = (r"[()]", "")
_TYPE = r"(?:double precision|\w+(?:\(\?(?:, \?)?\))?(?:\[\])?)"
_COLUMN = r"[\w.]+"
_JSON_CASE = (
    rf"\(case when json_type\(({_COLUMN}), \?\) in \(\?\) then json_type\(\1, \?\) else json_extract\(\1, \?\) end\)"
)

_RENAMED = r"\b(?:greatest|least|substring|strpos|ascii|chr|random|string_agg|jsonb_build_\w+|strftime)\("

OF_VERSIONS: Dict[str, Reason] = {
    "names": Reason(
        "`values()` and `values_list()` name each column: `title AS title`, `author_id AS author`",
        ((r" as (?!numeric|real|text)\w+", ""),),
    ),
    "positions": Reason(
        "GROUP BY and ORDER BY name a selected column by its position",
        ((r"(?<= by ).*?(?= having | order by | limit |\)|$)", "..."),),
    ),
    "order": Reason(
        "`values()` keeps the order in which its columns are given", ((r"(?<=^select ).*?(?= from )", _sorted_columns),)
    ),
    "unnest": Reason(
        "`bulk_create()` on PostgreSQL hands over one array a column: `SELECT * FROM UNNEST(...)`",
        ((r"select \* from unnest\((?:\(\?\)::[\w ]+\[\](?:, )?)+\)", "values (?)"),),
    ),
    "prefetch_or": Reason(
        "Django 5.2 alone prefetches a forward key on SQLite with `id = ? OR id = ?`",
        ((rf"\(?({_COLUMN}) = \?\)?", r"\1 in (?)"),),
    ),
    "returning": Reason(
        "`bulk_create(update_conflicts=True)` asks for keys, from 6.0 on `save()` for values of expressions: RETURNING",
        ((r" returning .*", ""),),
    ),
    "boolean": Reason(
        "SQLite gets `in_print = ?` instead of `in_print`",
        ((r"(?:not )?(\w+\.(?:in_print|checked))(?: = \?)?", r"\1"),),
    ),
    "xor": Reason("an exclusive or of three asks for an odd count: MOD", ((r"\(mod\((.*?), \?\)\)", r"\1"),)),
    "right": Reason("`Right()` gives SUBSTR a length", ((r"(?<=\(\? \* \?\)), \?", ""),)),
    "through": Reason(
        "a count of a many-to-many relation leaves the far table out",
        ((r" from .*? inner join (\w+) on \(.*?\)", r" from \1"),),
    ),
    "array_default": Reason("the default of `ArrayAgg()` is cast", ((rf"\?::{_TYPE}", "?"),)),
    "constant_cast": Reason(
        "what an impossible condition leaves of a CASE is cast", ((rf"cast\(\? as text\)|\(\?\)::{_TYPE}", "?"),)
    ),
    "concat": Reason(
        "`Concat()` on PostgreSQL is `||` with COALESCE instead of CONCAT with casts",
        ((r"\bconcat\(", ""), (r"\bcoalesce\b|::text|[()]", ""), (r"(?:,| \|\|) \?", ""), (r" \|\|", ",")),
    ),
    "brackets": Reason("expressions stand in brackets of their own, or lost them", (_NO_BRACKETS,)),
    "decimal_real": Reason("a decimal parameter is cast to REAL on SQLite", ((r" as real\)", " as numeric)"),)),
}

OF_DATABASES: Dict[str, Reason] = {
    "group_by": Reason(
        "PostgreSQL groups by the primary key alone",
        ((r"(?<= group by ).*?(?= having | order by | limit |\)|$)", "..."),),
    ),
    "json": Reason(
        "JSON: functions on SQLite, operators on PostgreSQL",
        (
            (r"\bjson|->|#>|\?\?", r"\g<0>"),
            (_JSON_CASE, r"json(\1)"),
            (rf"json_type\(({_COLUMN}), \?\)(?: is not null (?:and|or) json_type\(\1, \?\))?", r"json(\1)"),
            (rf"\(({_COLUMN}) (?:->|#>)>? \?\)", r"json(\1)"),
            (rf"\(?\b(?:json\()?({_COLUMN})\)? (?:\?\?[|&]? \?|is not null\b)\)?", r"json(\1) is not null"),
            (r"json_extract\(\?, \?\)|json\(\?\)", "?"),
            (r"(?:\?, )+\?", "?"),
        ),
    ),
    "date_parts": Reason(
        "parts of dates: functions that Django gives SQLite, EXTRACT and DATE_TRUNC on PostgreSQL",
        (
            (rf"django_\w+\((?:\?, )?({_COLUMN})(?:, \?)*\)", r"part(\1)"),
            (rf"(?:date_trunc\(\?, |extract\(\w+ from )({_COLUMN})(?: at time zone \?)?\)(?: \+ \?)?", r"part(\1)"),
            (rf"\(({_COLUMN})(?: at time zone \?)?\)::(?:date|time)\b", r"part(\1)"),
            (r"\((part\(.*?\))\)::(?:date|time)\b", r"\1"),
        ),
    ),
    "intervals": Reason(
        "sums and differences of times: functions that Django gives SQLite, operators on PostgreSQL",
        (
            (
                rf"django_format_dtdelta\(\?, ({_COLUMN}), \?\)|django_timestamp_diff\(({_COLUMN}), ({_COLUMN}|\?)\)",
                r"\1\2",
            ),
            (rf"\(?({_COLUMN}) [-+] (?:\?|{_COLUMN})\)?", r"\1"),
            _NO_BRACKETS,
        ),
    ),
    "functions": Reason(
        "functions with another name: MAX and GREATEST, SUBSTR and SUBSTRING, JSON_OBJECT and JSONB_BUILD_OBJECT",
        (
            (_RENAMED, r"\g<0>"),
            (r"\bgreatest\(", "max("),
            (r"\bleast\(", "min("),
            (r"\bsubstring\(", "substr("),
            (r"\bstrpos\(", "instr("),
            (r"\bascii\(", "unicode("),
            (r"\bchr\(", "char("),
            (r"\brandom\(", "rand("),
            (r"\bstring_agg\(", "group_concat("),
            (r"\bjsonb_build_object\(", "json_object("),
            (r"\bjsonb_build_array\(", "json_array("),
            (r"strftime\(\?, \?\)", "statement_timestamp()"),
        ),
    ),
    "left_right": Reason(
        "LEFT and RIGHT, which are SUBSTR on SQLite",
        ((r"\b(?:left|right|substr)\(([\w.]+),[^)]*\)+", r"part(\1)"), (r"(?<=\))(?:, \?\))?", "")),
    ),
    "power": Reason("POWER and `^`", ((rf"\(?power\(({_COLUMN}), \?\)\)?|\(({_COLUMN}) \^ \?\)", r"power(\1\2)"),)),
    "locks": Reason(
        "SQLite has no FOR UPDATE", ((r" for (?:no key )?update(?: of \w+)?(?: nowait| skip locked)?$", ""),)
    ),
    "begin": Reason("SQLite gets a BEGIN through the cursor, PostgreSQL by its driver", ((r"^begin\n", ""),)),
    "unnest": Reason("`bulk_create()` hands PostgreSQL one array a column", OF_VERSIONS["unnest"].rewritings),
    "ignore": Reason("INSERT OR IGNORE and ON CONFLICT DO NOTHING", ((r" or ignore| on conflict do nothing", ""),)),
    "offset": Reason("SQLite's OFFSET wants a LIMIT", ((r"limit \? offset", "offset"),)),
    "explain": Reason("EXPLAIN QUERY PLAN", ((" query plan", ""),)),
    "boolean": OF_VERSIONS["boolean"],
    "prefetch_or": OF_VERSIONS["prefetch_or"],
    "constraints": Reason(
        "constraints are checked by PRAGMA on SQLite, by SET CONSTRAINTS on PostgreSQL",
        ((r"^(?:pragma foreign_key_check\(\w+\)|set constraints all (?:immediate|deferred))\n?", ""),),
    ),
    "like": Reason(
        "SQLite's LIKE names its ESCAPE, PostgreSQL's compares text: `::text`", ((r" escape \?", ""), ("::text", ""))
    ),
    "regex": Reason(
        "REGEXP and `~` or `~*`", (("::text", ""), (r" ~\*? ", " regexp "), (r"regexp \? \|\| \?", "regexp ?"))
    ),
    "ignore_case": Reason(
        "SQLite's LIKE ignores case; PostgreSQL compares `UPPER(column)` with `UPPER(?)`",
        ((r"\bupper\(", "("), (" like ", " = "), _NO_BRACKETS),
    ),
    "decimal": Reason("SQLite casts decimals: it has none", ((r"\bcast\b| as numeric\b| as real\b", ""), _NO_BRACKETS)),
    "cast": Reason(
        "CAST and `::`; PostgreSQL also casts where it could not tell a type",
        ((rf"\bcast\b| as {_TYPE}(?=\))|::{_TYPE}", ""), (r"\bdate\(", "("), _NO_BRACKETS),
    ),
    "concat": Reason("CONCAT with casts, and `||` with COALESCE", OF_VERSIONS["concat"].rewritings),
    "combined": Reason(
        "PostgreSQL puts the parts of a UNION, INTERSECT or EXCEPT in brackets",
        ((r"\b(union all|union|intersect|except) ?\(?(?=select)", r"\1 "), _NO_BRACKETS),
    ),
}


def rewritten(text: str, reasons: List[Reason]) -> str:
    """A text without what the reasons tell."""
    for reason in reasons:
        for pattern, replacement in reason.rewritings:
            text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return text


def explanation(one: str, other: str, reasons: Dict[str, Reason]) -> Tuple[str, ...]:
    """The names of the fewest reasons that make two texts equal, empty if no four of them do."""
    both = f"{one}\n{other}"
    near = [name for name, reason in reasons.items() if re.search(reason.rewritings[0][0], both, re.MULTILINE)]
    for count in range(1, 5):
        for names in combinations(near, count):
            chosen = [reasons[name] for name in names]
            if rewritten(one, chosen) == rewritten(other, chosen):
                return names
    return ()


class Difference(NamedTuple):
    """Two texts of one expression that should have been one."""

    name: str
    place: str
    """For versions a database and the later version, for databases a version."""
    one: str
    other: str


def between_versions(expected: Expected) -> Iterator[Difference]:
    """Where an expression changed from one version to the next that knows it, on one database."""
    for name, runs in expected.ids.items():
        for vendor in VENDORS:
            known = [version for version in VERSIONS if (version, vendor) in runs]
            for earlier, later in zip(known, known[1:]):
                one, other = runs[earlier, vendor], runs[later, vendor]
                if one != other:
                    yield Difference(name, f"{vendor} {later}", expected.text(one), expected.text(other))


def between_databases(expected: Expected) -> Iterator[Difference]:
    """Where the databases differ in one version."""
    for name, runs in expected.ids.items():
        for version in VERSIONS:
            one, other = (runs.get((version, vendor)) for vendor in VENDORS)
            if one is not None and other is not None and one != other:
                yield Difference(name, version, expected.text(one), expected.text(other))


Table = Dict[str, Dict[str, str]]
"""By expression and place, the names of the reasons."""


def table(differences: Iterator[Difference], reasons: Dict[str, Reason]) -> Table:
    """The reasons of every difference, none where they do not explain it."""
    rows: Table = {}
    for name, place, one, other in differences:
        rows.setdefault(name, {})[place] = " ".join(explanation(one, other, reasons))
    return rows


def by_reasons(rows: Table) -> Table:
    """The same with the places of equal reasons joined: `{name: {"5.2 6.0": "like"}}`."""
    return {
        name: {
            " ".join(place for place in places if places[place] == reasons): reasons
            for reasons in dict.fromkeys(places.values())
        }
        for name, places in rows.items()
    }


def write(expected: Expected) -> None:
    """Makes `differences.json`."""
    versions = table(between_versions(expected), OF_VERSIONS)
    databases = by_reasons(table(between_databases(expected), OF_DATABASES))
    sections = (section("databases", databases), section("versions", versions))
    DIFFERENCES_FILE.write_text("{\n" + ",\n".join(sections) + "\n}\n", encoding="utf-8")


def read() -> Tuple[Table, Table]:
    """The reasons of the differences between versions and between databases, by single places."""
    content = json.loads(DIFFERENCES_FILE.read_text(encoding="utf-8"))
    databases = {
        name: {version: reasons for versions, reasons in places.items() for version in versions.split()}
        for name, places in content["databases"].items()
    }
    return content["versions"], databases
