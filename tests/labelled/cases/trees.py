"""Recursion and trees."""

from tests.labelled.models import Category, Person, Task
from tests.labelled.suite import case, n_plus_one, repeated_in_loop


def walk(category):
    for child in category.children.all():  # query # loop
        walk(child)


def paths(category):
    yield category.name
    for child in category.children.all():  # query # loop
        yield from paths(child)


def loaded_tree():
    children = {}
    for category in Category.objects.all():
        children.setdefault(category.parent_id, []).append(category)
    return children


def visit(children, key=None):
    return [visit(children, child.pk) for child in children.get(key, ())]


def even(category):
    return [odd(child) for child in category.children.all()]  # query # loop


def odd(category):
    return [even(child) for child in category.children.all()]  # query # loop


@case(n_plus_one("Category.children"), also=(walk,))
def recursive_walk():
    """A category tree, node by node (category: recursion)."""
    walk(Category.objects.get(name="root"))


@case(n_plus_one("Category.children"), also=(paths,))
def recursive_generator():
    """The same with `yield from` (category: recursion and generators)."""
    list(paths(Category.objects.get(name="root")))


@case(n_plus_one("Category.children"), also=(even, odd))
def mutual_recursion():
    """Two functions that call each other (design: a cycle of frames)."""
    even(Category.objects.get(name="root"))


@case(n_plus_one("Person.boss"), also=(Person.chain,))
def chain_of_bosses():
    """Upwards from one row, by recursion (category: recursion)."""
    Person.objects.order_by("-pk")[0].chain()


@case(n_plus_one("Category.parent"), also=(Category.ancestors,))
def ancestors_of_each_leaf():
    """Breadcrumbs for each row (category: trees)."""
    for category in Category.objects.filter(name__startswith="leaf"):  # loop
        category.ancestors()


@case(n_plus_one("Category.children"))
def breadth_first():
    """A queue instead of recursion (category: while loops)."""
    waiting = [Category.objects.get(name="root")]
    while waiting:  # loop
        waiting.extend(waiting.pop(0).children.all())  # query


@case(n_plus_one("Task.blocked_by"))
def graph_of_tasks():
    """A dependency graph, visited once a node (category: trees)."""
    seen = set()
    waiting = list(Task.objects.all())
    while waiting:  # loop
        task = waiting.pop()
        if task.pk not in seen:
            seen.add(task.pk)
            waiting.extend(task.blocked_by.all())  # query


@case(n_plus_one("Category"))
def tree_by_filters():
    """The recursion filters by the parent's key (category: recursion)."""

    def walk_keys(key):
        for child in Category.objects.filter(parent_id=key).values_list("pk", flat=True):  # query # loop
            walk_keys(child)

    walk_keys(Category.objects.get(name="root").pk)


@case()
def tree_loaded_once():
    """All nodes at once, linked by a dictionary (category: the fix)."""
    visit(loaded_tree())


@case(repeated_in_loop("Category"))
def level_by_level():
    """One `IN` for each level: the depth does not grow with the rows (design: work width)."""
    keys = [None]
    found = Category.objects.filter(parent=None)
    while found:  # loop
        keys = [category.pk for category in found]
        found = list(Category.objects.filter(parent__in=keys))  # query


@case()
def subtree_by_path():
    """A materialized path (category: the fix)."""
    list(Category.objects.filter(path__startswith="0"))


@case()
def prefetch_of_two_levels():
    """`children__children` (category: the fix)."""
    for category in Category.objects.filter(parent=None).prefetch_related("children__children"):
        [[leaf.name for leaf in branch.children.all()] for branch in category.children.all()]


@case()
def breadcrumbs_joined():
    """A fixed number of joined parents (category: the fix)."""
    for category in Category.objects.filter(name__startswith="leaf").select_related("parent__parent"):
        category.ancestors()


@case()
def breadcrumbs_of_one_page():
    """Two steps up from one leaf, on two lines (category: straight-line code)."""
    leaf = Category.objects.filter(name__startswith="leaf").order_by("pk")[0]
    leaf.parent.name
    leaf.parent.parent.name


@case()
def recursion_without_queries():
    """Recursion over numbers beside a query (category: recursion)."""

    def depth(number):
        return 0 if number == 0 else 1 + depth(number - 1)

    depth(20)
    list(Category.objects.all())
