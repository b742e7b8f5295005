"""Component samples: create one light of each kind for the component page."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from catalog.search.cards import ProductCardRow
from shipping.availability.reach import Availability
from shipping.rates.quotes import QuotedPromise
from storefront.lib.money import Money


def cards(now: datetime) -> list[ProductCardRow]:
    first = ProductCardRow(
        id=1,
        product_id=1,
        category_id=1,
        slug="trail-400",
        title="Trail 400 Sensor",
        titles={},
        brand="Northbeam",
        family="headlamp",
        picture="",
        price_amount=Decimal("24.99"),
        has_more_prices=True,
        variant_id=1,
        available=7,
        as_of=now - timedelta(minutes=4),
        ships_from=["DE"],
        packed_weight_g=140,
        lithium="inside",
        cell_wh=Decimal("4.44"),
        cell_count=1,
        variant_count=3,
        output_lm=400,
        intensity_cd=2500,
        beam_m=100,
        runtime_min=210,
        weight_g=74,
        ip_rating="IPX4",
        water=1,
        power=["built_in", "usb_c"],
        battery_format="built_in",
        capacity_mah=None,
        features=["motion_sensor", "red_light"],
        added_at=now,
    )
    return [
        first,
        replace(
            first,
            product_id=2,
            title="Ridge 1800",
            family="flashlight",
            has_more_prices=False,
            price_amount=Decimal("64.99"),
            output_lm=1800,
            intensity_cd=22_500,
            beam_m=300,
            runtime_min=132,
            weight_g=142,
            ip_rating="IPX8",
            power=["21700"],
        ),
        replace(
            first,
            product_id=3,
            title="Hearth lantern with a name that is longer than its card is wide",
            family="lantern",
            output_lm=450,
            intensity_cd=40,
            beam_m=13,
            runtime_min=540,
            weight_g=390,
            ip_rating="",
        ),
        replace(
            first,
            product_id=4,
            title="Nameless work light",
            family="work_light",
            output_lm=None,
            intensity_cd=None,
            beam_m=None,
            runtime_min=None,
            weight_g=None,
            ip_rating="",
            power=[],
            available=0,
        ),
    ]


def answer(today: date) -> Availability:
    promise = QuotedPromise(
        leaves_on=today + timedelta(days=2),
        arrives_from=today + timedelta(days=9),
        arrives_to=today + timedelta(days=13),
        price=Money(Decimal("4.90"), "EUR"),
        country_from="DE",
    )
    return Availability(
        variant_id=1, quantity=1, most=7, promise=promise, fewer=1, more=1, is_sold_out=False
    )
