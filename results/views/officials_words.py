"""The words of the officials' desk: open items, kinds of rulings, standings."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from results.views.why_words import why_words


def item_word(flag: str) -> str:
    """What an open item is about."""
    if flag == "no_result":
        return _("No result: a ruling says what became of the rider")
    word = why_words()[f"reason.{flag}"]
    return word if isinstance(word, str) else word[0]


def kind_word(kind: str) -> str:
    """A kind of ruling, as it is chosen and listed."""
    return KINDS().get(kind, kind)


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
