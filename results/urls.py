"""Pages of the results side."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
