"""Catalog models: export every model of the app."""

from catalog.models.attributes import Mode, Spec
from catalog.models.competitors import (
    CompetitorFile,
    CompetitorPrice,
    CompetitorPriceChange,
    CompetitorSource,
    SalesTally,
    WaitingPrice,
)
from catalog.models.exchange_rates import ExchangeRate, RateNews
from catalog.models.listings import Area, Channel, Listing
from catalog.models.price_holds import PriceHold
from catalog.models.pricing import LandingTerms, PriceBook, PriceChange, PriceRule
from catalog.models.products import Brand, Category, Identifier, Image, Product, Variant
from catalog.models.search import Card, SearchWord, ShelfTally

__all__ = [
    "Area",
    "Brand",
    "Card",
    "Category",
    "Channel",
    "CompetitorFile",
    "CompetitorPrice",
    "CompetitorPriceChange",
    "CompetitorSource",
    "ExchangeRate",
    "Identifier",
    "Image",
    "LandingTerms",
    "Listing",
    "Mode",
    "PriceBook",
    "PriceChange",
    "PriceHold",
    "PriceRule",
    "Product",
    "RateNews",
    "SalesTally",
    "SearchWord",
    "ShelfTally",
    "Spec",
    "Variant",
    "WaitingPrice",
]
