"""Entering, and everything the holder of a private link may do with an entry."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.core.cache import cache as store
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from race import details, links, particulars, payments, places, registration, rows, self_service, transactions
from race.api import answers
from race.api.authentication import LinkAuthentication
from race.api.scope import Scoped, Unkept
from race.models import Category, Edition, Entry, PrivateLink, Race, Role
from race.permissions import HasRole
from race.refused import Refused
from race.registration import Contact, Form, Person, Signature

KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=True)
ASKED = f"""
SELECT {rows.columns(Category)}, {rows.columns(Race)}, {rows.columns(Edition)}
  FROM race_category JOIN race_race ON race_race.id = race_category.race_id
  JOIN race_edition ON race_edition.id = race_race.edition_id
 WHERE race_edition.slug = $1 AND (race_category.code = ANY($2) OR race_race.slug = ANY($2))
 ORDER BY race_category.id
"""
SHORT = 200
TEXT = 2000  # the actions know the limit of each field, and say it in the rider's language


class Text(serializers.CharField):
    """A text of a form. What it may hold is judged by `race.particulars`, for pages and API alike."""

    def __init__(self, **options: Any) -> None:
        usual: dict[str, Any] = {"required": False, "allow_blank": True, "max_length": TEXT, "default": ""}
        super().__init__(**(usual | options))

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """As the library does, but at once for what nearly all texts are: printable, and short enough for any field."""
        if type(data) is str and len(data) <= SHORT and data.isprintable() and data.strip():
            return data.strip()
        return super().run_validation(data)


class PersonFields(serializers.Serializer[Any]):
    """A rider. `private`: the fields of the dossier; `professional`: registered, uci_team_until, retired_on."""

    identity_kind = Text(required=True, default=serializers.empty)
    identity_number = Text(required=True, default=serializers.empty)
    identity_country = Text()
    name_zh = Text()
    surname_latin = Text()
    given_latin = Text()
    passport_name = Text()
    sex = Text()
    birth_date = serializers.DateField(required=False, allow_null=True, default=None)
    nation = Text(default="CHN")
    region_code = Text()
    region_zh = Text()
    region_en = Text()
    uci_id = Text()
    professional = serializers.DictField(required=False, default=dict)
    private = serializers.DictField(child=Text(), required=False, default=dict)


class ContactFields(serializers.Serializer[Any]):
    """Who pays and is written to."""

    name = Text(required=True, default=serializers.empty)
    email = Text()
    phone = Text()


class SignatureFields(serializers.Serializer[Any]):
    """The waiver, signed: the name as typed, and the version of the regulations."""

    signer = Text(required=True, default=serializers.empty)
    version = serializers.IntegerField(min_value=0, max_value=32767)
    guardian = serializers.BooleanField(default=False)


class RegistrationRequest(serializers.Serializer[Any]):
    """One rider for one or more categories, by their codes or the slugs of their races."""

    edition = serializers.SlugField()
    categories = serializers.ListField(child=serializers.SlugField(), min_length=1, max_length=10)
    person = PersonFields()
    contact = ContactFields()
    signature = SignatureFields()
    language = Text(default="zh-hans")
    team = Text()


class EntryThrottle(BaseThrottle):
    """So many forms a minute from one address (ENTRIES_PER_ADDRESS): a venue or a mobile network shares one."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count this one. A counter and not a list of times, for it is asked in a rush."""
        minute = int(time.time()) // 60
        key = f"entries:{self.get_ident(request)}:{minute}"
        store.add(key, 0, 120)
        return bool(store.incr(key) <= settings.ENTRIES_PER_ADDRESS)

    def wait(self) -> float:
        """Until the next minute."""
        return 60 - time.time() % 60


class Registrations(APIView):
    """Entering, for everybody."""

    roles = {"POST": ("public",)}
    authentication_classes = []
    permission_classes = [HasRole]
    throttle_classes = [EntryThrottle]

    @extend_schema(request=RegistrationRequest, responses={201: answers.EnteredAnswer}, parameters=[KEY])
    def post(self, request: Request) -> Response:
        """Enter a rider. The same key with the same body is the same registration (200)."""
        key = request.headers.get("Idempotency-Key", "").strip()
        if not key:
            raise serializers.ValidationError({"Idempotency-Key": [_("This header is missing.")]}, code="required")
        said = validated(RegistrationRequest, request)
        edition, categories = asked_categories(said["edition"], said["categories"])
        form = Form(
            edition, Person(**said["person"]), categories, Contact(**said["contact"]), Signature(**said["signature"]),
            key, said["language"],
        )  # fmt: skip
        entered = entered_for(form, said["team"]) if said["team"] else registration.enter(form)
        return Response(answers.entered(entered), status=201 if entered.new else 200)


@transactions.retried
def entered_for(form: Form, team: str) -> registration.Entered:
    """Enter a rider of a team; the team is new with the first of its riders."""
    joined = details.club(form.edition, particulars.text("team", team))
    return registration.enter(Form(**vars(form) | {"team": joined}))


def validated(fields: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The body, read by a serializer. 400 where it cannot be."""
    said: dict[str, Any] = _reader(fields).run_validation(request.data)
    return said


@cache
def _reader(fields: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """The serializer, made once: it keeps nothing of what it reads, and copying its fields costs more than reading."""
    return fields()


def asked_categories(slug: str, names: Sequence[str]) -> tuple[Edition, list[Category]]:
    """The edition and the categories of these codes or race slugs, in one query. Refused (`no_category`) for another name."""
    found = [_category(row) for row in rows.ask(ASKED, [slug, list(names)])]
    if not found:
        get_object_or_404(Edition, slug=slug)
    for name in names:
        if sum(name in (category.code, category.race.slug) for category in found) != 1:
            raise Refused("no_category", _("There is no category %(name)s.") % {"name": name})
    return found[0].race.edition, found


def _category(row: Sequence[Any]) -> Category:
    category, race, edition = rows.read(row, Category, Race, Edition)
    category.race, race.edition = race, edition
    made: Category = category
    return made


class HasLink(BasePermission):
    """Whoever has the link is the payer, or the one rider, of a registration."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, PrivateLink)


class Mine(Unkept):
    """The registration of the private link in `Authorization: Link <secret>`."""

    roles = {"*": ("link",)}
    authentication_classes = [LinkAuthentication]
    permission_classes = [HasLink]

    @property
    def link(self) -> PrivateLink:
        """The link that asks."""
        assert isinstance(self.request.auth, PrivateLink)
        return self.request.auth

    def payer_only(self) -> None:
        """Refused (`not_the_payer`) to a rider whom a team entered."""
        if self.link.rider_id is not None:
            raise Refused("not_the_payer", _("The team pays for this entry."))

    def entry(self, number: int) -> Entry:
        """An entry of the link; 404 for any other."""
        found = next((entry for entry in answers.entries_of(self.link) if entry.pk == number), None)
        if found is None:
            raise Http404
        return found

    def state(self) -> Response:
        """How everything of the link stands now."""
        return Response(answers.mine(self.link))


class OneEntry(serializers.Serializer[Any]):
    """Which entry is meant."""

    entry = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class Own(Mine):
    """What the link holds."""

    @extend_schema(responses=answers.MineAnswer)
    def get(self, request: Request) -> Response:
        """The registration as it stands now."""
        return self.state()


class Acted(Mine):
    """Something done to one entry of the link."""

    act: Callable[..., Any]

    @extend_schema(request=OneEntry, responses=answers.MineAnswer)
    def post(self, request: Request) -> Response:
        """Do it, and tell how things stand then. A second time changes nothing."""
        self.payer_only()
        type(self).act(self.entry(validated(OneEntry, request)["entry"]), by=None)
        return self.state()


class Withdrawn(Acted):
    """Give up a place."""

    act = staticmethod(registration.withdraw)


class OfferTaken(Acted):
    """Take an offered place."""

    act = staticmethod(registration.accept_offer)


class LineLeft(Acted):
    """Leave the waiting list, or let an offer go."""

    act = staticmethod(self_service.leave)


class ChangeRequest(serializers.Serializer[Any]):
    """What shall be different. `entry` may be left out where the link holds one; the rest where it stays as it is."""

    entry = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    private = serializers.DictField(child=Text(), required=False)
    team = Text(default=None, allow_null=True)
    category = serializers.SlugField(required=False)


class Changed(Mine):
    """Contact, emergency contact, team, category."""

    @extend_schema(request=ChangeRequest, responses=answers.MineAnswer)
    def post(self, request: Request) -> Response:
        """Change it before the deadline: all of it, or nothing."""
        said = validated(ChangeRequest, request)
        entries = answers.entries_of(self.link)
        if "entry" not in said and len(entries) != 1:
            raise serializers.ValidationError({"entry": [_("Say which entry.")]}, code="required")
        self.change(self.entry(said["entry"]) if "entry" in said else entries[0], said)
        return self.state()

    @transactions.retried
    def change(self, entry: Entry, said: dict[str, Any]) -> None:
        """The category first: its locks come before those of the entry."""
        if "category" in said:
            _edition, (category,) = asked_categories(entry.edition.slug, [said["category"]])
            self.payer_only()
            self_service.move(entry, category)
        if "private" in said or said["team"] is not None:
            team = said["team"] if said["team"] is None else particulars.text("team", said["team"])
            details.change(self.link, entry.rider, particulars.private(said.get("private", {})), team=team)


class TransferRequest(OneEntry):
    """Who shall have the place, and their signature."""

    person = PersonFields()
    signature = SignatureFields()


class Transferred(Mine):
    """Give a place to another person."""

    @extend_schema(request=TransferRequest, responses=answers.MineAnswer)
    def post(self, request: Request) -> Response:
        """Only where the regulations allow it."""
        self.payer_only()
        said = validated(TransferRequest, request)
        entry = self.entry(said["entry"])
        self_service.transfer(entry, Person(**said["person"]), signature=Signature(**said["signature"]))
        return self.state()


class PaymentRequest(serializers.Serializer[Any]):
    """The way of paying."""

    provider = serializers.SlugField()


class PaymentsOfMine(Mine):
    """Paying what is owed."""

    @extend_schema(request=PaymentRequest, responses=answers.PaymentAnswer)
    def post(self, request: Request) -> Response:
        """Start a payment; the pending one of the same sum and way, where there is one."""
        self.payer_only()
        said = validated(PaymentRequest, request)
        payment = payments.start(self.link.registration, said["provider"])
        checkout = payments.checkout(payment, links.url(self.link))
        return Response(
            {"number": payment.number, "amount_fen": payment.amount_fen, "state": payment.state, "url": checkout.url,
             "text": str(checkout.text)}
        )  # fmt: skip


class Places(APIView):
    """Places left, for everybody."""

    roles = {"GET": ("public",)}
    authentication_classes = []
    permission_classes = [HasRole]

    @extend_schema(responses=answers.PlacesAnswer)
    def get(self, request: Request, slug: str) -> Response:
        """Live, at most a second old."""
        found = store.get(key := f"places:{slug}")
        if found is None:
            found = answers.places_of(get_object_or_404(Edition, slug=slug))
            store.set(key, found, 1)
        return Response(found, headers={"Cache-Control": "max-age=1"})


class CapacityRequest(serializers.Serializer[Any]):
    """How many places there shall be."""

    capacity = serializers.IntegerField(min_value=0, max_value=100_000)


class OneCategory(Scoped):
    """A category of a race."""

    roles = {"PATCH": (Role.Name.ORGANISER,)}

    @extend_schema(request=CapacityRequest, responses=answers.CapacityAnswer)
    def patch(self, request: Request, slug: str, code: str) -> Response:
        """Change how many places there are; more are offered to the waiting list at once."""
        category = get_object_or_404(Category, race=self.race(), code=code)
        offered = places.set_capacity(category, validated(CapacityRequest, request)["capacity"], by=self.actor())
        category.refresh_from_db()
        return Response({**answers.places_row(category), "offered": len(offered)})
