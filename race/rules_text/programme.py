"""The chapters on the event and on its categories: what is ridden, when, where, by whom, for how much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from race.regions import with_cities
from race.rules_text.clauses import (
    Cell,
    Chapter,
    Clause,
    Row,
    Source,
    Table,
    TableRow,
    day_words,
    days_words,
    grouped,
    kilometres,
    listed,
)
from race.templatetags.money import yuan


def event(source: Source) -> Chapter:
    """Name, days, venue, sponsor, league, clock, office."""
    edition = source.edition
    first, last = source.starts_on, date.fromisoformat(edition["ends_on"])
    values = {
        "name": source.edition_name, "days": days_words(first, last), "venue": source.name(edition, "venue"),
        "sponsor": source.name(edition, "sponsor"), "league": edition["league"], "zone": edition["zone"],
    }  # fmt: skip
    said: list[Clause] = [
        source.clause("event.what", _("%(name)s is ridden on %(days)s in %(venue)s.") % values, "starts_on", "venue_zh")
    ]
    if values["sponsor"]:
        said.append(source.clause("event.sponsor", _("Title sponsor: %(sponsor)s.") % values, "sponsor_zh"))
    if values["league"]:
        said.append(source.clause("event.league", _("It is a round of %(league)s.") % values, "league"))
    said.append(source.clause("event.zone", _("All times are those of the venue (%(zone)s).") % values))
    contact = edition.get("contact", {})
    reached = [str(contact[key]) for key in ("phone", "email") if contact.get(key)]
    if reached:
        text = _("Race office: %(contact)s.") % {"contact": listed(reached)}
        said.append(source.clause("event.contact", text, "contact"))
    return Chapter("event", _("The event"), tuple(said))


def categories(source: Source) -> Chapter:
    """The table of categories, how ages are counted, quotas inside the places, what happens to small categories."""
    columns = (
        _("Category"), _("Day and gun"), _("Distance"), _("Course"), _("Who rides"), _("Places"), _("Fee"), _("Bibs"),
    )  # fmt: skip
    rows = tuple(_row(source, race, category) for race, category in source.categories)
    table = Table("categories.table", _("Categories"), columns, rows)
    return Chapter("categories", _("Categories"), (table, *_ages(source), *_quotas(source), *_small(source)))


def _row(source: Source, race: Row, category: Row) -> TableRow:
    code = category["code"]
    gun = source.local(category["gun"])
    count = race["rules"].get("laps_by_category", {}).get(code) or race["laps"]
    laps = ngettext("%(n)d lap", "%(n)d laps", count) % {"n": count}
    distance = kilometres(race["lap_m"] * count)
    bibs = "–".join(str(category[key]) for key in ("first_bib", "last_bib") if category[key])
    if category["first_bib"] and not category["last_bib"]:
        bibs = _("from %(first)d") % {"first": category["first_bib"]}
    cells: tuple[Cell, ...] = (
        source.cell(f"{source.name(category)} {code}"),
        source.cell(f"{day_words(gun.date())} {gun:%H:%M}", f"races[{code}].gun", "races[].gun"),
        source.cell(_("%(distance)s (%(laps)s)") % {"distance": distance, "laps": laps}, "races[].laps", "courses"),
        source.cell(source.name(race, "course"), "courses"),
        source.cell(_who(category), "races[].min_age", "races[].max_age"),
        source.cell(str(category["capacity"]), "races[].capacity"),
        source.cell(yuan(category["fee_fen"]) if category["fee_fen"] else _("free"), "races[].fee_fen"),
        source.cell(bibs or "–", "races[].first_bib"),
    )
    return TableRow(code, cells, category["mark"])


def _who(category: Row) -> str:
    sex = {"M": _("Men"), "F": _("Women"), "A": _("Men and women")}[category["sex"]]
    return _("%(sex)s, %(min)d–%(max)d years") % {
        "sex": sex, "min": category["min_age"], "max": category["max_age"],
    }  # fmt: skip


def _ages(source: Source) -> Iterator[Clause]:
    words = {
        "race_day": _("The age is that in whole years on the day of the race."),
        "birth_year": _("The age is the year of the race less the year of birth."),
    }
    said = [(category["code"], words[category["age_by"]]) for _race, category in source.categories]
    return grouped(source, "categories.age", said)


def _quotas(source: Source) -> Iterator[Clause]:
    """Places that the riders of a region may take at most."""
    for _race, category in source.categories:
        regions = with_cities(category["quotas"])
        for quota in category["quotas"]:
            values = {"max": quota.get("max", quota.get("each"))}
            if "prefix" in quota:
                code = str(quota["prefix"]).ljust(6, "0")
                region = regions.get(code)
                values["region"] = source.in_language(region.zh, region.en) if region else quota["prefix"]
                text = _("Riders from %(region)s take at most %(max)d of the places.") % values
            else:
                text = _("Riders of any other one region take at most %(max)d of the places.") % values
            key = f"categories.quota.{category['code']}.{quota.get('prefix', 'each')}"
            yield source.clause(key, text, "races[].quotas", about=source.name(category))


def _small(source: Source) -> Iterator[Clause]:
    if below := source.rules.merge_below:
        text = _(
            "A category with fewer than %(n)d riders may ride together with another; it is ranked by itself all the same."
        )
        yield source.clause("categories.merge", text % {"n": below}, "entry_rules")
