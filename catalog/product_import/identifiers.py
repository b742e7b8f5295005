"""Import identifiers: write GTINs, part numbers and supplier SKUs, make our SKUs and slugs.

An identifier of another variant is stored as a conflict. A SKU or slug of ours is assigned once and
never changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from django.utils.text import slugify

from catalog.attributes.identifiers import BadGtinError, gtin14, model_key, mpn_key
from catalog.attributes.text_cleaning import clean_text
from catalog.models import Identifier, Product, Variant
from catalog.product_import.item import Goods
from catalog.records import BadRow, VariantRecord
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.text import fold


class Name(NamedTuple):
    """One identifier that a supplier states for one of its SKUs."""

    scheme: str
    value: str
    raw: str


def variant_ids(*, skus: Sequence[str], source: str) -> dict[str, int]:
    """Return the variants already created from these supplier SKUs."""
    found = Identifier.objects.filter(
        scheme=Identifier.Scheme.SUPPLIER, value__in=[_supplier_name(source, sku) for sku in skus]
    ).values_list("value", "variant_id")
    by_name = dict(found)
    return {sku: by_name[name] for sku in skus if (name := _supplier_name(source, sku)) in by_name}


def _supplier_name(source: str, sku: str) -> str:
    return f"{source}:{sku}"[:160]


@needs_transaction
def write_identifiers(taken: Sequence[Goods], *, source: str) -> list[BadRow]:
    """Write the identifiers of all variants; return those that another variant already has.

    These are stored as conflicts for staff. An invalid GTIN is not stored.
    """
    issues: list[BadRow] = []
    present = _present(taken)
    new: list[Identifier] = []
    wanted = {
        variant.pk: (record, list(_names(record, goods, source)))
        for goods in taken
        for record in goods.record.variants
        for variant in [goods.variants[record.sku]]
    }
    owners = _owners([name for _, names in wanted.values() for name in names])
    changed: set[str] = set()
    for variant_id, (record, names) in wanted.items():
        for name in names:
            owner = owners.setdefault((name.scheme, name.value), variant_id)
            if owner != variant_id:
                issues.append(_taken(record, name))
            if (name.scheme, name.value) in present.get(variant_id, {}):
                continue
            state = Identifier.State.ASSERTED if owner == variant_id else Identifier.State.CONFLICT
            new.append(Identifier(variant_id=variant_id, state=state, **name._asdict()))
            changed.add(record.sku)
    changed |= _drop_stale(present, wanted)
    Identifier.objects.bulk_create(new)
    for goods in taken:
        goods.changed |= changed & goods.variants.keys()
    return issues


def _present(taken: Sequence[Goods]) -> dict[int, dict[tuple[str, str], Identifier]]:
    variants: list[Variant] = [each for goods in taken for each in goods.variants.values()]
    present: dict[int, dict[tuple[str, str], Identifier]] = {}
    for row in Identifier.objects.filter(variant__in=[variant.pk for variant in variants]):
        present.setdefault(row.variant_id, {})[row.scheme, row.value] = row
    return present


def _owners(names: Sequence[Name]) -> dict[tuple[str, str], int]:
    """Return the variant that has each identifier without conflict."""
    rows = (
        Identifier.objects.filter(value__in={name.value for name in names})
        .exclude(state=Identifier.State.CONFLICT)
        .values_list("scheme", "value", "variant_id")
    )
    return {(scheme, value): variant_id for scheme, value, variant_id in rows}


def gtin_of(record: VariantRecord) -> str | BadRow:
    """Return the GTIN as 14 digits, empty if none is stated; a ``BadRow`` if it is invalid."""
    if not record.gtin.strip():
        return ""
    try:
        return gtin14(record.gtin)
    except BadGtinError as error:
        return BadRow(
            row=record.sku,
            code="gtin-check-digit",
            message=f"The GTIN {error}; not stored.",
            is_fatal=False,
            raw={"gtin": record.gtin[:100]},
        )


def _names(record: VariantRecord, goods: Goods, source: str) -> Iterator[Name]:
    brand = goods.enriched.brand
    supplier_name = _supplier_name(source, record.sku)
    yield Name(Identifier.Scheme.SUPPLIER, supplier_name, record.sku[:160])
    gtin = gtin_of(record)
    if gtin and isinstance(gtin, str):
        yield Name(Identifier.Scheme.GTIN, gtin, record.gtin[:160])
    mpn = clean_text(record.mpn)
    if mpn and not (key := mpn_key(brand, mpn)).endswith(":"):
        yield Name(Identifier.Scheme.MPN, key, mpn[:160])
    model = clean_text(goods.record.model)
    if key := model_key(brand, model, record.option_values):
        yield Name(Identifier.Scheme.MODEL, key, model[:160])


def _taken(record: VariantRecord, name: Name) -> BadRow:
    return BadRow(
        row=record.sku,
        code=f"{name.scheme}-duplicate",
        message=f"The {name.scheme.upper()} {name.raw} belongs to another variant; kept apart.",
        is_fatal=False,
        raw={name.scheme: name.raw},
    )


def _drop_stale(
    present: dict[int, dict[tuple[str, str], Identifier]],
    wanted: dict[int, tuple[VariantRecord, list[Name]]],
) -> set[str]:
    """Delete identifiers that the supplier no longer states; verified ones stay."""
    stale: list[int] = []
    changed: set[str] = set()
    for variant_id, (record, names) in wanted.items():
        asserted = {(name.scheme, name.value) for name in names}
        for key, row in present.get(variant_id, {}).items():
            is_ours = row.scheme != Identifier.Scheme.SUPPLIER
            if is_ours and row.state != Identifier.State.VERIFIED and key not in asserted:
                stale.append(row.pk)
                changed.add(record.sku)
    if stale:
        Identifier.objects.filter(pk__in=stale).delete()
    return changed


# SKUs and slugs

# No vowels and no look-alikes, so that no words appear and nothing is misread.
_LETTERS = "23456789BCDFGHJKMNPQRSTVWXYZ"
MAX_SLUG = 100


def sku(*, prefix: str, source: str, supplier_sku: str) -> str:
    """Return our SKU for a supplier SKU, always the same: ``HL-7K3Q-X2M9-PB4T``."""
    number = int.from_bytes(hashlib.blake2b(f"{source}:{supplier_sku}".encode()).digest()[:16])
    letters = ""
    for _ in range(12):
        number, place = divmod(number, len(_LETTERS))
        letters += _LETTERS[place]
    return f"{prefix}-{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def slugs(titles: Mapping[str, str], *, source: str) -> dict[str, str]:
    """Return a free slug for each new product; a taken one gets a stable suffix.

    Shape:  ``titles`` maps the supplier's references to titles
    """
    plain = {ref: slugify(fold(title))[:MAX_SLUG].strip("-") for ref, title in titles.items()}
    tailed = {ref: f"{slug}-{_tail(source, ref)}".strip("-") for ref, slug in plain.items()}
    taken = set(
        Product.objects.filter(slug__in=[*plain.values(), *tailed.values()]).values_list(
            "slug", flat=True
        )
    )
    chosen = {}
    for ref, slug in plain.items():
        free = slug if slug and slug not in taken else tailed[ref]
        taken.add(free)
        chosen[ref] = free
    return chosen


def _tail(source: str, ref: str) -> str:
    return hashlib.blake2b(f"{source}:{ref}".encode(), digest_size=5).hexdigest()
