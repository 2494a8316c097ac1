"""The endpoints of a project are those of its URLconf, under the names that requests to them have."""

import types

import pytest

from tests import django_database  # noqa: F401  # sets Django up, or skips

from django.conf import settings  # isort: skip
from django.conf.urls.i18n import i18n_patterns  # isort: skip
from django.http import HttpResponse  # isort: skip
from django.test import Client, override_settings  # isort: skip
from django.urls import include, path, re_path  # isort: skip
from django.views.generic import View  # isort: skip
from django.views.i18n import set_language  # isort: skip

from mercury._routes import readable
from mercury.testing import baseline, conclusion, endpoints
from mercury.testing.budgets import parse
from mercury.testing.endpoints import Endpoint
from mercury.testing.suite import Figures, Suite, TestResult
from mercury.testing.verdict import EXIT_UNJUDGED


def view(request, **kwargs):
    return HttpResponse()


page = View.as_view()

urlpatterns = [
    path("", view, name="home"),
    path("books/<int:pk>/", page, name="book"),
    re_path(r"^books/(?P<pk>[0-9]+)\.(?P<format>[a-z]+)/$", page, name="book"),
    path(
        "shop/", include([re_path(r"^old/$", view, name="old"), path("", include([path("deep/", view, name="deep")]))])
    ),
    re_path(r"^regex/", include([re_path(r"^leaf/$", view, name="leaf")])),
    *i18n_patterns(path("about/", view, name="about"), prefix_default_language=False),
    path("admin/", include(([path("books/", view)], "admin"))),
    path("i18n/", include("django.conf.urls.i18n")),
    path("language/", set_language),
    path("one/", page),
    path("two/", page),
]

NAMES = ["/", "/about/", "/books/<int:pk>/", "/one/", "/regex/leaf/", "/shop/deep/", "/shop/old/", "/two/"]


@pytest.fixture
def project():
    """A project with the URLconf above."""
    with override_settings(ROOT_URLCONF=__name__, LANGUAGE_CODE="en", LANGUAGES=[("en", "English"), ("de", "German")]):
        yield


def suite_of(*views):
    suite = Suite()
    suite.add(TestResult("shop.tests.test_all", views={view: Figures() for view in views}))
    return suite


def test_the_endpoints_are_the_project_s_own_and_each_is_there_once(project):
    assert [endpoint.name for endpoint in endpoints.endpoints()] == NAMES


def test_an_endpoint_has_the_name_that_its_requests_have(project, reports):
    client = Client()
    for url in ("/", "/books/7/", "/one/", "/two/", "/shop/old/", "/shop/deep/", "/regex/leaf/", "/about/"):
        client.get(url)
    known = endpoints.endpoints()
    names = [report.name for report in reports]
    for number, name in enumerate(names):
        left = endpoints.untested(suite_of(*names[:number], *names[number + 1 :]), known)
        assert left == [name.partition(" ")[2]]
    assert endpoints.untested(suite_of(*names), known) == []


@pytest.mark.parametrize(("url", "name"), [("/books/7.json/", "/books/<int:pk>/"), ("/de/about/", "/about/")])
def test_an_endpoint_is_requested_by_any_of_its_routes(url, name, project, reports):
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]):
        assert Client().get(url).status_code in (200, 405)
    assert name not in endpoints.untested(suite_of(reports[-1].name), endpoints.endpoints())


@pytest.mark.parametrize(
    ("route", "name"),
    [
        ("", "/"),
        ("a+b/(c)/", "/a+b/(c)/"),
        ("books/<int:pk>/", "/books/<int:pk>/"),
        (r"^control/(?P<shop>[^/]+)/(?P<pk>\d+)/$", "/control/<shop>/<pk>/"),
        (r"^books\.(?P<format>[a-z]+)/?$", "/books.<format>/"),
        (r"shop/<slug:shop>/^old/(\d+)/\Z", "/shop/<slug:shop>/old/<var>/"),
        (r"^a(?:b|c)/(x(y)[)])/(?P<z>(\)|q)+)$", "/a/<var>/<z>"),
        (r"^year-\d{4}/[ab]/$", r"/year-\d{4}/[ab]/"),
        (r"^broken(", "/broken<var>"),
        (r"^broken)[", "/broken["),
    ],
)
def test_a_route_has_the_name_that_people_know_it_by(route, name):
    assert readable(route) == name


def test_endpoints_without_a_test_or_a_budget_are_told(project):
    by_path = [parse({"view": "GET /[bs]*", "queries": 7}, "budgets[0]")]
    tested = ["POST /", "GET /one/", "GET /two/", "GET /books/<int:pk>/", "GET /de/about/", "GET /regex/leaf/"]
    assert endpoints.notices(suite_of(*tested), []) == [
        "2 endpoints were requested by no test: /shop/deep/, /shop/old/"
    ]
    assert endpoints.notices(suite_of(*tested, "GET /shop/old/"), by_path) == [
        "1 endpoint was requested by no test: /shop/deep/",
        "5 endpoints have no budget: /, /about/, /one/, /regex/leaf/, /two/",
    ]


def test_of_many_endpoints_the_first_are_named():
    many = types.ModuleType("many")
    many.urlpatterns = [path(f"{number:02}/", view, name=str(number)) for number in range(70)]
    with override_settings(ROOT_URLCONF=many):
        (told,) = endpoints.notices(suite_of(), [])
    assert told.startswith("70 endpoints were requested by no test: /00/, /01/, ")
    assert told.endswith(", /49/ and 20 more")


def test_a_urlconf_that_cannot_be_read_is_told_and_nothing_else():
    with override_settings(ROOT_URLCONF="no.such.module"):
        assert endpoints.notices(suite_of(), []) == [
            "the URLconf could not be read for its endpoints: ModuleNotFoundError"
        ]


@pytest.mark.parametrize(
    ("pattern", "is_covered"),
    [
        ("GET /books/*", True),
        ("* /books/*", True),
        ("/books/<int:pk>/", True),
        ("*", True),
        ("GET *", True),
        ("/a*", False),
    ],
)
def test_a_budget_for_any_method_is_a_budget(pattern, is_covered):
    known = [Endpoint(("/books/<int:pk>/",))]
    assert (endpoints.unlimited([parse({"view": pattern, "queries": 7}, "")], known) == []) is is_covered


def test_a_budget_for_tests_is_none_for_endpoints():
    assert endpoints.unlimited([parse({"test": "*", "queries": 7}, "")], [Endpoint(("/",))]) == ["/"]


def test_only_a_run_of_all_tests_speaks_of_endpoints(project, tmp_path):
    wishes = conclusion.Wishes("pytest", tmp_path, tmp_path / "baseline.json")
    part, partial, whole = suite_of(), suite_of(), suite_of()
    part.scope = ("shop/tests/test_pages.py",)
    partial.is_partial = True
    assert [conclusion.conclude(suite, wishes).notices for suite in (part, partial)] == [[], []]
    (told,) = conclusion.conclude(whole, wishes).notices
    assert told.startswith(f"{len(NAMES)} endpoints were requested by no test")
    baseline.write(wishes.baseline, baseline.update(part, None, tmp_path).baseline)
    assert conclusion.conclude(part, wishes).notices == [told]


def test_settings_that_are_not_used_leave_a_suite_unjudged(project, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[[tool.mercury.budgets]]\nview = "*"\nquerys = 7\n')
    wishes = conclusion.Wishes("pytest", tmp_path, tmp_path / "baseline.json")
    with override_settings(BASE_DIR=tmp_path):
        verdict = conclusion.conclude(suite_of(), wishes)
    (problem,) = verdict.problems
    assert problem.startswith("pyproject.toml: budgets[0] limits nothing: ")
    assert "did you mean queries?" in problem
    assert verdict.exit_code == EXIT_UNJUDGED
