"""Tasks for django.tasks, which came with Django 6.0."""

from django.tasks import task

from tests.project.models import Book


@task
def list_authors():
    return len([book.author.name for book in Book.objects.all()])  # query


@task
def fail():
    Book.objects.count()
    raise ZeroDivisionError


@task
async def count_later():
    return await Book.objects.acount()
