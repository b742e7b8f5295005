"""Feed fields: define what we read from each row, and the column names that suppliers use. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from catalog.attributes.units import heading_unit


class CellKind(StrEnum):
    """How the cell of a field is read."""

    TEXT = "text"
    HTML = "html"
    SKU = "sku"
    MONEY = "money"
    STOCK = "stock"
    COUNT = "count"
    WEIGHT = "weight"
    LENGTH = "length"
    WORDS = "words"  # a path or a list, joined in one cell
    FLAG = "flag"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One of our fields.

    Shape:  ``aliases`` are column names as ``fold_header`` writes them, the likeliest first
    """

    label: str
    kind: CellKind = CellKind.TEXT
    aliases: tuple[str, ...] = ()


TARGETS: dict[str, Target] = {
    "sku": Target(
        label="SKU",
        kind=CellKind.SKU,
        aliases=(
            "sku", "variant sku", "supplier sku", "reference", "product code", "item code",
            "artikelnummer", "article number", "item no", "item number", "part no", "id",
            "product id", "code", "artikelnr", "artikel nr", "art nr", "bestellnummer",
            "referencia", "codice", "codice articolo", "external_id",
        ),
    ),
    "parent": Target(
        label="Parent SKU",
        kind=CellKind.SKU,
        aliases=(
            "parent sku", "parent", "parent id", "item group id", "url handle", "handle",
            "group id", "product group", "model",
        ),
    ),
    "gtin": Target(
        label="GTIN",
        aliases=(
            "gtin", "ean", "ean13", "ean 13", "upc", "barcode", "ean code", "code ean", "gencod",
        ),
    ),
    "mpn": Target(
        label="MPN",
        aliases=("mpn", "manufacturer part number", "part number", "partnumber", "maker code"),
    ),
    "title": Target(
        label="Title",
        aliases=("title", "product name", "name", "product title", "bezeichnung", "item name",
            "artikelbezeichnung", "produktname", "artikelname", "designation", "titre", "nom",
            "nombre", "titulo", "nome", "titolo"),
    ),
    "description": Target(
        label="Description",
        kind=CellKind.HTML,
        aliases=(
            "html description", "description html", "description", "long description",
            "body html", "body", "product description", "beschreibung",
            "descripcion", "descrizione",
        ),
    ),
    "brand": Target(
        label="Brand",
        aliases=(
            "brand", "manufacturer", "vendor", "marke", "maker", "hersteller", "marque", "marca",
            "fabricante",
        ),
    ),
    "category": Target(
        label="Category path",
        kind=CellKind.WORDS,
        aliases=(
            "category path", "categories", "category", "product type", "product category",
            "kategorie", "type", "google product category", "warengruppe", "categorie", "categoria",
        ),
    ),
    "cost": Target(
        label="Cost",
        kind=CellKind.MONEY,
        aliases=(
            "cost", "b2b price", "wholesale price", "base price", "net price", "cost per item",
            "dealer price", "purchase price", "cost of goods sold", "einkaufspreis", "ek",
            "ek preis", "ek netto", "netto ek", "nettopreis", "handlerpreis", "prix d achat",
            "prix ht", "precio neto", "precio", "prezzo netto", "prezzo", "prix", "preis",
        ),
    ),
    "msrp": Target(
        label="Recommended retail price (MSRP)",
        kind=CellKind.MONEY,
        aliases=(
            "msrp", "rrp", "max price", "webshop price", "advised price", "retail price",
            "list price", "uvp", "compare at price", "variant compare at price",
        ),
    ),
    "map": Target(
        label="Minimum advertised price (MAP)",
        kind=CellKind.MONEY,
        aliases=("map", "map price", "minimum advertised price", "min advertised price"),
    ),
    "minimum": Target(
        label="Minimum order quantity",
        kind=CellKind.COUNT,
        aliases=("moq", "minimum order quantity", "min order qty", "min qty", "minimum quantity"),
    ),
    "pack": Target(
        label="Pack size",
        kind=CellKind.COUNT,
        aliases=("pack size", "pack quantity", "multiple", "order multiple", "packing unit"),
    ),
    "lead_days": Target(
        label="Handling time (days)",
        kind=CellKind.COUNT,
        aliases=("lead days", "lead time", "handling days", "handling time", "lieferzeit"),
    ),
    "restock": Target(
        label="Expected back in stock",
        kind=CellKind.MOMENT,
        aliases=(
            "availability date", "restock date", "restocking date", "back in stock",
            "back in stock date", "back in stock on", "expected in stock", "next delivery date",
            "available from", "eta", "eta date", "wieder lieferbar", "wieder lieferbar ab",
            "wieder verfugbar", "wieder verfugbar ab", "verfugbar ab", "lieferbar ab",
            "nachster wareneingang", "wareneingang", "liefertermin",
        ),
    ),
    "currency": Target(label="Currency", aliases=("currency", "currency code", "wahrung")),
    "stock": Target(
        label="Stock",
        kind=CellKind.STOCK,
        aliases=(
            "stock", "qty", "quantity", "inventory", "stock quantity", "available",
            "variant inventory qty", "inventory quantity", "bestand", "is have", "availability",
            "lagerbestand", "verfugbarkeit", "verfugbar", "quantite", "disponibilite",
            "existencias", "disponibilidad", "giacenza", "disponibilita",
        ),
    ),
    "location": Target(
        label="Warehouse", aliases=("warehouse", "location", "warehouse code", "lager", "depot")
    ),
    "country": Target(
        label="Country of the warehouse",
        aliases=("warehouse country", "ships from", "stock country"),
    ),
    "weight": Target(
        label="Packed weight",
        kind=CellKind.WEIGHT,
        aliases=(
            "packed weight", "shipping weight", "weight", "variant grams", "weight value grams",
            "gross weight", "gewicht", "versandgewicht", "bruttogewicht", "poids brut",
            "peso bruto", "peso lordo", "poids", "peso",
        ),
    ),
    "length": Target(
        label="Length", kind=CellKind.LENGTH, aliases=("length", "product length", "depth", "lange")
    ),
    "width": Target(label="Width", kind=CellKind.LENGTH, aliases=("width", "product width", "breite")),
    "height": Target(
        label="Height", kind=CellKind.LENGTH, aliases=("height", "product height", "hohe")
    ),
    "features": Target(
        label="Features (name:value)",
        kind=CellKind.WORDS,
        aliases=("features", "attributes", "specifications", "specs", "product detail"),
    ),
    "hs_code": Target(
        label="HS code",
        aliases=("hs code", "intrastat", "customs code", "tariff code", "hs", "commodity code"),
    ),
    "origin": Target(
        label="Country of origin",
        aliases=("country of origin", "origin", "coo", "made in", "origin country"),
    ),
    "battery": Target(
        label="Contains a battery",
        kind=CellKind.FLAG,
        aliases=("has battery", "battery included", "battery"),
    ),
    "status": Target(
        label="Status or discontinued flag",
        kind=CellKind.FLAG,
        aliases=("status", "deleted", "discontinued", "is sale", "active"),
    ),
    "updated_at": Target(
        label="Updated at",
        kind=CellKind.MOMENT,
        aliases=("updated at", "last update", "last modified", "updated", "timestamp"),
    ),
}  # fmt: skip

IMAGE_ALIASES = (
    "main picture", "main image", "image link", "image", "images", "image url", "picture",
    "pictures", "product image url", "image src", "additional image link", "additional images",
    "photo", "photos", "bild",
)  # fmt: skip
OPTION_ALIASES = {
    "Color": ("color", "colour", "farbe"),
    "Size": ("size", "grosse"),
    "Material": ("material",),
    "Pattern": ("pattern",),
}
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BETWEEN = re.compile(r"[\W_]+")


def fold_header(header: str) -> str:
    """Return a column's name in a normal form: ``B2B_Price`` becomes ``b2b price``."""
    bare = CAMEL.sub(" ", header.removeprefix("g:"))
    decomposed = unicodedata.normalize("NFKD", bare.casefold())
    plain = "".join(each for each in decomposed if not unicodedata.combining(each))
    return _BETWEEN.sub(" ", plain).strip()


_BRACKET = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")


def strip_unit(header: str) -> str:
    """Return a column's name folded, without a unit at its end: ``Output (lm)`` is ``output``."""
    folded_name = fold_header(_BRACKET.sub("", header))
    head, _, unit = folded_name.rpartition(" ")
    name = head if head and heading_unit(unit) else folded_name
    return name.removesuffix(" in")


MAX_TOTAL_LENGTH = 30
TOTAL_LABELS = frozenset(
    {"total", "totals", "grand total", "subtotal", "sub total", "sum", "summe", "gesamt"}
    | {"gesamtsumme", "zwischensumme", "somme", "total general", "sous total", "suma", "totale"}
)


def is_total(cells: Iterable[str]) -> bool:
    """Test whether a row is a total of others, by its first text."""
    first = next((cell for cell in cells if cell), "")
    return first[:MAX_TOTAL_LENGTH].strip(" :.=").casefold().replace("-", " ") in TOTAL_LABELS
