"""What somebody wrote: kept as it was written, or refused because it is too long; never cut without a word."""

from django.utils.translation import gettext as _

from race.refused import Refused


def said(text: str, most: int, what: str) -> str:
    """The text without the blanks around it, each line end as one sign: a browser counts it as one and sends two.

    `most`: characters that are kept; `what`: how the page calls the text. Refused: `too_long`.
    """
    kept = text.replace("\r\n", "\n").strip()
    if len(kept) > most:
        raise Refused("too_long", _("%(field)s: at most %(limit)s characters.") % {"field": what, "limit": most})
    return kept
