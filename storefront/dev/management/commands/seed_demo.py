"""Demo data: create channel, prices, suppliers, routes and one staff account."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.models import (
    Channel,
    CompetitorSource,
    ExchangeRate,
    PriceBook,
    PriceRule,
    SellingCosts,
)
from catalog.price_books import versions
from orders.models import Coupon, Promotion, ReturnPolicy
from orders.tax.default_rates import VAT_RATES, highest_vat_rate
from shipping.models import ReturnLabelAccount
from shipping.return_labels import accounts
from storefront.accounts.models import User
from storefront.dev.demo import compliance_documents, demo_receiver, demo_stores, routes
from storefront.dev.sandboxes.bigbuy.state import DEFAULT_KEY as BIGBUY_KEY
from storefront.dev.sandboxes.cj.state import DEFAULT_KEY as SANDBOX_KEY
from storefront.dev.sandboxes.feeds import mapping
from storefront.lib.env import env_str
from storefront.lib.security.encryption import encrypt
from storefront.product_feeds.models import ProductFeed
from storefront.sales_channels.connections.tasks import subscribe_all
from suppliers.compliance import vetting
from suppliers.connections import file_sources
from suppliers.models import Connection, FeedMapping, FileContent, StockLocation, Supplier

MARKET = "Market sandbox"
ACTOR = "seed_demo"
BIGBUY_OPTIONS: dict[str, Any] = {
    "taxonomies": [19657],  # lighting
    "max_handling_days": 2,
    "email": "orders@shop.example",
    "phone": "+34910000000",
    "order_statuses": {
        "Payment accepted": "accepted",
        "In preparation": "accepted",
        "Shipped": "shipped",
        "Delivered": "delivered",
        "Cancelled": "canceled",
        "PENDING INVOICE": "received",
    },
}
FEED_OPTIONS: dict[str, Any] = {
    "products_at": "/full.csv",
    "prices_at": "/stock.csv",
    "stock_at": "/stock.csv",
    "orders_to": "orders@wholesaler.example",
}


class Market(NamedTuple):
    """A market of the demo, its price rule, and the tax that its prices include."""

    code: str
    name: str
    currency: str
    country: str
    countries: Iterable[str]
    language: str
    path: str
    margin: Decimal
    tax_rate: Decimal


MARKETS = (
    # The highest tax rate of all destinations, so that the price holds everywhere.
    Market("shop", "Fara", "EUR", "DE", VAT_RATES, "en", "", Decimal("0.30"), highest_vat_rate()),
    Market(
        "shop-az", "Fara Azərbaycan", "AZN", "AZ", ("AZ",), "az", "az-market", Decimal("0.34"),
        Decimal(VAT_RATES["AZ"]) / 100,
    ),
)  # fmt: skip


class Terms(NamedTuple):
    """How a demo supplier is connected.

    Units:  ``minutes`` are the intervals of the ``JOBS``, in the same order
    """

    name: str
    currency: str
    path: str
    key: str
    calls_per_second: int
    minutes: tuple[int, ...]
    locations: Iterable[tuple[str, str, str]]
    options: dict[str, Any]
    lead_days: int | None = None


JOBS = ("products", "prices", "stock", "orders")
SUPPLIERS = {
    "cj": Terms(
        "Sandbox supplier", "USD", "/api2.0/v1/", SANDBOX_KEY, 40, (10, 5, 1, 1),
        routes.SANDBOX_LOCATIONS, {},
    ),
    # Another API, with warehouses in Spain. Its lists may be fetched ten times an hour; two jobs
    # fetch the stock list.
    "bigbuy": Terms(
        "BigBuy sandbox", "EUR", "/rest/", BIGBUY_KEY, 10, (60, 15, 10, 1),
        routes.BIGBUY_LOCATIONS, BIGBUY_OPTIONS, BIGBUY_OPTIONS["max_handling_days"],
    ),
    # Files, orders by e-mail and the supplier portal.
    "feed": Terms(
        "Feed sandbox", "EUR", "/", "", 10, (10, 5, 2), routes.FEED_LOCATIONS, FEED_OPTIONS,
    ),
}  # fmt: skip
FEED_MAPPINGS = {
    FileContent.PRODUCTS: mapping.TABLE,
    FileContent.PRICES: mapping.STOCK,
    FileContent.STOCK: mapping.STOCK,
}
# The reference rates of the European Central Bank and the Central Bank of Azerbaijan of 2026-10-30,
# so that staff need not enter rates.
EUR_IN_AZN = Decimal("1.9694")
RATES = (
    ("USD", "EUR", Decimal("0.8632"), "ECB 2026-10-30"),
    ("USD", "AZN", Decimal("1.7000"), "CBAR 2026-10-30"),
    ("EUR", "AZN", EUR_IN_AZN, "CBAR 2026-10-30"),
)
WELCOME_CODE = "WELCOME-10"
# Limits of price changes.
GUARDS = {
    "floor_margin_rate": Decimal("0.12"),
    "max_change_per_run": Decimal("0.40"),
    "max_change_per_day": Decimal("0.50"),
}


class Command(BaseCommand):
    """Idempotent: existing rows, and changes by staff, stay as they are."""

    help = __doc__ or ""

    def handle(self, *_args: Any, **_options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("The demo configuration must not be used in production.")
        call_command("create_categories", verbosity=0)
        call_command("create_attributes", verbosity=0)
        _rates()
        channel, _second = map(_channel, MARKETS)
        urls = {
            "cj": settings.SANDBOX_SUPPLIER_URL,
            "bigbuy": env_str("SANDBOX_BIGBUY_URL"),
            "feed": env_str("SANDBOX_FEED_URL"),
        }
        sellers = [
            _supplier(adapter, url, channel=channel).code for adapter, url in urls.items() if url
        ]
        if urls["feed"]:
            _market(urls["feed"])
        demo_stores.connect_all(countries=channel.countries)
        # The address of the shop may have changed, and the next subscription is an hour away.
        subscribe_all.delay()
        demo_receiver.subscribe()
        _promotions(channel)
        ProductFeed.objects.get_or_create(
            channel=channel, target="google", file_type="xml", country="DE", language="en"
        )
        _returns()
        _staff()
        markets = " and ".join(market.code for market in MARKETS)
        self.stdout.write(f"{markets} sell products of {', '.join(sellers)}.")


def _rates() -> None:
    """Set the exchange rates, dated today: the demo fetches none. Those of staff stay."""
    now = timezone.now()
    for base, quote, rate, source in RATES:
        ExchangeRate.objects.get_or_create(
            base=base, quote=quote, defaults={"rate": rate, "source": source, "as_of": now}
        )
        ExchangeRate.objects.filter(base=base, quote=quote, source=source).update(as_of=now)


def _channel(market: Market) -> Channel:
    channel, _ = Channel.objects.get_or_create(
        code=market.code,
        defaults={
            "name": market.name,
            "is_storefront": True,
            "path": market.path,
            "currency": market.currency,
            "default_country": market.country,
            "countries": sorted(market.countries),
            "default_language": market.language,
            "max_split_locations": 2,
        },
    )
    SellingCosts.objects.get_or_create(
        channel=channel,
        origin="*",
        supplier_code="*",
        defaults={
            "channel_fee_rate": Decimal("0.03"),
            "tax_rate": market.tax_rate,
        },
    )
    if not PriceBook.objects.filter(channel=channel).exists():
        now = timezone.now()
        book = versions.create_draft(channel=channel, actor=ACTOR, now=now)
        PriceBook.objects.filter(pk=book.pk).update(**GUARDS)
        PriceRule.objects.create(book=book, number=1, value=market.margin, ending=Decimal("0.99"))
        versions.publish_first(book=book, actor=ACTOR, now=now)
    return channel


def _supplier(adapter: str, url: str, *, channel: Channel) -> Supplier:
    """Create a supplier and its connection to a sandbox."""
    terms = SUPPLIERS[adapter]
    lead = {} if terms.lead_days is None else {"lead_days": terms.lead_days}
    code = f"{adapter}-sandbox"
    supplier = _vetted(code, name=terms.name, adapter=adapter, currency=terms.currency, **lead)
    intervals = {f"{job}_every_min": each for job, each in zip(JOBS, terms.minutes, strict=False)}
    connection, _ = Connection.objects.get_or_create(
        supplier=supplier,
        defaults={
            "calls_per_second": terms.calls_per_second,
            "options": terms.options,
            **intervals,
        },
    )
    # The sandbox's port and the encryption key may have changed.
    connection.base_url = f"{url.rstrip('/')}{terms.path}"
    connection.secrets_encrypted = encrypt({"api_key": terms.key} if terms.key else {})
    connection.save(update_fields=["base_url", "secrets_encrypted"])
    for content, spec in FEED_MAPPINGS.items() if adapter == "feed" else ():
        if not FeedMapping.objects.filter(supplier=supplier, content=content).exists():
            file_sources.save_mapping(
                supplier=supplier, content=content, spec=spec, actor=ACTOR, now=timezone.now()
            )
    for code, country, name in terms.locations:
        location, _ = StockLocation.objects.get_or_create(
            supplier=supplier, code=code, defaults={"country": country, "name": name}
        )
        routes.routes(location=location, currency=channel.currency)
        routes.routes(location=location, currency="AZN", per_euro=EUR_IN_AZN, countries=["AZ"])
    return supplier


def _market(url: str) -> None:
    """Create a competitor price source; its first fetch is late enough for the first sync."""
    source, _ = CompetitorSource.objects.get_or_create(
        name=MARKET,
        defaults={"interval_minutes": 10, "due_at": timezone.now() + timedelta(minutes=3)},
    )
    # The sandbox's port may have changed.
    source.url = f"{url.rstrip('/')}/market.csv"
    source.save(update_fields=["url"])


def _promotions(channel: Channel) -> None:
    """Create a code that every customer may use once."""
    if Promotion.objects.filter(channel=channel).exists():
        return
    made = Promotion.objects.create(
        channel=channel,
        name="Welcome",
        kind=Promotion.Kind.PERCENT,
        percent=Decimal("0.10"),
        usage_limit_per_customer=1,
        starts_at=timezone.now(),
        is_active=True,
    )
    Coupon.objects.create(promotion=made, code=WELCOME_CODE)


def _returns() -> None:
    """Set the return address and connect the label provider, unless staff did."""
    ReturnPolicy.objects.get_or_create(
        supplier=None,
        defaults={
            "destination": ReturnPolicy.Destination.US,
            "address": "Fara Returns, Lampenweg 1, 10115 Berlin, Germany",
            "returnless_below_amount": Decimal(8),
            "label_name": "Fara Returns",
            "label_street": "Lampenweg 1",
            "label_postcode": "10115",
            "label_city": "Berlin",
            "label_country": "DE",
        },
    )
    public_key, _, secret_key = env_str("SANDBOX_SENDCLOUD_KEYS").partition(":")
    if secret_key:
        ReturnLabelAccount.objects.get_or_create(
            defaults={
                "public_key": public_key,
                "secret_encrypted": encrypt({accounts.SECRET_KEY: secret_key}),
            }
        )


def _vetted(code: str, **words: Any) -> Supplier:
    """Create an approved supplier; one that staff changed stays as it is."""
    now = timezone.now()
    supplier, is_new = Supplier.objects.get_or_create(
        code=code,
        defaults={"status": Supplier.Status.CANDIDATE, "status_since": now, **words},
    )
    compliance_documents.give(supplier=supplier, actor=ACTOR, now=now)
    if is_new:
        vetting.start(supplier=supplier, actor=ACTOR, now=now, reason="demo")
        vetting.activate(supplier=supplier, actor=ACTOR, now=now, reason="demo")
    return supplier


def _staff() -> None:
    email, password = env_str("STAFF_EMAIL"), env_str("STAFF_PASSWORD")
    if email and password and not User.objects.filter(email=email.lower()).exists():
        User.objects.create_superuser(email, password, name="Staff")
