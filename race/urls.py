"""Pages of the office and the organiser."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
