"""The kinds of findings, as people are told of them."""

TITLES = {
    "n_plus_one": "N+1",
    "nested": "N+1 in an N+1",
    "repeating_pattern": "Repeating pattern",
    "write_loop": "Written in a loop",
    "duplicate": "Duplicate",
    "repeated_in_loop": "Repeated in a loop",
    "slow_query": "Slow",
    "consecutive_independent": "One after the other",
    "unused_eager_load": "Loaded and not read",
}
COLORS = {
    "n_plus_one": "31;1",
    "nested": "31;1",
    "repeating_pattern": "31;1",
    "write_loop": "31;1",
    "duplicate": "33;1",
    "repeated_in_loop": "36",
    "slow_query": "36",
    "consecutive_independent": "36",
    "unused_eager_load": "36",
}


def title(kind: str) -> str:
    """The kind in words; a kind that is not known, as it is."""
    return TITLES.get(kind, kind)
