"""Catalog: generate any product by position or id on demand, cache recent ones. Pure."""

from collections.abc import Iterator
from functools import lru_cache

from .bad_records import FLAWS, bad_record
from .generator import make
from .identifiers import FIRST_BAD_SUBJECT, subject_of_pid, subject_of_sku, subject_of_vid
from .model import Product, Variant

BAD_SHARE = 20  # good products per bad record
CACHE_SIZE = 16_384


def catalog(count: int, seed: int) -> Iterator[Product]:
    """Yield ``count`` good products, with bad records in between."""
    products = Catalog(count, seed)
    for position in range(len(products)):
        yield products.at(position)


class Range:
    """Good and bad products, generated on demand."""

    def __init__(self, count: int, seed: int) -> None:
        self.count, self.seed = count, seed
        self.bad_count = max(len(FLAWS), -(-count // BAD_SHARE)) if count else 0
        self.product = lru_cache(maxsize=CACHE_SIZE)(self._make)

    def __len__(self) -> int:
        return self.count + self.bad_count

    def _make(self, subject: int) -> Product:
        if subject >= FIRST_BAD_SUBJECT:
            return bad_record(subject, count=self.count, seed=self.seed)
        return make(subject, seed=self.seed)


class Catalog(Range):
    """A catalog of products, found by position, pid, vid or SKU."""

    def at(self, position: int) -> Product:
        return self.product(self.subject_at(position))

    def subject_at(self, position: int) -> int:
        """Return the product number at a position, by arithmetic.

        Bad record k follows the first (k+1)*count//bad good products.
        """
        if not self.count:
            raise IndexError(position)
        bad = position * self.bad_count // len(self)
        while self._bad_position(bad) < position:
            bad += 1
        if bad < self.bad_count and self._bad_position(bad) == position:
            return FIRST_BAD_SUBJECT + bad
        return position - bad

    def _bad_position(self, bad: int) -> int:
        return (bad + 1) * self.count // self.bad_count + bad

    def holds(self, subject: int | None) -> bool:
        if subject is None:
            return False
        if subject >= FIRST_BAD_SUBJECT:
            return subject - FIRST_BAD_SUBJECT < self.bad_count
        return subject < self.count

    def by_pid(self, pid: str) -> Product | None:
        subject = subject_of_pid(self.seed, pid)
        return self.product(subject) if subject is not None and self.holds(subject) else None

    def variant(self, vid: str) -> tuple[Product, Variant] | None:
        subject = subject_of_vid(self.seed, vid)
        if subject is None or not self.holds(subject):
            return None
        product = self.product(subject)
        return next(((product, each) for each in product.variants if each.vid == vid), None)

    def by_sku(self, sku: str) -> Product | None:
        subject = subject_of_sku(sku)
        if subject is None or not self.holds(subject):
            return None
        product = self.product(subject)
        return product if sku in {product.spu, *(each.sku for each in product.variants)} else None
