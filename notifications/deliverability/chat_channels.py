"""Chat channels: find the webhook of a channel, record failures, disable one that fails long."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models.functions import Now

from notifications.models import ChatChannel
from storefront.lib.http.errors import ExternalServiceError, PermanentError
from storefront.lib.security.encryption import decrypt

DISABLED_AFTER = timedelta(days=1)  # of failures without a success


def is_enabled(name: str) -> bool:
    """Return whether a channel exists and takes messages."""
    return ChatChannel.objects.filter(name=name, disabled_at=None).exists()


def find_channel(name: str) -> ChatChannel:
    """Return an enabled channel. Raises PermanentError: it is disabled or was deleted."""
    channel = ChatChannel.objects.filter(name=name, disabled_at=None).first()
    if channel is None:
        raise PermanentError("this chat channel is disabled or was deleted")
    return channel


def webhook_url(channel: ChatChannel) -> str:
    return str(decrypt(channel.url_encrypted).get("url", ""))


@contextmanager
def record_outcome(name: str) -> Iterator[None]:
    """Record on the channel whether the call inside failed, by the database clock."""
    rows = ChatChannel.objects.filter(name=name)
    try:
        yield
    except ExternalServiceError as error:
        rows.update(problem=str(error)[:300])
        rows.filter(failing_since=None).update(failing_since=Now())
        rows.filter(failing_since__lt=Now() - DISABLED_AFTER).update(disabled_at=Now())
        raise
    rows.exclude(failing_since=None).update(failing_since=None, problem="")
