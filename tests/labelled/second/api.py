"""djangorestframework: viewsets, serializers that ask, lists that validate and save; resolvers of a query language."""

from rest_framework import authentication, permissions, serializers, viewsets
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.test import APIRequestFactory

from tests.labelled.models import Company, Entry, Membership, Option, Person, Project
from tests.labelled.suite import case, duplicate, n_plus_one, nested, repeated_in_loop, write_loop


class JoinedProjectSerializer(serializers.ModelSerializer):
    joined = serializers.SerializerMethodField()

    class Meta:
        model = Project
        fields = ["title", "joined"]

    def get_joined(self, project):
        return Membership.objects.filter(project=project, person=self.context["person"]).exists()  # query


class NamedCompanySerializer(serializers.ModelSerializer):
    company = serializers.StringRelatedField()

    class Meta:
        model = Project
        fields = ["title", "company"]


class OptionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Option
        fields = ["key", "value"]


class EntrySerializer(serializers.ModelSerializer):
    class Meta:
        model = Entry
        fields = ["text"]


class TitlesSerializer(serializers.ModelSerializer):
    titles = serializers.SerializerMethodField()

    class Meta:
        model = Project
        fields = ["titles"]

    def get_titles(self, project):
        return list(project.tasks.values_list("title", flat=True))  # query


class MembershipSerializer(serializers.ModelSerializer):
    person = serializers.CharField(source="person.name")

    class Meta:
        model = Membership
        fields = ["role", "person"]


class TeamSerializer(serializers.ModelSerializer):
    memberships = MembershipSerializer(many=True)

    class Meta:
        model = Project
        fields = ["title", "memberships"]


class Page(LimitOffsetPagination):
    default_limit = 50


class Projects(viewsets.ReadOnlyModelViewSet):
    queryset = Project.objects.order_by("pk")
    serializer_class = JoinedProjectSerializer
    pagination_class = Page

    def get_serializer_context(self):
        return {**super().get_serializer_context(), "person": Person.objects.order_by("pk")[0]}


class Teams(viewsets.ReadOnlyModelViewSet):
    queryset = Project.objects.prefetch_related("memberships__person").order_by("pk")
    serializer_class = TeamSerializer
    pagination_class = Page


class FirstPerson(authentication.BaseAuthentication):
    def authenticate(self, request):
        return Person.objects.get(pk=1), None  # query


class IsNamed(permissions.BasePermission):
    def has_permission(self, request, view):
        return bool(Person.objects.get(pk=request.user.pk).name)  # query


class Entries(viewsets.ReadOnlyModelViewSet):
    queryset = Entry.objects.order_by("pk")
    serializer_class = EntrySerializer
    authentication_classes = [FirstPerson]
    permission_classes = [IsNamed]


def listed(viewset):
    return viewset.as_view({"get": "list"})(APIRequestFactory().get("/")).render()


@case(n_plus_one("Membership"), also=(JoinedProjectSerializer,))
def method_field_of_a_viewset():
    """Whether the reader has joined, asked for each row of a viewset (paperless-ngx#13499)."""
    listed(Projects)


@case(n_plus_one("Company.country"), also=(Company.__str__,))
def text_of_a_related_row():
    """`StringRelatedField` over a joined key whose `__str__` follows another (category: serializers)."""
    NamedCompanySerializer(Project.objects.select_related("company"), many=True).data  # loop


@case(n_plus_one("Option"))
def unique_column_of_each_item():
    """A posted list: the validator of a unique column asks for each item (django-rest-framework#6395)."""
    items = [{"key": title} for title in Project.objects.values_list("title", flat=True)]
    OptionSerializer(data=items, many=True).is_valid()  # query # loop


@case(write_loop("Entry"))
def list_serializer_saved():
    """`ListSerializer.create` saves item by item (category: serializers that write)."""
    items = [{"text": title} for title in Project.objects.values_list("title", flat=True)]
    serializer = EntrySerializer(data=items, many=True)
    serializer.is_valid()
    serializer.save()  # query # loop


@case(n_plus_one("Project.tasks"), also=(TitlesSerializer,))
def values_defeat_the_prefetch():
    """`values_list()` of a prefetched relation asks again (category: prefetch defeated)."""
    TitlesSerializer(Project.objects.prefetch_related("tasks"), many=True).data  # loop


@case(n_plus_one("Project.memberships"), nested("Membership.person"))
def people_through_memberships():
    """A list of through rows in each row, each with its person (wagtail#6044: as if not prefetched)."""
    TeamSerializer(Project.objects.all(), many=True).data  # query # loop


@case()
def viewset_with_prefetched_lists():
    """A page with its count and two levels of prefetch (category: the fix)."""
    listed(Teams)


@case(duplicate("Person"), also=(FirstPerson, IsNamed))
def person_of_authentication_and_permission():
    """The authentication loads the person, the permission loads it again (django-rest-framework#6571)."""
    listed(Entries)


@case()
def unique_column_of_one_item():
    """Two forms of one page, each checked for a unique column (prosopite#1)."""
    OptionSerializer(data={"key": "theme"}).is_valid()
    OptionSerializer(data={"key": "new"}).is_valid()


@case(repeated_in_loop("Option"))
def fixed_settings_posted():
    """A settings page posts its three fields as a list (category: loops over constants)."""
    items = [{"key": key} for key in ("theme", "logo", "imprint")]
    OptionSerializer(data=items, many=True).is_valid()  # query # loop
