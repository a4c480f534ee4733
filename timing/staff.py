"""Who may open the pages of the line desk."""

from collections.abc import Callable

from race.models import Role
from race.staff_pages import Page, staff_page

#: Who sees the line: those who work on it, those who rule on it, and who runs the race.
LINE = (Role.Name.TIMING_CREW, Role.Name.COMMISSAIRE, Role.Name.ORGANISER)


def line_page(*roles: str) -> Callable[[Page], Page]:
    """A page of the line desk: for `LINE` where no roles are named. See `race.staff_pages.staff_page`."""
    return staff_page("line", *(roles or LINE), race_day=True)


def number(text: str) -> int:
    """A number of a form, as a key or a revision; 0 where it is none that anything here can have."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
