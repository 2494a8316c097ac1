"""The C library against its pure-Python twin, and what watching one query costs, on this machine.

    python benchmarks/backends.py [--json]

Every row is a ratio within one run: the two sides take turns, and medians are compared.
Rows in which Python wins are printed like the others; they say where not to cross into C.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from array import array
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 15

STATEMENT = (
    b'SELECT "shop_book"."id", "shop_book"."title", "shop_book"."author_id", "shop_book"."price", '
    b'"shop_author"."id", "shop_author"."name" FROM "shop_book" INNER JOIN "shop_author" ON '
    b'("shop_book"."author_id" = "shop_author"."id") WHERE "shop_book"."id" = %s LIMIT 21'
)
BATCH_ROWS = 10_000
TRACE_EVENTS = 825
QUERIES = 400


def per_call_ns(function, calls, clock=time.perf_counter_ns):
    started = clock()
    for _ in range(calls):
        function()
    return (clock() - started) / calls


def compare(native, pure, calls):
    """Median nanoseconds a call of both sides, measured in turns."""
    native(), pure()
    pairs = [(per_call_ns(native, calls), per_call_ns(pure, calls)) for _ in range(ROUNDS)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def rows(native, pure):
    """(name, what one unit is, nanoseconds of C, nanoseconds of Python) for each comparison."""
    yield ("normalize one statement", *compare(*both(native, pure, "normalize", STATEMENT, 0), calls=200))
    yield ("normalize BEGIN", *compare(*both(native, pure, "normalize", b"BEGIN", 0), calls=500))
    texts = {STATEMENT.decode() + " " * number: number for number in range(2000)}
    known = STATEMENT.decode() + " "
    yield (
        "a text met before: C again, or a dict",
        *compare(lambda: native.normalize(STATEMENT, 0), lambda: texts.get(known[:-1] + " "), calls=500),
    )
    data = STATEMENT * BATCH_ROWS
    offsets = array("q", range(0, len(data) + 1, len(STATEMENT)))
    yield (
        f"a batch of {BATCH_ROWS:,} statements",
        *compare(*both(native, pure, "fingerprint_batch", data, offsets, 0), calls=1),
    )
    yield (
        f"a trace of {TRACE_EVENTS} events, closed",
        *compare(lambda: close_trace(native), lambda: close_trace(pure), calls=5),
    )
    path = [(1, 10, 0), (2, 20, 0), (3, 30, 0)]
    yield ("compare two call paths", *compare(*both(native, pure, "compare_paths", path, path, 2), calls=500))
    yield ("read this process's memory", *compare(native.memory, pure.memory, calls=200))


def both(native, pure, name, *arguments):
    return [lambda side=side: getattr(side, name)(*arguments) for side in (native, pure)]


def close_trace(side):
    """One page of the bookshop: a query for the books, then four for each of 206."""
    trace = side.Trace(1)
    frames = array("q", [1, 10, 0, 9, 2, 0])
    frames.extend(value for site in range(4) for value in (1, 20 + site, 0, 9, 4, 0))
    trace.add_paths(frames, array("q", range(0, 11, 2)))
    events = array("q", [100, 0, 0, 0, 0, 0, 0, 1000, 0])
    for number in range(TRACE_EVENTS - 1):
        site = number % 4 + 1
        events.extend((100 + site, site, 1, number + 1, 0, 0, number, 1000, 0))
    trace.add_events(events)
    result = trace.totals(), trace.groups(), trace.duplicates()
    trace.close()
    return result


def capture_cost():
    """Microseconds that watching one query takes, measured in a real Django query on SQLite, two ways.

    Inside: a timer outside of Mercury's wrapper and one inside; the difference is Mercury's,
    less what the same timers cost around a wrapper that does nothing. Whole: the processor time of
    a query with Mercury less that without, in short turns; this has more noise, and counts what Mercury
    pushes out of the processor's caches and what it frees later. The verdict at the end is in neither.
    """
    sys.path[:0] = [str(ROOT), str(ROOT / "examples" / "bookshop"), str(ROOT / "benchmarks" / "overhead")]
    os.environ["DJANGO_SETTINGS_MODULE"] = "bookshop.settings"
    os.environ["BOOKSHOP_DATABASE"] = ":memory:"
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    call_command("migrate", verbosity=0)
    from shop.models import Book
    from shop.seed import seed
    from wrapped import between_timers, nothing

    import mercury
    from mercury.capture import database

    seed(3)
    key = Book.objects.order_by("pk").values_list("pk", flat=True)[0]
    connection = connections["default"]

    def block(wrapper):
        connection.execute_wrappers[:], spans = between_timers(wrapper)
        for _ in range(QUERIES):
            Book.objects.get(pk=key)
        return statistics.median(spans)

    def whole(wrappers):
        connection.execute_wrappers[:] = wrappers
        return per_call_ns(lambda: Book.objects.get(pk=key), QUERIES // 4, time.thread_time_ns)

    watched, idle, whole_more, whole_idle = [], [], [], []
    for _ in range(ROUNDS):
        with mercury.monitor("cost"):
            watched.append(block(database.watch_query))
        idle.append(block(nothing))
    with mercury.monitor("cost"):
        for _ in range(8 * ROUNDS):
            whole_idle.append(whole([]))
            whole_more.append(whole([database.watch_query]) - whole_idle[-1])
    return {
        "backend": mercury.backend,
        "inside_us": (statistics.median(watched) - statistics.median(idle)) / 1000,
        "whole_us": statistics.median(whole_more) / 1000,
        "query_us": statistics.median(whole_idle) / 1000,
    }


def capture_in_child(pure):
    environment = {**os.environ, "DJANGO_MERCURY_PURE_PYTHON": "1" if pure else ""}
    command = [sys.executable, __file__, "--capture-cost"]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise SystemExit(f"The cost of capture could not be measured: {answer.stderr.strip().splitlines()[-1]}")
    return json.loads(answer.stdout)


def machine():
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return {"cpu": model, "cores": os.cpu_count(), "python": python, "system": platform.system()}


def measure():
    sys.path.insert(0, str(ROOT))
    from mercury.core import backend, pure

    loaded = backend()
    if loaded.name != "native":
        raise SystemExit(f"There is no C library to compare with: {loaded.reason}. Run `make library`.")
    table = [
        {"row": name, "c_us": c / 1000, "python_us": python / 1000} for name, c, python in rows(loaded.module, pure)
    ]
    native_cost, pure_cost = capture_in_child(pure=False), capture_in_child(pure=True)
    for row, key in (
        ("watching a query, inside the wrapper", "inside_us"),
        ("watching a query, whole queries", "whole_us"),
    ):
        table.append({"row": row, "c_us": native_cost[key], "python_us": pure_cost[key]})
    table.append(
        {"row": "(that query, unwatched)", "c_us": native_cost["query_us"], "python_us": pure_cost["query_us"]}
    )
    return {"machine": machine(), "library": loaded.module.build(), "rows": table}


def show(result):
    about = result["machine"]
    print(f"{about['cpu']}, {about['cores']} cores, {about['system']}; {about['python']}; {result['library']}")
    print(f"medians of {ROUNDS} rounds, in microseconds\n")
    print(f"{'':<40}{'C':>14}{'Python':>14}   faster")
    for row in result["rows"]:
        c, python = row["c_us"], row["python_us"]
        print(f"{row['row']:<40}{c:>14,.2f}{python:>14,.2f}   {winner(c, python)}")


def winner(c, python):
    if min(c, python) * 1.1 > max(c, python):
        return "-"
    return f"C {python / c:,.1f}x" if c < python else f"Python {c / python:,.1f}x"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--capture-cost", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.capture_cost:
        print(json.dumps(capture_cost()))
        return
    result = measure()
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        show(result)


if __name__ == "__main__":
    main()
