"""Requests as a WSGI server makes them, without a server."""

import io
import time
from typing import Any, Callable, List


class Server:
    def __init__(self) -> None:
        from django.core.handlers.wsgi import WSGIHandler

        self._application = WSGIHandler()

    def get(self, path: str) -> bytes:
        """The body of the response. Anything but 200 ends the benchmark."""
        status: List[str] = []
        response: Any = self._application(self._environment(path), lambda line, headers: status.append(line))
        try:
            body = b"".join(response)
        finally:
            response.close()
        if not status[0].startswith("200"):
            raise SystemExit(f"{path}: {status[0]}")
        return body

    def time(self, path: str) -> int:
        """Nanoseconds of processor time of one request."""
        return timed(lambda: self.get(path))

    @staticmethod
    def _environment(path: str) -> Any:
        return {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }


def timed(action: Callable[[], Any]) -> int:
    """Nanoseconds of processor time: what else runs on the machine counts little, and nothing here ever waits."""
    started = time.thread_time_ns()
    action()
    return time.thread_time_ns() - started
