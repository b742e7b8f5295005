"""Mode changes: replace the light modes of products, writing only the rows that differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog.models import Mode, Product
from storefront.lib.db import bulk

MODES = "modes"  # in ``Product.overridden_fields``: staff edited the light modes


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

    def save(self) -> None:
        if self._stale:
            Mode.objects.filter(pk__in=self._stale).delete()
        bulk.update(Mode, self._changed)
        Mode.objects.bulk_create(self._new)
