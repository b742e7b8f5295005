"""Sender protocol: define a finished message and the call that sends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One finished message. ``message_id`` stays the same however often it is tried."""

    message_id: str
    sender: str  # name and address
    recipient: str
    subject: str
    text: str
    html: str
    reply_to: str = ""  # an address; a message with one was written by a person


class Sender(Protocol):
    """Carries one message at a time."""

    def send(self, message: Message) -> None:
        """Hand it over; when this returns, the other side has taken it.

        Raises: TemporaryError  try again, unless it ``may_have_happened``: then a person decides
                PermanentError  it was refused and will be refused again
        """
        ...
