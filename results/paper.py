"""A communiqué on paper: what its PDF is given, made of nothing but its own content, so that it comes out the same for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override, pgettext

from race import dates, typesetting
from race.models.edition import in_language
from results import articles, result_lines
from results.models import Communique
from results.result_lines import ResultLine, standing_word, status_word
from results.ruling_words import sanction
from ui import times

LANGUAGES = {"zh": "zh-hans", "en": "en"}
Data = Mapping[str, Any]


def pdf(made: Communique, language: str) -> bytes:
    """The paper in a language of LANGUAGES. Wants `link` fetched."""
    with override(LANGUAGES[language]):
        return typesetting.pdf("communique", printed(made), keep=False)


def printed(made: Communique) -> dict[str, Any]:
    """What the template is given, in the language in force."""
    content = orjson.loads(bytes(made.content))
    lines = result_lines.lines(content["board"])
    groups = result_lines.by_category(lines, content.get("categories", []))
    url = address(made.code)
    return {
        "event": in_language(content["edition_zh"], content["edition_en"]),
        "title": _("Communiqué No. %(n)d") % {"n": made.number},
        "subtitle": subtitle(content),
        "official": content["standing"] != "provisional",
        "facts": _facts(content, lines),
        "compared": _("Compared with communiqué No. %(n)d") % {"n": content["supersedes"]} if content["supersedes"] else "",
        "changes": changes(content) + _teams(content),
        "rulings_title": pgettext("paper", "Rulings"), "rulings_columns": _ruling_columns(), "rulings": _rulings(content),
        "result_title": pgettext("paper", "Result"), "columns": _columns(content),
        "groups": [{"name": name, "rows": [_row(one, content) for one in result_lines.ranked(members)], "out": _out(members)}
                   for name, members in groups],
        "nobody": _("Nobody is ranked."),
        "qr": url, "foot": _foot(made, content, url), "proof": _proof(made, content),
    }  # fmt: skip


def address(code: str) -> str:
    """Where a code is looked up."""
    return f"{settings.SITE_URL.rstrip('/')}/verify/{code}"


def subtitle(content: Data) -> str:
    """Men Elite · Provisional result (version 4)."""
    race = in_language(content.get("race_zh", content["race"]), content.get("race_en", ""))
    words = {"race": race, "standing": standing_word(content["standing"]), "n": content["version"]}
    return _("%(race)s · %(standing)s (version %(n)d)") % words


def _facts(content: Data, lines: Sequence[ResultLine]) -> list[list[str]]:
    board, at = content["board"], datetime.fromisoformat(content["at"])
    zone_at = at_venue(board, at)
    published = f"{dates.with_year(zone_at.year, dates.day(zone_at.date()))} {zone_at:%H:%M}"
    if content["by"]:
        published += " · " + content["by"]
    facts = [[_("Published"), published], [_("Race"), ridden(board)]]
    if content["standing"] == "provisional":
        until = zone_at + timedelta(minutes=content["protest_minutes"])
        said = {"time": f"{until:%H:%M}", "yuan": times_money(content["protest_deposit_fen"])}
        facts.append([pgettext("paper", "Protests until"), _("%(time)s (deposit %(yuan)s yuan)") % said])
    elif content["reason"]:
        facts.append([_("Reason"), content["reason"]])
    speed = average(board)
    if speed:
        facts.append([_("Average"), speed])
    if content["supersedes"]:
        facts.append([pgettext("paper", "Supersedes"), _superseded(content)])
    home = sum(line.status == "FIN" for line in lines)
    started = {"home": home, "n": board["counts"]["started"]}
    facts.append([pgettext("paper", "Finishers"), _("%(home)d of %(n)d who started") % started])
    return facts


def times_money(fen: int) -> str:
    """Money in yuan, with fen only where there are some."""
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen // 100}.{fen % 100:02}"


def at_venue(board: Data, at: datetime) -> datetime:
    """An instant as the venue's clock showed it: in the zone in which the board tells its times."""
    told = (board["publication"] or {}).get("at") or board["gun"] or board["planned"]
    return at.astimezone(datetime.fromisoformat(told).tzinfo) if told else at


def ridden(board: Data) -> str:
    """How far, in how many laps, and when the gun went."""
    metres = board["start_m"] + board["laps"] * board["lap_m"]
    km = f"{metres / 1000:.1f}".removesuffix(".0")
    said = ngettext("%(km)s km, %(n)d lap", "%(km)s km, %(n)d laps", board["laps"]) % {"km": km, "n": board["laps"]}
    if board["gun"]:
        said += ", " + _("gun %(time)s") % {"time": board["gun"][11:19]}
    return said


def average(board: Data) -> str:
    """The winner's average speed; empty before the finish."""
    leader = board["leader"]
    if not leader or not leader["speed"] or leader["laps"] < board["laps"]:
        return ""
    return f"{leader['speed']:.1f} km/h"


def _superseded(content: Data) -> str:
    before = content.get("superseded")
    said = _("communiqué No. %(n)d") % {"n": content["supersedes"]}
    if before is None:
        return said
    words = {"paper": said, "standing": standing_word(before["standing"]), "n": before["version"]}
    return _("%(paper)s (%(standing)s, version %(n)d)") % words


def changes(content: Data) -> list[str]:
    """What differs from the version before in sentences: who is ranked otherwise, then whole runs that moved together."""
    said, moved = [], []
    for one in content["changes"]:
        step = _step(one)
        if step:
            moved.append((one["after"]["rank"], step, one))
        else:
            said.append(_change(one, content["board"]["riders"]))
    for run in _runs(sorted(moved, key=lambda one: one[0])):
        said.append(_change(run[0][2], content["board"]["riders"]) if len(run) == 1 else _run(run))
    return said


def _step(one: Data) -> int:
    """By how many places a finisher moved and nothing else changed; 0 for any other change."""
    before, after = one["before"], one["after"]
    if not before or not after or (before["status"], before["time_s"]) != (after["status"], after["time_s"]):
        return 0
    return 0 if None in (before["rank"], after["rank"]) else int(after["rank"] - before["rank"])


def _runs(moved: Sequence[tuple[int, int, Data]]) -> list[list[tuple[int, int, Data]]]:
    runs: list[list[tuple[int, int, Data]]] = []
    for one in moved:
        if runs and runs[-1][-1][0] + 1 == one[0] and runs[-1][-1][1] == one[1]:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _run(run: Sequence[tuple[int, int, Data]]) -> str:
    step = run[0][1]
    said = {"first": run[0][0] - step, "last": run[-1][0] - step, "n": abs(step)}
    if step < 0:
        return ngettext(
            "Places %(first)d–%(last)d each move up %(n)d place.", "Places %(first)d–%(last)d each move up %(n)d places.", -step
        ) % said  # fmt: skip
    return ngettext(
        "Places %(first)d–%(last)d each move down %(n)d place.", "Places %(first)d–%(last)d each move down %(n)d places.", step
    ) % said  # fmt: skip


def _change(one: Data, riders: Data) -> str:
    rider = riders.get(str(one["bib"]))
    who = f"{one['bib']} {result_lines.name(rider)}" if rider else str(one["bib"])
    if rider and rider["team"][0]:
        who += _(" (%(team)s)") % {"team": in_language(*rider["team"])}
    return _("%(who)s: %(before)s becomes %(after)s.") % {
        "who": who, "before": _placed(one["before"]), "after": _placed(one["after"]),
    }  # fmt: skip


def _placed(line: Data | None) -> str:
    if line is None:
        return _("not in the result")
    time = "" if line["time_s"] is None else f" {times.race_time(line['time_s'] * 1000)}"
    if line["rank"] is None or line["status"] not in ("FIN", "LAP", "racing"):
        return status_word(line["status"])
    return _("place %(n)d") % {"n": line["rank"]} + time


def _ruling_columns() -> list[dict[str, str]]:
    return [
        {"key": "number", "title": pgettext("paper", "No."), "width": "12mm"},
        {"key": "bib", "title": _("Bib"), "width": "14mm"},
        {"key": "facts", "title": _("Facts and article"), "width": "1fr"},
        {"key": "sanction", "title": _("Sanction"), "width": "50mm", "align": "right"},
    ]


def _rulings(content: Data) -> list[dict[str, str]]:
    rows = []
    for one in content["rulings"]:
        article = articles.articles().get(one["article"])
        facts = one["reason"]
        if one["article"]:
            words = f"{one['article']} {article.words}" if article else one["article"]
            facts += _(" (%(article)s)") % {"article": words}
        imposed = sanction(one["kind"], one["detail"])
        if one["revokes"]:
            imposed = _("Revokes ruling %(n)d") % {"n": one["revokes"]}
        rows.append({"number": str(one["number"]), "bib": str(one["bib"] or ""), "facts": facts, "sanction": imposed})
    return rows


def _teams(content: Data) -> list[str]:
    """Which teams have another place in the league than by the version before, in one sentence."""
    moved = [
        _("%(team)s %(before)s → %(after)s")
        % {"team": in_language(*one["team"]), "before": one["ranks"][0] or "–", "after": one["ranks"][1] or "–"}
        for one in content.get("league_teams", ())
        if one["ranks"][0] != one["ranks"][1]
    ]
    return [_("Places in the team league: %(moves)s.") % {"moves": _comma().join(moved)}] if moved else []


def _columns(content: Data) -> list[dict[str, str]]:
    league = [{"key": "league", "title": pgettext("paper", "League"), "width": "auto", "align": "right"}]
    return [
        {"key": "rank", "title": pgettext("paper", "Rank"), "width": "12mm", "align": "right"},
        {"key": "bib", "title": _("Bib"), "width": "13mm", "align": "right"},
        {"key": "name", "title": pgettext("paper", "Rider"), "width": "1.25fr"},
        {"key": "team", "title": _("Team"), "width": "1fr"},
        {"key": "represents", "title": pgettext("paper", "From"), "width": "auto"},
        {"key": "result", "title": pgettext("paper", "Result"), "width": "auto", "align": "right"},
        *(league if content.get("league") else ()),
    ]


def _row(line: ResultLine, content: Data) -> dict[str, Any]:
    points = [one["points"].get(str(line.bib)) for one in content.get("league", ())]
    rank = f"{line.rank}" + (" REL" if line.relegated else "")
    return {
        "rank": rank, "bib": str(line.bib), "name": line.name, "team": line.team, "represents": line.represents,
        "result": line.result, "soft": line.same_time,
        "league": " / ".join("–" if each is None else str(each) for each in points),
    }  # fmt: skip


def _out(members: Sequence[ResultLine]) -> list[list[str]]:
    """Those without a place: [word, everybody]."""
    return [
        [status_word(status), _comma().join(f"{one.bib}\u00a0{one.name} {one.result}".strip() for one in those)]
        for status, those in result_lines.out(members)
    ]


def _comma() -> str:
    return pgettext("list", ", ")


def _foot(made: Communique, content: Data, url: str) -> dict[str, str]:
    standing = _("Published papers are never rewritten: a correction is a new communiqué that supersedes this one.")
    if content["standing"] == "provisional":
        standing += " " + _("A provisional result is not an official one.")
    return {
        "verify": _("Verify: %(url)s") % {"url": url.split("://", 1)[-1]},
        "own": _("This paper sha256 %(hash)s") % {"hash": shortened(made.sha256)},
        "chain": _("Chain before it %(hash)s") % {"hash": shortened(content["previous"])},
        "until": _("Data up to revision %(n)d.") % {"n": content["revision"]} + " " + standing,
        "page": _("Page {page} of {pages}"),
    }


def _proof(made: Communique, content: Data) -> list[list[str]]:
    """The hashes in full, once, at the end."""
    return [
        [_("SHA-256 of the content"), made.sha256],
        [_("Head of the chain before it"), content["previous"]],
        [_("Head of the chain with it (act %(n)d)") % {"n": made.link.position}, made.link.hash],
    ]


def shortened(digest: str) -> str:
    """A hash as people compare it: four letters at a time, the beginning and the end."""
    return " ".join(digest[at : at + 4] for at in range(0, 16, 4)) + " ⋯ " + digest[-4:]
