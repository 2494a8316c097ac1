"""Which backend serves, and whether it is the one that should."""

from mercury.commands.doctor.diagnosis import OK, WRONG, Diagnosis
from mercury.core import backend


def examine() -> Diagnosis:
    """Wrong where the C library could serve and does not."""
    loaded = backend()
    return Diagnosis("backend", WRONG if loaded.hint else OK, f"{loaded.name}: {loaded.reason}", loaded.hint)
