"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("config.health")),
    path("", include("config.api")),
    path("", include("ui.urls")),
    path("", include("results.urls")),
    path("", include("timing.urls")),
    path("", include("race.urls")),
    path("admin/", admin.site.urls),
]
