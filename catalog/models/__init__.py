"""What we sell and what we say about it."""

from catalog.models.card import Card, SearchWord, ShelfTally
from catalog.models.hold import PriceHold
from catalog.models.identifier import Identifier
from catalog.models.landing import LandingTerms
from catalog.models.listing import Area, Channel, Listing
from catalog.models.market import (
    CompetitorFile,
    CompetitorPrice,
    CompetitorPriceChange,
    SalesTally,
    WaitingPrice,
)
from catalog.models.media import Image
from catalog.models.price import PriceBook, PriceChange, PriceRule
from catalog.models.price_source import CompetitorSource
from catalog.models.product import Brand, Product, Variant
from catalog.models.rate import ExchangeRate, RateNews
from catalog.models.spec import Mode, Spec
from catalog.models.taxonomy import Category

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
