"""What capture keeps and what it does not: texts, parameters, frames, and nothing of the host's."""

import ast
import asyncio
import contextvars
import datetime
import decimal
import gc
import importlib
import inspect
import sys
import threading
import uuid
import weakref

import pytest

import mercury
from mercury.capture import bytecode, statements, syntax
from mercury.capture.code_memory import once_for_code, once_for_place
from mercury.capture.parameters import NOT_COMPARED, digest
from mercury.capture.statements import MAX_ENTRIES, MAX_TEXT_LENGTH, StatementCache
from mercury.findings.places import short
from tests.django_database import database, shop  # noqa: F401 - fixtures

from django.core.cache import cache, caches  # isort: skip
from django.db import connection  # isort: skip
from django.template import Context, Template  # isort: skip

from tests.project.models import Author, Book, Tag  # isort: skip


def ask(times=1):
    """Sends queries that touch no table, so that any thread may send them."""
    for _ in range(times):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchall()


class Called(BaseException):
    """Raised by a method that Mercury must never call; no `except Exception` hides it."""


def hostile(*bases, metaclass=type):
    """A class whose instances raise Called at nearly every touch."""

    def refuse(self, *args, **kwargs):
        raise Called

    names = "hash eq str repr bytes len iter bool format reduce_ex int float index lt add getitem getattr contains call"
    names += " buffer"
    members = {f"__{name}__": refuse for name in names.split()}
    return metaclass("Hostile", bases, members)


class HostileMeta(type):
    def __hash__(cls):
        raise Called

    def __eq__(cls, other):
        raise Called


CANARY = "canary7f3a"


def kept_texts():
    """Every text that the process-wide caches hold."""
    held = []
    for found in statements.caches.values():
        held += list(found.texts)
        for known in (*found.texts.values(), *found._by_digest.values()):
            held.append(known.canonical)
            held.append(known.verb)
        held += [key for key in found._by_digest if any(type(part) not in (int,) for part in key)]
    return held


SECRETS = [
    f"SELECT '{CANARY}'",
    f"SELECT name FROM project_tag WHERE name = '{CANARY}' OR name = %s",
    f"SELECT name FROM project_tag /* {CANARY} */",
    f"SELECT name FROM project_tag -- {CANARY}",
    f"SELECT name FROM project_tag WHERE name = 'it''s {CANARY}'",
    f"SELECT name FROM project_tag WHERE name = '{CANARY}",
    f"INSERT INTO project_tag (name) VALUES ('{CANARY}'), ('{CANARY}')",
    f"SELECT 0x{CANARY.encode().hex()}",
]


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql", "mysql", "oracle", "microsoft", "unheard-of"])
@pytest.mark.parametrize("sql", SECRETS)
def test_no_literal_is_kept_of_a_text(sql, vendor):
    found = StatementCache(vendor)
    statement = found.find(sql)
    assert found.find(sql) is statement
    held = [*found.texts, *(known.canonical for known in (*found.texts.values(), *found._by_digest.values()))]
    assert not [text for text in held if CANARY in text or CANARY.encode().hex() in text]


def test_no_literal_of_a_query_is_kept_anywhere(shop):  # noqa: F811 - a fixture
    with mercury.monitor("secrets") as watch:
        for sql in (SECRETS[0], SECRETS[2], SECRETS[3], SECRETS[4]):
            with connection.cursor() as cursor:
                cursor.execute(sql)
                cursor.fetchall()
        for _ in range(2):
            list(Book.objects.raw(f"SELECT id, title FROM project_book WHERE title = '{CANARY}'"))
            list(Book.objects.filter(title=CANARY))
            list(Book.objects.extra(where=[f"title = '{CANARY}'"]))
    assert watch.report.metrics.query_count == 10
    assert watch.report.findings
    assert not [text for text in kept_texts() if CANARY in text]
    assert CANARY not in repr(watch.report)
    assert CANARY not in str(watch.report)


def test_a_text_without_literals_is_lexed_once(monkeypatch):
    found = StatementCache("sqlite")
    sql = "SELECT name FROM project_tag WHERE id = %s"
    statement = found.find(sql)
    monkeypatch.setattr(StatementCache, "_lex", None)
    assert found.find(sql) is statement
    assert found.texts == {sql: statement}


def test_a_text_with_literals_is_lexed_once_as_well(monkeypatch):
    found = StatementCache("sqlite")
    statement = found.find("SELECT name FROM project_tag WHERE id = 7")
    monkeypatch.setattr(StatementCache, "_lex", None)
    assert found.find("SELECT name FROM project_tag WHERE id = 7") is statement
    assert found.texts == {}


def test_the_caches_are_bounded(monkeypatch):
    known = StatementCache("sqlite").find("SELECT name FROM project_tag")
    for may_keep in (True, False):
        monkeypatch.setattr(StatementCache, "_lex", lambda self, data, text_hash, may_keep=may_keep: (known, may_keep))
        found = StatementCache("sqlite")
        sizes = set()
        for number in range(3 * MAX_ENTRIES):
            found.find(f"SELECT name AS n{number} FROM project_tag")
            sizes.add(len(found.texts) + len(found._by_digest))
        assert max(sizes) == MAX_ENTRIES


def test_a_long_text_is_no_key_but_is_known():
    found = StatementCache("sqlite")
    columns = ", ".join(f"column_{number}" for number in range(MAX_TEXT_LENGTH // 10))
    sql = f"SELECT {columns} FROM project_tag"
    assert len(sql) > MAX_TEXT_LENGTH
    assert found.find(sql) is found.find(sql)
    assert found.texts == {}
    assert found.find(sql).fingerprint == found.find(sql.lower()).fingerprint


def test_stored_text_is_capped_and_the_id_covers_it_all():
    found = StatementCache("sqlite")
    columns = ", ".join(f"column_{number}" for number in range(8000))
    one, other = found.find(f"SELECT {columns}, one FROM t"), found.find(f"SELECT {columns}, other FROM t")
    assert max(len(one.canonical), len(other.canonical)) <= statements.MAX_CANONICAL_LENGTH
    assert one.canonical == other.canonical
    assert one.fingerprint != other.fingerprint


def test_bytes_are_read_as_their_text():
    found = StatementCache("sqlite")
    sql = "SELECT name FROM project_tag WHERE id = %s"
    assert found.find(sql.encode()).fingerprint == found.find(sql).fingerprint
    assert found.find(b"\xff\xfe not utf-8 '").canonical


@pytest.mark.parametrize("sql", ["SELECT '\ud800'", "SELECT \ud800", "\x00", "", ";", "'"])
def test_odd_texts_are_no_fault(sql):
    found = StatementCache("sqlite")
    assert found.find(sql) is found.find(sql)


def test_a_driver_s_own_query_object_is_never_touched(shop, caplog):  # noqa: F811 - a fixture
    class Composed(str):
        __hash__ = __eq__ = __str__ = __repr__ = __len__ = None

    assert StatementCache("postgresql").find(hostile()()) is statements.UNREADABLE
    assert StatementCache("postgresql").find(hostile(str)()) is statements.UNREADABLE
    assert StatementCache("postgresql").find(Composed("SELECT 1")) is statements.UNREADABLE

    def execute(sql, params, many, context):
        return "answer"

    from mercury.capture.database import watch_query

    with mercury.monitor("objects") as watch:
        for sql in (hostile()(), hostile(str)(), None, 7):
            assert watch_query(execute, sql, None, False, {"connection": connection}) == "answer"
    assert (watch.report.metrics.query_count, watch.report.notes) == (4, [])
    assert caplog.records == []


def fresh(text):
    """A text equal to `text` but not the same object, and not interned."""
    return "".join(list(text))


UTC = datetime.timezone.utc
EQUAL = [
    (("name",), (fresh("name"),)),
    (("nämé", 1), (fresh("nämé"), 1)),
    ((sys.intern("interned_name"),), (fresh("interned_name"),)),
    ((b"name",), (bytes(bytearray(b"name")),)),
    ((10**30,), (int("1" + "0" * 30),)),
    ((None, True, 1.5), (None, True, float("1.5"))),
    ([1, 2], [1, 2]),
    ({"a": 1, "b": "x"}, {"a": 1, "b": fresh("x")}),
    ((decimal.Decimal("1.50"),), (decimal.Decimal("1.50"),)),
    ((datetime.datetime(2026, 1, 2, 3),), (datetime.datetime(2026, 1, 2, 3),)),
    ((datetime.datetime(2026, 1, 2, tzinfo=UTC),), (datetime.datetime(2026, 1, 2, tzinfo=UTC),)),
    ((datetime.date(2026, 1, 2),), (datetime.date(2026, 1, 2),)),
    ((datetime.time(1, 2),), (datetime.time(1, 2),)),
    ((datetime.timedelta(1, 2),), (datetime.timedelta(1, 2),)),
    ((uuid.UUID(int=7),), (uuid.UUID(int=7),)),
    (([1, 2, 3],), ([1, 2, 3],)),
    ({"when": datetime.date(2026, 1, 2)}, {"when": datetime.date(2026, 1, 2)}),
    ((b"name",), (bytearray(b"name"),)),
    ((["a", [1]],), ([fresh("a"), [1]],)),
    (([datetime.date(2026, 1, 2)],), ([datetime.date(2026, 1, 2)],)),
    (None, None),
    ((), ()),
]


@pytest.mark.parametrize(("one", "other"), EQUAL, ids=lambda value: str(value)[:40])
def test_equal_parameters_have_equal_digests(one, other):
    assert digest(one) == digest(other) != NOT_COMPARED


def test_a_view_of_bytes_is_read_as_bytes():
    assert digest((memoryview(b"-name")[1:],)) == digest((b"name",))


def test_different_parameters_have_different_digests():
    different = [
        (-1,),
        (-2,),
        (0,),
        (1,),
        (True,),
        (1.0,),
        ("1",),
        (b"1",),
        (None,),
        ("None",),
        (decimal.Decimal("1"),),
        (decimal.Decimal("1.0"),),
        (decimal.Decimal("NaN"),),
        (datetime.datetime(2026, 1, 2),),
        (datetime.datetime(2026, 1, 2, tzinfo=UTC),),
        (datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=1))),),
        (datetime.date(2026, 1, 2),),
        ("2026-01-02",),
        (uuid.UUID(int=1),),
        (datetime.timedelta(0, 1),),
        (1, 2),
        (2, 1),
        ((1, 2),),
        ("a", "b"),
        ("ab",),
        {"a": 1},
        {"a": 2},
        {"b": 1},
        (2**61 - 1,),
        (2**61,),
        (0.0,),
        (-0.0,),
    ]
    digests = [digest(parameters) for parameters in different]
    assert NOT_COMPARED not in digests
    assert len(set(digests)) == len(different)


def test_a_digest_is_64_bits_and_keyed():
    for number in range(1000):
        assert -(2**63) <= digest((number,)) < 2**63
    import marshal

    assert digest((1,)) not in (hash((1,)), hash(marshal.dumps((1,), 2)))


def test_large_parameters_are_not_compared():
    assert digest(("x" * 200_000,)) == NOT_COMPARED
    assert digest(tuple(range(100_000))) == NOT_COMPARED
    nested = []
    for _ in range(100_000):
        nested = [nested]
    assert digest((nested,)) == NOT_COMPARED


class HostileZone(datetime.tzinfo):
    def utcoffset(self, when):
        raise Called

    tzname = dst = fromutc = utcoffset


class HostileInteger(hostile(int)):
    pass


@pytest.mark.parametrize(
    "value",
    [
        hostile()(),
        hostile(metaclass=HostileMeta)(),
        hostile(tuple)(),
        hostile(list)(),
        hostile(dict)(),
        hostile(set)(),
        hostile(bytes)(b"seven"),
        hostile(bytearray)(),
        [[[hostile()()]]],
        hostile(decimal.Decimal)(),
        hostile(uuid.UUID)(int=7),
        hostile(datetime.date)(2026, 1, 2),
        hostile(datetime.datetime)(2026, 1, 2),
        datetime.datetime(2026, 1, 2, tzinfo=HostileZone()),
        datetime.time(1, 2, tzinfo=HostileZone()),
        lambda: None,
        type,
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_host_s_own_values_are_never_called_and_not_compared(value):
    for parameters in (value, (value,), [1, value], {"name": value}, ([value],)):
        assert digest(parameters) == NOT_COMPARED


@pytest.mark.parametrize(("base", "plain"), [(int, 7), (str, "seven"), (float, 7.5)])
def test_a_subclass_of_a_plain_type_is_read_without_its_own_methods(base, plain):
    odd = hostile(base)(plain)
    assert digest((odd,)) in (NOT_COMPARED, digest((plain,)))


def test_parameters_of_write_and_many_are_not_compared(shop):  # noqa: F811 - a fixture
    with mercury.monitor("writes") as watch:
        for _ in range(2):
            Tag.objects.filter(name="nothing").update(name="nobody")
    assert [finding.kind for finding in watch.report.findings] == ["repeated_in_loop"]


def helper(title):
    return Book.objects.filter(title=title).count()


def send(sql, params=None):
    """Has the capture see a query that no database gets."""
    from mercury.capture.database import watch_query

    return watch_query(lambda *query: "answer", sql, params, False, {"connection": connection})


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("SELECT a FROM t", "SELECT a FROM t", 2),
        ("SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = 1", 2),
        ("SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = 2", 0),
        ("SELECT a FROM t WHERE b = 'x'", "SELECT a FROM t WHERE b = 'y'", 0),
        ("SELECT a FROM t LIMIT 5 OFFSET 5", "SELECT a FROM t LIMIT 5 OFFSET 5", 2),
        ("SELECT a FROM t LIMIT 5 OFFSET 5", "SELECT a FROM t LIMIT 5 OFFSET 10", 0),
        ("SELECT a FROM t /* one */", "SELECT a FROM t /* other */", 2),
        ("SELECT a FROM t WHERE b = 1 /* one */", "SELECT a FROM t WHERE b = 2 /* other */", 0),
        (object(), object(), 0),
    ],
    ids=lambda value: "object" if type(value) is object else str(value),
)
def test_a_duplicate_has_the_same_values_in_its_text(one, other, count, shop):  # noqa: F811 - a fixture
    with mercury.monitor("texts") as watch:
        send(one)
        send(other)
    assert watch.report.metrics.query_count == 2
    assert sum(finding.count for finding in watch.report.findings if finding.kind == "duplicate") == count


def test_the_same_code_run_again_is_no_loop(shop):  # noqa: F811 - a fixture
    def work():
        helper("one")
        helper("two")
        helper("three")

    with mercury.monitor("straight") as watch:
        work()
    assert (watch.report.metrics.query_count, watch.report.findings) == (3, [])


def test_the_same_activation_that_runs_one_line_again_is_a_loop(shop):  # noqa: F811 - a fixture
    def work(titles):
        for title in titles:
            helper(title)

    with mercury.monitor("loop") as watch:
        work(["one", "two"])
    (finding,) = watch.report.findings
    assert (finding.kind, finding.count) == ("repeated_in_loop", 2)


def test_a_generator_loops_where_it_is_pulled_in_a_loop(shop):  # noqa: F811 - a fixture
    def counts(titles):
        for title in titles:  # generator loop
            yield helper(title)

    def work():
        parts = counts(["one", "two", "three", "four"])
        next(parts)
        next(parts)
        list(parts)

    with mercury.monitor("generator") as watch:
        work()
    (finding,) = watch.report.findings
    assert finding.count == 2
    assert finding.loop_line == line_of(test_a_generator_loops_where_it_is_pulled_in_a_loop, "# generator loop")


def test_two_equal_nodes_of_a_template_are_two_places(shop):  # noqa: F811 - a fixture
    template = Template("{% for book in books %}{{ book.tags.count }}\n{{ book.tags.count }}{% endfor %}")
    with mercury.monitor("template") as watch:
        template.render(Context({"books": Book.objects.all()}))
    assert [(finding.kind, finding.count) for finding in watch.report.findings] == [("n_plus_one", 8)]


def test_two_generators_of_one_query_each_are_no_loop(shop):  # noqa: F811 - a fixture
    def count(title):
        yield helper(title)

    def work():
        next(count("one"))
        next(count("two"))

    with mercury.monitor("generators") as watch:
        work()
    assert watch.report.findings == []


def line_of(function, text):
    lines, first = inspect.getsourcelines(function)
    (found,) = [first + index for index, line in enumerate(lines) if text in line and "line_of(" not in line]
    return found


def deep(depth, action):
    return action() if depth == 0 else deep(depth - 1, action)


@pytest.fixture
def deep_stack():
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    yield
    sys.setrecursionlimit(before)


def test_a_deep_recursion_is_followed(shop, deep_stack):  # noqa: F811 - a fixture
    def author_names():
        for book in Book.objects.all():
            book.author.name

    with mercury.monitor("deep") as watch:
        deep(900, author_names)
    assert watch.report.notes == []
    assert [finding.target for finding in watch.report.findings] == ["Book.author"]


def test_too_deep_a_recursion_is_told(shop, deep_stack):  # noqa: F811 - a fixture
    with mercury.monitor("too deep") as watch:
        deep(1100, ask)
        ask()
    assert watch.report.metrics.query_count == 2
    assert watch.report.notes == ["1 query came without a usable call path and could not be judged"]


def test_more_threads_than_can_be_told_apart_are_counted_and_told(monkeypatch, shop):  # noqa: F811 - a fixture
    monkeypatch.setattr("mercury.capture.frames.TRACE_MAX_LANES", 2)
    monkeypatch.setattr("mercury.trace.TRACE_MAX_LANES", 2)
    together = threading.Barrier(4, timeout=60)

    def work():
        ask()
        together.wait()

    with mercury.monitor("threads") as watch:
        threads = [threading.Thread(target=contextvars.copy_context().run, args=(work,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert watch.report.metrics.query_count == 4
    assert "only the first 2 threads were told apart" in watch.report.notes


def test_the_table_of_paths_is_bounded_in_paths_and_frames():
    from mercury.core.records import TRACE_MAX_FRAMES, TRACE_MAX_PATHS
    from mercury.trace import PathEntry, PathTable

    def frame(number):
        return table.pack(PathEntry(ask.__code__, number, None))

    table = PathTable()
    long = [table.index_of(frame(number) * 1000) for number in range(TRACE_MAX_FRAMES // 1000 + 1)]
    assert long == [*range(TRACE_MAX_FRAMES // 1000), -1]
    assert table.index_of(frame(0) * 1000) == 0
    table = PathTable()
    short = [table.index_of(frame(number)) for number in range(TRACE_MAX_PATHS + 1)]
    assert short == [*range(TRACE_MAX_PATHS), -1]
    assert table[7] == [(ask.__code__, 7, None)]


def test_a_query_in_the_midst_of_another_s_recording_does_not_lock(shop):  # noqa: F811 - a fixture
    """A finalizer or a signal handler may run between any two steps of Mercury's own."""
    reached = []

    def again(frame, event, argument):
        # Stands for a finalizer: runs at each line of Mercury's, sends a query of its own once in each function.
        code = frame.f_code
        if "mercury" not in code.co_filename.replace("\\", "/").split("/"):
            return None
        if code not in reached:
            reached.append(code)
            ask()
        return again

    with mercury.monitor("interrupted") as watch:
        sys.settrace(again)
        try:
            list(Tag.objects.all())
            ask()
        finally:
            sys.settrace(None)
    assert {code.co_name for code in reached} >= {"_note", "index_of", "walk"}
    assert watch.report.metrics.query_count == 2 + len(reached)
    assert [note for note in watch.report.notes if "fault" in note] == []


def test_a_debugger_that_asks_leaves_the_function_its_variables(shop):  # noqa: F811 - a fixture
    """What a debugger does at a breakpoint, or a profiler at a call, may send queries while the function stands."""

    def stop(frame, event, argument):
        if frame.f_code is not work.__code__:
            return None
        ask()
        return stop

    def work(names):
        found = []
        for name in names:
            found.append(name)
            found.append(name.upper())
        return found, name

    with mercury.monitor("debugged"):
        sys.settrace(stop)
        try:
            result = work(["a", "b", "c"])
        finally:
            sys.settrace(None)
    assert result == (["a", "A", "b", "B", "c", "C"], "c")


ODD_TEXT = '''
from functools import lru_cache

from tests.project.models import Tag

class Page:
    NOTE = """
def wrong():
"""

    def ask(self):
        """
def either():
        """
        for word in ("open", "closed"):
            Tag.objects.filter(name=word).first()

    @staticmethod
    @lru_cache(
        maxsize=None,
    )
    def unasked(): """
        for word in words:
    """
'''


def test_a_method_is_read_where_texts_around_it_look_like_code(shop, tmp_path, monkeypatch):  # noqa: F811 - a fixture
    (tmp_path / "odd_text.py").write_text(ODD_TEXT, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    page = importlib.import_module("odd_text").Page()
    with mercury.monitor() as watch:
        page.ask()
    (found,) = watch.report.findings
    assert (found.kind, found.why) == (
        "repeated_in_loop",
        f"{short(str(tmp_path / 'odd_text.py'))}:15 sent the statement 2 times; the loop runs over constants",
    )


def test_code_is_parsed_again_where_another_thread_disturbed_the_parser(monkeypatch):
    parse, disturbed = ast.parse, [True]

    def parse_beside_another_thread(source):
        if disturbed:
            disturbed.pop()
            raise SystemError("AST constructor recursion depth mismatch (before=120, after=114)")
        return parse(source)

    monkeypatch.setattr(ast, "parse", parse_beside_another_thread)
    assert syntax.block_of(is_dead.__code__) is not None
    assert disturbed == []


class Local:
    """Something a user's function holds."""


def is_dead(reference):
    if reference() is not None:
        gc.collect()
    return reference() is None


def test_locals_die_at_the_next_query_and_at_the_end(shop):  # noqa: F811 - a fixture
    references = []

    def work():
        thing = Local()
        references.append(weakref.ref(thing))
        ask()

    with mercury.monitor("locals"):
        work()
        ask()
        assert is_dead(references[0])
        work()
    assert is_dead(references[1])


def test_rows_and_querysets_die_at_the_next_query(shop):  # noqa: F811 - a fixture
    references = []

    def work():
        books = Book.objects.all()
        references.append(weakref.ref(books))
        for book in books:
            references.append(weakref.ref(book))
            references.append(weakref.ref(book.author))

    with mercury.monitor("rows") as watch:
        work()
        ask()
        assert [is_dead(reference) for reference in references] == [True] * 9
    assert [finding.target for finding in watch.report.findings] == ["Book.author"]


def test_a_local_that_is_deleted_dies_at_once_though_its_function_goes_on(shop):  # noqa: F811 - a fixture
    references = []
    with mercury.monitor("locals") as watch:
        thing = Local()
        references.append(weakref.ref(thing))
        for book in Book.objects.all():
            references.append(weakref.ref(book))
            Author.objects.get(pk=book.author_id)
        del thing, book
        ask()
        assert [is_dead(reference) for reference in references] == [True] * 5
    assert ["`book`, a Book" in finding.why for finding in watch.report.findings] == [True]


def test_looking_at_a_frame_leaves_its_locals_alone(shop):  # noqa: F811 - a fixture
    """`render(request, template, locals())` is how some people write."""
    with mercury.monitor("locals"):
        here = locals()
        here["extra"] = "their own"
        for book in Book.objects.all():
            Author.objects.get(pk=book.author_id)
        assert here["extra"] == "their own"
        assert "shop" in here


def test_parameters_die_at_the_next_query(shop):  # noqa: F811 - a fixture
    class Title(str):
        pass

    references = []

    def work():
        for number in range(3):
            title = Title(f"book {number}")
            references.append(weakref.ref(title))
            list(Book.objects.filter(title=title))

    with mercury.monitor("parameters") as watch:
        work()
        ask()
        assert [is_dead(reference) for reference in references] == [True] * 3
    assert watch.report.metrics.query_count == 4


def test_a_raw_cursor_dies_with_its_last_user(shop):  # noqa: F811 - a fixture
    with mercury.monitor("cursor"):
        cursor = connection.cursor()
        reference = weakref.ref(cursor)
        cursor.execute("SELECT 1")
        cursor.fetchall()
        del cursor
        assert is_dead(reference)


def test_a_report_keeps_nothing_of_what_it_saw(shop):  # noqa: F811 - a fixture
    references = []

    def work():
        books = list(Book.objects.all())
        references.extend(weakref.ref(book) for book in books)
        thing = Local()
        references.append(weakref.ref(thing))
        for book in books:
            book.author.name

    with mercury.monitor("report") as watch:
        work()
    assert watch.report.findings
    assert [is_dead(reference) for reference in references] == [True] * 5


def test_many_queries_in_one_unit_stay_bounded(shop):  # noqa: F811 - a fixture
    from mercury.trace import BLOCK_INTEGERS, current

    sizes = set()
    with mercury.monitor("many") as watch:
        trace = current.get()
        for _ in range(100):
            ask(100)
            (lane,) = trace.lanes.values()
            sizes.add(len(lane.events))
        assert max(sizes) <= BLOCK_INTEGERS
        assert len(trace.paths) < 10
        assert len(trace.statements) == len(lane.routes) + 1 == 1
    assert watch.report.metrics.query_count == 10_000
    assert watch.report.notes == []


def test_many_texts_in_one_unit_stay_bounded(shop, monkeypatch):  # noqa: F811 - a fixture
    from mercury.core.records import TRACE_MAX_GROUPS
    from mercury.trace import current

    monkeypatch.setattr("mercury.capture.database.MAX_ROUTES", 100)
    monkeypatch.setattr("mercury.capture.database.TRACE_MAX_GROUPS", 200)
    assert TRACE_MAX_GROUPS > 200
    with mercury.monitor("texts") as watch, connection.cursor() as cursor:
        trace = current.get()
        for number in range(500):
            cursor.execute(f"SELECT name AS name_{number} FROM project_tag")
            cursor.fetchall()
            (lane,) = trace.lanes.values()
            assert len(lane.routes) <= 100
        assert len(trace.statements) <= 200
    assert watch.report.metrics.query_count == 500


@pytest.fixture
def empty_caches(shop):  # noqa: F811 - a fixture
    for one in caches.all():
        one.clear()
    yield
    for one in caches.all():
        one.clear()


def counted(action):
    """The hits and misses of what `action` does."""
    with mercury.monitor("cache") as watch:
        action()
    return watch.report.metrics.cache_hits, watch.report.metrics.cache_misses


def test_hits_and_misses_of_get(empty_caches):
    cache.set_many({"one": 1, "none": None, "zero": 0})
    assert counted(lambda: cache.get("one")) == (1, 0)
    assert counted(lambda: cache.get("two")) == (0, 1)
    assert counted(lambda: cache.get("none")) == (1, 0), "None was stored"
    assert counted(lambda: cache.get("zero", default=7)) == (1, 0)
    assert counted(lambda: None) == (0, 0)


def test_watching_changes_no_answer(empty_caches):
    cache.set_many({"one": 1, "none": None})
    mark = object()
    with mercury.monitor("cache"):
        assert cache.get("one") == 1
        assert cache.get("none", mark) is None
        assert cache.get("two") is None
        assert cache.get("two", mark) is mark
        assert cache.get("two", default=mark, version=2) is mark
        assert cache.get(key="one") == 1
        assert cache.get_many(["one", "two"]) == {"one": 1}
        assert cache.get_many(name for name in ("one", "none")) == {"one": 1, "none": None}
        assert cache.get_or_set("three", lambda: 3) == 3
        assert cache.get_or_set("three", lambda: 4) == 3
        assert cache.get_or_set("nothing", None) is None


def test_hits_and_misses_of_get_many(empty_caches):
    cache.set("one", 1)
    assert counted(lambda: cache.get_many(["one", "two", "three"])) == (1, 2)
    assert counted(lambda: cache.get_many(["one", "one", "two", "two"])) == (1, 1)
    assert counted(lambda: cache.get_many([])) == (0, 0)


def test_get_or_set_counts_once(empty_caches):
    assert counted(lambda: cache.get_or_set("one", 1)) == (0, 1)
    assert counted(lambda: cache.get_or_set("one", 1)) == (1, 0)


def test_a_nested_get_or_set_counts_once_for_each_call(empty_caches):
    def outer():
        return cache.get_or_set("outer", lambda: cache.get_or_set("inner", 1))

    assert counted(outer) == (0, 2)
    assert counted(outer) == (1, 0)


def test_a_failing_default_is_counted_and_raised(empty_caches):
    def fails():
        with pytest.raises(ZeroDivisionError):
            cache.get_or_set("one", lambda: 1 // 0)
        cache.get("one")

    assert counted(fails) == (0, 2)


def test_two_aliases_count_in_one_unit(empty_caches):
    caches["other"].set("one", 1)

    def both():
        caches["other"].get("one")
        caches["default"].get("one")

    assert counted(both) == (1, 1)


def test_a_thread_of_the_unit_is_counted_with_its_own_caches(empty_caches):
    cache.set("one", 1)

    def work():
        caches["default"].get("one")
        caches["default"].get("two")

    def in_thread():
        thread = threading.Thread(target=contextvars.copy_context().run, args=(work,))
        thread.start()
        thread.join()
        work()

    assert counted(in_thread) == (2, 2)


def test_nested_units_both_count(empty_caches):
    with mercury.monitor("outer") as outer:
        cache.get("one")
        with mercury.monitor("inner") as inner:
            cache.get("two")
    assert outer.report.metrics.cache_misses == 2
    assert inner.report.metrics.cache_misses == 1


def test_asynchronous_gets_are_counted(empty_caches):
    from asgiref.sync import async_to_sync

    async def get():
        await cache.aset("one", 1)
        await cache.aget("one")
        await cache.aget("two")

    assert counted(async_to_sync(get)) == (1, 1)


def test_a_cache_that_cannot_be_wrapped_still_serves():
    from mercury.capture.cache import watch_cache

    class Slotted:
        __slots__ = ()

        def get(self, key, default=None):
            return "value"

    class Frozen:
        def __setattr__(self, name, value):
            raise TypeError("frozen")

        get = Slotted.get
        get_many = None

    for one in (Slotted(), Frozen()):
        assert watch_cache(one) is one
        assert one.get("key") == "value"


def probe(value=None):
    """The line of the loop around the call, and the loop's variables."""
    frame = sys._getframe(1)
    offset = bytecode.stable_offset(frame.f_code, frame.f_lasti)
    seen.append((bytecode.loop_line(frame.f_code, offset), bytecode.loop_variables(frame.f_code, offset)))
    return value


seen = []


def plain_for():
    for x in (1,):  # loop
        probe(x)


def for_over_call():
    for x in probe((1,)):
        del x


def after_for():
    for x in (1, 2):
        del x
    probe()


def for_else():
    for x in (1, 2):
        del x
    probe()


def plain_while():
    turns = 1
    while turns:  # loop
        turns -= 1
        probe()


def while_condition():
    turns = [1]
    while probe(turns):  # loop
        turns.pop()
        seen.clear()


def while_true():
    while True:  # loop
        probe()
        if seen:
            break


def nested():
    for x in (1,):
        for y in (2,):  # loop
            probe((x, y))


def outer_of_nested():
    for x in (1,):  # loop
        for y in (2,):
            del y
        probe(x)


def comprehension():
    return [probe(x) for x in (1,)]  # loop


def generator_expression():
    return list(probe(x) for x in (1,))  # noqa: C400, loop


def dict_comprehension():
    return {key: probe(value) for key, value in ((1, 2),)}  # loop


def generator():
    def parts():
        for x in (1,):  # loop
            yield probe(x)

    return list(parts())


def yield_from():
    def inner():
        yield 1

    def parts():
        probe()
        yield from inner()

    return list(parts())


def for_in_try():
    try:
        for x in (1,):  # loop
            probe(x)
    finally:
        pass


def try_in_for():
    for x in (1,):  # loop
        try:
            probe(x)
        except ValueError:
            del x


def return_in_try_in_for():
    for x in (0, 1):  # loop
        try:
            seen.clear()
            return 1 // probe(x)
        except ZeroDivisionError:
            continue
    return None


def return_in_for():
    for x in (1, 2):
        return probe(x)
    return None


def retry():
    turns = [1, 0]
    while turns:  # loop
        try:
            seen.clear()
            return 1 // probe(turns.pop())
        except ZeroDivisionError:
            pass
    return None


def except_in_for():
    for x in (1,):  # loop
        try:
            raise ValueError
        except ValueError:
            probe(x)


def after_for_with_except():
    for x in (1, 0):
        try:
            1 // x
        except ZeroDivisionError:
            continue
    probe()


def after_for_with_except_that_falls_through():
    for x in (1, 0):
        try:
            1 // x
        except ZeroDivisionError:
            del x
    probe()


def between_two_loops():
    for x in (1,):
        del x
    probe()
    for x in (1,):
        del x


lock = threading.Lock()


def with_in_for():
    for x in (1,):  # loop
        with lock:
            probe(x)


def finally_in_for():
    for x in (1,):  # loop
        try:
            del x
        finally:
            probe()


def continue_in_for():
    for x in (1, 2):  # loop
        if x == 1:
            continue
        probe(x)


def call_over_lines():
    for x in (1,):  # loop
        probe(
            [
                x,
            ],
        )


def unpacking():
    for (x, y), z in (((1, 2), 3),):  # loop
        probe((x, y, z))


def unpacking_with_star():
    for first, *rest in ((1, 2, 3),):  # loop
        probe((first, rest))


def enumerated():
    for number, x in enumerate("a"):  # loop
        probe((number, x))


def closed_over():
    for x in (1,):  # loop
        probe(lambda: x)  # noqa: B023


def attribute_target():
    holder = Local()
    for holder.x in (1,):  # loop
        probe()


def no_loop():
    probe()


LOOPS = [
    (plain_for, ("x",)),
    (for_over_call, None),
    (after_for, None),
    (for_else, None),
    (plain_while, ()),
    (while_condition, ()),
    (nested, ("y",)),
    (outer_of_nested, ("x",)),
    (comprehension, ("x",)),
    (generator_expression, ("x",)),
    (dict_comprehension, ("key", "value")),
    (generator, ("x",)),
    (yield_from, None),
    (for_in_try, ("x",)),
    (try_in_for, ("x",)),
    (return_in_try_in_for, ("x",)),
    (return_in_for, None),
    (retry, ()),
    (except_in_for, ("x",)),
    (after_for_with_except, None),
    (after_for_with_except_that_falls_through, None),
    (between_two_loops, None),
    (with_in_for, ("x",)),
    (finally_in_for, ("x",)),
    (continue_in_for, ("x",)),
    (call_over_lines, ("x",)),
    (unpacking, ("x", "y", "z")),
    (unpacking_with_star, ("first", "rest")),
    (enumerated, ("number", "x")),
    (closed_over, ("x",)),
    (attribute_target, ()),
    (no_loop, None),
]


@pytest.mark.parametrize(("function", "variables"), LOOPS, ids=lambda value: getattr(value, "__name__", ""))
def test_the_loop_around_an_instruction(function, variables):
    seen.clear()
    function()
    assert len(seen) == 1
    line, names = seen[0]
    if variables is None:
        assert (line, names) == (None, ())
    else:
        lines, first = inspect.getsourcelines(function)
        (expected,) = [first + index for index, text in enumerate(lines) if text.rstrip().endswith("loop")]
        assert (line, names) == (expected, variables)


def test_the_variables_of_a_long_loop():
    source = "def long_for(probe):\n    for x, y in ((1, 2),):\n" + "        x = x + y\n" * 300 + "        probe()\n"
    names = {}
    exec(source, names)
    seen.clear()
    names["long_for"](probe)
    assert seen == [(2, ("x", "y"))]


def test_while_true_is_a_loop():
    """Before CPython 3.10 nothing in the bytecode has the line of `while True`: then it is the body's first."""
    seen.clear()
    while_true()
    first = while_true.__code__.co_firstlineno
    assert seen in ([(first + 1, ())], [(first + 2, ())])
    if sys.implementation.name == "cpython" and sys.version_info >= (3, 10):
        assert seen == [(first + 1, ())]


class Suspended:
    """Waits once."""

    def __await__(self):
        frame = holder[0].cr_frame
        offset = bytecode.stable_offset(frame.f_code, frame.f_lasti)
        seen.append((bytecode.loop_line(frame.f_code, offset), bytecode.loop_variables(frame.f_code, offset)))
        yield


holder = []


async def waits():
    await Suspended()


async def waits_in_for():
    for x in (1,):  # loop
        await Suspended()
        del x


async def async_for():
    async def parts():
        yield 1

    async for x in parts():  # loop
        await Suspended()
        del x


async def waits_in_with():
    async with Quiet():
        await Suspended()


class Quiet:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        return None


@pytest.mark.parametrize(
    ("function", "variables"),
    [(waits, None), (waits_in_for, ("x",)), (async_for, ("x",)), (waits_in_with, None)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_loop_around_an_await(function, variables):
    seen.clear()
    holder[:] = [function()]

    async def run():
        await holder[0]

    asyncio.run(run())
    assert len(seen) == 1
    line, names = seen[0]
    if variables is None:
        assert (line, names) == (None, ())
    else:
        lines, first = inspect.getsourcelines(function)
        (expected,) = [first + index for index, text in enumerate(lines) if text.rstrip().endswith("loop")]
        assert (line, names) == (expected, variables)


def test_a_loop_at_module_level():
    seen.clear()
    source = "probe()\nfor x in (1,):\n    probe(x)\n\nprobe()\n"
    exec(compile(source, "module", "exec"), {"probe": probe})
    assert seen == [(None, ()), (2, ("x",)), (None, ())]


def test_lines_are_those_of_the_source():
    code = plain_for.__code__
    first = code.co_firstlineno
    lines = {bytecode.line_at(code, offset) for offset in range(0, len(code.co_code), 2)}
    assert lines - {first} == {first + 1, first + 2}


@pytest.mark.parametrize("once, place", [(once_for_code, ()), (once_for_place, (0,))])
def test_what_is_found_of_code_is_looked_for_once_and_does_not_pile_up(once, place):
    asked = []

    @once(4)
    def constants(code, *place):
        asked.append((code.co_consts, *place))
        return code.co_consts

    codes = [compile(f"{number}", "made", "eval") for number in range(10)]
    assert [constants(code, *place) for code in codes for _ in range(2)] == [(n,) for n in range(10) for _ in range(2)]
    assert asked == [((number,), *place) for number in range(10)]
    left = [weakref.ref(code) for code in codes]
    del codes
    gc.collect()
    assert 0 < sum(code() is not None for code in left) <= 4
