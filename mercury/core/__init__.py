"""The core as Python sees it: the C library, or its twin where no library can be had."""

from mercury.core.loader import Loaded, load

__all__ = ["Loaded", "backend"]


def backend() -> Loaded:
    """The backend that serves this process. The first call chooses it; it never raises."""
    return load()
