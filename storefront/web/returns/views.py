"""Return pages: choose lines, confirm, show the receipt, take tracking numbers and answers."""

from dataclasses import replace
from functools import partial
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from orders.models import Order, ReturnAuthorization, ReturnPolicy
from orders.returns import authorizations, eligibility, exchange_options, requests
from orders.returns.eligibility import CannotReturnError
from orders.returns.requests import ReturnRequest
from shipping.return_labels import files
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from storefront.web.core.order_links import find_order, to_order
from storefront.web.core.visit import READS
from storefront.web.returns.answers import take_answer
from storefront.web.returns.forms import ReturnForm
from storefront.web.returns.photos import PicturesForm
from storefront.web.returns.status import REASON_TEXTS, usable_label

Kind = ReturnAuthorization.Kind
MESSAGES: dict[str, tuple[str, Promise]] = {
    "withdrawn": (
        "good",
        gettext_lazy(
            "We received your withdrawal. A confirmation with date and time is on"
            " its way to you by e-mail."
        ),
    ),
    "declared": (
        "good",
        gettext_lazy("We received your complaint. A confirmation is on its way to you by e-mail."),
    ),
    "changed": ("good", gettext_lazy("Saved.")),
    "empty": ("bad", gettext_lazy("You entered nothing, so nothing is saved.")),
    "kept": ("bad", gettext_lazy("You do not need to send anything back. Keep it.")),
    "late": ("bad", gettext_lazy("This is no longer possible. See the status below.")),
}


@never_cache
@require_http_methods(READS)
def choose(request: HttpRequest, number: str, key: str) -> HttpResponse:
    """Ask which lines go back, show a summary, and record the return on confirmation."""
    order = find_order(number, key)
    now = timezone.now()
    returnable = eligibility.find_returnable(order=order, now=now)
    posted = request.POST if request.method == "POST" else None
    if posted is not None and (known := _existing_return(order, _posted(request, "key", 40))):
        return _to_returns(order, _message_code(known.kind))  # the second request of a double click
    exchanges = exchange_options.find_options(
        returnable.purchase_lines.values(), channel=order.channel
    )
    asked = {"kind": request.GET.get("kind", "")}
    form = ReturnForm(posted, initial=asked, returnable=returnable, exchanges=exchanges)
    status = HTTPStatus.OK
    if posted is not None:
        is_changing = "change" in posted
        status = HTTPStatus.OK if is_changing else HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid() and not is_changing:
            return_request = form.declaration()
            try:
                requests.validate(return_request, returnable)  # before any picture is decoded
                if not form.is_confirmed:
                    return _confirmation_page(
                        request, form, return_request, order=order, returnable=returnable
                    )
                if return_request.kind != Kind.WITHDRAWAL:
                    photos_form = PicturesForm(request, of=order.number)
                    if not photos_form.is_valid():
                        return _confirmation_page(
                            request,
                            form,
                            return_request,
                            photos_form,
                            order=order,
                            returnable=returnable,
                        )
                    return_request = replace(
                        return_request, encoded_photos=photos_form.encoded_photos
                    )
                requests.submit(order=order, request=return_request, actor="customer", now=now)
                return _to_returns(order, _message_code(return_request.kind))
            except CannotReturnError as error:
                form.add_error(None, str(error))
    context = {"order": order, "form": form, "returnable": returnable, "kinds": REASON_TEXTS}
    return render(request, "web/returns/return_choose.html", context, status=status)


def _confirmation_page(  # noqa: PLR0913 - the parts of one page
    request: HttpRequest,
    form: ReturnForm,
    return_request: ReturnRequest,
    photos_form: PicturesForm | None = None,
    *,
    order: Order,
    returnable: eligibility.Returnable,
) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if photos_form else HTTPStatus.OK
    chosen = [
        (line, return_request.units[line.pk], form.named(line.pk))
        for line, _most in form.lines
        if return_request.units[line.pk]
    ]
    context = {
        "order": order,
        "return_request": return_request,
        "chosen": chosen,
        "reason": REASON_TEXTS[return_request.kind],
        "is_withdrawal": return_request.kind == Kind.WITHDRAWAL,
        "customer_pays": _customer_pays(returnable, return_request),
        "photos_form": photos_form or PicturesForm(),
    }
    return render(request, "web/returns/return_confirm.html", context, status=status)


def _customer_pays(returnable: eligibility.Returnable, return_request: ReturnRequest) -> bool:
    """Return whether the customer pays the shipping of some of these items."""
    chosen = [line for line, units in return_request.units.items() if units]
    suppliers = {returnable.purchase_lines[line].purchase_order.supplier for line in chosen}
    return return_request.kind == Kind.WITHDRAWAL and any(
        eligibility.find_policy(supplier).label_payer == ReturnPolicy.Payer.CUSTOMER
        for supplier in suppliers
    )


@never_cache
@require_POST
def cancel(_request: HttpRequest, number: str, key: str, name: str) -> HttpResponse:
    """Cancel a return."""
    order = find_order(number, key)
    authorization = _find_return(order, name)
    try:
        authorizations.cancel(authorization=authorization, actor="customer", now=timezone.now())
    except (InvalidTransitionError, ConcurrentUpdateError):
        return _to_returns(order, "late")
    return _to_returns(order, "changed")


@never_cache
@require_POST
def sent(request: HttpRequest, number: str, key: str, name: str) -> HttpResponse:
    """Record the tracking number of a return parcel, the proof of shipment."""
    order = find_order(number, key)
    authorization = _find_return(order, name)
    tracking_number = _posted(request, "tracking_number", 60)
    if not tracking_number:
        return _to_returns(order, "empty")
    try:
        authorizations.mark_shipped(
            authorization=authorization,
            carrier=_posted(request, "carrier", 60),
            tracking_number=tracking_number,
            actor="customer",
            now=timezone.now(),
        )
    except CannotReturnError:
        return _to_returns(order, "kept")
    except (InvalidTransitionError, ConcurrentUpdateError):
        return _to_returns(order, "late")
    return _to_returns(order, "changed")


@never_cache
@require_http_methods(READS)
def label(_request: HttpRequest, number: str, key: str, name: str) -> HttpResponse:
    """Return the PDF of the label with which the customer can send a return now."""
    row = usable_label(_find_return(find_order(number, key), name))
    if row is None:
        raise Http404
    try:
        return files.show(row)
    except FileNotFoundError as error:
        raise Http404 from error


@never_cache
@require_http_methods(READS)
def answer(request: HttpRequest, number: str, key: str, name: str) -> HttpResponse:
    """Record the customer's answer to a question about a return."""
    order = find_order(number, key)
    authorization = _find_return(order, name)
    return take_answer(
        request,
        authorization,
        order=order,
        is_awaited=authorizations.awaits_evidence(authorization),
        add=partial(authorizations.add_answer, authorization=authorization),
        is_repeated=partial(authorizations.is_repeated_answer, authorization),
        leave=partial(_to_returns, order),
    )


def _existing_return(order: Order, key: str) -> ReturnAuthorization | None:
    return order.returns.filter(request_key=key).first() if key else None


def _posted(request: HttpRequest, name: str, most: int) -> str:
    return request.POST.get(name, "").strip()[:most]


def _message_code(kind: str) -> str:
    return "withdrawn" if kind == Kind.WITHDRAWAL else "declared"


def _to_returns(order: Order, code: str) -> HttpResponseRedirect:
    return to_order(order, "returns", **{"return": code})


def _find_return(order: Order, name: str) -> ReturnAuthorization:
    authorization = order.returns.filter(number=name).first()
    if authorization is None:
        raise Http404
    return authorization
