"""Pages of the results side."""

from django.urls import path

from results.views import live

urlpatterns = [
    path("live/", live.page, name="live"),
    path("editions/<slug:slug>/live/", live.page, name="edition_live"),
]
