"""The cashier of the practice provider: what a rider would see at a real one, and buttons for what can go wrong."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from race import payments, providers
from race.models import Payment
from race.providers.contract import Notice
from race.providers.sandbox import callback, new_ref


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, number: str) -> HttpResponse:
    """`/pay/sandbox/<number>/`: pay, let it fail, send the callback twice, or come back later."""
    payment = Payment.objects.select_related("registration__edition").filter(number=number, provider="sandbox").first()
    if payment is None or not _offered(payment):
        raise Http404(_("No such payment"))
    back = return_address(request)
    if request.method == "POST":
        _pressed(payment, request.POST.get("do", ""))
        paid = Payment.objects.filter(pk=payment.pk, state=Payment.State.PAID).exists()
        return HttpResponseRedirect(back if paid and back else request.get_full_path())
    return render(
        request, "race/pay_sandbox.html", {"payment": payment, "edition": payment.registration.edition, "back": back}
    )


def _pressed(payment: Payment, button: str) -> None:
    """Send what the provider would send: through the very door that its callbacks come in by."""
    if button not in ("pay", "twice", "fail"):
        return
    if button == "fail":
        payments.record("sandbox", *callback(Notice("closed", payment.number, 0)))
        return
    # A page that is open in two tabs pays once: the sandbox's number of the money is that of the payment.
    body, headers = callback(Notice("paid", payment.number, payment.amount_fen, payment.provider_ref or new_ref()))
    for _time in range(2 if button == "twice" else 1):
        payments.record("sandbox", body, headers)


def _offered(payment: Payment) -> bool:
    return any(provider.name == "sandbox" for provider in providers.offered(payment.registration.edition))


def return_address(request: HttpRequest) -> str:
    """Where the payer came from: an address of this site, or nothing."""
    to = request.GET.get("return", "")
    here = url_has_allowed_host_and_scheme(to, {request.get_host()}, require_https=request.is_secure())
    return to if here else ""
