"""The page behind a paper's code: what it stands for, its files, and whether somebody's file is one of them."""

import hashlib
from pathlib import Path

import pytest

from results import chain_check, publication, rulings
from results.models import Communique, Link
from tests.results.test_publication import finished

pytestmark = pytest.mark.django_db


def test_a_code_leads_to_its_paper_and_to_the_one_that_replaced_it(client):
    stage = finished()
    publication.publish(stage.race, by=None)
    rulings.issue(stage.race, "dsq", bib=1, reason="helmet", by=None)
    publication.publish(stage.race, by=None)
    one, two = Communique.objects.order_by("number")
    for made in (one, two):
        pdf = client.get(f"/verify/{made.code}/communique-zh.pdf")
        assert (pdf.status_code, pdf.content[:5]) == (200, b"%PDF-")
        page = client.get(f"/verify/{made.code.lower()}/").content.decode()
        assert hashlib.sha256(pdf.content).hexdigest() in page and made.sha256 in page
        assert ("第 2 号公告已取代本号" in page) is (made == one)
        assert "2024-05-25 10:00:00" in page, "in the venue's time, an hour after the gun"
    assert client.get(f"/verify/{one.code}/communique-fr.pdf").status_code == 404
    unknown = client.get("/verify/C9-FFFF/")
    assert (unknown.status_code, "没有发出过" in unknown.content.decode()) == (404, True)
    assert client.get("/verify/", {"code": one.code.lower()})["Location"] == f"/verify/{one.code}/"
    listed = client.get("/editions/edition-open/communiques/").content.decode()
    assert listed.index(two.code) < listed.index(one.code)
    assert (chain_check.faults(stage.edition), Link.objects.filter(edition=stage.edition).count()) == ([], 6)


def test_a_file_is_told_genuine_or_not_where_it_lies(page, tmp_path: Path, web: str):
    stage = finished()
    publication.publish(stage.race, by=None)
    made = Communique.objects.get()
    genuine, forged = tmp_path / "genuine.json", tmp_path / "forged.json"
    genuine.write_bytes(bytes(made.content))
    forged.write_bytes(bytes(made.content)[:-1] + b" ")
    page.goto(f"{web}/verify/{made.code}/")
    assert page.evaluate(
        "async () => { const {plain, sha256} = await import('/static/ui/verify/sha256.js');"
        " const bytes = new Uint8Array(200).map((_, i) => i);"
        " for (const n of [0, 55, 56, 63, 64, 119, 200])"
        "   if (plain(bytes.slice(0, n)) !== await sha256(bytes.slice(0, n).buffer)) return n; return 'same'; }"
    ) == "same"  # fmt: skip
    for file, said in ((genuine, "真件"), (forged, "不是这份文件"), (genuine, "真件")):
        page.set_input_files("[data-drop] input", file)
        page.wait_for_function(
            "said => document.querySelector('[data-answer] b').textContent.startsWith(said)", arg=said
        )
