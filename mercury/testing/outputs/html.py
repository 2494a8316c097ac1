"""The verdict as one HTML page that needs nothing else: no script, no other file, and a policy that allows none."""

import re
import sys
from html import escape
from typing import Callable, Dict, Iterable, List, Optional, Sequence, Tuple, TypeVar

from mercury._version import __version__
from mercury.report.kinds import title
from mercury.report.pen import counted
from mercury.testing.outputs.document import count_before
from mercury.testing.outputs.style import HASH, STYLE
from mercury.testing.outputs.telling import (
    budget_sentence,
    by_importance,
    gone_sentence,
    growth_sentence,
    next_steps,
    number,
    place,
    queries_of,
    totals,
)
from mercury.testing.outputs.text import plain
from mercury.testing.suite import Figures, SuiteFinding
from mercury.testing.verdict import SuiteVerdict
from mercury.testing.view_growth import GrowingStatement, ViewGrowth

MAX_ITEMS = 1_000
"""Findings of one state, and sentences of one kind, that are shown; a browser has to stay quick."""
MAX_ROWS = 100
_FEW = 10

_POLICY = f"default-src 'none'; style-src '{HASH}'; base-uri 'none'; form-action 'none'"

_T = TypeVar("_T")


def html(verdict: SuiteVerdict, command: str = "pytest --mercury") -> str:
    """The verdict as a page, what fails first. `command` is what ran the tests."""
    suite = verdict.suite
    by_test = {name: test.figures for name, test in suite.tests.items()}
    parts = [
        _head(verdict),
        _sentences("Could not judge", verdict.problems, str),
        _findings("New findings", verdict.new, verdict, "new"),
        _sentences("Budgets passed", verdict.passed_budgets, budget_sentence),
        _sentences("Gone", verdict.gone, gone_sentence),
        _growth(verdict.growing),
        _next(verdict, command),
        _folded(_findings("Known findings", verdict.known, verdict)),
        _folded(_findings("Advice, which fails nothing", verdict.advice, verdict)),
        _sentences("Notices", verdict.notices, str),
        _sentences("Growth not known", verdict.growth.unknown if verdict.growth else (), str),
        _sentences("Not measured", suite.notes, str),
        _table("Views", "view", suite.views()),
        _table("Tests", "test", by_test),
        _foot(),
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _text(text: str, most: int = 2_000) -> str:
    return escape(plain(text, most))


def _breakable(text: str) -> str:
    """A dotted name or a path, which may be broken behind its parts."""
    return re.sub(r"([./_])(?=\w)", r"\1<wbr>", _text(text, 300))


def _code(text: str) -> str:
    return f"<code>{_breakable(text)}</code>"


def _head(verdict: SuiteVerdict) -> str:
    told = ", ".join(totals(verdict)) or "nothing found"
    style = "bad" if verdict.exit_code else "" if verdict.findings else "good"
    suite = verdict.suite
    ran = f"{counted(len(suite.tests), 'test', 'tests')}, {counted(queries_of(suite))}"
    whole = "a complete run" if suite.is_complete else "not a complete run"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Mercury: {_text(told)}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>Mercury: <span class="{style}">{_text(told)}</span></h1>
<p class="soft">{ran}, {whole}</p>"""


def _foot() -> str:
    django = getattr(sys.modules.get("django"), "__version__", None)
    of_django = f", Django {_text(django)}" if django else ""
    return f"<footer>Mercury {_text(__version__)}{of_django}</footer>\n</body>\n</html>"


def _sentences(heading: str, items: Sequence[_T], tell: Callable[[_T], str]) -> str:
    if not items:
        return ""
    lines = [f"<h2>{_text(heading)}</h2>", "<ul>"]
    lines += [f"<li>{_text(tell(item))}</li>" for item in items[:MAX_ITEMS]]
    return "\n".join([*lines, "</ul>", *_more(len(items), MAX_ITEMS)])


def _more(number_of_all: int, shown: int) -> List[str]:
    left = number_of_all - shown
    return [f'<p class="soft">and {left:,} more: <code>--mercury-json=FILE</code> has all</p>'] if left > 0 else []


def _findings(heading: str, findings: Iterable[SuiteFinding], verdict: SuiteVerdict, style: str = "") -> str:
    found = by_importance(findings)
    if not found:
        return ""
    lines = [f"<h2>{_text(heading)}: {len(found):,}</h2>"]
    lines += [_article(finding, count_before(finding, verdict.previous), style) for finding in found[:MAX_ITEMS]]
    return "\n".join(lines + _more(len(found), MAX_ITEMS))


def _folded(part: str) -> str:
    """The part behind its heading, to be opened."""
    heading, _, rest = part.partition("\n")
    return f"<details>\n<summary>{heading}</summary>\n{rest}\n</details>" if part else ""


def _article(finding: SuiteFinding, before: Optional[int], style: str) -> str:
    cause = finding.cause
    count = counted(cause.count) + (f", {before:,} before" if before not in (None, cause.count) else "")
    loop = _code(place(cause.loop_file, cause.loop_line)) if cause.loop_line else ""
    function = f" in {_code(cause.function)}" if cause.function else ""
    fields = [
        ("Query", _code(place(cause.file, cause.line)) + function),
        ("Loop", loop),
        ("Fix", _text(cause.fix)),
        ("Why", _text(cause.why)),
        ("SQL", f"<pre>{_text(cause.sql)}</pre>" if cause.sql else ""),
        ("Tests", _names(finding.tests)),
        ("Views", _names(finding.views)),
    ]
    told = "\n".join(f"<dt>{label}</dt><dd>{value}</dd>" for label, value in fields if value)
    named = _text(cause.target or cause.subject, 200)
    return (
        f'<article class="{style}" id="{_text(finding.id)}">\n'
        f'<h3><span class="kind">{_text(title(cause.kind))}</span> {named} <span class="count">{count}</span></h3>\n'
        f"<dl>\n{told}\n</dl>\n</article>"
    )


def _growth(views: Sequence[ViewGrowth]) -> str:
    if not views:
        return ""
    lines = [f"<h2>Views that grow: {len(views):,}</h2>"]
    lines += [_growing(view) for view in views[:MAX_ITEMS]]
    return "\n".join(lines + _more(len(views), MAX_ITEMS))


def _growing(view: ViewGrowth) -> str:
    told = "\n".join(_growing_statement(each) for each in view.statements[:_FEW])
    left = len(view.statements) - _FEW
    more = f'\n<p class="soft">and {counted(left, "statement", "statements")} more</p>' if left > 0 else ""
    return f"<article>\n<h3>{_text(growth_sentence(view))}</h3>\n<dl>\n{told}\n</dl>{more}\n</article>"


def _growing_statement(each: GrowingStatement) -> str:
    where = _code(place(each.sent.file, each.sent.line))
    told = f"<dt>Grows</dt><dd>{_text(each.target, 200)}: {_text(str(each.slope))}</dd>\n<dt>Query</dt><dd>{where}</dd>"
    return told + (f"\n<dt>Fix</dt><dd>{_text(each.fix)}</dd>" if each.fix else "")


def _names(names: Sequence[str]) -> str:
    lines = [f"<li>{_code(name)}</li>" for name in names[:_FEW]]
    lines += [f"<li>and {len(names) - _FEW:,} more</li>"] if len(names) > _FEW else []
    return f"<ul>{''.join(lines)}</ul>" if names else ""


def _next(verdict: SuiteVerdict, command: str) -> str:
    told = next_steps(verdict, _code(f"{command} --mercury-update"))
    return f"<h2>Next</h2>\n<p>{'; '.join(told)}.</p>" if told else ""


def _table(heading: str, column: str, figures: Dict[str, Figures]) -> str:
    """Who sent the most queries."""
    if not figures:
        return ""
    most = sorted(figures.items(), key=_spent)
    lines = [
        f"<h2>{heading}: {len(most):,}</h2>",
        '<div class="table"><table>',
        f"<thead><tr><th>{column}</th>{_figures(_COLUMNS, 'th')}</tr></thead>",
        "<tbody>",
        *(_row(name, each) for name, each in most[:MAX_ROWS]),
        "</tbody></table></div>",
    ]
    return "\n".join(lines + _more(len(most), MAX_ROWS))


_COLUMNS = ("queries", "reads", "writes", "ms", "ms in database")


def _figures(cells: Sequence[str], tag: str) -> str:
    """Cells of which all but the first may be left out on a narrow screen."""
    styles = ["figure", *["figure further"] * (len(cells) - 1)]
    return "".join(f'<{tag} class="{style}">{cell}</{tag}>' for style, cell in zip(styles, cells))


def _spent(item: Tuple[str, Figures]) -> Tuple[int, str]:
    name, figures = item
    return -figures.queries.total, name


def _row(name: str, figures: Figures) -> str:
    queries = figures.queries
    cells = [f"{queries.total:,}", f"{queries.reads:,}", f"{queries.writes:,}"]
    cells += [_text(number(figures.response_time_ms)), _text(number(figures.query_time_ms))]
    return f"<tr><td>{_breakable(name)}</td>{_figures(cells, 'td')}</tr>"
