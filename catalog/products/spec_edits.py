"""Specification edits by staff: lock the values against feeds, record who set them, check them.

``Spec.sources`` holds one entry per edited column: ``{"actor", "at", "feed": {…}, "basis"}``, in which
``feed`` is what the supplier states instead, if anything, and ``basis`` is left out if staff named none.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from catalog.attributes import plausibility
from catalog.attributes.findings import Finding
from catalog.attributes.plausibility import StatedMode
from catalog.custom_attributes.registry import CUSTOM
from catalog.listings.publication import lock_product, republish
from catalog.models import Mode, Product, Spec, Variant
from catalog.models.attributes import DERIVED_COLUMN, EDITABLE_COLUMNS
from storefront.lib.db import bulk
from storefront.lib.db.transactions import requires_transaction

MODES = "modes"  # in ``Product.overridden_fields``: staff edited the light modes
MODE_COLUMNS = ("name", "kind", "output_lm", "runtime_min", "intensity_cd")
BASIS = "basis:"  # prefix of a column in changes: what its value rests on


def find_implausible(values: Mapping[str, Any], *, modes: Sequence[StatedMode]) -> list[Finding]:
    """Return the findings on columns of ``Spec``; a value out of its range gives no second one."""
    ranges = (
        plausibility.check_range(column, Decimal(values[column]))
        for column in plausibility.RANGES
        if values.get(column) is not None
    )
    findings = [finding for finding in ranges if finding]
    possible = {**values, **dict.fromkeys(finding.column for finding in findings)}
    return [*findings, *plausibility.check(plausibility.to_claim(possible, modes=tuple(modes)))]


def values_of(spec: Spec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in EDITABLE_COLUMNS}


def _warnings(spec: Spec, modes: Sequence[StatedMode]) -> list[dict[str, Any]]:
    findings = find_implausible(values_of(spec), modes=modes)
    return [{**asdict(finding), "raw": ""} for finding in findings]


def check_again(spec: Spec) -> None:
    """Compute the findings of a specification again, in memory, from its values."""
    spec.warnings = _warnings(spec, stated_modes(spec.product))


def stated_modes(product: Product) -> list[StatedMode]:
    rows = Mode.objects.filter(product=product).order_by("position")
    return [stated_mode(row) for row in rows]


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
        unlocked["warnings"] = _warnings(mixed, modes)
    return unlocked


def _staff_source(entry: Mapping[str, Any], feed: Mapping[str, Any] | None) -> dict[str, Any]:
    stated = entry.get("basis")
    basis = {"basis": stated} if stated and stated != Spec.Basis.NONE else {}
    return {"actor": entry["actor"], "at": entry["at"], "feed": dict(feed or {}), **basis}


@requires_transaction
def edit_spec(
    *,
    product: Product,
    changes: Mapping[str, Any],
    variant_weights: Mapping[int, int | None] | None = None,
    actor: str,
    now: datetime,
) -> list[Finding]:
    """Save staff's values, lock them against feeds and publish the result; return the findings.

    A value without a basis in ``changes`` has none.
    Shape:  ``changes`` maps columns, or ``custom:`` and the code of an attribute, to values, and
            ``basis:`` and one of these names to a ``Spec.Basis``; ``variant_weights`` maps variants
            to weights, if they do not all get the weight in ``changes``; others keep theirs
    Locks:  the variants if their weight changes, then the listings, each in id order, then the
            product
    """
    variants = Variant.objects.filter(product=product)
    if "weight_g" in changes:
        locked_rows = variants.select_for_update(of=["self"], no_key=True).order_by("pk")
        list(locked_rows.values_list("pk"))
    lock_product(product.pk)
    row = Product.objects.select_for_update(of=["self"]).get(pk=product.pk)
    spec = Spec.objects.filter(product=row).first() or Spec(product=row)
    locked = {name.removeprefix(BASIS) for name in changes}
    for name in locked:
        if name in changes:
            _set_value(spec, name, changes[name])
        before = spec.sources.get(name, {})
        entry = {"actor": actor, "at": now.isoformat(), "basis": changes.get(f"{BASIS}{name}")}
        spec.sources[name] = _staff_source(entry, before.get("feed", before))
    if "intensity_cd" in locked:
        candela = spec.intensity_cd
        spec.beam_m = None if candela is None else plausibility.beam_m(candela)
        locked.add(DERIVED_COLUMN)
    if "weight_g" in changes:
        unlocked = variants.exclude(overridden_fields__contains="weight_g")
        if variant_weights is None:
            unlocked.update(weight_g=changes["weight_g"])
        for pk, weight_g in (variant_weights or {}).items():
            unlocked.filter(pk=pk).update(weight_g=weight_g)
    modes = stated_modes(row)
    spec.warnings = _warnings(spec, modes)
    spec.save()
    _lock_fields(row, locked, now=now)
    republish(row.pk, now=now)
    return find_implausible(values_of(spec), modes=modes)


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
def edit_modes(*, product: Product, modes: Sequence[Mode], now: datetime) -> None:
    """Replace the light modes by staff's, and lock them against feeds.

    Shape:  ``modes`` are rows that stay, in the order of their positions, then new rows
    Locks:  the listings of the product in id order, then the product
    """
    lock_product(product.pk)
    row = Product.objects.select_for_update(of=["self"]).get(pk=product.pk)
    present = {mode.pk: mode for mode in Mode.objects.filter(product=row).order_by("position")}
    changes = ModeChanges()
    changes.add(
        row,
        [*present.values()],
        [
            (present.get(mode.pk), {name: getattr(mode, name) for name in MODE_COLUMNS})
            for mode in modes
        ],
    )
    changes.save()
    if spec := Spec.objects.filter(product=row).first():
        spec.warnings = _warnings(spec, stated_modes(row))
        spec.save(update_fields=["warnings"])
    _lock_fields(row, {MODES}, now=now)
    republish(row.pk, now=now)


def _lock_fields(product: Product, names: Collection[str], *, now: datetime) -> None:
    product.overridden_fields = sorted({*product.overridden_fields, *names})
    product.updated_at = now
    product.save(update_fields=["overridden_fields", "updated_at"])
