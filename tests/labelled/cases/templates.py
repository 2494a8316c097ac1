"""Templates of Django and Jinja2: lists, includes, blocks, and pages of one row."""

from django.template.loader import render_to_string

from tests.labelled.models import Language, Project, Task
from tests.labelled.suite import case, n_plus_one, repeated_in_loop

FOLDER = "templates/labelled/"


def render(name, **context):
    return render_to_string(f"labelled/{name}", context)


@case(n_plus_one("Project.lead"), also=(FOLDER + "leads.html",))
def template_list():
    """The usual list page (category: templates)."""
    render("leads.html", projects=Project.objects.all())


@case(n_plus_one("Project.lead"), n_plus_one("Project.deputy"), also=(FOLDER + "two_keys.html",))
def two_keys_in_one_template_line():
    """Two keys to one model on one line of a template (design: tried)."""
    render("two_keys.html", projects=Project.objects.all())


@case(n_plus_one("Project.tasks"), also=(FOLDER + "tasks.html",))
def children_in_a_template():
    """`{% for task in project.tasks.all %}` (category: templates)."""
    render("tasks.html", projects=Project.objects.all())


@case(n_plus_one("Project.tasks"), also=(FOLDER + "count.html",))
def count_in_a_template():
    """`{{ project.tasks.count }}` (category: templates)."""
    render("count.html", projects=Project.objects.all())


@case(n_plus_one("Project.company"), also=(FOLDER + "rows.html", FOLDER + "row.html"))
def included_row():
    """The row is a template of its own (category: templates; the query's line is in the included file)."""
    render("rows.html", projects=Project.objects.all())


@case(n_plus_one("Task.assignee"), also=(FOLDER + "child.html",))
def block_of_a_child_template():
    """`{% with %}` in a block of an extending template (category: templates)."""
    render("child.html", tasks=Task.objects.all())


@case(n_plus_one("Project.tasks"), also=(FOLDER + "condition.html", Project.open_tasks))
def property_in_a_template():
    """`{% if %}` on a property of the model (category: templates and properties)."""
    render("condition.html", projects=Project.objects.all())


@case(n_plus_one("Task.project"), also=(FOLDER + "regroup.html",))
def regrouped_rows():
    """`{% regroup %}` by a relation loops inside the tag (category: templates)."""
    render("regroup.html", tasks=Task.objects.order_by("project_id"))


@case(n_plus_one("Project.lead"), also=("jinja2/labelled/leads.jinja",))
def jinja_list():
    """A list page in Jinja2 (field: Jinja2 templates)."""
    render("leads.jinja", projects=Project.objects.all())


@case()
def joined_template_list():
    """The list page, repaired (category: the fix)."""
    render("leads.html", projects=Project.objects.with_lead())


@case()
def prefetched_children_in_a_template():
    """The nested list, repaired (category: the fix)."""
    render("tasks.html", projects=Project.objects.prefetch_related("tasks"))


@case()
def detail_page():
    """Two keys to one model of one row: equal SQL on equal paths, and no loop (design: tried)."""
    render("detail.html", project=Project.objects.order_by("pk")[0])


@case()
def jinja_detail_page():
    """The same in Jinja2 (design: tried)."""
    render("detail.jinja", project=Project.objects.order_by("pk")[0])


@case()
def list_page_of_one_row():
    """A list that happens to hold one row (sentry-python#4887)."""
    render("leads.html", projects=Project.objects.filter(title="project 0"))


@case(repeated_in_loop("Language.translations"), also=(FOLDER + "languages.html",))
def language_tabs():
    """One tab for each of the site's languages: rows, but never more of them (design: languages)."""
    render("languages.html", languages=Language.objects.all())


@case()
def three_looks_at_one_queryset():
    """`exists`, the rows, `length`: three looks, two statements (category: templates)."""
    render("twice.html", tasks=Task.objects.filter(status="open"))


@case()
def menu_of_constants():
    """A template loop that asks nothing (category: constants)."""
    render("menu.html", entries=[{"url": "/", "title": "home"}, {"url": "/a/", "title": "about"}])


@case()
def two_pages_of_one_template():
    """One template rendered on two lines (design: straight-line code)."""
    render("detail.html", project=Project.objects.order_by("pk")[0])
    render("detail.html", project=Project.objects.order_by("pk")[1])
