"""Texts that any receiver can take, of a length that is known."""

MAX_TEXT = 2_000
"""Characters of one name, sentence or statement."""

_CUT = "..."


def plain(text: str, most: int = MAX_TEXT) -> str:
    """Text in one line, at most `most` characters: what is not printable stands as a backslash escape."""
    text = text[: most + 1]
    if not text.isprintable():
        text = "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)
    return text if len(text) <= most else text[: max(0, most - len(_CUT))] + _CUT


def plain_path(path: str, most: int = MAX_TEXT) -> str:
    """The same for a path, whose end says most."""
    text = plain(path[-most - 1 :], 10 * most)
    return text if len(text) <= most else _CUT + text[len(text) - most + len(_CUT) :]
