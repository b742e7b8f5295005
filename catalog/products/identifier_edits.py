"""Identifier edits: add, verify and remove numbers of a variant, rename the brand of numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from catalog.attributes.identifiers import MAX_IDENTIFIER_LENGTH, gtin14, mpn_key
from catalog.listings.publication import lock_listings_of, republish_products
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
    owner = find_owners([value]).get((scheme, value))
    if owner is not None and owner != variant:
        raise IdentifierTakenError(owner)


def find_owners(values: Iterable[str]) -> dict[tuple[str, str], Variant]:
    """Return the variants that have identifiers, other than as a conflict, by scheme and value."""
    rows = Identifier.objects.filter(scheme__in=EDITABLE_SCHEMES, value__in={*values})
    return {
        (row.scheme, row.value): row.variant
        for row in rows.exclude(state=State.CONFLICT).select_related("variant__product")
    }


class NumberOwners:
    """The variants that have numbers. Numbers that were not loaded together are read one by one."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = {*values}
        self._found = find_owners(self._values) if self._values else {}

    def find(self, scheme: str, value: str) -> Variant | None:
        if value not in self._values:
            self._values.add(value)
            self._found |= find_owners([value])
        return self._found.get((scheme, value))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierEdit:
    """What staff decided about the identifiers of one variant.

    Shape:  ``verified`` maps ids of identifiers to whether a person has confirmed them
    """

    variant_id: int
    added: Sequence[Identifier] = ()
    removed: Sequence[Identifier] = ()
    verified: Mapping[int, bool] = field(default_factory=dict)


@requires_transaction
def save_identifiers(
    *,
    variant: Variant,
    added: list[Identifier],
    verified: dict[int, bool],
    removed: list[Identifier],
    now: datetime,
) -> None:
    """Save what staff decided about the identifiers of a variant, as ``edit_identifiers`` does."""
    edit = IdentifierEdit(variant_id=variant.pk, added=added, verified=verified, removed=removed)
    edit_identifiers([edit], now=now)


@requires_transaction
def edit_identifiers(edits: Sequence[IdentifierEdit], *, now: datetime) -> None:
    """Save what staff decided about the identifiers of variants, and update the cards.

    Removing an identifier locks its scheme: feeds neither add nor remove identifiers of it. If one
    other variant claims the identifier, its conflict ends. Added identifiers are verified, so that
    no feed removes them.
    Locks:  the variants, then the listings of their products, then the products, each in id order
    """
    ids = [edit.variant_id for edit in edits]
    variants = Variant.objects.filter(pk__in=ids).select_for_update(of=["self"], no_key=True)
    rows = variants.order_by("pk").in_bulk()
    products = {row.product_id for row in rows.values()}
    lock_listings_of(products)
    for edit in edits:
        row = rows[edit.variant_id]
        _remove_identifiers(row, edit.removed)
        for pk, is_verified in edit.verified.items():
            state = State.VERIFIED if is_verified else State.ASSERTED
            row.identifiers.filter(pk=pk).update(state=state)
        for new in edit.added:
            new.variant, new.state = row, State.VERIFIED
    Identifier.objects.bulk_create([new for edit in edits for new in edit.added])
    republish_products(products, now=now)


@requires_transaction
def _remove_identifiers(row: Variant, removed: Sequence[Identifier]) -> None:
    for gone in removed:
        row.identifiers.filter(pk=gone.pk).delete()
        others = Identifier.objects.filter(scheme=gone.scheme, value=gone.value)
        if others.count() == 1:
            others.filter(state=State.CONFLICT).update(state=State.ASSERTED)
    if removed:
        locked = {*row.overridden_fields, *(gone.scheme for gone in removed)}
        row.overridden_fields = sorted(locked)
        row.save(update_fields=["overridden_fields"])
