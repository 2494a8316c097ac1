"""Django's own `CaptureQueriesContext` around each request, as a contender."""

from django.db import connection
from django.test.utils import CaptureQueriesContext


def middleware(get_response):
    def respond(request):
        with CaptureQueriesContext(connection):
            return get_response(request)

    return respond
