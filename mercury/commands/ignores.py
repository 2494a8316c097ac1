"""`mercury ignores`: the ignores in the comments of a project, and which of them are broken or have expired.

Whether one is still of use only a run can tell; see `mercury.check_ignores`.
"""

import datetime
import json
import os
from typing import Any, Dict, Iterable, Iterator, List

from mercury.report.pen import printable
from mercury.suppression.comment import Broken, Comment, read

SUFFIXES = (".py", ".pyw", ".html", ".htm", ".txt", ".xml", ".jinja", ".jinja2", ".j2")
_SKIPPED = ("node_modules", "site-packages", "__pycache__")


def run(paths: Iterable[str], as_json: bool) -> int:
    """Exit code 0, 1 where an ignore is broken or has expired, 2 where a path is none."""
    chosen = list(paths) or ["."]
    missing = [path for path in chosen if not os.path.exists(path)]
    today = datetime.date.today()
    entries = [_entry(comment, today) for path in chosen for file in _files(path) for comment in _comments(file)]
    if as_json:
        print(json.dumps({"ignores": entries, "not_found": missing}, indent=2))
    else:
        lines = [f"{entry['where']}: {entry['state']}: {_words(entry)}" for entry in entries]
        print("\n".join(map(printable, [*lines, *(f"{path}: not found" for path in missing)])) or "no ignores")
    if missing:
        return 2
    return 1 if any(entry["state"] != "in force" for entry in entries) else 0


def _files(path: str) -> Iterator[str]:
    if os.path.isfile(path):
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if _is_the_project_s(os.path.join(folder, name)))
        for name in sorted(names):
            file = os.path.join(folder, name)
            if name.endswith(SUFFIXES) and os.path.isfile(file):
                yield os.path.normpath(file)


def _is_the_project_s(folder: str) -> bool:
    name = os.path.basename(folder)
    is_environment = os.path.exists(os.path.join(folder, "pyvenv.cfg"))
    return not (name.startswith(".") or name in _SKIPPED or is_environment)


def _comments(file: str) -> List[Comment]:
    return list(read(file).values())


def _entry(comment: Comment, today: datetime.date) -> Dict[str, Any]:
    if isinstance(comment, Broken):
        return {"where": comment.where, "state": "broken", "why": comment.why}
    return {
        "where": comment.where,
        "state": "expired" if comment.is_expired(today) else "in force",
        "kinds": list(comment.kinds),
        "reason": comment.reason,
        "owner": comment.owner,
        "until": None if comment.until is None else comment.until.isoformat(),
    }


def _words(entry: Dict[str, Any]) -> str:
    if entry["state"] == "broken":
        return str(entry["why"])
    notes = [note for note in (entry["owner"], entry["until"] and f"until {entry['until']}") if note]
    return f"{', '.join(entry['kinds'])}: {entry['reason']}" + (f" ({', '.join(notes)})" if notes else "")
