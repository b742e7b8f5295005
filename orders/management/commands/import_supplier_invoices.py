"""Import a list of supplier invoices, as the staff page does: each row is matched first."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from orders.accounting import invoice_import
from storefront.lib.staff import csv_import, csv_table
from suppliers.models import Supplier


class Command(BaseCommand):
    """Idempotent. Exits 1, and enters nothing, if a row is invalid."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", metavar="FILE", help="CSV: invoice, purchase order, currency, subtotal"
        )
        parser.add_argument(
            "--supplier", metavar="CODE", help="reject purchase orders of other suppliers"
        )
        parser.add_argument(
            "--good-lines",
            action="store_true",
            help="import the valid rows and skip the invalid ones",
        )
        parser.add_argument("--dry-run", action="store_true", help="validate only, import nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            content = Path(options["file"]).read_bytes()
            rows = invoice_import.parse_rows(csv_table.decode(content))
        except OSError as error:
            raise CommandError(f"{options['file']}: {error}") from error
        except csv_table.CsvError as error:
            raise CommandError(f"{options['file']}: {csv_import.error_message(error)}") from error
        validated = invoice_import.validate(rows, supplier=_supplier(options["supplier"]))
        invalid = [result for result in validated if result.problem]
        for result in validated:
            state = result.problem or ("already entered" if result.is_known else "valid")
            self.stdout.write(f"Row {result.row.row_number}: {result.row.reference}: {state}")
        if options["dry_run"]:
            return
        if invalid and not options["good_lines"]:
            raise CommandError(f"{len(invalid)} rows are invalid: nothing was imported.")
        failed = invoice_import.enter(
            validated, actor="import_supplier_invoices", now=timezone.now()
        )
        self.stdout.write(f"{sum(result.is_valid_row for result in validated)} invoices imported.")
        if failed or invalid:
            raise CommandError(f"{len(failed) + len(invalid)} rows were skipped.")


def _supplier(code: str | None) -> Supplier | None:
    if not code:
        return None
    supplier = Supplier.objects.filter(code=code).first()
    if supplier is None:
        raise CommandError(f"No supplier has the code {code}.")
    return supplier
