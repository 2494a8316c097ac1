"""The models whose change lists the cases show; the cases bring their own configurations."""

from django.contrib import admin

from tests.labelled.models import Company, Person, Project

admin.site.register([Company, Person, Project])
