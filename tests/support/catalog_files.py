"""Catalog files: a wholesaler's list as CSV, the commands that import and export it."""

import csv
import io
import json

from django.core.management import CommandError, call_command

from catalog.models import Identifier, Image, Mode, Product, Spec, Variant
from storefront.lib.staff.csv_export import lossless_csv_line
from suppliers.connections import file_sources
from suppliers.connectors.feed.mapping.spec import FormatOverrides
from suppliers.feed_mapping import sample
from suppliers.models import FileContent, SupplierOffer, SupplierProduct
from tests.factories.catalog import NOON
from tests.factories.suppliers import make_supplier

PRODUCTS = FileContent.PRODUCTS


def csv_text(rows):
    return "".join(map(lossless_csv_line, rows))


HEADINGS = (
    "Artikelnr", "Modellgruppe", "EAN", "Herstellernummer", "Name", "Beschreibung", "Marke",
    "Kategorie", "Color", "LED color", "Lumen", "Candela", "Max Laufzeit (h)", "IP", "Akku",
    "Laden", "Modi", "Lichtfarbe", "Material", "Bild 1", "Bild 2", "Gewicht (g)",
    "Versandgewicht (g)", "MOQ", "UVP", "Zolltarifnummer", "Leuchtweite", "Extras",
)  # fmt: skip
FIELDS = {
    "sku": "Artikelnr", "parent": "Modellgruppe", "gtin": "EAN", "mpn": "Herstellernummer",
    "title": "Name", "description": "Beschreibung", "brand": "Marke", "category": "Kategorie",
    "features": "Extras", "minimum": "MOQ", "msrp": "UVP", "hs_code": "Zolltarifnummer",
}  # fmt: skip
CLAIMS = {
    "Light output": "Lumen", "Peak intensity": "Candela", "Run time": "Max Laufzeit (h)",
    "IP rating": "IP", "Battery": "Akku", "Charging": "Laden", "Modes": "Modi",
    "Light color": "Lichtfarbe", "Material": "Material", "Weight": "Gewicht (g)",
    "Beam distance": "Leuchtweite",
}  # fmt: skip
HEADLAMP = {
    "Modellgruppe": "=H1",
    "Beschreibung": '<p>Baş fənəri, «ışıq» – "güclü"</p>\n<ul><li>Größe: 5 cm</li></ul>',
    "Marke": "Şimal & Söhne",
    "Kategorie": "Stirnlampen",
    "Lumen": "1000",
    "Candela": "12500",
    "Max Laufzeit (h)": "40,5",
    "IP": "IP66/IP68",
    "Akku": "1 x 18650 Li-Ion 3000 mAh (enthalten / included)",
    "Laden": "USB-C",
    "Modi": "High 1000 lm / 2 h; Low 20 lm / 40 h; Red 5 lm",
    "Lichtfarbe": "white, red",
    "Material": "Aluminium",
    "Gewicht (g)": "95",
    "Zolltarifnummer": "8513 10 00",
}
ROWS = (
    HEADLAMP
    | {
        "Artikelnr": "-H1/black",
        "EAN": "4006381333931",
        "Herstellernummer": "+H1-B",
        "Name": '=Stirnlampe "Çıraq" H1, schwarz',
        "Color": "Black",
        "LED color": "warm",
        "Bild 1": "https://example.org/h1,a.jpg",
        "Bild 2": "https://example.org/black.jpg",
        "Versandgewicht (g)": "160",
        "MOQ": "6",
        "UVP": "79,90",
    },
    HEADLAMP
    | {
        "Artikelnr": "@H1/red",
        "EAN": "4006381333948",
        "Name": "Stirnlampe Çıraq H1, rot, 9999 lm",
        "Color": "Red",
        "LED color": "cold",
        "Bild 1": "https://example.org/h1,a.jpg",
        "Bild 2": "https://example.org/red.jpg",
    },
    {
        "Artikelnr": "L-2",
        "Name": "Laterne mit 3 x AA",
        "Kategorie": "Laternen",
        "Lumen": "400",
        "Candela": "5000000",
        "Akku": "3 x AA alkaline, not included",
    },
)
TEAPOT = {"Artikelnr": "X-1", "Name": "Teekanne", "Kategorie": "Küche"}


def make_wholesaler(shop, settings):
    """A supplier whose German file is mapped by hand and arrives by upload."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    supplier = make_supplier(code="bulk", adapter="feed", base_url="")
    supplier.connection.options = {"via": "upload"}
    supplier.connection.save()
    columns = {name: {"column": column} for name, column in FIELDS.items()}
    columns["weight"] = {"column": "Versandgewicht (g)", "unit": "g"}
    claims = {label: {"column": column} for label, column in CLAIMS.items()}
    spec = {
        "fields": columns,
        "claims": claims,
        "options": {name: {"column": name} for name in ("Color", "LED color")},
        "images": [{"column": "Bild 1"}, {"column": "Bild 2"}],
        "reading": {"decimal": ","},
    }
    save_mapping(supplier, spec)
    return supplier


def save_mapping(supplier, spec):
    file_sources.save_mapping(
        supplier=supplier, content=PRODUCTS, spec=spec, actor="test", now=NOON
    )


def suggest_mapping(supplier, path):
    suggested = sample.read_sample(path, reading=FormatOverrides()).suggested
    save_mapping(supplier, suggested.to_dict())
    return suggested


def write_csv(path, rows=ROWS, headings=HEADINGS):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, headings, delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return path


def run(*words):
    """Run import_catalog; return its exit code and its report."""
    out = io.StringIO()
    try:
        call_command("import_catalog", *map(str, words), "--json", stdout=out)
    except CommandError as error:
        return error.returncode, json.loads(out.getvalue() or "{}") or str(error)
    return 0, json.loads(out.getvalue())


def export(path, *words):
    call_command("export_catalog", str(path), *words, stdout=io.StringIO())
    return path


def counts(report):
    names = ("rows", "new", "changed", "unchanged", "rejected", "skipped")
    found = tuple(report[name] for name in names)
    assert found[0] == sum(found[1:])
    return found


def snapshot():
    """Return all data of the catalog and the offers, except the supplier's own words and times."""
    left_out = {"updated_at", "sources", "seen_at", "run_id", "changed_at"}
    left_out |= {"list_digest", "detail_digest", "cost_digest"}
    models = (Product, Variant, Spec, Mode, Identifier, Image, SupplierOffer, SupplierProduct)
    return {
        model.__name__: [
            {name: value for name, value in row.items() if name not in left_out}
            for row in model.objects.order_by("pk").values()
        ]
        for model in models
    }
