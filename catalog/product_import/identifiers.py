"""Import identifiers: write GTINs, part numbers and supplier SKUs.

An identifier that another variant already has is stored as a conflict.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from django.db.models import Min

from catalog.attributes.identifiers import InvalidGtinError, gtin14, model_key, mpn_key, split_gtins
from catalog.attributes.text_cleaning import clean_text
from catalog.models import Identifier, Variant
from catalog.product_import.item import ImportItem
from catalog.records import ImportIssue, VariantRecord
from storefront.lib.db.transactions import requires_transaction


class IdentifierValue(NamedTuple):
    scheme: str
    value: str
    raw: str


def find_variant_ids(*, skus: Sequence[str], source: str) -> dict[str, int]:
    rows = Identifier.objects.filter(
        scheme=Identifier.Scheme.SUPPLIER, value__in=[_supplier_name(source, sku) for sku in skus]
    ).values_list("value", "variant_id")
    by_name = dict(rows)
    return {sku: by_name[name] for sku in skus if (name := _supplier_name(source, sku)) in by_name}


def find_creators(product_ids: Collection[int]) -> dict[int, str]:
    """Return the code of the supplier that created each product, "" if staff created it.

    The creator of a product is the creator of its first variant.
    """
    variants = Variant.objects.filter(product__in=product_ids).values("product")
    firsts = dict(variants.annotate(first=Min("pk")).values_list("first", "product"))
    rows = Identifier.objects.filter(scheme=Identifier.Scheme.SUPPLIER, variant__in=firsts)
    codes = {
        firsts[variant_id]: value.partition(":")[0]
        for variant_id, value in rows.order_by("-pk").values_list("variant", "value")
    }
    return dict.fromkeys(firsts.values(), "") | codes


def _supplier_name(source: str, sku: str) -> str:
    return f"{source}:{sku}"[:160]


@requires_transaction
def write_identifiers(items: Sequence[ImportItem], *, source: str) -> list[ImportIssue]:
    """Write all valid identifiers; return an issue for each that another variant already has."""
    issues: list[ImportIssue] = []
    present = _existing(items)
    new: list[Identifier] = []
    wanted = {
        variant.pk: (record, list(_unlocked(_names(record, item, source), variant)))
        for item in items
        for record in item.record.variants
        for variant in [item.variants[record.sku]]
    }
    owners = _owners([name for _, names in wanted.values() for name in names])
    changed: set[str] = set()
    for variant_id, (record, names) in wanted.items():
        for name in names:
            owner = owners.setdefault((name.scheme, name.value), variant_id)
            if owner != variant_id:
                issues.append(_conflict_issue(record, name))
            if (name.scheme, name.value) in present.get(variant_id, {}):
                continue
            state = Identifier.State.ASSERTED if owner == variant_id else Identifier.State.CONFLICT
            new.append(Identifier(variant_id=variant_id, state=state, **name._asdict()))
            changed.add(record.sku)
    changed |= _drop_stale(present, wanted)
    Identifier.objects.bulk_create(new)
    for item in items:
        item.changed |= changed & item.variants.keys()
    return issues


def _existing(items: Sequence[ImportItem]) -> dict[int, dict[tuple[str, str], Identifier]]:
    """Return the identifiers of these variants, without those that staff have locked."""
    variants = {row.pk: row for item in items for row in item.variants.values()}
    present: dict[int, dict[tuple[str, str], Identifier]] = {}
    for row in Identifier.objects.filter(variant__in=[*variants]):
        if row.scheme in variants[row.variant_id].overridden_fields:
            continue
        present.setdefault(row.variant_id, {})[row.scheme, row.value] = row
    return present


def _unlocked(names: Iterator[IdentifierValue], variant: Variant) -> Iterator[IdentifierValue]:
    """Yield the identifiers of the schemes that staff have not locked for this variant."""
    return (name for name in names if name.scheme not in variant.overridden_fields)


def _owners(names: Sequence[IdentifierValue]) -> dict[tuple[str, str], int]:
    """Return the variant that has each identifier without conflict."""
    rows = (
        Identifier.objects.filter(value__in={name.value for name in names})
        .exclude(state=Identifier.State.CONFLICT)
        .values_list("scheme", "value", "variant_id")
    )
    return {(scheme, value): variant_id for scheme, value, variant_id in rows}


def parse_gtin(record: VariantRecord) -> str | ImportIssue:
    """Return the first GTIN as 14 digits, empty if none is stated; an issue if one is invalid."""
    try:
        return next(iter([gtin14(text) for text in split_gtins(record.gtin)]), "")
    except InvalidGtinError as error:
        return ImportIssue(
            row=record.sku,
            code="gtin-check-digit",
            message=f"The GTIN {error}; not stored.",
            is_fatal=False,
            raw={"gtin": record.gtin[:100]},
        )


def _names(record: VariantRecord, item: ImportItem, source: str) -> Iterator[IdentifierValue]:
    is_ours = "brand" in item.held or "brand" in item.row.overridden_fields
    brand = item.row.brand.name if is_ours else item.enriched.brand
    supplier_name = _supplier_name(source, record.sku)
    yield IdentifierValue(Identifier.Scheme.SUPPLIER, supplier_name, record.sku[:160])
    for text in split_gtins(record.gtin):
        with suppress(InvalidGtinError):
            yield IdentifierValue(Identifier.Scheme.GTIN, gtin14(text), text[:160])
    mpn = clean_text(record.mpn)
    if mpn and not (key := mpn_key(brand, mpn)).endswith(":"):
        yield IdentifierValue(Identifier.Scheme.MPN, key, mpn[:160])
    model = clean_text(item.record.model)
    if key := model_key(brand, model, record.option_values):
        yield IdentifierValue(Identifier.Scheme.MODEL, key, model[:160])


def _conflict_issue(record: VariantRecord, name: IdentifierValue) -> ImportIssue:
    return ImportIssue(
        row=record.sku,
        code=f"{name.scheme}-duplicate",
        message=f"The {name.scheme.upper()} {name.raw} belongs to another variant; stored as a conflict.",
        is_fatal=False,
        raw={name.scheme: name.raw},
    )


def _drop_stale(
    present: dict[int, dict[tuple[str, str], Identifier]],
    wanted: dict[int, tuple[VariantRecord, list[IdentifierValue]]],
) -> set[str]:
    """Delete identifiers that the supplier no longer states; verified ones stay."""
    stale: list[int] = []
    changed: set[str] = set()
    for variant_id, (record, names) in wanted.items():
        asserted = {(name.scheme, name.value) for name in names}
        for key, row in present.get(variant_id, {}).items():
            can_change = row.scheme != Identifier.Scheme.SUPPLIER
            if can_change and row.state != Identifier.State.VERIFIED and key not in asserted:
                stale.append(row.pk)
                changed.add(record.sku)
    if stale:
        Identifier.objects.filter(pk__in=stale).delete()
    return changed
