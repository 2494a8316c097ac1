"""Transactions, savepoints and row locks."""

from django.db import IntegrityError, connection, transaction

from tests.orm_expressions.models import Author, Book, Tag
from tests.orm_expressions.suite import expression


@expression
def savepoint():
    with transaction.atomic():
        Tag.objects.create(label="fresh")


@expression
def savepoint_rolled_back():
    with transaction.atomic():
        Tag.objects.count()
        transaction.set_rollback(True)


@expression
def savepoint_after_error():
    try:
        with transaction.atomic():
            Tag.objects.create(label="new")
    except IntegrityError:
        Tag.objects.count()


@expression
def savepoints_nested():
    with transaction.atomic(), transaction.atomic(), transaction.atomic():
        Tag.objects.count()


@expression
def savepoints_in_turn():
    for _ in range(3):
        with transaction.atomic():
            Tag.objects.count()


@expression
def savepoint_left_out():
    with transaction.atomic(savepoint=False):
        Tag.objects.count()


@expression
def savepoint_by_hand():
    name = transaction.savepoint()
    Tag.objects.count()
    transaction.savepoint_rollback(name)
    transaction.savepoint_commit(transaction.savepoint())


@expression
def durable_in_function():
    @transaction.atomic
    def count():
        return Tag.objects.count()

    count()


@expression(atomic=False)
def outermost():
    with transaction.atomic():
        Tag.objects.count()


@expression(atomic=False)
def outermost_rolled_back():
    with transaction.atomic():
        Tag.objects.create(label="fresh")
        transaction.set_rollback(True)


@expression(atomic=False)
def outermost_with_savepoint():
    with transaction.atomic(durable=True), transaction.atomic():
        Tag.objects.count()


@expression(atomic=False)
def autocommit():
    Tag.objects.count()
    Tag.objects.filter(pk=0).update(label="x")


@expression
def locked():
    return Book.objects.select_for_update()


@expression
def locked_without_waiting():
    return Book.objects.select_for_update(nowait=True)


@expression
def locked_skipping():
    return Book.objects.select_for_update(skip_locked=True).filter(pages=1)[:5]


@expression
def locked_in_part():
    return Book.objects.select_related("author").select_for_update(of=("self",))


@expression
def locked_without_key():
    return Book.objects.select_for_update(no_key=True)


@expression
def locked_row(author):
    Author.objects.select_for_update().get(pk=author.pk)


@expression
def locked_and_updated():
    Author.objects.select_for_update().update_or_create(name="Ann", defaults={"rating": 1})


@expression
def constraints_checked():
    connection.check_constraints(["library_review"])
