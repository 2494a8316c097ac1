"""`mercury report`: a report of a running development server, by the id that its log and its headers tell."""

import http.client
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Optional

from mercury.report.pen import printable

DEFAULT_URL = "http://127.0.0.1:8000/mercury/"
TIMEOUT_SECONDS = 10
MAX_BYTES = 16 << 20


def run(identifier: Optional[str], url: Optional[str], as_json: bool, with_cleared: bool) -> int:
    """Exit code 0, or 1 where there is no such report or no such server."""
    query = "?format=json" if as_json else "?cleared" if with_cleared else ""
    path = "" if identifier is None else urllib.parse.quote(identifier, safe="") + "/"
    base = (url or DEFAULT_URL).rstrip("/")
    if not base.startswith(("http://", "https://")):
        return _fail("the address must begin with http:// or https://")
    try:
        text = _fetch(f"{base}/{path}{query}")
    except urllib.error.HTTPError as error:
        return _fail(_about(error.code, identifier))
    except (OSError, ValueError, http.client.HTTPException) as error:
        return _fail(f"no answer from {printable(base)}: {type(error).__name__}; --url names another address")
    if as_json:
        return _print_json(text)
    # The answer is another program's: nothing in it may steer the terminal.
    print("\n".join(map(printable, text.rstrip("\n").split("\n"))))
    return 0


def _fetch(address: str) -> str:
    # A development server is never behind the proxy that the environment may name.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=TIMEOUT_SECONDS) as answer:
        data: bytes = answer.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError("too large")
    return data.decode("utf-8", "replace")


def _about(code: int, identifier: Optional[str]) -> str:
    if code != 404:
        return f"the server answered {code}"
    if identifier is None:
        return 'the server has no such page: path("mercury/", include("mercury.django.urls")), and DEBUG must be on'
    return "there is no such report: it was forgotten, another process has it, or the server lacks Mercury's pages"


def _print_json(text: str) -> int:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return _fail("the answer is no JSON")
    print(json.dumps(value, indent=2))
    return 0


def _fail(why: str) -> int:
    print(f"mercury report: {why}", file=sys.stderr)
    return 1
