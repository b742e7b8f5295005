"""Identifier edits: add, verify and remove numbers of a variant, rename the brand of numbers."""

from collections.abc import Mapping
from datetime import datetime

from catalog.attributes.identifiers import MAX_IDENTIFIER_LENGTH, gtin14, mpn_key
from catalog.listings.publication import lock_product, republish
from catalog.models import Identifier, Variant
from storefront.lib.db.transactions import requires_transaction

Scheme, State = Identifier.Scheme, Identifier.State
EDITABLE_SCHEMES = (Scheme.GTIN, Scheme.MPN)


class InvalidPartNumberError(ValueError):
    """A part number has no letter or digit."""


class IdentifierTakenError(ValueError):
    """Another variant has the identifier: ``variant``."""

    def __init__(self, variant: Variant) -> None:
        super().__init__(variant.sku)
        self.variant = variant


def parse(*, scheme: str, raw: str, brand: str) -> str:
    """Return the value that is stored for a typed number.

    Raises: InvalidGtinError, InvalidPartNumberError
    """
    if scheme == Scheme.GTIN:
        return gtin14(raw)
    key = mpn_key(brand, raw)
    if key.endswith(":"):
        raise InvalidPartNumberError(raw)
    return key


def check_free(*, variant: Variant, scheme: str, value: str) -> None:
    """Check that no other variant has an identifier.

    Raises: IdentifierTakenError  another variant has it, other than as a conflict
    """
    owners = Identifier.objects.filter(scheme=scheme, value=value).exclude(variant=variant.pk)
    owner = owners.exclude(state=State.CONFLICT).select_related("variant__product").first()
    if owner is not None:
        raise IdentifierTakenError(owner.variant)


@requires_transaction
def rename_brand(brand_keys: Mapping[Identifier, str]) -> None:
    """Put these keys of brands before part and model numbers.

    A number that another variant has already becomes a conflict, about which staff are asked.
    """
    for row, key in brand_keys.items():
        row.value = f"{key}:{row.value.partition(':')[2]}"[:MAX_IDENTIFIER_LENGTH]
    others = Identifier.objects.filter(value__in={row.value for row in brand_keys})
    taken = {
        *others.exclude(pk__in=[row.pk for row in brand_keys])
        .exclude(state=State.CONFLICT)
        .values_list("scheme", "value")
    }
    for row in brand_keys:
        if row.state != State.CONFLICT and (row.scheme, row.value) in taken:
            row.state = State.CONFLICT
        taken.add((row.scheme, row.value))
    Identifier.objects.bulk_update([*brand_keys], ["value", "state"], batch_size=1000)


@requires_transaction
def save_identifiers(
    *,
    variant: Variant,
    added: list[Identifier],
    verified: dict[int, bool],
    removed: list[Identifier],
    now: datetime,
) -> None:
    """Save what staff decided about the identifiers of a variant, and update its card.

    Removing an identifier locks its scheme: feeds neither add nor remove identifiers of it. If one
    other variant claims the identifier, its conflict ends. Added identifiers are verified, so that
    no feed removes them.
    Shape:  ``verified`` maps ids of identifiers to whether a person has confirmed them
    Locks:  the variant, then the listings of its product in id order, then the product
    """
    row = Variant.objects.select_for_update(of=["self"], no_key=True).get(pk=variant.pk)
    lock_product(row.product_id)
    for gone in removed:
        row.identifiers.filter(pk=gone.pk).delete()
        others = Identifier.objects.filter(scheme=gone.scheme, value=gone.value)
        if others.count() == 1:
            others.filter(state=State.CONFLICT).update(state=State.ASSERTED)
    for pk, is_verified in verified.items():
        state = State.VERIFIED if is_verified else State.ASSERTED
        row.identifiers.filter(pk=pk).update(state=state)
    for new in added:
        new.variant, new.state = row, State.VERIFIED
    Identifier.objects.bulk_create(added)
    row.overridden_fields = sorted({*row.overridden_fields, *(gone.scheme for gone in removed)})
    row.save(update_fields=["overridden_fields"])
    republish(row.product_id, now=now)
