"""The app."""

from django.apps import AppConfig


class ResultsConfig(AppConfig):
    """Results, under its short label."""

    name = "results"
