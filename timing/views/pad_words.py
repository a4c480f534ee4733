"""The words that the pad's modules put together in the browser, in the language of whoever taps there.

A pair is one and many (the browser chooses by {n}); {names} are filled in there. Keys are the modules' own.
"""

from __future__ import annotations

from django.utils.translation import gettext, ngettext, pgettext

Word = str | list[str]


def words() -> dict[str, Word]:
    """Every word of the pad, in the language in force."""
    return _state() | _keys() | _entries()


def _state() -> dict[str, Word]:
    return {
        "title": gettext("Phone pad"),
        "unmapped": gettext("at no timing point"),
        "no_pad.none": gettext("This phone is no pad yet"),
        "no_pad.none.why": gettext("Scan the code or open the link that the timing crew gives you."),
        "no_pad.link": gettext("This link no longer works"),
        "no_pad.link.why": gettext("Ask the timing crew for another one."),
        "no_pad.network": gettext("No network"),
        "no_pad.network.why": gettext(
            "The link has to be opened once with a network; from then on the pad works without."
        ),
        "offline": gettext("Offline"),
        "waits": [ngettext("{n} to send", "{n} to send", n) for n in (1, 2)],
        "all_sent": gettext("All sent"),
        "trouble": gettext("Server answered {status}"),
        "trouble.why": gettext("Go on tapping. Everything is kept on this phone and goes out by itself."),
        "rejected": [ngettext("{n} not counted", "{n} not counted", n) for n in (1, 2)],
        "rejected.why": gettext("The server keeps these taps and cannot count them. Tell the timing crew."),
        "withdrawn": gettext("Key withdrawn"),
        "withdrawn.why": gettext(
            "The timing crew withdrew this phone's key. What was not sent stays on it: show the crew."
        ),
        "disk": gettext("Not kept"),
        "disk.why": gettext("This phone could not keep the last tap. Free some space on it, or use another phone."),
        "error": gettext("clock ±{n} ms"),
        "error.s": gettext("clock ±{n} s"),
        "unmeasured": gettext("clock not measured"),
    }


def _keys() -> dict[str, Word]:
    return {
        "now": pgettext("pad", "Now"),
        "now.sub": gettext("bib later"),
        "now.bib": gettext("{n} now"),
        "now.bib.sub": gettext("passes this moment"),
        "give": gettext("It was {n}"),
        "give.none": gettext("It was …"),
        "give.sub": gettext("bib of a tap"),
        "give.now": gettext("no tap waits: now"),
        "type": gettext("Type a bib, or tap Now"),
        "type.for": gettext("Bib of the tap at {time}?"),
        "taps": [ngettext("{n} tap without a bib", "{n} taps without a bib", n) for n in (1, 2)],
        "doubt.unknown": gettext("{n} is nobody’s bib. It is kept."),
        "doubt.elsewhere": gettext("{n} rides on another course. It is kept."),
        "doubt.twice": gettext("{n} again, sooner than a lap takes. It is kept."),
    }


def _entries() -> dict[str, Word]:
    return {
        "empty": gettext("Nothing tapped yet"),
        "empty.why": gettext("Tap Now as the wheel crosses the line; the bib may come before or after."),
        "queued": pgettext("pad", "to send"),
        "sent": gettext("sent"),
        "no_bib": gettext("no bib yet"),
        "gone": gettext("taken back"),
        "more": gettext("Type another bib to change this one."),
        "more.gone": gettext("Type a bib to bring this one back."),
        "more.time": gettext("Exact time {time}, ±{n} ms."),
        "back": gettext("Take this one back"),
    }
