"""Import dry run: report what a product sync would do with each row of a file. Writes nothing.

The records of the file go through the functions of the sync, in transactions that are rolled back.
A change is a difference between the export of a variant before and after.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import batched
from pathlib import Path
from typing import Any

from django.db import transaction

from catalog.models import Variant
from catalog.records import ImportIssue, VariantRecord
from suppliers.catalog_files import columns, export
from suppliers.catalog_files.columns import ExportRow
from suppliers.catalog_files.findings import number_names, to_finding
from suppliers.connectors.feed.formats.data_file import DataFile, open_file
from suppliers.connectors.feed.formats.delimited import TOTAL_ROW
from suppliers.connectors.feed.limits import invalid_file
from suppliers.connectors.feed.mapping.spec import Format
from suppliers.connectors.feed.mapping.spec import Mapping as FeedMapping
from suppliers.connectors.feed.reader import FeedFileReader, RowCounts
from suppliers.connectors.records import MissingRowMeans, ProductDetail
from suppliers.models import Supplier, SupplierOffer, SupplierProduct
from suppliers.offers import writer
from suppliers.sync import product_intake

BATCH = 200
MAX_EXAMPLES = 50
TABLES = frozenset({Format.CSV, Format.TSV, Format.XLSX})
SKU_TWICE = "sku-twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The changed cells of one SKU: heading -> texts before and after; the number of its row."""

    sku: str
    number: int | None
    cells: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A rejected row: its SKU, else its name; ``number`` is that of the row of a SKU."""

    row: str
    number: int | None
    code: str
    reason: str


@dataclass(slots=True, kw_only=True)
class Report:
    """The changes that a file would make.

    Shape:  ``new``, ``changed``, ``unchanged``, ``rejected`` and ``skipped`` add up to ``rows``;
            ``skipped`` are totals, and rows that only describe a product. ``missing`` products
            would be discontinued. ``finding_counts`` counts all issues by code, ``findings`` lists
            them as ``to_finding`` does. ``changes``, ``rejections`` and ``findings`` are the first ones
    """

    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    skipped: int = 0
    missing: int = 0
    max_examples: int = MAX_EXAMPLES
    max_findings: int | None = None
    changes: list[Change] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    finding_counts: Counter[str] = field(default_factory=Counter)
    findings: list[dict[str, Any]] = field(default_factory=list)
    unread_columns: list[str] = field(default_factory=list)

    def add_change(
        self, sku: str, cells: Mapping[str, tuple[str, str]], *, rows: int, number: int | None
    ) -> None:
        self.changed += rows
        if len(self.changes) < self.max_examples:
            self.changes.append(Change(sku=sku, number=number, cells=cells))

    def reject(
        self, row: str, *, code: str, reason: str, rows: int = 1, number: int | None = None
    ) -> None:
        self.rejected += rows
        if len(self.rejections) < self.max_examples:
            found = Rejection(row=row, number=number, code=code, reason=reason)
            self.rejections.append(found)

    def add_finding(
        self, issue: ImportIssue, *, mapping: FeedMapping, number: int | None = None
    ) -> None:
        self.finding_counts[issue.code] += 1
        if self.max_findings is None or len(self.findings) < self.max_findings:
            self.findings.append(to_finding(issue, mapping=mapping, number=number))


def report_changes(  # noqa: PLR0913 - a file, how it is read, and what is reported
    path: Path,
    *,
    supplier: Supplier,
    mapping: FeedMapping,
    now: datetime,
    max_examples: int = MAX_EXAMPLES,
    max_findings: int | None = None,
    on_progress: Callable[[int, int], object] = lambda _read, _total: None,
) -> Report:
    """Return what the file would change.

    ``on_progress`` is called after each batch with the number of compared rows and of all rows.

    Raises: PermanentError  it cannot be read with this mapping
        OSError  it cannot be opened
    """
    with tempfile.TemporaryDirectory() as work:
        try:
            file = open_file(path, work=Path(work), reading=mapping.reading)
        except (ValueError, LookupError) as error:
            raise invalid_file("settings", f"It does not match its mapping: {error}") from error
        report = Report(
            max_examples=max_examples,
            max_findings=max_findings,
            unread_columns=_check_columns(file, mapping),
        )
        reader = FeedFileReader(
            file, mapping, currency=supplier.currency, work=Path(work), supplier=supplier.code
        )
        try:
            _DryRun(reader, report, supplier=supplier, now=now).run(on_progress)
        finally:
            reader.close()
    return report


def _check_columns(file: DataFile, mapping: FeedMapping) -> list[str]:
    """Return the columns that the mapping does not read.

    Raises: PermanentError  the file has no rows, or lacks a column, so that its values would be emptied
    """
    headers = file.detected.headers
    if not headers:
        raise invalid_file("empty", "The file has no rows below the column names.")
    read = {source.column for source in mapping.sources if source.column}
    missing = sorted(read - {*headers})
    if missing and file.detected.format in TABLES:
        raise invalid_file("columns", f"Columns of the mapping are missing: {', '.join(missing)}.")
    return [header for header in headers if header not in read]


class _DryRun:
    def __init__(
        self, reader: FeedFileReader, report: Report, *, supplier: Supplier, now: datetime
    ) -> None:
        self._reader = reader
        self._report = report
        self._supplier = supplier
        self._now = now
        self._counts = RowCounts()
        self._numbers: dict[str, int] = {}
        self._confusable: dict[str, ImportIssue] = {}

    def run(self, on_progress: Callable[[int, int], object]) -> None:
        self._counts = self._reader.count_rows()
        self._report.rows = self._counts.total
        products = {external_id for external_id, _ in self._counts.listed + self._counts.gone}
        skus = {sku for _, sku in self._counts.listed}
        self._numbers = number_names(self._counts.first)
        for batch in batched(self._pages(skus), BATCH):
            self._check_batch(batch)
            report = self._report
            done = report.new + report.changed + report.unchanged + report.rejected
            on_progress(done, report.rows)
        self._count_gone()
        self._count_rest()
        if self._reader.mapping.omitted_products is MissingRowMeans.DISCONTINUED:
            known = SupplierProduct.objects.filter(supplier=self._supplier).exclude(
                status=SupplierProduct.Status.DISCONTINUED
            )
            ids = known.values_list("external_id", flat=True)
            self._report.missing = sum(external_id not in products for external_id in ids)

    def _pages(self, skus: set[str]) -> Iterator[ProductDetail]:
        """Yield the products with SKUs for sale; count and reject the rows without a product."""
        for page in self._reader.pages():
            if isinstance(page, ProductDetail):
                if page.record is not None:
                    yield page
                continue
            self._add_finding(page)
            if page.row in skus:
                self._confusable[page.row] = page
            elif page.code == TOTAL_ROW:
                self._report.skipped += 1
            else:
                self._report.reject(page.row, code=page.code, reason=page.message)

    def _add_finding(self, issue: ImportIssue) -> None:
        number = self._numbers.get(issue.row)
        self._report.add_finding(issue, mapping=self._reader.mapping, number=number)

    def _check_batch(self, pages: Sequence[ProductDetail]) -> None:
        known = SupplierProduct.objects.filter(
            supplier=self._supplier,
            status=SupplierProduct.Status.ACTIVE,
            external_id__in=[page.external_id for page in pages],
        )
        digests = dict(known.values_list("external_id", "detail_digest"))
        read = []
        for page in pages:
            if digests.get(page.external_id) == page.digest:
                for variant in _variants(page):
                    self._report.unchanged += self._take(page, variant)
            else:
                read.append(page)
        if read:
            with transaction.atomic():
                self._compare(read)
                transaction.set_rollback(True)

    def _compare(self, pages: Sequence[ProductDetail]) -> None:
        skus = [variant.sku for page in pages for variant in _variants(page)]
        found = SupplierOffer.objects.filter(supplier=self._supplier, supplier_sku__in=skus)
        offers = {
            offer.supplier_sku: offer for offer in found.select_related("supplier", "variant")
        }
        product_ids = {offer.variant.product_id for offer in offers.values() if offer.variant}
        before = self._export(product_ids)
        imported = product_intake.preview_import(
            supplier=self._supplier,
            records=[page.record for page in pages if page.record],
            now=self._now,
        )
        after = self._export(product_ids)
        own_skus = dict(
            Variant.objects.filter(pk__in=imported.variants.values()).values_list("pk", "sku")
        )
        issues = [*imported.issues, *(issue for page in pages for issue in page.problems)]
        for one in issues:
            self._add_finding(one)
        reasons = {issue.row: issue for issue in sorted(issues, key=lambda issue: issue.is_fatal)}
        for page in pages:
            for variant in _variants(page):
                sku = variant.sku
                rows = self._take(page, variant)
                number = self._counts.first.get((page.external_id, sku))
                offer = offers.get(sku)
                if sku not in imported.variants:
                    issue = (
                        reasons.get(f"{page.external_id}:{sku}")
                        or reasons.get(sku)
                        or reasons.get(page.external_id)
                    )
                    code, reason = (issue.code, issue.message) if issue else ("", "Not imported.")
                    self._report.reject(sku, code=code, reason=reason, rows=rows, number=number)
                elif offer is None:
                    self._report.new += rows
                elif offer.variant is None:
                    linked = {"Shop SKU": ("", own_skus[imported.variants[sku]])}
                    self._report.add_change(sku, linked, rows=rows, number=number)
                else:
                    row = replace(after[sku], offer=self._updated(offer, page, variant))
                    if changes := _differences(before[sku], row):
                        self._report.add_change(sku, changes, rows=rows, number=number)
                    else:
                        self._report.unchanged += rows

    def _export(self, product_ids: set[int]) -> dict[str, ExportRow]:
        rows = export.load_rows(sorted(product_ids), supplier=self._supplier)
        return {row.offer.supplier_sku: row for row in rows if row.offer}

    def _updated(
        self, offer: SupplierOffer, page: ProductDetail, variant: VariantRecord
    ) -> SupplierOffer:
        """Set the values that the sync would store in the offer. Nothing is saved."""
        terms = writer.stored_terms(variant.terms, currency=self._supplier.currency)
        for name in terms.keys() - {*offer.overridden_fields}:
            setattr(offer, name, terms[name])
        offer.product_external_id = page.external_id
        offer.title = variant.title[:200]
        offer.status = SupplierOffer.Status.ACTIVE  # ``writer`` may set it on hold
        return offer

    def _take(self, page: ProductDetail, variant: VariantRecord) -> int:
        """Return the number of rows of a SKU; repeated rows that the sync ignores are rejected."""
        rows = self._counts.listed.pop((page.external_id, variant.sku), 0)
        for issue in page.problems:
            if issue.code == SKU_TWICE and issue.row == variant.sku and rows > 1:
                self._report.reject(
                    issue.row,
                    code=issue.code,
                    reason=issue.message,
                    rows=rows - 1,
                    number=self._counts.last.get((page.external_id, variant.sku)),
                )
                return 1
        return rows

    def _count_gone(self) -> None:
        for batch in batched(self._counts.gone.items(), BATCH):
            sold = set(
                SupplierOffer.objects.filter(
                    supplier=self._supplier, supplier_sku__in=[sku for (_, sku), _ in batch]
                )
                .exclude(status=SupplierOffer.Status.DISCONTINUED)
                .values_list("supplier_sku", flat=True)
            )
            for (external_id, sku), rows in batch:
                if sku in sold:
                    number = self._counts.first.get((external_id, sku))
                    cells = {"Discontinued": ("", "yes")}
                    self._report.add_change(sku, cells, rows=rows, number=number)
                else:
                    self._report.unchanged += rows

    def _count_rest(self) -> None:
        """Count the rows that no product page contains."""
        for (external_id, sku), rows in self._counts.listed.items():
            number = self._counts.first.get((external_id, sku))
            if issue := self._confusable.get(sku):
                self._report.reject(
                    sku, code=issue.code, reason=issue.message, rows=rows, number=number
                )
            elif sku == external_id:
                self._report.skipped += rows  # the row of the product, which is no variant
            else:
                reason = "The product has too many rows."
                self._report.reject(
                    sku, code="too-many-rows", reason=reason, rows=rows, number=number
                )


def _variants(page: ProductDetail) -> Sequence[VariantRecord]:
    return page.record.variants if page.record else ()


def _differences(before: ExportRow, after: ExportRow) -> dict[str, tuple[str, str]]:
    old, new = columns.to_cells(before), columns.to_cells(after)
    return {
        heading: (old.get(heading, ""), new.get(heading, ""))
        for heading in dict.fromkeys((*old, *new))
        if old.get(heading, "") != new.get(heading, "")
    }
