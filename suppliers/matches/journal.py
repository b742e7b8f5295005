"""Journal: change rows so that an undo can restore them.

An undo reads the entries backwards. It is refused if a field no longer has the written value,
because a later decision or edit builds on it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from storefront.lib.db.transactions import requires_transaction
from suppliers.models import MatchDecision
from suppliers.offers.overrides import OverrideError

CHANGED_SINCE: Final = _(
    "It has changed since. Undo the later decision first, or correct the offer, the identifiers"
    " and the guarantee on their pages."
)
type Entry = dict[str, Any]


class Journal:
    """The changes of one decision, as JSON in ``entries``."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def decide(
        self,
        kind: MatchDecision.Kind,
        variant: Variant,
        other: Variant,
        *,
        actor: str,
        now: datetime,
        **more: Any,
    ) -> MatchDecision:
        """Store the merge or split that made these changes; ``more`` is what else its undo needs."""
        is_same = kind == MatchDecision.Kind.MERGE
        return MatchDecision.objects.create(
            variant=variant,
            other=other,
            kind=kind,
            answer=MatchDecision.Answer.SAME if is_same else MatchDecision.Answer.DIFFERENT,
            before={"journal": self.entries, **more},
            actor=actor,
            at=now,
        )

    def set(self, rows: Iterable[models.Model], *, is_strict: bool = True, **values: Any) -> None:
        """Set columns of rows; ``values`` are named by ``attname``, such as ``variant_id``.

        If ``is_strict`` is off, an undo keeps a value that was changed since, and is not refused.
        """
        rows = list(rows)
        if not rows:
            return
        before = {str(row.pk): {name: getattr(row, name) for name in values} for row in rows}
        self._add("set", rows[0], before=before, after=values, is_strict=is_strict)
        _objects(rows[0]).filter(pk__in=[row.pk for row in rows]).update(**values)
        for row in rows:
            for name, value in values.items():
                setattr(row, name, value)

    def extend(self, rows: Iterable[models.Model], field: str, member: str) -> None:
        """Add a member to a list of each row, in order."""
        lacking = [row for row in rows if member not in getattr(row, field)]
        if not lacking:
            return
        self._add("extend", lacking[0], pks=[row.pk for row in lacking], field=field, member=member)
        for row in lacking:
            setattr(row, field, sorted({*getattr(row, field), member}))
        _objects(lacking[0]).bulk_update(lacking, [field])

    def keep(self, rows: Iterable[models.Model], *, moves_to: int | None = None) -> None:
        """Record whole rows of variants, which the caller then changes or deletes.

        Rows that stay move to the variant ``moves_to``, if it is given. An undo is refused if
        another variant has them by then.
        """
        rows = list(rows)
        if rows:
            values = [
                {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}  # noqa: SLF001
                for row in rows
            ]
            self._add("keep", rows[0], values=values, moves_to=moves_to)

    def add(self, row: models.Model) -> None:
        """Save a new row, which an undo deletes."""
        row.save()
        self._add("add", row, pk=row.pk)

    def _add(self, step: str, row: models.Model, **entry: Any) -> None:
        self.entries.append({"step": step, "model": row._meta.label, **entry})  # noqa: SLF001


def _objects(row: models.Model) -> models.QuerySet[Any]:
    return type(row)._default_manager.all()  # noqa: SLF001


@requires_transaction
def undo(entries: Sequence[Entry]) -> None:
    """Restore the rows.

    Raises: OverrideError  a later change builds on them
    """
    for entry in reversed(entries):
        rows = apps.get_model(entry["model"])._default_manager.all()  # noqa: SLF001
        try:
            with transaction.atomic():
                _STEPS[entry["step"]](rows, entry)
        except (IntegrityError, models.ProtectedError) as error:
            raise OverrideError(CHANGED_SINCE) from error


def _restore_columns(rows: models.QuerySet[Any], entry: Entry) -> None:
    after: Mapping[str, Any] = entry["after"]
    found = rows.in_bulk([int(pk) for pk in entry["before"]])
    for pk, before in entry["before"].items():
        row = found.get(int(pk))
        is_unchanged = row is not None and all(
            getattr(row, name) == value for name, value in after.items()
        )
        if is_unchanged:
            rows.filter(pk=int(pk)).update(**before)
        elif entry["is_strict"]:
            raise OverrideError(CHANGED_SINCE)


def _remove_member(rows: models.QuerySet[Any], entry: Entry) -> None:
    field = entry["field"]
    found = list(rows.filter(pk__in=entry["pks"]))
    for row in found:
        setattr(row, field, sorted({*getattr(row, field)} - {entry["member"]}))
    rows.bulk_update(found, [field])


def _restore_rows(rows: models.QuerySet[Any], entry: Entry) -> None:
    ids = [values["id"] for values in entry["values"]]
    present = rows.in_bulk(ids)
    for values in entry["values"]:
        row = present.get(values["id"])
        if row is not None and row.variant_id != (entry["moves_to"] or values["variant_id"]):
            raise OverrideError(CHANGED_SINCE)
    rows.filter(pk__in=ids).delete()
    rows.bulk_create(rows.model(**values) for values in entry["values"])


def _delete_row(rows: models.QuerySet[Any], entry: Entry) -> None:
    rows.filter(pk=entry["pk"]).delete()


_STEPS: Final = {
    "set": _restore_columns,
    "extend": _remove_member,
    "keep": _restore_rows,
    "add": _delete_row,
}
