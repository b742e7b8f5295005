"""Export columns: write a variant as cells that the suggested feed mapping reads back.

The headings are those that ``suppliers.feed_mapping.suggestions`` recognizes. A value becomes the
text from which ``catalog.attributes`` reads the same value. Costs and stock are left out: an old
export must not confirm them when it is imported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import Any

from catalog.attributes import batteries
from catalog.attributes.normalization import UNBRANDED
from catalog.custom_attributes.registry import Definition
from catalog.custom_attributes.values import of_kind
from catalog.models import Identifier, Mode, Product, ProductText, Spec, Variant
from catalog.models.families import cached_families
from catalog.models.texts import TRANSLATED_LANGUAGES
from suppliers.connectors.feed.mapping.fields import OPTION_ALIASES, OPTION_PREFIX
from suppliers.models import SupplierOffer

SKU, PARENT_SKU = "SKU", "Parent SKU"
# Heading -> label of the specification table, and column of ``Spec``.
NUMBERS: Mapping[str, tuple[str, str]] = {
    "Light output (lm)": ("Light output", "output_lm"),
    "Lowest output (lm)": ("Lowest output", "output_min_lm"),
    "Peak intensity (cd)": ("Peak intensity", "intensity_cd"),
    "Runtime on high (min)": ("Run time on high", "runtime_high_min"),
    "Run time (min)": ("Run time", "runtime_max_min"),
    "Impact resistance (m)": ("Impact resistance", "impact_m"),
    "Head diameter (mm)": ("Head diameter", "head_mm"),
    "Length (mm)": ("Length", "length_mm"),
    "Weight (g)": ("Weight", "weight_g"),
    "Battery capacity (mAh)": ("Battery capacity", "battery_capacity_mah"),
    "Battery voltage (V)": ("Battery voltage", "battery_voltage"),
    "Battery energy (Wh)": ("Battery energy", "battery_energy_wh"),
    "Color temperature (K)": ("Color temperature", "cct_k"),
    "CRI": ("CRI", "cri"),
}
# Heading -> label, of attributes in words.
WORDS: Mapping[str, str] = {
    "Beam distance (m)": "Beam distance",
    "IP rating": "IP rating",
    "Battery": "Battery",
    "Charging": "Charging",
    "Modes": "Modes",
    "Light color": "Light color",
    "Body material": "Material",
}
# Heading -> language and field of the texts that staff wrote in other languages.
TEXTS: Mapping[str, tuple[str, str]] = {
    f"{label} ({language})": (language, name)
    for language, _name in TRANSLATED_LANGUAGES
    for label, name in (
        ("Title", "title"), ("Summary", "summary"), ("Description", "description_html"),
    )
}  # fmt: skip
BEFORE_OPTIONS = (
    SKU, PARENT_SKU, "GTIN", "MPN", "Title", "Description", "Brand", "Category path",
)  # fmt: skip
AFTER_OPTIONS = (
    "Packed weight (g)", "Has battery", "HS code", "Country of origin", *NUMBERS, *WORDS,
    "Features", "Pictures", "Minimum order quantity", "Pack size", "Handling time (days)",
    "MAP price", "MSRP", "Restock date", "Discontinued", "Supplier code",
    "Shop SKU", "Shop title", "Shop category", *TEXTS,
)  # fmt: skip
NUMBER_HEADINGS = frozenset({*NUMBERS, "Packed weight (g)", "Minimum order quantity", "Pack size"})
CHEMISTRIES = {
    "li_ion": "Li-ion", "li_po": "Li-Po", "lifepo4": "LiFePO4", "lithium_metal": "lithium metal",
    "nimh": "NiMH", "alkaline": "alkaline", "zinc_carbon": "zinc carbon",
}  # fmt: skip
CHARGING = {
    "usb_c": "USB-C", "micro_usb": "Micro-USB", "magnetic": "magnetic charging",
    "cradle": "cradle", "dc": "DC",
}  # fmt: skip
ENERGY_SOURCES = ("solar", "crank")  # codes of both ``charging`` and ``power_sources``
BEAM_WORDS = ("beam", "throw", "range", "distance", "irradiation")
MAX_DESCRIPTION_LINES = 150  # the CSV reader accepts at most 200 lines per record


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRow:
    """One variant and the offer that its row describes; None if no supplier offers it."""

    variant: Variant
    product: Product
    spec: Spec
    texts: Mapping[str, ProductText]  # by language
    custom: Sequence[Definition]
    modes: Sequence[Mode]
    identifiers: Sequence[Identifier]
    picture_urls: Sequence[str]
    has_battery: bool
    offer: SupplierOffer | None


def headings(option_names: Sequence[str]) -> list[str]:
    options = [_option_heading(name) for name in option_names]
    return [*BEFORE_OPTIONS, *options, *AFTER_OPTIONS]


def _option_heading(name: str) -> str:
    return name if name in OPTION_ALIASES else f"{OPTION_PREFIX}{name}"


def to_cells(row: ExportRow) -> dict[str, str]:
    """Return the filled cells of a row by heading."""
    variant, product, offer = row.variant, row.product, row.offer
    more = {str(label): str(text) for label, text in row.spec.more.items()}
    more = {**_rejected(row.spec), **more, **_custom(row)}
    options = zip(product.option_names, variant.option_values, strict=False)
    has_own_title = offer is not None and offer.title and "title" not in product.overridden_fields
    values: dict[str, Any] = {
        "GTIN": "; ".join(_identifiers(row, Identifier.Scheme.GTIN)),
        "MPN": next(iter(_identifiers(row, Identifier.Scheme.MPN)), ""),
        "Title": offer.title if offer and has_own_title else product.title,
        "Description": on_few_lines(product.description_html),
        "Brand": "" if product.brand.name == UNBRANDED else product.brand.name,
        "Category path": cached_families().name_in(product.family, "en"),
        **{_option_heading(str(name)): value for name, value in options},
        "Packed weight (g)": variant.packed_weight_g,
        "Has battery": "yes" if row.has_battery else "no",
        "HS code": variant.hs_code,
        "Country of origin": variant.origin_country or more.pop("Country of origin", ""),
        **_attributes(row, more),
        "Pictures": "".join(f"{url}|" for url in row.picture_urls),
        **_offer_cells(offer, shop_sku=variant.sku),
        "Shop SKU": variant.sku,
        "Shop title": product.title,
        "Shop category": product.category.slug,
        **{heading: _translation(row, *of_text) for heading, of_text in TEXTS.items()},
    }
    return {heading: text for heading, value in values.items() if (text := _text(value))}


def _translation(row: ExportRow, language: str, name: str) -> str:
    """Return the text that staff wrote; a title that the template makes is left out."""
    text = row.texts.get(language)
    return on_few_lines(getattr(text, name)) if text else ""


def _rejected(spec: Spec) -> dict[str, str]:
    """Return the lines whose numbers the import rejected, by label."""
    lines = [
        line.partition(": ")
        for warning in spec.warnings
        if warning["is_error"] and warning["raw"]
        for line in warning["raw"].split("; ")
    ]
    return {label: text for label, _, text in lines if text}


def _custom(row: ExportRow) -> dict[str, str]:
    """Return the custom attributes as lines that the import reads back."""
    values = row.spec.custom_values
    return {
        _custom_label(definition): _custom_text(value, definition)
        for definition in row.custom
        if (value := of_kind(values.get(definition.code), definition)) is not None
    }


def _custom_label(definition: Definition) -> str:
    """Return ``care``, of a translation ``care (az)``: a colon would end the label."""
    code, _colon, language = definition.code.partition(":")
    return f"{code} ({language})" if language else code


def _custom_text(value: Any, definition: Definition) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value} {definition.unit}".strip()


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        plain = f"{value:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "" if value is None else str(value)


def on_few_lines(html: str) -> str:
    return html.replace("\n", "&#10;") if html.count("\n") > MAX_DESCRIPTION_LINES else html


def _identifiers(row: ExportRow, scheme: Identifier.Scheme) -> list[str]:
    return [found.raw or found.value for found in row.identifiers if found.scheme == scheme]


def _offer_cells(offer: SupplierOffer | None, *, shop_sku: str) -> dict[str, Any]:
    if offer is None:
        return {SKU: shop_sku, PARENT_SKU: shop_sku, "Discontinued": "yes"}
    return {
        SKU: offer.supplier_sku,
        PARENT_SKU: offer.product_external_id,
        "Supplier code": offer.supplier.code,
        "Discontinued": "yes" if offer.status == SupplierOffer.Status.DISCONTINUED else "",
        "Minimum order quantity": offer.min_order_units,
        "Pack size": offer.pack_size,
        "Handling time (days)": offer.lead_days,
        "MAP price": offer.map_amount,
        "MSRP": offer.msrp_amount,
        "Restock date": offer.restock_on,
    }


def _attributes(row: ExportRow, more: dict[str, str]) -> dict[str, Any]:
    """Return the cells of the specification. A rejected text fills the cell of its missing value.

    Texts that fill a cell are removed from ``more``; the rest becomes the cell ``Features``.
    """
    spec = row.spec
    words: dict[str, str] = {
        "IP rating": _ip_rating(spec.ip_rating),
        "Battery": _battery(row),
        "Charging": ", ".join(_charging(spec)),
        "Modes": "; ".join(map(_mode, row.modes)),
        "Light color": ", ".join(code.replace("_", " ") for code in spec.light_colors),
        "Body material": spec.material,
    }
    cells: dict[str, Any] = {
        heading: more.pop(label, "") or words.get(heading, "") for heading, label in WORDS.items()
    }
    for heading, (label, column) in NUMBERS.items():
        value, rejected = getattr(spec, column), more.pop(label, "")
        cells[heading] = rejected if value is None else value
    if not cells["Beam distance (m)"] and (stated := _stated_beam(spec)):
        cells |= {"Beam distance (m)": stated, "Peak intensity (cd)": None}
    features = [code.replace("_", " ") for code in spec.features]
    features += [way for way in ENERGY_SOURCES if way in {*spec.charging} - {*spec.power_sources}]
    lines = [("Features", ", ".join(features))] if features else []
    cells["Features"] = "".join(f"{label}:{text}|" for label, text in chain(lines, more.items()))
    return cells


def _ip_rating(rating: str) -> str:
    """Write IP66/8 as IP66/IP68, which ``parse_ip_rating`` accepts."""
    first, slash, depth = rating.partition("/")
    return f"{first}/{first[:3]}{depth}" if slash else rating


def _charging(spec: Spec) -> list[str]:
    own = [CHARGING[code] for code in spec.charging if code in CHARGING]
    return own + [way for way in ENERGY_SOURCES if way in {*spec.charging} & {*spec.power_sources}]


def _stated_beam(spec: Spec) -> str:
    """Return the beam distance as stated, if the intensity was derived from it."""
    source = spec.sources.get("intensity_cd", {})
    is_beam = any(word in source.get("label", "").casefold() for word in BEAM_WORDS)
    is_intensity = "intensity" in source.get("label", "").casefold()
    return str(source.get("raw", "")) if is_beam and not is_intensity else ""


def _mode(mode: Mode) -> str:
    output = f"{_text(mode.output_lm)} lm" if mode.output_lm is not None else ""
    runtime = f"{mode.runtime_min} min" if mode.runtime_min is not None else ""
    return f"{mode.name} {' / '.join(filter(None, (output, runtime)))}".strip()


def _battery(row: ExportRow) -> str:
    """Return a text such as ``2 x 18650 Li-ion, included``."""
    spec = row.spec
    count, chemistry = spec.battery_count, CHEMISTRIES.get(spec.battery_chemistry, "")
    if spec.battery_format == batteries.BUILT_IN:
        cells = "built-in" if count in {None, 1} else f"{count} cells built-in"
    elif spec.battery_format:
        cells = f"{count or 1} x {spec.battery_format}"
        cells += " cells" if spec.battery_format in {"C", "D"} else ""
    else:
        cells = f"{count} pcs" if count else ""
    parts = [f"{cells} {chemistry}".strip()]
    if "built_in" in spec.power_sources and spec.battery_format != batteries.BUILT_IN:
        parts.append("built-in")
    if row.variant.lithium == Variant.Lithium.INSIDE and "built_in" not in spec.power_sources:
        parts.append("installed")
    if spec.battery_included is not None:
        parts.append("included" if spec.battery_included else "not included")
    parts += [way for way in (*ENERGY_SOURCES, "mains") if way in spec.power_sources]
    return ", ".join(filter(None, parts))
