"""Statuses that move along drawn lines, one winner at a time, and leave a trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db import models, transaction


class IllegalMoveError(RuntimeError):
    """The line from here to there is not drawn."""


class LostRaceError(RuntimeError):
    """Somebody else moved the row first; it is no longer where we last saw it."""


class StatusChange(models.Model):
    """One move of one row along one of its axes: who, when, why. Append-only."""

    subject = models.CharField(max_length=60)  # model label, e.g. "orders.Order"
    subject_id = models.BigIntegerField()
    axis = models.CharField(max_length=30)
    from_status = models.CharField(max_length=30)
    to_status = models.CharField(max_length=30)
    at = models.DateTimeField()
    actor = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=["subject", "subject_id", "axis", "id"])]

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_id}: {self.from_status} -> {self.to_status}"


class Stateful(models.Model):
    """A row with one or more statuses. ``AXES`` maps each status column to its table.

    Each status column ``x`` has a companion ``x_since``.
    """

    AXES: ClassVar[Mapping[str, Mapping[Any, frozenset[Any]]]] = {}

    class Meta:
        abstract = True

    def move(  # noqa: PLR0913 - where to, when, who, why, and what must still hold
        self,
        to: str,
        *,
        at: datetime,
        axis: str = "status",
        actor: str = "",
        reason: str = "",
        as_seen: Sequence[str] = (),
        **fields: Any,
    ) -> None:
        """Move to a new status in the database, then in memory, and keep the trace.

        ``as_seen`` names columns that must be as we last saw them too: a row that came back
        to a status in the meantime is not the row that we decided about.

        Raises: IllegalMoveError  the line is not drawn
                LostRaceError     the row is no longer where we last saw it
        """
        here: str = getattr(self, axis)
        if to not in self.AXES[axis][here]:
            raise IllegalMoveError(f"{self}: {here} -> {to}")
        changes = {axis: to, f"{axis}_since": at, **fields}
        with transaction.atomic():
            seen = {name: getattr(self, name) for name in (axis, *as_seen)}
            row = type(self)._base_manager.filter(pk=self.pk, **seen)  # noqa: SLF001
            if not row.update(**changes):
                raise LostRaceError(f"{self}: no longer {here}")
            StatusChange.objects.create(
                subject=self._meta.label,
                subject_id=self.pk,
                axis=axis,
                from_status=here,
                to_status=to,
                at=at,
                actor=actor[:100],
                reason=reason[:500],
            )
        for name, value in changes.items():
            setattr(self, name, value)

    def has_passed(self, status: str, *, axis: str = "status") -> bool:
        """Test whether a status is the present one, or lies behind it."""
        table = self.AXES[axis]
        ahead = {status}
        while more := {to for here in ahead for to in table[here]} - ahead:
            ahead |= more
        return getattr(self, axis) in ahead
