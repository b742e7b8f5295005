"""Catalog factories: make channels, prices, products, variants and listings."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

from catalog.models import (
    Brand,
    Category,
    Channel,
    DeliveryArea,
    ExchangeRate,
    Image,
    Listing,
    Mode,
    PriceRule,
    Product,
    ProductGuarantee,
    Spec,
    Variant,
)
from tests.factories.pricing import make_price_book, make_terms

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_number = count(1)


def _row(defaults, changes):
    """Return the changed defaults; lists replace tuples, as in a stored row."""
    values = {**defaults, **changes}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}


def make_channel(*, code="shop", **changes):
    countries = ("DE", "AZ", "FR", "US")
    known = {"name": "Fara", "currency": "EUR", "default_country": "DE", "countries": countries}
    known |= {"is_storefront": code == "shop", "published_max_split_locations": 1}
    return Channel.objects.get_or_create(code=code, defaults=_row(known, changes))[0]


def make_price_rule(
    *,
    channel=None,
    version=1,
    fee_rate="0.0300",
    margin_rate="0.3000",
    tax_rate="0.1900",
    extra_amount="2.00",
    ending="0.99",
):
    """Make a live price book with one rule, and the selling costs of its channel."""
    channel = channel or make_channel()
    if found := PriceRule.objects.filter(book__channel=channel, book__version=version).first():
        return found
    make_terms(
        channel=channel,
        channel_fee_rate=fee_rate,
        tax_rate=tax_rate,
        handling_amount=extra_amount,
    )
    book = make_price_book(
        channel=channel,
        version=version,
        status="live",
        rules=({"value": margin_rate, "ending": ending},),
    )
    return book.rules.get()


def make_exchange_rate(*, base="USD", quote="EUR", rate="0.92", source="test", as_of=NOON):
    """Make an exchange rate under which all supply in its currency is already published."""
    known = {"rate": Decimal(rate), "source": source, "as_of": as_of, "supplied_under": "sure"}
    return ExchangeRate.objects.get_or_create(base=base, quote=quote, defaults=known)[0]


def make_category(*, slug="headlamps", names=None, families=("headlamp",), position=0):
    category, _ = Category.objects.get_or_create(
        slug=slug,
        defaults={
            "names": names or {"en": slug.replace("-", " ").capitalize()},
            "families": list(families),
            "position": position,
        },
    )
    return category


def make_brand(*, name="Fara"):
    manufacturer = {
        "manufacturer_name": "Fara Works",
        "manufacturer_address": "Lampenweg 1, Berlin",
        "manufacturer_country": "DE",
        "manufacturer_email": "care@fara.example",
    }
    defaults = {"name": name, **manufacturer}
    brand, _ = Brand.objects.get_or_create(key=name.casefold(), defaults=defaults)
    return brand


def make_product(*, slug=None, brand=None, category=None, **changes):
    known = {
        "title": "Fara H1 headlamp",
        "family": "headlamp",
        "description_html": "<p>A small lamp.</p>",
        "option_names": ("Color",),
        "status": "live",
    }
    return Product.objects.create(
        slug=slug or f"lamp-{next(_number)}",
        brand=brand or make_brand(),
        category=category or make_category(),
        **_row(known, changes),
    )


def make_guarantee(product, **changes):
    known = {
        "kind": "producer",
        "model": "TW-370",
        "months": 60,
        "guarantor": "Tindrel Lights OÜ",
        "guarantor_address": "Sadama 1, Tallinn, Estonia",
        "territory": {"en": "European Union", "az": "Avropa İttifaqı"},
        "claim": {
            "en": "Write to the guarantor, who repairs or replaces it.",
            "az": "Zəmanət verənə yazın: məhsulu təmir edir və ya dəyişir.",
        },
        "evidence": "Guarantee card of 2 March 2026",
        "seen_on": date(2026, 3, 9),
        "terms_file": "documents/terms.pdf",
        "evidence_file": "documents/guarantee.pdf",
        "confirmed_by": "clerk",
    }
    return ProductGuarantee.objects.create(product=product, **_row(known, changes))


def make_spec(product, **changes):
    known = {
        "output_lm": 400,
        "intensity_cd": 2500,
        "beam_m": 100,
        "runtime_high_min": 180,
        "runtime_max_min": 2400,
        "weight_g": 75,
        "ip_rating": "IPX4",
        "power_sources": ("built_in",),
        "battery_format": "built_in",
        "battery_included": True,
        "battery_chemistry": "li_po",
        "battery_energy_wh": "4.44",
        "charging": ("usb_c",),
        "features": ("motion_sensor", "red_light"),
    }
    return Spec.objects.create(product=product, **_row(known, changes))


def make_mode(product, **changes):
    known = {"name": "High", "kind": "white", "output_lm": "400", "runtime_min": 180}
    return Mode.objects.create(product=product, **{"position": 0, **known, **changes})


def make_variant(product=None, *, sku=None, **changes):
    if product is None:
        product = make_product()
        make_spec(product)
    known = {
        "option_values": ("Black",),
        "color": "Black",
        "weight_g": 75,
        "packed_weight_g": 140,
        "lithium": "inside",
        "cell_wh": "4.44",
        "cell_count": 1,
        "hs_code": "851310",
        "status": "active",
    }
    sku = sku or f"HL-{next(_number):04}"
    return Variant.objects.create(product=product, sku=sku, **_row(known, changes))


def make_area(*countries):
    """Make a delivery area of these countries, by default of all countries."""
    return DeliveryArea.objects.get_or_create(countries=sorted(countries))[0]


def make_listing(
    variant=None,
    *,
    channel=None,
    price_amount="29.99",
    cost_amount="9.20",
    available=20,
    countries=(),
    ships_from=None,
    as_of=NOON,
    is_published=True,
    is_delisted=False,
    **more,
):
    """Make a listing; give it a real price rule, as every price has one.

    Shape:  ``countries`` are those it can be sent to; empty means all
    """
    channel = channel or make_channel()
    more.setdefault("origins", ["CN"])  # without an origin there is no price
    return Listing.objects.create(
        channel=channel,
        variant=variant or make_variant(),
        price_amount=price_amount and Decimal(price_amount),
        cost_amount=cost_amount and Decimal(cost_amount),
        wholesale_amount=cost_amount and Decimal(cost_amount),
        wholesale_currency=channel.currency if cost_amount else "",
        rule=make_price_rule(channel=channel),
        available=available,
        area=make_area(*countries) if available else None,
        ships_from={"CN": available} if ships_from is None else ships_from,
        as_of=as_of,
        is_published=is_published,
        is_delisted=is_delisted,
        **more,
    )


def make_image(product, *, source_url=None, **changes):
    source_url = source_url or f"http://127.0.0.1/pictures/{next(_number)}.png"
    return Image.objects.create(
        product=product, source_url=source_url, **{"role": "main", **changes}
    )
