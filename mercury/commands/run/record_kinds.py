"""What the processes of a command leave in their outboxes."""

STARTED = "started"
WATCHING = "watching"
ENDED = "ended"
UNIT = "unit"
FINDING = "finding"
IGNORES = "ignores"
FAULT = "fault"
ROWS = "rows"
PEAK = "peak"
"""The key that tells what a record is."""

COUNTS_VARIABLE = "MERCURY_RUN_COUNTS"
"""Set where rows are to be counted as well; to "memory" where peaks of traced memory are."""

MAX_OUTBOX_BYTES = 8 << 20
"""Beyond this a process's file is written anew with sums in the place of single units."""
