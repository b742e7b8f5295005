"""Order messages: show those of the customer and the shop, take a new one."""

import secrets
from http import HTTPStatus

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from orders.models import OrderMessage
from orders.order_messages import order_messages
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.lib.text import unify_line_breaks
from storefront.web.core.order_links import find_order, to_order
from storefront.web.core.visit import READS

MESSAGES_PER_HOUR = 10  # per order
MESSAGES: dict[str, tuple[str, Promise]] = {
    "sent": (
        "good",
        gettext_lazy("We received your message. We answer on this page and by e-mail."),
    ),
}


class MessageForm(forms.Form):
    """Form for one message; ``key`` makes a double click store it once."""

    text = forms.CharField(
        label=gettext_lazy("Message"),
        max_length=OrderMessage.MAX_CHARS,
        error_messages={
            "required": gettext_lazy("Write your message."),
            "max_length": gettext_lazy("Shorten the message to 4,000 characters."),
        },
    )
    key = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def clean_key(self) -> str:
        return self.cleaned_data["key"] or secrets.token_hex(8)


@never_cache
@require_http_methods(READS)
def write(request: HttpRequest, number: str, key: str) -> HttpResponse:
    """Show the messages of an order and a form, store what the customer writes."""
    order = find_order(number, key)
    form, problem, status = MessageForm(initial={"key": secrets.token_hex(8)}), "", HTTPStatus.OK
    if request.method == "POST":
        posted = request.POST.copy()
        posted["text"] = unify_line_breaks(posted.get("text", ""))
        form, status = MessageForm(posted), HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            if not is_rate_limited(
                what="order-message", who=order.number, per_hour=MESSAGES_PER_HOUR
            ):
                order_messages.write(
                    order=order,
                    text=form.cleaned_data["text"],
                    request_key=form.cleaned_data["key"],
                    now=timezone.now(),
                )
                return to_order(order, "messages", message="sent")
            problem = _("Too many messages in one hour. Send it again later.")
            status = HTTPStatus.TOO_MANY_REQUESTS
    context = {
        "order": order,
        "messages": order_messages.messages_of(order),
        "form": form,
        "problem": problem,
    }
    return render(request, "web/orders/message_form.html", context, status=status)
