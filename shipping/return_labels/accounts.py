"""Label accounts: connect the label provider with a test call, open it for calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext

from shipping.models import ReturnLabelAccount
from shipping.return_labels.base import LabelProvider
from shipping.return_labels.sendcloud.client import CODE, Sendcloud
from shipping.trackers.registry import ProviderGate
from storefront.lib.http.errors import ExternalServiceError, PermanentError
from storefront.lib.security.encryption import DecryptionError, decrypt, encrypt

CALLS_PER_SECOND = 1  # the provider allows 100 orders a minute
SECRET_KEY = "secret_key"  # noqa: S105 - a name


class NotConnectedError(Exception):
    """No label provider is connected. The message says so."""


def is_connected() -> bool:
    return ReturnLabelAccount.objects.exists()


@contextmanager
def open_provider() -> Iterator[LabelProvider]:
    """Open the connected provider; record whether it answered.

    Raises: NotConnectedError; TemporaryError, PermanentError of the calls inside
    """
    account = ReturnLabelAccount.objects.first()
    if account is None:
        raise NotConnectedError(gettext("No label provider is connected."))
    try:
        secret = str(decrypt(account.secret_encrypted)[SECRET_KEY])
    except (DecryptionError, KeyError) as error:
        raise PermanentError("the secret key of the label provider cannot be decrypted") from error
    provider = _open(account.public_key, secret)
    try:
        yield provider
    except ExternalServiceError as error:
        _record_problem(account, str(error))
        raise
    finally:
        provider.close()


def connect(*, public_key: str, secret_key: str, now: datetime) -> ReturnLabelAccount:
    """Store the keys, after a call that proves them. Raises TemporaryError, PermanentError."""
    provider = _open(public_key, secret_key)
    try:
        provider.check(now=now)
    finally:
        provider.close()
    account, _is_new = ReturnLabelAccount.objects.update_or_create(
        provider=CODE,
        defaults={
            "public_key": public_key,
            "secret_encrypted": encrypt({SECRET_KEY: secret_key}),
            "answered_at": now,
            "problem": "",
        },
    )
    return account


def check_connection(*, now: datetime) -> None:
    """Make a call that changes nothing. Raises NotConnectedError, TemporaryError, PermanentError."""
    with open_provider() as provider:
        provider.check(now=now)
    record_answer(now=now)


def record_answer(*, now: datetime) -> None:
    ReturnLabelAccount.objects.update(answered_at=now, problem="")


def _record_problem(account: ReturnLabelAccount, problem: str) -> None:
    ReturnLabelAccount.objects.filter(pk=account.pk).update(problem=problem[:300])


def _open(public_key: str, secret_key: str) -> LabelProvider:
    return Sendcloud(
        base_url=settings.SENDCLOUD_URL,
        public_key=public_key,
        secret_key=secret_key,
        gate=ProviderGate(CODE, calls_per_second=CALLS_PER_SECOND),
    )
