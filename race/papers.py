"""Papers of riders: sent by them, sealed, reviewed with a reason, sent again one at a time.

A paper is a PDF or a picture, told by its first bytes and never by its name. Identity cards are not among the kinds: nobody
is asked for a photo of one, and one that is offered is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from race import eligibility, log, messages, vault
from race.entry_rules import DocumentTerms, EntryRules
from race.models import Document, Edition, PrivateLink, Registration, Rider, User
from race.refused import Refused

State = Document.State
LIMIT = 8 * 1024 * 1024
MOST = 30
BETTER = (State.REFUSED, State.SENT, State.ACCEPTED)
HEIC = (b"heic", b"heix", b"hevc", b"mif1", b"msf1")
NEVER = frozenset({"id_card", "resident", "resident_id", "identity", "identity_card"})
"""Kinds that are never asked for, whatever an organiser writes: a photo of an identity card."""


@dataclass(frozen=True, slots=True)
class Need:
    """A paper that the regulations ask this rider for, and what became of the newest one sent."""

    kind: str
    label: str
    required: bool
    document: Document | None = None

    @property
    def missing(self) -> bool:
        """Whether the rider still has to send it."""
        return self.required and (self.document is None or self.document.state == State.REFUSED)


def label(kind: str) -> str:
    """The name of a kind of paper, in the language in force."""
    known = {
        "guardian_consent": _("Guardian's consent, signed"),
        "insurance": _("Insurance certificate"),
        "health_certificate": _("Health certificate"),
        "passport": _("Passport photo page"),
        "licence": _("Racing licence"),
    }
    return known.get(kind, kind.replace("_", " "))


def asked(rules: EntryRules, *, foreign: bool, minor: bool) -> list[DocumentTerms]:
    """The papers that the rules ask of such a rider."""
    of = {"all": True, "foreign": foreign, "minor": minor}
    return [terms for terms in rules.documents if of[terms.who] and terms.kind not in NEVER]


def asked_of(rider: Rider, edition: Edition) -> list[DocumentTerms]:
    """The papers that the rules of an edition ask of a rider."""
    rules = EntryRules.of(edition.entry_rules)
    minor = eligibility.civil_age(rider.birth_date, edition.starts_on) < rules.guardian_under
    return asked(rules, foreign=rider.nation != "CHN", minor=minor)


def needed(rider: Rider, edition: Edition) -> list[Need]:
    """What the rules ask of a rider, each with the newest paper sent. One query."""
    newest: dict[str, Document] = {}
    sent = Document.objects.filter(rider=rider, edition=edition).exclude(state=State.REPLACED).defer("sealed")
    for document in sent.order_by("sent_at", "pk"):
        newest[document.kind] = document
    return [
        Need(terms.kind, label(terms.kind), terms.required, newest.get(terms.kind))
        for terms in asked_of(rider, edition)
    ]


def content_type(content: bytes) -> str:
    """What a file is by its first bytes. Refused (`paper_type`) for anything but PDF, JPEG, PNG and HEIC, and
    (`paper_size`) for an empty file and for one above the limit."""
    if not content or len(content) > LIMIT:
        raise Refused("paper_size", _("A file has between 1 byte and 8 MB."))
    for start, kind in (
        (b"%PDF-", "application/pdf"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
    ):
        if content.startswith(start):
            return kind
    if content[4:8] == b"ftyp" and content[8:12] in HEIC:
        return "image/heic"
    raise Refused("paper_type", _("The file is no PDF, JPEG, PNG or HEIC. Save it as one of these."))


@transaction.atomic
def send(
    rider: Rider, edition: Edition, kind: str, file_name: str, content: bytes, by_link: PrivateLink | None
) -> Document:
    """Keep a paper of a rider, sealed; it takes the place of the ones of its kind before it.

    The same file again is the same paper. Refused (`paper_unknown`) for a kind that the rules do not ask of this rider,
    (`papers_many`) after thirty of them, and for what `content_type` refuses.
    """
    if kind not in {terms.kind for terms in asked_of(rider, edition)}:
        raise Refused("paper_unknown", _("This paper is not asked for."))
    told = content_type(content)
    Rider.objects.select_for_update().get(pk=rider.pk)
    sent = Document.objects.filter(rider=rider, edition=edition).defer("sealed")
    digest = hashlib.sha256(content).hexdigest()
    if (same := sent.filter(kind=kind, sha256=digest).exclude(state=State.REPLACED).first()) is not None:
        return same
    if sent.count() >= MOST:
        raise Refused("papers_many", _("Too many files were sent. The office can help."))
    sent.filter(kind=kind).exclude(state=State.REPLACED).update(state=State.REPLACED)
    registration = by_link.registration if by_link else None
    made = Document.objects.create(
        rider=rider, edition=edition, kind=kind, file_name=_tidy(file_name), content_type=told, size=len(content),
        sha256=digest, sealed=vault.seal_bytes(content),
    )  # fmt: skip
    log.note(edition, "paper_sent", by=None, rider=rider, registration=registration, kind=kind)
    return made


@transaction.atomic
def review(document: Document, accepted: bool, reason: str, by: User, *, seen: str = "") -> Document:
    """The office accepts a paper, or refuses it with the reason, which the rider is told.

    Refused (`reason_missing`) without a reason for a refusal, (`paper_replaced`) for one that is not the newest, and
    (`reviewed_meanwhile`) where it is not in the state any more in which it was `seen`.
    """
    document = Document.objects.select_for_update().defer("sealed").get(pk=document.pk)
    if document.state == State.REPLACED:
        raise Refused("paper_replaced", _("The rider has sent a newer file."))
    if not accepted and not reason.strip():
        raise Refused("reason_missing", _("The rider has to know why: write the reason."))
    columns = {
        "state": State.ACCEPTED if accepted else State.REFUSED,
        "reason": "" if accepted else reason.strip()[:300],
    }
    if (document.state, document.reason) == (columns["state"], columns["reason"]):
        return document
    if seen and document.state != seen:
        raise Refused("reviewed_meanwhile", _("Somebody else has reviewed this paper meanwhile. Look at it again."))
    Document.objects.filter(pk=document.pk).update(**columns, reviewed_at=timezone.now(), reviewed_by=by)
    document.refresh_from_db(fields=["state", "reason", "reviewed_at", "reviewed_by"])
    registration = Registration.objects.filter(entries__rider=document.rider_id, edition=document.edition_id).last()
    log.note(
        document.edition, "paper_reviewed", by=by, rider=document.rider, registration=registration, kind=document.kind,
        accepted=accepted,
    )  # fmt: skip
    if registration is not None and not accepted:
        with translation.override(registration.language):
            name = label(document.kind)
        messages.about(registration, "paper", rider=document.rider, paper=name, reason=document.reason)
    return document


def keep_best(rider: Rider | int) -> dict[int, str]:
    """One paper of a kind counts: an accepted one before one to review before a refused one, then the newest.

    The others are replaced; returns what they were. Inside the caller's transaction.
    """
    found = Document.objects.filter(rider=rider).exclude(state=State.REPLACED).order_by("sent_at", "pk")
    living = list(found.values_list("pk", "edition", "kind", "state"))
    best: dict[tuple[int, str], tuple[int, int]] = {}
    for pk, edition, kind, state in living:
        mine = (BETTER.index(State(state)), pk)
        if mine[0] >= best.get((edition, kind), (0, 0))[0]:
            best[edition, kind] = mine
    counts = {pk for _rank, pk in best.values()}
    was = {pk: state for pk, _edition, _kind, state in living if pk not in counts}
    Document.objects.filter(pk__in=was).update(state=State.REPLACED)
    return was


def living_again(riders: Collection[int], was: Mapping[int, str]) -> None:
    """Give replaced papers of these riders back what they were, where no other of the kind counts; one of each counts then."""
    other = Document.objects.filter(rider=OuterRef("rider"), edition=OuterRef("edition"), kind=OuterRef("kind"))
    gone = Document.objects.filter(rider__in=riders, state=State.REPLACED, pk__in=was)
    back = list(gone.filter(~Exists(other.exclude(state=State.REPLACED))).values_list("pk", flat=True))
    for state in BETTER:
        Document.objects.filter(pk__in=[pk for pk in back if was[pk] == state]).update(state=state)
    for rider in riders:
        keep_best(rider)


def content(document: Document) -> bytes:
    """The file as it was sent. Only its owner and the office are given it."""
    return vault.unseal_bytes(bytes(document.sealed))


def _tidy(name: str) -> str:
    """A file's name without folders and control characters, cut from the left so that its ending stays."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in last if char.isprintable() and char not in '"<>')[-120:] or "file"
