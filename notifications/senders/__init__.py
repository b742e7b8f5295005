"""Senders: define a rendered message and the protocol of its sender, list the senders."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from django.utils.module_loading import import_string

from storefront.lib.http.errors import PermanentError

SENDERS = {
    "email": "notifications.senders.email.Email",
    "sms": "notifications.senders.sms.Sms",
    "chat": "notifications.senders.chat.Chat",
}


class OptedOutError(PermanentError):
    """The provider refused the message, because the recipient ended these messages there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of a message: a picture that its HTML shows by ``content_id``, or a PDF without one."""

    file_name: str
    content: bytes
    content_id: str = ""

    @property
    def can_be_shown(self) -> bool:
        """Return whether e-mail programs display it: they display no SVG."""
        return self.file_name.endswith(".png")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One rendered message. ``message_id`` is the same for all attempts.

    A text message has only recipient and text, a chat message also the webhook of its channel.
    """

    recipient: str
    text: str
    message_id: str = ""
    from_address: str = ""  # with the name of the shop
    subject: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ""
    is_from_person: bool = False
    chat_url: str = ""  # secret: enough to write to the channel
    chat_dialect: str = ""
    unsubscribe_url: str = ""  # ends messages of this kind with one POST (RFC 8058)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the SMS provider answered; ``cost`` is None while it is unknown."""

    external_id: str
    segments: int
    cost: Decimal | None = None
    currency: str = ""


class Sender(Protocol):
    """Sends one message at a time."""

    def send(self, message: OutgoingMessage) -> Receipt | None:
        """Send the message; returns once the server has accepted it.

        Raises: TemporaryError  retry, unless it ``is_outcome_unknown``: then staff decide
                OptedOutError   rejected: the recipient ended these messages
                PermanentError  rejected; a retry would be rejected too
        """
        ...


def sender_for(code: str) -> Sender:
    sender: Sender = import_string(SENDERS[code])()
    return sender
