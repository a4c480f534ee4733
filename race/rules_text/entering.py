"""The chapters on entering: each field of `EntryRules` is said here, and a test changes every one to see its sentence move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from race import papers as paper_words
from race import providers
from race.rules_text.clauses import (
    SECOND_US,
    Chapter,
    Clause,
    Source,
    Table,
    TableRow,
    day_words,
    grouped,
    instant_words,
    listed,
    span,
)
from race.templatetags.money import yuan

OURS = "entry_rules"


def who(source: Source) -> Chapter:
    """Documents, one race a day, exclusions, professionals, minors, neutral riders."""
    rules = source.rules
    said = [
        source.clause(
            "who.identity",
            _("Entering takes a valid resident identity card, mainland travel permit of Hong Kong, Macau or Taiwan residents, "
              "foreign permanent resident card, or passport. The original is shown at sign-on."),
        ),
        source.clause(
            "who.one_a_day",
            _("One person rides one race a day at most.") if rules.one_a_day else _("One person may ride several races a day."),
            OURS,
        ),
        *_exclusions(source),
        *_professionals(source),
    ]  # fmt: skip
    if under := rules.guardian_under:
        text = _(
            "Riders under %(n)d years on the day of the race enter with a guardian, who accepts these regulations too."
        )
        said.append(source.clause("who.guardian", text % {"n": under}, OURS))
    if rules.neutral_nations:
        text = _("Riders of these nations start as neutral athletes, without flag: %(nations)s.")
        said.append(source.clause("who.neutral", text % {"nations": listed(rules.neutral_nations)}, OURS))
    return Chapter("who", _("Who may enter"), tuple(said))


def _exclusions(source: Source) -> Iterator[Clause]:
    names = source.names()
    for one, other in source.rules.exclusions:
        if one in names and other in names:
            text = _("Nobody rides both %(one)s and %(other)s.") % {"one": names[one], "other": names[other]}
            yield source.clause(f"who.exclusion.{one}.{other}", text, OURS)


def _professionals(source: Source) -> Iterator[Clause]:
    years = source.rules.barred_years
    barred = ngettext(
        "Not open to registered professionals, nor to whoever rode for a UCI team or retired as one in the last %(n)d year.",
        "Not open to registered professionals, nor to whoever rode for a UCI team or retired as one in the last %(n)d years.",
        years,
    ) % {"n": years}  # fmt: skip
    words = {"barred": barred, "allowed": _("Open to professionals too.")}
    said = [(category["code"], words[category["professionals"]]) for _race, category in source.categories]
    return grouped(source, "who.professionals", said, "races[].professionals", OURS)


def entering(source: Source) -> Chapter:
    """The window, places, holds, the waiting list, paying, money back."""
    rules = source.rules
    said = [
        source.clause("entering.window", _window(source), "entry_closes"),
        source.clause("entering.order", _("Places are given in the order in which entries arrive. No place is given twice.")),
        source.clause(
            "entering.hold",
            _("A place is held for %(span)s while it is paid; then it is free for others.")
            % {"span": _minutes(rules.hold_minutes)},
            OURS,
        ),
        source.clause(
            "entering.queue",
            _("Where a category is full one may join its waiting list. A place that becomes free is offered to the first one "
              "waiting, never to a newcomer."),
        ),
        source.clause("entering.offer", _offer(source), OURS),
        source.clause("entering.payment", _payment(source), OURS),
        source.clause("entering.refund", _refund(source), OURS),
    ]  # fmt: skip
    return Chapter("entering", _("Entering, places and payment"), tuple(said))


def _window(source: Source) -> str:
    opens, closes = source.edition["entry_opens_at"], source.edition["entry_closes_at"]
    values = {key: instant_words(source.local(at)) for key, at in (("opens", opens), ("closes", closes)) if at}
    if opens and closes:
        return _("Entries are open from %(opens)s until %(closes)s.") % values
    if closes:
        return _("Entries are open until %(closes)s.") % values
    if opens:
        return _("Entries open on %(opens)s.") % values
    return _("The days on which entries are open are not set yet.")


def _offer(source: Source) -> str:
    hours, days = source.rules.offer_hours, source.rules.offers_end_days_before
    offered = ngettext(
        "An offered place is kept for %(n)d hour.", "An offered place is kept for %(n)d hours.", hours
    ) % {"n": hours}  # fmt: skip
    return offered + _space() + _("Places are offered until the end of %(day)s.") % {"day": source.last_day(days)}


def _payment(source: Source) -> str:
    rules = source.rules
    labels = [str(providers.ALL[name].label) if name in providers.ALL else name for name in rules.payment_methods]
    text = _("The fee is paid by: %(ways)s.") % {"ways": listed(labels)} if labels else _("Nothing is paid online.")
    if "transfer" in rules.payment_methods:
        hours = rules.transfer_hold_hours
        text += _space() + ngettext(
            "A place paid by bank transfer is held for %(n)d hour.",
            "A place paid by bank transfer is held for %(n)d hours.",
            hours,
        ) % {"n": hours}  # fmt: skip
    return text


def _refund(source: Source) -> str:
    steps = [
        _("until the end of %(day)s %(percent)d%%") % {"day": source.last_day(days), "percent": percent}
        for days, percent in source.rules.refund_steps
    ]
    if not steps:
        return _("A rider who withdraws gets no money back.")
    return _("Of the fee a rider who withdraws gets back: %(steps)s; nothing after that.") % {
        "steps": _semicolons(steps)
    }


def changes(source: Source) -> Chapter:
    """Until when riders and teams change what they entered."""
    rules = source.rules
    values = {
        "change": source.last_day(rules.change_days_before), "substitute": source.last_day(rules.substitute_days_before),
    }  # fmt: skip
    said = (
        ("change", _("Riders change their entry or withdraw by themselves until the end of %(change)s.") % values),
        (
            "substitute",
            _("A team puts another rider in the place of one of its own until the end of %(substitute)s.") % values,
        ),
        (
            "transfer",
            _("A place may be passed on to another person until riders can no longer change their entry.")
            if rules.transfers_allowed
            else _("A place is personal and is not passed on to anybody else."),
        ),
        ("impersonation", _("Who rides in another's place is disqualified, and so is who lent the place.")),
    )
    return Chapter(
        "changes", _("Changes and withdrawal"),
        tuple(source.clause(f"changes.{key}", text, *([] if key == "impersonation" else [OURS])) for key, text in said),
    )  # fmt: skip


def papers(source: Source) -> Chapter:
    """What riders send in, and the insurance."""
    whom = {"all": _("every rider"), "foreign": _("riders from abroad"), "minor": _("riders who need a guardian")}
    said = []
    for terms in source.rules.documents:
        values = {"paper": paper_words.label(terms.kind), "who": whom[terms.who]}
        text = _("%(paper)s: asked of %(who)s.") if terms.required else _("%(paper)s: may be sent in by %(who)s.")
        said.append(source.clause(f"papers.{terms.kind}.{terms.who}", text % values, OURS))
    if not said:
        said.append(source.clause("papers.none", _("No papers have to be sent in."), OURS))
    said.append(
        source.clause("papers.identity", _("Identity documents are not sent in: no picture of one is ever kept."))
    )
    if fen := source.rules.insurance_min_fen:
        text = _("Every rider is insured against accidents on the day of the race for %(sum)s at least.")
        said.append(source.clause("papers.insurance", text % {"sum": yuan(fen)}, OURS))
    return Chapter("papers", _("Papers and insurance"), tuple(said))


def bibs(source: Source) -> Chapter:
    """Numbers, chips and what is left as deposit."""
    rules = source.rules
    day = source.last_day(rules.bibs_frozen_days_before)
    said = [
        source.clause(
            "bibs.frozen", _("Bibs are given by the organiser and fixed at the end of %(day)s.") % {"day": day}, OURS
        )
    ]
    if rules.reserved_bibs:
        text = _("These numbers are not given: %(numbers)s.") % {"numbers": listed(map(str, rules.reserved_bibs))}
        said.append(source.clause("bibs.reserved", text, OURS))
    chip = (
        _("The timing chip is handed out against a deposit of %(sum)s, which is given back with the chip.")
        if rules.chip_deposit_fen
        else _("The timing chip is handed out without a deposit and is given back after the race.")
    )
    said.append(source.clause("bibs.chip", chip % {"sum": yuan(rules.chip_deposit_fen)}, OURS))
    worn = _(
        "Bib, bike plate and chip are worn as handed out, unfolded and uncovered; without the chip there is no time."
    )
    return Chapter("bibs", _("Bibs, chips and deposit"), (*said, source.clause("bibs.worn", worn)))


def sign_on(source: Source) -> Chapter:
    """When riders report before the gun."""
    rules = source.rules
    columns = (_("Category"), _("Sign-on opens"), _("Sign-on closes"), _("Gun"))
    rows = []
    for _race, category in source.categories:
        gun = source.local(category["gun"])
        times = [gun - timedelta(minutes=m) for m in (rules.sign_on_opens_min, rules.sign_on_closes_min)]
        paths = (OURS, f"races[{category['code']}].gun", "races[].gun")
        cells = (
            source.cell(source.name(category)),
            *(source.cell(f"{day_words(at.date())} {at:%H:%M}", *paths) for at in times),
            source.cell(f"{gun:%H:%M}", *paths[1:]),
        )
        rows.append(TableRow(category["code"], cells, category["mark"]))
    values = {"opens": _minutes(rules.sign_on_opens_min), "closes": _minutes(rules.sign_on_closes_min)}
    window = _("Sign-on opens %(opens)s before the gun and closes %(closes)s before it.") % values
    missing = _("Who has not signed on by then does not start (DNS), unless the commissaires rule otherwise.")
    return Chapter(
        "sign_on", _("Sign-on"),
        (
            source.clause("sign_on.window", window, OURS),
            Table("sign_on.table", _("Sign-on by category"), columns, tuple(rows)),
            source.clause("sign_on.missing", missing),
        ),
    )  # fmt: skip


def protests(source: Source) -> Chapter:
    """How long, and what is left with it."""
    rules = source.rules
    text = _("A protest against a result is handed in writing to the commissaires within %(span)s of its publication.")
    said = [source.clause("protests.window", text % {"span": _minutes(rules.protest_minutes)}, OURS)]
    if fen := rules.protest_deposit_fen:
        text = _("It is handed in with %(sum)s, which are given back when the protest is upheld.") % {"sum": yuan(fen)}
        said.append(source.clause("protests.deposit", text, OURS))
    late = _("The time runs from the publication of the provisional result, not from the finish.")
    return Chapter("protests", _("Protests"), (*said, source.clause("protests.clock", late)))


def data(source: Source) -> Chapter:
    """What is kept of a rider, how, and how long."""
    days = source.rules.retention_days
    kept = ngettext(
        "Private data is erased %(n)d day after the last day of the event.",
        "Private data is erased %(n)d days after the last day of the event.",
        days,
    ) % {"n": days}  # fmt: skip
    said = (
        ("public", _("Published are name, sex, nation or region, team, bib and result. Nothing else is.")),
        ("sealed", _("Document number, birth date, address, phone and emergency contact are kept encrypted and are seen by the "
                     "rider and, as far as needed, by the race office.")),
        ("rights", _("Riders see, download and correct their data on their own page, and may have it erased once they are no "
                     "longer entered.")),
    )  # fmt: skip
    stays = _("What stays is the published result, and the evidence of payments and of the accepted declaration.")
    return Chapter(
        "data", _("Personal data"),
        (
            *(source.clause(f"data.{key}", text) for key, text in said),
            source.clause("data.retention", kept, OURS),
            source.clause("data.stays", stays),
        ),
    )  # fmt: skip


def _minutes(minutes: int) -> str:
    return span(minutes * 60 * SECOND_US)


def _space() -> str:
    """Between two sentences; nothing in Chinese."""
    return "" if listed("ab") == "a、b" else " "


def _semicolons(words: list[str]) -> str:
    return ("；" if not _space() else "; ").join(words)
