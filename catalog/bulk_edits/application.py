"""Bulk edit application: apply the planned rows, undo them, continue after a worker died.

step     what happens                              transaction    safe to repeat because
prepare  rows are compared and checked             per batch      checked rows are skipped
apply    the services write one product or variant one per row    a row is applied if still planned
undo     the services restore the old values       one per row    a row is undone if still changed

One worker at a time holds the session lock of an edit. It is released if the worker dies, and the
sweep ``continue_edits`` queues the edit again.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _

from catalog.bulk_edits import fields as bulk_fields
from catalog.bulk_edits import identifiers, planning
from catalog.bulk_edits.fields import (
    IDENTIFIER,
    OF_VARIANT,
    PRODUCT,
    SPEC,
    TEXT,
    TEXT_FIELDS,
    VARIANT,
    BulkField,
    Target,
)
from catalog.bulk_edits.identifiers import IdentifierError
from catalog.listings.publication import lock_product
from catalog.models import BulkEdit, BulkEditRow, FieldChange, Product, Variant
from catalog.products import editing, spec_edits, variant_edits
from catalog.products.translations import text_edits
from catalog.products.translations.text_edits import TranslatedTexts
from catalog.readiness import lifecycle
from storefront.lib.clock import running_clock
from storefront.lib.db import advisory_locks
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.state_machine import InvalidTransitionError

log = logging.getLogger(__name__)

Status, Outcome = BulkEdit.Status, BulkEditRow.Outcome
LOCK_NAME = "bulk edit"
WEIGHT = "spec.weight_g"  # of a product; its variants get it, too
OPEN = (Status.PREPARING, Status.APPLYING, Status.UNDOING)
MAX_AT_ONCE = 200  # rows that a request handles without a worker
TIME_LIMIT_S = 600.0  # below Celery's limit; the rest is continued by the sweep
# Errors of one row, which are the same if it is repeated. ``ObjectDoesNotExist``: a category that
# was deleted meanwhile.
FAILURES = (
    *(DataError, IntegrityError, ObjectDoesNotExist),
    *(LookupError, TypeError, ValueError, ValidationError),
)

type Step = Callable[[BulkEditRow, Mapping[str, BulkField], datetime, str], None]


@transaction.atomic(durable=True)
def prepare(edit: BulkEdit, *, operations: list[dict[str, Any]], actor: str, now: datetime) -> None:
    """Store the operations and request their preview.

    Raises: InvalidTransitionError, ConcurrentUpdateError  it was submitted before
    """
    if edit.status == Status.READY:
        edit.move(Status.DRAFT, at=now, actor=actor)
    edit.move(Status.PREPARING, at=now, actor=actor)
    planning.set_operations(edit, operations)


def start(edit: BulkEdit, *, actor: str, now: datetime) -> None:
    """Request to apply a plan. Raises as ``prepare``."""
    edit.move(Status.APPLYING, at=now, actor=actor, applied_by=actor[:100])


def start_undo(edit: BulkEdit, *, actor: str, now: datetime) -> None:
    """Request to undo an applied edit. Raises as ``prepare``."""
    edit.move(Status.UNDOING, at=now, actor=actor, undone_by=actor[:100])


def continue_edit(edit_id: int, *, now: datetime, time_limit_s: float = TIME_LIMIT_S) -> None:
    """Do the requested work of an edit, unless another worker does it."""
    ends_at, clock = time.monotonic() + time_limit_s, running_clock(now)
    for _slice in advisory_locks.lock_free_slices(LOCK_NAME, [edit_id]):
        edit = BulkEdit.objects.get(pk=edit_id)
        if edit.status == Status.PREPARING:
            _plan(edit, clock=clock)
        elif edit.status == Status.APPLYING:
            rows = edit.rows.filter(outcome=Outcome.PLANNED).order_by("position")
            ids = rows.values_list("pk", flat=True)
            if _do_rows(ids, _apply_row, edit.applied_by, clock, ends_at):
                edit.move(Status.APPLIED, at=clock())
        elif edit.status == Status.UNDOING:
            rows = edit.rows.filter(outcome=Outcome.CHANGED).order_by("-position")
            ids = rows.values_list("pk", flat=True)
            if _do_rows(ids, _undo_row, edit.undone_by, clock, ends_at):
                edit.move(Status.UNDONE, at=clock())


def _plan(edit: BulkEdit, *, clock: Callable[[], datetime]) -> None:
    """Check the rows. An unexpected error ends the preview, because the sweep would repeat it."""
    try:
        planning.plan_rows(edit)
    except Exception:
        log.exception("the preview of bulk edit %s failed", edit.pk)
        edit.move(Status.FAILED, at=clock())
    else:
        edit.move(Status.READY, at=clock())


def _do_rows(
    ids: Iterable[int], step: Step, actor: str, clock: Callable[[], datetime], ends_at: float
) -> bool:
    """Do a step for each row in its own transaction; return False if the time was up."""
    known = bulk_fields.all_fields()
    for pk in list(ids):
        if time.monotonic() > ends_at:
            return False
        try:
            with transaction.atomic(durable=True):
                row = BulkEditRow.objects.select_for_update(of=["self"]).get(pk=pk)
                step(row, known, clock(), actor)
        except (IdentifierError, InvalidTransitionError) as error:
            _store_failure(pk, step, str(error))
        except FAILURES:
            log.exception("row %s of a bulk edit failed", pk)
            message = _(
                "Not saved because of an unexpected error. Try again. The log has the details."
            )
            _store_failure(pk, step, message)
    return True


def _store_failure(pk: int, step: Step, message: str) -> None:
    outcome = Outcome.REJECTED if step is _apply_row else Outcome.KEPT
    BulkEditRow.objects.filter(pk=pk).update(
        outcome=outcome, message=message[: planning.MAX_MESSAGE]
    )


@requires_transaction
def _apply_row(row: BulkEditRow, known: Mapping[str, BulkField], now: datetime, actor: str) -> None:
    if row.outcome != Outcome.PLANNED:
        return
    target = _lock_target(row)
    moved = [] if target is None else _differing(target, row.before, known)
    if target is None or moved:
        row.outcome, row.message = Outcome.CONFLICT, _names(moved, known)
    else:
        row.unlocked = [code for code in row.after if not _is_locked(target, known[code])]
        source = f"bulk edit:{row.edit_id}"
        _write(target, row.after, known, source=source, now=now, actor=actor)
        row.outcome = Outcome.CHANGED
    row.save(update_fields=["outcome", "message", "unlocked"])


@requires_transaction
def _undo_row(row: BulkEditRow, known: Mapping[str, BulkField], now: datetime, actor: str) -> None:
    """Restore the values that are unchanged since the edit; leave the others as they are."""
    if row.outcome != Outcome.CHANGED:
        return
    target = _lock_target(row)
    kept = [*row.after] if target is None else _differing(target, row.after, known)
    restored = {code: value for code, value in row.before.items() if code not in kept}
    if target is not None and restored:
        source = f"bulk edit undone:{row.edit_id}"
        weights = _weights_before(row)
        _write(target, restored, known, weights=weights, source=source, now=now, actor=actor)
        for code in restored:
            if code in row.unlocked:
                _unlock(target, known[code], now=now)
    row.outcome = Outcome.KEPT if kept else Outcome.RESTORED
    row.message = _names(kept, known)
    row.save(update_fields=["outcome", "message"])


def _weights_before(row: BulkEditRow) -> dict[int, int | None]:
    """Map the variants that still have the weight of the edit to their weights before it.

    The history of fields has them. Variants whose history is deleted keep their weight.
    """
    after = row.after.get(WEIGHT)
    recorded = FieldChange.objects.filter(
        product=row.product_id,
        record=FieldChange.Record.VARIANT,
        field="weight_g",
        source=f"bulk edit:{row.edit_id}",
    )
    before = {
        change.record_id: change.old for change in recorded.order_by("-pk") if change.new == after
    }
    variants = Variant.objects.filter(pk__in=before, weight_g=after)
    return {pk: before[pk] for pk in variants.values_list("pk", flat=True)}


def _differing(
    target: Target, expected: Mapping[str, Any], known: Mapping[str, BulkField]
) -> list[str]:
    """Return the codes of fields that have another value than expected, or no longer exist."""
    return [
        code
        for code, value in expected.items()
        if code not in known or known[code].read(target) != value
    ]


def _names(codes: Iterable[str], known: Mapping[str, BulkField]) -> str:
    names = [known[code].label if code in known else code for code in codes]
    return ", ".join(names)[: planning.MAX_MESSAGE]


@requires_transaction
def _lock_target(row: BulkEditRow) -> Target | None:
    """Return the rows to change; None if they are deleted.

    Locks:  the variants of the product, then its listings, each in id order, then the product
    """
    if row.product_id is None:
        return None
    variants = Variant.objects.filter(product=row.product_id).order_by("pk")
    list(variants.select_for_update(of=["self"], no_key=True).values_list("pk"))
    lock_product(row.product_id)
    list(
        Product.objects.filter(pk=row.product_id)
        .select_for_update(of=["self"])
        .values_list("pk", flat=True)
    )
    targets, found = bulk_fields.load_targets(
        [row.product_id], [row.variant_id] if row.variant_id else []
    )
    target = targets.get(row.product_id)
    if target is not None and row.variant_id:
        target.variant = found.get(row.variant_id)
        if target.variant is None or target.variant.product_id != row.product_id:
            return None
    return target


@requires_transaction
def _write(  # noqa: PLR0913 - values, and who writes them
    target: Target,
    values: Mapping[str, Any],
    known: Mapping[str, BulkField],
    *,
    weights: Mapping[int, int | None] | None = None,
    source: str,
    now: datetime,
    actor: str,
) -> None:
    """Write values of all parts; the status last, because it may depend on them.

    ``weights`` are those of variants, as ``spec_edits.edit_spec`` takes them.
    """
    set_change_source(source, actor=actor)
    by_part: dict[str, dict[str, Any]] = {}
    texts: dict[str, dict[str, str]] = {}
    for code, value in values.items():
        each = known[code]
        of_part = by_part.setdefault(each.part, {})
        of_part = texts.setdefault(each.language, {}) if each.part == TEXT else of_part
        of_part[each.name] = each.to_value(value)
    for scheme, stated in by_part.get(IDENTIFIER, {}).items():
        identifiers.save_identifiers(target, scheme, stated, now=now)
    if (changes := by_part.get(VARIANT)) and target.variant is not None:
        variant_edits.edit_variant(variant=target.variant, changes=changes, now=now)
    status = by_part.get(PRODUCT, {}).pop("status", None)
    if changes := by_part.get(PRODUCT):
        editing.apply_edit(product=target.product, changes=changes, now=now)
    if changes := by_part.get(SPEC):
        spec_edits.edit_spec(
            product=target.product,
            changes=changes,
            variant_weights=weights,
            actor=actor,
            now=now,
        )
    for language, changed in texts.items():
        present = target.part(TEXT, language=language)
        new = {name: getattr(present, name) for name in TEXT_FIELDS} | changed
        text_edits.save_texts(
            product=target.product, language=language, texts=TranslatedTexts(**new), now=now
        )
    if status:
        lifecycle.move_in_steps(
            product=target.product, to=status, actor=actor, now=now, source=source
        )


def _is_locked(target: Target, each: BulkField) -> bool:
    """Return whether an undo has no field to return to the feeds, which state no translations."""
    row = target.variant if each.part in OF_VARIANT else target.product
    return each.part == TEXT or row is None or each.name in row.overridden_fields


@requires_transaction
def _unlock(target: Target, each: BulkField, *, now: datetime) -> None:
    if each.part not in OF_VARIANT:
        editing.return_product_field(target.product, field=each.name, now=now)
    elif target.variant is not None:
        variant_edits.return_variant_field(target.variant, field=each.name, now=now)
