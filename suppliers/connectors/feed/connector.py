"""Feed connector: fetch a supplier's files, read catalog, stock and costs, place orders."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import msgspec

from catalog.records import BadRow
from suppliers.connectors.bulk import Lines, OfferRow, Shape
from suppliers.connectors.context import Line, Quota, Secret
from suppliers.connectors.feed import bulk_reader, fetch
from suppliers.connectors.feed.formats.data_file import DataFile, open_file
from suppliers.connectors.feed.options import SECRETS, Content, Options
from suppliers.connectors.feed.orders import ORDER, FeedOrdering
from suppliers.connectors.feed.reader import RefOf, Walk
from suppliers.connectors.feed.rows.product_pages import Refs
from suppliers.connectors.records import CostRecord, Omitted, ProductPage, StockRecord

WORK = "work-"
LEFT_BEHIND_S = 86_400


class FeedReading:
    """The reading half: catalog, stock and prices from one file, or one file each.

    Fetched files are kept until ``close``, so that a second pass yields the same.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._options = line.settings(Options)
        self._work: Path | None = None
        self._walks: dict[Content, Walk] = {}
        self._refs: Refs | None = None

    def sign_in(self) -> str:
        """Check that the file exists, if possible without fetching it."""
        fetch.look(self._line)
        return self._line.secrets.get("user", "") or urlsplit(self._line.base_url).netloc

    def close(self) -> None:
        for which, walk in self._walks.items():
            walk.close()
            if not walk.is_whole:
                fetch.doubt(self._line, which)
        if self._refs is not None:
            self._refs.close()
        if self._work is not None:
            shutil.rmtree(self._work, ignore_errors=True)

    @property
    def omitted_products(self) -> Omitted:
        return self._options.mapping_of(Content.PRODUCTS).omitted_products

    @property
    def omitted_stock(self) -> Omitted:
        return self._options.mapping_of(Content.STOCK).omitted_stock

    @property
    def omitted_costs(self) -> Omitted:
        return self._options.mapping_of(Content.PRICES).omitted_stock

    def pages(self) -> Iterator[ProductPage | BadRow]:
        return self._walk(Content.PRODUCTS).pages()

    def stock_rows(self) -> Iterator[tuple[str, tuple[StockRecord | BadRow, ...]]]:
        return self._walk(Content.STOCK).stock_rows(self._ref_of(Content.STOCK))

    def cost_rows(self) -> Iterator[tuple[str, tuple[CostRecord | BadRow, ...]]]:
        return self._walk(Content.PRICES).cost_rows(self._ref_of(Content.PRICES))

    def shape(self, job: str) -> Shape:
        return self._walk(Content(job)).shape()

    def listed(self, job: str, skus: AbstractSet[str]) -> frozenset[str]:
        return self._walk(Content(job)).listed(skus)

    def offer_lines(self) -> Iterator[Lines | OfferRow | BadRow]:
        walk, ref_of = self._walk(Content.PRICES), self._ref_of(Content.PRICES)
        return bulk_reader.offers(walk, ref_of=ref_of)

    def stock_lines(self) -> Iterator[Lines | tuple[str, tuple[StockRecord | BadRow, ...]]]:
        walk, ref_of = self._walk(Content.STOCK), self._ref_of(Content.STOCK)
        return bulk_reader.stock(walk, ref_of=ref_of)

    def _walk(self, content: Content) -> Walk:
        """Return the reader of the file with this content, fetched once."""
        which = self._options.file_of(content)
        if which not in self._walks:
            mapping = self._options.mapping_of(which)
            work = self._folder() / which.value
            fetched = fetch.fetch(self._line, content=which)
            path = fetched.path
            file: DataFile = open_file(path, work=work, reading=mapping.reading)
            self._walks[which] = Walk(
                file,
                mapping,
                currency=self._line.currency,
                work=work,
                mark=(path.name, path.stat().st_size),
                age=fetched.age,
            )
        return self._walks[which]

    def _ref_of(self, content: Content) -> RefOf:
        """Return a function from SKU to product, from this file or from the products file."""
        mapping = self._options.mapping_of(content)
        products = self._options.mapping_of(Content.PRODUCTS)
        if "parent" in mapping.fields or "parent" not in products.fields:
            return lambda sku, parent: parent or sku
        refs = self._products_refs()
        return lambda sku, _: refs.of(sku)

    def _products_refs(self) -> Refs:
        """Return the SKUs of the products file, indexed once per fetched file."""
        if self._refs is None:
            walk = self._walk(Content.PRODUCTS)
            mapping = self._options.mapping_of(Content.PRODUCTS).written()
            mark = msgspec.json.encode([*walk.mark, mapping], order="sorted")
            # Named like a fetched file, so that it is deleted like one.
            name = f"refs-{blake2b(mark, digest_size=8).hexdigest()}.raw"
            self._refs = Refs(self._line.folder / name, walk.refs)
        return self._refs

    def _folder(self) -> Path:
        """Return a temporary folder; delete folders that killed workers left a day ago."""
        if self._work is None:
            self._line.folder.mkdir(parents=True, exist_ok=True)
            for left in self._line.folder.glob(f"{WORK}*"):
                with suppress(OSError):
                    if left.stat().st_mtime < time.time() - LEFT_BEHIND_S:
                        shutil.rmtree(left, ignore_errors=True)
            self._work = Path(tempfile.mkdtemp(prefix=WORK, dir=self._line.folder))
        return self._work


class Feed(FeedReading, FeedOrdering):
    """Connector of any supplier with files; orders go by e-mail or as files."""

    TITLE: ClassVar = "File feed (CSV, JSON, XML, XLSX)"
    SECRETS: ClassVar[tuple[Secret, ...]] = SECRETS
    OPTIONS: ClassVar = Options
    QUOTAS: ClassVar[tuple[Quota, ...]] = ()
    CURRENCY: ClassVar = "USD"
    # A file may have any name, so all calls count as catalog; steps of an order have a prefix.
    CALLS: ClassVar = {
        "": "catalog",
        ORDER: "order placing",
        f"{ORDER}LIST ": "order reading",
    }

    def close(self) -> None:
        self.hang_up()
        super().close()
