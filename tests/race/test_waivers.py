"""Who signed: one answer on every page, also for whoever was merged with another."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

import pytest
from django.utils import timezone

from race import desk_roster, duplicates, links, lists, papers, privacy, regulations, selection, teams
from race.models import Acceptance, Category, Document, Edition, Entry, LogLine, PrivateLink, Rider, User
from race.refused import Refused
from race.selection import Selection
from race.views import my_parts
from tests import entering
from tests.entering import Field

pytestmark = pytest.mark.django_db
PAPER = b"%PDF-1.7 paper "
NUMBERS = count()


@dataclass
class Three:
    """One person three times: `first` alone signed the text that counts and sent the paper; `last` has the place."""

    field: Field
    first: Rider
    middle: Rider
    last: Rider
    by: User

    @property
    def entry(self) -> Entry:
        """The place."""
        return Entry.objects.select_related("rider", "edition", "registration").get(state="confirmed")

    def merge(self, keep: Rider, other: Rider) -> None:
        duplicates.merge(keep, other, by=self.by, reason="one person")

    def unmerge(self, other: Rider) -> None:
        duplicates.unmerge(other, by=self.by, reason="two people")

    def chain(self) -> None:
        """`first` into `middle`, `middle` into `last`."""
        self.merge(self.middle, self.first)
        self.merge(self.last, self.middle)


@pytest.fixture
def three() -> Three:
    field = entering.open_entries()
    Edition.objects.update(entry_rules={"documents": [{"kind": "insurance", "who": "all", "required": True}]})
    field.edition.refresh_from_db()
    last = entering.enter(field, "张伟", number=entering.resident_number("last"), key="last")
    middle = entering.enter(field, "张伟", number=entering.resident_number("middle"), key="middle")
    Edition.objects.update(waiver_zh="新的声明。")
    field.edition.refresh_from_db()
    regulations.current(field.edition)
    first = entering.enter(field, "张伟", number=entering.resident_number("first"), key="first")
    send(first.rider)
    Entry.objects.update(state="withdrawn")
    Entry.objects.filter(pk=last.pk).update(state="confirmed", paid_fen=10_000)
    return Three(field, first.rider, middle.rider, last.rider, User.objects.create(username="zhou"))


def send(rider: Rider, state: str = "") -> Document:
    """A paper that nobody sent before, of a rider, looked at."""
    sent = papers.send(rider, Edition.objects.get(), "insurance", "i.pdf", PAPER + b"%d" % next(NUMBERS), None)
    if state:
        Document.objects.filter(pk=sent.pk).update(state=state)
    return sent


def private(entry: Entry) -> tuple[bool, list[bool], str]:
    """Of the payer's page: does it ask to sign, which papers does it miss, whose signature does it name."""
    link = PrivateLink.objects.filter(registration=entry.registration, rider=None).get()
    (person,) = my_parts.context(link)["people"]
    return person.signs, [need.missing for need in person.needs], person.signed.signer


def said(entry: Entry) -> dict[str, object]:
    """What each page says is missing of signature and paper."""
    edition = entry.edition
    row = desk_roster.rows(edition, [entry.pk])[0]
    gaps = [gap["code"] for gap in row["missing"] if gap["code"].startswith(("waiver", "document"))]
    old = selection.entries(edition, Selection(state="alive", waiver="old"))
    without = selection.entries(edition, Selection(state="alive", documents="missing"))
    listed = lists.missing(edition, [entry])[1]
    return {
        "private": private(entry)[:2], "team": [code for code in teams.missing(entry) if code != "emergency"],
        "desk": gaps, "desk version": row["signed"], "old": old.count(), "papers": without.count(),
        "list": [row["missing"] for row in listed],
    }  # fmt: skip


NOTHING_MISSING = {
    "private": (False, [False]), "team": [], "desk": [], "desk version": 3, "old": 0, "papers": 0, "list": [],
}  # fmt: skip
BOTH_MISSING = {
    "private": (True, [True]), "team": ["waiver", "paper:insurance"], "desk": ["document_missing", "waiver_old"],
    "desk version": 2, "old": 1, "papers": 1, "list": ["保险凭证、免责声明"],
}  # fmt: skip


def test_what_was_signed_and_sent_counts_everywhere_along_a_chain(three: Three) -> None:
    before = said(three.entry)
    evidence = sorted(Acceptance.objects.values_list("pk", "rider", "signer", "at", "waiver_sha256"))
    three.chain()
    after = said(three.entry)
    assert (before, after) == (BOTH_MISSING, NOTHING_MISSING)
    assert set(Rider.objects.exclude(pk=three.last.pk).values_list("merged_into", flat=True)) == {three.last.pk}
    assert sorted(Acceptance.objects.values_list("pk", "rider", "signer", "at", "waiver_sha256")) == evidence


def test_a_chain_built_from_its_end_counts_too(three: Three) -> None:
    three.merge(three.last, three.middle)
    assert said(three.entry) == BOTH_MISSING
    three.merge(three.last, three.first)
    assert said(three.entry) == NOTHING_MISSING


def test_undoing_the_later_merge_takes_along_who_had_come_by_it(three: Three) -> None:
    three.chain()
    three.unmerge(three.middle)
    assert dict(Rider.objects.values_list("pk", "merged_into")) == {
        three.first.pk: three.middle.pk, three.middle.pk: None, three.last.pk: None,
    }  # fmt: skip
    assert said(three.entry) == BOTH_MISSING
    assert set(Entry.objects.filter(state="withdrawn").values_list("rider", flat=True)) == {three.middle.pk}
    three.unmerge(three.first)
    assert set(Rider.objects.values_list("merged_into", flat=True)) == {None}
    assert sorted(Entry.objects.values_list("rider", flat=True)) == sorted(Rider.objects.values_list("pk", flat=True))


def test_undoing_the_first_merge_first_leaves_its_rows_alone_later(three: Three) -> None:
    before = sorted(Entry.objects.values_list("pk", "rider", "identity_hash"))
    paper = Document.objects.get()
    three.chain()
    three.unmerge(three.first)
    assert said(three.entry) == BOTH_MISSING
    three.unmerge(three.middle)
    paper.refresh_from_db()
    assert (sorted(Entry.objects.values_list("pk", "rider", "identity_hash")), paper.rider) == (before, three.first)


def test_who_was_merged_elsewhere_meanwhile_stays_there(three: Three) -> None:
    three.chain()
    three.unmerge(three.first)
    three.merge(three.last, three.first)
    three.unmerge(three.middle)
    assert dict(Rider.objects.values_list("pk", "merged_into")) == {
        three.first.pk: three.last.pk, three.middle.pk: None, three.last.pk: None,
    }  # fmt: skip


def test_a_minor_needs_the_guardians_hand_on_every_page(three: Three) -> None:
    three.chain()
    Rider.objects.update(birth_date=timezone.localdate() - timedelta(days=365 * 16))
    one = said(three.entry)
    assert (one["private"], one["desk"], one["old"], one["list"]) == (
        (True, [False]), ["waiver_guardian"], 1, ["免责声明"],
    )  # fmt: skip
    assert "waiver" in teams.missing(three.entry)
    newest = regulations.current(three.field.edition)
    Acceptance.objects.create(
        rider=three.first, regulations=newest, waiver_sha256=newest.waiver_sha256, signer="张父", guardian=True,
    )  # fmt: skip
    two = said(three.entry)
    assert (two["private"], two["desk"], two["old"], two["list"]) == ((False, [False]), [], 0, [])
    assert "waiver" not in teams.missing(three.entry)


def test_the_better_of_two_papers_counts_and_comes_apart_again(three: Three) -> None:
    good = Document.objects.get()
    Document.objects.update(state="accepted")
    late, refused = send(three.middle), send(three.last, "refused")
    three.chain()
    assert dict(Document.objects.values_list("pk", "state")) == {
        good.pk: "accepted", late.pk: "replaced", refused.pk: "replaced",
    }  # fmt: skip
    assert said(three.entry) == NOTHING_MISSING
    three.unmerge(three.first)
    assert dict(Document.objects.values_list("pk", "state")) == {
        good.pk: "accepted", late.pk: "sent", refused.pk: "replaced",
    }  # fmt: skip
    three.unmerge(three.middle)
    assert {pk: (rider, state) for pk, rider, state in Document.objects.values_list("pk", "rider", "state")} == {
        good.pk: (three.first.pk, "accepted"), late.pk: (three.middle.pk, "sent"), refused.pk: (three.last.pk, "refused"),
    }  # fmt: skip


def test_a_paper_sent_after_the_merge_is_not_pushed_aside_by_undoing_it(three: Three) -> None:
    old = send(three.last, "accepted")
    Document.objects.filter(rider=three.first).update(state="accepted", sent_at=timezone.now())
    three.merge(three.last, three.first)
    new = send(three.last)
    three.unmerge(three.first)
    assert dict(Document.objects.filter(rider=three.last).values_list("pk", "state")) == {
        old.pk: "replaced", new.pk: "sent",
    }  # fmt: skip


def test_the_export_tells_what_was_signed_under_every_row(three: Three) -> None:
    three.chain()
    told = privacy.export(three.last)
    assert [one["version"] for one in told["waivers"]] == [2, 2, 3]
    assert len({one["person"]["document"]["number"] for one in (told, *told["merged"])}) == 3


def test_who_is_forgotten_is_forgotten_under_every_row_and_stays_so(three: Three) -> None:
    link = links.make(three.entry.registration, three.middle)  # type: ignore[arg-type]
    three.chain()
    Entry.objects.update(state="withdrawn")
    privacy.erase(three.last, by=three.by)
    kept = Rider.objects.values_list("name_zh", "identity_sealed", "private_sealed", "phone_hash", "birth_date")
    assert set(kept) == {("", "", "", "", date(1990, 1, 1))}
    assert Rider.objects.filter(erased_at=None).count() == 0
    with pytest.raises(Refused) as refused:
        three.unmerge(three.middle)
    link.refresh_from_db()
    assert (refused.value.code, link.revoked_at is None) == ("already_merged", False)
    assert LogLine.objects.filter(what="unmerged").count() == 0


def test_only_another_text_of_the_waiver_asks_anybody_to_sign_again(three: Three) -> None:
    three.chain()
    Category.objects.update(fee_fen=20_000)
    Edition.objects.update(contact="office@example.org")
    assert regulations.current(Edition.objects.get()).version == 4
    Entry.objects.update(paid_fen=20_000)
    assert said(three.entry) == NOTHING_MISSING
    with pytest.raises(Refused) as refused:
        regulations.accepted(three.field.edition, 3)
    Edition.objects.update(waiver_en="Another text.")
    regulations.current(Edition.objects.get())
    assert (refused.value.code, said(three.entry)) == (
        "new_version",
        {
            "private": (True, [False]), "team": ["waiver"], "desk": ["waiver_old"], "desk version": 3, "old": 1, "papers": 0,
            "list": ["免责声明"],
        },
    )  # fmt: skip
