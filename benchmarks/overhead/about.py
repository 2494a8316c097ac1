"""Prints what is measured: the versions of the interpreter, of Django and its database, of the contenders."""

import json
import platform
import sqlite3
import sys

from shop_project import ROOT

sys.path.insert(0, str(ROOT))


def version(module):
    try:
        return __import__(module).__version__
    except (ImportError, AttributeError):
        from importlib import metadata

        try:
            return metadata.version({"zeal": "django-zeal"}.get(module, module))
        except metadata.PackageNotFoundError:
            return None


def main():
    import mercury

    found = {
        platform.python_implementation(): platform.python_version(),
        "Django": version("django"),
        "SQLite": sqlite3.sqlite_version,
        "django-zeal": version("zeal"),
        "Mercury's backend": mercury.backend,
    }
    print(json.dumps({name: text for name, text in found.items() if text}))


if __name__ == "__main__":
    main()
