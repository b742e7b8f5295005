"""Bulk edit writing: save the values of many products and variants through the edit services."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.bulk_edits import identifiers, image_lists, mode_texts
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
    IMAGES,
    MODES,
    WARNINGS,
    ImagesField,
    OptionTextField,
    lock_name,
)
from catalog.models import Category, OptionText, Product
from catalog.products import editing, spec_edits, variant_edits
from catalog.products.editing import ProductEdit
from catalog.products.spec_edits import SpecEdit
from catalog.products.translations import text_edits
from catalog.products.translations.text_edits import TranslatedTexts
from catalog.products.variant_edits import VariantEdit
from catalog.readiness import lifecycle
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction

type Parts = dict[tuple[str, str], dict[str, Any]]  # (part, language) -> name -> value


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """The values to write to one target, as JSON by code.

    ``unlocked`` are codes that feeds may change again; ``weights`` and ``sources`` as ``SpecEdit``
    takes them, the sources by code; ``reason`` is why unlikely values are right.
    """

    target: Target
    values: Mapping[str, Any]
    unlocked: Collection[str] = ()
    weights: Mapping[int, int | None] | None = None
    sources: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


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
    categories = _categories(writes)
    parts = [(write, _by_part(write.values, known, categories)) for write in writes]
    variant_edits.edit_variants([*_variant_edits(parts, known)], now=now)
    editing.apply_edits([*_product_edits(parts, known)], now=now)
    spec_edits.edit_specs([*_spec_edits(parts, known)], actor=actor, now=now)
    for write, of_write in parts:
        _save_identifiers(write, of_write, known, now=now)
        _save_texts(write.target, of_write, now=now)
        _save_file_values(write, known, now=now)
    for to, products in _by_status(parts).items():
        lifecycle.move_in_steps(products, to=to, actor=actor, now=now, source=source)


def _categories(writes: Sequence[Write]) -> dict[int, Category]:
    ids = {write.values[CATEGORY] for write in writes if CATEGORY in write.values}
    return Category.objects.in_bulk([*ids]) if ids else {}


def _by_part(
    values: Mapping[str, Any], known: Mapping[str, BulkField], categories: Mapping[int, Category]
) -> Parts:
    parts: Parts = {}
    for code, value in values.items():
        each = known[code]
        of_part = parts.setdefault((each.part, each.language), {})
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
                reason=write.reason,
            )


@requires_transaction
def _save_identifiers(
    write: Write, parts: Parts, known: Mapping[str, BulkField], *, now: datetime
) -> None:
    for scheme, stated in parts.get((IDENTIFIER, ""), {}).items():
        identifiers.save_identifiers(write.target, scheme, stated, now=now)
    for scheme in _names(write.unlocked, known, IDENTIFIER):
        if write.target.variant is not None:
            variant_edits.return_variant_field(write.target.variant, field=scheme, now=now)


@requires_transaction
def _save_texts(target: Target, parts: Parts, *, now: datetime) -> None:
    for (part, language), changed in parts.items():
        if part == TEXT:
            present = target.part(TEXT, language=language)
            new = {name: getattr(present, name) for name in TEXT_FIELDS} | changed
            texts = TranslatedTexts(**new)
            text_edits.save_texts(product=target.product, language=language, texts=texts, now=now)


@requires_transaction
def _save_file_values(write: Write, known: Mapping[str, BulkField], *, now: datetime) -> None:
    """Save the values of the fields that only files state."""
    target, product = write.target, write.target.product
    warnings: dict[str, str] = {}
    for code, value in write.values.items():
        each = known[code]
        if isinstance(each, ImagesField):
            image_lists.save_images(each, target, value, now=now)
        elif isinstance(each, OptionTextField):
            texts = {(OptionText.Kind.VALUE.value, each.source(target)): value}
            text_edits.save_option_texts(language=each.language, texts=texts)
        elif each.part == MODES:
            modes = mode_texts.to_modes(value, target.mode_rows)
            spec_edits.edit_modes(product=product, modes=modes, now=now)
        elif each.part == WARNINGS:
            warnings[each.name] = value
    if warnings:
        stated = {**product.safety_warnings, **warnings}
        changes = {"safety_warnings": {name: text for name, text in stated.items() if text}}
        editing.apply_edit(product=product, changes=changes, now=now)
    for code in write.unlocked:
        if known[code].part in {IMAGES, MODES}:
            editing.return_product_field(product, field=lock_name(known[code]), now=now)


def _by_status(writes: Iterable[tuple[Write, Parts]]) -> dict[str, list[Product]]:
    found: dict[str, list[Product]] = {}
    for write, parts in writes:
        if status := parts.get((PRODUCT, ""), {}).get("status"):
            found.setdefault(status, []).append(write.target.product)
    return found
