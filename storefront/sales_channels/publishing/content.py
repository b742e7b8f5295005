"""Listed content: build a product as a store is to show it, find what it lacks for publication."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from catalog.models import Spec
from catalog.models.products import WIDTHS_PX
from catalog.products.detail import ProductView, VariantView
from catalog.products.images import url_of
from catalog.texts.code_labels import BY_COLUMN, code_label
from storefront.lib.money import Money
from storefront.sales_channels.models import Connection
from storefront.sales_channels.platforms.base import (
    ExternalVariant,
    ListedProduct,
    ListedVariant,
)
from storefront.sales_channels.publishing.listing_states import ListingState

MAX_PICTURES = 20
# Columns of ``Spec`` that are shown, in this order, under their names.
ATTRIBUTES = (
    "output_lm",
    "intensity_cd",
    "beam_m",
    "runtime_high_min",
    "runtime_max_min",
    "cct_k",
    "cri",
    "light_colors",
    "features",
    "power_sources",
    "battery_format",
    "battery_included",
    "charging",
    "ip_rating",
    "impact_m",
    "length_mm",
    "material",
)


def find_problems(view: ProductView, *, requires_gtin: bool) -> list[str]:
    """Return what a product lacks to be published; staff read it in the language that is active."""
    problems = []
    if not view.title.strip():
        problems.append(gettext("The title is missing"))
    if not view.pictures:
        problems.append(gettext("No image is stored yet"))
    without = [variant.sku for variant in view.variants if requires_gtin and not variant.gtin]
    if without:
        problems.append(gettext("The GTIN is missing: %(skus)s") % {"skus": ", ".join(without)})
    return problems


def build(
    view: ProductView,
    states: Mapping[int, ListingState],
    *,
    connection: Connection,
    external_id: str,
) -> ListedProduct:
    """Build the product with the variants in ``states``, a mapping by variant id.

    Its texts are in the default language of the channel, in the base language where they are
    missing.
    """
    language = connection.channel.default_language
    shown = [variant for variant in view.variants if variant.id in states]
    text = view.text_in(language)
    names = view.category.names
    with translation.override(language):
        attributes = tuple(_attributes(view.spec)) if view.spec else ()
    return ListedProduct(
        key=str(view.id),
        title=view.titles.get(language) or view.title,
        description_html=text.description_html or text.summary,
        brand=view.brand,
        category=(str(names.get(language) or names.get("en") or view.category.slug),),
        attributes=attributes,
        picture_urls=tuple(_url(image.stem) for image in view.pictures[:MAX_PICTURES]),
        variants=tuple(
            _variant(variant, view, states[variant.id], currency=connection.channel.currency)
            for variant in shown
        ),
        external_id=external_id,
        external_variants=_known(external_id, [states[variant.id] for variant in shown]),
    )


def digest(product: ListedProduct) -> str:
    """Return a digest of all that is shown, except prices and quantities."""
    nothing = Money.zero("EUR")
    variants = tuple(
        replace(variant, price=nothing, compare_at=None, quantity=0) for variant in product.variants
    )
    shown = replace(product, variants=variants, external_id="", external_variants={})
    return hashlib.sha256(msgspec.json.encode(shown)).hexdigest()


def _variant(
    variant: VariantView, view: ProductView, state: ListingState, *, currency: str
) -> ListedVariant:
    # A product with one variant may have values without names.
    names = (*view.option_names, *(f"Option {n}" for n in range(len(view.option_names) + 1, 4)))
    pictures = view.pictures_of(variant)
    return ListedVariant(
        sku=variant.sku,
        gtin=variant.gtin,
        mpn=variant.mpn,
        options=tuple(zip(names, variant.options, strict=False)),
        price=variant.price,
        compare_at=Money(state.compare_at, currency) if state.compare_at else None,
        quantity=state.quantity,
        weight_g=variant.packed_weight_g or variant.weight_g,
        hs_code=variant.hs_code,
        origin=variant.origin_country,
        picture_url=_url(pictures[0].stem) if pictures else "",
    )


def _known(external_id: str, states: Collection[ListingState]) -> dict[str, ExternalVariant]:
    return {
        state.sku: state.external
        for state in states
        if external_id and state.external.product_id == external_id and state.external.variant_id
    }


def _url(stem: str) -> str:
    return f"{settings.PUBLIC_URL}{url_of(stem, max(WIDTHS_PX))}"


def _attributes(spec: Spec) -> Iterator[tuple[str, str]]:
    for name in ATTRIBUTES:
        value = getattr(spec, name)
        if text := _text(name, value):
            yield str(Spec._meta.get_field(name).verbose_name), text  # type: ignore[union-attr]  # noqa: SLF001


def _text(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(code_label(name, str(code)) for code in value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return code_label(name, value) if name in BY_COLUMN else str(value)
