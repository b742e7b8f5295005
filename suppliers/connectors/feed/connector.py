"""Feed connector: fetch a supplier's files, read catalog, stock and costs, place orders."""

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

from catalog.records import ImportIssue
from suppliers.connectors.bulk import CopyLines, FileProfile, OfferRow
from suppliers.connectors.context import ConnectorContext, Quota, Secret
from suppliers.connectors.feed import bulk_reader, fetch
from suppliers.connectors.feed.formats.data_file import DataFile, open_file
from suppliers.connectors.feed.options import SECRETS, Content, Options
from suppliers.connectors.feed.orders import ORDER_KEY_PREFIX, FeedOrdering
from suppliers.connectors.feed.reader import FeedFileReader, ProductIdOf
from suppliers.connectors.feed.rows.product_pages import ProductIndex
from suppliers.connectors.records import MissingRowMeans, PriceReport, ProductDetail, StockReport

WORK_PREFIX = "work-"
ABANDONED_AFTER_S = 86_400


class FeedReading:
    """Reads catalog, stock and prices from one file, or from up to three.

    Fetched files are kept until ``close``, so that a second pass yields the same.
    """

    def __init__(self, context: ConnectorContext) -> None:
        self._context = context
        self._options = context.settings(Options)
        self._work: Path | None = None
        self._file_readers: dict[Content, FeedFileReader] = {}
        self._product_index: ProductIndex | None = None

    def sign_in(self) -> str:
        """Check that the file exists, if possible without fetching it."""
        fetch.check_exists(self._context)
        return self._context.secrets.get("user", "") or urlsplit(self._context.base_url).netloc

    def close(self) -> None:
        for content, file_reader in self._file_readers.items():
            file_reader.close()
            if not file_reader.is_complete:
                fetch.force_refetch(self._context, content)
        if self._product_index is not None:
            self._product_index.close()
        if self._work is not None:
            shutil.rmtree(self._work, ignore_errors=True)

    @property
    def omitted_products(self) -> MissingRowMeans:
        return self._options.mapping_of(Content.PRODUCTS).omitted_products

    @property
    def omitted_stock(self) -> MissingRowMeans:
        return self._options.mapping_of(Content.STOCK).omitted_stock

    @property
    def omitted_costs(self) -> MissingRowMeans:
        return self._options.mapping_of(Content.PRICES).omitted_stock

    def pages(self) -> Iterator[ProductDetail | ImportIssue]:
        return self._file_reader(Content.PRODUCTS).pages()

    def stock_rows(self) -> Iterator[tuple[str, tuple[StockReport | ImportIssue, ...]]]:
        return self._file_reader(Content.STOCK).stock_rows(self._external_id_of(Content.STOCK))

    def cost_rows(self) -> Iterator[tuple[str, tuple[PriceReport | ImportIssue, ...]]]:
        return self._file_reader(Content.PRICES).cost_rows(self._external_id_of(Content.PRICES))

    def profile(self, job: str) -> FileProfile:
        return self._file_reader(Content(job)).profile()

    def contained_skus(self, job: str, skus: AbstractSet[str]) -> frozenset[str]:
        return self._file_reader(Content(job)).contained_skus(skus)

    def row_numbers(self, skus: AbstractSet[str]) -> dict[str, int]:
        """Return the numbers of the first rows of these SKUs in the products file."""
        return self._file_reader(Content.PRODUCTS).row_numbers(skus)

    def offer_lines(self) -> Iterator[CopyLines | OfferRow | ImportIssue]:
        file_reader = self._file_reader(Content.PRICES)
        return bulk_reader.offers(file_reader, external_id_of=self._external_id_of(Content.PRICES))

    def stock_lines(
        self,
    ) -> Iterator[CopyLines | tuple[str, tuple[StockReport | ImportIssue, ...]]]:
        file_reader = self._file_reader(Content.STOCK)
        return bulk_reader.stock(file_reader, external_id_of=self._external_id_of(Content.STOCK))

    def _file_reader(self, content: Content) -> FeedFileReader:
        """Return the reader of the file with this content, fetched once."""
        file_content = self._options.file_of(content)
        if file_content not in self._file_readers:
            mapping = self._options.mapping_of(file_content)
            work = self._folder() / file_content.value
            fetched = fetch.fetch(self._context, content=file_content)
            path = fetched.path
            file: DataFile = open_file(path, work=work, reading=mapping.reading)
            self._file_readers[file_content] = FeedFileReader(
                file,
                mapping,
                currency=self._context.currency,
                work=work,
                supplier=self._context.folder.name,  # the folder is named by the supplier's code
                file_id=(path.name, path.stat().st_size),
                age=fetched.age,
            )
        return self._file_readers[file_content]

    def _external_id_of(self, content: Content) -> ProductIdOf:
        """Return a function that finds the product of a SKU, in this file or the products file."""
        mapping = self._options.mapping_of(content)
        products = self._options.mapping_of(Content.PRODUCTS)
        if "parent" in mapping.fields or "parent" not in products.fields:
            return lambda sku, parent: parent or sku
        external_ids = self._products_by_sku()
        return lambda sku, _: external_ids.of(sku)

    def _products_by_sku(self) -> ProductIndex:
        if self._product_index is None:
            file_reader = self._file_reader(Content.PRODUCTS)
            mapping = self._options.mapping_of(Content.PRODUCTS).to_dict()
            index_key = msgspec.json.encode([*file_reader.file_id, mapping], order="sorted")
            # Named like a fetched file, so that it is deleted like one.
            name = f"external_ids-{blake2b(index_key, digest_size=8).hexdigest()}.raw"
            self._product_index = ProductIndex(
                self._context.folder / name, file_reader.external_ids
            )
        return self._product_index

    def _folder(self) -> Path:
        """Return a temporary folder; delete folders that killed workers left a day ago."""
        if self._work is None:
            self._context.folder.mkdir(parents=True, exist_ok=True)
            for folder in self._context.folder.glob(f"{WORK_PREFIX}*"):
                with suppress(OSError):
                    if folder.stat().st_mtime < time.time() - ABANDONED_AFTER_S:
                        shutil.rmtree(folder, ignore_errors=True)
            self._work = Path(tempfile.mkdtemp(prefix=WORK_PREFIX, dir=self._context.folder))
        return self._work


class Feed(FeedReading, FeedOrdering):
    TITLE: ClassVar = "File feed (CSV, JSON, XML, XLSX)"
    SECRETS: ClassVar[tuple[Secret, ...]] = SECRETS
    OPTIONS: ClassVar = Options
    QUOTAS: ClassVar[tuple[Quota, ...]] = ()
    CURRENCY: ClassVar = "USD"
    # A file may have any name, so all calls count as catalog; steps of an order have a prefix.
    CALLS: ClassVar = {
        "": "catalog",
        ORDER_KEY_PREFIX: "order placing",
        f"{ORDER_KEY_PREFIX}LIST ": "order reading",
    }

    def close(self) -> None:
        self.close_session()
        super().close()
