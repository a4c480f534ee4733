"""What a registration is told as: its own state to whoever holds the link, places to everybody. No document number."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from race import dossier, links, places, registration
from race.models import Category, Edition, Entry, PrivateLink
from race.registration import Entered


class SeatRow(serializers.Serializer[Any]):
    """One entry, just made."""

    id = serializers.IntegerField()
    race = serializers.CharField()
    category = serializers.CharField()
    state = serializers.CharField()
    held_until = serializers.DateTimeField(allow_null=True)
    position = serializers.IntegerField(allow_null=True)
    fee_fen = serializers.IntegerField()


class EnteredAnswer(serializers.Serializer[Any]):
    """What became of a form."""

    registration = serializers.IntegerField()
    link = serializers.CharField()
    entries = SeatRow(many=True)


class MineRow(SeatRow):
    """One entry, as its owner sees it."""

    owed_fen = serializers.IntegerField()
    bib = serializers.IntegerField(allow_null=True)
    rider = serializers.CharField()
    team = serializers.CharField()


class MineAnswer(serializers.Serializer[Any]):
    """What a link holds. `contact` is who pays, and null for a rider's own link."""

    registration = serializers.IntegerField()
    edition = serializers.CharField()
    language = serializers.CharField()
    contact = serializers.DictField(child=serializers.CharField(), allow_null=True)
    change_until = serializers.DateTimeField()
    entries = MineRow(many=True)


class PaymentAnswer(serializers.Serializer[Any]):
    """A payment, and where the payer goes next."""

    number = serializers.CharField()
    amount_fen = serializers.IntegerField()
    state = serializers.CharField()
    url = serializers.CharField()
    text = serializers.CharField()


class PlacesRow(serializers.Serializer[Any]):
    """The places of a category. `left`: what a newcomer could have now, none while anyone waits."""

    category = serializers.CharField()
    capacity = serializers.IntegerField()
    taken = serializers.IntegerField()
    left = serializers.IntegerField()
    waiting = serializers.IntegerField()


class RacePlacesRow(PlacesRow):
    """The same, with its race."""

    race = serializers.CharField()


class PlacesAnswer(serializers.Serializer[Any]):
    """The places of an edition."""

    categories = RacePlacesRow(many=True)


class CapacityAnswer(PlacesRow):
    """The places after a change, and how many were offered to the waiting list by it."""

    offered = serializers.IntegerField()


def entered(made: Entered) -> dict[str, Any]:
    """As EnteredAnswer."""
    return {
        "registration": made.registration.pk,
        "link": links.path(made.link),
        "entries": [seat(entry, position) for entry, position in made.seats],
    }


def seat(entry: Entry, position: int) -> dict[str, Any]:
    """As SeatRow."""
    return {
        "id": entry.pk, "race": entry.race.slug, "category": entry.category.code, "state": str(entry.state),
        "held_until": entry.held_until.isoformat() if entry.held_until else None, "position": position or None,
        "fee_fen": entry.fee_fen,
    }  # fmt: skip


def entries_of(link: PrivateLink) -> list[Entry]:
    """The entries a link may see: all of the registration, or those of its one rider."""
    entries = Entry.objects.filter(registration=link.registration_id)
    if link.rider_id:
        entries = entries.filter(rider=link.rider_id)
    return list(entries.select_related("category", "race", "rider", "team", "edition").order_by("pk"))


def mine(link: PrivateLink) -> dict[str, Any]:
    """As MineAnswer."""
    booked = link.registration
    return {
        "registration": booked.pk, "edition": booked.edition.slug, "language": booked.language,
        "contact": None if link.rider_id else dossier.contact(booked),
        "change_until": registration.change_deadline(booked.edition).isoformat(),
        "entries": [
            seat(entry, places.position(entry) or 0)
            | {"owed_fen": entry.owed_fen if entry.state in Entry.PLACED else 0, "bib": entry.bib}
            | {"rider": str(entry.rider), "team": entry.team.name if entry.team else ""}
            for entry in entries_of(link)
        ],
    }  # fmt: skip


def places_of(edition: Edition) -> dict[str, Any]:
    """As PlacesAnswer, in one query."""
    rows = Category.objects.filter(race__edition=edition).select_related("race")
    rows = rows.order_by("race__day", "race__order", "race__slug", "code")
    return {"categories": [places_row(category) | {"race": category.race.slug} for category in rows]}


def places_row(category: Category) -> dict[str, Any]:
    """As PlacesRow."""
    return {
        "category": category.code, "capacity": category.capacity, "taken": category.taken, "left": category.left,
        "waiting": category.waiting,
    }  # fmt: skip
