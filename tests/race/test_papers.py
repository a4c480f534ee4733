"""Papers: told by their bytes, sealed, reviewed with a reason, sent again one at a time, and shown to nobody else."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from race import links, messages, papers, vault
from race.models import Document, Edition, Message, PrivateLink, Role
from race.refused import Refused
from tests import cast
from tests.entering import Field, enter, open_entries

pytestmark = pytest.mark.django_db
PDF, JPEG, PNG = b"%PDF-1.7 one", b"\xff\xd8\xff\xe0 picture", b"\x89PNG\r\n\x1a\n picture"
HEIC = b"\x00\x00\x00\x18ftypheic picture"
RULES = {
    "documents": [{"kind": "insurance"}, {"kind": "licence", "required": False}, {"kind": "passport", "who": "foreign"}]
}


def field() -> Field:
    made = open_entries()
    Edition.objects.filter(pk=made.edition.pk).update(entry_rules=RULES)
    made.edition.refresh_from_db()
    return made


def sent(place: Field, name: str = "甲一") -> tuple[PrivateLink, Any]:
    entry = enter(place, name)
    assert entry.registration is not None
    return links.make(entry.registration), entry.rider


def refusal(act: Any) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def test_a_file_is_what_its_first_bytes_say() -> None:
    kinds = [papers.content_type(content) for content in (PDF, JPEG, PNG, HEIC)]
    assert kinds == ["application/pdf", "image/jpeg", "image/png", "image/heic"]
    wrong = (b"<svg onload=alert(1)>", b"GIF89a", b"\x00\x00\x00\x18ftypmp42", b"PK\x03\x04")
    assert [refusal(lambda content=content: papers.content_type(content)) for content in wrong] == ["paper_type"] * 4
    sizes = (b"", PDF + b"0" * papers.LIMIT)
    assert [refusal(lambda content=content: papers.content_type(content)) for content in sizes] == ["paper_size"] * 2


def test_a_paper_is_sealed_and_comes_back_as_it_was() -> None:
    place = field()
    link, rider = sent(place)
    made = papers.send(rider, place.edition, "insurance", "../保单 \n1.pdf", PDF, by_link=link)
    kept = Document.objects.get()
    assert PDF not in bytes(kept.sealed)
    assert (papers.content(kept), kept.file_name, kept.content_type, kept.state) == (
        PDF,
        "保单 1.pdf",
        "application/pdf",
        "sent",
    )
    assert papers.send(rider, place.edition, "insurance", "again.pdf", PDF, by_link=link).pk == made.pk


def test_what_the_rules_do_not_ask_for_is_refused_and_an_identity_card_always() -> None:
    place = field()
    Edition.objects.update(entry_rules={"documents": [*RULES["documents"], {"kind": "id_card"}]})
    place.edition.refresh_from_db()
    link, rider = sent(place)
    for kind in ("passport", "id_card", "guardian_consent"):
        assert (
            refusal(lambda kind=kind: papers.send(rider, place.edition, kind, "x.png", PNG, by_link=link))
            == "paper_unknown"
        )
    assert [need.kind for need in papers.needed(rider, place.edition)] == ["insurance", "licence"]


def test_a_refused_paper_alone_is_sent_again_and_the_rider_is_told_why() -> None:
    place = field()
    link, rider = sent(place)
    office = cast.person(place.edition, Role.Name.OFFICE)
    one, other = (
        papers.send(rider, place.edition, kind, "x.pdf", PDF, by_link=link) for kind in ("insurance", "licence")
    )
    papers.review(other, True, "", by=office)
    assert refusal(lambda: papers.review(one, False, " ", by=office)) == "reason_missing"
    papers.review(one, False, "保单在赛前到期。", by=office)
    papers.review(one, False, "保单在赛前到期。", by=office)
    assert [
        (need.kind, need.document.state, need.missing) for need in papers.needed(rider, place.edition) if need.document
    ] == [
        ("insurance", "refused", True),
        ("licence", "accepted", False),
    ]
    told = Message.objects.filter(kind="paper")
    assert [messages.content(one)[1].splitlines()[0] for one in told] == [
        "甲一 的保险凭证未通过审核。审核意见：保单在赛前到期。"
    ]
    papers.send(rider, place.edition, "insurance", "new.pdf", PDF + b"2", by_link=link)
    assert list(Document.objects.order_by("pk").values_list("kind", "state")) == [
        ("insurance", "replaced"),
        ("licence", "accepted"),
        ("insurance", "sent"),
    ]
    assert refusal(lambda: papers.review(one, True, "", by=office)) == "paper_replaced"


def test_nobody_fills_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    place = field()
    link, rider = sent(place)
    monkeypatch.setattr(papers, "MOST", 2)
    for number in range(2):
        papers.send(rider, place.edition, "insurance", "x.pdf", PDF + bytes([number]), by_link=link)
    assert (
        refusal(lambda: papers.send(rider, place.edition, "insurance", "x.pdf", PDF + b"9", by_link=link))
        == "papers_many"
    )


def test_a_paper_goes_back_to_its_owner_as_a_file_and_to_nobody_else(client: Client) -> None:
    place = field()
    link, rider = sent(place)
    stranger, _other = sent(place, "乙二")
    made = papers.send(rider, place.edition, "insurance", "保单.pdf", PDF, by_link=link)
    answer = client.get(f"{links.path(link)}papers/{made.pk}/")
    assert (answer.content, answer["Content-Type"], answer["X-Content-Type-Options"]) == (
        PDF,
        "application/pdf",
        "nosniff",
    )
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Cache-Control"] == "no-store"
    assert client.get(f"{links.path(stranger)}papers/{made.pk}/").status_code == 404
    assert client.get(f"/my/nonsense/papers/{made.pk}/").status_code == 404


def test_the_page_takes_one_paper_and_tells_what_is_wrong_with_another(client: Client) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    place = field()
    link, rider = sent(place)
    address = f"{links.path(link)}riders/{rider.pk}/papers/insurance/"
    assert client.post(address, {"paper": SimpleUploadedFile("x.pdf", PDF)}).status_code == 302
    wrong = client.post(address, {"paper": SimpleUploadedFile("x.pdf", b"MZ program")})
    assert wrong.status_code == 409
    assert "文件不是 PDF、JPEG、PNG 或 HEIC" in wrong.content.decode()
    assert client.post(address).status_code == 409
    assert Document.objects.get().state == "sent"


def test_a_minor_is_asked_for_the_guardians_consent() -> None:
    place = open_entries()
    rules = papers.EntryRules()
    assert [one.kind for one in papers.asked(rules, foreign=False, minor=True)] == ["guardian_consent"]
    assert papers.asked(rules, foreign=True, minor=False) == []
    assert place.edition.starts_on > timezone.localdate() + timedelta(days=30)
    assert vault.unseal_bytes(vault.seal_bytes(PDF)) == PDF
