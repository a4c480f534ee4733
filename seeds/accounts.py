"""Accounts and keys of a rehearsal: somebody for every role, with a password made up on the spot."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password

from race import tokens
from race.models import Edition, Role, Token, User

OWNER = "rehearsal"
#: The keys of a rehearsal, by role, and what pages call them.
LABELS = {
    Role.Name.ORGANISER: "组委会", Role.Name.OFFICE: "办公室", Role.Name.TIMING_CREW: "计时员", Role.Name.COMMISSAIRE: "裁判",
    Token.DELIVERIES: "计时设备",
}  # fmt: skip
TOKEN_ROLES = tuple(LABELS)


@dataclass(frozen=True)
class Account:
    """Somebody who can log in; the password is known here and nowhere else."""

    username: str
    password: str
    role: str


def owner() -> User:
    """Return the account that the rehearsal's own facts and keys belong to; nobody can log in with it."""
    user, made = User.objects.get_or_create(username=OWNER, defaults={"first_name": "彩排程序"})
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def somebody_for_every_role(editions: Iterable[Edition]) -> list[Account]:
    """Give every role an account of its name, with a new random password, at these editions."""
    editions = list(editions)
    accounts = []
    for role in Role.Name.values:
        username = role.replace("_", "-")
        password = secrets.token_urlsafe(9)
        user, _ = User.objects.update_or_create(username=username, defaults={"password": make_password(password)})
        for edition in editions:
            Role.objects.get_or_create(user=user, edition=edition, name=role)
        accounts.append(Account(username, password, role))
    return accounts


def write_credentials(
    path: Path, edition: Edition, accounts: Iterable[Account], gateway: Mapping[str, int]
) -> Mapping[str, Any]:
    """Issue a new key for every role that needs one and write them all to a file only its owner may read."""
    issued = {str(role): tokens.issue(edition, owner(), role, f"彩排：{LABELS[role]}")[1] for role in TOKEN_ROLES}
    document = {
        "edition": edition.slug,
        "tokens": issued,
        "accounts": [{"username": one.username, "password": one.password, "role": one.role} for one in accounts],
        "gateway": dict(gateway),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=1)
    return document
