"""Structured data: write the JSON-LD of the shop, its breadcrumbs and products."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import get_script_prefix, reverse
from markupsafe import Markup

from catalog.products import images
from catalog.products.detail import ProductView, VariantView
from shipping.availability.reach import Availability
from shipping.rates.quotes import QuotedPromise
from storefront.identity.current import shop_identity
from storefront.web.catalog.product_title import product_title
from storefront.web.core.visit import Visit

ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def as_json(data: Any) -> Markup:
    """Return JSON that cannot end the script element it is in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(ESCAPES))  # noqa: S704 - all tag characters are escaped


def shop_json(origin: str) -> Markup:
    """Return the shop; ``origin`` is scheme and host of the market."""
    home_url, identity = f"{origin}{get_script_prefix()}", shop_identity()
    return as_json(
        {
            "@context": "https://schema.org",
            "@graph": [
                {
                    "@type": "Organization",
                    "@id": f"{home_url}#shop",
                    "name": identity.name,
                    "legalName": identity.company,
                    "url": home_url,
                    "email": identity.email,
                    "telephone": identity.phone,
                    "address": ", ".join(identity.address_lines),
                    **({"vatID": identity.vat_id} if identity.vat_id else {}),
                },
                {
                    "@type": "WebSite",
                    "name": identity.name,
                    "url": home_url,
                    "publisher": {"@id": f"{home_url}#shop"},
                },
            ],
        }
    )


def trail_json(origin: str, home: str, trail: Iterable[tuple[str, str]]) -> Markup:
    """Return the breadcrumbs below the home page, each a name and a path."""
    return as_json({"@context": "https://schema.org", **_trail(origin, home, trail)})


def _trail(origin: str, home: str, trail: Iterable[tuple[str, str]]) -> dict[str, Any]:
    crumbs = [(shop_identity().name, home), *trail]
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": n, "name": name, "item": origin + path}
            for n, (name, path) in enumerate(crumbs, start=1)
        ],
    }


def product_json(  # noqa: PLR0913 - all that the page shows
    light: ProductView,
    chosen: VariantView,
    *,
    sku: str,
    answer: Availability,
    here: Visit,
    now: datetime,
) -> Markup:
    """Describe only what the page shows.

    ``sku`` is the one in the URL, if any; ``answer`` is the availability of ``chosen`` in the
    visitor's country.
    """
    path = reverse("product", args=[light.slug])
    variant = f"?{urlencode({'v': sku})}" if chosen.sku == sku else ""
    offer: dict[str, Any] = {
        "@type": "Offer",
        "url": f"{here.market.origin}{path}{variant}",
        "price": str(chosen.price.rounded().amount),
        "priceCurrency": chosen.price.currency,
        "itemCondition": "https://schema.org/NewCondition",
        "availability": f"https://schema.org/{'OutOfStock' if answer.is_sold_out else 'InStock'}",
    }
    if here.channel.prices_exclude_tax:
        offer["priceSpecification"] = {
            "@type": "UnitPriceSpecification",
            "price": offer["price"],
            "priceCurrency": offer["priceCurrency"],
            "valueAddedTaxIncluded": False,
        }
    if answer.promise is not None:
        offer["shippingDetails"] = _delivery(answer.promise, country=here.country, today=now.date())
    elif answer.more is not None:  # sold in packs only
        offer["eligibleQuantity"] = {"@type": "QuantitativeValue", "minValue": answer.more}
    elif not answer.is_sold_out:
        offer["ineligibleRegion"] = here.country
    inputs = (chosen.id, shop_identity().name, here.market.url)
    kept_from, fixed = light.memo.get(("json", here.language), (None, None))
    if fixed is None or kept_from != inputs:
        fixed = _fixed_json(light, chosen, here, path)
        light.memo["json", here.language] = inputs, fixed
    product_start, trail = fixed
    graph = f'{product_start},"offers":{as_json(offer)}}},{trail}'
    return Markup(f'{{"@context":"https://schema.org","@graph":[{graph}]}}')  # noqa: S704 - by as_json


def _fixed_json(
    light: ProductView, chosen: VariantView, here: Visit, path: str
) -> tuple[Markup, Markup]:
    """Return the start of the product's JSON, to which its offer is added, and the breadcrumbs."""
    product_data: dict[str, Any] = {
        "@type": "Product",
        "name": product_title(light),
        "sku": chosen.sku,
        "brand": {"@type": "Brand", "name": light.brand},
        "image": [
            f"{settings.PUBLIC_URL}{images.url_of(picture.stem, 900)}"
            for picture in light.pictures_of(chosen)
        ],
    }
    text = light.text_in(here.language)
    optional = {
        "description": "" if text.is_shown_in_english else text.summary,
        "gtin14": chosen.gtin,
        "mpn": chosen.mpn,
        "color": chosen.color,
    }
    product_data |= {name: value for name, value in optional.items() if value}
    category = (
        light.category.name_in(here.language),
        reverse("category", args=[light.category.slug]),
    )
    trail = _trail(here.market.origin, reverse("home"), [category, (product_title(light), path)])
    return as_json(product_data)[:-1], as_json(trail)


def _delivery(promise: QuotedPromise, *, country: str, today: date) -> dict[str, Any]:
    leaves = (promise.leaves_on - today).days
    arrives = [(day - promise.leaves_on).days for day in (promise.arrives_from, promise.arrives_to)]
    return {
        "@type": "OfferShippingDetails",
        "shippingRate": {
            "@type": "MonetaryAmount",
            "value": str(promise.price.rounded().amount),
            "currency": promise.price.currency,
        },
        "shippingDestination": {"@type": "DefinedRegion", "addressCountry": country},
        "deliveryTime": {
            "@type": "ShippingDeliveryTime",
            "handlingTime": _days(leaves, leaves),
            "transitTime": _days(*arrives),
        },
    }


def _days(least: int, most: int) -> dict[str, Any]:
    return {"@type": "QuantitativeValue", "minValue": least, "maxValue": most, "unitCode": "DAY"}
