"""What one row of a file says, in our words. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from catalog.records import NO_TERMS, BadRow, Terms
from storefront.lib.money import Money
from suppliers.connectors.records import StockRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Stocked:
    """What a row says about stock.

    Shape:  ``levels`` is None when it says nothing, and what is known stays
    """

    levels: tuple[StockRecord, ...] | None
    problems: tuple[BadRow, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What a row says about its cost; None when it says nothing, and what is known stays."""

    cost: Money | None
    problem: BadRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """One row in our words.

    Shape:  ``problems`` are not fatal to the row; ``notes`` say what was interpreted
    """

    sku: str
    parent: str = ""
    title: str = ""
    brand: str = ""
    category_path: tuple[str, ...] = ()
    description_html: str = ""
    cost: Money | None = None
    gtin: str = ""
    mpn: str = ""
    weight_g: int | None = None
    picture_urls: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    stock: tuple[StockRecord, ...] | None = None
    is_gone: bool = False
    hs_code: str = ""
    has_battery: bool | None = None
    updated_at: datetime | None = None
    terms: Terms = NO_TERMS
    problems: tuple[BadRow, ...] = ()
    notes: tuple[str, ...] = ()
