"""Rows as the API tells them."""


def book_as_dict(book):
    return {
        "id": book.pk,
        "title": book.title,
        "author": book.author.name,
        "publisher": book.publisher.name,
        "tags": sorted(tag.name for tag in book.tags.all()),
        "offer": offer_as_dict(getattr(book, "offer", None)),
    }


def offer_as_dict(offer):
    if offer is None:
        return None
    return {"isbn": offer.isbn, "price": offer.price, "available": offer.stock > 0}


def author_as_dict(author):
    """With the titles, which are asked for author by author unless they were loaded before."""
    return {"id": author.pk, "name": author.name, "titles": sorted(book.title for book in author.books.all())}


def review_as_dict(review):
    return {"id": review.pk, "stars": review.stars}
