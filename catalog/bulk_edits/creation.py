"""Bulk edit creation: plan, create and remove the products and variants that rows of a file add.

The first row of a product creates it with its variant, later rows add variants. ``BulkEditRow.wanted``
holds beside the stated values ``HANDLE``, the URL handle, and ``FIRST``, the row that creates the
product; without ``FIRST`` the product exists.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from catalog.attributes.colors import color_of
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
from catalog.bulk_edits.file_fields import OPTION_NAMES, OPTION_VALUES
from catalog.bulk_edits.planning import RowPlan
from catalog.listings.publication import republish
from catalog.models import (
    BulkEditRow,
    Completeness,
    FieldChange,
    Identifier,
    Image,
    Mode,
    Product,
    ProductCard,
    ProductText,
    Spec,
    Variant,
)
from catalog.products import creation, variant_edits
from catalog.readiness import lifecycle
from storefront.lib.db import bulk
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.state_machine import InvalidTransitionError

HANDLE, FIRST = "handle", "first"
TITLE, LITHIUM = "product.title", "variant.lithium"
NEEDED_OF_PRODUCT = (TITLE, BRAND, FAMILY, CATEGORY)
NEEDED_OF_VARIANT = (LITHIUM,)
# What belongs to a product or variant. Anything else that refers to it is built on it.
OWN_PARTS = (
    *(Completeness, FieldChange, Identifier, Image, Mode, ProductCard, ProductText, Spec),
    BulkEditRow,
)


class CreationError(ValueError):
    """A row cannot create its product or variant. The message is for staff."""


def plan_new(
    sku: str,
    target: Target,
    wanted: Mapping[str, Any],
    known: Mapping[str, BulkField],
    *,
    is_first: bool,
) -> RowPlan:
    """Return what a row creates, and what is wrong with its values.

    Shape:  ``target`` has an unsaved variant; if the row creates the product, that is unsaved, too,
            and has the stated brand, category and family, as far as they are known
    """
    needed = (*NEEDED_OF_PRODUCT, *NEEDED_OF_VARIANT) if is_first else NEEDED_OF_VARIANT
    if missing := [known[code].label for code in needed if wanted.get(code) in (None, "")]:
        message = _("No variant has the SKU %(sku)s. To create it, state: %(fields)s.")
        return RowPlan(rejection=message % {"sku": sku[:60], "fields": ", ".join(missing)})
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
    taken = {
        *Variant.objects.filter(sku__in=[row.name for row in rows]).values_list("sku", flat=True)
    }
    created: dict[int, Product] = {}  # by the position of the first row
    rest: dict[int, dict[str, Any]] = {}
    for row in rows:
        set_change_source(f"bulk edit:{row.edit_id}", actor=actor)
        if row.name in taken:
            raise CreationError(
                _("A variant with this SKU was added since the dry run. Upload the file again.")
            )
        first = row.wanted.get(FIRST)
        is_later = first not in {None, row.position}
        product = created.get(first) if is_later else None
        if product is None and row.product_id:
            product = Product.objects.filter(pk=row.product_id).first()
        rest[row.pk] = _create_row(row, known, product)
        if row.product is not None:
            created[row.position] = row.product
            republish(row.product.pk, now=now)
    bulk.update(BulkEditRow, dict.fromkeys(rows, ("product", "variant")))
    return rest


@requires_transaction
def _create_row(
    row: BulkEditRow, known: Mapping[str, BulkField], product: Product | None
) -> dict[str, Any]:
    """Create the variant of a row, and its product if it is the first; return the values to write."""
    stated = {known[code]: value for code, value in row.wanted.items() if code in known}
    values = {
        each.name: each.to_value(value) for each, value in stated.items() if each.part == VARIANT
    }
    variant = Variant(sku=row.name, **values)
    variant.cell_count = variant.cell_count or 0
    variant.overridden_fields = sorted(values.keys() & {*variant_edits.LOCKABLE_FIELDS})
    rest = {code: value for code, value in row.after.items() if known[code].part != VARIANT}
    if row.wanted.get(FIRST):
        rest.pop(STATUS, None)  # ``set_statuses`` sets it
    if product is not None:
        variant.product = product
        variant.color = variant.color or color_of(product.option_names, variant.option_values)
        creation.create_variant(variant)
    elif row.wanted.get(FIRST) == row.position:
        product = _new_product(row, stated)
        variant.color = variant.color or color_of(product.option_names, variant.option_values)
        creation.create_product(product, brand_name=row.wanted[BRAND], first=variant)
        rest = {code: value for code, value in rest.items() if known[code].part != PRODUCT}
    elif row.wanted.get(FIRST):
        message = _("Row %(row)s, which creates the product, was not applied.")
        raise CreationError(message % {"row": row.wanted[FIRST]})
    else:
        raise CreationError(_("The product was deleted since the dry run. Upload the file again."))
    row.product, row.variant = product, variant
    row.outcome, row.message = BulkEditRow.Outcome.CREATED, ""
    return rest


def _new_product(row: BulkEditRow, stated: Mapping[BulkField, Any]) -> Product:
    handle = row.wanted[HANDLE]
    if handle and Product.objects.filter(slug=handle).exists():
        raise CreationError(
            _("A product with this URL handle was added since the dry run. Upload the file again.")
        )
    values = {
        each.name: each.to_value(value)
        for each, value in stated.items()
        if each.part == PRODUCT and each.code not in {BRAND, STATUS}
    }
    return Product(slug=handle, overridden_fields=sorted(values), **values)


@requires_transaction
def set_statuses(rows: Sequence[BulkEditRow], *, now: datetime, actor: str) -> None:
    """Give new products their stated status. One whose values do not allow it stays a draft."""
    for row in [row for row in rows if row.wanted.get(FIRST) and STATUS in row.after]:
        product = Product.objects.get(pk=row.product_id or 0)
        source = f"bulk edit:{row.edit_id}"
        try:
            with transaction.atomic():
                lifecycle.move_in_steps(
                    [product], to=row.after[STATUS], actor=actor, now=now, source=source
                )
        except InvalidTransitionError as error:
            message = _("The product stays a draft: %(reason)s") % {"reason": error}
            row.message = message[: planning.MAX_MESSAGE]
            del row.after[STATUS]
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
    users = {*_find_users(variant, Variant)}
    if of_product:
        if Variant.objects.filter(product=product).exclude(pk=variant.pk).exists():
            return _("The product has other variants.")
        users |= {*_find_users(product, Product)}
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


def _find_users(instance: Any, model: Any) -> Iterable[str]:
    """Yield the names of the tables whose rows refer to a product or variant."""
    for relation in model._meta.get_fields(include_hidden=True):  # noqa: SLF001 - Django's model API
        is_reverse = relation.auto_created and not relation.concrete
        is_variant_of = relation.field == Variant.product.field if is_reverse else False
        if not is_reverse or is_variant_of or relation.related_model in OWN_PARTS:
            continue
        used = relation.related_model._base_manager.filter(  # noqa: SLF001
            **{relation.field.name: instance}
        )
        if used.exists():
            yield str(capfirst(relation.related_model._meta.verbose_name_plural))  # noqa: SLF001
