"""What is ignored says why and until when; what is broken, expired or of no use is told instead."""

import asyncio
import contextlib
import contextvars
import datetime
import importlib.util
import logging
import os
import pkgutil
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.django_database import database, shop  # noqa: F401 - fixtures

from django.core import checks  # isort: skip
from django.db import connection  # isort: skip
from django.template import Context, Engine  # isort: skip
from django.test import Client, override_settings  # isort: skip

import mercury
from mercury import findings, settings, trace
from mercury.errors import FindingsError, StaleIgnoreError
from mercury.suppression import audit, comment
from mercury.suppression.rule import KINDS, BrokenIgnore
from tests.project.models import Book

pytestmark = pytest.mark.usefixtures("shop", "fresh")

TODAY = datetime.date.today()
YESTERDAY = TODAY - datetime.timedelta(days=1)

AUTHORS = """
from tests.project.models import Book

def authors():
    names = []
    {above_loop}
    for book in Book.objects.order_by("pk"):  {loop}
        {above_query}
        names.append(book.author.name)  {query}
    return names
"""


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """No settings and no ignores but the test's own."""
    for name in os.environ:
        if name.startswith("MERCURY_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    settings.reload()
    audit.forget()
    yield tmp_path
    settings.reload()
    audit.forget()


@pytest.fixture
def module_of(tmp_path):
    """Imports a module with this source."""

    def load(source, name="shop_code"):
        path = tmp_path / f"{name}.py"
        path.write_text(source, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def authors_with(module_of, **comments):
    places = dict.fromkeys(("above_loop", "loop", "above_query", "query"), "#")
    return module_of(AUTHORS.format(**{**places, **comments})).authors


def authors():
    return [book.author.name for book in Book.objects.order_by("pk")]


def repaired():
    return [book.author.name for book in Book.objects.select_related("author")]


def report_of(function, workload="block"):
    with mercury.monitor("block", workload=workload) as watch:
        function()
    return watch.report


def kinds_of(report):
    return [finding.kind for finding in report.findings]


def ask(number=1):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", [number])
        cursor.fetchall()


PLACES = ["above_loop", "loop", "above_query", "query"]


@pytest.mark.parametrize("place", PLACES)
def test_a_comment_ignores_at_the_line_of_the_query_and_of_the_loop(place, module_of):
    text = f"# mercury: ignore[n_plus_one] three rows, at most, until={TODAY}, owner=shop team"
    report = report_of(authors_with(module_of, **{place: text}))
    assert (report.findings, report.stale) == ([], ())
    ((finding, rule),) = report.ignored
    assert finding.target == "Book.author"
    assert (rule.reason, rule.owner, rule.until) == ("three rows, at most", "shop team", TODAY)
    assert not report.metrics.n_plus_one_detected
    shown = " ".join(str(report).split())
    assert "Ignored: N+1: Book.author, 4 queries" in shown
    assert f"three rows, at most (shop team, until {TODAY})" in shown
    assert "Nothing found." in shown


@pytest.mark.parametrize(
    "text",
    [
        "# mercury: ignore[duplicate, n_plus_one] a reason",
        "#mercury:ignore[n_plus_one]a reason",
        "#: not ours  # mercury: ignore[n_plus_one] no",
        "# mercury: ignore[n_plus_one] a reason, with a comma, and = in it",
        "# mercury: ignore[n_plus_one] \N{SNOWMAN} reason",
    ],
)
def test_forms_of_a_comment(text, module_of):
    report = report_of(authors_with(module_of, query=text))
    assert len(report.ignored) == (0 if text.startswith("#:") else 1)


def test_a_comment_about_another_kind_ignores_nothing(module_of):
    report = report_of(authors_with(module_of, query="# mercury: ignore[duplicate] a reason"))
    assert kinds_of(report) == ["n_plus_one"]
    assert (report.ignored, report.stale) == ((), ())


def test_text_in_quotes_is_no_comment(module_of):
    source = AUTHORS.format(above_loop="#", loop="#", above_query="#", query="#")
    text = 'names.append(book.author.name or "# mercury: ignore[n_plus_one] no comment")'
    assert kinds_of(report_of(module_of(source.replace("names.append(book.author.name)", text)).authors)) == [
        "n_plus_one"
    ]


BROKEN = {
    "# mercury: ignore": "it names no kind of finding",
    "# mercury: ignore secret": "it must read",
    "# mercury: ignore[] secret": "it names no kind of finding",
    "# mercury: ignore[n_plus_one]": "it gives no reason",
    "# mercury: ignore[n_plus_one] , ,": "it gives no reason",
    "# mercury: ignore[n_plus_one": "it must read",
    "# mercury: ignore[n+1] secret": "no kind of finding",
    "# mercury: ignore[N_PLUS_ONE] secret": 'did you mean "n_plus_one"?',
    "# mercury: ignroe[n_plus_one] secret": "it must read",
    "# mercury: noqa": "it must read",
    "# mercury:": "it must read",
    "# mercury: ignore[n_plus_one] secret, until=tomorrow": "`until` is no day",
    "# mercury: ignore[n_plus_one] secret, until=2027-02-30": "`until` is no day",
    "# mercury: ignore[n_plus_one] secret, until=20270101": "`until` is no day",
    "# mercury: ignore[n_plus_one] secret, until=": "`until` is no day",
    "# mercury: ignore[n_plus_one] secret, until=\u0662\u0660\u0662\u0667-01-01": "`until` is no day",
    "# mercury: ignore[n_plus_one] secret, expires=2027-01-01": "neither `owner` nor `until`",
    "# mercury: ignore[n_plus_one] secret, owner=a, owner=b": "a field twice",
}


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_comment_ignores_nothing_and_is_told(text, module_of):
    report = report_of(authors_with(module_of, query=text))
    assert kinds_of(report) == ["n_plus_one"]
    assert report.ignored == ()
    (sentence,) = report.stale
    assert BROKEN[text] in sentence
    assert "shop_code.py:" in sentence
    assert "secret" not in sentence
    assert "Stale: the ignore at" in str(report)


@given(st.text(max_size=200))
def test_no_comment_is_too_strange_to_be_read(text):
    for start in ("# mercury: ignore[n_plus_one] ", "# mercury: ignore[", "# mercury:", "#"):
        found = comment.parse(start + text, "here")
        assert str(found).isprintable()


@given(st.binary(max_size=300))
def test_no_file_is_too_strange_to_be_read(data):
    for read in (comment._of_python, comment._of_template):
        for line, about, text in read(b"# mercury: ignore[n_plus_one] x\n" + data):
            assert 1 <= line <= about
            assert text.startswith("#")


def test_an_expired_comment_ignores_nothing_and_is_told(module_of):
    report = report_of(authors_with(module_of, loop=f"# mercury: ignore[n_plus_one] was slow, until={YESTERDAY}"))
    assert kinds_of(report) == ["n_plus_one"]
    (sentence,) = report.stale
    assert sentence.endswith(f"expired: was slow (until {YESTERDAY})")


def test_a_file_that_has_changed_is_read_again(module_of, tmp_path):
    assert len(report_of(authors_with(module_of, query="# mercury: ignore[n_plus_one] a reason")).ignored) == 1
    function = authors_with(module_of, query="#")
    assert report_of(function).ignored == ()
    (tmp_path / "shop_code.py").unlink()
    assert kinds_of(report_of(function)) == ["n_plus_one"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 100,
        b"# mercury: ignore[n_plus_one] x\n\xff\xfe",
        b"# coding: no-such\n# mercury: ignore[n_plus_one] x\n",
        b"mercury = (((\n# mercury: ignore[n_plus_one] x",
        b"mercury\n" + b"(" * 10_000,
        b"mercury\n" + b" \n  x\n y\n",
    ],
    ids=range(7),
)
def test_a_file_that_is_no_python_is_no_fault(data, tmp_path):
    path = tmp_path / "odd.py"
    path.write_bytes(data)
    assert isinstance(comment.comments_of(str(path)), dict)


@pytest.mark.parametrize("file", ["", "<string>", "\0", "/", "no/such/file.py", "x" * 10_000])
def test_a_place_that_is_no_file_has_no_comments(file):
    assert comment.comments_of(file) == {}


def test_a_file_that_is_too_large_is_left_alone(tmp_path, monkeypatch):
    path = tmp_path / "large.py"
    path.write_text("x = 1  # mercury: ignore[n_plus_one] a reason\n")
    monkeypatch.setattr(comment, "MAX_FILE_BYTES", 10)
    assert comment.comments_of(str(path)) == {}


def test_the_files_remembered_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(comment, "MAX_FILES", 3)
    for number in range(10):
        path = tmp_path / f"{number}.py"
        path.write_text("x = 1  # mercury: ignore[n_plus_one] a reason\n")
        assert len(comment.comments_of(str(path))) == 1
        assert len(comment._files) <= 3


TEMPLATES = {
    "on the line of the query": """{% for book in books %}
        {{ book.author.name }} {# mercury: ignore[n_plus_one] few #}
        {% endfor %}""",
    "on the line of the loop": """{% for book in books %} <!-- mercury: ignore[n_plus_one] few -->
        {{ book.author.name }}
        {% endfor %}""",
    "alone above": """{% for book in books %}
        {# mercury: ignore[n_plus_one] few #}
        {{ book.author.name }}
        {% endfor %}""",
}


@pytest.mark.parametrize("where", TEMPLATES)
def test_comments_of_templates_count(where, tmp_path):
    (tmp_path / "list.html").write_text(TEMPLATES[where])
    engine = Engine(dirs=[str(tmp_path)], debug=True)

    def page():
        engine.get_template("list.html").render(Context({"books": Book.objects.all()}))

    report = report_of(page)
    assert (report.findings, len(report.ignored)) == ([], 1)
    assert report.ignored[0].rule.reason == "few"


def test_every_kind_that_is_found_may_be_ignored():
    found = set()
    for info in pkgutil.iter_modules(findings.__path__):
        module = importlib.import_module(f"mercury.findings.{info.name}")
        found |= {module.KIND} if hasattr(module, "KIND") else set()
    assert len(found) >= 4
    assert found <= set(KINDS)


def test_a_block_ignores_what_it_calls():
    def view():
        with mercury.ignore("n_plus_one", reason="few", owner="shop", until=TODAY):
            authors()

    report = report_of(view)
    assert (report.findings, len(report.ignored)) == ([], 1)
    assert report.ignored[0].rule.where.startswith(__file__)


def test_a_block_that_holds_only_some_of_the_queries_ignores_nothing():
    def view():
        for index, book in enumerate(Book.objects.order_by("pk")):
            with contextlib.ExitStack() as stack:
                if index:
                    stack.enter_context(mercury.ignore("n_plus_one", reason="few"))
                str(book.author.name)

    report = report_of(view)
    assert kinds_of(report) == ["n_plus_one"]
    assert report.ignored == ()


def test_a_block_inside_the_loop_ignores_all_turns():
    def view():
        for book in Book.objects.order_by("pk"):
            with mercury.ignore("n_plus_one", reason="few"):
                str(book.author.name)

    assert kinds_of(report_of(view)) == []


def test_the_same_code_outside_of_the_block_is_found():
    def view():
        with mercury.ignore("n_plus_one", reason="few"):
            authors()
        for book in Book.objects.order_by("-pk"):
            str(book.author.name)

    report = report_of(view)
    assert (kinds_of(report), len(report.ignored)) == (["n_plus_one"], 1)


def test_a_block_around_a_unit_covers_it():
    with mercury.ignore("n_plus_one", reason="few"):
        report = report_of(authors)
        with override_settings(MERCURY={"mode": "raise"}):
            assert Client().get("/plain/7/").status_code == 200
    assert len(report.ignored) == 1
    assert kinds_of(report_of(authors)) == ["n_plus_one"]


def test_a_generator_may_ignore_for_its_caller():
    @contextlib.contextmanager
    def quiet():
        with mercury.ignore("n_plus_one", reason="few"):
            yield

    def view():
        with quiet():
            authors()

    assert kinds_of(report_of(view)) == []


def test_decorated_functions_ignore_each_time():
    @mercury.ignore("n_plus_one", reason="few")
    def decorated():
        return authors()

    @mercury.ignore("n_plus_one", reason="few")
    async def coroutine():
        return [book.title async for book in Book.objects.all()]

    assert decorated.__name__ == "decorated"
    assert len(decorated()) == 4
    for _ in range(2):
        assert kinds_of(report_of(decorated)) == []
    assert asyncio.iscoroutinefunction(coroutine)
    for generator in (lambda: (yield), _async_generator):
        with pytest.raises(TypeError, match="inside it"):
            mercury.ignore("n_plus_one", reason="few")(generator)


async def _async_generator():
    yield


def test_an_asynchronous_block_ignores():
    def ask_from_one_line():
        for number in range(3):
            ask(number)

    async def view():
        async with mercury.ignore("repeated_in_loop", reason="few"):
            ask_from_one_line()

    # Driven by hand: the database's connection belongs to this thread.
    with mercury.monitor("outer") as watch, contextlib.suppress(StopIteration):
        view().send(None)
    assert (kinds_of(watch.report), len(watch.report.ignored)) == ([], 1)


def test_work_handed_to_a_pool_is_ignored_with_its_block():
    seen = []

    def view():
        with mercury.ignore("n_plus_one", reason="few"), ThreadPoolExecutor(1) as pool:
            seen.append(pool.submit(trace.ignoring.get).result())

    report_of(view)
    assert [rule.reason for rule in seen[0]] == ["few"]


def test_blocks_may_lie_in_each_other_and_be_left_in_another_context():
    block = mercury.ignore("n_plus_one", reason="few")
    with block, block:
        authors()
    contextvars.copy_context().run(block.__enter__)
    block.__exit__(None, None, None)
    assert kinds_of(report_of(authors)) == ["n_plus_one"]


def test_what_a_block_raises_passes_through():
    with pytest.raises(ZeroDivisionError), mercury.ignore("n_plus_one", reason="few"):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("kinds", "options"),
    [
        ((), {"reason": "few"}),
        (("n+1",), {"reason": "few"}),
        ((7,), {"reason": "few"}),
        (("n_plus_one",), {"reason": ""}),
        (("n_plus_one",), {"reason": " \n"}),
        (("n_plus_one",), {"reason": 7}),
        (("n_plus_one",), {"reason": "few", "owner": 7}),
        (("n_plus_one",), {"reason": "few", "until": "soon"}),
        (("n_plus_one",), {"reason": "few", "until": datetime.datetime.now()}),
        (("n_plus_one",), {"reason": "few", "until": 20270101}),
    ],
)
def test_a_block_of_no_use_is_refused_at_once(kinds, options):
    with pytest.raises(BrokenIgnore):
        mercury.ignore(*kinds, **options)


def test_a_block_needs_a_reason():
    with pytest.raises(TypeError):
        mercury.ignore("n_plus_one")


def test_an_expired_block_ignores_nothing_and_is_told():
    def view():
        with mercury.ignore("n_plus_one", reason="few", until=YESTERDAY):
            authors()

    report = report_of(view)
    assert kinds_of(report) == ["n_plus_one"]
    assert "expired: few" in report.stale[0]


def fingerprint_of(report):
    return f"{report.findings[0].fingerprint:016x}"


MATCHING = [
    {"field": "Book.author"},
    {"field": "Book"},
    {"path": "test_suppression.py"},
    {"path": "*/test_*.py"},
    {"path": os.path.basename(os.path.dirname(__file__)) + "/*"},
    {"path": __file__.replace(os.sep, "/")},
    {"field": "Book.author", "path": "tests/*"},
    {"kinds": ["duplicate", "n_plus_one"], "field": "Book.author"},
]
OTHERS = [
    {"field": "Book.publisher"},
    {"field": "author"},
    {"field": "book.author"},
    {"path": "suppression.py"},
    {"path": "shop/*"},
    {"field": "Book.author", "path": "shop/*"},
    {"fingerprint": "0" * 16},
    {"kinds": ["duplicate"], "field": "Book.author"},
]


@pytest.mark.parametrize(("entry", "count"), [*((each, 1) for each in MATCHING), *((each, 0) for each in OTHERS)])
def test_the_settings_ignore_by_field_and_by_path(entry, count):
    entry = {"kinds": "n_plus_one", "reason": "few", "owner": "shop", "until": str(TODAY), **entry}
    with override_settings(MERCURY={"ignore": [entry]}):
        report = report_of(authors)
    assert len(report.ignored) == count
    assert len(report.findings) == 1 - count
    if count:
        assert report.ignored[0].rule.where == "settings.MERCURY, ignore[0]"


def test_the_settings_ignore_by_fingerprint():
    for text in (fingerprint_of(report_of(authors)), fingerprint_of(report_of(authors)).upper()):
        entry = {"kinds": ["n_plus_one"], "fingerprint": text, "reason": "few"}
        with override_settings(MERCURY={"ignore": (entry,)}):
            assert len(report_of(authors).ignored) == 1


def test_pyproject_ignores_too_with_a_date_of_its_own(fresh):
    entry = '{kinds = ["n_plus_one"], field = "Book.author", reason = "few", until = 2000-01-01}'
    (fresh / "pyproject.toml").write_text(f"[tool.mercury]\nignore = [{entry}]\n")
    report = report_of(authors)
    assert kinds_of(report) == ["n_plus_one"]
    assert report.stale == (f"the ignore at {fresh / 'pyproject.toml'}, ignore[0] expired: few (until 2000-01-01)",)


BROKEN_ENTRIES = [
    "secret",
    7,
    {},
    {"kinds": "n_plus_one", "reason": "secret"},
    {"kinds": "n_plus_one", "field": "Book.author"},
    {"kinds": [], "field": "Book.author", "reason": "secret"},
    {"kinds": ["n+1"], "field": "Book.author", "reason": "secret"},
    {"kinds": {"n_plus_one"}, "field": "Book.author", "reason": "secret"},
    {"kinds": "n_plus_one", "field": 7, "reason": "secret"},
    {"kinds": "n_plus_one", "field": "", "reason": "secret"},
    {"kinds": "n_plus_one", "path": ["shop/*"], "reason": "secret"},
    {"kinds": "n_plus_one", "fingerprint": "secret", "reason": "secret"},
    {"kinds": "n_plus_one", "fingerprint": "0x12", "reason": "secret"},
    {"kinds": "n_plus_one", "fingerprint": 12, "reason": "secret"},
    {"kinds": "n_plus_one", "field": "Book.author", "reason": "secret", "until": "2027-13-01"},
    {"kinds": "n_plus_one", "field": "Book.author", "reason": "secret", "till": "2027-01-01"},
    {"kinds": "n_plus_one", "field": "Book.author", "reason": "secret", 7: 7},
    {"kinds": "n_plus_one", "field": "Book.author", "reason": b"secret"},
]


@pytest.mark.parametrize("entry", BROKEN_ENTRIES, ids=range(len(BROKEN_ENTRIES)))
def test_a_broken_entry_is_told_by_a_check_and_the_others_hold(entry):
    good = {"kinds": "n_plus_one", "field": "Book.author", "reason": "few"}
    with override_settings(MERCURY={"ignore": [entry, good]}):
        report = report_of(authors)
        (message,) = [each for each in checks.run_checks() if each.id == "mercury.E004"]
        assert "ignore[0]" in audit.stale_ignores()[-1]
    assert len(report.ignored) == 1
    assert "ignore[0] ignores nothing" in message.msg
    assert "secret" not in message.msg


@pytest.mark.parametrize("value", ["n_plus_one", {"kinds": []}, 7, None])
def test_ignores_that_are_no_list_are_told(value):
    with override_settings(MERCURY={"ignore": value}):
        assert kinds_of(report_of(authors)) == ["n_plus_one"]
        assert "mercury.E002" in [each.id for each in checks.run_checks()]


def test_what_is_ignored_is_neither_warned_of_nor_raised(caplog):
    caplog.set_level(logging.DEBUG, "mercury")
    entry = {"kinds": "n_plus_one", "field": "Book.author", "reason": "few"}
    with override_settings(MERCURY={"ignore": [entry], "mode": "raise"}):
        assert Client().get("/plain/7/").status_code == 200
    (record,) = [record for record in caplog.records if record.name == "mercury"]
    assert record.levelno == logging.INFO
    assert ", 1 ignored" in record.getMessage()


@pytest.mark.parametrize(("setting", "fails"), [("report", False), ("fail", True)])
def test_stale_ignores_can_fail_where_the_finding_alone_would_not(setting, fails, module_of):
    function = authors_with(module_of, query="# mercury: ignore[n_plus_one]")
    with override_settings(MERCURY={"mode": "raise", "min_repetitions": 100, "stale_ignores": setting}):
        if fails:
            with pytest.raises(FindingsError, match="it gives no reason"):
                report_of(function)
        else:
            assert len(report_of(function).stale) == 1


REPAIRED = textwrap.dedent("""
    from tests.project.models import Book

    def authors():
        return [
            book.author.name  # mercury: ignore[n_plus_one] few
            for book in Book.objects.select_related("author")
        ]

    def never():
        list(Book.objects.all())  # mercury: ignore[duplicate] never run
""")


def test_a_comment_whose_function_ran_without_need_is_idle_and_told(module_of, tmp_path):
    module = module_of(REPAIRED)
    assert report_of(module.authors).idle == (), "nobody looks where units are only observed"
    report = report_of(module.authors, workload="test")
    assert report.idle == (f"{tmp_path / 'shop_code.py'}:6",)
    assert audit.stale_ignores() == [f"the ignore at {tmp_path / 'shop_code.py'}:6 found nothing to ignore"]


def test_an_ignore_that_was_of_use_once_is_not_told(module_of):
    function = authors_with(module_of, query="# mercury: ignore[n_plus_one] few")
    with override_settings(MERCURY={"mode": "warn"}):
        assert report_of(function).idle == ()
        keys = list(Book.objects.values_list("pk", flat=True))
        Book.objects.filter(pk__in=keys[1:]).delete()
        assert len(report_of(function).idle) == 1
    assert audit.stale_ignores() == []


def test_blocks_and_settings_that_ignore_nothing_are_told():
    def view():
        with mercury.ignore("n_plus_one", reason="few"):
            repaired()

    entry = {"kinds": "n_plus_one", "field": "Book.publisher", "reason": "few"}
    with override_settings(MERCURY={"ignore": [entry]}):
        report = report_of(view, workload="test")
        told = audit.stale_ignores()
    assert len(report.idle) == 1
    assert [sentence.split()[3].partition(":")[0] for sentence in told] == [
        __file__.partition(":")[0],
        "settings.MERCURY,",
    ]


def test_templates_that_ran_without_need_are_told(tmp_path):
    (tmp_path / "list.html").write_text(TEMPLATES["alone above"])
    template = Engine(dirs=[str(tmp_path)]).get_template("list.html")
    Book.objects.all()[0].delete()
    keys = list(Book.objects.values_list("pk", flat=True))[1:]
    Book.objects.filter(pk__in=keys).delete()
    report = report_of(lambda: template.render(Context({"books": Book.objects.all()})), workload="test")
    assert report.idle == (f"{tmp_path / 'list.html'}:2",)


@pytest.mark.parametrize(("setting", "fails"), [("report", False), ("fail", True)])
def test_the_end_of_the_tests_may_ask_for_stale_ignores(setting, fails, module_of, caplog):
    mercury.check_ignores()
    report_of(module_of(REPAIRED).authors, workload="test")
    with override_settings(MERCURY={"stale_ignores": setting}):
        if fails:
            with pytest.raises(StaleIgnoreError, match="found nothing to ignore"):
                mercury.check_ignores()
        else:
            mercury.check_ignores()
    assert len(caplog.records) == (0 if fails else 1)


def test_the_memory_of_ignores_is_bounded(monkeypatch):
    monkeypatch.setattr(audit, "MAX_REMEMBERED", 3)
    audit.remember([], map(str, range(10)), map(str, range(10)))
    assert len(audit.stale_ignores()) == 6


def test_statements_counted_inside_of_blocks_are_bounded(monkeypatch):
    monkeypatch.setattr(trace, "MAX_IGNORED", 2)

    def view():
        for number in range(5):
            with mercury.ignore("n_plus_one", reason=f"few {number}"):
                authors()

    with mercury.monitor("block") as watch:
        view()
        assert len(trace.current.get().ignored.inside) == 2
    assert kinds_of(watch.report)


def test_a_fault_in_the_sieve_ignores_nothing_and_harms_nobody(monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("mercury._monitor.Sieve", broken)
    assert kinds_of(report_of(authors)) == ["n_plus_one"]
    assert len(caplog.records) == 1


def test_the_command_lists_comments_and_tells_of_the_dead(tmp_path, capsys):
    from mercury.cli import main

    (tmp_path / "views.py").write_text("x = 1  # mercury: ignore[n_plus_one] few, owner=shop, until=9999-12-31\n")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "other.py").write_text("x = 1  # mercury: ignore[n_plus_one]\n")
    assert main(["ignores"]) == 0
    assert capsys.readouterr().out == "views.py:1: in force: n_plus_one: few (shop, until 9999-12-31)\n"
    (tmp_path / "list.html").write_text("{# mercury: ignore[duplicate] few, until=2000-01-01 #}\n<p>\n")
    assert main(["ignores", str(tmp_path)]) == 1
    assert "list.html:1: expired: duplicate: few (until 2000-01-01)" in capsys.readouterr().out
    (tmp_path / "list.html").write_text("{# mercury: ignore #}")
    assert main(["ignores", "--json", "list.html", "views.py"]) == 1
    assert '"state": "broken"' in capsys.readouterr().out
    assert main(["ignores", "nowhere"]) == 2


def test_the_command_says_that_there_are_none(tmp_path, capsys):
    from mercury.cli import main

    assert main(["ignores"]) == 0
    assert capsys.readouterr().out == "no ignores\n"
