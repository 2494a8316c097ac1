"""The user's Django project: found beside the command, and loaded."""

import os
import re
import sys
from pathlib import Path
from typing import Optional

from mercury.commands.doctor.diagnosis import OK, UNKNOWN, WRONG, Diagnosis

VARIABLE = "DJANGO_SETTINGS_MODULE"

_NAMED = re.compile(VARIABLE + r"""["']\s*,\s*["']([\w.]+)["']""")


def settings_module() -> Optional[str]:
    """What the environment names, or else the manage.py of the working directory."""
    named = os.environ.get(VARIABLE)
    if named:
        return named
    try:
        found = _NAMED.search(Path("manage.py").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    return found.group(1) if found else None


def examine() -> Diagnosis:
    """Loads the project; OK if all that needs Django can be examined from here on."""
    name = settings_module()
    if name is None:
        hint = f"Run it in the folder of manage.py, or set {VARIABLE}."
        return Diagnosis("project", UNKNOWN, "there is no Django project here", hint)
    os.environ[VARIABLE] = name
    sys.path.insert(0, os.getcwd())
    try:
        import django

        django.setup()
    except (Exception, SystemExit) as error:
        # The message may hold whatever the settings hold.
        text = f"the project of {name} cannot be loaded: {type(error).__name__}"
        return Diagnosis("project", WRONG, text, "python manage.py check says more.")
    return Diagnosis("project", OK, f"{name} is loaded, under Django {django.get_version()}")
