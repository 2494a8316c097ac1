"""Change lists of Django's admin, as its users configure them."""

import django
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory

from tests.labelled.models import Company, Person, Project
from tests.labelled.suite import case, n_plus_one, write_loop


class PlainAdmin(admin.ModelAdmin):
    list_display = ["title", "views"]


class CheckBoxAdmin(admin.ModelAdmin):
    list_display = ["name"]


class CallableAdmin(admin.ModelAdmin):
    list_display = ["title", "task_count"]

    def task_count(self, project):
        return project.tasks.count()  # query


class KeyAdmin(admin.ModelAdmin):
    list_display = ["title", "lead"]


class HopAdmin(admin.ModelAdmin):
    list_display = ["title", "country"]

    def country(self, project):
        return project.company.country.name  # query


class JoinedAdmin(HopAdmin):
    list_select_related = ["company__country"]


class EditableAdmin(admin.ModelAdmin):
    list_display = ["name", "boss"]
    list_editable = ["boss"]


def shown(admin_class, model):
    """The change list as a superuser gets it."""
    request = RequestFactory().get("/admin/")
    request.user = User(pk=0, username="root", is_staff=True, is_active=True, is_superuser=True)
    site = admin.AdminSite()
    site.register(model, admin_class)
    return site._registry[model].changelist_view(request).render()


@case(n_plus_one("Project.tasks"), also=(CallableAdmin,))
def column_of_a_method():
    """A method of the admin counts for each row (category: admin)."""
    shown(CallableAdmin, Project)


@case(n_plus_one("Project.company"), n_plus_one("Company.country"), also=(HopAdmin,))
def column_over_two_hops():
    """A method follows two keys (category: admin)."""
    shown(HopAdmin, Project)


@case(*[n_plus_one("Company.country")][: django.VERSION >= (5, 0)], also=(Company.__str__,))
def check_boxes():
    """From Django 5.0 each check box asks for `str(row)`: plain columns can be an N+1 (design: real code)."""
    shown(CheckBoxAdmin, Company)


@case(n_plus_one("Person"), *[n_plus_one("Person.boss")][: django.VERSION < (6, 1)])
def editable_list():
    """An editable key loads its choices by row; one that may be null is joined from Django 6.1 (category: admin)."""
    shown(EditableAdmin, Person)


@case(write_loop("Project"))
def action_on_each_row():
    """An admin action that saves each selected row (category: admin)."""

    def publish(modeladmin, request, queryset):
        for project in queryset:  # loop
            project.views += 1
            project.save()  # query

    publish(None, None, Project.objects.all())


@case()
def plain_columns():
    """A change list of plain columns (category: admin)."""
    shown(PlainAdmin, Project)


@case()
def column_of_a_key():
    """The admin joins a key in `list_display` by itself (category: admin)."""
    shown(KeyAdmin, Project)


@case()
def joined_columns():
    """`list_select_related` (category: the fix)."""
    shown(JoinedAdmin, Project)


@case()
def action_at_once():
    """An action that updates the queryset (category: the fix)."""
    Project.objects.all().update(views=1)
