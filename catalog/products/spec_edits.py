"""Specification edits by staff: lock the values against feeds, record who set them, check them.

``Spec.sources`` holds one entry per edited column: ``{"actor", "at", "feed": {…}, "basis"}``, in which
``feed`` is what the supplier states instead, if anything, and ``basis`` is left out if staff named none.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from types import MappingProxyType
from typing import Any

from catalog.attributes import plausibility
from catalog.attributes.findings import RANGES, Finding, check_range
from catalog.attributes.plausibility import StatedMode
from catalog.custom_attributes.registry import CUSTOM
from catalog.listings.publication import lock_listings_of, republish_products
from catalog.models import Mode, Product, Spec, Variant
from catalog.models.attributes import DERIVED_COLUMN, EDITABLE_COLUMNS
from storefront.lib.db import bulk
from storefront.lib.db.transactions import requires_transaction

MODES = "modes"  # in ``Product.overridden_fields``: staff edited the light modes
MODE_COLUMNS = ("name", "kind", "output_lm", "runtime_min", "intensity_cd")
BASIS = "basis:"  # prefix of a column in changes: what its value rests on
REASON = "reason:"  # prefix of a column in forms and the history: why its unlikely value is right
POWER = "power_w"  # the LED power that the supplier states
# Columns, the LED power and the modes: what checks can find unlikely.
CAN_BE_UNLIKELY = (
    *("output_lm", "intensity_cd", "runtime_high_min", "battery_energy_wh"),
    *(POWER, MODES),
)
MAX_REASON = 200


def find_implausible(
    values: Mapping[str, Any], *, inputs: Mapping[str, Any], modes: Sequence[StatedMode]
) -> list[Finding]:
    """Return the findings on columns of ``Spec``; a value out of its range gives no second one.

    ``inputs`` are those of ``Spec.check_inputs``.
    """
    ranges = (
        check_range(column, Decimal(values[column]))
        for column in RANGES
        if values.get(column) is not None
    )
    findings = [finding for finding in ranges if finding]
    possible = {**values, **dict.fromkeys(finding.column for finding in findings)}
    return [*findings, *plausibility.check(plausibility.claim_with(possible, inputs, modes=modes))]


def values_of(spec: Spec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in EDITABLE_COLUMNS}


def _findings(spec: Spec, modes: Sequence[StatedMode]) -> list[Finding]:
    return find_implausible(values_of(spec), inputs=spec.check_inputs, modes=modes)


def reasons_of(spec: Spec) -> dict[str, str]:
    """Return why the unlikely values of a specification are right, by column."""
    return {one["column"]: one["reason"] for one in spec.warnings if one.get("reason")}


def _stored(
    findings: Iterable[Finding],
    *,
    before: Iterable[Mapping[str, Any]] = (),
    changed: Collection[str] = (),
    reasons: Mapping[str, str] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """Return findings as they are stored. Warnings get the ``reasons`` of staff by column.

    Others keep theirs from ``before``, the stored findings so far, if the column is not ``changed``
    or has the same finding.
    """
    old = [one for one in before if one.get("reason")]
    kept = {(one["column"], one["code"]): one["reason"] for one in old}
    same = {(one["column"], one["message"]) for one in old}
    stored = []
    for finding in findings:
        entry = {**asdict(finding), "raw": ""}
        stays = finding.column not in changed or (finding.column, finding.message) in same
        former = kept.get((finding.column, finding.code), "") if stays else ""
        stated = reasons.get(finding.column) or former
        is_explained = stated and not finding.is_error
        stored.append({**entry, "reason": stated} if is_explained else entry)
    # Imports find what is wrong with custom values; a value of staff has no error.
    return [*stored, *(one for one in _custom(before) if one["column"] not in changed)]


def _custom(warnings: Iterable[Mapping[str, Any]]) -> list[Any]:
    return [one for one in warnings if one["column"].startswith(CUSTOM)]


def check_again(spec: Spec) -> None:
    """Compute the findings of a specification again, in memory, from its values."""
    spec.warnings = _stored(_findings(spec, stated_modes(spec.product)), before=spec.warnings)


def stated_modes(product: Product) -> list[StatedMode]:
    return stated_modes_of([product.pk]).get(product.pk, [])


def stated_modes_of(product_ids: Collection[int]) -> dict[int, list[StatedMode]]:
    """Return the modes of products by product, in the order of their positions."""
    modes: dict[int, list[StatedMode]] = {}
    for row in Mode.objects.filter(product__in=product_ids).order_by("product", "position"):
        modes.setdefault(row.product_id, []).append(stated_mode(row))
    return modes


def stated_mode(row: Mode) -> StatedMode:
    return StatedMode(
        name=row.name, kind=row.kind, output_lm=row.output_lm, runtime_min=row.runtime_min
    )


def keep_edits(
    spec: Spec, stated: Mapping[str, Any], *, locked: Collection[str], modes: Sequence[StatedMode]
) -> dict[str, Any]:
    """Return the columns of a feed that may be written: all but the locked ones.

    Edited columns keep their source, with the text that the feed states now. The warnings are
    computed again from the values of staff and feed together.
    """
    unlocked = {name: value for name, value in stated.items() if name not in locked}
    edited = {name: spec.sources[name] for name in locked if "actor" in spec.sources.get(name, {})}
    if edited:
        sources = stated["sources"]
        kept = {name: _staff_source(old, sources.get(name)) for name, old in edited.items()}
        unlocked["sources"] = {**sources, **kept}
        mixed = Spec(**{name: unlocked.get(name, getattr(spec, name)) for name in EDITABLE_COLUMNS})
        mixed.check_inputs = unlocked["check_inputs"]
        custom = {one["column"] for one in _custom(spec.warnings)}
        found = _stored(_findings(mixed, modes), before=spec.warnings, changed=custom)
        unlocked["warnings"] = [*found, *_custom(stated["warnings"])]
    return unlocked


def _staff_source(entry: Mapping[str, Any], feed: Mapping[str, Any] | None) -> dict[str, Any]:
    stated = entry.get("basis")
    basis = {"basis": stated} if stated and stated != Spec.Basis.NONE else {}
    return {"actor": entry["actor"], "at": entry["at"], "feed": dict(feed or {}), **basis}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecEdit:
    """The new values of one specification.

    - ``changes`` maps columns, or ``custom:`` and the code of an attribute, to values, and
      ``basis:`` and one of these names to a ``Spec.Basis``. A value without a basis has none.
    - ``weights`` maps variants to weights, if they do not all get the weight in ``changes``; others
      keep theirs.
    - ``sources`` maps columns to the entries of ``Spec.sources`` that an undo restores, or to None.
    - ``unlocked`` are fields that feeds may change again.
    - ``reasons`` maps columns, ``POWER`` or ``MODES`` to why the unlikely value is right.
    """

    product_id: int
    changes: Mapping[str, Any]
    weights: Mapping[int, int | None] | None = None
    sources: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    unlocked: Collection[str] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> set[str]:
        return {name.removeprefix(BASIS) for name in self.changes}


@requires_transaction
def edit_spec(
    *,
    product: Product,
    changes: Mapping[str, Any],
    actor: str,
    now: datetime,
    reasons: Mapping[str, str] = MappingProxyType({}),
) -> list[Finding]:
    """Save staff's values, as ``edit_specs`` does; return the findings."""
    edits = [SpecEdit(product_id=product.pk, changes=changes, reasons=reasons)]
    return edit_specs(edits, actor=actor, now=now)[product.pk]


@requires_transaction
def edit_specs(edits: Sequence[SpecEdit], *, actor: str, now: datetime) -> dict[int, list[Finding]]:
    """Save staff's values, lock them against feeds and publish the result.

    Returns the findings by product.

    Locks:  the variants of products whose weight changes, then the listings, then the products,
            each in id order
    """
    ids = [edit.product_id for edit in edits]
    weighed = [edit.product_id for edit in edits if "weight_g" in edit.changes]
    variants = list(
        Variant.objects.filter(product__in=weighed)
        .select_for_update(of=["self"], no_key=True)
        .order_by("pk")
    )
    lock_listings_of(ids)
    products = Product.objects.filter(pk__in=ids).select_for_update(of=["self"])
    rows = products.order_by("pk").in_bulk()
    present = {spec.product_id: spec for spec in Spec.objects.filter(product__in=ids)}
    modes = stated_modes_of(ids)
    findings: dict[int, list[Finding]] = {}
    new: list[Spec] = []
    changed: dict[Spec, list[str]] = {}
    for edit in edits:
        spec = present.get(edit.product_id) or Spec(product_id=edit.product_id)
        names = _set_values(spec, edit, actor=actor, now=now)
        found = _findings(spec, modes.get(edit.product_id, ()))
        findings[edit.product_id] = found
        spec.warnings = _stored(
            found, before=spec.warnings, changed=edit.changes.keys(), reasons=edit.reasons
        )
        if spec.pk is None:
            new.append(spec)
        else:
            changed[spec] = [*names, "warnings"]
    Spec.objects.bulk_create(new)
    bulk.update(Spec, changed)
    _set_variant_weights(variants, edits)
    _lock_fields(rows, edits, now=now)
    republish_products(ids, now=now)
    return findings


def _set_values(spec: Spec, edit: SpecEdit, *, actor: str, now: datetime) -> list[str]:
    """Set the values and their sources in memory; return the changed columns."""
    changes, names = edit.changes, {"sources"}
    for name in edit.columns:
        if name in changes:
            _set_value(spec, name, changes[name])
            names.add("custom_values" if name.startswith(CUSTOM) else name)
        before = spec.sources.get(name, {})
        feed = before.get("feed", before)
        if name in edit.sources:
            _restore_source(spec, name, edit.sources[name], feed=feed)
        else:
            entry = {"actor": actor, "at": now.isoformat(), "basis": changes.get(f"{BASIS}{name}")}
            spec.sources[name] = _staff_source(entry, feed)
    if "intensity_cd" in edit.columns:
        candela = spec.intensity_cd
        spec.beam_m = None if candela is None else plausibility.beam_m(candela)
        names.add(DERIVED_COLUMN)
    return sorted(names)


def _restore_source(
    spec: Spec, name: str, entry: Mapping[str, Any] | None, *, feed: Mapping[str, Any]
) -> None:
    """Restore an earlier source; what a feed has stated since is kept beside staff's value."""
    if entry is None:
        spec.sources.pop(name, None)
    else:
        spec.sources[name] = _staff_source(entry, feed) if "actor" in entry else dict(entry)


@requires_transaction
def _set_variant_weights(variants: Iterable[Variant], edits: Iterable[SpecEdit]) -> None:
    """Give the variants the weight of their product, except those whose weight staff edited."""
    by_product = {edit.product_id: edit for edit in edits if "weight_g" in edit.changes}
    changed: dict[Variant, list[str]] = {}
    for variant in variants:
        edit = by_product[variant.product_id]
        known = variant.weight_g if edit.weights is not None else edit.changes["weight_g"]
        wanted = (edit.weights or {}).get(variant.pk, known)
        is_locked = "weight_g" in variant.overridden_fields
        if not is_locked and (names := bulk.set_changed(variant, {"weight_g": wanted})):
            changed[variant] = names
    bulk.update(Variant, changed)


def _set_value(spec: Spec, name: str, value: Any) -> None:
    code = name.removeprefix(CUSTOM)
    if code == name:
        setattr(spec, name, value)
    elif value in (None, "", []):
        spec.custom_values.pop(code, None)
    else:
        spec.custom_values[code] = f"{value:f}" if isinstance(value, Decimal) else value


@dataclass(slots=True)
class ModeChanges:
    """Collects the rows to write for many products."""

    _new: list[Mode] = field(default_factory=list)
    _changed: dict[Mode, list[str]] = field(default_factory=dict)
    _stale: list[int] = field(default_factory=list)

    def add(
        self,
        product: Product,
        present: Sequence[Mode],
        wanted: Sequence[tuple[Mode | None, Mapping[str, Any]]],
    ) -> bool:
        """Return whether the modes of a product differ.

        Shape:  ``present`` in the order of the positions; ``wanted`` pairs each of these rows that
                stays with its new values, and each new row with None; new rows come last
        """
        kept = {row.pk for row, _values in wanted if row is not None}
        stale = [row.pk for row in present if row.pk not in kept]
        position = max((row.position for row in present if row.pk in kept), default=-1)
        is_changed = bool(stale)
        for row, values in wanted:
            if row is None:
                position += 1
                self._new.append(Mode(product=product, position=position, **values))
                is_changed = True
            elif names := bulk.set_changed(row, values):
                self._changed[row] = names
                is_changed = True
        self._stale += stale
        return is_changed

    def replace(
        self, product: Product, present: Sequence[Mode], wanted: Sequence[Mapping[str, Any]]
    ) -> bool:
        """As ``add``; each present row gets the values of its place."""
        return self.add(product, present, list(zip_longest(present[: len(wanted)], wanted)))

    def save(self) -> None:
        if self._stale:
            Mode.objects.filter(pk__in=self._stale).delete()
        bulk.update(Mode, self._changed)
        Mode.objects.bulk_create(self._new)


@requires_transaction
def edit_modes(*, product: Product, modes: Sequence[Mode], now: datetime, reason: str = "") -> None:
    """Replace the light modes of a product by staff's, as ``edit_modes_of_products`` does."""
    edit_modes_of_products({product.pk: modes}, now=now, reasons={product.pk: reason})


@requires_transaction
def edit_modes_of_products(
    wanted: Mapping[int, Sequence[Mode]], *, now: datetime, reasons: Mapping[int, str]
) -> None:
    """Replace the light modes of products by staff's, and lock them against feeds.

    Shape:  ``wanted`` maps products to rows that stay, in the order of their positions, then new
            rows; ``reasons`` maps products to why unlikely modes are right
    Locks:  the listings of the products, then the products, each in id order
    """
    lock_listings_of(wanted)
    products = Product.objects.filter(pk__in=wanted).select_for_update(of=["self"])
    rows = products.order_by("pk").in_bulk()
    present: dict[int, dict[int, Mode]] = {}
    for mode in Mode.objects.filter(product__in=wanted).order_by("product", "position"):
        present.setdefault(mode.product_id, {})[mode.pk] = mode
    changes = ModeChanges()
    for pk, modes in wanted.items():
        known = present.get(pk, {})
        changes.add(
            rows[pk],
            [*known.values()],
            [
                (known.get(mode.pk), {name: getattr(mode, name) for name in MODE_COLUMNS})
                for mode in modes
            ],
        )
    changes.save()
    stated = stated_modes_of(wanted)
    specs = {spec: ["warnings"] for spec in Spec.objects.filter(product__in=wanted)}
    for spec in specs:
        found = _findings(spec, stated.get(spec.product_id, ()))
        why = {MODES: reasons.get(spec.product_id, "")}
        spec.warnings = _stored(found, before=spec.warnings, changed={MODES}, reasons=why)
    bulk.update(Spec, specs)
    for row in rows.values():
        row.overridden_fields = sorted({*row.overridden_fields, MODES})
        row.updated_at = now
    bulk.update(Product, dict.fromkeys(rows.values(), ("overridden_fields", "updated_at")))
    republish_products(wanted, now=now)


def _lock_fields(rows: Mapping[int, Product], edits: Iterable[SpecEdit], *, now: datetime) -> None:
    """Lock the edited columns, and what is derived from them, against feeds."""
    changed: dict[Product, list[str]] = {}
    for edit in edits:
        row = rows[edit.product_id]
        locked = {*row.overridden_fields, *_with_derived(edit.columns)}
        row.overridden_fields = sorted(locked - _with_derived(edit.unlocked))
        row.updated_at = now
        changed[row] = ["overridden_fields", "updated_at"]
    bulk.update(Product, changed)


def _with_derived(columns: Iterable[str]) -> set[str]:
    found = {*columns}
    return found | {DERIVED_COLUMN} if "intensity_cd" in found else found
