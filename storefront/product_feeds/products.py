"""Feed products: yield the variants of a channel as feed items, equal to their product pages.

Pages and feeds load a product by the same query and ask the same availability, so that a feed states
the price, availability and shipping that its link shows.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from itertools import batched
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from catalog.attributes.families import Families, FamilyKind
from catalog.markets.registry import url_of
from catalog.models import Channel, ProductCard
from catalog.models.families import load_families
from catalog.products import images
from catalog.products.detail import ProductView, VariantView
from catalog.products.detail_query import load_product
from catalog.texts import options
from shipping.availability.availability import check_shown_variants
from shipping.availability.reach import Availability
from shipping.rates.quotes import QuotedPromise
from storefront.lib.money import Money
from storefront.product_feeds import items
from storefront.product_feeds.items import Detail, FeedItem, Shipping
from storefront.web.catalog.product_title import product_title
from storefront.web.catalog.spec_table import spec_table
from storefront.web.rendering.environment import without_tables

PRODUCTS_PER_QUERY = 50
PICTURE_WIDTH = 900
SPEC_GROUPS = 3  # of the specification table: light, power, body; the others are not checked
# Ids of Google's product taxonomy.
HARDWARE_LIGHTS, FLASHLIGHTS, HEADLAMPS, LANTERNS, ACCESSORIES = 338, 543689, 2454, 1019, 2447
CATEGORY_BY_FAMILY = {"flashlight": FLASHLIGHTS, "headlamp": HEADLAMPS, "lantern": LANTERNS}
# Names of options that readers know as size.
SIZE_OPTIONS = frozenset({"size", "length"})


class Exclusion(StrEnum):
    """Why a published variant is not in a feed."""

    UNDELIVERABLE = "undeliverable"  # nothing ships it to the country of the feed
    NO_PICTURE = "no_picture"  # a feed item needs one
    PACKS_ONLY = "packs_only"  # one unit cannot be ordered


def feed_items(
    *, channel: Channel, country: str, language: str, now: datetime, excluded: Counter[str]
) -> Iterator[FeedItem]:
    """Yield the items of a feed in the active language; count what is left out in ``excluded``."""
    slugs = (
        ProductCard.objects.filter(channel=channel).order_by("id").values_list("slug", flat=True)
    )
    families, shop_url = load_families(), url_of(channel.pk)
    for batch in batched(slugs.iterator(chunk_size=2000), PRODUCTS_PER_QUERY):
        found = [load_product(channel=channel, slug=slug, now=now) for slug in batch]
        lights = [light for light in found if light is not None]
        answers = check_shown_variants(
            shown={each.id: each for light in lights for each in light.variants},
            country=country,
            channel=channel,
            now=now,
        )
        for light in lights:
            category_id = google_category(light.family, families)
            builder = _ItemBuilder(light, shop_url, language, category_id, now)
            for variant in light.variants:
                answer = answers[variant.id]
                if reason := _exclusion(light, variant, answer):
                    excluded[reason] += 1
                else:
                    yield builder.item(variant, answer, country)


def home_url(channel: Channel) -> str:
    """Return the address of the home page of a market in the active language."""
    return f"{url_of(channel.pk)}{reverse('home')}"


def _exclusion(light: ProductView, variant: VariantView, answer: Availability) -> Exclusion | None:
    if answer.is_undeliverable:
        return Exclusion.UNDELIVERABLE
    if not light.pictures_of(variant):
        return Exclusion.NO_PICTURE
    if answer.promise is None and not answer.is_sold_out:
        return Exclusion.PACKS_ONLY
    return None


class _ItemBuilder:
    """Builds the items of one product."""

    def __init__(
        self, light: ProductView, shop_url: str, language: str, category_id: int, now: datetime
    ) -> None:
        self._light, self._language, self._now = light, language, now
        self._title = product_title(light)
        text = light.text_in(language)
        description = items.plain_text(without_tables(text.description_html)) or text.summary
        self._description = "" if text.is_shown_in_english else description
        self._url = f"{shop_url}{reverse('product', args=[light.slug])}"
        self._category_id = category_id
        # The options in the order of their names; readers know only color and size.
        self._sizes = [
            index for index, name in enumerate(light.option_names) if name.lower() in SIZE_OPTIONS
        ]
        looks = {(each.color, self._size(each)) for each in light.variants}
        self._is_group = 1 < len(light.variants) == len(looks)

    def _size(self, variant: VariantView) -> str:
        return " ".join(variant.options[at] for at in self._sizes if at < len(variant.options))

    def item(self, variant: VariantView, answer: Availability, country: str) -> FeedItem:
        light, reduction = self._light, variant.reduction
        options_text = options.options_in(variant.options_text, self._language)
        title = f"{self._title}, {options_text}" if options_text else self._title
        details = tuple(_details(light, variant, self._language))
        highlights, price = items.highlights(details), variant.price
        return FeedItem(
            sku=variant.sku,
            group=str(light.id) if self._is_group else "",
            title=items.trimmed(title, items.MAX_TITLE),
            description=items.trimmed(
                self._description or "; ".join((title, *highlights)), items.MAX_DESCRIPTION
            ),
            url=f"{self._url}?{urlencode({'v': variant.sku})}",
            picture_urls=tuple(
                f"{settings.PUBLIC_URL}{images.url_of(picture.stem, PICTURE_WIDTH)}"
                for picture in light.pictures_of(variant)[: items.MAX_PICTURES + 1]
            ),
            quantity=0 if answer.is_sold_out else answer.most,
            restock_on=variant.restock_on if answer.is_sold_out else None,
            price=Money(reduction.lowest, price.currency) if reduction else price,
            sale_price=price if reduction else None,
            sale_period=(reduction.since, reduction.until) if reduction else None,
            brand=items.trimmed(light.brand, items.MAX_BRAND),
            gtin=items.manufacturer_gtin(variant.gtin),
            mpn=variant.mpn[: items.MAX_MPN],
            google_category=self._category_id,
            product_type=light.category.name_in(self._language),
            color=options.options_in(variant.color, self._language) if variant.color else "",
            size=self._size(variant),
            weight_g=variant.packed_weight_g or variant.weight_g,
            shipping=_shipping(answer.promise, country, self._now) if answer.promise else None,
            highlights=highlights,
            details=details,
        )


def google_category(code: str, families: Families) -> int:
    """Return the id of Google's category for a family of products."""
    if found := CATEGORY_BY_FAMILY.get(code):
        return found
    is_light = code not in families or families[code].kind == FamilyKind.LIGHT
    return HARDWARE_LIGHTS if is_light else ACCESSORIES


def _details(light: ProductView, variant: VariantView, language: str) -> Iterable[Detail]:
    if light.spec is None:
        return
    for group in spec_table(light, variant, language)[:SPEC_GROUPS]:
        for row in group.rows:
            yield Detail(section=group.name, name=row.name, value=row.value)


def _shipping(promise: QuotedPromise, country: str, now: datetime) -> Shipping:
    days = [(day - promise.leaves_on).days for day in (promise.arrives_from, promise.arrives_to)]
    return Shipping(
        country=country,
        price=promise.price,
        handling_days=(promise.leaves_on - now.date()).days,
        min_transit_days=days[0],
        max_transit_days=days[1],
    )
