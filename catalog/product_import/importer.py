"""Product import: create and update a supplier's products and variants in bulk."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.attributes import text_cleaning
from catalog.attributes.colors import color_of
from catalog.attributes.families import Families
from catalog.attributes.normalization import NormalizedProduct, get_lithium, normalize
from catalog.change_requests.recording import OPTIONS, record_changes
from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import Definition
from catalog.custom_attributes.values import Extracted, extract
from catalog.models import Product, Variant
from catalog.models.families import load_families
from catalog.models.products import MAX_PACKED_WEIGHT_G
from catalog.product_import import identifiers, images, products
from catalog.product_import.held_changes import hold_options
from catalog.product_import.item import APPLY_AT_ONCE, ImportItem, ImportPolicy
from catalog.products.creation import make_sku
from catalog.records import (
    FAILED,
    ImportIssue,
    ProductRecord,
    VariantRecord,
    describe_unexpected,
)
from catalog.texts import title_updates
from storefront.lib.db import bulk
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.tasks import TASK_ENDING

log = logging.getLogger(__name__)

MAX_SKU = 100
OTHER_SUPPLIER_POSITION = 1_000  # of the first variant that another supplier adds to a product
NO_IDS: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """The result of an import.

    Shape:  ``variants`` maps supplier SKUs to variant ids; ``touched`` are the ids of new or
            changed variants; the three counts are counts of variants
    """

    variants: dict[str, int]
    touched: set[int]
    issues: list[ImportIssue]
    created: int
    updated: int
    unchanged: int


def import_products(  # noqa: PLR0913 - records, what is linked already, whose and when
    *,
    records: Sequence[ProductRecord],
    variant_ids: Mapping[str, int],
    product_ids: Mapping[str, int] = NO_IDS,
    source: str,
    now: datetime,
    run: int | None = None,
    policy: ImportPolicy = APPLY_AT_ONCE,
    is_preview: bool = False,
) -> ImportResult:
    """Create and update products, variants and their parts in one transaction.

    Idempotent: the same records write nothing. Fields that staff locked are kept. A product is
    described by the supplier that created it; another supplier only adds variants.
    Shape:  ``variant_ids`` maps supplier SKUs to variant ids; ``product_ids`` maps ids of supplier
            products to products that get their SKUs as new variants; ``source`` is the supplier's
            code, ``run`` the id of its sync run, for the history; ``is_preview``: write in the
            caller's transaction, which is rolled back, and report unlikely values, too
    Locks:  the variants, then their products, each in id order
    """
    issues: list[ImportIssue] = []
    families = load_families()
    items = list(
        normalize_records(
            records,
            source=source,
            definitions=registry.load(),
            families=families,
            issues=issues,
        )
    )
    if is_preview:
        issues += [issue for item in items for issue in item.enriched.unlikely]
    with transaction.atomic(durable=not is_preview):
        set_change_source(f"sync:{source}:{run or ''}".rstrip(":"))
        _load_rows(items, variant_ids=variant_ids, product_ids=product_ids, source=source)
        described = [item for item in items if not item.is_other_supplier]
        products.write_products(described, source=source, policy=policy, now=now)
        products.write_specs(described, source=source, run=run, now=now)
        products.write_modes(described)
        title_updates.update_titles([item.row.pk for item in described if item.changed])
        created = _write_variants(items, source=source, families=families)
        issues += identifiers.write_identifiers(items, source=source)
        images.write_images(described)
        record_changes(
            {item.row.pk: item.held for item in described}, supplier_code=source, now=now
        )
    variants = {sku: row.pk for item in items for sku, row in item.variants.items()}
    touched = {item.variants[sku].pk for item in items for sku in item.changed}
    return ImportResult(
        variants=variants,
        touched=touched,
        issues=issues,
        created=created,
        updated=len(touched) - created,
        unchanged=len(variants) - len(touched),
    )


def normalize_records(
    records: Sequence[ProductRecord],
    *,
    source: str,
    definitions: Sequence[Definition],
    families: Families,
    issues: list[ImportIssue],
) -> Iterator[ImportItem]:
    """Yield normalized records; skip rows with an invalid or repeated SKU, collect issues.

    An unexpected exception about one record becomes an issue; the other records are normalized.
    """
    skus: set[str] = set()
    for record in records:
        try:
            custom = extract(record.claims, definitions=definitions, mark=record.decimal_mark)
            enriched = normalize(
                replace(record, claims=custom.rest), source=source, families=families
            )
        except TASK_ENDING:
            raise
        except Exception as error:
            log.exception("product %s cannot be normalized", record.external_id)
            issues.append(failed_issue(record, error))
            continue
        if isinstance(enriched, ImportIssue):
            issues.append(enriched)
            continue
        issues += enriched.issues
        issues += _custom_issues(record, custom)
        own: list[VariantRecord] = []
        for variant in record.variants:
            if _is_usable(variant.sku) and variant.sku not in skus:
                own.append(variant)
                skus.add(variant.sku)
        if len(own) < len(record.variants) or not own:
            message = "Rows with a missing, too long or repeated SKU are skipped."
            issues.append(
                ImportIssue(
                    row=record.external_id, code="sku-unusable", message=message, is_fatal=not own
                )
            )
        if own:
            custom, enriched = _for_family(custom, enriched, definitions)
            item = ImportItem(
                record=replace(record, variants=tuple(own)), enriched=enriched, custom=custom
            )
            issues += _storage_issues(item.record)
            yield item


def failed_issue(record: ProductRecord, error: Exception) -> ImportIssue:
    """Return the issue of a record that raised an unexpected exception, with its texts."""
    texts = {label: text[:200] for label, text in list(record.claims.items())[:20]}
    raw = {"title": record.title[:200], **texts}
    message = describe_unexpected(error)
    return ImportIssue(row=record.external_id, code=FAILED, message=message, raw=raw)


def _custom_issues(record: ProductRecord, custom: Extracted) -> Iterator[ImportIssue]:
    for is_out_of_range, result in (
        (False, "left in the supplier's words"),
        (True, "not shown"),
    ):
        found = [one for one in custom.problems if one.is_out_of_range == is_out_of_range]
        if found:
            texts = (f"{text_cleaning.clean_text(one.label)[:60]}: {one.message}" for one in found)
            yield ImportIssue(
                row=record.external_id,
                code=found[0].code,
                message=f"{'; '.join(texts)[:480]}; {result}.",
                is_fatal=False,
                raw={"title": record.title[:200], **{one.label[:60]: one.raw for one in found}},
            )


def _for_family(
    custom: Extracted, enriched: NormalizedProduct, definitions: Sequence[Definition]
) -> tuple[Extracted, NormalizedProduct]:
    """Move the values of attributes that the family does not have to ``more``, as stated."""
    excluded = {each.code for each in definitions if not each.applies_to(enriched.family)}
    texts = {
        source["label"]: source["raw"]
        for code, source in custom.sources.items()
        if code in excluded
    }
    problems = [one for one in custom.problems if one.attribute not in excluded]
    if not texts:
        return replace(custom, problems=problems), enriched
    values = {code: value for code, value in custom.values.items() if code not in excluded}
    sources = {code: value for code, value in custom.sources.items() if code not in excluded}
    return (
        replace(custom, values=values, sources=sources, problems=problems),
        replace(enriched, more={**enriched.more, **texts}),
    )


def _storage_issues(record: ProductRecord) -> Iterator[ImportIssue]:
    for variant in record.variants:
        for value in (identifiers.parse_gtin(variant), packed_weight_g(variant)):
            if isinstance(value, ImportIssue):
                yield value
    if bad := images.first_invalid_url(record):
        yield bad


def packed_weight_g(record: VariantRecord) -> int | ImportIssue | None:
    """Return the packed weight, None if none is stated; an ``ImportIssue`` if it is implausible."""
    weight_g = record.packed_weight_g
    if weight_g is None or weight_g <= MAX_PACKED_WEIGHT_G:
        return weight_g if weight_g and weight_g > 0 else None
    message = (
        f"The packed weight is {weight_g:,} g, more than {MAX_PACKED_WEIGHT_G:,} g; not stored."
        " Check the unit of the column."
    )
    return ImportIssue(
        row=record.sku,
        code="weight-impossible",
        message=message,
        is_fatal=False,
        raw={"weight": f"{weight_g} g"},
    )


def _is_usable(sku: str) -> bool:
    return 0 < len(sku) <= MAX_SKU and text_cleaning.clean_text(sku) == sku


@requires_transaction
def _load_rows(
    items: Sequence[ImportItem],
    *,
    variant_ids: Mapping[str, int],
    product_ids: Mapping[str, int],
    source: str,
) -> None:
    skus = [variant.sku for item in items for variant in item.record.variants]
    ids = identifiers.find_variant_ids(skus=skus, source=source)
    ids |= {sku: variant_ids[sku] for sku in skus if sku in variant_ids}
    locked = Variant.objects.select_for_update(of=["self"], no_key=True).order_by("pk")
    variants = locked.in_bulk(set(ids.values()))
    found = {variant.product_id for variant in variants.values()}
    products = (
        Product.objects.select_related("brand", "category")
        .filter(pk__in=found | {*product_ids.values()})
        .select_for_update(of=["self"])
        .order_by("pk")
        .in_bulk()
    )
    creators = identifiers.find_creators(products)
    for item in items:
        item.product = products.get(product_ids.get(item.record.external_id, 0))
        for record in item.record.variants:
            if variant := variants.get(ids.get(record.sku, 0)):
                item.variants[record.sku] = variant
                item.product = item.product or products[variant.product_id]
        if item.product is not None:
            item.is_other_supplier = creators.get(item.product.pk, source) != source


@requires_transaction
def _write_variants(items: Sequence[ImportItem], *, source: str, families: Families) -> int:
    """Create and update the variants; return how many are new."""
    new: list[Variant] = []
    changed: dict[Variant, list[str]] = {}
    for item in items:
        hold_options(item, _stated_options(item))
        first = OTHER_SUPPLIER_POSITION if item.is_other_supplier else 0
        for position, record in enumerate(item.record.variants, start=first):
            values = _variant_values(item, record, position=position)
            variant = item.variants.get(record.sku)
            if variant is None:
                sku = make_sku(
                    prefix=families[item.enriched.family].sku_prefix,
                    source=source,
                    supplier_sku=record.sku,
                )
                variant = Variant(product=item.row, sku=sku, **values)
                item.variants[record.sku] = variant
                item.changed.add(record.sku)
                new.append(variant)
            elif names := bulk.set_changed(variant, _writable(values, variant, item)):
                changed[variant] = names
                item.changed.add(record.sku)
    Variant.objects.bulk_create(new)
    bulk.update(Variant, changed)
    return len(new)


def _writable(values: Mapping[str, Any], variant: Variant, item: ImportItem) -> dict[str, Any]:
    """Return the values that staff have not locked and that no change request holds."""
    kept = {*variant.overridden_fields}
    if OPTIONS in item.held:
        kept |= {"option_values", "color"}
    if "weight_g" in item.held:
        kept.add("weight_g")
    return {name: value for name, value in values.items() if name not in kept}


def _stated_options(item: ImportItem) -> dict[str, list[str]]:
    return {record.sku: _options(record) for record in item.record.variants}


def _options(record: VariantRecord) -> list[str]:
    return [text_cleaning.clean_text(value)[:60] for value in record.option_values]


def _variant_values(item: ImportItem, record: VariantRecord, *, position: int) -> dict[str, Any]:
    enriched = item.enriched
    options = _options(record)
    color = color_of(enriched.option_names, options)
    packed_g = packed_weight_g(record)
    is_weight_locked = "weight_g" in item.row.overridden_fields
    weight = {} if is_weight_locked else {"weight_g": enriched.spec.get("weight_g")}
    lithium = get_lithium(enriched, option_values=options)
    if item.is_other_supplier or _are_reordered(item.row.option_names, enriched.option_names):
        options = _in_order(options, enriched.option_names, item.row.option_names)
    return {
        "option_values": options,
        "color": color,
        **weight,
        "packed_weight_g": None if isinstance(packed_g, ImportIssue) else packed_g,
        "lithium": lithium.kind,
        "cell_wh": bulk.quantized(Variant, "cell_wh", lithium.cell_wh),
        "cell_count": lithium.cell_count,
        "hs_code": enriched.hs_code,
        "origin_country": enriched.origin_country,
        "position": min(position, 32_767),
    }


def _are_reordered(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Return whether staff put the options of the supplier into another order."""
    own, stated = ([name.casefold() for name in names] for names in (ours, theirs))
    return own != stated and sorted(own) == sorted({*stated}) == sorted(stated)


def _in_order(values: Sequence[str], names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Return option values in the order of the product's option names."""
    by_name = {name.casefold(): value for name, value in zip(names, values, strict=False)}
    return [by_name.get(name.casefold(), "") for name in wanted]
