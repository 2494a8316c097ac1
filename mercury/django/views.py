"""The last reports of this process as text, or as JSON with `?format=json`; only while DEBUG is on.

And what all processes of the host have counted, whether it is on or not.
"""

import json
from typing import Any, Optional

from django.http import Http404, HttpResponse

from mercury import settings
from mercury.export import prometheus
from mercury.export.source import source_at
from mercury.report import console, recent
from mercury.segment.snapshot import Snapshot
from mercury.telemetry.active import segment_of

WIDTH = 100


def reports(request: Any) -> HttpResponse:
    """The reports that are kept, one line each, the newest first."""
    _refuse_in_production()
    kept = recent.newest_first()
    if _wants_json(request):
        return _json({"reports": [{"id": each.id, "summary": console.summary(each)} for each in kept]})
    lines = [console.summary(each) for each in kept]
    return _text("\n".join(lines) or "no report yet")


def report(request: Any, identifier: str) -> HttpResponse:
    """One report in full; with `?cleared` also which repeated statements are no findings, and why."""
    _refuse_in_production()
    found = recent.find(identifier)
    if found is None:
        raise Http404("This process keeps no report with this id.")
    if _wants_json(request):
        return _json(found.to_dict())
    text = console.render(found, width=WIDTH)
    return _text(f"{text}\n\n{console.cleared(found, WIDTH)}" if "cleared" in request.GET else text)


def metrics(request: Any) -> HttpResponse:
    """What all processes of this host have counted, for Prometheus. It answers in production too, to whoever asks."""
    status, content_type, body = prometheus.answer(_snapshot, request.headers.get("Accept", ""))
    return _plain(HttpResponse(body, status=status, content_type=content_type))


def _snapshot() -> Optional[Snapshot]:
    path = segment_of(settings.active())
    return None if path is None else source_at(str(path)).snapshot()


def _refuse_in_production() -> None:
    if not settings.is_debugging():
        raise Http404


def _wants_json(request: Any) -> bool:
    return request.GET.get("format") == "json"


def _text(text: str) -> HttpResponse:
    return _plain(HttpResponse(f"{text}\n", content_type="text/plain; charset=utf-8"))


def _json(value: Any) -> HttpResponse:
    return _plain(HttpResponse(json.dumps(value, allow_nan=False), content_type="application/json"))


def _plain(response: HttpResponse) -> HttpResponse:
    # What it holds was named by others, and is never to be taken for a page.
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
