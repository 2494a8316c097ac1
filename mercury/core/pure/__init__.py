"""The twin: every file of the C core again in plain Python, module for module.

It serves where no library can be loaded, and it is the specification that runs: for
the same bytes it gives the same bytes, ids, codes and positions as the library.
"""

from mercury.core.pure.abi import build
from mercury.core.pure.compare import center, center_interval, rank_sum, shift, shift_interval, signed_rank
from mercury.core.pure.histogram import Histogram
from mercury.core.pure.loop_proof import compare_paths
from mercury.core.pure.platform import memory
from mercury.core.pure.segment import SegmentIndex, SegmentMemory, SegmentRecorder, inspect_segment
from mercury.core.pure.sql_advice import advise
from mercury.core.pure.sql_lexer import tokens
from mercury.core.pure.sql_normalize import canonical, fingerprint, fingerprint_batch, normalize, normalize_batch
from mercury.core.pure.sql_split import split
from mercury.core.pure.sql_summary import summarize
from mercury.core.pure.trace import Trace

__all__ = [
    "Histogram",
    "SegmentIndex",
    "SegmentMemory",
    "SegmentRecorder",
    "Trace",
    "advise",
    "build",
    "canonical",
    "center",
    "center_interval",
    "compare_paths",
    "fingerprint",
    "fingerprint_batch",
    "inspect_segment",
    "memory",
    "normalize",
    "normalize_batch",
    "rank_sum",
    "shift",
    "shift_interval",
    "signed_rank",
    "split",
    "summarize",
    "tokens",
]
