"""What the processes of a command leave in their outboxes."""

STARTED = "started"
WATCHING = "watching"
ENDED = "ended"
UNIT = "unit"
FINDING = "finding"
IGNORES = "ignores"
FAULT = "fault"
"""The key that tells what a record is."""

MAX_OUTBOX_BYTES = 8 << 20
"""Beyond this a process's file is written anew with sums in the place of single units."""
