"""The app."""

from django.apps import AppConfig


class SeedsConfig(AppConfig):
    """The Daguguan Open as data, and the simulator."""

    name = "seeds"
