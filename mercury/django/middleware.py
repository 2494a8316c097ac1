"""One unit of work for each request, sync and async, open until a streamed body has ended.

Put it first in MIDDLEWARE, so that the work of the others is seen too. It changes no
response, unless the settings ask for headers, as they do while DEBUG is on, or for the mode "raise".
"""

import sys
from types import FrameType
from typing import Any, AsyncIterator, Callable, Iterator, Optional

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

from mercury import settings
from mercury._monitor import Unit, failure_of, open_unit
from mercury._routes import readable
from mercury.capture import spawning
from mercury.capture.spawning import Spawns, from_nowhere
from mercury.django import headers
from mercury.django.signals import announce_reports
from mercury.errors import FindingsError
from mercury.report import Report, recent
from mercury.settings import Settings
from mercury.telemetry.series import Exchange, error_type, exchange
from mercury.trace import current, tell_fault


class MercuryMiddleware:
    """See the module. Its own frame is where the call paths of a request start."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        try:
            announce_reports()
            if settings.active().metrics:
                self.process_view = self._on_view_async if self._is_async else self._on_view
        except Exception:
            tell_fault("Mercury could not announce its reports.")

    def __call__(self, request: Any) -> Any:
        if self._is_async:
            return self._call_async(request)
        unit = open_unit(request.method or "", sys._getframe(), "request", request.path)
        response = None
        try:
            response = self.get_response(request)
        finally:
            failure = _end(unit, request, response)
        if failure is not None:
            raise failure
        return response

    async def _call_async(self, request: Any) -> Any:
        unit = open_unit(request.method or "", sys._getframe(), "request", request.path)
        response = None
        try:
            response = await self.get_response(request)
        finally:
            failure = _end(unit, request, response)
        if failure is not None:
            raise failure
        return response

    def _on_view(self, request: Any, *view: Any) -> None:
        """Django found the view, and is about to call it from the frame that called this."""
        _on_route(request, sys._getframe(1))

    async def _on_view_async(self, request: Any, *view: Any) -> None:
        _on_route(request, sys._getframe(1))


def _on_route(request: Any, root: FrameType) -> None:
    """The route is known, and may be one that is to be traced in full from here on. Never raises."""
    try:
        unit = getattr(current.get(), "unit", None)
        if unit is not None:
            unit.trace_if_suspect(_name(request), _exchange(request, None).method, root)
    except Exception:
        tell_fault("Mercury could not look at a route.")


def _end(unit: Optional[Unit], request: Any, response: Any) -> Optional[FindingsError]:
    """Closes the unit, or has the end of a streamed body close it; gives what is to be raised. Never raises."""
    try:
        return None if unit is None else _ended(unit.traced or unit, request, response)
    except Exception:
        tell_fault("Mercury could not end a request.")
        return None


def _ended(unit: Unit, request: Any, response: Any) -> Optional[FindingsError]:
    if unit.is_left_out:
        unit.leave()
        return None
    # By what held when the request came: to look again takes longer than most of what follows.
    chosen = unit.chosen
    try:
        unit.name = _name(request)
        unit.is_cut_short = not _shows(response)
        if unit.is_measured:
            unit.exchanged = _exchange(request, response)
        unit.id = _id(chosen, request)
        # A file is left to the server, which may have a faster way to send it.
        if getattr(response, "streaming", False) and getattr(response, "file_to_stream", None) is None:
            unit.leave()
            _follow_body(unit, response)
            _add_id(chosen, response, unit.id)
            return None
    except Exception:
        tell_fault("Mercury could not follow a response.")
    report = _close(unit, chosen)
    if report.id:
        _add_headers(chosen, response, report)
    return failure_of(report, chosen)


def _shows(response: Any) -> bool:
    """Is this an answer with a body? An error, a redirect or an empty answer does without much that was loaded."""
    status = getattr(response, "status_code", 0)
    return isinstance(status, int) and 200 <= status < 300 and status != 204


def _close(unit: Unit, chosen: Settings) -> Report:
    """Ends the unit, and keeps its report where reports are kept."""
    report = unit.close(chosen)
    try:
        if report.id and chosen.keeps_reports():
            recent.keep(report, chosen.kept_reports)
    except Exception:
        tell_fault("Mercury could not keep a report.")
    return report


def _add_headers(chosen: Settings, response: Any, report: Report) -> None:
    try:
        if response is not None and chosen.adds_headers():
            headers.add(response, report)
    except Exception:
        tell_fault("Mercury could not add its headers.")


def _add_id(chosen: Settings, response: Any, identifier: str) -> None:
    try:
        if identifier and chosen.adds_headers():
            headers.add_id(response, identifier)
    except Exception:
        tell_fault("Mercury could not add its header.")


def _id(chosen: Settings, request: Any) -> str:
    """An id for the report, if anybody is to be told of it. Mercury's own pages get none."""
    if not (chosen.adds_headers() or chosen.keeps_reports()):
        return ""
    match = getattr(request, "resolver_match", None)
    return "" if match is not None and match.app_names == ["mercury"] else recent.new_id()


def _name(request: Any) -> str:
    """Method and route: a path may hold what nobody should log, a route does not."""
    match = getattr(request, "resolver_match", None)
    return f"{request.method} {'(no route)' if match is None else readable(match.route)}"


def _exchange(request: Any, response: Any) -> Exchange:
    """What the series are told of a request and its response; without a response, of the error in its place."""
    match = getattr(request, "resolver_match", None)
    route = None if match is None else readable(match.route)
    error = error_type(sys.exc_info()[1]) if response is None else None
    return exchange(request.method, request.scheme, route, getattr(response, "status_code", None), error)


def _follow_body(unit: Unit, response: Any) -> None:
    # The unit is no longer below our frame, which has returned: paths start at the server's.
    if not unit.trace.is_light:
        unit.trace.root = None
        for lane in unit.trace.lanes.values():
            lane.release()
    body = response.streaming_content
    if response.is_async:
        response.streaming_content = _AsyncBody(unit, body, body.__aiter__())
    else:
        response.streaming_content = _Body(unit, body, iter(body))


class _Streamed:
    """A streamed body whose work belongs to the request. The server reads it to its end, or closes it."""

    def __init__(self, unit: Unit, body: Any, parts: Any) -> None:
        self._unit: Optional[Unit] = unit
        self._body = body
        self._parts = parts
        # A worker that reads the body says nothing about who wanted it; all parts have one caller.
        self._spawns: Spawns = () if unit.trace.is_light else (from_nowhere(unit.trace.paths),)
        self._is_read = False

    def _enter(self) -> Optional[Unit]:
        """What is done from here on belongs to the unit, until it leaves; None if it has ended."""
        try:
            if self._unit is not None:
                if not self._is_read:
                    # Whoever reads it may be watched as well, as a test is: to that unit its first call stands for all.
                    self._is_read = True
                    self._spawns += spawning.note(sys._getframe(2))
                self._unit.enter()
                self._spawns = spawning.exchange(self._spawns)
        except Exception:
            tell_fault("Mercury could not follow a streamed body.")
        return self._unit

    def _leave(self, unit: Optional[Unit]) -> None:
        try:
            if unit is not None:
                unit.leave()
                self._spawns = spawning.exchange(self._spawns)
        except Exception:
            tell_fault("Mercury could not follow a streamed body.")

    def close(self) -> None:
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._cut_short()
            self._finish()

    def _cut_short(self) -> None:
        """Notes that nobody wants the rest, if the body has not ended."""
        if self._unit is not None:
            self._unit.is_cut_short = True

    def _finish(self) -> Optional[FindingsError]:
        """Closes the unit, and gives what is to be raised."""
        unit, self._unit = self._unit, None
        try:
            return None if unit is None else failure_of(_close(unit, unit.chosen), unit.chosen)
        except Exception:
            tell_fault("Mercury could not end a request.")
            return None


class _Body(_Streamed):
    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> Any:
        unit = self._enter()
        try:
            return next(self._parts)
        except StopIteration:
            # The body has ended as it should: this is the place to raise.
            failure = self._finish()
            if failure is not None:
                raise failure from None
            raise
        except BaseException:
            self._cut_short()
            self._finish()
            raise
        finally:
            self._leave(unit)


class _AsyncBody(_Streamed):
    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> Any:
        unit = self._enter()
        try:
            return await self._parts.__anext__()
        except StopAsyncIteration:
            # The body has ended as it should: this is the place to raise.
            failure = self._finish()
            if failure is not None:
                raise failure from None
            raise
        except BaseException:
            self._cut_short()
            self._finish()
            raise
        finally:
            self._leave(unit)
