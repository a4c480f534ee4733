"""Keys from the command line."""

import pytest
from django.core.management import CommandError, call_command

from tests import cast

pytestmark = pytest.mark.django_db


def test_issue_use_list_revoke(client, capsys):
    stage = cast.make()
    cast.person(stage.edition, "timing_crew")
    call_command(
        "token", "issue", stage.edition.slug, "deliveries", user=f"timing_crew@{stage.edition.slug}", label="mat"
    )
    number, secret = capsys.readouterr().out.split()
    headers = {"Authorization": f"Bearer {secret}"}
    body = '{"reads": [{"source": "Finish", "chip": "C1", "local": "2024-05-25T09:20:00"}]}'
    sent = client.post("/api/v1/timing/reads/", body, content_type="application/json", headers=headers)
    call_command("token", "list", stage.edition.slug)
    assert (sent.status_code, capsys.readouterr().out) == (
        201,
        f"{number} open deliveries timing_crew@edition-open mat\n",
    )
    call_command("token", "revoke", number)
    assert (
        client.post("/api/v1/timing/reads/", body, content_type="application/json", headers=headers).status_code == 401
    )


def test_what_does_not_exist_is_said():
    for words in (["issue", "none", "office"], ["revoke", "99"]):
        options = {"user": "x", "label": "x"} if words[0] == "issue" else {}
        with pytest.raises(CommandError, match="there is no such"):
            call_command("token", *words, **options)
