"""Prometheus's endpoint: what a snapshot holds, in the form that the scraper likes best of those there are.

text/plain                          Prometheus's text format 0.0.4, the default
application/openmetrics-text        OpenMetrics 1.0
application/vnd.google.protobuf     length-delimited MetricFamily messages, the only form with native histograms
"""

from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple

from mercury.export import prometheus_protobuf, prometheus_text
from mercury.export.faults import Faults
from mercury.export.prometheus_families import Family, families

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

NO_SEGMENT = "There is no segment here, so Mercury has no metrics to tell."

faults = Faults("Prometheus")

_FORMS: Dict[str, Callable[[Iterable[Family]], bytes]] = {
    TEXT: prometheus_text.text,
    OPENMETRICS: prometheus_text.openmetrics,
    PROTOBUF: prometheus_protobuf.delimited,
}


class Answer(NamedTuple):
    """One answer to a scrape."""

    status: int
    content_type: str
    body: bytes


def expose(snapshot: Any, content_type: str = TEXT) -> bytes:
    """A snapshot in one of the three forms. Series whose names another one has already are left out and counted."""
    found, left_out = families(snapshot)
    if left_out:
        faults.note("the name and labels of one series are another one's already", left_out)
    return _FORMS[content_type](found)


def answer(read: Callable[[], Optional[Any]], accept: str) -> Answer:
    """The answer to a scrape with this Accept header; `read` gives a snapshot, or None without one. Never raises."""
    try:
        snapshot = read()
        if snapshot is not None:
            content_type = best_form(accept)
            return Answer(200, content_type, expose(snapshot, content_type))
    except Exception as error:
        faults.note_error(error)
        return Answer(503, TEXT, b"Mercury's segment could not be read.\n")
    return Answer(503, TEXT, f"{NO_SEGMENT}\n".encode("ascii"))


def wsgi_application(read: Callable[[], Optional[Any]]) -> Callable[..., List[bytes]]:
    """A WSGI application that answers every request as `answer` does."""

    def application(environ: Dict[str, Any], start_response: Callable[..., Any]) -> List[bytes]:
        status, content_type, body = answer(read, environ.get("HTTP_ACCEPT", ""))
        headers = [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("X-Content-Type-Options", "nosniff"),
        ]
        start_response("200 OK" if status == 200 else "503 Service Unavailable", headers)
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    return application


_MAX_ACCEPT = 4096


def best_form(accept: str) -> str:
    """The content type that an Accept header likes best, TEXT where it knows none of them. Any text is legal."""
    best, best_quality = TEXT, 0.0
    for part in accept[:_MAX_ACCEPT].lower().split(","):
        media, *rest = (each.strip() for each in part.split(";"))
        parameters = dict(_parameter(each) for each in rest)
        form, quality = _form(media, parameters), _quality(parameters.get("q", "1"))
        if form is not None and quality > best_quality:
            best, best_quality = form, quality
    return best


def _form(media: str, parameters: Dict[str, str]) -> Optional[str]:
    if media == "application/vnd.google.protobuf":
        proto, encoding = parameters.get("proto"), parameters.get("encoding")
        return PROTOBUF if (proto, encoding) == ("io.prometheus.client.metricfamily", "delimited") else None
    if media == "application/openmetrics-text":
        return OPENMETRICS if parameters.get("version", "1.0.0") == "1.0.0" else None
    if media == "text/plain":
        return TEXT if parameters.get("version", "0.0.4") == "0.0.4" else None
    return TEXT if media in ("*/*", "text/*") else None


def _parameter(text: str) -> Tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value.strip().strip('"')


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0
