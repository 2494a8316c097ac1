"""`mercury segment FILE`: what the processes that share a segment have counted, and whether all of it can be read.

Nothing is changed: the dead are added up and not folded.
"""

import json
import sys
from typing import Any, Dict, Iterator, List

from mercury.core.records import SEGMENT_RETIRED, SEGMENT_WRITER
from mercury.report.pen import printable
from mercury.segment import snapshot
from mercury.segment.file import SegmentFile, UnusableError, open_to_read
from mercury.segment.folding import counts
from mercury.segment.keys import SeriesKey
from mercury.segment.snapshot import SegmentHistogram, Snapshot

UNREADABLE = 2
INCOMPLETE = 1
WHOLE = 0

_QUANTILES = (0.5, 0.95, 0.99)


def run(path: str, as_json: bool) -> int:
    """Exit code 0, 1 where something is missing from the figures, 2 where the file is no segment of this version."""
    try:
        file = open_to_read(path)
    except UnusableError as error:
        print(f"mercury segment: {printable(str(error))}", file=sys.stderr)
        return UNREADABLE
    try:
        found = snapshot.take(file)
        slots = _slots(file)
    except UnusableError as error:
        print(f"mercury segment: {printable(path)}: {error}", file=sys.stderr)
        return UNREADABLE
    finally:
        file.close()
    if as_json:
        print(json.dumps(_document(found, slots), indent=2))
    else:
        encoding = sys.stdout.encoding or "ascii"
        print("\n".join(_lines(found, slots)).encode(encoding, "backslashreplace").decode(encoding))
    missing = found.losses._replace(other_values=0)
    return INCOMPLETE if any(missing) else WHOLE


def _slots(file: SegmentFile) -> Dict[str, int]:
    """How many slots there are, and whose."""
    generation = file.generation()
    heads = file.memory.slots()
    writers = [n for n, head in enumerate(heads) if head.use == SEGMENT_WRITER and counts(head, generation)]
    living = sum(file.locks.is_held(number) for number in writers)
    retired = sum(head.use == SEGMENT_RETIRED and counts(head, generation) for head in heads)
    return {"all": len(heads), "living": living, "dead": len(writers) - living, "retired": retired}


def _document(found: Snapshot, slots: Dict[str, int]) -> Dict[str, Any]:
    return {
        "version": 1,
        "created_ns": found.created_ns,
        "slots": slots,
        "losses": found.losses._asdict(),
        "counters": [{**_named(key), "value": value} for key, value in found.counters()],
        "histograms": [
            {
                **_named(key),
                "count": value.count,
                "sum": value.sum,
                "min": value.min,
                "max": value.max,
                "scale": value.scale,
                "zero_count": value.zero_count,
                "first_index": value.first_index,
                "counts": value.counts,
            }
            for key, value in found.histograms()
        ],
    }


def _named(key: SeriesKey) -> Dict[str, Any]:
    name, labels = key
    return {"name": name, "labels": dict(labels)}


def _lines(found: Snapshot, slots: Dict[str, int]) -> Iterator[str]:
    yield "slots: {living} of living writers, {dead} of dead ones, {retired} retired, {all} in all".format(**slots)
    for key, value in sorted(found.counters()):
        yield f"{value:>14,}  {_title(key)}"
    for key, histogram in sorted(found.histograms(), key=lambda row: row[0]):
        yield f"{histogram.count:>14,}  {_title(key)}  {_figures(histogram)}"
    yield from _notes(found)


def _title(key: SeriesKey) -> str:
    name, labels = key
    pairs = ", ".join(f"{label}={value}" for label, value in labels)
    return printable(f"{name}{{{pairs}}}" if pairs else name)


def _figures(histogram: SegmentHistogram) -> str:
    if histogram.min is None:
        return ""
    quantiles = " ".join(f"p{round(100 * q)} {histogram.quantile(q):,.0f}" for q in _QUANTILES)
    return f"min {histogram.min:,} {quantiles} max {histogram.max:,} sum {histogram.sum:,}"


def _notes(found: Snapshot) -> List[str]:
    """What is not among the figures, or not where it belongs."""
    losses = found.losses
    texts = {
        "other_values": "values are in `other`, because there was no room for their series",
        "torn_series": "series lack at most a part of one value: their writer was killed while he recorded it",
        "quarantined_series": "series are left out: their checks do not hold",
        "damaged_slots": "slots are left out: it cannot be told whose they are",
    }
    return [f"note: {count:,} {texts[name]}" for name, count in losses._asdict().items() if count and name in texts]
