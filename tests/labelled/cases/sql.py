"""Raw SQL: cursors, `raw()`, `executemany` and aggregates written by hand."""

from django.db import connection
from django.db.models import Avg, Max

from tests.labelled.models import Entry, Person, Project, Task
from tests.labelled.suite import case, n_plus_one, repeated_in_loop, write_loop


def one(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)  # query
        return cursor.fetchone()


@case(n_plus_one("labelled_task"))
def cursor_for_each_row():
    """A raw cursor in a loop over rows (category: raw cursors)."""
    for project in Project.objects.all():  # loop
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM labelled_task WHERE project_id = %s", [project.pk])  # query
            cursor.fetchone()


@case(n_plus_one("labelled_task"))
def cursor_for_each_row_of_a_cursor():
    """Neither loop nor query goes through the ORM (category: raw cursors)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM labelled_project")
        for (key,) in cursor.fetchall():  # loop
            cursor.execute("SELECT title FROM labelled_task WHERE project_id = %s", [key])  # query
            cursor.fetchall()


@case(n_plus_one("labelled_person"), also=(one,))
def helper_around_a_cursor():
    """A helper that gives one row of SQL (category: raw cursors)."""
    for project in Project.objects.all():  # loop
        one("SELECT name FROM labelled_person WHERE id = %s", project.lead_id)


@case(n_plus_one("Person"))
def raw_queryset_for_each_row():
    """`Manager.raw()` in a loop (category: raw SQL)."""
    for project in Project.objects.all():  # loop
        list(Person.objects.raw("SELECT * FROM labelled_person WHERE id = %s", [project.lead_id]))  # query


@case(n_plus_one("Project.lead"))
def key_of_raw_rows():
    """Rows of `raw()` follow a key (category: raw SQL)."""
    for project in Project.objects.raw("SELECT * FROM labelled_project"):  # loop
        project.lead.name  # query


@case(n_plus_one("Project.body"))
def column_missing_in_raw_rows():
    """`raw()` leaves a column out, which is then loaded by row (zeal#57)."""
    for project in Project.objects.raw("SELECT id, title FROM labelled_project"):  # loop
        project.body  # query


@case(n_plus_one("labelled_task"))
def literals_in_the_text():
    """Values formatted into the text: every text is another, the shape is one (category: raw SQL)."""
    for project in Project.objects.all():  # loop
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM labelled_task WHERE project_id = {project.pk}")  # query


@case(write_loop("labelled_entry"))
def insert_for_each_row():
    """A raw `INSERT` in a loop (category: write loops)."""
    with connection.cursor() as cursor:
        for project in Project.objects.all():  # loop
            cursor.execute("INSERT INTO labelled_entry (text) VALUES (%s)", [project.title])  # query


@case(n_plus_one("Task"))
def maximum_for_each_row():
    """An aggregate over another table's rows (category: aggregates)."""
    for person in Person.objects.all():  # loop
        Task.objects.filter(assignee_id=person.pk).aggregate(Max("hours"), Avg("hours"))  # query


@case()
def one_report():
    """A report of one statement (category: raw SQL)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT project_id, count(*) FROM labelled_task GROUP BY project_id")
        cursor.fetchall()


@case()
def many_at_once():
    """`executemany` (category: the fix)."""
    rows = [(project.title,) for project in Project.objects.all()]
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO labelled_entry (text) VALUES (%s)", rows)


@case()
def rows_fetched_one_by_one():
    """`fetchone()` in a loop reads one statement's rows (category: raw cursors)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT title FROM labelled_task")
        while cursor.fetchone():
            pass


@case(repeated_in_loop("labelled_task"), also=(one,))
def three_counts_by_cursor():
    """A status page counts three titles (design: constants)."""
    for title in ("task 0.0", "task 0.1", "task 1.0"):  # loop
        one("SELECT count(*) FROM labelled_task WHERE title = %s", title)


@case()
def raw_rows_with_all_columns():
    """`raw()` with all that is read (category: the fix)."""
    [project.body for project in Project.objects.raw("SELECT * FROM labelled_project")]


@case()
def aggregates_of_a_page():
    """Three aggregates of one table on three lines (category: aggregates)."""
    Task.objects.aggregate(Max("hours"))
    Task.objects.aggregate(Avg("hours"))
    Entry.objects.aggregate(Max("pk"))


@case()
def many_rows_of_one_statement():
    """`IN` of raw SQL, as wide as the rows (design: work width)."""
    keys = list(Project.objects.values_list("pk", flat=True))
    marks = ", ".join(["%s"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT title FROM labelled_task WHERE project_id IN ({marks})", keys)
        cursor.fetchall()
