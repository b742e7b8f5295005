"""E-mail verification: record and list the addresses that an account has verified."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction

from notifications.deliverability import suppressions
from storefront.accounts.models import User


def verify(*, user: User, now: datetime) -> None:
    """Mark the account's address as verified, and as reachable by e-mail."""
    address, _is_new = EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"primary": True}
    )
    address.set_verified()
    record_opened(address=user.email, now=now)


def record_opened(*, address: str, now: datetime) -> None:
    """Lift the suppressions of an address: its owner has opened a link that we sent to it."""
    suppressions.lift(address=address, actor="", reason="confirmed by its owner", now=now)


@transaction.atomic(durable=True)
def verify_and_set_password(*, user: User, password: str, now: datetime) -> None:
    """Verify the address of a new account, and replace the password it was created with.

    The person who created the account may not be the person who reads its mail.
    """
    user.set_password(password)
    user.save(update_fields=["password"])
    verify(user=user, now=now)


def verified_addresses(user: User) -> list[str]:
    """Return the verified addresses of an account, in lower case."""
    proven = EmailAddress.objects.filter(user=user, verified=True)
    return [address.lower() for address in proven.values_list("email", flat=True)]
