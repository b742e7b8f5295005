"""Bulk edit creation: plan, create and remove the products and variants that rows of a file add.

The first row of a product creates it with its variant, later rows add variants. ``BulkEditRow.wanted``
holds beside the stated values ``HANDLE``, the URL handle, and ``FIRST``, the row that creates the
product; without ``FIRST`` the product exists.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from catalog.attributes.colors import color_of
from catalog.brands.aliases import get_or_create_brand
from catalog.bulk_edits import planning
from catalog.bulk_edits.fields import (
    BRAND,
    CATEGORY,
    FAMILY,
    PRODUCT,
    STATUS,
    VARIANT,
    BulkField,
    Target,
)
from catalog.bulk_edits.file_fields import (
    DOCUMENTS_CODE,
    GUARANTEE_CODE,
    OPTION_NAMES,
    OPTION_VALUES,
    SUCCESSOR,
)
from catalog.bulk_edits.planning import RowPlan
from catalog.listings.publication import republish
from catalog.models import (
    Brand,
    BulkEditRow,
    Category,
    Completeness,
    FieldChange,
    Identifier,
    Image,
    Mode,
    Product,
    ProductCard,
    ProductDocument,
    ProductGuarantee,
    ProductText,
    Spec,
    Variant,
)
from catalog.products import creation, variant_edits
from catalog.readiness import lifecycle
from storefront.lib.db import bulk
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction

HANDLE, FIRST = "handle", "first"
TITLE, LITHIUM = "product.title", "variant.lithium"
NEEDED_OF_PRODUCT = (TITLE, BRAND, FAMILY, CATEGORY)
NEEDED_OF_VARIANT = (LITHIUM,)
# What belongs to a product or variant. Anything else that refers to it is built on it.
OWN_PARTS = (
    *(Completeness, FieldChange, Identifier, Image, Mode, ProductCard, ProductText, Spec),
    BulkEditRow,
)
# The same if the row that created the product states them; the caller checks that they are unchanged.
STATED_PARTS = {DOCUMENTS_CODE: ProductDocument, GUARANTEE_CODE: ProductGuarantee}


type Groups = Sequence[Sequence[int]]  # ids of rows


class CreationError(ValueError):
    """A row cannot create its product or variant. The message is for staff."""


def plan_new(  # noqa: PLR0913 - a row, what it changes, what the caller knows of both
    sku: str,
    target: Target,
    wanted: Mapping[str, Any],
    known: Mapping[str, BulkField],
    *,
    is_first: bool,
    unreadable: Collection[str] = (),
) -> RowPlan:
    """Return what a row creates, and what is wrong with its values.

    Shape:  ``target`` has an unsaved variant; if the row creates the product, that is unsaved, too,
            and has the stated brand, category and family, as far as they are known;
            ``unreadable`` are fields whose cells the caller has rejected
    """
    needed = (*NEEDED_OF_PRODUCT, *NEEDED_OF_VARIANT) if is_first else NEEDED_OF_VARIANT
    missing = [code for code in needed if wanted.get(code) in (None, "")]
    if missing and {*missing} <= {*unreadable}:
        return RowPlan(is_new=True)
    if missing:
        labels = ", ".join(known[code].label for code in missing if code not in unreadable)
        message = _("No variant has the SKU %(sku)s. To create it, state: %(fields)s.")
        return RowPlan(rejection=message % {"sku": sku[:60], "fields": labels})
    status = wanted.get(STATUS, "") if target.product.pk is None else ""
    rest = {code: value for code, value in wanted.items() if not (status and code == STATUS)}
    plan = planning.plan_values(target, rest, known)
    if is_first:
        plan.before |= {FAMILY: "", CATEGORY: None}
        plan.after |= {code: wanted[code] for code in (FAMILY, CATEGORY)}
        if not target.product.category.has_family(wanted[FAMILY]):
            message = _("This category does not show products of this family.")
            plan.rejection = f"{plan.rejection} {message}".strip()
    for code in (OPTION_NAMES, OPTION_VALUES):
        if wanted.get(code):
            plan.before[code], plan.after[code] = [], wanted[code]
    if status not in {"", Product.Status.DRAFT}:
        plan.before[STATUS], plan.after[STATUS] = Product.Status.DRAFT.value, status
    plan.is_new = True
    return plan


def group_rows(rows: "QuerySet[BulkEditRow]", *, reverse: bool = False) -> Groups:
    """Return the ids of rows in groups to apply together, or in reverse to undo them.

    By position. If rows name successors that other rows create, the rows of a new product are a
    group, because its variants may replace each other, and the group of the successor comes first.
    """
    named = rows.order_by("position").annotate(
        successor=KeyTextTransform(SUCCESSOR, "wanted"), first=KeyTextTransform(FIRST, "wanted")
    )
    table = list(named.values_list("pk", "position", "name", "first", "successor"))
    group_of = {pk: int(first or position) for pk, position, _name, first, _successor in table}
    by_name = {name: group_of[pk] for pk, _position, name, _first, _successor in table}
    after: dict[int, set[int]] = {}  # group -> those of its successors
    for pk, *_rest, sku in table:
        if sku in by_name:
            after.setdefault(group_of[pk], set()).add(by_name[sku])
    if after:
        members: dict[int, list[int]] = {}
        for pk, group in group_of.items():
            members.setdefault(group, []).append(pk)
        groups = [members[group] for group in _sorted(members, after)]
    else:
        groups = [[pk] for pk in group_of]
    return [group[::-1] for group in groups[::-1]] if reverse else groups


def _sorted(groups: Iterable[int], after: dict[int, set[int]]) -> list[int]:
    while True:
        sorter = TopologicalSorter({each: after.get(each, set()) - {each} for each in groups})
        try:
            return list(sorter.static_order())
        except CycleError as error:  # rows of the other groups are rejected when they are applied
            after.pop(next(each for each in error.args[1] if each in after))
            _break_cycles(after)


def _break_cycles(after: dict[int, set[int]]) -> None:
    """Break most cycles at once: a sort finds one at a time, and a file may have thousands."""
    seen: set[int] = set()
    for start in [*after]:
        path, each = set[int](), start
        while each in after and each not in seen:
            seen.add(each)
            path.add(each)
            each = min(after[each] - {each}, default=0)  # no group is 0
        if each in path:
            after.pop(each, None)


def batched_groups(groups: Groups, size: int) -> Iterator[Groups]:
    """Yield groups that together have at most ``size`` rows, a larger one alone."""
    batch: list[Sequence[int]] = []
    count = 0
    for group in groups:
        if batch and count + len(group) > size:
            yield batch
            batch, count = [], 0
        batch.append(group)
        count += len(group)
    if batch:
        yield batch


def find_products(rows: Iterable[BulkEditRow]) -> None:
    """Set the products that earlier rows have created. Nothing is saved."""
    later = [row for row in rows if row.wanted.get(FIRST) not in {None, row.position}]
    if later:
        positions = {row.wanted[FIRST] for row in later}
        first = BulkEditRow.objects.filter(edit=later[0].edit_id, position__in=positions)
        created = dict(first.values_list("position", "product_id"))
        for row in later:
            row.product_id = created.get(row.wanted[FIRST])


@requires_transaction
def create_rows(
    rows: Sequence[BulkEditRow], known: Mapping[str, BulkField], *, now: datetime, actor: str
) -> dict[int, dict[str, Any]]:
    """Create the variants of rows, and products; return the values that are still to write, by row.

    Sets and saves the product and variant of each row.
    Locks:  the caller has locked products that exist
    Raises: CreationError  a SKU or URL handle is taken, or the product was not created
    """
    if not rows:
        return {}
    set_change_source(f"bulk edit:{rows[0].edit_id}", actor=actor)
    _check_free(rows)
    present = Product.objects.in_bulk([row.product_id for row in rows if row.product_id])
    created: dict[int, Product] = {}  # by the position of the first row
    brands: dict[str, Brand] = {}  # by stated name
    categories = Category.objects.in_bulk({row.wanted.get(CATEGORY) or 0 for row in rows})
    rest: dict[int, dict[str, Any]] = {}
    for row in rows:
        stated = {known[code]: value for code, value in row.wanted.items() if code in known}
        first = row.wanted.get(FIRST)
        product = created.get(first or 0) or present.get(row.product_id or 0)
        if product is None and first == row.position:
            product = created[first] = _new_product(
                row, stated, brands=brands, categories=categories
            )
        if product is None:
            raise _missing_product(first)
        row.product, row.variant = product, _new_variant(row, stated, product)
        row.outcome, row.message = BulkEditRow.Outcome.CREATED, ""
        rest[row.pk] = _values_to_write(row, known)
    creation.create_drafts([*created.values()])
    creation.create_variants([row.variant for row in rows if row.variant])
    for row in rows:
        row.product, row.variant = row.product, row.variant  # sets the ids, which they have now
        republish(row.product_id or 0, now=now)
    bulk.update(BulkEditRow, dict.fromkeys(rows, ("product", "variant")))
    return rest


def _check_free(rows: Sequence[BulkEditRow]) -> None:
    """Raise CreationError if a SKU or URL handle of new rows is taken."""
    if Variant.objects.filter(sku__in=[row.name for row in rows]).exists():
        raise CreationError(
            _("A variant with this SKU was added since the dry run. Upload the file again.")
        )
    handles = [row.wanted[HANDLE] for row in rows if row.wanted.get(FIRST) == row.position]
    if Product.objects.filter(slug__in=filter(None, handles)).exists():
        raise CreationError(
            _("A product with this URL handle was added since the dry run. Upload the file again.")
        )


def _missing_product(first: int | None) -> CreationError:
    if first is None:
        return CreationError(_("The product was deleted since the dry run. Upload the file again."))
    message = _("Row %(row)s, which creates the product, was not applied.")
    return CreationError(message % {"row": first})


@requires_transaction
def _new_product(
    row: BulkEditRow,
    stated: Mapping[BulkField, Any],
    *,
    brands: dict[str, Brand],
    categories: Mapping[int, Category],
) -> Product:
    """Return the product of a row, not saved; its brand is created if it is unknown."""
    values = {
        each.name: each.to_value(value, categories=categories)
        for each, value in stated.items()
        if each.part == PRODUCT and each.code not in {BRAND, STATUS}
    }
    product = Product(slug=row.wanted[HANDLE], overridden_fields=sorted(values), **values)
    name = row.wanted[BRAND]
    product.brand = brands[name] = brands.get(name) or get_or_create_brand(name)
    creation.lock_entered(product)
    return product


def _new_variant(row: BulkEditRow, stated: Mapping[BulkField, Any], product: Product) -> Variant:
    values = {
        each.name: each.to_value(value)
        for each, value in stated.items()
        if each.part == VARIANT and each.code != SUCCESSOR
    }
    variant = Variant(sku=row.name, product=product, **values)
    variant.cell_count = variant.cell_count or 0
    variant.overridden_fields = sorted(values.keys() & {*variant_edits.LOCKABLE_FIELDS})
    variant.color = variant.color or color_of(product.option_names, variant.option_values)
    return variant


def _values_to_write(row: BulkEditRow, known: Mapping[str, BulkField]) -> dict[str, Any]:
    """Return the values that the new product and variant do not have yet."""
    is_first = row.wanted.get(FIRST) == row.position
    return {
        code: value
        for code, value in row.after.items()
        if (known[code].part != VARIANT or code == SUCCESSOR)
        and not (is_first and known[code].part == PRODUCT)
        and not (row.wanted.get(FIRST) and code == STATUS)  # ``set_statuses`` sets it
    }


@requires_transaction
def set_statuses(rows: Sequence[BulkEditRow], *, now: datetime, actor: str) -> None:
    """Give new products their stated status. One whose values do not allow it stays a draft."""
    stated: dict[str, list[BulkEditRow]] = {}
    for row in rows:
        if row.wanted.get(FIRST) and STATUS in row.after:
            stated.setdefault(row.after[STATUS], []).append(row)
    for status, of_status in stated.items():
        steps = lifecycle.find_transitions(Product.Status.DRAFT, status)
        products = {row.product_id or 0 for row in of_status}
        missing = lifecycle.find_unsellable(products) if Product.Status.READY in steps else {}
        for row in of_status:
            if reason := missing.get(row.product_id or 0):
                message = _("The product stays a draft: %(reason)s") % {
                    "reason": lifecycle.describe_missing(reason)
                }
                row.message = message[: planning.MAX_MESSAGE]
                del row.after[STATUS]
        for step in steps:
            lifecycle.move_products(
                products - missing.keys(),
                to=step,
                actor=actor,
                now=now,
                source=f"bulk edit:{of_status[0].edit_id}",
            )
    bulk.update(BulkEditRow, dict.fromkeys(rows, ("after", "outcome", "message")))


@requires_transaction
def remove_created(row: BulkEditRow, target: Target) -> str:
    """Delete the variant that a row created, and its product if the row created that, too.

    Return why they stay, or "". The rows of the edit that created the product keep their text.
    """
    variant, product = target.variant, target.product
    if variant is None:
        return ""
    of_product = row.wanted.get(FIRST) == row.position
    own = (*OWN_PARTS, *(part for code, part in STATED_PARTS.items() if code in row.after))
    users = {*_find_users(variant, Variant, own)}
    if of_product:
        if Variant.objects.filter(product=product).exclude(pk=variant.pk).exists():
            return _("The product has other variants.")
        users |= {*_find_users(product, Product, own)}
    if users:
        return _("In use: %(names)s.") % {"names": ", ".join(sorted(users))}
    BulkEditRow.objects.filter(variant=variant.pk).update(variant=None)
    row.variant = None
    variant.delete()
    if of_product:
        BulkEditRow.objects.filter(product=product.pk).update(product=None)
        row.product = None
        product.delete()
    return ""


def _find_users(instance: Any, model: Any, own: Collection[Any]) -> Iterable[str]:
    """Yield the names of the tables, but ``own``, whose rows refer to a product or variant."""
    for relation in model._meta.get_fields(include_hidden=True):  # noqa: SLF001 - Django's model API
        is_reverse = relation.auto_created and not relation.concrete
        is_variant_of = relation.field == Variant.product.field if is_reverse else False
        if not is_reverse or is_variant_of or relation.related_model in own:
            continue
        used = relation.related_model._base_manager.filter(  # noqa: SLF001
            **{relation.field.name: instance}
        )
        if used.exists():
            yield str(capfirst(relation.related_model._meta.verbose_name_plural))  # noqa: SLF001
