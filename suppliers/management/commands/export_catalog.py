"""Catalog export command: write the catalog to a CSV or XLSX file."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.models import Category, Product
from storefront.lib.staff.xlsx_export import CellTooLongError, write_xlsx
from suppliers.catalog_files import columns, export
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
            count = _write(path, products, supplier)
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


def _write(path: Path, products: Any, supplier: Supplier | None) -> int:
    """Write the file under a temporary name first, so that a failed export leaves no part of one."""
    part = path.with_name(f".{path.name}.part")
    try:
        rows = export.table(products, supplier=supplier)
        if path.suffix.casefold() == ".xlsx":
            with part.open("wb") as file:
                count = write_xlsx(rows, file, number_headings=columns.NUMBER_HEADINGS)
        else:
            count = -1
            with part.open("w", encoding="utf-8", newline="") as file:
                for count, line in enumerate(export.csv_lines(products, supplier=supplier)):  # noqa: B007
                    file.write(line)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count
