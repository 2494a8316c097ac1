"""Asynchronous views."""

from django.http import JsonResponse

from shop.models import Author, Book

MOST_SUGGESTIONS = 5


async def suggestions(request):
    """Titles that begin with what was typed."""
    typed = request.GET.get("q", "").strip()
    if not typed:
        return JsonResponse({"titles": []})
    books = Book.objects.filter(title__istartswith=typed).order_by("title")
    titles = [title async for title in books.values_list("title", flat=True)[:MOST_SUGGESTIONS]]
    return JsonResponse({"titles": titles})


async def busiest_authors(request):
    """Authors by the number of their books, counted one by one."""
    counts = []
    async for author in Author.objects.order_by("name"):
        counts.append({"name": author.name, "books": await author.books.acount()})
    counts.sort(key=lambda each: (-each["books"], each["name"]))
    return JsonResponse({"authors": counts})
