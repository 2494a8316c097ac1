"""`mercury settings`: what holds, where each value comes from, and what is wrong."""

import json
import os
import sys
from dataclasses import asdict
from typing import Any, Dict, List, Optional

from mercury import settings
from mercury._settings_sources import django_settings
from mercury.commands.doctor.project import VARIABLE, settings_module


def run(as_json: bool) -> int:
    """Exit code 0, or 1 where something in a source is not used."""
    missing = _load_django()
    loaded = settings.load()
    if as_json:
        print(json.dumps(_document(loaded, missing), indent=2, sort_keys=True))
    else:
        print("\n".join(_lines(loaded, missing)))
    return 1 if loaded.problems or missing else 0


def _load_django() -> Optional[str]:
    """Has Django read the settings that the environment or manage.py names; gives the reason if that fails."""
    name = settings_module()
    if name is None:
        return None
    os.environ[VARIABLE] = name
    # As manage.py has it: the project lies in the working directory.
    sys.path.insert(0, os.getcwd())
    try:
        from django.conf import settings as lazy

        lazy.DEBUG  # noqa: B018  # the first look reads them
        return None
    except Exception as error:
        return f"Django's settings could not be loaded: {type(error).__name__}"


def _document(loaded: settings.Loaded, missing: Optional[str]) -> Dict[str, Any]:
    chosen = loaded.settings
    return {
        "enabled": chosen.enabled,
        "exclude_paths": list(chosen.exclude_paths),
        "workloads": {
            name: {**asdict(workload), "mode": chosen.mode(name)} for name, workload in chosen.workloads.items()
        },
        "origins": loaded.origins,
        "problems": [problem._asdict() for problem in loaded.problems],
        "not_read": [missing] if missing else [],
    }


def _lines(loaded: settings.Loaded, missing: Optional[str]) -> List[str]:
    lines = [f"Mercury is {'on' if loaded.settings.enabled else 'off'} ({_origin(loaded, 'enabled')})"]
    for name in loaded.settings.workloads:
        lines.append(f"{name:<8}  {loaded.settings.mode(name)}")
    if loaded.values:
        lines += ["", "set:"]
        lines += [f"  {key} = {loaded.values[key]!r}  ({_origin(loaded, key)})" for key in sorted(loaded.values)]
    if loaded.problems:
        lines += ["", "not used:"]
        lines += [f"  {problem} ({problem.id})" for problem in loaded.problems]
    if missing:
        lines += ["", missing]
    elif django_settings() is None:
        lines += ["", f"Django's settings were not read: there is no manage.py here, and no {VARIABLE}"]
    return lines


def _origin(loaded: settings.Loaded, key: str) -> str:
    return loaded.origins.get(key, settings.DEFAULT)
