"""State machines: move statuses along allowed transitions, detect races, record each change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db import connection, models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.prepared_queries import planned_cursor


class InvalidTransitionError(RuntimeError):
    """The transition is not allowed."""


class ConcurrentUpdateError(RuntimeError):
    """The row was changed concurrently."""


class StatusChange(models.Model):
    """One transition of one row on one status field: who, when, why. Append-only."""

    subject = models.CharField(_("Record type"), max_length=60)  # model label, e.g. "orders.Order"
    subject_id = models.BigIntegerField(_("Record ID"))
    status_field = models.CharField(_("Status field"), max_length=30)
    from_status = models.CharField(_("Previous status"), max_length=30)
    to_status = models.CharField(_("New status"), max_length=30)
    at = models.DateTimeField(_("When"))
    actor = models.CharField(_("User"), max_length=100, blank=True)
    reason = models.CharField(_("Reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("status change")
        verbose_name_plural = _("status changes")
        indexes = [
            models.Index(fields=["subject", "subject_id", "status_field", "id"]),
            models.Index(
                fields=["actor"], condition=~models.Q(actor=""), name="status_change_by_actor"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_id}: {self.from_status} -> {self.to_status}"


_INSERT_HISTORY = """
INSERT INTO lib_statuschange
    (subject, subject_id, status_field, from_status, to_status, at, actor, reason)
SELECT %s, moved.id, %s, %s, %s, %s, %s, %s FROM moved
"""
quoted = connection.ops.quote_name


class Stateful(models.Model):
    """A row with status fields; STATUS_FIELDS maps each to its transitions.

    By default the only status field is ``status``, with TRANSITIONS. A status field ``x`` has a
    field ``x_since`` beside it.
    """

    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {}
    STATUS_FIELDS: ClassVar[Mapping[str, Mapping[Any, frozenset[Any]]]] = {}

    class Meta:
        abstract = True

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.STATUS_FIELDS = cls.STATUS_FIELDS or {"status": cls.TRANSITIONS}

    def move(  # noqa: PLR0913 - all parts of one transition
        self,
        to: str,
        *,
        at: datetime,
        status_field: str = "status",
        actor: str = "",
        reason: str = "",
        expected: Sequence[str] = (),
        **fields: Any,
    ) -> None:
        """Change a status in the database, record the change, then set it in memory.

        ``expected`` names more columns that must be unchanged since the row was read: the row may
        have left the status and returned to it since. ``fields`` are values to set, not
        expressions.

        Raises: InvalidTransitionError: the transition is not allowed.
                ConcurrentUpdateError: the row changed since it was read.
        """
        here: str = getattr(self, status_field)
        if to not in self.STATUS_FIELDS[status_field][here]:
            raise self.refusal(status_field)
        changes = {status_field: to, f"{status_field}_since": at, **fields}
        expected_values = {name: getattr(self, name) for name in (status_field, *expected)}
        change_values = [self._meta.label, status_field, here, to, at, actor[:100], reason[:500]]
        if not self._update_and_record(
            changes, expected_values=expected_values, change_values=change_values
        ):
            message = gettext("%(row)s changed in the meantime. Open its page again.")
            raise ConcurrentUpdateError(message % {"row": self})
        for name, value in changes.items():
            setattr(self, name, value)

    def refusal(self, status_field: str = "status") -> InvalidTransitionError:
        """Return the error of an action that the current status does not allow."""
        status: str = getattr(self, status_field)
        label = dict(self._column(status_field).flatchoices).get(status, status)
        message = gettext("%(row)s: the status %(status)s does not allow this.")
        return InvalidTransitionError(message % {"row": self, "status": label})

    def _update_and_record(
        self,
        changes: Mapping[str, Any],
        *,
        expected_values: Mapping[str, Any],
        change_values: Sequence[Any],
    ) -> bool:
        """Update the row and insert the StatusChange in one statement, if it is unchanged."""
        sets = ", ".join(f"{self._quoted(name)} = %s" for name in changes)
        holds = "".join(
            f" AND {self._quoted(name)} IS NOT DISTINCT FROM %s" for name in expected_values
        )
        values = [
            *(self._db_value(name, value) for name, value in changes.items()),
            self.pk,
            *(self._db_value(name, value) for name, value in expected_values.items()),
        ]
        table, key = quoted(self._meta.db_table), self._quoted("pk")
        statement = (
            f"WITH moved AS (UPDATE {table} SET {sets} WHERE {key} = %s{holds}"  # noqa: S608
            f" RETURNING {key} AS id) {_INSERT_HISTORY}"  # names of our own columns
        )
        with planned_cursor(connection) as cursor:
            cursor.execute(statement, [*values, *change_values])
            return bool(cursor.rowcount)

    def _column(self, name: str) -> Any:
        return self._meta.pk if name == "pk" else self._meta.get_field(name)

    def _quoted(self, name: str) -> str:
        return quoted(self._column(name).column)

    def _db_value(self, name: str, value: Any) -> Any:
        known = value.pk if isinstance(value, models.Model) else value
        return self._column(name).get_db_prep_save(known, connection)


def copy_history(row: Stateful, *, to: Stateful) -> None:
    """Copy the status history of a row to a row that was split from it."""
    label = row._meta.label  # noqa: SLF001 - Django's documented model API
    moves = StatusChange.objects.filter(subject=label, subject_id=row.pk).order_by("pk")
    copies = list(moves)
    for change in copies:
        change.pk, change.subject_id = None, to.pk
    StatusChange.objects.bulk_create(copies)
