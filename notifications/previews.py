"""Previews: show staff a message as its recipient sees it, send a test to their own address.

Links that open an order or an account are replaced, in the preview and in the test.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.header import decode_header, make_header
from email.utils import make_msgid, parseaddr
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_lazy
from jinja2 import TemplateError

from notifications import dispatch, labels, preferences
from notifications.models import Event, Message
from notifications.routes import ROUTES, Route
from notifications.sealed_links import HIDDEN_LINK
from notifications.senders import OutgoingMessage, sender_for, sms
from notifications.senders.email import extra_headers
from notifications.senders.phone_numbers import mobile_number
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.text import row_id

TEST_RIGHT = "notifications.change_message"
TESTS_PER_HOUR = 20  # of one staff member: text messages cost money
INVALID_NUMBER = gettext_lazy(
    "Not sent: enter a mobile number with its country code, such as +49 151 23456789."
)
TOO_MANY_TESTS = gettext_lazy("Not sent: too many tests in one hour. Try again later.")
# An old or erased payload can lack what a template needs now, and an attachment can be gone.
WRITING_ERRORS = (
    ExternalServiceError,
    TemplateError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
    ArithmeticError,
)


def draft_messages(event: Event) -> list[Message]:
    """Return the unsaved messages of an event, one per template and channel."""
    return [
        Message(
            event=event,
            sender=route.sender,
            recipient=_first_recipient(event, route),
            template=route.template,
            locale=str(event.payload["locale"]),
        )
        for route in ROUTES.get(event.name, ())
    ]


def _first_recipient(event: Event, route: Route) -> str:
    named = event.payload.get(route.recipient) or ""
    return str(named[0]) if isinstance(named, list) else str(named)


def send_test(message: OutgoingMessage, *, sender: str, to: str) -> None:
    """Send a message to a staff member: by e-mail or as a text message. Raises as the sender does."""
    if sender == preferences.SMS:
        text = gettext("Test: %(subject)s") % {"subject": message.text}
        sender_for(sender).send(replace(message, recipient=to, text=text))
        return
    domain = parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2]
    test = replace(
        message,
        recipient=to,
        message_id=make_msgid(domain=domain),
        subject=gettext("Test: %(subject)s") % {"subject": message.subject},
        reply_to="",  # an answer to a test must not reach the customer
        unsubscribe_url="",
    )
    sender_for(sender).send(test)


def frame_document(message: OutgoingMessage) -> str:
    """Return the HTML with its inline pictures, for a sandboxed frame."""
    html = message.html
    for attachment in filter(lambda each: each.can_be_shown, message.attachments):
        data = b64encode(attachment.content).decode()
        html = html.replace(f"cid:{attachment.content_id}", f"data:image/png;base64,{data}")
    return html


def headers_of(message: OutgoingMessage) -> list[tuple[str, str]]:
    """Return the headers of an e-mail, with the sender's name as its recipient reads it."""
    headers = {
        "From": str(make_header(decode_header(message.from_address))),
        "To": message.recipient,
        "Subject": message.subject,
        "Reply-To": message.reply_to,
        **extra_headers(message),
    }
    return [(name, value) for name, value in headers.items() if value]


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """The preview of a row's messages in one request."""

    model_admin: StaffAdmin
    request: HttpRequest
    row: Event | Message
    drafts: Sequence[Message]

    def answer(self) -> HttpResponse:
        if not self.drafts:
            return HttpResponseRedirect(self.model_admin.page_of(self.row))
        index = min(row_id(self.request.GET.get("message", "")), len(self.drafts) - 1)
        message = self.drafts[index]
        message.locale = self._language(message)
        composed, problem = None, ""
        try:
            composed = dispatch.compose(message, hides_links=True)
        except WRITING_ERRORS as error:
            problem = f"{type(error).__name__}: {error}"
        if composed and message.pk is None:
            composed = replace(composed, message_id="")  # given when it is saved
        if self.request.method == "POST":
            return self._send_test(message, composed)
        return self._show(index, message, composed, problem)

    def _language(self, message: Message) -> str:
        wanted = (self.request.GET.get("language", ""), message.locale)
        languages = dict(settings.LANGUAGES)
        return next((one for one in wanted if one in languages), settings.LANGUAGE_CODE)

    def _may_send_test(self, message: Message) -> bool:
        user: Any = self.request.user
        is_email = message.sender == preferences.EMAIL
        can_arrive = bool(user.email) if is_email else sms.is_offered()
        return can_arrive and user.has_perm(TEST_RIGHT)

    def _send_test(self, message: Message, composed: OutgoingMessage | None) -> HttpResponse:
        if composed is None or not self._may_send_test(message):
            raise PermissionDenied(TEST_RIGHT)
        user: Any = self.request.user
        address = user.email if message.sender == preferences.EMAIL else self._typed_number()
        if not address:
            messages.error(self.request, INVALID_NUMBER)
            return HttpResponseRedirect(self.request.get_full_path())
        if is_rate_limited(what="test-message", who=str(user.pk), per_hour=TESTS_PER_HOUR):
            messages.error(self.request, TOO_MANY_TESTS)
            return HttpResponseRedirect(self.request.get_full_path())
        try:
            send_test(composed, sender=message.sender, to=address)
        except ExternalServiceError as error:
            text = gettext("The test was not sent: %(error)s") % {"error": error}
            messages.error(self.request, text)
        else:
            text = gettext("Test message sent to %(address)s") % {"address": address}
            self.model_admin.log_change(self.request, self.row, text)
            text = gettext("The test was sent to %(address)s.") % {"address": address}
            messages.success(self.request, text)
        return HttpResponseRedirect(self.request.get_full_path())

    def _typed_number(self) -> str:
        """Return the mobile number that staff typed, in E.164; empty if it is invalid."""
        return mobile_number(self.request.POST.get("number", "").strip(), country="")

    def _show(
        self, index: int, message: Message, composed: OutgoingMessage | None, problem: str
    ) -> HttpResponse:
        is_email = message.sender == preferences.EMAIL
        return self.model_admin.render_page(
            self.request,
            "staff/message_preview.html",
            self.row,
            title=gettext("Preview"),
            drafts=[(place, _name(draft)) for place, draft in enumerate(self.drafts)],
            index=index,
            name=_name(message),
            languages=settings.LANGUAGES,
            language=message.locale,
            hidden_link=HIDDEN_LINK,
            problem=problem,
            message=composed,
            is_email=is_email,
            headers=headers_of(composed) if composed and is_email else (),
            frame=frame_document(composed) if composed else "",
            may_send_test=composed is not None and self._may_send_test(message),
        )


def _name(message: Message) -> str:
    is_email = message.sender == preferences.EMAIL
    channel = gettext("E-mail") if is_email else gettext("Text message")
    return f"{labels.label(message.template)} ({channel})"
