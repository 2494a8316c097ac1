"""An agency with every relation that Django can load lazily, and `populate`, which scales it."""

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.signals import post_init, post_save


class Country(models.Model):
    name = models.CharField(max_length=50)


class Language(models.Model):
    """Does not scale: there are three."""

    code = models.CharField(max_length=5, unique=True)


class Option(models.Model):
    """Does not scale: one row for each of OPTIONS."""

    key = models.CharField(max_length=30, unique=True)
    value = models.CharField(max_length=100, default="")


class Company(models.Model):
    name = models.CharField(max_length=100)
    country = models.ForeignKey(Country, on_delete=models.CASCADE, related_name="companies")

    def __str__(self):
        return f"{self.name}, {self.country.name}"


class Person(models.Model):
    name = models.CharField(max_length=100)
    boss = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="reports")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="people")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="person")

    def chain(self):
        return [self.name, *(self.boss.chain() if self.boss_id else [])]  # query # loop


class Profile(models.Model):
    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="profile")
    text = models.TextField(default="")


class Topic(models.Model):
    name = models.CharField(max_length=50)


class Comment(models.Model):
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    target = GenericForeignKey()
    author = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="comments")
    text = models.TextField(default="")


class ProjectQuerySet(models.QuerySet):
    def with_lead(self):
        return self.select_related("lead")


class Project(models.Model):
    title = models.CharField(max_length=100)
    body = models.TextField(default="")
    views = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField(default=0)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="projects")
    lead = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="led_projects")
    deputy = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="seconded_projects")
    topics = models.ManyToManyField(Topic, related_name="projects")
    members = models.ManyToManyField(Person, through="Membership", related_name="projects")
    comments = GenericRelation(Comment, related_query_name="projects")

    objects = ProjectQuerySet.as_manager()

    def __str__(self):
        return self.title

    @property
    def country_name(self):
        return self.company.country.name  # query

    @property
    def lead_name(self):
        return self.lead.name  # query

    @property
    def open_tasks(self):
        return self.tasks.filter(status="open").count()  # query

    @property
    def first_task(self):
        return self.tasks.first()  # query

    @property
    def latest_task(self):
        tasks = list(self.tasks.all())
        return tasks[-1] if tasks else None

    def is_staffed(self):
        return Membership.objects.filter(project=self).exists()  # query

    def get_absolute_url(self):
        return f"/{self.company.pk}/{self.pk}/"  # query


class Membership(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, default="member")


class Task(models.Model):
    STATUSES = ("open", "waiting", "closed")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="tasks")
    assignee = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="tasks")
    title = models.CharField(max_length=100)
    notes = models.TextField(default="")
    status = models.CharField(max_length=10, default="open")
    hours = models.PositiveIntegerField(default=1)
    blocked_by = models.ManyToManyField("self", symmetrical=False, related_name="blocks")
    comments = GenericRelation(Comment, related_query_name="tasks")


class OpenTaskManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(status="open")


class OpenTask(Task):
    objects = OpenTaskManager()

    class Meta:
        proxy = True

    @property
    def owner(self):
        return self.assignee.name  # query


class Place(models.Model):
    address = models.CharField(max_length=100)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="places")


class Office(Place):
    desks = models.PositiveIntegerField(default=1)


class Category(models.Model):
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    name = models.CharField(max_length=50)
    path = models.CharField(max_length=100, default="")

    def ancestors(self):
        node = self
        found = []
        while node.parent_id:  # loop
            node = node.parent  # query
            found.append(node)
        return found


class Product(models.Model):
    name = models.CharField(max_length=50)
    stock = models.IntegerField(default=10)
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="products")


class Translation(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="translations")
    language = models.ForeignKey(Language, on_delete=models.CASCADE, related_name="translations")
    text = models.CharField(max_length=100)


class Invoice(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invoices")
    month = models.PositiveSmallIntegerField(default=1)
    total = models.PositiveIntegerField(default=0)


class InvoiceLine(models.Model):
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="lines")
    amount = models.PositiveIntegerField(default=1)


class Entry(models.Model):
    """A line of a log; signal handlers write it."""

    text = models.CharField(max_length=100)


class Ticket(models.Model):
    """Its handlers of `post_init` and `post_save` query, as audit packages do."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="tickets")
    title = models.CharField(max_length=100)


def remember_project(sender, instance, **kwargs):
    if instance.pk:
        instance.original_title = instance.project.title  # query Ticket.project


def log_ticket(sender, instance, **kwargs):
    Entry.objects.create(text=instance.title)  # query Entry


post_init.connect(remember_project, sender=Ticket)
post_save.connect(log_ticket, sender=Ticket)

LANGUAGES = ("en", "de", "fr")
OPTIONS = ("theme", "footer", "currency", "timezone")


def populate(n):
    """n companies, each with a project and all that hangs on it, no two sharing a row; and what does not scale."""
    languages = [Language.objects.create(code=code) for code in LANGUAGES]
    Option.objects.bulk_create(Option(key=key) for key in OPTIONS)
    groups = [Group.objects.create(name=name) for name in ("staff", "guests")]
    root = Category.objects.create(name="root")
    boss = None
    for number in range(n):
        boss = _populate_one(number, boss, root, languages, groups)


def _populate_one(number, boss, root, languages, groups):
    country = Country.objects.create(name=f"country {number}")
    company = Company.objects.create(name=f"company {number}", country=country)
    user = User.objects.create(username=f"user {number}")
    user.groups.add(*groups)
    lead = Person.objects.create(name=f"lead {number}", company=company, boss=boss, user=user)
    deputy = Person.objects.create(name=f"deputy {number}", company=company, boss=lead)
    Profile.objects.bulk_create([Profile(person=lead), Profile(person=deputy)])
    project = Project.objects.create(title=f"project {number}", company=company, lead=lead, deputy=deputy)
    project.topics.set([Topic.objects.create(name=f"topic {number}.{part}") for part in range(2)])
    Membership.objects.bulk_create([Membership(project=project, person=person) for person in (lead, deputy)])
    first = Task.objects.create(project=project, assignee=lead, title=f"task {number}.0")
    second = Task.objects.create(project=project, assignee=deputy, title=f"task {number}.1")
    second.blocked_by.add(first)
    Comment.objects.create(target=project, author=lead)
    Comment.objects.create(target=first, author=deputy)
    Office.objects.create(address=f"street {number}", company=company)
    Ticket.objects.bulk_create([Ticket(project=project, title=f"ticket {number}")])
    _populate_shop(number, project, root, languages)
    return lead


def _populate_shop(number, project, root, languages):
    branch = Category.objects.create(name=f"branch {number}", parent=root, path=f"{number}")
    leaf = Category.objects.create(name=f"leaf {number}", parent=branch, path=f"{number}/0")
    product = Product.objects.create(name=f"product {number}", category=leaf)
    for language in languages:
        Translation.objects.create(product=product, language=language, text=f"{language.code} {number}")
    invoice = Invoice.objects.create(project=project, month=1 + number % 3, total=10)
    InvoiceLine.objects.bulk_create([InvoiceLine(invoice=invoice, product=product, amount=amount) for amount in (1, 2)])
