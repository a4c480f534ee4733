"""The addresses of the shared look."""

from django.urls import path

from ui import languages, views

app_name = "ui"
urlpatterns = [
    path("ui/", views.living_page, name="living_page"),
    path("language/<slug:code>/", languages.choose, name="language"),
]
