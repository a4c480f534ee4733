"""Mails and text messages: the outbox, a text to many, and how far it has come."""

from __future__ import annotations

import secrets
from dataclasses import fields
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from race import campaigns, messages, office_entries, vault
from race.campaigns import Text
from race.models import Campaign, Edition, Message
from race.refused import Refused
from race.selection import Selection
from race.staff_links import staff_path
from race.staff_pages import actor, desk, done, office_page
from race.views.office import wording
from race.views.office.entries import filters

PAGE = 50
SHOWN = 3


@require_safe
@office_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/office/messages/`: campaigns and the outbox."""
    state = request.GET.get("state", "")
    found = (
        Message.objects.filter(edition=edition).select_related("rider").prefetch_related("registration__entries__rider")
    )
    if state in Message.State.values:
        found = found.filter(state=state)
    sheet = Paginator(found.order_by("-pk"), PAGE).get_page(request.GET.get("page"))
    sent = Count("messages", filter=Q(messages__state=Message.State.SENT))
    failed = Count("messages", filter=Q(messages__state=Message.State.FAILED))
    context = {
        "edition": edition, "sheet": sheet, "state": state, "states": list(wording.MESSAGE.items()),
        "rows": [_row(message) for message in sheet],
        "campaigns": Campaign.objects.filter(edition=edition).select_related("by").annotate(sent=sent, failed=failed)
        .order_by("-pk")[:20],
    }  # fmt: skip
    return render(request, "race/office/messages.html", context)


@require_safe
@office_page()
def one(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """One message as it was written."""
    message = get_object_or_404(Message.objects.select_related("rider", "campaign"), edition=edition, pk=pk)
    subject, text = messages.content(message)
    context = {"edition": edition, "row": _row(message), "message": message, "subject": subject, "text": text}
    return render(request, "race/office/message.html", context)


@require_POST
@office_page()
def again(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Send failed messages again: one, or all of the edition."""
    failed = Message.objects.filter(edition=edition, state=Message.State.FAILED).exclude(problem=campaigns.STOPPED)
    if pk := request.POST.get("message", ""):
        failed = failed.filter(pk=int(pk) if pk.isascii() and pk.isdigit() and len(pk) < 18 else 0)
    sent = campaigns.retry(edition, list(failed.values_list("pk", flat=True)), by=actor(request))
    word = ngettext("%(n)d message is sent again.", "%(n)d messages are sent again.", sent) % {"n": sent}
    return done(request, edition, word)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page()
def write(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/office/messages/write/`: choose riders, write, look at three of them, send. Nothing that was typed is lost."""
    given = request.POST if request.method == "POST" else request.GET
    wanted, text = Selection.of(given), text_of(given)
    step = request.POST.get("step", "")
    context: dict[str, Any] = {"edition": edition, "wanted": wanted, "asked": wanted.asked, "text": text}
    try:
        if step == "send":
            made = campaigns.send(
                edition, given.get("key", "")[:80] or secrets.token_hex(8), wanted, text, by=actor(request)
            )
            return redirect(staff_path("office_campaign", desk(request).slug, pk=made.pk))
        if step == "test":
            campaigns.test(edition, wanted, text, by=actor(request))
            context["told"] = _("The test goes to %(address)s.") % {"address": actor(request).email}
        if step:
            campaigns.refuse_unfit(text)
            context |= preview(edition, wanted, text)
    except Refused as refused:
        context |= {"problem": refused.message}
    context |= {"chosen": len(campaigns.chosen(edition, wanted)), "placeholders": campaigns.PLACEHOLDERS}
    context |= filters(edition, wanted) | {"key": given.get("key", "")[:80] or secrets.token_hex(8)}
    return render(request, "race/office/write.html", context, status=409 if context.get("problem") else 200)


def preview(edition: Edition, wanted: Selection, text: Text) -> dict[str, Any]:
    """Three letters as they will be, and how many there are."""
    post = campaigns.post(edition, wanted, text)
    without = [letter for letter in post.letters if letter.entry.registration_id is None]
    return {
        "letters": post.letters[:SHOWN],
        "mails": sum(letter.channel == "email" for letter in post.letters),
        "texts": sum(letter.channel == "sms" for letter in post.letters),
        "total": len(post.letters),
        "unreachable": post.unreachable[:20],
        "unreachable_more": max(len(post.unreachable) - 20, 0),
        "without_link": len(without) if any("{link}" in part for part in (text.body_zh, text.body_en)) else 0,
    }


@require_safe
@office_page()
def campaign(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """How far a campaign has come; fetched again by a script until it is through."""
    found = get_object_or_404(Campaign.objects.select_related("by"), edition=edition, pk=pk)
    failed = found.messages.filter(state=Message.State.FAILED).exclude(problem=campaigns.STOPPED)
    failed = failed.select_related("rider").prefetch_related("registration__entries__rider")
    context = {
        "edition": edition, "campaign": found, "progress": campaigns.progress(found),
        "failed": [_row(message) for message in failed[:PAGE]],
    }  # fmt: skip
    return render(request, "race/office/campaign.html", context)


@require_POST
@office_page()
def steer(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """Stop a campaign, or send again what failed or was stopped."""
    found = get_object_or_404(Campaign, edition=edition, pk=pk)
    if request.POST.get("what") == "stop":
        stopped = campaigns.stop(found, by=actor(request))
        word = ngettext("%(n)d message is not sent.", "%(n)d messages are not sent.", stopped) % {"n": stopped}
        return done(request, edition, word)
    failed = list(found.messages.filter(state=Message.State.FAILED).values_list("pk", flat=True))
    sent = campaigns.retry(edition, failed, by=actor(request))
    word = ngettext("%(n)d message is sent again.", "%(n)d messages are sent again.", sent) % {"n": sent}
    return done(request, edition, word)


def text_of(given: QueryDict) -> Text:
    """The text of a form; by mail or text message, whichever reaches the rider, where nothing was chosen."""
    columns = {column.name: given.get(column.name, "").replace("\x00", "")[:4000] for column in fields(Text)}
    return Text(**(columns | {"channel": columns["channel"] or "best"}))


def _row(message: Message) -> dict[str, Any]:
    address = vault.unseal(message.to_sealed) if message.to_sealed else ""
    return {
        "message": message, "state": wording.MESSAGE[message.state], "to": office_entries.masked(address),
        "whose": _whose(message),
        "kind": wording.KINDS.get(message.kind, message.kind),
        "stopped": message.problem == campaigns.STOPPED,
    }  # fmt: skip


def _whose(message: Message) -> str:
    """Whom a message is about: the rider it went to, else the first rider of the registration."""
    if message.rider is not None:
        return str(message.rider)
    entries = list(message.registration.entries.all()) if message.registration else []
    return str(entries[0].rider) if entries else str(wording.KINDS.get(message.kind, message.kind))
