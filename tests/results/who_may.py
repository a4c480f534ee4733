"""Who may do what with a result, and when: every act of the results side, in every state of a race.

`tests/results/test_who_may.py` walks all of it with real requests. An address or a method of the results side that no act
here has fails there, and so does a kind of ruling, a step of a protest or a standing that nobody tries.

A new part of the results side gets its own table below (`OF_...`) and its name in `ACTS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from race.models import Role

Name = Role.Name
PUBLIC, RIDER = "public", "rider"
#: Everybody: without a name, with the private link of a rider of the race, and with each role.
PEOPLE = (PUBLIC, RIDER, *Name.values)

#: A race on its way; each state goes on from the one before. `protested` is within the window and under protest, `past`
#: after it with the protest decided; to `official` a late disqualification has come.
STATES = ("before", "running", "closed", "provisional", "protested", "past", "official", "amended")

RULES = {Name.COMMISSAIRE, Name.CHIEF, Name.ADMINISTRATOR}
CHIEF = {Name.CHIEF, Name.ADMINISTRATOR}
LOOKS = RULES | {Name.ORGANISER}
MONEY = LOOKS | {Name.OFFICE}
LINE = LOOKS | {Name.TIMING_CREW}
CORRECTS = RULES | {Name.TIMING_CREW}
DAY = "2024-05-25"
CORRECTIONS = "api/v1/timing/corrections/?edition=edition-open"


@dataclass(frozen=True)
class Act:
    """A request, who may, and what those get in which state; `ok` in a state that `when` does not name.

    Everybody else gets `no` in every state. `@read` and the like in an address or a body stand for what the race has.
    """

    method: str
    address: str
    body: dict[str, Any] = field(default_factory=dict)
    who: set[str] = field(default_factory=set)
    when: dict[str, str] = field(default_factory=dict)


def rules(kind: str, bib: int | None = 3, detail: dict[str, Any] | None = None, **when: str) -> Act:
    """A ruling by a program."""
    body = {"kind": kind, "bib": bib, "detail": detail or {}, "reason": "seen"}
    return Act("POST", "api/v1/races/open/rulings/", body, RULES, when)


def publishes(standing: str, who: set[str], **when: str) -> Act:
    """A publication by a program."""
    body = {"standing": standing, "reason": "so decided", "cause": "disciplinary"}
    return Act("POST", "api/v1/races/open/publications/", body, who, when)


def steps(kind: str, who: set[str], **when: str) -> Act:
    """A step about the protest, by a program."""
    return Act("POST", "api/v1/races/open/protests/1/steps/", {"kind": kind, "reason": "looked at"}, who, when)


def desk(page: str, body: dict[str, Any], who: set[str] = RULES, **when: str) -> Act:
    """A form of the officials' desk."""
    return Act("POST", f"editions/edition-open/officials/{page}", body, who, when)


def line(page: str, body: dict[str, Any], who: set[str], **when: str) -> Act:
    """A form of the line desk."""
    return Act("POST", f"editions/edition-open/line/{page}", body, who, when)


def reads(address: str, who: set[str], **when: str) -> Act:
    """What a program reads."""
    return Act("GET", f"api/v1/{address}", {}, who, when)


def states(code: str, *names: str) -> dict[str, str]:
    """The same answer in several states."""
    return dict.fromkeys(names, code)


EVERYBODY = set(PEOPLE)
HOLDS = states("already_official", "official", "amended")
EARLY = states("nothing_published", "before", "running", "closed")
NO_PROTEST = states("404", "before", "running", "closed", "provisional")
SETTLED = states("already_settled", "past", "official", "amended")
NOT_OFFICIAL = states("not_official", "before", "running", "closed", "provisional", "protested", "past")
AT_US = "@home_us"

#: A ruling may be made at any time: before the start somebody is warned, after the official result he is disqualified. An
#: official result does not follow it before it is amended.
OF_RULINGS = {
    "warning": rules("warning"), "dsq": rules("dsq"), "dnf": rules("dnf"), "dns": rules("dns"), "pulled": rules("pulled"),
    "relegate_group": rules("relegate_group"), "relegate_last": rules("relegate_last"),
    "time_penalty": rules("time_penalty", detail={"seconds": 10}), "credit_time_of": rules("credit_time_of", detail={"of": 1}),
    "split": rules("split"), "join": rules("join"), "otl_waive": rules("otl_waive"),
    "otl_waive_all": rules("otl_waive_all", None), "manual_finish": rules("manual_finish", detail={"at_us": AT_US}),
    "confirm_missed": rules("confirm_missed", detail={"at_us": AT_US}),
    "chip_swap": rules("chip_swap", None, {"a": 1, "b": 3}), "results_at_lap": rules("results_at_lap", None, {"lap": 1}),
    "neutralise": rules("neutralise", None, {"us": 60_000_000}),
    "finish_order": rules("finish_order", None, {"order": [[3], [2]]}),
    "close": rules("close", None, before="not_started", running="riders_out"),
    "close naming who is out": rules("close", None, {"out": [4]}, before="not_started"),
    "ruling revoked": Act("POST", "api/v1/races/open/rulings/", {"revokes": 1, "reason": "wrong rider"}, RULES),
    "ruling previewed": Act("POST", "api/v1/races/open/rulings/preview/", {"kind": "dsq", "bib": 3}, RULES),
    "rulings read": reads("races/open/rulings/", EVERYBODY),
    "bunch read": reads("races/open/bunch/", RULES),
    "page: ruling": desk("rulings/open/new/", {"kind": "dsq", "bib": "3", "reason": "seen", "article": "R-HELMET"}),
    "page: preview": desk("rulings/open/preview/", {"kind": "dsq", "bib": "3"}),
    "page: draft": desk("rulings/open/draft/", {"kind": "dsq", "bib": "3"}),
    "page: list": desk("rulings/open/many/", {"kind": "dnf", "bibs": "3 4", "reason": "swept"}),
    "page: revoke": desk("rulings/1/revoke/", {"reason": "wrong rider"}),
    "page: evidence": Act("GET", "editions/edition-open/officials/evidence/@evidence/", {}, LOOKS),
    "page: order": desk("bunch/open/order/", {"order": "3,2", "basis": "photo"}, before="not_home"),
    "page: split": desk("bunch/open/divide/", {"divide": "split-3", "reason": "a gap"}, before="not_home"),
    "page: close": desk("results/open/close/", {"out": ["4"], "reason": "swept"}, before="not_started"),
}  # fmt: skip

#: Live, provisional, official, amended. Only the chief goes beyond provisional.
OF_PUBLICATIONS = {
    "provisional": publishes("provisional", RULES, before="not_started", **HOLDS),
    "official": publishes(
        "official", CHIEF, **states("not_provisional", "before", "running", "closed"),
        **states("window_open", "provisional", "protested"), **HOLDS,
    ),
    "amended": publishes("amended", CHIEF, **NOT_OFFICIAL, amended="nothing_changed"),
    "publications read": reads("races/open/publications/", EVERYBODY),
    "communiques read": reads("communiques/?edition=edition-open", EVERYBODY),
    "code looked up": reads("verify/@code/", EVERYBODY, **states("404", "before", "running", "closed")),
    "communique read": reads("verify/@code/communique.json", EVERYBODY, **states("404", "before", "running", "closed")),
    "board read": reads("races/open/board/", EVERYBODY), "why read": reads("races/open/why/1/", EVERYBODY),
    "page: provisional": desk("results/open/publish/", {"standing": "provisional"}, before="not_started", **HOLDS),
    "page: official": desk(
        "results/open/publish/", {"standing": "official"}, CHIEF, **states("not_provisional", "before", "running", "closed"),
        **states("window_open", "provisional", "protested"), **HOLDS,
    ),
    "page: amended": desk(
        "results/open/publish/", {"standing": "amended", "reason": "doping", "cause": "disciplinary"}, CHIEF, **NOT_OFFICIAL,
        amended="nothing_changed",
    ),
}  # fmt: skip

#: Against a published result, within its window. Money is taken by the office too; a verdict is the commissaires'.
LATE = {"past": "window_over", "official": "official_stands", "amended": "window_over"}
OF_PROTESTS = {
    "protest at the desk": Act(
        "POST", "api/v1/races/open/protests/", {"bibs": [3], "text": "he pushed me", "filed_by": "a manager"}, RULES,
        EARLY | LATE,
    ),
    "deposit": steps("deposit", MONEY, **NO_PROTEST, **states("bad_step", "past", "official", "amended")),
    "deposit back": steps("returned", MONEY, **NO_PROTEST, protested="bad_step"),
    "deposit kept": steps("kept", MONEY, **NO_PROTEST, protested="bad_step"),
    "upheld": steps("upheld", RULES, **NO_PROTEST, **SETTLED), "rejected": steps("rejected", RULES, **NO_PROTEST, **SETTLED),
    "withdrawn": steps("withdrawn", RULES, **NO_PROTEST, **SETTLED),
    "protests read": reads("races/open/protests/", EVERYBODY),
    "page: protest at the desk": desk(
        "protests/", {"race": "open", "bibs": "3", "text": "he pushed me", "filed_by": "a manager"}, **EARLY, **LATE
    ),
    "page: deposit": desk(
        "protests/1/step/", {"do": "deposit"}, MONEY, **NO_PROTEST, **states("bad_step", "past", "official", "amended")
    ),
    "page: verdict": desk("protests/1/step/", {"do": "upheld", "reason": "on the photo"}, **NO_PROTEST, **SETTLED),
    "page: withdrawn": desk("protests/1/step/", {"do": "withdrawn"}, **NO_PROTEST, **SETTLED),
    "phone: protest": Act(
        "POST", "my/@secret/protest/", {"entry": "@entry", "bibs": "3", "text": "he pushed me"}, {RIDER}, EARLY | LATE
    ),
    "phone: photo": Act("POST", "my/@secret/protest/1/show/", {"photo": "@photo"}, {RIDER}, NO_PROTEST | SETTLED),
    "phone: withdrawn": Act("POST", "my/@secret/protest/1/withdraw/", {}, {RIDER}, NO_PROTEST | SETTLED),
}  # fmt: skip

#: What a result rests on. The machines' word may be corrected at any time; what is official does not follow by itself.
CLOCK = {"day": DAY, "at": "09:00:01"}
OF_FACTS = {
    "gun": Act(
        "POST", "api/v1/races/open/guns/", {"wave": "A", "at": "2024-05-25T09:00:01+08:00", "reason": "the pistol"}, RULES
    ),
    "guns read": reads("races/open/guns/", EVERYBODY),
    "read ignored": Act(
        "POST", CORRECTIONS, {"kind": "ignore", "read": "@read", "evidence": "seen"}, CORRECTS
    ),
    "read moved": Act(
        "POST", CORRECTIONS,
        {"kind": "move", "read": "@read", "at": f"{DAY}T09:20:02+08:00", "evidence": "seen"}, CORRECTS,
    ),
    "passing added": Act(
        "POST", CORRECTIONS,
        {"kind": "add", "race": "open", "bib": 4, "point": "F", "at": f"{DAY}T09:21:00+08:00", "evidence": "seen"}, CORRECTS,
    ),
    "correction undone": Act(
        "POST", CORRECTIONS, {"kind": "undo", "correction": "@correction", "evidence": "seen"}, CORRECTS
    ),
    "corrections read": reads("timing/corrections/?edition=edition-open", CORRECTS),
    "expected read": reads("races/open/expected/", LINE | {Name.ANNOUNCER}),
    "missing read": reads("races/open/missing/", LINE),
    "watch": Act(
        "POST", "api/v1/races/open/expected/", {"bib": 4, "point": "F", "lap": 1, "kind": "check"}, LINE,
    ),
    "page: gun": line("guns/@wave/", {**CLOCK, "sure": "yes", "reason": "the pistol", "seen": "@gun"}, RULES),
    "page: read ignored": line("corrections/reads/@read/ignore/", {"evidence": "seen"}, CORRECTS),
    "page: read moved": line("corrections/reads/@read/move/", {"day": DAY, "at": "09:20:02", "evidence": "seen"}, CORRECTS),
    "page: passing added": line(
        "corrections/add/", {"bib": "4", "point": "@point", "day": DAY, "at": "09:21:00", "evidence": "seen"}, CORRECTS
    ),
    "page: correction undone": line("corrections/@correction/undo/", {"evidence": "seen"}, CORRECTS),
    "page: passing of one expected": line(
        "expected/open/4/add/", {"point": "F", "at": "09:21:00", "why": "seen"}, CORRECTS
    ),
    "page: watch": line("expected/open/4/note/", {"point": "F", "lap": "1", "kind": "check"}, LINE),
}  # fmt: skip

SEASON = LOOKS - {Name.COMMISSAIRE}
OF_LEAGUE = {
    "league read": reads("league/?league=city", EVERYBODY), "season read": reads("league/changes/?league=city", EVERYBODY),
    "rows read": reads("league/rows/?edition=edition-open&league=city", LOOKS),
    "round brought in": Act(
        "POST", "api/v1/league/?edition=edition-open&league=city&round=3", {"file": "@round"}, SEASON
    ),
    "row joined": Act(
        "POST", "api/v1/league/rows/@row/join/?edition=edition-open", {"entry": "@fourth", "reason": "him"}, SEASON
    ),
    "row parted": Act("POST", "api/v1/league/rows/@row/part/?edition=edition-open", {"reason": "not him"}, SEASON),
    "page: round looked at": desk("league/city/rounds/3/", {"list": "@round"}, SEASON),
    "page: round brought in": desk("league/city/rounds/3/@token/", {}, SEASON),
    "page: row joined": desk("league/city/rows/@row/", {"to": "entry:@fourth", "reason": "him"}, SEASON),
    "page: rows joined": desk("league/city/join/", {"pair": ["@row:@fourth"], "reason": "same name and team"}, SEASON),
}  # fmt: skip

#: Certificates, prizes, exports: what is printed or paid once a result stands. The prize of number 2 is another one after the
#: amendment; that of number 3 was paid when the result became official.
CASH = {Name.OFFICE, Name.ORGANISER, Name.ADMINISTRATOR}
UNPAID = states("no_prize", "before", "running", "closed") | states("not_official", "provisional", "protested", "past")
UNOFFICIAL = states("not_official", *STATES[:6])
PAYS = {"category": "ME", "key": "bib:2", "kind": "paid", "amount_fen": 50_000, "receipt": "17"}
TAKES = {"category": "ME", "key": "bib:3", "kind": "back", "amount_fen": 30_000, "reason": "paid to another"}
UNTAKEN = states("no_prize", "before", "running", "closed") | states("too_much", "provisional", "protested", "past")
OF_PAPERS = {
    "sheet read": reads("races/open/results/", EVERYBODY),
    "certificate": reads("races/open/certificates/2/", EVERYBODY, **UNOFFICIAL),
    "certificates read": reads("certificates/?edition=edition-open", LOOKS),
    "certificates fetched": reads("certificates/archive/?edition=edition-open", LOOKS),
    "certificates made": Act("POST", "api/v1/certificates/?edition=edition-open", {"language": "zh"}, LOOKS, UNOFFICIAL),
    "page: certificates made": desk("certificates/", {"language": "zh"}, LOOKS, **UNOFFICIAL),
    "prizes read": reads("races/open/prizes/", LOOKS | CASH),
    "prize paid": Act("POST", "api/v1/races/open/prizes/", PAYS, CASH, UNPAID | {"amended": "amount_moved"}),
    "prize back": Act("POST", "api/v1/races/open/prizes/", TAKES, CASH, UNTAKEN),
    "page: prize paid": desk(
        "prizes/open/pay/", {"category": "ME", "key": "bib:2", "fen": "50000", "receipt": "17"}, CASH,
        **UNPAID, amended="amount_moved",
    ),
    "page: prize back": desk(
        "prizes/open/back/", {"category": "ME", "key": "bib:3", "fen": "30000", "reason": "paid to another"}, CASH, **UNTAKEN
    ),
}  # fmt: skip

ACTS: dict[str, Act] = OF_RULINGS | OF_PUBLICATIONS | OF_PROTESTS | OF_FACTS | OF_LEAGUE | OF_PAPERS
