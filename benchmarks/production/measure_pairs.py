"""What light capture adds to a real page: requests with it and without it by turns, in one process.

    python benchmarks/production/measure_pairs.py [PAIRS]

Processor time. Neighbors in time are compared, so that what disturbs the machine hits both; the median of all pairs is
told, with its quartiles. Without the middleware, Mercury's wrappers stay where they are and find no unit.
"""

import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[2]))
sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "overhead"))
sys.path.insert(1, str(Path(__file__).resolve().parents[2] / "examples" / "bookshop"))

from bookshop_server import PAGE, environment, make_database
from server import Server


class Local(Server):
    """Asks for the host that the bookshop allows."""

    @staticmethod
    def _environment(path):
        return {**Server._environment(path), "SERVER_NAME": "localhost"}


def servers():
    """One without Mercury's middleware, and one with it."""
    from django.conf import settings

    watched = Local()
    middleware = settings.MIDDLEWARE
    settings.MIDDLEWARE = [each for each in middleware if not each.startswith("mercury")]
    bare = Local()
    settings.MIDDLEWARE = middleware
    return bare, watched


def measure(pairs):
    """By pair: nanoseconds without and with."""
    bare, watched = servers()
    for server in (bare, watched) * 3:
        server.get(PAGE)
    found = []
    for number in range(pairs):
        if number % 2:
            found.append((bare.time(PAGE), watched.time(PAGE)))
        else:
            found.append((watched.time(PAGE), bare.time(PAGE))[::-1])
    return found


def main():
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update(environment(folder, "light"))
        make_database(folder)
        import django

        django.setup()
        found = measure(pairs)
    added = [(watched - bare) / 1000 for bare, watched in found]
    shares = [100 * (watched / bare - 1) for bare, watched in found]
    for name, values in (("us", added), ("%", shares)):
        low, median, high = statistics.quantiles(values, n=4)
        print(f"light capture of {PAGE} adds {median:+.1f} {name}  ({low:+.1f} to {high:+.1f}), {pairs} pairs")
    print(f"without it: {statistics.median(bare for bare, _ in found) / 1e6:.1f} ms")


if __name__ == "__main__":
    main()
