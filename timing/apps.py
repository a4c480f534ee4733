"""The app."""

from django.apps import AppConfig


class TimingConfig(AppConfig):
    """Timing, under its short label."""

    name = "timing"
