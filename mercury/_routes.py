"""Routes as people know them: `^books/(?P<pk>\\d+)/$` is `/books/<pk>/`.

What Django's `simplify_regex` makes of them for its own documentation pages, with punctuation unescaped. That function
is in an application that a project need not have.
"""

import functools
import re

_MAX_ROUTES = 4096

_PIECES = re.compile(
    r"""
      (?P<named>\(\?P(?P<name><\w+>))
    | (?P<silent>\(\?)
    | (?P<group>\()
    | (?P<close>\))
    | (?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])
    | \\(?P<escaped>.)
    | (?P<operator>[?*+^$])
    """,
    re.VERBOSE | re.DOTALL,
)
_POSITIONS = "bBAZz"
"""Escaped, these match no character."""


@functools.lru_cache(_MAX_ROUTES)
def readable(route: str) -> str:
    """The route that Django's resolver gives, with one slash in front; a regular expression as text with names."""
    return "/" + (_simplified(route) if _is_regex(route) else route).lstrip("/")


def _is_regex(route: str) -> bool:
    """As Django's check urls.W001 tells regular expressions from the routes of `path()`."""
    return "^" in route or "(?P<" in route or route.endswith(("$", "\\Z", "\\z"))


def _simplified(route: str) -> str:
    told = []
    depth = end = 0
    for piece in _PIECES.finditer(route):
        if not depth:
            told += [route[end : piece.start()], _word_for(piece)]
        depth = max(0, depth + (piece["close"] is None and piece[0].startswith("(")) - (piece["close"] is not None))
        end = piece.end()
    return "".join(told) + ("" if depth else route[end:])


def _word_for(piece: "re.Match[str]") -> str:
    """What stands for one piece of a regular expression that lies in no group."""
    if piece["named"]:
        return piece["name"]
    if piece["group"]:
        return "<var>"
    if piece["class"]:
        return piece[0]
    escaped = piece["escaped"]
    if escaped is None or escaped in _POSITIONS:
        return ""
    return piece[0] if escaped.isalnum() else escaped
