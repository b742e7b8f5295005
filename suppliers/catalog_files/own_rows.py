"""Own rows: compare the rows of a staff file with the catalog, in batches, and plan each.

A cell that equals the export of its variant is unchanged, whatever it says.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from catalog.attributes.numbers import UnreadableError
from catalog.bulk_edits import creation, file_fields, identifiers, planning
from catalog.bulk_edits import fields as bulk_fields
from catalog.bulk_edits.creation import FIRST
from catalog.bulk_edits.fields import (
    BRAND,
    CATEGORY,
    FAMILY,
    IDENTIFIER,
    OF_VARIANT,
    BulkField,
    Target,
)
from catalog.bulk_edits.file_fields import OPTION_NAMES, SUCCESSOR
from catalog.models import Brand, BulkEditRow, Product, Spec, Variant
from catalog.products.creation import MAX_SLUG
from catalog.products.identifier_edits import NumberOwners
from catalog.products.spec_edits import MAX_REASON
from catalog.products.variant_edits import SuccessorError, check_successor, load_successors
from catalog.records import ImportIssue
from catalog.texts.options import option_key
from storefront.lib.text import fold
from suppliers.catalog_files import columns, export
from suppliers.catalog_files.own_columns import (
    HANDLE,
    MULTI_COLUMN,
    REASON,
    SKU,
    SUPPLIER_EXPORT_MARK,
    CellError,
    OwnColumns,
    is_export_heading,
)
from suppliers.catalog_files.own_options import OptionChecks, find_source, read_options
from suppliers.connectors.feed.formats.delimited import TOTAL_ROW

Outcome = BulkEditRow.Outcome
MAX_SKU = 40  # characters of ``Variant.sku``
_SKU = re.compile(r"[^\s\x00-\x1f]+(?: [^\s\x00-\x1f]+)*")


@dataclass(slots=True, kw_only=True)
class _NewProduct:
    """A product that an earlier row of the file creates."""

    position: int
    target: Target
    is_rejected: bool = False


@dataclass(slots=True, kw_only=True)
class _Batch:
    """What the catalog has of the rows of a batch.

    Shape:  ``exported`` maps SKUs to the cells of the export for suppliers; ``by_handle`` maps URL
            handles to products; ``siblings`` maps products to the options of their variants by SKU
    """

    ids: Mapping[str, int]
    variants: Mapping[int, Variant]
    targets: Mapping[int, Target]
    exported: Mapping[str, Mapping[str, str]]
    by_handle: Mapping[str, int]
    siblings: Mapping[int, Mapping[str, Sequence[str]]]
    successors: Mapping[str, Variant]  # by SKU
    owners: NumberOwners


@dataclass(slots=True)
class RowReader:
    """Reads the rows of a file in order, to find contradictions between them.

    Shape:  ``mapped`` maps headings to codes of fields; ``clears``: an empty cell clears its field
    """

    own: OwnColumns
    mapped: Mapping[str, str] = field(kw_only=True)
    clears: bool = field(kw_only=True)
    mark: str = field(kw_only=True)
    skus_of_file: Collection[str] = field(kw_only=True)
    skus: set[str] = field(default_factory=set)
    known: int = 0  # rows with a SKU of ours
    # (product, field) or (option name or value, language) -> value and row
    _stated: dict[tuple[Any, str], tuple[Any, int]] = field(default_factory=dict)
    # (scheme, number) -> row
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    _products: set[int | None] = field(default_factory=set)
    _new: dict[str, _NewProduct] = field(default_factory=dict)  # by URL handle
    _options: OptionChecks = field(default_factory=OptionChecks)

    @property
    def can_create(self) -> bool:
        """Whether the columns are there that a new variant needs."""
        return {*creation.NEEDED_OF_VARIANT} <= {*self.mapped.values()}

    def sku_of(self, cells: Mapping[str, str]) -> str:
        return self._cell(cells, SKU)

    def _cell(self, cells: Mapping[str, str], code: str) -> str:
        headings = (heading for heading, known in self.mapped.items() if known == code)
        return next((cells.get(heading, "") for heading in headings), "").strip()

    def _handle_of(self, cells: Mapping[str, str]) -> str:
        return slugify(fold(self._cell(cells, HANDLE)))[:MAX_SLUG].strip("-")

    def check_rows(
        self, rows: Sequence[BulkEditRow], cells: Sequence[dict[str, str] | ImportIssue]
    ) -> None:
        """Plan the rows: set their values, findings, outcome and message. Nothing is saved."""
        batch = self._load([each for each in cells if isinstance(each, dict)])
        for row, each in zip(rows, cells, strict=True):
            if isinstance(each, ImportIssue):
                is_total = each.code == TOTAL_ROW
                row.outcome = Outcome.UNCHANGED if is_total else Outcome.REJECTED
                row.message = each.message[: planning.MAX_MESSAGE]
                continue
            sku = self.sku_of(each)
            problem = _("The file names this SKU twice.") if sku in self.skus else _check_sku(sku)
            if problem:
                row.outcome, row.message = Outcome.REJECTED, problem
                continue
            self.skus.add(sku)
            if sku in batch.ids:
                plan = self._plan_present(row, each, batch)
            else:
                plan = self._plan_new(row, each, batch)
            if reason := self._cell(each, REASON):
                plan.findings = [
                    {**found, "reason": reason[:MAX_REASON]} for found in plan.findings
                ]
            planning.store_plan(row, plan)
        planning.reject_incomplete(rows)

    def _load(self, cells: Sequence[Mapping[str, str]]) -> _Batch:
        skus = [self.sku_of(each) for each in cells]
        ids = dict(Variant.objects.filter(sku__in=skus).values_list("sku", "pk"))
        handles = {self._handle_of(each) for each in cells} - {""}
        by_handle = dict(Product.objects.filter(slug__in=handles).values_list("slug", "pk"))
        targets, variants = bulk_fields.load_targets(by_handle.values(), ids.values())
        exported: dict[str, Mapping[str, str]] = {}
        if SUPPLIER_EXPORT_MARK in self.mapped:
            found = export.load_rows(sorted(targets))
            exported = {row.variant.sku: columns.to_cells(row) for row in found}
        siblings: dict[int, dict[str, list[str]]] = {}
        others = Variant.objects.filter(product__in=targets).exclude(
            status=Variant.Status.DISCONTINUED
        )
        for product_id, sku, values in others.values_list("product", "sku", "option_values"):
            siblings.setdefault(product_id, {})[sku] = values
        brands = {
            sku: targets[variants[pk].product_id].product.brand.name for sku, pk in ids.items()
        }
        numbers: list[str] = []
        for each in cells:
            brand = brands.get(self.sku_of(each)) or self._cell(each, BRAND)
            numbers += self.own.stated_numbers(each, self.mapped, mark=self.mark, brand=brand)
        owners = NumberOwners(numbers)
        for target in targets.values():
            target.owners = owners
        return _Batch(
            owners=owners,
            ids=ids,
            variants=variants,
            targets=targets,
            exported=exported,
            by_handle=by_handle,
            siblings=siblings,
            successors=load_successors({self._cell(each, SUCCESSOR) for each in cells} - {""}),
        )

    def _plan_present(
        self, row: BulkEditRow, cells: Mapping[str, str], batch: _Batch
    ) -> planning.RowPlan:
        """Plan the row of a variant that exists."""
        self.known += 1
        variant = batch.variants[batch.ids[row.name]]
        row.product_id, row.variant_id = variant.product_id, variant.pk
        target = batch.targets[variant.product_id]
        target.variant = variant
        wanted, unreadable = self._read(cells, target, batch.exported.get(row.name, {}))
        problems = [*unreadable.values(), *self._successor_problems(wanted, target, batch)]
        siblings = batch.siblings.get(variant.product_id, {})
        problems += self._options.check(
            row.name, wanted, target, key=variant.product_id, siblings=siblings
        )
        wanted.pop(OPTION_NAMES, None)
        handle = self._handle_of(cells)
        if handle and handle != target.product.slug:
            message = _(
                "The SKU belongs to the product %(handle)s. Correct the SKU or the URL handle."
            )
            problems.append(message % {"handle": target.product.slug})
        problems += self._contradictions(row, wanted, target, row.product_id)
        row.wanted = wanted
        plan = planning.plan_values(target, wanted, self.own.fields)
        return self._with_problems(row, target, plan, problems)

    def _plan_new(
        self, row: BulkEditRow, cells: Mapping[str, str], batch: _Batch
    ) -> planning.RowPlan:
        """Plan the row of a new variant, of a product that exists or of a new one."""
        handle = self._handle_of(cells)
        present, planned = batch.by_handle.get(handle), self._new.get(handle)
        is_first = not (present or planned)
        if present:
            row.product_id, target = present, batch.targets[present]
        else:
            target = planned.target if planned else _new_target()
        target.variant, target.owners = Variant(sku=row.name), batch.owners
        wanted, unreadable = self._read(cells, target, {})
        problems = [*unreadable.values(), *self._successor_problems(wanted, target, batch)]
        if is_first:
            self._fill_product(target, wanted)
        key = present or handle or f"row {row.position}"
        siblings = batch.siblings.get(present or 0, {})
        problems += self._options.check(row.name, wanted, target, key=key, siblings=siblings)
        if not is_first:
            wanted.pop(OPTION_NAMES, None)
        problems += self._contradictions(row, wanted, target, key)
        plan = creation.plan_new(
            row.name,
            target,
            wanted,
            self.own.fields,
            is_first=is_first,
            unreadable=unreadable.keys(),
        )
        first = None if present else planned.position if planned else row.position
        row.wanted = {**wanted, creation.HANDLE: handle, FIRST: first}
        if planned and planned.is_rejected:
            message = _("Row %(row)s, which creates the product, is rejected.")
            problems.append(message % {"row": planned.position})
        plan = self._with_problems(row, target, plan, problems)
        if is_first and handle:
            self._new[handle] = _NewProduct(
                position=row.position, target=target, is_rejected=bool(plan.rejection)
            )
        return plan

    def _fill_product(self, target: Target, wanted: Mapping[str, Any]) -> None:
        """Set what the checks of other values need of a new product."""
        product = target.product
        if brand := wanted.get(BRAND):
            product.brand = Brand(name=brand)
        if category := self.own.categories.get(wanted.get(CATEGORY, 0)):
            product.category = category
        product.family = wanted.get(FAMILY, "")

    def _with_problems(
        self,
        row: BulkEditRow,
        target: Target,
        plan: planning.RowPlan,
        problems: Sequence[str],
    ) -> planning.RowPlan:
        repeated = [*self._repeated_identifiers(row, target, plan)] if plan.after else []
        plan.rejection = " ".join(filter(None, [*problems, *repeated, plan.rejection]))
        return plan

    def _read(
        self, cells: Mapping[str, str], target: Target, exported: Mapping[str, str]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the stated values by code, and by code what is wrong with other cells."""
        wanted: dict[str, Any] = {}
        problems: dict[str, str] = {}
        # Later rows of a product may leave out what its first row states.
        is_first = target.product.pk not in self._products
        self._products.add(target.product.pk)
        for heading, code in self.mapped.items():
            each, text = self.own.fields.get(code), cells.get(heading, "")
            if each is None or (is_export_heading(heading) and text == exported.get(heading)):
                continue
            if text.strip():
                is_new = _is_new(each, target)
                if not is_new and text == self.own.write(each, each.read(target)):
                    continue
                try:
                    wanted[code] = self.own.parse(code, text, heading=heading, mark=self.mark)
                except CellError as error:
                    problems[code] = f"{error}."
            elif self.clears and each.can_clear and (is_first or each.part in OF_VARIANT):
                wanted[code] = each.empty
        wanted |= read_options(cells, target, mapped=self.mapped)
        problems |= self._read_multi_column(cells, target, wanted, is_first=is_first)
        return wanted, problems

    def _read_multi_column(
        self, cells: Mapping[str, str], target: Target, wanted: dict[str, Any], *, is_first: bool
    ) -> dict[str, str]:
        """Add the values that are in several columns; return by code what is wrong with others."""
        problems: dict[str, str] = {}
        for code, module in MULTI_COLUMN.items():
            parts = {
                name.removeprefix(f"{code}."): cells.get(heading, "")
                for heading, name in self.mapped.items()
                if name.startswith(f"{code}.")
            }
            each = self.own.fields[code]
            present = each.read(target)
            if not any(text.strip() for text in parts.values()):
                may_clear = is_first or code == file_fields.VARIANT_IMAGES
                if module.KEY in parts and self.clears and present and may_clear:
                    wanted[code] = []
                continue
            exported = module.to_cells(present, [name.partition(":")[2] for name in parts])
            if all(text == exported.get(name, "") for name, text in parts.items()):
                continue
            try:
                wanted[code] = module.parse(parts, present)
            except UnreadableError as error:
                problems[code] = f"{each.label}: {error}."
        return problems

    def _successor_problems(
        self, wanted: Mapping[str, Any], target: Target, batch: _Batch
    ) -> Iterator[str]:
        sku, variant = wanted.get(SUCCESSOR, ""), target.variant
        if not sku or variant is None:
            return
        successor = batch.successors.get(sku)
        if successor is None and (sku not in self.skus_of_file or sku == variant.sku):
            label = self.own.fields[SUCCESSOR].label
            message = _(
                "%(field)s: no variant has the SKU %(sku)s. Enter a SKU of the catalog or this file."
            )
            yield message % {"field": label, "sku": sku[:60]}
        elif successor is not None and variant.pk is not None:
            try:
                check_successor(variant, successor)
            except SuccessorError as error:
                yield str(error)

    def _contradictions(
        self, row: BulkEditRow, wanted: dict[str, Any], target: Target, of_product: Any
    ) -> Iterator[str]:
        """Leave out shared values that an earlier row states; yield those it states otherwise."""
        for code in list(wanted):
            each = self.own.fields[code]
            if each.part in OF_VARIANT or code == file_fields.VARIANT_IMAGES:
                continue
            shared = (of_product, code)
            if isinstance(each, file_fields.OptionTextField):
                shared = ((each.kind, option_key(find_source(wanted, target, each))), each.language)
            value, first = self._stated.setdefault(shared, (wanted[code], row.position))
            if first == row.position:
                continue
            if value != wanted[code]:
                message = _("%(field)s: row %(row)s states another value for the same product.")
                yield message % {"field": each.label, "row": first}
            del wanted[code]

    def _repeated_identifiers(
        self, row: BulkEditRow, target: Target, plan: planning.RowPlan
    ) -> Iterator[str]:
        """Yield which new identifiers an earlier row states for another variant."""
        for code, after in plan.after.items():
            each = self.own.fields[code]
            new = set(after) - set(plan.before[code]) if each.part == IDENTIFIER else ()
            for number in sorted(new):
                value = identifiers.stored_value(target, each.name, number)
                first = self._numbers.setdefault((each.name, value), row.position)
                if first != row.position:
                    message = _("%(field)s: row %(row)s states %(number)s for another variant.")
                    yield message % {"field": each.label, "row": first, "number": number}


def _new_target() -> Target:
    product = Product(status=Product.Status.DRAFT)
    return Target(product=product, spec=Spec(product=product))


def _is_new(each: BulkField, target: Target) -> bool:
    if each.part in OF_VARIANT:
        return target.variant is None or target.variant.pk is None
    return target.product.pk is None


def _check_sku(sku: str) -> str:
    """Return why a text cannot be a SKU, or ""."""
    if not sku:
        return _("The row has no SKU.")
    if len(sku) > MAX_SKU or not _SKU.fullmatch(sku):
        message = _("%(sku)s cannot be a SKU: at most %(most)s characters on one line.")
        return message % {"sku": sku[:60], "most": MAX_SKU}
    return ""
