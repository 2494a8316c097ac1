"""Mercury's pages, for development, and its metrics: `path("mercury/", include("mercury.django.urls"))`."""

from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mercury.django import views

app_name = "mercury"
urlpatterns = [
    path("", never_cache(require_safe(views.reports)), name="reports"),
    path("metrics", never_cache(require_safe(views.metrics)), name="metrics"),
    path("<str:identifier>/", never_cache(require_safe(views.report)), name="report"),
]
