"""The record of a histogram."""

from typing import NamedTuple


class Figures(NamedTuple):
    """What a histogram holds but its buckets. `sum` is in units of 2 ** -HISTOGRAM_UNIT_BITS."""

    scale: int
    count: int  # type: ignore[assignment]  # the field, not the method of tuples
    zero_count: int
    first_bucket: int
    bucket_count: int
    minimum_exponent: int
    minimum_significand: int
    maximum_exponent: int
    maximum_significand: int
    sum: int
