"""Stub."""


def page():
    return {}
