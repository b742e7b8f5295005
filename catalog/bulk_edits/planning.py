"""Bulk edit planning: collect the rows, compare old and new values, check the new ones."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from catalog.attributes.findings import find_new
from catalog.bulk_edits import fields as bulk_fields
from catalog.bulk_edits import identifiers
from catalog.bulk_edits.cells import mode_texts
from catalog.bulk_edits.fields import (
    BRAND,
    CATEGORY,
    FAMILY,
    IDENTIFIER,
    SPEC,
    STATUS,
    VARIANT,
    BrandField,
    BulkField,
    Target,
    unknown_brand,
)
from catalog.bulk_edits.file_fields import MODES_CODE, all_fields
from catalog.models import BulkEdit, BulkEditRow, Category, Product, Variant
from catalog.products.spec_edits import (
    MODES,
    find_implausible,
    stated_mode,
    values_of,
)
from catalog.products.staff.spec_form import finding_label
from catalog.products.staff.variant_form import BATTERY_FIELDS, find_battery_problems
from catalog.readiness import lifecycle
from storefront.lib.db.transactions import requires_transaction

Outcome = BulkEditRow.Outcome
MAX_ROWS = 20_000
BATCH = 500
MAX_NAME, MAX_MESSAGE = 200, 500


class TooManyRowsError(ValueError):
    """The selection has more than ``MAX_ROWS`` rows. Nothing is stored."""


@dataclass(slots=True, kw_only=True)
class RowPlan:
    """The changed values of one row by code, with warnings; ``rejection`` says why it is rejected."""

    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    findings: list[dict[str, str]] = field(default_factory=list)
    rejection: str = ""
    is_new: bool = False

    @property
    def outcome(self) -> str:
        if self.rejection:
            return Outcome.REJECTED
        if self.is_new:
            return Outcome.NEW
        return Outcome.PLANNED if self.after else Outcome.UNCHANGED


@transaction.atomic(durable=True)
def create_edit(
    rows: "QuerySet[Product] | QuerySet[Variant]", *, kind: str, actor: str, now: datetime
) -> BulkEdit:
    """Store a draft that edits these products or variants.

    Raises: TooManyRowsError
    """
    label = "title" if kind == BulkEdit.Kind.PRODUCTS else "sku"
    parent = "pk" if kind == BulkEdit.Kind.PRODUCTS else "product"
    found = list(rows.order_by("pk").values_list("pk", parent, label)[: MAX_ROWS + 1])
    if len(found) > MAX_ROWS:
        raise TooManyRowsError(MAX_ROWS)
    edit = BulkEdit.objects.create(
        kind=kind, created_by=actor[:100], created_at=now, status_since=now
    )
    BulkEditRow.objects.bulk_create(
        [
            BulkEditRow(
                edit=edit,
                position=position,
                product_id=product_id,
                variant_id=pk if kind == BulkEdit.Kind.VARIANTS else None,
                name=name[:MAX_NAME],
            )
            for position, (pk, product_id, name) in enumerate(found, start=1)
        ],
        batch_size=1_000,
    )
    return edit


def plan_rows(edit: BulkEdit) -> None:
    """Compare and check the rows that are not checked yet, in batches. Repeatable."""
    known = all_fields()
    pending = BulkEditRow.objects.filter(edit=edit, outcome=Outcome.PENDING).order_by("position")
    for ids in batched(list(pending.values_list("pk", flat=True)), BATCH):
        rows = list(BulkEditRow.objects.filter(pk__in=ids).order_by("position"))
        targets, variants = bulk_fields.load_targets(
            [row.product_id for row in rows if row.product_id],
            [row.variant_id for row in rows if row.variant_id],
        )
        for row in rows:
            target = targets.get(row.product_id or 0)
            if target is None or (row.variant_id and row.variant_id not in variants):
                row.outcome, row.message = (
                    Outcome.REJECTED,
                    _("The product or variant was deleted in the meantime."),
                )
                continue
            target.variant = variants.get(row.variant_id or 0)
            wanted = row.wanted or wanted_values(edit.operations, target, known)
            store_plan(row, plan_values(target, wanted, known))
        reject_incomplete(rows)
        BulkEditRow.objects.bulk_update(
            rows, ["before", "after", "findings", "message", "outcome"], batch_size=BATCH
        )


def reject_incomplete(rows: Iterable[BulkEditRow]) -> None:
    """Reject rows that make a product ready although it lacks what its sale needs."""
    ready = [
        row
        for row in rows
        if row.outcome == Outcome.PLANNED and row.after.get(STATUS) == Product.Status.READY
    ]
    with transaction.atomic():
        found = lifecycle.find_unsellable({row.product_id for row in ready if row.product_id})
    for row in ready:
        if missing := found.get(row.product_id or 0):
            row.outcome = Outcome.REJECTED
            row.message = lifecycle.describe_missing(missing)[:MAX_MESSAGE]


def store_plan(row: BulkEditRow, plan: RowPlan) -> None:
    row.before, row.after, row.findings = plan.before, plan.after, plan.findings
    row.message, row.outcome = plan.rejection[:MAX_MESSAGE], plan.outcome


def reasons_for(row: BulkEditRow) -> dict[str, str]:
    """Return the reason for each unlikely value of a row by column: of the file, else of the edit."""
    of_edit = row.edit.finding_reasons
    return {
        each["column"]: each.get("reason") or of_edit.get(each["column"], "")
        for each in row.findings
    }


def wanted_values(
    operations: Iterable[Mapping[str, Any]], target: Target, known: Mapping[str, BulkField]
) -> dict[str, Any]:
    """Return the values that the operations give the fields of one target, as JSON by code."""
    wanted = {}
    for operation in operations:
        each = known.get(operation["field"])
        if each is None:
            continue  # an attribute that was deleted meanwhile
        value = operation["value"]
        if operation["how"] == "clear":
            value = each.empty
        elif operation["how"] in {"append", "remove"}:
            present = list(each.read(target))
            if operation["how"] == "append":
                value = present + [one for one in value if one not in present]
            else:
                value = [one for one in present if one not in value]
        wanted[each.code] = value
    return wanted


def plan_values(
    target: Target, wanted: Mapping[str, Any], known: Mapping[str, BulkField]
) -> RowPlan:
    """Return what would change, and what is wrong with the new values.

    Stated identifiers are added to those of the variant.
    """
    plan, rejections = RowPlan(), list[str]()
    for code, wanted_value in wanted.items():
        each, value = known[code], wanted_value
        present = each.read(target)
        if each.part == IDENTIFIER:
            new, problems = identifiers.find_new(target, each.name, value)
            value, rejections = [*present, *new], [*rejections, *problems]
        if present != value:
            plan.before[code], plan.after[code] = present, value
    if plan.after:
        rejections += _status_problems(target, plan.after)
        rejections += _brand_problems(target, plan.after, known)
        rejections += _family_problems(target, plan.after)
        rejections += _foreign_attributes(target, plan.after, known)
        rejections += _spec_problems(target, plan, known)
        rejections += _variant_problems(target, plan.after, known)
    plan.rejection = " ".join(rejections)
    return plan


def _status_problems(target: Target, after: Mapping[str, Any]) -> Iterable[str]:
    if STATUS in after and not lifecycle.can_move(target.product, after[STATUS]):
        message = _("The status %(old)s cannot change to %(new)s.")
        new = Product.Status(after[STATUS]).label
        yield message % {"old": target.product.get_status_display(), "new": new}


def _brand_problems(
    target: Target, after: Mapping[str, Any], known: Mapping[str, BulkField]
) -> Iterable[str]:
    brand = known.get(BRAND)
    is_changed = BRAND in after and target.product.pk is not None
    if is_changed and isinstance(brand, BrandField) and brand.find(after[BRAND]) is None:
        yield unknown_brand(after[BRAND])


def _family_problems(target: Target, after: Mapping[str, Any]) -> Iterable[str]:
    if FAMILY not in after:
        return
    category = target.product.category
    if CATEGORY in after:
        category = Category.objects.get(pk=after[CATEGORY])
    if not category.has_family(after[FAMILY]):
        yield _("This category does not show products of this family.")


def _foreign_attributes(
    target: Target, codes: Collection[str], known: Mapping[str, BulkField]
) -> Iterable[str]:
    family = target.product.family
    for code in codes:
        definition = known[code].definition
        if definition is not None and not definition.applies_to(family):
            message = _("%(field)s: products of this family do not have this attribute.")
            yield message % {"field": known[code].label}


def _spec_problems(target: Target, plan: RowPlan, known: Mapping[str, BulkField]) -> list[str]:
    """Return the errors that the new values cause; add the new warnings to the plan."""
    columns = {
        known[code].name: known[code].to_value(value)
        for code, value in plan.after.items()
        if known[code].part == SPEC and known[code].definition is None
    }
    if not columns and MODES_CODE not in plan.after:
        return []
    present, modes = values_of(target.spec), target.modes
    inputs = target.spec.check_inputs
    before = find_implausible(present, inputs=inputs, modes=modes)
    if MODES_CODE in plan.after:
        modes = [stated_mode(row) for row in mode_texts.to_modes(plan.after[MODES_CODE], ())]
    found = find_implausible(present | columns, inputs=inputs, modes=modes)
    new = find_new(found, before=before, changed={*columns, MODES})
    plan.findings = [
        {"column": each.column, "message": each.message} for each in new if not each.is_error
    ]
    message = _("%(field)s is not possible: %(finding)s.")
    return [
        message % {"field": finding_label(each.column), "finding": each.message}
        for each in new
        if each.is_error
    ]


def _variant_problems(
    target: Target, after: Mapping[str, Any], known: Mapping[str, BulkField]
) -> list[str]:
    changes = {
        known[code].name: value for code, value in after.items() if known[code].part == VARIANT
    }
    if target.variant is None or not changes.keys() & BATTERY_FIELDS:
        return []
    values = {name: getattr(target.variant, name) for name in BATTERY_FIELDS} | changes
    return list(find_battery_problems(values).values())


@requires_transaction
def set_operations(edit: BulkEdit, operations: list[dict[str, Any]]) -> None:
    """Store the operations and forget an earlier plan."""
    edit.operations = operations
    edit.save(update_fields=["operations"])
    edit.rows.update(
        outcome=Outcome.PENDING, before={}, after={}, findings=[], message="", unlocked=[]
    )
