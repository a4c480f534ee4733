"""The words the live page's modules put together in the browser, in the language of the reader.

A pair is one and many (the browser chooses by {n}); {names} are filled in there. Keys are the modules' own.
"""

from __future__ import annotations

from django.utils.translation import gettext, ngettext, pgettext

from results.views.why_words import Word, why_words


def words() -> dict[str, Word]:
    """Every word of the page, in the language in force."""
    table: dict[str, Word] = {}
    for part in (_tabs, _clock, _age, _road, _order, _follow, _events, why_words):
        table |= part()
    return table


def _tabs() -> dict[str, Word]:
    return {
        "tab.official": pgettext("tab", "Official"),
        "tab.provisional": pgettext("tab", "Provisional"),
        "tab.provisional.short": pgettext("tab", "Prov."),
        "tab.started": gettext("Started"),
        "tab.finishing": gettext("Finishing"),
        "tab.finished": pgettext("race", "Finished"),
        "tab.lap": gettext("Lap {n}"),
        "tab.amended": pgettext("tab", "Amended"),
        "standing.live": gettext("Live, not a result yet"),
        "standing.amended": gettext("Amended result"),
        "standing.official": gettext("Official"),
        "standing.provisional": gettext("Provisional"),
        "revision": gettext("Revision {n}"),
        "facts.km": gettext("{km} km"),
        "facts.laps": [ngettext("{n} lap × {km} km", "{n} laps × {km} km", n) for n in (1, 2)],
        "facts.gun": gettext("Gun {time}"),
        "facts.started": gettext("{n} started"),
        "facts.racing": pgettext("count", "{n} on course"),
        "facts.finished": gettext("{n} finished"),
        "facts.lapped": gettext("{n} lapped"),
        "facts.otl": gettext("{n} over the time limit"),
        "facts.dnf": gettext("{n} DNF"),
        "facts.nr": gettext("{n} without a result"),
        "facts.dsq": gettext("{n} DSQ"),
        "facts.dns": gettext("{n} did not start (DNS)"),
    }


def _clock() -> dict[str, Word]:
    return {
        "clock.race": gettext("Race time"),
        "clock.estimated": gettext("Race time · reckoned by this device"),
        "clock.winner": gettext("Winning time"),
        "clock.nogun": gettext("No official gun: laps and lap times only"),
        "togo": gettext("To go"),
        "unit.laps": [ngettext("lap", "laps", n) for n in (1, 2)],
        "progress.leader": gettext("Leader {km} / {total} km"),
        "progress.speed": gettext("Average {speed} km/h"),
        "until": gettext("{span} to go"),
        "until.gun": gettext("waiting for the gun"),
        "span.dh": gettext("{d} d {h} h"),
        "span.hm": gettext("{h} h {m} min"),
        "span.ms": gettext("{m} min {s} s"),
        "span.s": gettext("{s} s"),
    }


def _age() -> dict[str, Word]:
    return {
        "age.connecting": gettext("Connecting"),
        "age.waiting": gettext("Connected · waiting for the gun"),
        "age.live": gettext("Live · updated {n} s ago"),
        "age.closed": pgettext("race", "Closed"),
        "age.ageing": gettext("Updated {n} s ago"),
        "age.stale": gettext("Data stops at {time}"),
        "stale.fact": gettext("Data stops at {time}."),
        "stale.ago": gettext("{span} ago."),
        "stale.then": gettext("It resumes by itself; no need to reload."),
        "empty.distance": [
            ngettext("{total} km · {n} lap × {km} km", "{total} km · {n} laps × {km} km", n) for n in (1, 2)
        ],
        "stamp": gettext("Revision {n} · {date} {time} Beijing time"),
        "note.provisional": gettext("Live order is provisional. The communiqués decide."),
        "note.official": gettext("This result is official."),
        "note.amended": gettext("This result was official and has been amended by a communiqué."),
        "result.provisional": gettext("Provisional result, version {n}"),
        "result.official": gettext("Official result"),
        "result.amended": gettext("Amended result, version {n}"),
        "result.left": gettext("{left} left to protest, until {time}"),
        "result.over": gettext("The time for protests is over; not official yet"),
        "result.disputed": [ngettext("{n} row under protest", "{n} rows under protest", n) for n in (1, 2)],
        "result.paper": gettext("Communiqué {n}"),
        "row.disputed": gettext("under protest"),
        "why.certificate": gettext("Open the finisher’s certificate (PDF)"),
        "why.certificate.wait": gettext("The finisher’s certificate comes with the official result."),
    }


def _road() -> dict[str, Word]:
    return {
        "role.lead": gettext("Leaders"),
        "role.chase": gettext("Chase"),
        "role.chase.n": gettext("Chase {n}"),
        "role.main": gettext("Peloton"),
        "role.group": gettext("Group {n}"),
        "riders": [ngettext("{n} rider", "{n} riders", n) for n in (1, 2)],
        "group.mine": gettext("With {bibs}, whom you follow"),
        "groups.more": [ngettext("{n} more group", "{n} more groups", n) for n in (1, 2)],
        "trend.same": gettext("Steady"),
        "trend.closer": gettext("{time} closer"),
        "trend.further": gettext("{time} further"),
        "situation.at": gettext("On the road at {time}"),
        "strip.title.phone": gettext("On the road"),
        "strip.how": gettext("Lap {n} · estimated from the last lap"),
        "strip.label": gettext("Profile of one lap with the estimated places of the groups"),
        "strip.line": pgettext("course", "Line"),
        "strip.lead": gettext("{key} Leaders {n}"),
        "strip.group": gettext("{key} {n} riders {gap}"),
        "chart.label": gettext("Gap of each group to the leaders at each lap end"),
        "chart.lap": gettext("Lap {n}"),
        "chart.gun": gettext("Gun"),
    }


def _order() -> dict[str, Word]:
    return {
        "order.now": gettext("Order now"),
        "order.closed": gettext("Result"),
        "order.hint": gettext("{n} on course · tap a row for why"),
        "order.hint.closed": gettext("Tap a row for why"),
        "part.lapped": gettext("Laps down"),
        "part.out": gettext("Did not finish"),
        "part.otl": pgettext("part", "Over the time limit"),
        "part.dns": gettext("Did not start"),
        "part.dsq": gettext("Disqualified"),
        "part.waiting": gettext("Start list"),
        "part.finished": pgettext("race", "Finished"),
        "part.course": gettext("On course"),
        "head.line": pgettext("place", "after lap {n}"),
        "head.place": gettext("on lap {n} at {place}"),
        "head.mixed": gettext("gaps at the last crossing of the line"),
        "fold.ranks": gettext("{from} to {to}"),
        "fold.rest": gettext("{n} more"),
        "out.after": gettext("after lap {n}"),
        "rank": pgettext("rank", "{n}"),
        "unnamed": gettext("No name on the start list"),
        "move.up": gettext("places gained"),
        "move.down": gettext("places lost"),
        "move.same": gettext("same place"),
    }


def _follow() -> dict[str, Word]:
    return {
        "star.follow": gettext("Follow {bib}"),
        "close": gettext("Close"),
        "list.comma": pgettext("list", ", "),
        "status.FIN": gettext("Finished"),
        "status.LAP": pgettext("status", "Lapped"),
        "status.OTL": pgettext("status", "Over the time limit"),
        "status.NR": gettext("No result"),
        "status.DNF": pgettext("status", "Retired"),
        "status.DNS": gettext("Did not start"),
        "status.DSQ": pgettext("status", "Disqualified"),
        "status.racing": gettext("On course"),
        "status.waiting": gettext("Waiting"),
        "pinned.line": gettext("at the line in about {span}"),
        "pinned.at": gettext("as of {time}"),
        "search.none": gettext("Nobody fits. A bib, a Chinese name, pinyin or initials will do."),
        "search.hint": gettext("Bib, name or pinyin. The star follows a rider on this device."),
    }


def _events() -> dict[str, Word]:
    return {
        "event.bib": pgettext("event", "{bib}"),
        "event.lead": gettext("{bibs} leads after lap {lap}"),
        "event.lead.change": gettext("New leader: {from} → {to}"),
        "event.fastest": gettext("{bibs} rode lap {lap} in {time}, the fastest of the race"),
        "event.break": gettext("{bibs} broke away"),
        "event.dnf": gettext("Ruling: {bibs} did not finish (DNF), out after lap {lap}"),
        "event.dnf.early": gettext("Ruling: {bibs} did not finish (DNF), out on the first lap"),
        "event.dsq": gettext("Ruling: {bibs} disqualified (DSQ)"),
        "event.pulled": gettext("Ruling: {bibs} taken off the course"),
        "event.finish": gettext("{bibs} finished in {time}"),
    }
