"""Counters and histograms that the processes of a host share in one file.

`shared.py` is what a user holds; `file.py` makes, proves and maps the file; `liveness.py` knows who lives;
`writer.py` has one writer's slots; `folding.py` moves the totals of the dead; `snapshot.py` adds all up;
`keys.py` turns names and labels into bytes. docs/segment-format.md is the format and its protocol.
"""

from mercury.segment.shared import Counter, Histogram, Segment

__all__ = ["Counter", "Histogram", "Segment"]
