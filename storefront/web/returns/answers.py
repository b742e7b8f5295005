"""Answer pages: take the customer's answer to a question about a return or a problem report."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from orders.models import Order, ReturnAuthorization
from orders.returns.photos import CannotAnswerError
from shipping.models import ProblemReport
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from storefront.lib.text import unify_line_breaks
from storefront.web.returns.forms import AnswerForm


def take_answer(  # noqa: PLR0913 - what differs between returns and reports
    request: HttpRequest,
    row: ReturnAuthorization | ProblemReport,
    *,
    order: Order,
    is_awaited: bool,
    add: Callable[..., None],
    is_repeated: Callable[..., bool],
    leave: Callable[[str], HttpResponse],
) -> HttpResponse:
    """Record an answer once and leave to the order with a message, or show a refused one again."""
    if request.method != "POST":  # the URL of a page that showed an error
        return leave("")
    text = unify_line_breaks(request.POST.get("customer_message", "")).strip()
    sent = {"customer_message": text, "pictures": len(request.FILES.getlist("pictures"))}
    if not is_awaited:  # before any picture is decoded
        return leave("changed" if is_repeated(**sent) else "late")
    form = AnswerForm(request, to=row, of=order.number)
    if form.is_valid():
        if not text and not form.encoded_photos:
            return leave("empty")
        try:
            add(customer_message=text, encoded_photos=form.encoded_photos, now=timezone.now())
        except (CannotAnswerError, InvalidTransitionError, ConcurrentUpdateError) as error:
            is_stored = is_repeated(**sent)  # the second request of a double click
            if is_stored or not isinstance(error, CannotAnswerError):
                return leave("changed" if is_stored else "late")
            form.add_error("pictures" if form.encoded_photos else "customer_message", str(error))
        else:
            return leave("changed")
    context = {"order": order, "question": row.answer, "customer_message": text, "form": form}
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "web/returns/return_answer.html", context, status=status)
