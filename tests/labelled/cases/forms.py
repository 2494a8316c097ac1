"""Forms, model choice fields and formsets."""

from django import forms
from django.template.loader import render_to_string

from tests.labelled.models import Company, Person, Project, Task
from tests.labelled.suite import case, n_plus_one, repeated_in_loop, write_loop


class TaskForm(forms.ModelForm):
    class Meta:
        model = Task
        fields = ["title", "assignee"]


class PlainTaskForm(forms.ModelForm):
    class Meta:
        model = Task
        fields = ["title"]


class ProjectForm(forms.ModelForm):
    class Meta:
        model = Project
        fields = ["title", "lead", "deputy"]


class LabelledCompanies(forms.Form):
    company = forms.ModelChoiceField(Company.objects.all())


class ManyPeople(forms.Form):
    people = forms.ModelMultipleChoiceField(Person.objects.all())


def posted(formset_class, queryset, **values):
    """What a browser sends back for a formset over the queryset."""
    rows = list(queryset)
    data = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows)}
    for number, row in enumerate(rows):
        data[f"form-{number}-id"] = row.pk
        data[f"form-{number}-title"] = values.get("title", row.title)
        data[f"form-{number}-assignee"] = row.assignee_id
    return data


@case(n_plus_one("Person|Task.assignee"))
def choices_of_each_form():
    """A formset whose forms each load the choices of a key (category: formsets)."""
    formset = forms.modelformset_factory(Task, TaskForm, extra=0)(queryset=Task.objects.all())
    [str(form["assignee"]) for form in formset]  # loop # query


@case(n_plus_one("Person|Task.assignee"), n_plus_one("Task"))
def validation_of_each_form():
    """A posted formset looks up its own key and each chosen one, form by form (design: seen in real code)."""
    formset_class = forms.modelformset_factory(Task, TaskForm, extra=0)
    tasks = Task.objects.order_by("pk")
    formset_class(posted(formset_class, tasks), queryset=tasks).is_valid()  # query


@case(n_plus_one("Task"), write_loop("Task"))
def formset_saves_each_form():
    """`is_valid()` looks up each row again and `save()` updates them one by one (category: writes)."""
    formset_class = forms.modelformset_factory(Task, PlainTaskForm, extra=0)
    tasks = Task.objects.order_by("pk")
    formset = formset_class(posted(formset_class, tasks, title="changed"), queryset=tasks)
    formset.is_valid()  # query
    formset.save()  # query


@case(n_plus_one("Company.country"), also=(Company.__str__,))
def labels_of_choices():
    """`__str__` of each choice follows a key (category: model choice fields)."""
    str(LabelledCompanies()["company"])  # loop


@case(n_plus_one("Person"))
def form_for_each_row():
    """A page with a small form beside each row (category: forms)."""
    for task in Task.objects.all():  # loop
        str(TaskForm(instance=task)["assignee"])  # query


@case(n_plus_one("Person"))
def import_validated_by_forms():
    """Rows of a sheet, each validated by a form (category: forms)."""
    for task in list(Task.objects.values("title", "assignee")):  # loop
        TaskForm(task).is_valid()  # query


@case()
def form_with_two_keys_to_one_model():
    """Two select boxes of one model: equal SQL, two fields, no loop (design: tried)."""
    form = ProjectForm()
    [str(field) for field in form]


@case()
def validation_of_one_form():
    """`is_valid()` looks up each posted key once (design: `full_clean()`)."""
    project = Project.objects.order_by("pk")[0]
    data = {"title": "new", "lead": project.lead_id, "deputy": project.deputy_id}
    ProjectForm(data).is_valid()


@case()
def full_clean_of_one_row():
    """`full_clean()` proves two keys to one model by equal SQL (design: tried)."""
    project = Project.objects.order_by("pk")[0]
    project.full_clean(exclude=["body"])


@case()
def formset_without_keys():
    """A formset of plain columns is one query (category: formsets)."""
    formset = forms.modelformset_factory(Task, PlainTaskForm, extra=0)(queryset=Task.objects.all())
    str(formset)


@case()
def formset_with_shared_choices():
    """The choices are loaded once for all forms (category: the fix)."""
    choices = [(person.pk, person.name) for person in Person.objects.all()]
    formset = forms.modelformset_factory(Task, TaskForm, extra=0)(queryset=Task.objects.all())
    for form in formset:
        form.fields["assignee"].choices = choices
        str(form["assignee"])


@case()
def multiple_choice_validated():
    """Many posted keys are one `IN` (category: the fix)."""
    ManyPeople({"people": list(Person.objects.values_list("pk", flat=True))}).is_valid()


@case()
def labels_of_joined_choices():
    """The choices bring what their labels need (category: the fix)."""
    form = LabelledCompanies()
    form.fields["company"].queryset = Company.objects.select_related("country")
    str(form["company"])


@case(repeated_in_loop("Person|Task.assignee"))
def empty_forms_of_a_page():
    """Three empty forms to fill in; their number is a constant (design: constants)."""
    formset = forms.modelformset_factory(Task, TaskForm, extra=3)(queryset=Task.objects.none())
    for form in formset:  # loop
        str(form["assignee"])  # query


class TaskList:
    """A part of a page that has the row which the page is about."""

    def __init__(self, project, **wanted):
        self.project = project
        self.wanted = wanted

    def size(self):
        return self.project.tasks.filter(**self.wanted).count()  # query


@case(repeated_in_loop("Project.tasks|Task"), also=(TaskList.size,))
def parts_of_a_page_about_one_row():
    """A fixed dict of parts, each with the page's row (pretix: the formsets of an item)."""
    project = Project.objects.order_by("pk")[0]
    parts = {name: TaskList(project, status=name) for name in Task.STATUSES}
    parts["all"] = TaskList(project)
    sum(part.size() for part in parts.values())  # loop


@case(repeated_in_loop("Project.tasks|Task"), also=(TaskList.size, "templates/labelled/parts.html"))
def parts_of_a_page_rendered():
    """The same in a template, which has nothing but the parts (pretix: the formsets of an item)."""
    project = Project.objects.order_by("pk")[0]
    statuses = (*Task.STATUSES, "gone")
    render_to_string("labelled/parts.html", {"parts": {name: TaskList(project, status=name) for name in statuses}})


@case(n_plus_one("Project.tasks|Task"), also=(TaskList.size,))
def part_for_each_row():
    """A part for each of many rows (category: forms)."""
    parts = {project.pk: TaskList(project, status="open") for project in Project.objects.all()}
    sum(part.size() for part in parts.values())  # loop


@case(n_plus_one("Project.tasks|Task"), also=(TaskList.size, "templates/labelled/parts.html"))
def part_for_each_row_rendered():
    """The same in a template (category: forms)."""
    parts = {project.pk: TaskList(project, status="open") for project in Project.objects.all()}
    render_to_string("labelled/parts.html", {"parts": parts})


class OpenTasks(TaskList):
    def render(self):
        return f"{self.of('open')} open"

    def of(self, status):
        return self.project.tasks.filter(status=status).count()  # query


class DoneTasks(OpenTasks):
    def render(self):
        return f"{self.of('done')} done"


class TaskGroup(OpenTasks):
    """A part that is made of parts."""

    def __init__(self, project, kinds):
        super().__init__(project)
        self.parts = [kind(project) for kind in kinds]

    def render(self):
        words = [part.render() for part in self.parts]  # loop
        return f"{self.of('blocked')} blocked, {', '.join(words)}"


@case(repeated_in_loop("Project.tasks|Task"), also=(OpenTasks.of, TaskGroup.render))
def parts_of_several_kinds_about_one_row():
    """Parts that each go another way through the code, around the row of the page (Wagtail: panels)."""
    project = Project.objects.order_by("pk")[0]
    TaskGroup(project, [OpenTasks, DoneTasks]).render()


@case(repeated_in_loop("Project.tasks|Task"), also=(OpenTasks.of, "templates/labelled/kinds.html"))
def parts_of_several_kinds_rendered():
    """The same in a template (Wagtail: panels)."""
    project = Project.objects.order_by("pk")[0]
    render_to_string("labelled/kinds.html", {"parts": [OpenTasks(project), DoneTasks(project)]})


@case(n_plus_one("Project.tasks|Task"), also=(OpenTasks.of, "templates/labelled/kinds.html"))
def parts_of_several_kinds_for_each_row():
    """Each row has its own kind of part, so that no two need go the same way (category: forms)."""
    kinds = [OpenTasks, DoneTasks]
    parts = [kinds[number % 2](project) for number, project in enumerate(Project.objects.all())]
    render_to_string("labelled/kinds.html", {"parts": parts})
