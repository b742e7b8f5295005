"""Priced shop factory: make listings with calculated prices, put price books live."""

from datetime import timedelta
from decimal import Decimal

from catalog.listings import refresh, repricing
from catalog.listings.refresh import ListingSupply
from catalog.models import Listing, PriceBook, PriceChange, RepricingRequest
from catalog.price_books import dry_run, versions
from storefront.lib.money import Money
from tests.factories.catalog import NOON, make_channel, make_price_rule, make_variant
from tests.factories.pricing import make_price_book


def supplied(variant, cost="10.00", currency="EUR", **more):
    known = {"supplier_code": "cj", "origins": ("CN",), **more}
    return ListingSupply(
        variant_id=variant.pk,
        cost=Money(Decimal(cost), currency),
        available=9,
        ships_from={"CN": 9},
        as_of=NOON,
        **known,
    )


def stock_shop(*costs, now=NOON):
    """Price one variant for each cost; return their listings."""
    make_price_rule()
    variants = [make_variant() for _ in costs]
    supplies = [supplied(each, cost) for each, cost in zip(variants, costs, strict=True)]
    refresh.refresh_listings(channel=make_channel(), supplies=supplies, now=now)
    RepricingRequest.objects.all().delete()  # new listings are queued for repricing
    return list(Listing.objects.order_by("pk"))


def prices():
    return list(Listing.objects.order_by("pk").values_list("price_amount", flat=True))


def ready(book, now=NOON):
    dry_run.run(book=book, now=now)
    return book


def drafted(value="0.40", **changes):
    book = versions.create_draft(channel=make_channel(), actor="ann", now=NOON)
    book.rules.update(value=Decimal(value))
    PriceBook.objects.filter(pk=book.pk).update(**changes)
    book.refresh_from_db()
    return book


def open_and_reprice(book, now=NOON):
    versions.publish(book=ready(book, now), actor="ann", now=now)
    return repricing.reprice_due_channels(now=now)


def announce(listing, *, was, now):
    """Make the current price of a listing a reduction that was announced yesterday."""
    book = make_price_book(
        channel=listing.channel,
        version=2,
        status="live",
        rules=(
            {
                "starts_at": now - timedelta(days=1),
                "ends_at": now + timedelta(days=1),
                "is_promotion": True,
            },
        ),
    )
    changes_by_age = ((40, was, listing.rule), (1, listing.price_amount, book.rules.get()))
    for days, amount, rule in changes_by_age:
        PriceChange.objects.create(
            listing=listing,
            amount=amount,
            cost_amount=listing.cost_amount,
            rule=rule,
            at=now - timedelta(days=days),
        )
    Listing.objects.filter(pk=listing.pk).update(rule=book.rules.get())
