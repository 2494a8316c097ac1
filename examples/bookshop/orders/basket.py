"""What a visitor wants to buy: numbers of books by their keys, in the session."""

from shop.models import Book

KEY = "basket"
MOST_OF_A_BOOK = 20


class BasketError(Exception):
    """What was asked for cannot be had; the text is for the visitor."""


class Basket:
    def __init__(self, session):
        self._session = session

    @property
    def counts(self):
        """How many of each book, by its key as text: JSON knows no other keys."""
        return self._session.get(KEY, {})

    def __len__(self):
        return sum(self.counts.values())

    def add(self, book, count=1):
        counts = dict(self.counts)
        wanted = counts.get(str(book.pk), 0) + count
        offer = getattr(book, "offer", None)
        if offer is None:
            raise BasketError(f"{book.title} is out of print")
        if wanted > min(offer.stock, MOST_OF_A_BOOK):
            raise BasketError(f"there are not {wanted} of {book.title}")
        counts[str(book.pk)] = wanted
        self._session[KEY] = counts

    def remove(self, pk):
        counts = dict(self.counts)
        counts.pop(str(pk), None)
        self._session[KEY] = counts

    def clear(self):
        self._session.pop(KEY, None)

    def lines(self):
        """Pairs of book and count, by title; each book is loaded by itself."""
        found = []
        for pk, count in self.counts.items():
            book = Book.objects.select_related("offer").filter(pk=pk).first()
            if book is not None:
                found.append((book, count))
        return sorted(found, key=lambda line: line[0].title)

    def total_cents(self):
        return sum(book.offer.price_cents * count for book, count in self.lines())
