"""The app."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """The shared look."""

    name = "ui"
    label = "ui"
