"""How long the requests of one contender take, in a process of their own.

python measure_requests.py CONTENDER DATABASE
"""

import hashlib
import json
import logging
import statistics
import sys
import warnings
from pathlib import Path

from server import Server
from shop_project import set_up

PAGES = {
    "a request of 825 queries": ("/catalog/206/0/", 5),
    "a request of 100 queries": ("/catalog/24/3/", 30),
    "a list of 100 instances, 4 queries": ("/list/", 40),
    "a request of 1 query": ("/one/7/", 400),
}
"""By row: the page, and how many requests of it make one figure."""

SLICES = 5
"""Pages take turns within the process too: what disturbs it for a moment hits all of them a little."""


def measure(server):
    """The median nanoseconds of each page, and a hash of its body: all contenders must answer the same."""
    spans = {name: [] for name in PAGES}
    bodies = {name: hashlib.sha256(server.get(page)).hexdigest() for name, (page, _) in PAGES.items()}
    for _ in range(SLICES):
        for name, (page, count) in PAGES.items():
            spans[name] += [server.time(page) for _ in range(count // SLICES)]
    return {name: {"ns": statistics.median(taken), "body": bodies[name]} for name, taken in spans.items()}


def main():
    contender, database = sys.argv[1:]
    # What a contender tells goes nowhere, and costs it no terminal.
    logging.disable()
    warnings.simplefilter("ignore")
    set_up(contender, Path(database))
    print(json.dumps(measure(Server())))


if __name__ == "__main__":
    main()
