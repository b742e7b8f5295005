"""Bulk edit writing: save the values of many products and variants through the edit services."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from catalog.bulk_edits import identifiers
from catalog.bulk_edits.cells import document_lists, guarantee_fields, image_lists, mode_texts
from catalog.bulk_edits.fields import (
    CATEGORY,
    IDENTIFIER,
    PRODUCT,
    SPEC,
    TEXT,
    TEXT_FIELDS,
    VARIANT,
    BulkField,
    Target,
)
from catalog.bulk_edits.file_fields import (
    DOCUMENTS_CODE,
    GUARANTEE_CODE,
    IMAGES,
    MODES,
    MODES_CODE,
    PRODUCT_IMAGES,
    SUCCESSOR,
    VARIANT_IMAGES,
    WARNINGS,
    OptionTextField,
    lock_name,
)
from catalog.models import Category, Product, Variant
from catalog.products import editing, spec_edits, variant_edits
from catalog.products.editing import ProductEdit
from catalog.products.spec_edits import SpecEdit
from catalog.products.translations import text_edits
from catalog.products.translations.text_edits import TextEdit, TranslatedTexts
from catalog.products.variant_edits import SuccessorError, VariantEdit
from catalog.readiness import lifecycle
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction

type Parts = dict[tuple[str, str], dict[str, Any]]  # (part, language) -> name -> value


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """The values to write to one target, as JSON by code.

    ``unlocked`` are codes that feeds may change again; ``weights`` and ``sources`` as ``SpecEdit``
    takes them, the sources by code; ``reasons`` maps columns to why unlikely values are right.
    """

    target: Target
    values: Mapping[str, Any]
    unlocked: Collection[str] = ()
    weights: Mapping[int, int | None] | None = None
    sources: Mapping[str, Any] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


@requires_transaction
def write_values(
    writes: Sequence[Write],
    known: Mapping[str, BulkField],
    *,
    source: str,
    now: datetime,
    actor: str,
) -> None:
    """Write values of all parts; the statuses last, because they may depend on them.

    Each product is the target of one write at most.
    Locks:  as the services
    """
    set_change_source(source, actor=actor)
    categories, successors = _categories(writes), _successors(writes)
    parts = [(write, _by_part(write.values, known, categories, successors)) for write in writes]
    variant_edits.edit_variants([*_variant_edits(parts, known)], now=now)
    editing.apply_edits([*_product_edits(parts, known)], now=now)
    spec_edits.edit_specs([*_spec_edits(parts, known)], actor=actor, now=now)
    _save_identifiers(parts, known, now=now)
    _save_texts(parts, now=now)
    _save_file_values(writes, known, now=now)
    _save_evidence(writes, now=now, actor=actor)
    for to, products in _by_status(parts).items():
        lifecycle.move_in_steps(products, to=to, actor=actor, now=now, source=source)


def _categories(writes: Sequence[Write]) -> dict[int, Category]:
    ids = {write.values[CATEGORY] for write in writes if CATEGORY in write.values}
    return Category.objects.in_bulk([*ids]) if ids else {}


def _successors(writes: Sequence[Write]) -> dict[str, Variant]:
    """Return the variants that replace others, by SKU. Raises SuccessorError."""
    skus = {sku for write in writes if (sku := write.values.get(SUCCESSOR))}
    found = {row.sku: row for row in Variant.objects.filter(sku__in=skus)} if skus else {}
    if missing := sorted(skus - found.keys()):
        message = _("No variant has the SKU %(sku)s: it was deleted, or its row was not applied.")
        raise SuccessorError(message % {"sku": missing[0]})
    return found


def _by_part(
    values: Mapping[str, Any],
    known: Mapping[str, BulkField],
    categories: Mapping[int, Category],
    successors: Mapping[str, Variant],
) -> Parts:
    parts: Parts = {}
    for code, value in values.items():
        each = known[code]
        of_part = parts.setdefault((each.part, each.language), {})
        if code == SUCCESSOR:
            of_part[each.name] = successors.get(value)
        else:
            of_part[each.name] = each.to_value(value, categories=categories)
    return parts


def _names(codes: Collection[str], known: Mapping[str, BulkField], part: str) -> set[str]:
    return {known[code].name for code in codes if known[code].part == part}


def _variant_edits(
    writes: Iterable[tuple[Write, Parts]], known: Mapping[str, BulkField]
) -> Iterator[VariantEdit]:
    for write, parts in writes:
        if (changes := parts.get((VARIANT, ""))) and (variant := write.target.variant):
            unlocked = _names(write.unlocked, known, VARIANT)
            yield VariantEdit(variant_id=variant.pk, changes=changes, unlocked=unlocked)


def _product_edits(
    writes: Iterable[tuple[Write, Parts]], known: Mapping[str, BulkField]
) -> Iterator[ProductEdit]:
    for write, parts in writes:
        stated = parts.get((PRODUCT, ""), {})
        changes = {name: value for name, value in stated.items() if name != "status"}
        if changes:
            unlocked = _names(write.unlocked, known, PRODUCT)
            yield ProductEdit(
                product_id=write.target.product.pk, changes=changes, unlocked=unlocked
            )


def _spec_edits(
    writes: Iterable[tuple[Write, Parts]], known: Mapping[str, BulkField]
) -> Iterator[SpecEdit]:
    for write, parts in writes:
        if changes := parts.get((SPEC, "")):
            yield SpecEdit(
                product_id=write.target.product.pk,
                changes=changes,
                weights=write.weights,
                sources={known[code].name: entry for code, entry in write.sources.items()},
                unlocked=_names(write.unlocked, known, SPEC),
                reasons=write.reasons,
            )


@requires_transaction
def _save_identifiers(
    writes: Sequence[tuple[Write, Parts]], known: Mapping[str, BulkField], *, now: datetime
) -> None:
    stated = [
        (write.target, parts[IDENTIFIER, ""])
        for write, parts in writes
        if (IDENTIFIER, "") in parts
    ]
    if stated:
        identifiers.save_identifiers(stated, now=now)
    for write, _parts in writes:
        for scheme in _names(write.unlocked, known, IDENTIFIER):
            if write.target.variant is not None:
                variant_edits.return_variant_field(write.target.variant, field=scheme, now=now)


@requires_transaction
def _save_texts(writes: Iterable[tuple[Write, Parts]], *, now: datetime) -> None:
    edits = []
    for write, parts in writes:
        for (part, language), changed in parts.items():
            if part == TEXT:
                present = write.target.part(TEXT, language=language)
                new = {name: getattr(present, name) for name in TEXT_FIELDS} | changed
                pk, texts = write.target.product.pk, TranslatedTexts(**new)
                edits.append(TextEdit(product_id=pk, language=language, texts=texts))
    if edits:
        text_edits.edit_texts(edits, now=now)


@requires_transaction
def _save_file_values(
    writes: Sequence[Write], known: Mapping[str, BulkField], *, now: datetime
) -> None:
    """Save the values of the fields that only files state."""
    for language, texts in _option_texts(writes, known).items():
        text_edits.save_option_texts(language=language, texts=texts)
    modes = {
        write.target.product.pk: mode_texts.to_modes(
            write.values[MODES_CODE], write.target.mode_rows
        )
        for write in writes
        if MODES_CODE in write.values
    }
    if modes:
        reasons = {write.target.product.pk: write.reasons.get(MODES, "") for write in writes}
        spec_edits.edit_modes_of_products(modes, now=now, reasons=reasons)
    if warnings := [*_warning_edits(writes, known)]:
        editing.apply_edits(warnings, now=now)
    for code in (PRODUCT_IMAGES, VARIANT_IMAGES):
        stated = [(write.target, write.values[code]) for write in writes if code in write.values]
        if stated:
            image_lists.save_images(known[code].name, stated, now=now)
    for write in writes:
        for code in write.unlocked:
            if known[code].part in {IMAGES, MODES}:
                field = lock_name(known[code])
                editing.return_product_field(write.target.product, field=field, now=now)


@requires_transaction
def _save_evidence(writes: Sequence[Write], *, now: datetime, actor: str) -> None:
    """Save documents and guarantees."""
    stated = {
        code: [
            (write.target.product, write.values[code]) for write in writes if code in write.values
        ]
        for code in (DOCUMENTS_CODE, GUARANTEE_CODE)
    }
    if documents := stated[DOCUMENTS_CODE]:
        document_lists.save_documents(documents, actor=actor)
    if guarantees := stated[GUARANTEE_CODE]:
        guarantee_fields.save_guarantees(guarantees, actor=actor, now=now)


def _option_texts(
    writes: Iterable[Write], known: Mapping[str, BulkField]
) -> dict[str, dict[tuple[str, str], str]]:
    """Return the translations of options by language, as ``save_option_texts`` takes them."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    for write in writes:
        for code, value in write.values.items():
            each = known[code]
            if isinstance(each, OptionTextField):
                source = each.source(write.target)
                found.setdefault(each.language, {})[each.kind, source] = value
    return found


def _warning_edits(
    writes: Iterable[Write], known: Mapping[str, BulkField]
) -> Iterator[ProductEdit]:
    for write in writes:
        stated = {
            known[code].name: text
            for code, text in write.values.items()
            if known[code].part == WARNINGS
        }
        if stated:
            all_texts = {**write.target.product.safety_warnings, **stated}
            texts = {code: text for code, text in all_texts.items() if text}
            pk = write.target.product.pk
            yield ProductEdit(product_id=pk, changes={"safety_warnings": texts})


def _by_status(writes: Iterable[tuple[Write, Parts]]) -> dict[str, list[Product]]:
    found: dict[str, list[Product]] = {}
    for write, parts in writes:
        if status := parts.get((PRODUCT, ""), {}).get("status"):
            found.setdefault(status, []).append(write.target.product)
    return found
