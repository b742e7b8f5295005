"""Message pages: choose which messages are sent, in the account or by the link of an e-mail."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from notifications import preferences
from notifications.models import Consent, Message
from notifications.preferences import EMAIL, SMS, Kind
from notifications.senders import sms
from notifications.senders.phone_numbers import mobile_number
from orders.addresses.address_form import INVALID_MOBILE_NUMBER
from shipping.models import ProductAlert
from shipping.product_alerts.links import alert_url
from shipping.product_alerts.subscriptions import active_alerts
from storefront.accounts import profile
from storefront.accounts.models import User
from storefront.web.account.auth import for_customers, form_page, posted
from storefront.web.core.visit import READS, visit

ONE_CLICK = {"List-Unsubscribe": "One-Click"}  # what a mailbox posts, RFC 8058


class ChoicesForm(forms.Form):
    """One checkbox for each kind of message of a channel."""

    def __init__(self, *args: Any, sender: str, recipient: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sender = sender
        self.text = preferences.text_of(sender)
        applying = preferences.choices(recipient=recipient, sender=sender)
        self._kinds = preferences.offered_kinds(sender)
        for kind in self._kinds:
            self.fields[kind] = forms.BooleanField(
                label=str(preferences.LABELS[kind]), initial=applying[kind], required=False
            )

    def kinds(self) -> list[forms.BoundField]:
        return [self[kind] for kind in self._kinds]

    def save(self, *, recipient: str, source: str) -> None:
        chosen: Mapping[Kind, bool] = {kind: self.cleaned_data[kind] for kind in self._kinds}
        preferences.record_choices(
            recipient=recipient,
            sender=self.sender,
            chosen=chosen,
            source=source,
            now=timezone.now(),
        )


class TextMessagesForm(ChoicesForm):
    """The choices of text messages, with the phone number of an account."""

    phone = forms.CharField(label=_("Mobile number"), max_length=40, required=False)

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._country = country

    def clean_phone(self) -> str:
        typed = self.cleaned_data["phone"].strip()
        number = mobile_number(typed, country=self._country)
        if typed and not number:
            raise forms.ValidationError(INVALID_MOBILE_NUMBER)
        return number


@require_http_methods(READS)
@for_customers
def messages(request: HttpRequest, user: User) -> HttpResponse:
    """Choose e-mails and, if this shop sends them, text messages."""
    mails = ChoicesForm(posted(request), prefix=EMAIL, sender=EMAIL, recipient=user.email)
    texts = None
    if sms.is_offered():
        texts = TextMessagesForm(
            posted(request),
            prefix=SMS,
            sender=SMS,
            recipient=user.sms_number,
            country=visit(request).country,
            initial={"phone": user.sms_number},
        )
    if request.method == "POST" and mails.is_valid() and (texts is None or texts.is_valid()):
        mails.save(recipient=user.email, source=Consent.Source.ACCOUNT)
        if texts is not None:
            _save_text_messages(texts, user)
        return redirect(reverse("account_messages", query={"kept": 1}))
    context: dict[str, Any] = {
        "user": user,
        "mails": mails,
        "texts": texts,
        "alerts": _alerts(user.email),
        **_kept(request),
    }
    return form_page(request, "web/account/messages.html", texts or mails, **context)


def _save_text_messages(form: TextMessagesForm, user: User) -> None:
    number = form.cleaned_data["phone"]
    profile.set_sms_number(user_id=user.pk, number=number)
    if number:
        form.save(recipient=number, source=Consent.Source.ACCOUNT)


@never_cache
@require_http_methods(READS)
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Choose e-mails by the link of one, without an account."""
    message = _find_message(token)
    recipient = message.recipient
    form = ChoicesForm(posted(request), prefix=EMAIL, sender=EMAIL, recipient=recipient)
    if request.method == "POST" and form.is_valid():
        form.save(recipient=recipient, source=Consent.Source.LINK)
        return redirect(reverse("messages", args=[token], query={"kept": 1}))
    context: dict[str, Any] = {
        "mails": form,
        "texts": None,
        "recipient": recipient,
        "alerts": _alerts(recipient),
        **_kept(request),
    }
    return form_page(request, "web/account/messages_by_link.html", form, **context)


@csrf_exempt
@never_cache
@require_http_methods(READS)
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """End the kind of an e-mail, as its mailbox asks; a visitor gets the page of choices."""
    message = _find_message(token)
    kind = preferences.kind_of_message(message)
    if request.method != "POST" or kind is None:
        return redirect("messages", token)
    if request.POST.get("List-Unsubscribe") != ONE_CLICK["List-Unsubscribe"]:
        return HttpResponse("", status=HTTPStatus.BAD_REQUEST, content_type="text/plain")
    preferences.record_choices(
        recipient=message.recipient,
        sender=message.sender,
        chosen={kind: False},
        source=Consent.Source.ONE_CLICK,
        now=timezone.now(),
    )
    return HttpResponse("", content_type="text/plain")


def account_number(request: HttpRequest) -> str:
    """Return the number for text messages of the signed-in customer, if this shop sends them."""
    user = request.user
    if isinstance(user, User) and not user.is_staff and sms.is_offered():
        return user.sms_number
    return ""


def record_checkout_choice(number: str) -> None:
    """Record that a customer wants all text messages about deliveries, as ticked at checkout."""
    preferences.record_choices(
        recipient=number,
        sender=SMS,
        chosen=dict.fromkeys(preferences.KINDS[SMS], True),
        source=Consent.Source.CHECKOUT,
        now=timezone.now(),
    )


def _find_message(token: str) -> Message:
    if (message := preferences.find_message(token)) is None:
        raise Http404
    return message


def _alerts(recipient: str) -> list[tuple[ProductAlert, str]]:
    """Return the active alerts of an address, each with the URL of its page."""
    return [(alert, alert_url(alert)) for alert in active_alerts(recipient)]


def _kept(request: HttpRequest) -> dict[str, Any]:
    return {"kept": "kept" in request.GET}
