"""What only the rider and the office may read of a person: contact, emergency, medical, guardian, insurance.

It is kept as one sealed JSON text (`Rider.private_sealed`), so that no column, dump, log or list can show it by mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from race import phones, vault
from race.models import Registration, Rider

#: Every field of the sealed text; all are strings, empty where not given. `insured_until` is an ISO date.
FIELDS = (
    "email", "phone", "emergency_name", "emergency_phone", "blood", "medical", "insurer", "policy", "insured_until",
    "guardian_name", "guardian_phone",
)  # fmt: skip


def sealed(values: Mapping[str, str]) -> str:
    """The fields as a sealed text. KeyError for a field that is not one of FIELDS."""
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise KeyError(f"not a field of the dossier: {', '.join(sorted(unknown))}")
    return vault.seal(orjson.dumps({name: values.get(name, "") for name in FIELDS}).decode())


def read(rider: Rider) -> dict[str, str]:
    """Every field of a rider's dossier; empty strings where nothing was given or it was erased."""
    given: dict[str, Any] = orjson.loads(vault.unseal(rider.private_sealed)) if rider.private_sealed else {}
    return {name: given.get(name, "") for name in FIELDS}


def columns(values: Mapping[str, str]) -> dict[str, str]:
    """The columns of `Rider` that hold these fields: the sealed text and the two hashes that find it again."""
    return {
        "private_sealed": sealed(values),
        "email_hash": contact_hash(values.get("email", "")),
        "phone_hash": contact_hash(values.get("phone", "")),
    }


def contact_hash(address: str) -> str:
    """The keyed hash of an e-mail address or a phone number, in one spelling however it was typed; empty for none."""
    folded = address.strip().lower().replace(" ", "").replace("-", "")
    folded = folded if "@" in folded else phones.dialled(folded) or folded
    return vault.keyed("contact", folded) if folded else ""


def contact(registration: Registration) -> dict[str, str]:
    """Who pays: {"name", "email", "phone"}, empty strings where not given."""
    given: dict[str, str] = (
        orjson.loads(vault.unseal(registration.contact_sealed)) if registration.contact_sealed else {}
    )
    return {name: given.get(name, "") for name in ("name", "email", "phone")}


def contact_columns(name: str, email: str, phone: str) -> dict[str, str]:
    """The columns of `Registration` that hold who pays."""
    return {
        "contact_sealed": vault.seal(orjson.dumps({"name": name, "email": email, "phone": phone}).decode()),
        "email_hash": contact_hash(email),
        "phone_hash": contact_hash(phone),
    }
