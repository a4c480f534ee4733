"""`manage.py seed`: the weekend in the database, once, in a bounded number of queries."""

import json
import stat
from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.test.utils import CaptureQueriesContext

from race import clock, dossier, duplicates, links, papers, phones, reconciliation, to_do, tokens, vault
from race.models import (
    Assignment,
    Category,
    Change,
    Document,
    Edition,
    Entry,
    Race,
    Rider,
    Role,
    Team,
    TimingPoint,
    Token,
    User,
)
from results import facts
from seeds import entering, field, regulations
from timing.models import Channel, Source

TENTH, ELEVENTH = "luoyang-2024", "luoyang-2025"


def seed(*arguments):
    out = StringIO()
    call_command("seed", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def queries(django_db_setup, django_db_blocker):
    """Plant once for this whole file, in a transaction that is undone at its end; how many queries that took."""
    with django_db_blocker.unblock(), transaction.atomic():
        with CaptureQueriesContext(connection) as asked:
            seed("--gateway-port", "3999")
        yield len(asked)
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Seven strong hashes take longer than everything else here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def planted(queries, db):
    return Edition.objects.get(slug=TENTH)


def test_the_weekend_is_there_as_the_field_says(planted):
    built = field.build()
    assert Rider.objects.filter(synthetic=True).count() == len(built.riders)
    assert list(Entry.objects.filter(edition=planted).order_by("bib").values_list("bib", "category__code")) == sorted(
        (entry.bib, entry.category) for entry in built.entries
    )
    assert Assignment.objects.count() == sum(len(entry.chips) for entry in built.entries)
    assert Team.objects.filter(edition=planted).count() == len({rider.club for rider in built.riders if rider.club})
    assert [
        (category.code, category.taken, category.capacity)
        for category in Category.objects.filter(race__edition=planted).order_by("race__order")
    ] == [
        (race["code"], sum(entry.category == race["code"] for entry in built.entries), race["capacity"])
        for race in regulations.tenth()["races"]
    ]


def test_what_is_real_is_as_it_was_and_what_is_not_says_so(planted):
    assert (planted.number, str(planted.starts_on), str(planted.ends_on), planted.zone) == (
        10,
        "2024-05-25",
        "2024-05-26",
        "Asia/Shanghai",
    )
    assert planted.name_zh == "第十届洛阳大谷关“美利达杯”全国自行车公开赛暨洛阳市自行车联赛·伊滨站"
    assert planted.races.order_by("order").first().waves.get().planned_at.isoformat() == "2024-05-25T01:00:00+00:00"
    assert {"courses", "races[].laps", "races[].rules", "field"} <= set(planted.illustrative)


def test_start_lists_are_published_as_facts_and_the_clock_stands_before_the_weekend(planted):
    races = list(Race.objects.filter(edition=planted))
    assert [race.slug for race in races if race.published_at is None or race.revision == 0] == []
    assert Change.objects.filter(edition=planted, model="race.Race").count() == 5
    assert Assignment.objects.filter(revision=None).count() == 0
    assert clock.now(planted).isoformat() == "2024-05-25T06:00:00+08:00"


def test_every_rider_has_a_pass_and_gets_the_same_one_again(planted):
    passes = list(Entry.objects.values_list("edition__slug", "category__code", "rider__identity_hash", "pass_code"))
    assert len({code for *_whose, code in passes}) == len(passes)
    assert {len(code) for *_whose, code in passes} == {links.PASS_LENGTH}
    assert set("".join(code for *_whose, code in passes)) == set(links.ALPHABET)
    first = min(field.build().entries, key=lambda entry: entry.bib)
    asked = Entry.objects.get(edition=planted, bib=first.bib)
    assert asked.pass_code == links.pass_code_of(f"{TENTH} {first.category} {first.rider.index}")
    assert links.pass_code_of("luoyang-2024 ME 1") == "JXLSWBRZU6"


def test_identity_numbers_are_sealed_and_found_by_their_hash(planted):
    rider = next(one for one in field.build().riders if one.nation == "CHN")
    stored = Rider.objects.get(identity_hash=vault.fingerprint("resident", rider.identity))
    assert (stored.name_zh, stored.latin, stored.birth_date) == (rider.name.zh, rider.name.latin, rider.born)
    assert rider.identity not in stored.identity_sealed
    foreign = next(one for one in field.build().riders if one.nation == "BLR")
    known = Rider.objects.get(identity_hash=vault.fingerprint("passport:BLR", foreign.identity))
    assert (known.identity_country, known.latin) == ("BLR", foreign.name.latin)
    assert vault.unseal(stored.identity_sealed) == rider.identity


def test_decoders_stand_at_the_points_and_share_one_channel(planted):
    told = Source.objects.filter(edition=planted).values_list(
        "name", "role", "point__course__code", "point__code", "zone"
    )
    assert sorted(told) == sorted(
        (row["name"], row["role"], row["course"], row["point"], "Asia/Shanghai")
        for row in regulations.tenth()["sources"]
    )
    channel = Channel.objects.get(edition=planted)
    assert (channel.kind, channel.make, channel.port, channel.sources.count()) == ("tcp", "mylaps", 3999, 0)
    assert TimingPoint.objects.filter(course__edition=planted).count() == 4


def test_the_scoring_core_can_read_every_race_of_the_seeds(planted):
    told = {race.slug: facts.gather(race).facts for race in Race.objects.filter(edition=planted)}
    assert {
        slug: (known.rules.laps, known.rules.finish, known.rules.lapped_ranked) for slug, known in told.items()
    } == {
        "luoyang-2024-me": (6, "F", False),
        "luoyang-2024-wo": (3, "F", False),
        "luoyang-2024-mm": (4, "F", False),
        "luoyang-2024-xo": (6, "F", True),
        "luoyang-2024-xm": (4, "F", True),
    }
    assert [slug for slug, known in told.items() if not known.entries] == []


def test_the_next_edition_can_be_entered_today_and_nobody_has(planted):
    eleventh = Edition.objects.get(slug=ELEVENTH)
    assert eleventh.entry_opens_at < clock.now(eleventh) < eleventh.entry_closes_at
    assert eleventh.starts_on > clock.now(eleventh).date()
    assert (eleventh.starts_on.isoweekday(), eleventh.ends_on.isoweekday()) == (6, 7)
    assert (eleventh.races.count(), eleventh.entries.count(), eleventh.rehearsal) == (5, 0, False)
    assert eleventh.illustrative == ["*"]


def test_a_second_run_writes_nothing(planted):
    before = (Edition.objects.count(), Rider.objects.count(), Assignment.objects.count(), planted.revision)
    assert "exists; nothing was written" in seed("--gateway-port", "3999")
    planted.refresh_from_db()
    assert (Edition.objects.count(), Rider.objects.count(), Assignment.objects.count(), planted.revision) == before


def test_the_number_of_queries_does_not_follow_the_number_of_riders(queries):
    assert queries <= 220


def test_credentials_open_the_doors_and_only_their_owner_may_read_them(planted, tmp_path):
    path = tmp_path / "credentials.json"
    seed("--demo", "--credentials", str(path))
    written = json.loads(path.read_text("utf-8"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (written["edition"], written["gateway"]) == (TENTH, {"mylaps": 3999})
    for role, secret in written["tokens"].items():
        token = Token.objects.get(digest=tokens.digest(secret))
        assert (token.role, token.edition.slug) == (role, TENTH)
    assert set(written["tokens"]) == {"organiser", "office", "timing_crew", "commissaire", "deliveries"}
    assert [account["role"] for account in written["accounts"]] == list(Role.Name.values)
    held = {(role.user.username, role.edition.slug) for role in Role.objects.select_related("user", "edition")}
    assert held == {(account["username"], slug) for account in written["accounts"] for slug in (TENTH, ELEVENTH)}
    first = written["accounts"][0]
    user = User.objects.get(username=first["username"])
    assert user.check_password(first["password"])
    assert len({account["password"] for account in written["accounts"]}) == len(written["accounts"])


def test_without_demo_nobody_can_log_in(planted, tmp_path):
    path = tmp_path / "credentials.json"
    seed("--credentials", str(path))
    assert json.loads(path.read_text("utf-8"))["accounts"] == []
    assert [user.username for user in User.objects.all() if user.has_usable_password()] == []


def test_credentials_that_are_there_are_left_alone(planted, tmp_path):
    path = tmp_path / "credentials.json"
    seed("--demo", "--credentials", str(path))
    before, keys = path.read_bytes(), Token.objects.count()
    seed("--demo", "--credentials", str(path))
    assert (path.read_bytes(), Token.objects.count()) == (before, keys)


def test_the_demo_fills_the_next_edition_and_its_counters_and_ledger_agree(planted):
    edition = Edition.objects.get(slug=ELEVENTH)
    now = edition.entry_opens_at + timedelta(days=22, hours=20)
    with CaptureQueriesContext(connection) as asked:
        assert entering.fill(edition, now=now) == sum(entering.ENTERED.values())
    assert len(asked) <= 40
    entries = Entry.objects.filter(edition=edition)
    states = Counter(entries.values_list("category__code", "state"))
    assert states == {
        ("ME", "confirmed"): 165, ("ME", "held"): 4, ("ME", "expired"): 7, ("ME", "withdrawn"): 1,
        ("WO", "confirmed"): 86, ("WO", "expired"): 2, ("WO", "withdrawn"): 1,
        ("MM", "confirmed"): 238, ("MM", "held"): 1, ("MM", "expired"): 10, ("MM", "withdrawn"): 3,
        ("XO", "confirmed"): 244, ("XO", "held"): 4, ("XO", "offered"): 2, ("XO", "waiting"): 10,
        ("XO", "expired"): 9, ("XO", "withdrawn"): 3,
        ("XM", "confirmed"): 185, ("XM", "held"): 1, ("XM", "expired"): 2,
    }  # fmt: skip
    placed = {code: sum(states[code, state] for state in Entry.PLACED) for code in entering.ENTERED}
    counters = Category.objects.filter(race__edition=edition).order_by("race__order")
    assert list(counters.values_list("code", "taken", "waiting", "queue_last")) == [
        (code, placed[code], states[code, "waiting"], states[code, "waiting"]) for code in entering.ENTERED
    ]
    booked = entries.annotate(booked=Coalesce(Sum("ledger__amount_fen"), 0))
    assert booked.exclude(paid_fen=F("booked")).count() == 0
    assert entries.filter(state__in=("held", "offered"), held_until__lte=now).count() == 0
    assert entries.filter(state__in=("expired", "withdrawn")).exclude(pass_code=None).count() == 0
    line = entries.filter(category__code="XO", state="waiting").order_by("created_at", "pk")
    assert list(line.values_list("queue_number", flat=True)) == list(range(1, states["XO", "waiting"] + 1))
    _is_a_busy_day(edition, now)


def _is_a_busy_day(edition, now):
    """The office has work of every kind, and the books differ from what the provider told in one sum."""
    assert {work.kind: work.count for work in to_do.queue(edition) if work.count} == {
        "review": 21, "expected": 9, "unpaid": 73, "duplicates": 4, "bibs": 918, "chips": 918, "refunds": 2, "messages": 3,
    }  # fmt: skip
    assert [pair.why for pair in duplicates.pairs(edition)] == [
        ("document", "born", "phone"), ("born", "phone"), ("born", "phone"), ("phone",),
    ]  # fmt: skip
    days = to_do.per_day(edition)
    assert (len(days), min(bar.count for bar in days) > 0, days[0].count > 4 * days[-1].count) == (23, True, True)
    differing = [
        way.only_booked
        for ago in range(23)
        for way in reconciliation.ways(edition, (now - timedelta(days=ago)).date())
        if way.only_booked or way.only_told
    ]
    assert [len(refs) for refs in differing] == [1]
    abroad = Rider.objects.filter(entries__edition=edition).exclude(nation="CHN")
    assert [str(one) for one in abroad if not phones.dialled(dossier.read(one)["emergency_phone"])] == []
    sent = Document.objects.filter(edition=edition)
    assert [paper.pk for paper in sent if papers.content_type(papers.content(paper)) != paper.content_type] == []
    assert Counter(sent.values_list("kind", "state")) == {
        ("health_certificate", "sent"): 15, ("health_certificate", "accepted"): 4, ("health_certificate", "refused"): 5,
        ("licence", "sent"): 6, ("licence", "accepted"): 5, ("licence", "refused"): 4,
    }  # fmt: skip
    assert all(edition.contact[key] for key in ("account_zh", "account_en"))
