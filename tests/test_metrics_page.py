"""The page that Prometheus scrapes, in a Django project that counts its requests."""

import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

from django.test import Client, override_settings  # isort: skip
from django.urls import include, path, reverse  # isort: skip

from mercury.export import prometheus
from mercury.telemetry import active
from tests.project import urls

urlpatterns = [*urls.urlpatterns, path("mercury/", include("mercury.django.urls"))]

pytestmark = pytest.mark.usefixtures("shop")


@pytest.fixture(autouse=True)
def project(monkeypatch):
    monkeypatch.setattr(prometheus, "faults", prometheus.Faults("Prometheus"))
    with override_settings(ROOT_URLCONF=__name__):
        yield
    active.close()


def scrape(accept=""):
    return Client().get("/mercury/metrics", HTTP_ACCEPT=accept)


@pytest.mark.parametrize("is_full", [False, True], ids=["light", "full"])
def test_it_tells_what_requests_have_cost(tmp_path, is_full):
    assert reverse("mercury:metrics") == "/mercury/metrics"
    with override_settings(MERCURY={"metrics": str(tmp_path / "metrics"), "sample_rate": float(is_full)}):
        for _ in range(3):
            Client().get("/plain/7/")
        answer = scrape()
        text = answer.content.decode()
        assert (answer.status_code, answer["Content-Type"]) == (200, prometheus.TEXT)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in answer["Cache-Control"]
        labels = 'http_request_method="GET",http_response_status_code="200",http_route="/plain/<int:number>/"'
        assert f'\nhttp_server_request_duration_seconds_count{{{labels},url_scheme="http"}} 3\n' in text
        assert '\nmercury_queries_total{http_route="/plain/<int:number>/",mercury_workload="request"} 15\n' in text
        assert 'db_query_summary="SELECT \\"project_book\\""' in text
        assert "# HELP http_server_request_duration_seconds Duration of HTTP server requests.\n" in text
        assert "book 0" not in text
        assert scrape("application/openmetrics-text")["Content-Type"] == prometheus.OPENMETRICS
        wanted = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
        assert b"http_server_request_duration_seconds" in scrape(wanted).content
        assert Client().post("/mercury/metrics").status_code == 405


@pytest.mark.parametrize("given", [{}, {"metrics": "/nowhere/at/all"}, {"enabled": False, "metrics": True}])
def test_without_a_segment_it_answers_503_with_a_sentence(given):
    with override_settings(MERCURY=given):
        answer = scrape()
    assert (answer.status_code, answer.content.decode()) == (503, f"{prometheus.NO_SEGMENT}\n")


def test_a_file_that_is_no_segment_is_told_without_its_name(tmp_path):
    (tmp_path / "secret").write_bytes(b"not one" * 1000)
    with override_settings(MERCURY={"metrics": str(tmp_path / "secret")}):
        answer = scrape()
    assert answer.status_code == 503
    assert b"secret" not in answer.content
