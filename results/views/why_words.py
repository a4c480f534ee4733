"""The words of "Why?": what was read, what became of it, which rule and which ruling shaped the row.

The reasons are the codes of `results.scoring.explain` and the flags of a row; the rulings are those of `results.rulings`.
"""

from __future__ import annotations

from django.utils.translation import gettext, ngettext

Word = str | list[str]


def why_words() -> dict[str, Word]:
    """Every word of the thread, in the language in force."""
    return _frame() | _answers() | _reads() | _rules() | _rulings()


def _frame() -> dict[str, Word]:
    return {
        "why.title": gettext("Why?"),
        "why.reads": gettext("read {n} times"),
        "why.gun": gettext("Official gun of the wave"),
        "why.laps": [ngettext("{n} lap counted, {time} in all", "{n} laps counted, {time} in all", n) for n in (1, 2)],
        "why.lap": gettext("Last lap {time}"),
        "why.group": gettext("Rides in group {key}, {title}"),
        "why.rank": gettext("Placed {n}: laps first, then the order over the line"),
        "why.unranked": gettext("Not ranked"),
        "why.revision": gettext("From revision {n}. A ruling or a late read can change it."),
    }


def _reads() -> dict[str, Word]:
    return {
        "reason.lap": gettext("Lap {n} counted"),
        "reason.lap_by_backup": gettext("Lap {n} counted from the backup mat"),
        "reason.lap_by_ruling": gettext("Lap {n} added by a ruling"),
        "reason.time": gettext("Time taken here"),
        "reason.point": gettext("Passed {point}"),
        "reason.same_passing": [
            ngettext("{n} more read of the same crossing", "{n} more reads of the same crossing", n) for n in (1, 2)
        ],
        "reason.before_gun": gettext("Not counted: before the gun"),
        "reason.no_gun": gettext("Not counted: no official gun yet"),
        "reason.start_crossing": gettext("Not counted: crossing at the start"),
        "reason.too_soon": gettext("Not counted: too soon after the last crossing for a lap"),
        "reason.outside_window": gettext("Not counted: outside the window of this wave at this point"),
        "reason.judge_saw_otherwise": gettext("Not counted: the judges saw another order"),
        "reason.extra_crossing": gettext("Not counted: the race was over for this rider"),
        "reason.point_not_counted": gettext("Not counted: this point does not count in this race"),
    }


def _rules() -> dict[str, Word]:
    return {
        "reason.group_time": gettext("Time of the group, {time}"),
        "reason.own_time": gettext("Own time, {time}"),
        "reason.time_limit": gettext("Over the time limit of {time}"),
        "reason.ended_by_winner": [
            ngettext("Ended with the winner, {n} lap short", "Ended with the winner, {n} laps short", n) for n in (1, 2)
        ],
        "reason.not_signed_on": gettext("Did not sign on"),
        "reason.tie_needs_photo": gettext("Level with another rider: the photo-finish decides"),
        "reason.suspect_missed_read": gettext("A lap looks too long: a read may be missing"),
        "reason.suspect_fast_lap": gettext("A lap looks too short: a stray read may have been counted"),
        "reason.no_reads": gettext("No reads of this chip"),
        "reason.no_finish_read": gettext("No read at the finish"),
        "reason.no_time_read": gettext("No read where the time is taken"),
        "reason.judge_order": gettext("Order by the finish judges"),
        "reason.missed_read": gettext("A missed read was put right by a ruling"),
        "reason.duplicate_read": gettext("Read more than once at one crossing"),
        "reason.manual": gettext("Time taken by hand"),
        "reason.penalty": gettext("Time penalty"),
        "reason.REL": gettext("Relegated by a ruling"),
    }


def _answers() -> dict[str, Word]:
    return {
        "why.of": gettext("of {n}"),
        "why.stands.live": gettext("Live order, revision {n}; no result is published yet"),
        "why.stands.provisional": gettext("Provisional result, version {n}"),
        "why.stands.official": gettext("Official result, version {n}"),
        "why.stands.amended": gettext("Amended result, version {n}"),
        "why.backup": gettext("Main and backup both read it, {s} s apart; the main one counts"),
        "why.soon": gettext("{s} s after the last crossing; a lap takes {least} at least"),
        "why.together": [
            ngettext("{n} rider has this time", "{n} riders of the group have the same time", n) for n in (1, 2)
        ],
        "why.behind": gettext(
            "{s} s behind the rider in front: less than the gap that parts a group. Places go by the line."
        ),
        "why.moved": gettext("Place {was} → {now}"),
        "why.moved.by": gettext("Bib {bib}: {what}"),
        "why.article": gettext("Article {code}: {words}"),
        "why.rests": gettext("The newest fact it rests on is revision {n}."),
        "why.disputed": gettext("This row is under protest. It may change until the protest is decided."),
        "why.protest": gettext("File a protest"),
        "why.protest.left": gettext("Provisional result. {left} left to protest."),
    }


def _rulings() -> dict[str, Word]:
    return {
        "ruling.warning": gettext("Ruling {n}: warned"),
        "ruling.finish_order": gettext("Ruling {n}: order by the photo finish"),
        "ruling.dsq": gettext("Ruling {n}: disqualified"),
        "ruling.dnf": gettext("Ruling {n}: did not finish"),
        "ruling.dns": gettext("Ruling {n}: did not start"),
        "ruling.pulled": gettext("Ruling {n}: taken off the course"),
        "ruling.relegate_group": gettext("Ruling {n}: relegated to the end of the group"),
        "ruling.relegate_last": gettext("Ruling {n}: relegated to the last place"),
        "ruling.time_penalty": gettext("Ruling {n}: time penalty of {time}"),
        "ruling.credit_time_of": gettext("Ruling {n}: given the time of another rider"),
        "ruling.split": gettext("Ruling {n}: group split here"),
        "ruling.join": gettext("Ruling {n}: groups joined"),
        "ruling.otl_waive": gettext("Ruling {n}: time limit waived"),
        "ruling.otl_waive_all": gettext("Ruling {n}: time limit waived for all"),
        "ruling.manual_finish": gettext("Ruling {n}: finish taken by hand"),
        "ruling.chip_swap": gettext("Ruling {n}: two chips were swapped"),
        "ruling.confirm_missed": gettext("Ruling {n}: missed crossing confirmed"),
        "ruling.results_at_lap": gettext("Ruling {n}: results taken at an earlier lap"),
        "ruling.neutralise": gettext("Ruling {n}: race neutralised"),
    }
