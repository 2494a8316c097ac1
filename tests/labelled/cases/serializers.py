"""Serializers and list views of djangorestframework, and resolvers as GraphQL calls them."""

from rest_framework import generics, serializers
from rest_framework.test import APIRequestFactory

from tests.labelled.models import Company, Person, Project, Task
from tests.labelled.suite import case, n_plus_one, nested, repeating_pattern


class PersonSerializer(serializers.ModelSerializer):
    class Meta:
        model = Person
        fields = ["name"]


class TaskSerializer(serializers.ModelSerializer):
    assignee = PersonSerializer()

    class Meta:
        model = Task
        fields = ["title", "assignee"]


class LeadSerializer(serializers.ModelSerializer):
    lead = PersonSerializer()

    class Meta:
        model = Project
        fields = ["title", "lead"]


class TwoKeysSerializer(serializers.ModelSerializer):
    lead = PersonSerializer()
    deputy = PersonSerializer()

    class Meta:
        model = Project
        fields = ["title", "lead", "deputy"]


class SourceSerializer(serializers.ModelSerializer):
    country = serializers.CharField(source="company.country.name")

    class Meta:
        model = Project
        fields = ["title", "country"]


class TasksSerializer(serializers.ModelSerializer):
    tasks = TaskSerializer(many=True)

    class Meta:
        model = Project
        fields = ["title", "tasks"]


class KeysSerializer(serializers.ModelSerializer):
    topics = serializers.PrimaryKeyRelatedField(many=True, read_only=True)

    class Meta:
        model = Project
        fields = ["title", "topics"]


class NamesSerializer(serializers.ModelSerializer):
    topics = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)

    class Meta:
        model = Project
        fields = ["title", "topics"]


class MethodSerializer(serializers.ModelSerializer):
    task_count = serializers.SerializerMethodField()

    class Meta:
        model = Project
        fields = ["title", "task_count"]

    def get_task_count(self, project):
        return project.tasks.count()  # query


class PropertySerializer(serializers.ModelSerializer):
    lead_name = serializers.ReadOnlyField()

    class Meta:
        model = Project
        fields = ["title", "lead_name"]


class RepresentationSerializer(serializers.ModelSerializer):
    class Meta:
        model = Project
        fields = ["title"]

    def to_representation(self, project):
        data = super().to_representation(project)
        data["company"] = project.company.name  # query
        return data


class ForeignKeysSerializer(serializers.ModelSerializer):
    class Meta:
        model = Project
        fields = ["title", "lead", "deputy", "company"]


class LeadList(generics.ListAPIView):
    queryset = Project.objects.all()
    serializer_class = LeadSerializer


class JoinedLeadList(generics.ListAPIView):
    queryset = Project.objects.select_related("lead")
    serializer_class = LeadSerializer


def requested(view):
    return view.as_view()(APIRequestFactory().get("/")).render()


@case(n_plus_one("Project.lead"))
def serializer_inside_a_serializer():
    """A nested object without `select_related` (django-rest-framework#1964)."""
    LeadSerializer(Project.objects.all(), many=True).data  # query # loop


@case(n_plus_one("Project.lead"), n_plus_one("Project.deputy"))
def two_keys_of_one_serializer():
    """Two fields to one model (design: tried)."""
    TwoKeysSerializer(Project.objects.all(), many=True).data  # query # loop


@case(n_plus_one("Project.company"), n_plus_one("Company.country"))
def source_over_two_hops():
    """`source="company.country.name"` (django-rest-framework#3279)."""
    SourceSerializer(Project.objects.all(), many=True).data  # query # loop


@case(n_plus_one("Project.tasks"), nested("Task.assignee"))
def lists_inside_a_serializer():
    """Children and their owners: N and N times M (category: nested)."""
    TasksSerializer(Project.objects.all(), many=True).data  # query # loop


@case(n_plus_one("Project.topics"))
def keys_of_a_many_sided_field():
    """A list of primary keys still asks for each row (django-rest-framework#1964)."""
    KeysSerializer(Project.objects.all(), many=True).data  # query # loop


@case(n_plus_one("Project.topics"))
def names_of_a_many_sided_field():
    """`SlugRelatedField(many=True)` (category: serializers)."""
    NamesSerializer(Project.objects.all(), many=True).data  # query # loop


@case(n_plus_one("Project.tasks"), also=(MethodSerializer,))
def method_field():
    """`SerializerMethodField` that counts (category: serializers)."""
    MethodSerializer(Project.objects.all(), many=True).data  # loop


@case(n_plus_one("Project.lead"), also=(Project.lead_name,))
def field_over_a_property():
    """A read-only field over a property that follows a key (category: serializers and properties)."""
    PropertySerializer(Project.objects.all(), many=True).data  # loop


@case(n_plus_one("Project.company"), also=(RepresentationSerializer,))
def own_representation():
    """`to_representation` that follows a key (category: serializers)."""
    RepresentationSerializer(Project.objects.all(), many=True).data  # loop


@case(n_plus_one("Project.lead"))
def list_view():
    """A whole `ListAPIView`: no line of the application is on the stack (design: name the class)."""
    requested(LeadList)


@case(n_plus_one("Person"))
def posted_list_of_keys():
    """Each posted row proves its key by a query (category: serializers, writing)."""

    class Posted(serializers.ModelSerializer):
        class Meta:
            model = Task
            fields = ["title", "assignee"]

    rows = list(Task.objects.values("title", "assignee"))
    Posted(data=rows, many=True).is_valid()  # query # loop


@case(repeating_pattern("Project.company|Project.lead|Project.tasks"))
def resolvers():
    """Three resolvers for each row, as a GraphQL executor calls them (graphene-django#317)."""
    resolve = {
        "company": lambda project: project.company.name,  # query
        "lead": lambda project: project.lead.name,  # query
        "tasks": lambda project: project.tasks.count(),  # query
    }
    for project in Project.objects.all():  # loop
        {name: resolver(project) for name, resolver in resolve.items()}  # loop


@case()
def joined_list_view():
    """The list view, repaired (category: the fix)."""
    requested(JoinedLeadList)


@case()
def prefetched_lists_inside_a_serializer():
    """The nested lists, repaired (category: the fix)."""
    TasksSerializer(Project.objects.prefetch_related("tasks__assignee"), many=True).data


@case()
def keys_of_one_sided_fields():
    """Primary keys of foreign keys need no query (django-rest-framework#3279)."""
    ForeignKeysSerializer(Project.objects.all(), many=True).data


@case()
def one_object():
    """Two keys to one model of one object (design: tried)."""
    TwoKeysSerializer(Project.objects.order_by("pk")[0]).data


@case()
def one_object_posted():
    """Three keys of one posted object, two to one model (design: tried)."""
    project = Project.objects.order_by("pk")[0]
    data = {"title": "new", "lead": project.lead_id, "deputy": project.deputy_id, "company": project.company_id}
    ForeignKeysSerializer(data=data).is_valid()


@case()
def resolvers_over_joined_rows():
    """The resolvers over rows that bring everything (strawberry-django#138)."""
    resolve = {"company": lambda project: project.company.name, "lead": lambda project: project.lead.name}
    for project in Project.objects.select_related("company", "lead"):
        {name: resolver(project) for name, resolver in resolve.items()}


@case()
def loader_of_keys():
    """A data loader: keys are gathered and asked for once (strawberry-django#138)."""
    waiting = [project.company_id for project in Project.objects.all()]
    loaded = Company.objects.in_bulk(waiting)
    [loaded[key].name for key in waiting]


@case()
def two_serializers_of_two_pages():
    """Two serializers on two lines (design: straight-line code)."""
    LeadSerializer(Project.objects.order_by("pk")[0]).data
    LeadSerializer(Project.objects.order_by("pk")[1]).data
