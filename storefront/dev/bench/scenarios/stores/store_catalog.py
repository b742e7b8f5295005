"""Store catalog: fill an empty database with listings of one channel."""

from datetime import datetime
from decimal import Decimal

from catalog.models import (
    Brand,
    Category,
    Channel,
    DeliveryArea,
    Image,
    Listing,
    Product,
    Spec,
    Variant,
)

VARIANTS = 5  # of each product
COLORS = ("Black", "Sand", "Gray", "Green", "Red")


def fill(channel: Channel, *, listings: int, now: datetime) -> None:
    """Make products of five variants, each with a listing on the channel."""
    brand = Brand.objects.create(key="bench", name="Bench")
    category = Category.objects.first()
    area, _ = DeliveryArea.objects.get_or_create(countries=[])
    products = Product.objects.bulk_create(
        Product(
            slug=f"bench-{number}",
            brand=brand,
            category=category,
            family="headlamp",
            title=f"Bench headlamp {number}",
            description_html="<p>A light for the measurement.</p>",
            option_names=["Color"],
            status=Product.Status.LIVE,
        )
        for number in range(listings // VARIANTS)
    )
    Spec.objects.bulk_create(
        Spec(product=each, output_lm=400, power_sources=["built_in"]) for each in products
    )
    Image.objects.bulk_create(
        Image(product=each, source_url=f"bench:{each.pk}", stem=f"bench{each.pk}", role="main")
        for each in products
    )
    variants = Variant.objects.bulk_create(
        Variant(
            product=each,
            sku=f"BENCH-{each.pk}-{number}",
            option_values=[COLORS[number]],
            weight_g=80,
            position=number,
        )
        for each in products
        for number in range(VARIANTS)
    )
    Listing.objects.bulk_create(
        Listing(
            channel=channel,
            variant=each,
            price_amount=Decimal("29.95"),
            available=20,
            area=area,
            as_of=now,
            is_published=True,
        )
        for each in variants
    )
