"""Return pages: choose lines, confirm, show the receipt, take tracking numbers and answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from orders.models import Order, ReturnAuthorization
from orders.returns import authorizations, eligibility, exchange_options, requests
from orders.returns.eligibility import CannotReturnError
from orders.returns.requests import ReturnRequest
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from storefront.lib.text import unify_line_breaks
from storefront.web.core.order_links import find_order, to_order
from storefront.web.core.visit import READS
from storefront.web.returns.forms import AnswerForm, ReturnForm
from storefront.web.returns.photos import PicturesForm
from storefront.web.returns.status import REASON_TEXTS

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
    "kept": ("bad", gettext_lazy("You do not need to send anything back. Keep it.")),
    "late": ("bad", gettext_lazy("This is no longer possible. See the status below.")),
}


@never_cache
@require_http_methods(READS)
def choose(request: HttpRequest, number: str, key: str) -> HttpResponse:
    """Ask which lines go back, show a summary, and record the return on confirmation."""
    found = find_order(number, key)
    now = timezone.now()
    left = eligibility.find_returnable(order=found, now=now)
    posted = request.POST if request.method == "POST" else None
    if posted is not None and (known := _known(found, _posted(request, "key", 40))):
        return _back(found, _word(known.kind))  # the second request of a double click
    may_be = exchange_options.find_options(left.purchase_lines.values(), channel=found.channel)
    form = ReturnForm(posted, left=left, may_be=may_be)
    status = HTTPStatus.OK
    if posted is not None:
        is_changing = "change" in posted
        status = HTTPStatus.OK if is_changing else HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid() and not is_changing:
            said = form.declaration()
            try:
                requests.validate(said, left)  # before any picture is decoded
                if not form.is_confirmed:
                    return _confirmation_page(request, found, form, said)
                if said.kind != Kind.WITHDRAWAL:
                    sent = PicturesForm(request, of=found.number)
                    if not sent.is_valid():
                        return _confirmation_page(request, found, form, said, sent)
                    said = replace(said, encoded_photos=sent.encoded_photos)
                requests.submit(order=found, request=said, actor="customer", now=now)
                return _back(found, _word(said.kind))
            except CannotReturnError as refusal:
                form.add_error(None, str(refusal))
    context = {"order": found, "form": form, "left": left, "kinds": REASON_TEXTS}
    return render(request, "web/returns/return_choose.html", context, status=status)


def _confirmation_page(
    request: HttpRequest,
    found: Order,
    form: ReturnForm,
    said: ReturnRequest,
    sent: PicturesForm | None = None,
) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if sent else HTTPStatus.OK
    chosen = [
        (line, said.units[line.pk], form.named(line.pk))
        for line, _most in form.lines
        if said.units[line.pk]
    ]
    context = {
        "order": found,
        "said": said,
        "chosen": chosen,
        "why": REASON_TEXTS[said.kind],
        "is_withdrawal": said.kind == Kind.WITHDRAWAL,
        "sent": sent or PicturesForm(),
    }
    return render(request, "web/returns/return_confirm.html", context, status=status)


@never_cache
@require_POST
def cancel(_request: HttpRequest, number: str, key: str, name: str) -> HttpResponse:
    """Cancel a return."""
    found = find_order(number, key)
    authorization = _find_return(found, name)
    try:
        authorizations.cancel(authorization=authorization, actor="customer", now=timezone.now())
    except (InvalidTransitionError, ConcurrentUpdateError):
        return _back(found, "late")
    return _back(found, "changed")


@never_cache
@require_POST
def sent(request: HttpRequest, number: str, key: str, name: str) -> HttpResponse:
    """Record the tracking number of a return parcel, the proof of shipment."""
    found = find_order(number, key)
    authorization = _find_return(found, name)
    tracking_number = _posted(request, "tracking_number", 60)
    if not tracking_number:
        return _back(found, "")
    try:
        authorizations.mark_shipped(
            authorization=authorization,
            carrier=_posted(request, "carrier", 60),
            tracking_number=tracking_number,
            actor="customer",
            now=timezone.now(),
        )
    except CannotReturnError:
        return _back(found, "kept")
    except (InvalidTransitionError, ConcurrentUpdateError):
        return _back(found, "late")
    return _back(found, "changed")


@never_cache
@require_http_methods(READS)
def answer(request: HttpRequest, number: str, key: str, name: str) -> HttpResponse:
    """Record the customer's answer to a question about a return."""
    found = find_order(number, key)
    authorization = _find_return(found, name)
    if request.method != "POST":  # the URL of a page that showed an error
        return _back(found, "")
    words = unify_line_breaks(request.POST.get("words", "")).strip()
    if not authorizations.awaits_evidence(authorization):  # before any picture is decoded
        files = len(request.FILES.getlist("pictures"))
        is_taken = authorizations.is_repeated_answer(authorization, words=words, pictures=files)
        return _back(found, "changed" if is_taken else "late")
    form = AnswerForm(request, to=authorization, of=found.number)
    if not form.is_valid():
        return _answer_again(request, authorization, words, form)
    if not words and not form.encoded_photos:
        return _back(found, "")
    return _add(request, authorization, words, form)


def _add(
    request: HttpRequest, authorization: ReturnAuthorization, words: str, sent: AnswerForm
) -> HttpResponse:
    found, encoded_photos = authorization.order, sent.encoded_photos
    try:
        authorizations.add_answer(
            authorization=authorization,
            words=words,
            encoded_photos=encoded_photos,
            now=timezone.now(),
        )
    except (CannotReturnError, InvalidTransitionError, ConcurrentUpdateError) as refusal:
        if authorizations.is_repeated_answer(
            authorization, words=words, pictures=len(encoded_photos)
        ):
            return _back(found, "changed")  # the second request of a double click
        if not isinstance(refusal, CannotReturnError):
            return _back(found, "late")
        sent.add_error("pictures" if encoded_photos else "words", str(refusal))
        return _answer_again(request, authorization, words, sent)
    return _back(found, "changed")


def _answer_again(
    request: HttpRequest, authorization: ReturnAuthorization, words: str, sent: AnswerForm
) -> HttpResponse:
    """Show a refused answer again, with its text."""
    context = {
        "order": authorization.order,
        "authorization": authorization,
        "words": words,
        "sent": sent,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "web/returns/return_answer.html", context, status=status)


def is_offered(found: Order, now: datetime) -> bool:
    """Test whether anything of an order can be returned now."""
    return bool(eligibility.find_returnable(order=found, now=now).lines)


def _known(found: Order, key: str) -> ReturnAuthorization | None:
    return found.returns.filter(request_key=key).first() if key else None


def _posted(request: HttpRequest, name: str, most: int) -> str:
    return request.POST.get(name, "").strip()[:most]


def _word(kind: str) -> str:
    return "withdrawn" if kind == Kind.WITHDRAWAL else "declared"


def _back(found: Order, word: str) -> HttpResponseRedirect:
    return to_order(found, "returns", **{"return": word})


def _find_return(found: Order, name: str) -> ReturnAuthorization:
    authorization = found.returns.filter(number=name).first()
    if authorization is None:
        raise Http404
    return authorization
