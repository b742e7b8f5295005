"""Senders: define a rendered message and the protocol of its sender, list the senders."""

from dataclasses import dataclass
from typing import Protocol

from django.utils.module_loading import import_string

SENDERS = {"email": "notifications.senders.email.Email"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """An SVG or PNG file of a message, which its HTML shows by ``content_id``."""

    content_id: str
    file_name: str
    content: bytes

    @property
    def can_be_shown(self) -> bool:
        """Return whether e-mail programs display it: they display no SVG."""
        return self.file_name.endswith(".png")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One rendered message. ``message_id`` is the same for all attempts."""

    message_id: str
    sender: str  # name and address
    recipient: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ""  # set if a person wrote the message


class Sender(Protocol):
    """Sends one message at a time."""

    def send(self, message: OutgoingMessage) -> None:
        """Send the message; returns once the server has accepted it.

        Raises: TemporaryError  retry, unless it ``is_outcome_unknown``: then staff decide
                PermanentError  rejected; a retry would be rejected too
        """
        ...


def sender_for(code: str) -> Sender:
    sender: Sender = import_string(SENDERS[code])()
    return sender
