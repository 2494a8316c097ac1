"""What capturing one query takes inside the execute wrapper, in real Django queries over SQLite.

python measure_capture.py DATABASE

One timer stands outside of Mercury's wrapper and one inside; the difference is Mercury's, less what
the same timers cost around a wrapper that does nothing. A view runs one query again and again:
straight from Python, from a template that is rendered each time, and from a nested serializer.
"""

import json
import statistics
import sys
from pathlib import Path

from shop_project import set_up
from wrapped import between_timers, nothing

QUERIES = 200
ROUNDS = 15


def through(depth, action):
    return action() if depth == 0 else through(depth - 1, action)


def places():
    """By row: an action that sends one query."""
    from django.template import engines
    from rest_framework import serializers
    from shop.models import Book

    book = Book.objects.order_by("pk")[0]

    class AuthorSerializer(serializers.Serializer):
        books = serializers.SerializerMethodField()

        def get_books(self, author):
            return author.books.count()

    class BookSerializer(serializers.Serializer):
        author = AuthorSerializer()

    class ShelfSerializer(serializers.Serializer):
        books = BookSerializer(many=True)

    class RoomSerializer(serializers.Serializer):
        shelves = ShelfSerializer(many=True)

    room = {"shelves": [{"books": [book]}]}
    book.author  # noqa: B018 - loaded once, so that only the count is asked for again
    template = engines["django"].get_template("overhead/page.html")
    return {
        "capture, 11 fresh frames": lambda: through(0, lambda: Book.objects.get(pk=book.pk)),
        "capture, a template": lambda: through(3, lambda: template.render({"book": book})),
        "capture, a serializer": lambda: through(20, lambda: RoomSerializer(room).data),
    }


def fresh_frames(action):
    """How many frames there are between the execute wrapper and the view, for which `work` stands."""
    from django.db import connection

    counts = []

    def count(execute, sql, params, many, context):
        frame, passed = sys._getframe(1), 0
        while frame.f_code is not work.__code__:
            frame, passed = frame.f_back, passed + 1
        counts.append(passed)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        work(action, 1)
    (frames,) = counts
    return frames


def work(action, times):
    for _ in range(times):
        action()


def block(wrapper, action):
    """The median nanoseconds that `wrapper` takes."""
    from django.db import connection

    wrappers, spans = between_timers(wrapper)
    connection.execute_wrappers[:] = wrappers
    try:
        work(action, QUERIES)
    finally:
        del connection.execute_wrappers[:]
    return statistics.median(spans)


def measure(action):
    import mercury
    from mercury.capture import database

    frames = fresh_frames(action)
    watched, idle = [], []
    for _ in range(ROUNDS):
        with mercury.monitor("capture"):
            watched.append(block(database.watch_query, action))
        idle.append(block(nothing, action))
    return {"us": (statistics.median(watched) - statistics.median(idle)) / 1000, "frames": frames}


def main():
    set_up("unmonitored", Path(sys.argv[1]))
    print(json.dumps({name: measure(action) for name, action in places().items()}))


if __name__ == "__main__":
    main()
