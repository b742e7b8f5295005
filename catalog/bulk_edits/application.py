"""Bulk edit application: apply the planned rows, undo them, continue after a worker died.

step     what happens                              transaction    safe to repeat because
prepare  rows are compared and checked             per batch      checked rows are skipped
apply    the services write products and variants  per batch      a row is applied if still planned
undo     the services restore the old values       per batch      a row is undone if still changed

If a row of a batch fails, the batch is rolled back and halved, until the failing row is alone.
One worker at a time holds the session lock of an edit. It is released if the worker dies, and the
sweep ``continue_edits`` queues the edit again.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import (
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    transaction,
)
from django.utils.translation import gettext as _

from catalog.attributes.numbers import UnreadableError
from catalog.bulk_edits import creation, planning, writing
from catalog.bulk_edits import fields as bulk_fields
from catalog.bulk_edits.creation import CreationError, Groups
from catalog.bulk_edits.fields import OF_VARIANT, SPEC, TEXT, BulkField, Target
from catalog.bulk_edits.file_fields import (
    DOCUMENTS,
    GUARANTEE,
    OPTION_NAME,
    OPTION_TEXT,
    WARNINGS,
    all_fields,
    lock_name,
)
from catalog.bulk_edits.identifiers import IdentifierError
from catalog.bulk_edits.writing import Write
from catalog.listings.publication import lock_with_variants, republish_once
from catalog.models import BulkEdit, BulkEditRow, FieldChange, Variant
from catalog.products.spec_edits import CAN_BE_UNLIKELY, MAX_REASON, reasons_of
from catalog.products.variant_edits import SuccessorError
from storefront.lib.clock import running_clock
from storefront.lib.db import advisory_locks, bulk
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.state_machine import InvalidTransitionError
from storefront.lib.tasks import TASK_ENDING

log = logging.getLogger(__name__)

Status, Outcome = BulkEdit.Status, BulkEditRow.Outcome
LOCK_NAME = "bulk edit"
REASONS = "reasons"  # in ``BulkEditRow.sources``
WEIGHT = "spec.weight_g"  # of a product; its variants get it, too
OPEN = (Status.PREPARING, Status.APPLYING, Status.UNDOING)
TO_APPLY, TO_UNDO = (Outcome.PLANNED, Outcome.NEW), (Outcome.CHANGED, Outcome.CREATED)
BATCH = 100  # rows of one transaction
MAX_AT_ONCE = 200  # rows that a request handles without a worker
TIME_LIMIT_S = 600.0  # below Celery's limit; the rest is continued by the sweep
# Errors of the database, of a statement or of the task. They end the work, and the sweep continues
# it. Any other error rejects its row.
FATAL_ERRORS = (InterfaceError, InternalError, OperationalError, ProgrammingError, *TASK_ENDING)
# Parts that no feed states.
STAFF_ONLY_PARTS = frozenset({TEXT, OPTION_TEXT, OPTION_NAME, WARNINGS, DOCUMENTS, GUARANTEE})
# Errors of one row whose texts are for staff.
MESSAGES = (
    *(CreationError, IdentifierError, InvalidTransitionError),
    *(SuccessorError, UnreadableError),
)

type Known = Mapping[str, BulkField]
type Step = Callable[[Sequence[BulkEditRow], Known, datetime, str], None]


class ReasonMissingError(ValueError):
    """Rows have unlikely values, and no reason for one of them was given."""


@transaction.atomic(durable=True)
def prepare(edit: BulkEdit, *, operations: list[dict[str, Any]], actor: str, now: datetime) -> None:
    """Store the operations and request their dry run.

    Raises: InvalidTransitionError, ConcurrentUpdateError  it was submitted before
    """
    if edit.status == Status.READY:
        edit.move(Status.DRAFT, at=now, actor=actor)
    edit.move(Status.PREPARING, at=now, actor=actor)
    planning.set_operations(edit, operations)


def find_unexplained(edit: BulkEdit) -> list[str]:
    """Return the columns with unlikely values in rows to apply, for which no file states a reason."""
    rows = edit.rows.filter(outcome__in=TO_APPLY).exclude(findings=[])
    found = {
        each["column"]
        for findings in rows.values_list("findings", flat=True)
        for each in findings
        if not each.get("reason")
    }
    return [column for column in CAN_BE_UNLIKELY if column in found]


def start(
    edit: BulkEdit,
    *,
    actor: str,
    now: datetime,
    reasons: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Request to apply a plan; ``reasons`` maps columns to why their unlikely values are right.

    Raises: ReasonMissingError; as ``prepare``
    """
    stated = {column: reason[:MAX_REASON] for column, reason in reasons.items() if reason}
    if not stated.keys() >= {*find_unexplained(edit)}:
        raise ReasonMissingError
    edit.move(
        Status.APPLYING,
        at=now,
        actor=actor,
        applied_by=actor[:100],
        reason="; ".join(dict.fromkeys(stated.values())),
        finding_reasons=stated,
    )


def start_undo(edit: BulkEdit, *, actor: str, now: datetime) -> None:
    """Request to undo an applied edit. Raises as ``prepare``."""
    edit.move(Status.UNDOING, at=now, actor=actor, undone_by=actor[:100])


def continue_edit(
    edit_id: int, *, now: datetime, time_limit_s: float = TIME_LIMIT_S, should_wait: bool = False
) -> None:
    """Do the requested work of an edit, unless another worker does it.

    ``should_wait``: wait for that worker, at most for the lock timeout.
    """
    ends_at, clock = time.monotonic() + time_limit_s, running_clock(now)
    for _slice in advisory_locks.lock_slices(
        LOCK_NAME, has_work=lambda _edit: should_wait, among=[edit_id]
    ):
        edit = BulkEdit.objects.get(pk=edit_id)
        if edit.status == Status.PREPARING:
            _plan(edit, clock=clock)
        elif edit.status == Status.APPLYING:
            groups = creation.group_rows(edit.rows.filter(outcome__in=TO_APPLY))
            if _do_rows(groups, _apply_rows, edit.applied_by, clock, ends_at):
                edit.move(Status.APPLIED, at=clock())
        elif edit.status == Status.UNDOING:
            groups = creation.group_rows(edit.rows.filter(outcome__in=TO_UNDO), reverse=True)
            if _do_rows(groups, _undo_rows, edit.undone_by, clock, ends_at):
                edit.move(Status.UNDONE, at=clock())


def _plan(edit: BulkEdit, *, clock: Callable[[], datetime]) -> None:
    """Check the rows. An unexpected error ends the dry run, because the sweep would repeat it."""
    try:
        planning.plan_rows(edit)
    except Exception:
        log.exception("the dry run of bulk edit %s failed", edit.pk)
        edit.move(Status.FAILED, at=clock())
    else:
        edit.move(Status.READY, at=clock())


def _do_rows(
    groups: Groups, step: Step, actor: str, clock: Callable[[], datetime], ends_at: float
) -> bool:
    """Do a step for the rows in batches; return False if the time was up."""
    known = all_fields()
    for batch in creation.batched_groups(groups, BATCH):
        if time.monotonic() > ends_at:
            return False
        _do_batch(batch, step, known, clock=clock, actor=actor)
    return True


def _do_batch(
    groups: Groups, step: Step, known: Known, *, clock: Callable[[], datetime], actor: str
) -> None:
    """Do a step for groups of rows in one transaction. If that fails, do it for each half."""
    ids = [pk for group in groups for pk in group]
    try:
        with transaction.atomic(durable=True):
            rows = BulkEditRow.objects.select_related("edit").select_for_update(of=["self"])
            found = rows.in_bulk(ids)
            step([found[pk] for pk in ids if pk in found], known, clock(), actor)
    except MESSAGES as error:
        message = str(error)
    except FATAL_ERRORS:
        raise
    except Exception:
        if len(ids) == 1:
            log.exception("row %s of a bulk edit failed", ids[0])
        message = _("Not saved because of an unexpected error. Try again. The log has the details.")
    else:
        return
    if len(ids) == 1:
        _store_failure(ids[0], step, message)
        return
    log.info("a batch of %s rows of a bulk edit failed and is halved", len(ids))
    parts = groups if len(groups) > 1 else [[pk] for pk in ids]
    middle = len(parts) // 2
    for half in (parts[:middle], parts[middle:]):
        _do_batch(half, step, known, clock=clock, actor=actor)


def _store_failure(pk: int, step: Step, message: str) -> None:
    """Store why a row failed, unless it was saved: what follows a commit may fail, too."""
    is_apply = step is _apply_rows
    open_rows = BulkEditRow.objects.filter(pk=pk, outcome__in=TO_APPLY if is_apply else TO_UNDO)
    open_rows.update(
        outcome=Outcome.REJECTED if is_apply else Outcome.KEPT,
        message=message[: planning.MAX_MESSAGE],
    )


@requires_transaction
def _apply_rows(rows: Sequence[BulkEditRow], known: Known, now: datetime, actor: str) -> None:
    """Write the planned values of rows whose values are those of the dry run; create new ones."""
    todo = [row for row in rows if row.outcome == Outcome.PLANNED]
    new = [row for row in rows if row.outcome == Outcome.NEW]
    creation.find_products(new)
    lock_with_variants({row.product_id for row in (*todo, *new) if row.product_id})
    with republish_once(now=now):
        _create_rows(new, known, now=now, actor=actor)
        for part in _once_per_product(todo):
            writes = []
            for row, target in _with_targets(part):
                moved = [] if target is None else _differing(target, row.before, known)
                if target is None or moved:
                    row.outcome, row.message = Outcome.CONFLICT, _names(moved, known)
                    continue
                row.unlocked = [code for code in row.after if not _is_locked(target, known[code])]
                row.sources = {
                    code: target.spec.sources.get(known[code].name)
                    for code in row.after
                    if known[code].part == SPEC
                }
                row.outcome = Outcome.CHANGED
                row.sources[REASONS] = reasons_of(target.spec)
                writes.append(
                    Write(target=target, values=row.after, reasons=planning.reasons_for(row))
                )
            source = f"bulk edit:{part[0].edit_id}"
            writing.write_values(writes, known, source=source, now=now, actor=actor)
    creation.set_statuses(new, now=now, actor=actor)
    bulk.update(BulkEditRow, dict.fromkeys(todo, ("outcome", "message", "unlocked", "sources")))


@requires_transaction
def _create_rows(rows: Sequence[BulkEditRow], known: Known, *, now: datetime, actor: str) -> None:
    rest = creation.create_rows(rows, known, now=now, actor=actor)
    for part in _once_per_product(rows):
        writes = [
            Write(target=target, values=rest[row.pk], reasons=planning.reasons_for(row))
            for row, target in _with_targets(part)
            if target is not None and rest[row.pk]
        ]
        source = f"bulk edit:{part[0].edit_id}"
        writing.write_values(writes, known, source=source, now=now, actor=actor)


@requires_transaction
def _undo_rows(rows: Sequence[BulkEditRow], known: Known, now: datetime, actor: str) -> None:
    """Restore the values that are unchanged since the edit; leave the others as they are."""
    _remove_rows([row for row in rows if row.outcome == Outcome.CREATED], known, actor=actor)
    todo = [row for row in rows if row.outcome == Outcome.CHANGED]
    lock_with_variants({row.product_id for row in todo if row.product_id})
    weights = _weights_before(todo)
    with republish_once(now=now):
        for part in _once_per_product(todo):
            writes = []
            for row, target in _with_targets(part):
                kept = [*row.after] if target is None else _differing(target, row.after, known)
                restored = {code: value for code, value in row.before.items() if code not in kept}
                if target is not None and restored:
                    write = Write(
                        target=target,
                        values=restored,
                        unlocked=[code for code in row.unlocked if code in restored],
                        weights=weights.get(row.pk, {}),
                        sources={
                            code: row.sources[code] for code in row.sources if code in restored
                        },
                        reasons=row.sources.get(REASONS, {}),
                    )
                    writes.append(write)
                row.outcome = Outcome.KEPT if kept else Outcome.RESTORED
                row.message = _names(kept, known)
            source = f"bulk edit undone:{part[0].edit_id}"
            writing.write_values(writes, known, source=source, now=now, actor=actor)
    bulk.update(BulkEditRow, dict.fromkeys(todo, ("outcome", "message")))


@requires_transaction
def _remove_rows(rows: Sequence[BulkEditRow], known: Known, *, actor: str) -> None:
    """Delete what rows created, unless it was changed since or is used."""
    lock_with_variants({row.product_id for row in rows if row.product_id})
    for row, target in _with_targets(rows):
        set_change_source(f"bulk edit undone:{row.edit_id}", actor=actor)
        reason = ""
        if target is not None:
            changed = _names(_differing(target, row.after, known), known)
            reason = _("Changed since: %(fields)s.") % {"fields": changed} if changed else ""
            reason = reason or creation.remove_created(row, target)
        row.outcome = Outcome.KEPT if reason else Outcome.REMOVED
        row.message = reason[: planning.MAX_MESSAGE]
        row.save(update_fields=["product", "variant", "outcome", "message"])


def _weights_before(rows: Sequence[BulkEditRow]) -> dict[int, dict[int, int | None]]:
    """Map rows to the variants that still have the weight of the edit, with the earlier weights.

    The history of fields has them. Variants whose history is deleted keep their weight.
    """
    by_product = {row.product_id: row for row in rows if WEIGHT in row.after}
    if not by_product:
        return {}
    recorded = FieldChange.objects.filter(
        product__in=by_product,
        record=FieldChange.Record.VARIANT,
        field="weight_g",
        source=f"bulk edit:{rows[0].edit_id}",
    )
    before = {
        change.record_id: change.old
        for change in recorded.order_by("-pk")
        if change.new == by_product[change.product_id].after[WEIGHT]
    }
    found: dict[int, dict[int, int | None]] = {}
    variants = Variant.objects.filter(pk__in=before, product__in=by_product)
    for pk, product_id, weight_g in variants.values_list("pk", "product", "weight_g"):
        row = by_product[product_id]
        if weight_g == row.after[WEIGHT]:
            found.setdefault(row.pk, {})[pk] = before[pk]
    return found


def _differing(target: Target, expected: Mapping[str, Any], known: Known) -> list[str]:
    """Return the codes of fields that have another value than expected, or no longer exist."""
    return [
        code
        for code, value in expected.items()
        if code not in known or not known[code].is_stored(target, value)
    ]


def _names(codes: Iterable[str], known: Known) -> str:
    names = [known[code].label if code in known else code for code in codes]
    return ", ".join(names)[: planning.MAX_MESSAGE]


def _once_per_product(rows: Sequence[BulkEditRow]) -> Iterator[list[BulkEditRow]]:
    """Yield the rows in parts, each product once in a part, so that a row sees earlier writes."""
    parts: list[list[BulkEditRow]] = []
    counts: dict[int | None, int] = {}
    for row in rows:
        number = counts.get(row.product_id, 0)
        counts[row.product_id] = number + 1
        if number == len(parts):
            parts.append([])
        parts[number].append(row)
    yield from parts


def _with_targets(rows: Sequence[BulkEditRow]) -> Iterator[tuple[BulkEditRow, Target | None]]:
    """Yield each row with what it changes, or None if that is deleted."""
    targets, variants = bulk_fields.load_targets(
        [row.product_id for row in rows if row.product_id],
        [row.variant_id for row in rows if row.variant_id],
    )
    for row in rows:
        target = targets.get(row.product_id or 0)
        if target is not None and row.variant_id:
            target.variant = variants.get(row.variant_id)
            if target.variant is None or target.variant.product_id != row.product_id:
                target = None
        yield row, target


def _is_locked(target: Target, each: BulkField) -> bool:
    """Return whether feeds may not change a field: it is locked, or feeds never state it."""
    row = target.variant if each.part in OF_VARIANT else target.product
    return each.part in STAFF_ONLY_PARTS or row is None or lock_name(each) in row.overridden_fields
