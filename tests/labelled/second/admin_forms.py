"""Forms and the admin: inlines, confirmation pages, filters, validation of rows before they are written."""

from django import forms
from django.contrib import admin
from django.contrib.admin import helpers
from django.contrib.auth.models import User
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory

from tests.labelled.models import Company, Person, Project, Task
from tests.labelled.suite import case, duplicate, n_plus_one, repeated_in_loop


class TaskInline(admin.TabularInline):
    model = Task
    fields = ["title", "assignee"]
    extra = 0


class ThreeTasksInline(TaskInline):
    extra = 3


class RawTaskInline(TaskInline):
    raw_id_fields = ["assignee"]


class ReadOnlyTaskInline(TaskInline):
    readonly_fields = ["title"]
    fields = ["title"]


class ProjectWithTasks(admin.ModelAdmin):
    fields = ["title"]
    inlines = [TaskInline]


class ProjectWithRawTasks(ProjectWithTasks):
    inlines = [RawTaskInline]


class ProjectWithTitles(ProjectWithTasks):
    inlines = [ReadOnlyTaskInline]


class NewProject(ProjectWithTasks):
    inlines = [ThreeTasksInline]


class FilteredProjects(admin.ModelAdmin):
    list_display = ["title"]
    list_filter = ["lead", "deputy"]


class DeletedCompanies(admin.ModelAdmin):
    list_display = ["pk"]


class TitledForm(forms.Form):
    title = forms.CharField()

    def clean_title(self):
        title = self.cleaned_data["title"]
        if Project.objects.filter(title=title).exists():  # query
            raise forms.ValidationError("taken")
        return title


class ContactForm(forms.Form):
    person = forms.ModelChoiceField(Person.objects.all())


class PageForms:
    """Three forms of one page, told apart by their prefixes."""

    prefixes = {"billing": ContactForm, "shipping": ContactForm, "support": ContactForm}

    def __init__(self, data):
        self.forms = [form(data, prefix=prefix) for prefix, form in self.prefixes.items()]

    def are_valid(self):
        return all(form.is_valid() for form in self.forms)  # query # loop


def page(admin_class, model, method, request=None, *arguments):
    """A page of the admin as a superuser gets it."""
    request = request or RequestFactory().get("/admin/")
    request.user = User(pk=0, username="root", is_staff=True, is_active=True, is_superuser=True)
    request._messages = CookieStorage(request)
    request._dont_enforce_csrf_checks = True
    site = admin.AdminSite()
    for registered in (Company, Person, Project):
        site.register(registered, admin_class if registered is model else None)
    return getattr(site._registry[model], method)(request, *arguments).render()


def one_project_with_all_tasks():
    project = Project.objects.order_by("pk")[0]
    Task.objects.update(project=project)
    return str(project.pk)


@case(n_plus_one("Person|Task.assignee"))
def choices_of_each_inline():
    """Each form of an inline loads the choices of its key (auto-prefetch#34)."""
    page(ProjectWithTasks, Project, "change_view", None, one_project_with_all_tasks())


@case(n_plus_one("Person|Task.assignee"))
def labels_of_raw_keys():
    """`raw_id_fields` spares the choices and looks up a label in each form (category: admin)."""
    page(ProjectWithRawTasks, Project, "change_view", None, one_project_with_all_tasks())


@case(n_plus_one("Company.country"), also=(Company.__str__,))
def confirmation_of_a_deletion():
    """The page that asks before a deletion names each row and all that hangs on it (category: admin)."""
    keys = [str(key) for key in Company.objects.values_list("pk", flat=True)]
    data = {"action": "delete_selected", helpers.ACTION_CHECKBOX_NAME: keys, "index": "0"}
    page(DeletedCompanies, Company, "changelist_view", RequestFactory().post("/admin/", data))


@case(n_plus_one("Project"), also=(TitledForm,))
def own_validation_of_each_row():
    """A form's own check of a unique title, for each row of an import (category: forms)."""
    rows = [{"title": f"copy of {title}"} for title in Project.objects.values_list("title", flat=True)]
    [form.cleaned_data for form in map(TitledForm, rows) if form.is_valid()]  # loop


@case(n_plus_one("Company|Person.company"))
def rows_cleaned_before_they_are_created():
    """`full_clean()` of each row before `bulk_create` proves each key (category: bulk operations)."""
    people = [Person(name="new", company_id=key) for key in Company.objects.values_list("pk", flat=True)]
    for person in people:  # loop
        person.full_clean(exclude=["boss", "user"])  # query
    Person.objects.bulk_create(people)


@case()
def inline_of_plain_columns():
    """An inline that shows plain columns only (category: admin)."""
    page(ProjectWithTitles, Project, "change_view", None, one_project_with_all_tasks())


@case(repeated_in_loop("Person|Task.assignee"))
def empty_inlines_of_a_new_row():
    """The page of a new row has three empty inlines and a hidden one, each with its choices (unfold#1700)."""
    page(NewProject, Project, "add_view")


@case()
def two_filters_over_one_model():
    """Two filters beside a change list offer the rows of one model: equal statements (debug-toolbar#995)."""
    page(FilteredProjects, Project, "changelist_view")


@case(duplicate("Person"))
def field_rendered_twice():
    """A page shows the same select box above and below a list (category: forms)."""
    form = ContactForm()
    str(form["person"])  # query
    str(form["person"])  # query


@case(repeated_in_loop("Person"), also=(PageForms.are_valid,))
def forms_told_apart_by_prefixes():
    """Billing, shipping and support contacts are three forms of one class (category: forms)."""
    first = str(Person.objects.order_by("pk")[0].pk)
    PageForms({f"{prefix}-person": first for prefix in PageForms.prefixes}).are_valid()


@case()
def rows_cleaned_without_their_keys():
    """`full_clean` leaves out the key that is known to be there (category: the fix)."""
    people = [Person(name="new", company_id=key) for key in Company.objects.values_list("pk", flat=True)]
    for person in people:
        person.full_clean(exclude=["boss", "user", "company"])
    Person.objects.bulk_create(people)
