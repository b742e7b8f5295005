"""Catalog export command: write the catalog to a CSV or XLSX file."""

import json
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.models import Category, Product
from storefront.lib.staff.csv_export import BYTE_ORDER_MARK, lossless_csv_line
from storefront.lib.staff.xlsx_export import CellTooLongError, write_xlsx
from suppliers.catalog_files import columns, export
from suppliers.catalog_files.own_export import OwnTable
from suppliers.models import Supplier

SUFFIXES = (".csv", ".xlsx")


class Command(BaseCommand):
    """Export the catalog: one row per variant, in columns that an import recognizes."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="ends in .csv or .xlsx")
        parser.add_argument("--category", metavar="SLUG", help="only this category")
        parser.add_argument(
            "--supplier",
            metavar="CODE",
            help="only the offers of this supplier, also for products of other suppliers",
        )
        parser.add_argument(
            "--own", action="store_true", help="the columns of our own products, without offers"
        )
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if path.suffix.casefold() not in SUFFIXES:
            raise CommandError(f"{path.name}: the name must end in {' or '.join(SUFFIXES)}.")
        products = Product.objects.all()
        if slug := options["category"]:
            _check_known(Category, slug=slug)
            products = products.filter(category__slug=slug)
        supplier = None
        if code := options["supplier"]:
            supplier = _check_known(Supplier, code=code)
        started = time.monotonic()
        try:
            table = _table(products, supplier, is_own=options["own"])
            count = _write(path, *table)
        except (OSError, CellTooLongError) as error:
            raise CommandError(f"{path} cannot be written: {error}", returncode=2) from error
        seconds = max(0.001, time.monotonic() - started)
        if options["as_json"]:
            report = {"file": str(path), "rows": count, "seconds": round(seconds, 2)}
            self.stdout.write(json.dumps(report))
        else:
            self.stdout.write(
                f"{path}: {count:,} rows in {seconds:.1f} s ({count / seconds:.0f} rows/s)"
            )


def _check_known(model: Any, **name: str) -> Any:
    row = model.objects.filter(**name).first()
    if row is None:
        ((field, value),) = name.items()
        known = ", ".join(model.objects.order_by(field).values_list(field, flat=True))
        raise CommandError(f"Unknown {model._meta.verbose_name} {value!r}. Available: {known}")  # noqa: SLF001
    return row


def _table(
    products: Any, supplier: Supplier | None, *, is_own: bool
) -> tuple[Iterator[list[str]], frozenset[str]]:
    """Return the rows of the table, its headings first, and the headings of numbers."""
    if is_own:
        own = OwnTable(products)
        return own.rows(), own.number_headings
    return export.table(products, supplier=supplier), columns.NUMBER_HEADINGS


def _write(path: Path, rows: Iterator[list[str]], numbers: frozenset[str]) -> int:
    """Write the file under a temporary name first, so that a failed export leaves no part of one."""
    part = path.with_name(f".{path.name}.part")
    try:
        if path.suffix.casefold() == ".xlsx":
            with part.open("wb") as file:
                count = write_xlsx(rows, file, number_headings=numbers)
        else:
            count = -1
            with part.open("w", encoding="utf-8", newline="") as file:
                file.write(BYTE_ORDER_MARK)
                for count, row in enumerate(rows):  # noqa: B007
                    file.write(lossless_csv_line(row))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count
