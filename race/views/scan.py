"""The code of WeChat Pay that a phone scans; the page looks every few seconds whether the money has come."""

from __future__ import annotations

import segno
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from race import providers
from race.models import Payment
from race.providers.wechat import WeChat
from race.refused import Refused
from race.views.sandbox import return_address


@never_cache
@require_safe
def page(request: HttpRequest, number: str) -> HttpResponse:
    """`/pay/scan/<number>/`: the code; back to the entry once it is paid."""
    payment = Payment.objects.select_related("registration__edition").filter(number=number, provider="wechat").first()
    provider = providers.find("wechat")
    if payment is None or not isinstance(provider, WeChat) or not provider.ready:
        raise Http404(_("No such payment"))
    back = return_address(request)
    if payment.state == Payment.State.PAID and back:
        return HttpResponseRedirect(back)
    code, problem = "", ""
    if payment.state != Payment.State.PAID:
        try:
            code = _drawn(provider.code(payment))
        except Refused as refused:
            problem = refused.message
    context = {"payment": payment, "edition": payment.registration.edition, "back": back, "code": code}
    return render(request, "race/pay_scan.html", context | {"problem": problem})


def _drawn(text: str) -> str:
    """The code as an SVG element, dark on light in both looks: phones read no other."""
    return mark_safe(segno.make(text, error="m").svg_inline(scale=6, border=4, light="#FFFFFF"))
