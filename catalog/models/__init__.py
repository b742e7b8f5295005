"""Catalog models: export every model of the app."""

from catalog.models.attributes import Mode, OtherStatement, Spec
from catalog.models.categories import Brand, BrandAlias, Category
from catalog.models.changes import BulkEdit, BulkEditRow, ChangeRequest, FieldChange
from catalog.models.competitors import (
    CompetitorPrice,
    CompetitorPriceChange,
    CompetitorPriceList,
    CompetitorSource,
    DailySales,
    RepricingRequest,
)
from catalog.models.custom_attributes import CustomAttribute
from catalog.models.exchange_rates import ExchangeRate, ExchangeRateUpdate
from catalog.models.families import (
    Completeness,
    ProductFamily,
    Requirement,
    StaleCompleteness,
)
from catalog.models.guarantees import ProductDocument, ProductGuarantee
from catalog.models.listings import Channel, DeliveryArea, Listing
from catalog.models.price_books import PriceBook, PriceRule
from catalog.models.pricing import PriceChange, PriceHold, SellingCosts
from catalog.models.products import Identifier, Image, Product, Variant
from catalog.models.search import CardChange, ProductCard, SearchTerm
from catalog.models.texts import OptionText, ProductText

__all__ = [
    "Brand",
    "BrandAlias",
    "BulkEdit",
    "BulkEditRow",
    "CardChange",
    "Category",
    "ChangeRequest",
    "Channel",
    "CompetitorPrice",
    "CompetitorPriceChange",
    "CompetitorPriceList",
    "CompetitorSource",
    "Completeness",
    "CustomAttribute",
    "DailySales",
    "DeliveryArea",
    "ExchangeRate",
    "ExchangeRateUpdate",
    "FieldChange",
    "Identifier",
    "Image",
    "Listing",
    "Mode",
    "OptionText",
    "OtherStatement",
    "PriceBook",
    "PriceChange",
    "PriceHold",
    "PriceRule",
    "Product",
    "ProductCard",
    "ProductDocument",
    "ProductFamily",
    "ProductGuarantee",
    "ProductText",
    "RepricingRequest",
    "Requirement",
    "SearchTerm",
    "SellingCosts",
    "Spec",
    "StaleCompleteness",
    "Variant",
]
