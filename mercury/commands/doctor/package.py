"""PyPI has an unrelated package `mercury`, which owns the same import folder and the same console script."""

from importlib.metadata import PackageNotFoundError, version

from mercury.commands.doctor.diagnosis import OK, WRONG, Diagnosis

_HINT = (
    "Keep them in two virtual environments, or: python -m pip uninstall mercury && "
    "python -m pip install --force-reinstall mercury-native"
)


def examine() -> Diagnosis:
    """Wrong where both are installed: each has overwritten files of the other."""
    try:
        foreign = version("mercury")
    except PackageNotFoundError:
        return Diagnosis("package", OK, "no other package owns the folder mercury/")
    text = f"the unrelated package mercury {foreign} is installed too, and owns the same folder and command"
    return Diagnosis("package", WRONG, text, _HINT)
