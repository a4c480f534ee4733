"""Who may open the pages of the officials' desk."""

from collections.abc import Callable

from race.models import Role
from race.staff_pages import Page, staff_page

#: Who sees the desk: those who rule, and who runs the race, who may look.
OFFICIALS = (Role.Name.COMMISSAIRE, Role.Name.CHIEF, Role.Name.ORGANISER)
#: Who rules and publishes a provisional result; the chief's role includes a commissaire's.
RULES = (Role.Name.COMMISSAIRE,)


def officials_page(*roles: str) -> Callable[[Page], Page]:
    """A page of the officials: for `OFFICIALS` where no roles are named. See `race.staff_pages.staff_page`."""
    return staff_page("officials", *(roles or OFFICIALS), race_day=True)
