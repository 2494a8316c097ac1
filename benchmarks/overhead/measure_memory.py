"""Memory of one contender, in a process of its own.

python measure_memory.py trace
python measure_memory.py requests CONTENDER DATABASE REQUESTS_PER_COLLECTION

What waits for CPython's collector differs by when that comes, more than by what is kept. So it is called each so many
requests; 0 leaves it to come by itself.
"""

import gc
import json
import logging
import sys
import warnings
from pathlib import Path

from measure_closing import page, sender
from server import Server
from shop_project import ROOT, set_up

QUERIES = 100_000
REQUESTS, WARM_UP = 10_000, 1_000
PAGES = ("/one/7/", "/one/8/", "/catalog/3/3/", "/one/9/", "/one/10/", "/one/11/", "/one/12/")


def resident_mb():
    """What the process holds in memory, in MB of a million bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def held():
    """Resident memory, the interpreter's blocks, and those with what only waited to be collected; PyPy counts none."""
    count_blocks = getattr(sys, "getallocatedblocks", int)
    before = count_blocks()
    gc.collect()
    return resident_mb(), count_blocks(), before


def of_trace():
    """What a unit holds after 100,000 queries with parameters of their own."""
    sys.path.insert(0, str(ROOT))
    from mercury._monitor import open_unit

    send = sender()
    warm = open_unit("warm", sys._getframe())
    page(send, 5_000)
    warm.close()
    before = resident_mb()
    unit = open_unit("memory", sys._getframe())
    page(send, QUERIES)
    held = resident_mb() - before
    unit.close()
    return {"mb": held}


def of_requests(contender, database, requests_per_collection):
    """What a process holds after 10,000 requests, less what it held after the first 1,000."""
    logging.disable()
    warnings.simplefilter("ignore")
    set_up(contender, Path(database))
    server = Server()
    period = int(requests_per_collection)
    for number in range(REQUESTS):
        server.get(PAGES[number % len(PAGES)])
        if period and number % period == 0:
            gc.collect()
        if number == WARM_UP:
            before = held()
    after = held()
    return {"mb": after[0] - before[0], "blocks": after[1] - before[1], "waiting": after[2] - after[1]}


def main():
    what, *arguments = sys.argv[1:]
    print(json.dumps(of_trace() if what == "trace" else of_requests(*arguments)))


if __name__ == "__main__":
    main()
