"""A list on its way in: kept sealed for an hour, taken in by a worker, with its progress to be asked for.

All of this is a convenience in Redis. Losing it loses nothing that was entered: the list is entered in one transaction or not
at all (`race.entry_import.apply`), and whoever lost the job uploads the file again.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import redis
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import translation
from django.utils.translation import gettext as _

from race import doorbell, entry_import, vault
from race.entry_import import Outcome
from race.models import Edition, User
from race.refused import Refused

TASK = "race.tasks.import_entries"
KEPT = 3600  # seconds
SMALL = 200  # rows that a request takes in by itself


@dataclass
class Job:
    """An uploaded list and what was chosen for it."""

    token: str
    edition: int
    name: str
    body: bytes
    update: bool = False
    mapping: dict[int, str] = field(default_factory=dict)
    by: int | None = None
    language: str = "zh-hans"


def keep(job: Job) -> None:
    """Keep a list for an hour, sealed. Refused (`no_memory`) where nothing can be kept now."""
    held = {
        "edition": job.edition, "name": job.name, "update": job.update, "by": job.by, "language": job.language,
        "body": base64.b64encode(vault.seal_bytes(job.body)).decode(),
        "mapping": {str(position): column for position, column in job.mapping.items()},
    }  # fmt: skip
    try:
        with _store() as store:
            store.set(_name(job.token), orjson.dumps(held), ex=KEPT)
    except redis.RedisError as problem:
        raise Refused("no_memory", _("The list cannot be kept just now. Try again in a minute.")) from problem


def find(token: str, edition: Edition) -> Job:
    """The list of this token. Refused (`list_gone`) once it is no longer kept."""
    try:
        with _store() as store:
            held = store.get(_name(token))
    except redis.RedisError:
        held = None
    told: dict[str, Any] = orjson.loads(bytes(held)) if isinstance(held, bytes) else {}
    if told.get("edition") != edition.pk:
        raise Refused("list_gone", _("The uploaded list is not kept any longer. Upload it again."))
    mapping = {int(position): column for position, column in told["mapping"].items()}
    body = vault.unseal_bytes(base64.b64decode(told["body"]))
    return Job(token, edition.pk, told["name"], body, told["update"], mapping, told["by"], told["language"])


def fresh_token() -> str:
    """A name for an uploaded list that nobody guesses."""
    return secrets.token_urlsafe(18)


def received(sent: UploadedFile[Any] | None, pasted: str, edition: Edition, by: User) -> Job:
    """A list as a form sends it: a file, or rows that were pasted. Refused: `empty`."""
    body, name = pasted.encode(), ""
    if sent is not None and sent.size:
        body, name = sent.read(), (sent.name or "")[-120:]
    if not body.strip():
        raise Refused("empty", _("Choose a file, or paste rows."))
    return Job(fresh_token(), edition.pk, name, body, by=by.pk, language=translation.get_language() or "zh-hans")


def start(job: Job, edition: Edition, rows: int) -> None:
    """Take the list in: a short one now, a long one by a worker; now too where no worker can be rung for."""
    say(job.token, {"step": "waiting", "done": 0, "total": rows})
    if rows <= SMALL or not doorbell.ring(TASK, [edition.pk, job.token]):
        run(edition, job.token)


def run(edition: Edition, token: str) -> None:
    """Take the list in and tell how far it is; what is refused or breaks is told too.

    Silent where another process is at it already: that one tells.
    """
    job = find(token, edition)
    by = User.objects.filter(pk=job.by).first() if job.by else None

    def tell(step: str, done: int, total: int) -> None:
        say(token, {"step": "writing" if step == "done" else step, "done": done, "total": total})

    with translation.override(job.language):
        try:
            outcome = entry_import.apply(
                edition, job.body, key=token, by=by, update=job.update, mapping=job.mapping, progress=tell
            )
        except Refused as refused:
            if refused.code != "import_running":
                say(token, {"step": "refused", "code": refused.code, "text": refused.message})
            return
        except Exception:
            # Also a time limit of the worker: whoever watches must not wait for ever.
            text = _("The list could not be taken in: the mistake is ours, and it is in the log.")
            say(token, {"step": "refused", "code": "failed", "text": text})
            raise
    say(token, {"step": "done"} | counts(outcome))


def counts(outcome: Outcome) -> dict[str, int]:
    """The figures of a list."""
    return {name: getattr(outcome, name) for name in ("added", "updated", "unchanged", "wrong")}


def say(token: str, told: Mapping[str, Any]) -> None:
    """Tell how far a list is; silent where nothing can be told."""
    try:
        with _store() as store:
            store.set(f"{_name(token)}:progress", orjson.dumps(dict(told)), ex=KEPT)
    except redis.RedisError as problem:
        doorbell.logger.warning("the progress of an import is not told (%s)", problem)


def progress(token: str) -> dict[str, Any]:
    """How far a list is; empty where nobody knows."""
    try:
        with _store() as store:
            held = store.get(f"{_name(token)}:progress")
    except redis.RedisError:
        return {}
    return dict(orjson.loads(held)) if isinstance(held, bytes) else {}


def _name(token: str) -> str:
    return f"import:{vault.keyed('import', token)[:32]}"


def _store() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=1)
