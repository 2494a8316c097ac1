"""Records of a comparison of samples."""

from typing import NamedTuple


class RankTest(NamedTuple):
    """What a rank test says. Twice the lesser p, at most 1, is the two-sided one."""

    statistic: float
    p_less: float
    p_greater: float
    is_exact: int


class Interval(NamedTuple):
    low: float
    high: float
