"""Feed reading scenario: measure the speed of feed parsing, show that memory stays constant.

``make bench ONLY=F1`` stores the figures beside their goals. Each file is read once, as the product
job reads it, in a process of its own: from bytes to product pages, duplicates included.
``grouped`` is a CSV that is read with a parent column, so its rows must be grouped by product.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from storefront.dev.bench.harness.feed_files import WRITERS
from storefront.dev.bench.harness.resources import in_own_process, memory_mb
from suppliers.connectors.feed.formats.data_file import open_file
from suppliers.connectors.feed.mapping.spec import Mapping
from suppliers.connectors.feed.reader import FeedFileReader

GROUPED = "grouped"
NAMES = (*WRITERS, GROUPED)
FIELDS = {
    "sku": {"column": "SKU"},
    "gtin": {"column": "EAN"},
    "title": {"column": "Name"},
    "brand": {"column": "Brand"},
    "category": {"column": "Category", "separator": ">"},
    "cost": {"column": "Price"},
    "stock": {"column": "Stock"},
    "weight": {"column": "Weight", "unit": "kg"},
    "description": {"column": "Description"},
}
# Each row has a parent of its own: grouping stores all rows on disk, and merges none.
PARENT = {"parent": {"jmespath": "join('', ['P', EAN])"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFigures:
    """The result of reading one file. ``peak_mb`` is of the whole process; Django is most of it."""

    name: str
    rows: int
    pages: int
    seconds: float
    cpu_s: float
    peak_mb: float
    bare_mb: float
    file_mb: float

    @property
    def per_cpu_s(self) -> float:
        return self.rows / self.cpu_s

    @property
    def grown_mb(self) -> float:
        return self.peak_mb - self.bare_mb

    @property
    def words(self) -> str:
        speed = self.rows / self.seconds
        return (
            f"{self.name:<8} {self.rows:>9,} rows {self.file_mb:7.1f} MB {self.seconds:7.1f} s"
            f" {speed:>7,.0f} rows/s {self.per_cpu_s:>7,.0f} rows per CPU second"
            f"  peak {self.peak_mb:6.1f} MB (before the file {self.bare_mb:.1f} MB)"
        )


def measure(name: str, *, count: int, folder: Path) -> FeedFigures:
    """Write a file, and read it in a separate process."""
    path = folder / f"{name}-{count}"
    WRITERS["csv" if name == GROUPED else name](path, count)
    result = in_own_process(walk, name, str(path))
    path.unlink()
    return msgspec.json.decode(result, type=FeedFigures)


def walk(name: str, place: str) -> FeedFigures:
    """Read a file in this process."""
    path = Path(place)
    fields = FIELDS | (PARENT if name == GROUPED else {})
    mapping = Mapping.read({"fields": fields, "images": [{"column": "Image"}]})
    bare_mb = memory_mb("VmHWM")
    began, cpu_began = time.perf_counter(), time.process_time()
    rows = pages = 0
    with tempfile.TemporaryDirectory() as work:
        file = open_file(path, work=Path(work))
        found = FeedFileReader(file, mapping, currency="EUR", work=Path(work))
        for page in found.pages():
            pages += 1
            rows += len(getattr(getattr(page, "record", None), "variants", ()))
        found.close()
    return FeedFigures(
        name=name,
        rows=rows,
        pages=pages,
        seconds=time.perf_counter() - began,
        cpu_s=time.process_time() - cpu_began,
        peak_mb=memory_mb("VmHWM"),
        bare_mb=bare_mb,
        file_mb=path.stat().st_size / 1e6,
    )
