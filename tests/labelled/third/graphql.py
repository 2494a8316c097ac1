"""Queries of GraphQL, executed by the real library: what a resolver asks for each row, and what it does not have to."""

import graphene
from graphene_django import DjangoObjectType

from tests.labelled.models import Company, Person, Project, Task
from tests.labelled.suite import case, n_plus_one


class CompanyType(DjangoObjectType):
    class Meta:
        model = Company
        fields = ["name"]


class PersonType(DjangoObjectType):
    class Meta:
        model = Person
        fields = ["name"]


class TaskType(DjangoObjectType):
    class Meta:
        model = Task
        fields = ["title"]


class ProjectType(DjangoObjectType):
    class Meta:
        model = Project
        fields = ["title", "lead", "deputy"]

    tasks = graphene.List(TaskType)
    company = graphene.Field(CompanyType)
    open_tasks = graphene.Int()

    def resolve_tasks(self, info):  # query
        return self.tasks.all()

    def resolve_company(self, info):
        return self.company  # query

    def resolve_open_tasks(self, info):
        return self.tasks.filter(status="open").count()  # query


class KeysType(DjangoObjectType):
    class Meta:
        model = Project
        fields = ["lead", "deputy"]  # query


class Query(graphene.ObjectType):
    projects = graphene.List(ProjectType)
    keys = graphene.List(KeysType)
    joined = graphene.List(ProjectType)

    def resolve_projects(self, info):  # loop
        return Project.objects.all()

    def resolve_keys(self, info):  # loop
        return Project.objects.all()

    def resolve_joined(self, info):
        return Project.objects.select_related("lead", "deputy", "company").prefetch_related("tasks")


schema = graphene.Schema(query=Query)


def execute(query):
    result = schema.execute(query)
    assert result.errors is None, result.errors
    return result.data


@case(n_plus_one("Project.lead"), n_plus_one("Project.deputy"), also=(KeysType, Query.resolve_keys))
def keys_of_two_fields():
    """Two fields that a type takes from its model (graphene-django#317)."""
    execute("{ keys { lead { name } deputy { name } } }")


@case(n_plus_one("Project.tasks"), also=(ProjectType.resolve_tasks, Query.resolve_projects))
def list_within_a_list():
    """A list for each element of a list (category: resolvers)."""
    execute("{ projects { tasks { title } } }")


@case(n_plus_one("Project.company"), also=(ProjectType.resolve_company, Query.resolve_projects))
def key_by_a_resolver():
    """A resolver that follows a key (category: resolvers)."""
    execute("{ projects { company { name } } }")


@case(n_plus_one("Project.tasks"), also=(ProjectType.resolve_open_tasks, Query.resolve_projects))
def number_by_a_resolver():
    """A resolver that counts (category: resolvers)."""
    execute("{ projects { openTasks } }")


@case()
def plain_columns_resolved():
    """No resolver asks for more than the row has (category: resolvers)."""
    execute("{ projects { title } }")


@case()
def rows_that_bring_it_all():
    """The same fields over rows that bring what they need (category: the fix)."""
    execute("{ joined { title lead { name } deputy { name } company { name } tasks { title } } }")


@case()
def one_key_by_two_names():
    """Two aliases of one field share what the first has loaded, and the rows bring it (category: the fix)."""
    execute("{ joined { lead { name } boss: lead { name } deputy { name } company { name } tasks { title } } }")
