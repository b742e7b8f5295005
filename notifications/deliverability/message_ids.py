"""Message-IDs: make the Message-ID of an e-mail, find the e-mail of one."""

import re
from email.utils import parseaddr

from django.conf import settings

from notifications.models import Message

_MESSAGE_ID = re.compile(r"<?delivery-([0-9]{1,18})(?:\.[0-9]+)?@([^<>@\s]+)>?")


def message_id(message: Message) -> str:
    """Return the Message-ID, the same for all attempts, so that mailboxes detect duplicates.

    A message that staff send a second time gets another one: a mailbox would hide it otherwise.
    """
    again = f".{message.resends}" if message.resends else ""
    return f"<delivery-{message.pk}{again}@{_domain()}>"


def find_message(text: str) -> Message | None:
    """Return the e-mail with a Message-ID; None if the shop sent none with it."""
    match = _MESSAGE_ID.fullmatch(text)
    if match is None or match[2].lower() != _domain().lower():
        return None
    return Message.objects.select_related("event").filter(pk=int(match[1]), sender="email").first()


def _domain() -> str:
    return parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2]
