"""The app."""

from django.apps import AppConfig


class RaceConfig(AppConfig):
    """Race, under its short label."""

    name = "race"
