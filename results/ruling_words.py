"""The kinds of rulings in words, for pages and papers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ui import times


def kind_word(kind: str) -> str:
    """A kind of ruling, as it is chosen and listed."""
    return KINDS().get(kind, kind)


def sanction(kind: str, detail: Mapping[str, Any]) -> str:
    """What was imposed, with how much of it: `Time penalty 0:20`."""
    said = kind_word(kind)
    if "seconds" in detail:
        said += f" {times.race_time(detail['seconds'] * 1000)}"
    if "after_lap" in detail:
        said += " · " + _("after lap %(n)s") % {"n": detail["after_lap"]}
    if "lap" in detail:
        said += " · " + _("at lap %(n)s") % {"n": detail["lap"]}
    return said


def KINDS() -> dict[str, str]:
    """Every kind of ruling in words."""
    return {
        "warning": pgettext("ruling", "Warning"),
        "time_penalty": pgettext("ruling", "Time penalty"),
        "relegate_group": pgettext("ruling", "Relegated to the end of the group (REL)"),
        "relegate_last": pgettext("ruling", "Relegated to the last place (REL)"),
        "dsq": pgettext("ruling", "Disqualified (DSQ)"),
        "dnf": pgettext("ruling", "Did not finish (DNF)"),
        "dns": pgettext("ruling", "Did not start (DNS)"),
        "pulled": pgettext("ruling", "Pulled off the course (LAP)"),
        "credit_time_of": pgettext("ruling", "Given the time of another rider"),
        "split": pgettext("ruling", "Group split here"),
        "join": pgettext("ruling", "Joined to the group ahead"),
        "otl_waive": pgettext("ruling", "Time limit waived"),
        "otl_waive_all": pgettext("ruling", "Time limit waived for all"),
        "manual_finish": pgettext("ruling", "Finish taken by hand"),
        "confirm_missed": pgettext("ruling", "Missed crossing confirmed"),
        "chip_swap": pgettext("ruling", "Two chips swapped"),
        "results_at_lap": pgettext("ruling", "Results taken at an earlier lap"),
        "neutralise": pgettext("ruling", "Race neutralised"),
        "finish_order": pgettext("ruling", "Order by the photo finish"),
        "close": pgettext("ruling", "Race closed"),
        "revoke": pgettext("ruling", "Revoked an earlier ruling"),
    }
