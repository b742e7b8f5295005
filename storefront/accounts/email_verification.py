"""E-mail verification: record and list the addresses that an account has verified."""

from allauth.account.models import EmailAddress
from django.db import transaction

from storefront.accounts.models import User


def verify(*, user: User) -> None:
    """Mark the account's address as verified."""
    address, _is_new = EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"primary": True}
    )
    address.set_verified()


@transaction.atomic(durable=True)
def verify_and_set_password(*, user: User, password: str) -> None:
    """Verify the address of a new account, and replace the password it was created with.

    The person who created the account may not be the person who reads its mail.
    """
    user.set_password(password)
    user.save(update_fields=["password"])
    verify(user=user)


def verified_addresses(user: User) -> list[str]:
    """Return the verified addresses of an account, in lower case."""
    proven = EmailAddress.objects.filter(user=user, verified=True)
    return [address.lower() for address in proven.values_list("email", flat=True)]
