"""Proves an installed Mercury: both backends are there, answer alike, and find the N+1 of a small Django project.

    python -I tools/verify.py

Run it with the interpreter of the environment that Mercury was installed into; -I keeps the sources out of the way.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

VECTORS = Path(__file__).resolve().parents[1] / "tests" / "vectors" / "sql"

ANSWERS = """
import array, json, sys
import mercury
statements = json.load(sys.stdin)
histogram = mercury.Histogram()
histogram.record_many(array.array("d", [len(sql) for sql, *_ in statements]))
answers = [[mercury.normalize(sql, dialect), mercury.fingerprint(sql, dialect)] for sql, dialect, _ in statements]
print(json.dumps([mercury.backend, mercury.backend_reason, mercury.__file__, histogram.to_bytes().hex(), answers]))
"""

N_PLUS_ONE = """
import django
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
                   INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
                   DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import Permission
import mercury
with mercury.monitor("verify") as watch:
    [permission.content_type.model for permission in Permission.objects.all()]
with mercury.monitor("verify") as repaired:
    [permission.content_type.model for permission in Permission.objects.select_related("content_type")]
print([finding.kind for finding in watch.report.findings], [finding.kind for finding in repaired.report.findings])
"""


def statements():
    """The statements of the published vectors with their dialects and fingerprints."""
    for path in sorted(VECTORS.glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            yield case["sql"], case["dialect"], case["fingerprint"]


def run(code, is_pure, given=""):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_MERCURY")}
    if is_pure:
        environment["DJANGO_MERCURY_PURE_PYTHON"] = "1"
    command = [sys.executable, "-I", "-W", "error", "-c", code]
    done = subprocess.run(command, input=given, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def main():
    given = json.dumps(list(statements()))
    expected = [int(fingerprint, 16) for _, _, fingerprint in json.loads(given)]
    native, pure = (json.loads(run(ANSWERS, is_pure, given)) for is_pure in (False, True))
    for name, told in (("native", native), ("pure", pure)):
        print(f"{name}: {told[1]} ({told[2]})")
        if told[0] != name:
            sys.exit(f"the backend is {told[0]!r} where it should be {name!r}")
    if native[3:] != pure[3:]:
        sys.exit("the backends give different answers")
    if [fingerprint for _, fingerprint in native[4]] != expected:
        sys.exit("the fingerprints are not those of the published vectors")
    print(f"{len(native[4]):,} statements and a histogram: equal answers, as published")
    for is_pure in (False, True):
        found = run(N_PLUS_ONE, is_pure).strip()
        if found != "['n_plus_one'] []":
            sys.exit(f"a planted N+1 and its repair gave {found}")
    print("a planted N+1 is found by both, and nothing in its repair")


if __name__ == "__main__":
    main()
