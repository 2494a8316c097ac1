"""What each part of the capture adds to a page: the page without Mercury, then with one part more each time.

python measure_parts.py DATABASE

All run in one process and take turns; a figure is the fastest request of its part, in processor time.
What a part costs that it causes elsewhere, as by filling the processor's caches, is in its figure too.
"""

import gc
import logging
import sys
import warnings
from pathlib import Path

from server import Server
from shop_project import set_up

PAGES = {"/catalog/24/3/": 100, "/catalog/206/0/": 825}
ROUNDS = 12
REQUESTS = 3


def servers():
    """A server without the middleware, and one with it."""
    from django.conf import settings

    middleware = settings.MIDDLEWARE
    settings.MIDDLEWARE = [name for name in middleware if not name.startswith("mercury.")]
    bare = Server()
    settings.MIDDLEWARE = middleware
    return bare, Server()


def parts():
    """By name, from nothing to all: what is put in the place of Mercury's own functions."""
    from mercury import _monitor
    from mercury.capture import database, frames, provenance
    from mercury.findings import Verdict

    def pass_on(execute, sql, params, many, context):
        return execute(sql, params, many, context)

    def walk_nowhere(lane, route, table, above):
        return -1, 0

    def see_nothing(frame, lane, *rest):
        return provenance.RAW

    def find_nothing(evidence):
        return Verdict([], [])

    wrapper = (database.watch_query, "__code__", pass_on.__code__)
    walk = (frames.Lane, "walk", walk_nowhere)
    look = (provenance, "look", see_nothing)
    verdict = (_monitor, "judge", find_nothing)
    return {
        "the unit alone": [wrapper, verdict],
        "texts, parameters, events": [walk, look, verdict],
        "call paths": [look, verdict],
        "looks": [verdict],
        "the verdict": [],
    }


def fastest(server, page, replaced):
    """The fewest nanoseconds of a few requests."""
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in replaced]
    for owner, name, value in replaced:
        setattr(owner, name, value)
    try:
        server.get(page)
        gc.collect()
        return min(server.time(page) for _ in range(REQUESTS))
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)


def main():
    logging.disable()
    warnings.simplefilter("ignore")
    set_up("mercury", Path(sys.argv[1]))
    bare, watched = servers()
    watched.get("/one/7/")
    for page, queries in PAGES.items():
        ways = {"without Mercury": (bare, []), **{name: (watched, less) for name, less in parts().items()}}
        rounds = [{name: fastest(server, page, less) for name, (server, less) in ways.items()} for _ in range(ROUNDS)]
        show(queries, {name: min(taken[name] for taken in rounds) for name in ways})


def show(queries, figures):
    base = before = figures.pop("without Mercury")
    print(f"{queries} queries: {base / 1e6:.1f} ms")
    for name, taken in figures.items():
        added = taken - before
        print(f"  {name:<28}{added / base:>+7.1%}{added / queries / 1e3:>8.1f} us a query")
        before = taken


if __name__ == "__main__":
    main()
