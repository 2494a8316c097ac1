"""Class-based views, with the templates, context processors and template tags that they bring."""

from django.http import JsonResponse
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.views.generic import DetailView, ListView, View

from tests.labelled.models import Category, Option, Project, Task
from tests.labelled.suite import case, duplicate, n_plus_one, repeated_in_loop
from tests.labelled.templatetags import labelled_second

FOLDER = "templates/labelled/second/"


class TaskList(ListView):
    queryset = Task.objects.order_by("pk")
    template_name = "labelled/second/task_list.html"


class PagedTaskList(TaskList):
    paginate_by = 4


class ProjectDetail(DetailView):
    queryset = Project.objects.all()
    template_name = "labelled/second/project_detail.html"


class Board(View):
    """A tab is a method of its own name, chosen by `getattr`."""

    tabs = ("open", "waiting", "closed")

    def get(self, request):
        return JsonResponse({tab: getattr(self, f"tab_{tab}")() for tab in self.tabs})  # loop

    def count(self, status):
        return Task.objects.filter(status=status).count()  # query

    def tab_open(self):
        return self.count("open")

    def tab_waiting(self):
        return self.count("waiting")

    def tab_closed(self):
        return self.count("closed")


class Comparison(View):
    """Puts the projects of `?id=…&id=…` side by side."""

    def get(self, request):
        keys = request.GET.getlist("id")
        return JsonResponse({key: Project.objects.get(pk=key).title for key in keys})  # query # loop


def answered(view, path="/", **arguments):
    response = view.as_view()(RequestFactory().get(path), **arguments)
    return response.render() if hasattr(response, "render") else response


def render(name, **context):
    return render_to_string(f"labelled/second/{name}", context)


def theme(request):
    return {"theme": Option.objects.get(key="theme")}  # query


def title_with_theme(request):
    return {"title": Option.objects.get(key="theme").value}  # query


@case(n_plus_one("Task.assignee"), also=(FOLDER + "task_list.html", FOLDER + "task_line.html"))
def list_view_of_an_included_line():
    """A `ListView` whose template extends one and includes another (category: class-based views)."""
    answered(TaskList)


@case(n_plus_one("Project.tasks"), also=(FOLDER + "badges.html", labelled_second.open_count))
def filter_that_counts():
    """A template filter of the project's own asks for each row (wagtail#10477: index views)."""
    render("badges.html", projects=Project.objects.all())


@case(n_plus_one("Project.members"), also=(FOLDER + "teams.html", FOLDER + "team.html"))
def inclusion_tag_for_each_row():
    """An inclusion tag hands a lazy queryset to its template, where it is sent (category: template tags)."""
    render("teams.html", projects=Project.objects.all())


@case(n_plus_one("Task.project"), also=(FOLDER + "sorted.html",))
def sorted_by_a_filter():
    """`dictsort` resolves a lookup over a key for each row (category: template filters)."""
    render("sorted.html", tasks=Task.objects.all())


@case(n_plus_one("Category.children"), also=(FOLDER + "node.html",))
def template_that_includes_itself():
    """A menu of any depth by a template that includes itself (category: recursion over trees)."""
    render("node.html", nodes=Category.objects.filter(parent=None))


@case(repeated_in_loop("Task.assignee"), also=(FOLDER + "task_list.html", FOLDER + "task_line.html"))
def list_view_of_one_page():
    """A page of four rows follows a key: four statements however long the table is (category: a page size)."""
    answered(PagedTaskList)


@case()
def detail_view_with_one_part_twice():
    """One part is included for two people: equal statements at one node, no loop (category: includes)."""
    answered(ProjectDetail, pk=Project.objects.order_by("pk")[0].pk)


@case()
def two_detail_pages():
    """Two pages in one test: each statement of the view comes twice (category: two pages in one unit)."""
    first, second = Project.objects.order_by("pk").values_list("pk", flat=True)[:2]
    answered(ProjectDetail, pk=first)
    answered(ProjectDetail, pk=second)


@case(repeated_in_loop("Task"), also=(Board,))
def tabs_of_a_board():
    """A view collects its tabs by name and `getattr` (category: loops over constants)."""
    answered(Board)


@case(repeated_in_loop("Project"), also=(Comparison,))
def rows_named_in_the_address():
    """A comparison page looks up the two keys of its address one by one (category: bounded by the request)."""
    answered(Comparison, "/?id=1&id=2")


@case(duplicate("Option"), also=(theme, title_with_theme))
def two_context_processors():
    """Two context processors read one setting (debug-toolbar#995)."""
    context = {}
    for processor in (theme, title_with_theme):
        context.update(processor(None))
    render("frame.html", **context)


@case(repeated_in_loop("Project.lead"), also=(FOLDER + "ends.html",))
def first_and_last_row_of_a_list():
    """Only the first and the last row are shown in full (category: a fixed number in spite of the data)."""
    render("ends.html", projects=Project.objects.order_by("pk"))


@case()
def two_lists_of_joined_rows():
    """The list view with a queryset that joins, rendered twice by two views (category: the fix)."""
    rows = Task.objects.select_related("assignee")
    render("task_list.html", object_list=rows.filter(status="open"))
    render("task_list.html", object_list=rows.filter(status="closed"))
