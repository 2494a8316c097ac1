"""Views for the tests of the middleware."""

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from tests.project.models import Book


def plain(request, number):
    return HttpResponse("".join(f"<p>{book.author.name}</p>" for book in Book.objects.order_by("pk")))


def failing(request):
    list(Book.objects.all())
    raise ZeroDivisionError("the view's own")


def streaming(request):
    return StreamingHttpResponse(f"<p>{book.author.name}</p>" for book in Book.objects.order_by("pk"))


async def waiting(request):
    names = [book.title async for book in Book.objects.order_by("pk")]
    return HttpResponse("".join(names))


async def streaming_async(request):
    async def body():
        async for book in Book.objects.order_by("pk"):
            yield book.title

    return StreamingHttpResponse(body())


urlpatterns = [
    path("plain/<int:number>/", plain),
    path("failing/", failing),
    path("streaming/", streaming),
    path("waiting/", waiting),
    path("streaming-async/", streaming_async),
]
