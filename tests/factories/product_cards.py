"""Product card factories: make cards in the search index without listings behind them."""

import random
from datetime import timedelta
from decimal import Decimal

from catalog.models import ProductCard
from tests.factories.catalog import NOON, make_area, make_channel, make_product, make_variant


def make_card(*countries, **changes):
    """Make a card of goods that ship to these countries, by default to all."""
    product = make_product()
    values = {
        "channel": make_channel(),
        "product": product,
        "category": product.category,
        "slug": product.slug,
        "title": product.title,
        "brand": "Fara",
        "family": "headlamp",
        "price_amount": Decimal("29.99"),
        "variant": make_variant(product),
        "available": 5,
        "area": make_area(*countries),
        "as_of": NOON,
        "output_lm": 400,
        "beam_m": 100,
        "runtime_min": 180,
        "weight_g": 75,
        "water": 1,
        "power": ["built_in", "usb_c"],
        "features": ["motion_sensor"],
        "score": 10,
        "added_at": NOON,
    }
    return ProductCard.objects.create(**{**values, **changes})


def scatter(seed, many=120):
    """Make many random cards, some of them with unknown values."""
    dice, other = random.Random(seed), random.Random(seed + 1)
    for _ in range(many):
        make_card(
            price_amount=Decimal(dice.randint(500, 9900)) / 100,
            available=dice.choice([0, 1, 9]),
            as_of=dice.choice([NOON, NOON - timedelta(hours=25), None]),
            output_lm=dice.choice([None, 50, 100, 101, 300, 900, 1000, 2500, 3001]),
            runtime_min=dice.choice([None, 30, 90, 120, 600]),
            weight_g=dice.choice([None, 40, 75, 100, 250]),
            water=dice.choice([None, 0, 1, 2, 3, 4]),
            power=dice.choice([[], ["aaa"], ["built_in", "usb_c"], ["18650"], ["18650", "usb_c"]]),
            brand=other.choice(["Fara", "Nord", "Ünal & Co, Ltd."]),
            colors=other.choice([[], ["black"], ["black", "red"], ["other"]]),
            sent_from=other.choice([[], [f"DE:{make_area().pk}"], [f"CN:{make_area('FR').pk}"]]),
            features=dice.sample(["motion_sensor", "magnet", "zoom", "clip"], dice.randint(0, 3)),
        )
