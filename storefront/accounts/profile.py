"""Account profile: save and delete addresses, choose the default, set name, language and number."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.db import transaction

from storefront.accounts.models import SavedAddress, User
from storefront.lib.address import Address

MAX_ADDRESSES = 20


class TooManyAddressesError(Exception):
    """The account has the maximum number of addresses."""


def default_address(user_id: int) -> Address | None:
    row = SavedAddress.objects.filter(user=user_id, is_default=True).first()
    return row.as_address if row else None


def has_address(user_id: int, address: Mapping[str, Any]) -> bool:
    """Return whether an account has saved exactly this address."""
    return SavedAddress.objects.filter(user=user_id, address=dict(address)).exists()


@transaction.atomic(durable=True)
def save_address(
    *, user_id: int, address: Address, is_default: bool, saved_id: int | None = None
) -> None:
    """Save a new or changed address; the first of an account becomes its default.

    Locks: the account.

    Raises: TooManyAddressesError, SavedAddress.DoesNotExist.
    """
    User.objects.lock(user_id)
    addresses = SavedAddress.objects.filter(user=user_id)
    if saved_id is None:
        if addresses.count() >= MAX_ADDRESSES:
            raise TooManyAddressesError
        saved = SavedAddress(user_id=user_id)
    else:
        saved = addresses.get(pk=saved_id)
    others = addresses.exclude(pk=saved.pk)
    if is_default:
        others.update(is_default=False)
    saved.address = asdict(address)
    saved.is_default = is_default or saved.is_default or not others.exists()
    saved.save()


@transaction.atomic(durable=True)
def delete_address(*, user_id: int, saved_id: int) -> None:
    """Delete an address; the oldest other becomes the default. Locks the account."""
    User.objects.lock(user_id)
    addresses = SavedAddress.objects.filter(user=user_id)
    addresses.filter(pk=saved_id).delete()
    if not addresses.filter(is_default=True).exists() and (
        oldest := addresses.order_by("pk").first()
    ):
        addresses.filter(pk=oldest.pk).update(is_default=True)


@transaction.atomic(durable=True)
def set_name_and_language(*, user: User, name: str, language: str) -> None:
    """Set the name of the user and the language of its messages."""
    user.name, user.language = name, language
    user.save(update_fields=["name", "language"])


@transaction.atomic(durable=True)
def set_sms_number(*, user_id: int, number: str) -> None:
    """Set the phone number for text messages about the user's next orders; empty: none."""
    User.objects.filter(pk=user_id).update(sms_number=number)
