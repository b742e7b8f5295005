"""BigBuy product pages: build product records from the joined lists."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog.records import ImportIssue, ProductRecord, SupplierTerms, VariantRecord
from storefront.lib.money import Money
from storefront.lib.tasks import TASK_ENDING
from suppliers.connectors import parsing
from suppliers.connectors.bigbuy import schemas
from suppliers.connectors.bigbuy.list_store import ListStore
from suppliers.connectors.bigbuy.options import CURRENCY
from suppliers.connectors.records import ProductDetail, failed_detail
from suppliers.connectors.spec_tables import claims

MAX_CATEGORY_DEPTH = 12
MAX_VARIANTS = 200
# Not part of the digest: prices and stock have their own jobs, and a new date alone is no change.
PRICES = frozenset({"wholesalePrice", "retailPrice", "inShopsPrice", "priceLargeQuantities"})
VOLATILE_FIELDS = PRICES | {
    "dateAdd", "dateUpd", "dateUpdCategories", "dateUpdDescription", "dateUpdProperties",
    "dateUpdImages", "dateUpdStock",
}  # fmt: skip
NOT_A_PHOTO = ("logo", "energyEfficiency", "gpsrLabel", "gpsrWarning")
BATTERY = re.compile(r"batter|li-?ion|li-?po|lithium|\bmAh\b", re.IGNORECASE)
NEGATIVE_VALUE = re.compile(r"^\s*(no|none|without|not included|0)\b", re.IGNORECASE)


def pages(store: ListStore, product_ids: frozenset[int]) -> Iterator[ProductDetail]:
    for key, row in store.products():
        if key in product_ids:
            try:
                yield _JoinedProduct(store, key, row).page()
            except TASK_ENDING:
                raise
            except Exception as error:  # noqa: BLE001 - failed_detail logs it
                yield failed_detail(str(key), error)


class _JoinedProduct:
    def __init__(self, store: ListStore, key: int, row: dict[str, Any]) -> None:
        self._list_store = store
        self._external_id = str(key)
        self._row = row
        self._text = store.row("productsinformation", key) or {}
        self._pictures = _pictures(store.row("productsimages", key) or {})
        self._variations = store.children("productsvariations", key)[:MAX_VARIANTS]
        self._problems: list[ImportIssue] = []

    def page(self) -> ProductDetail:
        brand = self._name("manufacturers", self._row.get("manufacturer"))
        path = self._category_path()
        options = [self._options(variation) for variation in self._variations]
        sources = [self._row, self._text, *self._variations]
        stable_values = [
            {k: v for k, v in source.items() if k not in VOLATILE_FIELDS} for source in sources
        ]
        prices = [{k: v for k, v in source.items() if k in PRICES} for source in sources]
        title = parsing.text(self._text.get("name"))
        if not title:
            message = "The product has no text in the configured language."
            self._problems.append(
                ImportIssue(row=self._external_id, code="no-title", message=message)
            )
        variants = self._variants(title, options) if title else ()
        if title and not variants:
            message = "The product has no valid SKU."
            self._problems.append(
                ImportIssue(row=self._external_id, code="no-variants", message=message)
            )
        lead_times = [variant.terms.lead_days for variant in variants]
        return ProductDetail(
            external_id=self._external_id,
            digest=parsing.digest(
                [stable_values, self._pictures, brand, path, options, lead_times]
            ),
            cost_digest=parsing.digest(prices),
            record=self._record(title, brand, path, options, variants) if variants else None,
            problems=tuple(self._problems),
        )

    def _record(
        self,
        title: str,
        brand: str,
        path: tuple[str, ...],
        options: list[dict[str, str]],
        variants: tuple[VariantRecord, ...],
    ) -> ProductRecord:
        html = parsing.text(self._text.get("description"))
        table = claims(html)
        return ProductRecord(
            external_id=self._external_id,
            title=title,
            brand=brand or table.get("Brand", ""),
            category_path=path,
            description_html=html,
            claims=table,
            option_names=_option_names(options),
            has_battery=_has_battery(table, f"{title} {html}"),
            hs_code=re.sub(r"\D", "", parsing.text(self._row.get("intrastat")))[:10],
            picture_urls=self._pictures,
            variants=variants,
            model=parsing.text(self._row.get("partNumber")),
        )

    def _variants(self, title: str, options: list[dict[str, str]]) -> tuple[VariantRecord, ...]:
        if not self._variations and self._row.get("attributes") is True:
            # The SKU of the parent product cannot be ordered.
            message = "The product should have variants, but lists none."
            self._problems.append(
                ImportIssue(row=self._external_id, code="no-variations", message=message)
            )
            return ()
        if not self._variations:
            only = self._variant(self._row, title, ())
            return (only,) if only else ()
        names = _option_names(options)
        variants: dict[str, VariantRecord] = {}
        for variation, chosen_values in zip(self._variations, options, strict=True):
            values = tuple(chosen_values.get(name, "") for name in names)
            variant = self._variant(variation, " ".join((title, *values)).strip(), values)
            if variant and variant.sku in variants:
                message = "The product has this SKU twice."
                self._problems.append(
                    ImportIssue(row=variant.sku, code="sku-twice", message=message)
                )
            elif variant:
                variants[variant.sku] = variant
        return tuple(variants.values())

    def _variant(
        self, row: Mapping[str, Any], title: str, values: tuple[str, ...]
    ) -> VariantRecord | None:
        sku = parsing.text(row.get("sku"))
        if not sku or len(sku) > parsing.MAX_SKU_LENGTH:
            row_name = f"{self._external_id}:{parsing.text(row.get('id'))}"
            self._problems.append(
                ImportIssue(row=row_name, code="sku-missing", message="A variant has no valid SKU.")
            )
            return None
        price = parsing.cost(sku, row.get("wholesalePrice"), currency=CURRENCY)
        if isinstance(price, ImportIssue):
            self._problems.append(price)
        is_alone = not self._variations
        return VariantRecord(
            sku=sku,
            title=title,
            option_values=values,
            cost=price if isinstance(price, Money) else None,
            gtin=parsing.text(row.get("ean13")),
            # A part number identifies the product, so it fits none of several variants.
            mpn=parsing.text(self._row.get("partNumber")) if is_alone else "",
            packed_weight_g=self._packed_g(row, is_alone=is_alone),
            terms=SupplierTerms(lead_days=self._list_store.lead_time_days(sku)),
        )

    def _packed_g(self, row: Mapping[str, Any], *, is_alone: bool) -> int | None:
        weight = schemas.grams(self._row.get("weight"))
        if weight is None or is_alone:
            return weight
        extra = parsing.amount(row.get("extraWeight")) or 0
        return max(1, weight + int(extra * schemas.G_PER_KG))

    def _options(self, variation: Mapping[str, Any]) -> dict[str, str]:
        """Return the options of a variation: ``Color`` → ``Black``."""
        key = parsing.integer(variation.get("id"))
        variation_row = (self._list_store.row("variations", key) if key is not None else None) or {}
        options: dict[str, str] = {}
        attributes = variation_row.get("attributes")
        for entry in attributes if isinstance(attributes, list) else ():
            attribute_id = parsing.integer(entry.get("id")) if isinstance(entry, dict) else None
            attribute = (
                self._list_store.row("attributes", attribute_id)
                if attribute_id is not None
                else None
            )
            if attribute:
                group = self._name("attributegroups", attribute.get("attributeGroup"))
                options.setdefault(group or "Option", parsing.text(attribute.get("name")))
        return options

    def _name(self, name: str, key: Any) -> str:
        number = parsing.integer(key)
        row = self._list_store.row(name, number) if number is not None else None
        return parsing.text(row.get("name")) if row else ""

    def _category_path(self) -> tuple[str, ...]:
        names: list[str] = []
        key = parsing.integer(self._row.get("taxonomy"))
        while key and len(names) < MAX_CATEGORY_DEPTH:
            row = self._list_store.row("taxonomies", key) or {}
            if name := parsing.text(row.get("name")):
                names.append(name)
            key = parsing.integer(row.get("parentTaxonomy"))
        return tuple(reversed(names))


def _option_names(options: list[dict[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for chosen in options for name in chosen))


def _pictures(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the photo URLs, the cover first, without labels and warnings."""
    images = row.get("images")
    photos = [
        image
        for image in (images if isinstance(images, list) else ())
        if isinstance(image, dict) and not any(image.get(kind) for kind in NOT_A_PHOTO)
    ]
    photos.sort(key=lambda image: not image.get("isCover"))
    return parsing.picture_urls(parsing.text(image.get("url")) for image in photos)


def _has_battery(table: Mapping[str, str], text: str) -> bool:
    battery_rows = {label: value for label, value in table.items() if BATTERY.search(label)}
    included = [value for label, value in battery_rows.items() if "includ" in label.casefold()]
    if included:
        return not NEGATIVE_VALUE.match(included[0])
    if battery_rows:
        return not all(NEGATIVE_VALUE.match(value) for value in battery_rows.values())
    return BATTERY.search(text) is not None
