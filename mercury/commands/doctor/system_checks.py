"""Mercury's own system checks, also where its app is not installed and Django would not run them."""

from typing import List

from django.core.checks import INFO

from mercury.commands.doctor.diagnosis import OK, UNKNOWN, WRONG, Diagnosis
from mercury.django import checks


def examine() -> List[Diagnosis]:
    """One diagnosis for each message; what SILENCED_SYSTEM_CHECKS names is left out."""
    found = [
        Diagnosis(message.id or "check", UNKNOWN if message.level <= INFO else WRONG, message.msg, message.hint or "")
        for message in checks.run()
        # The backend has an examination of its own.
        if message.id != "mercury.W004"
    ]
    return found or [Diagnosis("checks", OK, "the app is installed, the middleware stands where it sees all requests")]
