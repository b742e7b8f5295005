"""Product data scenario: measure the bulk work of staff in a shop of many products.

Each task runs in a process of its own, so that its memory is known.
"""

import csv
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from django.db import connection, transaction
from django.utils import timezone

from catalog.bulk_edits import application, planning
from catalog.models import BulkEdit, Product, Variant
from catalog.readiness import completeness
from catalog.texts import title_updates
from storefront.dev.bench.harness.resources import in_own_process, memory_mb, server_s
from storefront.dev.bench.scenarios.product_data import catalog
from storefront.lib.staff.csv_export import lossless_csv_line
from suppliers.catalog_files import export, imports
from suppliers.catalog_files.own_columns import OwnColumns
from suppliers.matches import duplicates
from suppliers.models import CatalogImport

PRODUCTS, FEW_ROWS, APPLIED = 100_000, 5_000, 1_000
TITLES_AT_ONCE = 500
CHANGED_COLUMN = "Packed weight (g)"
OPERATION = {"field": "variant.packed_weight_g", "how": "set", "value": 200}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task; ``cpu_s`` and ``server_s`` are CPU seconds of its process and database session.

    ``peak_mb`` is the memory above that of an idle process.
    """

    name: str
    rows: int
    seconds: float
    cpu_s: float
    server_s: float
    peak_mb: float

    @property
    def per_cpu_s(self) -> float:
        return self.rows / max(self.cpu_s + self.server_s, 0.01)

    @property
    def words(self) -> str:
        return (
            f"{self.name:<44} {self.rows:>7,} rows {self.seconds:7.1f} s, CPU {self.cpu_s:6.1f} s +"
            f" server {self.server_s:6.1f} s, {self.per_cpu_s:>9,.0f}/CPU s, +{self.peak_mb:4.0f} MB"
        )


def measure(*, say: Callable[[str], None], products: int = PRODUCTS) -> list[Task]:
    """Replace all products, then execute the tasks in turn."""
    catalog.fill(products)
    found: list[Task] = []
    with TemporaryDirectory(prefix="fara-bench-") as name:
        folder = Path(name)
        exported, changed, few = (folder / each for each in ("all.csv", "changed.csv", "few.csv"))

        def do(task: Callable[..., Task], *words: object) -> None:
            found.append(msgspec.json.decode(in_own_process(task, *map(str, words)), type=Task))
            say(found[-1].words)

        do(compute_completeness)
        do(update_titles)
        do(find_duplicates)
        do(copy_out, folder / "bare.csv")
        do(export_products, exported)
        change_rows(exported, changed, every=products // APPLIED)
        change_rows(exported, few, every=1, rows=FEW_ROWS)
        do(copy_in, exported)
        for path in (changed, few):
            do(dry_run_file, path)
            do(apply_edit, "file applied")
        do(dry_run_edits)
        do(apply_edit, "bulk edit applied", APPLIED)
    return found


def change_rows(source: Path, to: Path, *, every: int, rows: int | None = None) -> None:
    """Copy a file, with another weight in one row of ``every``; only its first ``rows``."""
    with source.open(newline="") as file, to.open("w", newline="") as copy:
        reader = csv.reader(file)
        writer = csv.writer(copy)
        headings = next(reader)
        writer.writerow(headings)
        column = headings.index(CHANGED_COLUMN)
        for number, row in enumerate(reader):
            if number == rows:
                break
            if number % every == 0:
                row[column] = str(int(row[column]) + 1)
            writer.writerow(row)


# Executed in processes of their own


def compute_completeness() -> Task:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_stalecompleteness (product_id) SELECT id FROM catalog_product"
        )

    def work() -> int:
        count = 0
        while taken := transaction.atomic(completeness.compute_stale)():
            count += taken
        return count

    return _timed("completeness", work)


def update_titles() -> Task:
    ids = list(Product.objects.order_by("pk").values_list("pk", flat=True))
    update = transaction.atomic(title_updates.update_titles)
    return _timed(
        "titles by template",
        lambda: sum(len(update(part)) for part in batched(ids, TITLES_AT_ONCE)),
    )


def find_duplicates() -> Task:
    count = Variant.objects.count()

    def work() -> int:
        found = duplicates.search_duplicates(now=timezone.now())
        if found != count // catalog.DUPLICATE_EVERY:
            raise RuntimeError(f"{found} duplicates")
        return count

    return _timed("search for duplicates", work)


def copy_out(path: str) -> Task:
    """Limit of the export: stream the product rows as they are stored."""
    sql = """
COPY (SELECT * FROM catalog_variant v JOIN catalog_product p ON p.id = v.product_id
    JOIN catalog_spec s ON s.product_id = p.id JOIN catalog_brand b ON b.id = p.brand_id)
TO STDOUT (FORMAT csv)
"""

    def work() -> int:
        with connection.cursor() as cursor, Path(path).open("wb") as file:
            with cursor.copy(sql) as copy:
                file.writelines(copy)
            return int(cursor.rowcount)

    return _timed("limit of export: COPY of the same rows", work)


def export_products(path: str) -> Task:
    def work() -> int:
        with Path(path).open("w") as file:
            file.writelines(map(lossless_csv_line, export.table(Product.objects.all())))
        return Variant.objects.count()

    return _timed("export", work)


def copy_in(path: str) -> Task:
    """Limit of an import: copy the file into a bare table."""

    def work() -> int:
        with Path(path).open(newline="") as file, connection.cursor() as cursor:
            columns = len(next(csv.reader(file)))
            names = ", ".join(f"c{number} text" for number in range(columns))
            cursor.execute(f"CREATE TEMPORARY TABLE bare_rows ({names})")
            with cursor.copy("COPY bare_rows FROM STDIN (FORMAT csv)") as copy:
                while piece := file.read(1 << 20):
                    copy.write(piece)
            return int(cursor.rowcount)

    return _timed("limit of import: COPY into a bare table", work)


def dry_run_file(path: str) -> Task:
    now = timezone.now()
    with Path(path).open("rb") as file:
        row = imports.upload(supplier=None, name="bench.csv", chunks=file, actor="bench", now=now)
    columns = OwnColumns().suggest(imports.read_sample(row).detected.headers)
    imports.request_dry_run(
        row, columns=columns, blank=CatalogImport.BlankCell.IGNORE, actor="bench", now=now
    )

    def work() -> int:
        imports.continue_import(row.pk, now=now)
        row.refresh_from_db()
        if row.status != CatalogImport.Status.READY:
            raise RuntimeError(f"{row.status}: {row.problem}")
        return row.rows_read

    found = _timed("dry run of a file", work)
    imports.path_of(row).unlink()
    return found


def dry_run_edits() -> Task:
    """Dry-run one edit of all products, in parts, since an edit has at most ``planning.MAX_ROWS`` rows."""
    ids = list(Variant.objects.order_by("pk").values_list("pk", flat=True))

    def work() -> int:
        for part in batched(ids, planning.MAX_ROWS):
            variants = Variant.objects.filter(pk__in=part)
            now = timezone.now()
            edit = planning.create_edit(
                variants, kind=BulkEdit.Kind.VARIANTS, actor="bench", now=now
            )
            application.prepare(edit, operations=[OPERATION], actor="bench", now=now)
            application.continue_edit(edit.pk, now=now)
        return len(ids)

    return _timed("dry run of bulk edits", work)


def apply_edit(name: str, most: str = "") -> Task:
    """Apply the changed rows of the newest edit; at most so many."""
    edit = BulkEdit.objects.latest("pk")
    if most:
        planned = edit.rows.filter(outcome=planning.Outcome.PLANNED).order_by("position")
        kept = list(planned.values_list("pk", flat=True)[: int(most)])
        edit.rows.exclude(pk__in=kept).delete()

    def work() -> int:
        application.start(edit, actor="bench", now=timezone.now())
        application.continue_edit(edit.pk, now=timezone.now())
        return int(edit.rows.filter(outcome=planning.Outcome.CHANGED).count())

    return _timed(name, work)


def _timed(name: str, work: Callable[[], int]) -> Task:
    idle_mb = memory_mb("VmRSS")
    began, cpu_began, server_began = time.perf_counter(), time.process_time(), server_s()
    rows = work()
    return Task(
        name=name,
        rows=rows,
        seconds=time.perf_counter() - began,
        cpu_s=time.process_time() - cpu_began,
        server_s=server_s() - server_began,
        peak_mb=memory_mb("VmHWM") - idle_mb,
    )
