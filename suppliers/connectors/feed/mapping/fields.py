"""Feed fields: define what we read from each row, and the column names that suppliers use. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from catalog.attributes.units import heading_unit


class CellKind(StrEnum):
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


@dataclass(frozen=True, slots=True)
class Target:
    """One of our fields.

    Shape:  ``names`` are column names as ``fold_header`` writes them, the likeliest first
    """

    label: str
    names: str
    kind: CellKind = CellKind.TEXT

    @property
    def aliases(self) -> tuple[str, ...]:
        return split_names(self.names)


def split_names(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(","))


TARGETS: dict[str, Target] = {
    "sku": Target("SKU", """
        sku, variant sku, supplier sku, reference, product code, item code, artikelnummer,
        article number, item no, item number, part no, id, product id, code, artikelnr,
        artikel nr, art nr, bestellnummer, referencia, codice, codice articolo, ref""", CellKind.SKU),
    "parent": Target("Parent SKU", """
        parent sku, parent, parent id, item group id, url handle, handle, group id, product group,
        model""", CellKind.SKU),
    "gtin": Target("GTIN", "gtin, ean, ean13, ean 13, upc, barcode, ean code, code ean, gencod"),
    "mpn": Target("MPN", "mpn, manufacturer part number, part number, partnumber, maker code"),
    "title": Target("Title", """
        title, product name, name, product title, bezeichnung, item name, artikelbezeichnung,
        produktname, artikelname, designation, titre, nom, nombre, titulo, nome, titolo, product"""),
    "description": Target("Description", """
        html description, description html, description, long description, body html, body,
        product description, beschreibung, descripcion, descrizione""", CellKind.HTML),
    "brand": Target("Brand", """
        brand, manufacturer, vendor, marke, maker, hersteller, marque, marca, fabricante"""),
    "category": Target("Category path", """
        category path, categories, category, product type, product category, kategorie, type,
        google product category, warengruppe, categorie, categoria""", CellKind.WORDS),
    "cost": Target("Cost", """
        cost, b2b price, wholesale price, base price, net price, cost per item, dealer price,
        purchase price, cost of goods sold, einkaufspreis, ek, ek preis, ek netto, netto ek,
        nettopreis, handlerpreis, prix d achat, prix ht, precio neto, precio, prezzo netto,
        prezzo, prix, preis""", CellKind.MONEY),
    "msrp": Target("Recommended retail price (MSRP)", """
        msrp, rrp, max price, webshop price, advised price, retail price, list price, uvp,
        compare at price, variant compare at price""", CellKind.MONEY),
    "map": Target("Minimum advertised price (MAP)", """
        map, map price, minimum advertised price, min advertised price""", CellKind.MONEY),
    "minimum": Target("Minimum order quantity", """
        moq, minimum order quantity, min order qty, min qty, minimum quantity""", CellKind.COUNT),
    "pack": Target("Pack size", """
        pack size, pack quantity, multiple, order multiple, packing unit""", CellKind.COUNT),
    "lead_days": Target("Handling time (days)", """
        lead days, lead time, handling days, handling time, lieferzeit""", CellKind.COUNT),
    "restock": Target("Expected back in stock", """
        availability date, restock date, restocking date, back in stock, back in stock date,
        back in stock on, expected in stock, next delivery date, available from, eta, eta date,
        wieder lieferbar, wieder lieferbar ab, wieder verfugbar, wieder verfugbar ab,
        verfugbar ab, lieferbar ab, nachster wareneingang, wareneingang, liefertermin""", CellKind.MOMENT),
    "currency": Target("Currency", "currency, currency code, wahrung"),
    "stock": Target("Stock", """
        stock, qty, quantity, inventory, stock quantity, available, variant inventory qty,
        inventory quantity, bestand, is have, availability, lagerbestand, verfugbarkeit,
        verfugbar, quantite, disponibilite, existencias, disponibilidad, giacenza, disponibilita""", CellKind.STOCK),
    "location": Target("Warehouse", "warehouse, location, warehouse code, lager, depot"),
    "country": Target("Country of the warehouse", "warehouse country, ships from, stock country"),
    "weight": Target("Packed weight", """
        packed weight, shipping weight, weight, variant grams, weight value grams, gross weight,
        gewicht, versandgewicht, bruttogewicht, poids brut, peso bruto, peso lordo, poids, peso""", CellKind.WEIGHT),
    "length": Target("Length", "length, product length, depth, lange", CellKind.LENGTH),
    "width": Target("Width", "width, product width, breite", CellKind.LENGTH),
    "height": Target("Height", "height, product height, hohe", CellKind.LENGTH),
    "features": Target("Features (name:value)", """
        features, attributes, specifications, specs, product detail""", CellKind.WORDS),
    "hs_code": Target("HS code", """
        hs code, intrastat, customs code, tariff code, hs, commodity code"""),
    "origin": Target("Country of origin", """
        country of origin, origin, coo, made in, origin country"""),
    "battery": Target("Contains a battery", """
        has battery, battery included, battery""", CellKind.FLAG),
    "status": Target("Status or discontinued flag", """
        status, deleted, discontinued, is sale, active""", CellKind.FLAG),
    "updated_at": Target("Updated at", """
        updated at, last update, last modified, updated, timestamp""", CellKind.MOMENT),
    "supplier": Target("Supplier code", "supplier code"),  # in our exports; rows of other suppliers are rejected
}  # fmt: skip

IMAGE_ALIASES = split_names("""
    main picture, main image, image link, image, images, image url, picture, pictures,
    product image url, image src, additional image link, additional images, photo, photos, bild""")
OPTION_ALIASES = {
    "Color": ("color", "colour", "farbe"),
    "Size": ("size", "grosse"),
    "Material": ("material",),
    "Pattern": ("pattern",),
}
OPTION_PREFIX = "Option: "  # prefix of the columns of other options in our exports
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BETWEEN = re.compile(r"[\W_]+")


def fold_header(header: str) -> str:
    """Return a column's name in a normal form: ``B2B_Price`` becomes ``b2b price``."""
    bare = CAMEL.sub(" ", header.removeprefix("g:").replace("mAh", "mah"))
    decomposed = unicodedata.normalize("NFKD", bare.casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return _BETWEEN.sub(" ", plain).strip()


BRACKET = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")


def strip_unit(header: str) -> str:
    """Return a column's name folded, without a unit at its end: ``Output (lm)`` is ``output``."""
    folded_name = fold_header(BRACKET.sub("", header))
    head, _, unit = folded_name.rpartition(" ")
    name = head if head and heading_unit(unit) else folded_name
    return name.removesuffix(" in")


MAX_TOTAL_LENGTH = 30
TOTAL_LABELS = frozenset(
    {"total", "totals", "grand total", "subtotal", "sub total", "sum", "summe", "gesamt"}
    | {"gesamtsumme", "zwischensumme", "somme", "total general", "sous total", "suma", "totale"}
)


def is_total(cells: Iterable[str]) -> bool:
    """Return whether a row is a total of other rows, by its first text."""
    first = next((cell for cell in cells if cell), "")
    return first[:MAX_TOTAL_LENGTH].strip(" :.=").casefold().replace("-", " ") in TOTAL_LABELS
