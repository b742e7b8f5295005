"""Contact page: send a customer's message to the shop, acknowledge it by e-mail."""

import hashlib
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from catalog.markets.middleware import script_prefix
from notifications.outbox import record_event
from orders import links
from orders.addresses.address_form import EMAIL_ERRORS
from storefront.accounts.models import User
from storefront.identity.current import shop_identity
from storefront.lib.security.client_ip import client_range
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.lib.text import drop_controls, unify_line_breaks
from storefront.web.content import pages
from storefront.web.core.order_links import see_other
from storefront.web.core.visit import READS, customer_id, visit

MESSAGES_PER_HOUR = 10  # from one network
# Per hour. Each message sends an e-mail to the address, which may be another person's.
MESSAGES_PER_ADDRESS = 5
MAX_MESSAGE = 4000
TOPICS = [
    ("order", gettext_lazy("An order or a parcel")),
    ("return", gettext_lazy("A return or a defect")),
    ("product", gettext_lazy("A product")),
    ("other", gettext_lazy("Another topic")),
]


class PrintableText(forms.CharField):
    """Text without control characters; its length counts a line break as one character."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(drop_controls(unify_line_breaks(value or "")))


class ContactForm(forms.Form):
    """A message to the shop. ``website`` is a honeypot: people do not see it."""

    name = PrintableText(
        label=gettext_lazy("Name"),
        max_length=80,
        error_messages={"required": gettext_lazy("Enter your name.")},
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        error_messages={
            **EMAIL_ERRORS,
            "required": gettext_lazy("Enter your e-mail address, so that we can answer."),
        },
    )
    order = PrintableText(
        label=gettext_lazy("Order number"),
        max_length=20,
        required=False,
        error_messages={"max_length": gettext_lazy("This order number is too long.")},
    )
    topic = forms.ChoiceField(
        label=gettext_lazy("Topic"),
        choices=TOPICS,
        error_messages={
            "required": gettext_lazy("Choose a topic."),
            "invalid_choice": gettext_lazy("Choose a topic."),
        },
    )
    message = PrintableText(
        label=gettext_lazy("Message"),
        max_length=MAX_MESSAGE,
        error_messages={
            "required": gettext_lazy("Write your message."),
            "max_length": gettext_lazy("Shorten the message to 4,000 characters."),
        },
    )
    website = forms.CharField(label=gettext_lazy("Leave this field empty"), required=False)

    def clean_website(self) -> str:
        """Reject a filled honeypot; the error tells a person who filled it what to do."""
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Clear this field, then send the message again."))
        return ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        return {name: value for name, value in cleaned.items() if name != "website"}


@never_cache
@require_http_methods(READS)
def contact(request: HttpRequest) -> HttpResponse:
    form, problem, status = ContactForm(initial=_initial_values(request)), "", HTTPStatus.OK
    if request.method == "POST":
        form, status = ContactForm(request.POST), HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            if not _is_over_limit(request, form.cleaned_data["email"]):
                origin = visit(request).market.origin
                send(**form.cleaned_data, origin=origin, now=timezone.now())
                return see_other(reverse("contact", query={"sent": 1}))
            status = HTTPStatus.TOO_MANY_REQUESTS
            problem = _(
                "Too many messages in one hour. Your message was not sent. Send it again in an"
                " hour, or write to %(email)s."
            ) % {"email": shop_identity().email}
    context = {
        **pages.content("contact"),
        "form": form,
        "problem": problem,
        "is_sent": request.GET.get("sent") == "1" and request.method != "POST",
    }
    return render(request, "web/content/contact.html", context, status=status)


def _initial_values(request: HttpRequest) -> dict[str, str]:
    """Return initial values: order and topic from the link, name and e-mail from the account."""
    initial = {name: request.GET.get(name, "") for name in ("order", "topic")}
    initial["topic"] = initial["topic"] or ("order" if initial["order"] else "other")
    if customer_id(request) is not None and isinstance(request.user, User):
        initial |= {"name": request.user.name, "email": request.user.email}
    return initial


def _is_over_limit(request: HttpRequest, email: str) -> bool:
    return is_rate_limited(
        what="contact", who=client_range(request), per_hour=MESSAGES_PER_HOUR
    ) or is_rate_limited(what="contact-from", who=email.lower(), per_hour=MESSAGES_PER_ADDRESS)


@transaction.atomic(durable=True)
def send(  # noqa: PLR0913 - the fields of the form
    *, name: str, email: str, order: str, topic: str, message: str, origin: str, now: datetime
) -> None:
    """Record the message in the outbox: one e-mail to the shop, one to the customer.

    Idempotent: the same message on the same day is sent once, however often it is submitted. The
    acknowledgement quotes no text of the form, since the address may be another person's.
    """
    matching_order = links.find_by_email(number=order, email=email) if order else None
    text = "\0".join((name, email, order, topic, message, f"{now:%Y-%m-%d}"))
    digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    staff_page = ""
    if matching_order:
        with script_prefix("/"):
            staff_page = reverse("admin:orders_order_change", args=[matching_order.pk])
    record_event(
        name="contact.received",
        key=f"contact:{digest}",
        subject=f"order:{matching_order.number}" if matching_order else f"contact:{digest}",
        payload={
            "email": email,
            "shop_email": shop_identity().email,
            "locale": get_language() or settings.LANGUAGE_CODE,
            "url": f"{origin}{reverse('contact')}",
            "name": name,
            "topic": topic,
            "message": message,
            "number": matching_order.number if matching_order else "",
            "written_number": "" if matching_order else order,
            "staff_url": f"{settings.PUBLIC_URL}{staff_page}" if matching_order else "",
        },
        at=now,
    )
