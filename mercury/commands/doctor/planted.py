"""An N+1 as an application might have it.

`mercury doctor` runs a copy of this file that lies outside of Mercury's package, whose own
frames are passed over.
"""


def read_parents(rows):  # type: ignore[no-untyped-def]
    found = []
    for row in rows:
        found.append(row.parent.id)
    return found
