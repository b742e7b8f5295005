"""Senders: list the transports of messages, create one by its code."""

from django.utils.module_loading import import_string

from notifications.senders.base import OutgoingMessage, Sender

SENDERS = {"email": "notifications.senders.email.Email"}


def sender_for(code: str) -> Sender:
    sender: Sender = import_string(SENDERS[code])()
    return sender


__all__ = ["SENDERS", "OutgoingMessage", "Sender", "sender_for"]
