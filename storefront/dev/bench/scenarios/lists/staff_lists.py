"""Staff list scenario: time lists, sorts, filters, searches, start page, figures, a product page."""

import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.cache import cache
from django.db import connection
from django.db.models import BooleanField
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import Identifier, Image, Listing, Mode, Product, Spec, Variant
from orders.models import Order, OrderLine, PurchaseOrder
from shipping.models import Parcel, Shipment
from storefront.accounts.models import User
from storefront.dashboard.inbox import query
from storefront.dashboard.inbox.history import recording
from storefront.dev.bench.harness.catalog_size import STRIDE
from storefront.lib.staff.pagination import MAX_LISTED
from suppliers.models import StockLevel, Supplier, SupplierOffer, SupplierProduct, SyncIssue

ORDERS = 100_000
# The start page and the slowest others are requested ``ROUNDS`` times, the rest once.
SLOWEST, ROUNDS = 6, 20
PLANNED = 5  # PostgreSQL plans a prepared query that often on each connection, then keeps the plan
GLOBAL_SEARCH, PRODUCT_PAGE = "global search", "product page of staff"
START_PAGE, FIGURES, FUNNEL = "start page of staff", "page Figures", "page Funnel"
_SORT = re.compile(r'href="\?o=([-.\d]+)"')
MODELS: tuple[type[Any], ...] = (
    *(Product, Variant, Listing, Identifier, Image, Spec, Mode),
    *(Supplier, SupplierOffer, SupplierProduct, StockLevel, SyncIssue),
    *(Order, OrderLine, PurchaseOrder, Parcel, Shipment, User),
)

CUSTOMERS = 10  # orders per customer
# One order of one unit each. The rows are as wide as real ones; no job finds anything to do in them.
FILL = (
    """
INSERT INTO accounts_user (id, password, is_superuser, email, name, is_staff, is_active, joined_at,
  language)
SELECT {stride} + n, '', false, 'customer' || n || '@example.org', 'Customer ' || n, false, true,
  now(), 'en'
FROM generate_series(1, %(count)s / {customers}) n
""",
    """
INSERT INTO orders_order (id, number, access_key, email, locale, ship_to, currency, subtotal_amount,
  delivery_amount, discount_amount, tax_amount, total_amount, status, status_since, hold_reason,
  placed_at, payment_due_at, delivery_plan, cart_id, channel_id)
SELECT {stride} + n, 'BENCH-' || n, md5(n::text), 'customer' || n %% {customers} || '@example.org',
  'en', jsonb_build_object('name', 'Customer ' || n, 'phone', '+49 30 ' || 1000000 + n,
  'line1', 'Main Street ' || n, 'city', 'Berlin', 'postcode', '10115', 'country', 'DE'),
  'EUR', 20, 5, 0, 4, 25, 'completed', now(), '', now() - n * interval '1 minute', now(), '[]',
  {stride} + n, (SELECT min(id) FROM catalog_channel)
FROM generate_series(1, %(count)s) n
""",
    """
INSERT INTO orders_orderline (id, sku, title, picture, quantity, unit_amount, line_amount, tax_rate,
  cost_amount, cost_currency, canceled_quantity, shipped_quantity, delivered_quantity, level_id,
  offer_id, order_id, variant_id)
SELECT {stride} + t.n, t.sku, 'Headlamp', '', 1, 20, 20, 0.19, 8, 'USD', 0, 1, 1, t.level, t.offer,
  {stride} + t.n, t.variant
FROM (
  SELECT row_number() OVER (ORDER BY l.id) n, l.id AS level, o.id AS offer, v.id AS variant, v.sku
  FROM suppliers_stocklevel l
  JOIN suppliers_supplieroffer o ON o.id = l.offer_id JOIN catalog_variant v ON v.id = o.variant_id
  ORDER BY l.id LIMIT %(count)s
) t
""",
    """
INSERT INTO orders_purchaseorder (id, number, access_key, supplier_reference, service_code,
  carrier_service, currency, customer_charge_amount, freight_currency, status, status_since,
  submission_status, submission_status_since, hold_reasons, waived_reasons, problem, cancel_reason,
  attempts, location_id, order_id, supplier_id)
SELECT {stride} + n, 'BENCH-' || n || '-1', md5('p' || n), 'ref-' || n, 'std', 'Post', 'EUR', 25, '',
  'shipped', now(), 'accepted', now(), '[]', '[]', '', '', 1, p.id, {stride} + n, p.supplier_id
FROM generate_series(1, %(count)s) n,
  (SELECT id, supplier_id FROM suppliers_stocklocation ORDER BY id LIMIT 1) p
""",
    """
INSERT INTO shipping_shipment (id, created_at, purchase_order_id)
SELECT {stride} + n, now(), {stride} + n FROM generate_series(1, %(count)s) n
""",
    """
INSERT INTO shipping_parcel (id, carrier, number, tracking_url, status, status_since, carrier_status,
  label_created_at, is_content_unknown, shipment_id)
SELECT {stride} + n, 'DHL', 'JD' || 100000000000 + n, '', 'delivered',
  now() - n * interval '1 minute', 'delivered', now() - n * interval '1 minute', false, {stride} + n
FROM generate_series(1, %(count)s) n
""",
)
FILLED = (
    "shipping_parcel",
    "shipping_shipment",
    "orders_purchaseorder",
    "orders_orderline",
    "orders_order",
    "accounts_user",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTime:
    """The time of one page in ms over all its requests, and its SQL statements."""

    page: str
    path: str
    p50_ms: float
    p95_ms: float
    statements: int

    @property
    def line(self) -> str:
        return (
            f"{self.path:<80} p50 {self.p50_ms:6.0f} ms, p95 {self.p95_ms:6.0f} ms,"
            f" {self.statements} statements"
        )


@contextmanager
def orders_filled() -> Iterator[None]:
    """Add ``ORDERS`` orders until the block ends."""
    fill_orders(ORDERS)
    try:
        yield
    finally:
        remove_orders()


def measure(say: Callable[[str], None]) -> list[PageTime]:
    """Request each page, the slowest ones several times; the shop is filled already."""
    say(f"Lists of staff with {ORDERS:,} orders")
    recording.record(now=timezone.now())
    client = Client(HTTP_HOST="127.0.0.1")
    user, _ = User.objects.get_or_create(
        email="bench@example.org", defaults={"is_staff": True, "is_superuser": True}
    )
    client.force_login(user)
    once = [_time(client, page, path) for page, path in paths(client)]
    slow = sorted(once, key=lambda each: each.p95_ms)[-SLOWEST:]
    found = [
        _time_again(client, each) if each in slow or each.page == START_PAGE else each
        for each in once
    ]
    for each in found:
        say(each.line)
    return found


def paths(client: Client) -> Sequence[tuple[str, str]]:
    """Return the lists: bare, the last page, sorted, with filters, with searches; other pages."""
    known = known_texts()
    pages = [
        (START_PAGE, reverse("admin:index")),
        (FIGURES, reverse("supply:figures")),
        (FUNNEL, reverse("supply:funnel")),
    ]
    for model in MODELS:
        name = model._meta.label_lower  # noqa: SLF001 - Django's documented model API
        page = reverse(f"admin:{name.replace('.', '_')}_changelist")
        pages.append((name, page))
        table = admin.site.get_model_admin(model)
        if model.objects.count() > MAX_LISTED:
            pages.append((name, f"{page}?p={MAX_LISTED // table.list_per_page}"))
        sorts = dict.fromkeys(_SORT.findall(_get(client, page)))
        pages += [(name, f"{page}?o={sort}") for sort in sorts]
        pages += [(name, f"{page}?{query}") for query in _filters(model)]
        if table.search_fields:
            pages += [(name, f"{page}?{urlencode({'q': text})}") for text in known]
    product = Product.objects.filter(pk__lt=STRIDE).latest("pk")
    pages.append((PRODUCT_PAGE, reverse("admin:catalog_product_change", args=[product.pk])))
    search = reverse("admin:search")
    return pages + [(GLOBAL_SEARCH, f"{search}?{urlencode({'s': text})}") for text in known]


def known_texts() -> list[str]:
    """Return words of titles, common and rare, and one number of each kind."""
    product = Product.objects.filter(pk__lt=STRIDE).order_by("-pk").select_related("brand")[0]
    gtin = Identifier.objects.filter(scheme=Identifier.Scheme.GTIN).order_by("pk")[0]
    mpn = Identifier.objects.filter(scheme=Identifier.Scheme.MPN).order_by("pk")[0]
    offer = SupplierOffer.objects.filter(pk__lt=STRIDE).order_by("-pk")[0]
    order = Order.objects.order_by("-pk")[0]
    parcel = Parcel.objects.order_by("-pk")[0]
    return [
        *("headlamp", "usb", "flashlight long-range", "nothing at all"),
        " ".join(product.title.replace(",", "").split()[:3]),
        f"{product.brand.name} headlamp",
        *(gtin.value, mpn.raw, offer.supplier_sku),
        *(order.number, order.email, order.ship_to["phone"]),
        *("Customer 4711", parcel.number),
    ]


def _filters(model: type[Any]) -> list[str]:
    """Return one query for each value that occurs in the first rows, for choices and booleans."""
    fields = {field.name: field for field in model._meta.fields}  # noqa: SLF001
    queries = []
    for name in admin.site.get_model_admin(model).list_filter:
        field = fields.get(name) if isinstance(name, str) else None
        if field is None or not (field.choices or field.is_relation or _is_flag(field)):
            continue
        value = model.objects.order_by("-pk").values_list(field.attname, flat=True).first()
        if value is not None:
            key = f"{name}__id__exact" if field.is_relation else f"{name}__exact"
            queries.append(urlencode({key: int(value) if _is_flag(field) else value}))
    return queries


def _is_flag(field: Any) -> bool:
    return isinstance(field, BooleanField)


def _time(client: Client, page: str, path: str) -> PageTime:
    _get(client, path)  # warms the caches; once a minute, it records that the session is in use
    with CaptureQueriesContext(connection) as queries:
        took_ms = _milliseconds(client, path)
        statements = len(queries)
    return PageTime(page=page, path=path, p50_ms=took_ms, p95_ms=took_ms, statements=statements)


def _time_again(client: Client, page: PageTime) -> PageTime:
    for _ in range(PLANNED):
        _get(client, page.path)
    times = sorted(_milliseconds(client, page.path) for _ in range(ROUNDS))
    p95_ms = times[math.ceil(0.95 * ROUNDS) - 1]
    return replace(page, p50_ms=times[ROUNDS // 2], p95_ms=p95_ms)


def _milliseconds(client: Client, path: str) -> float:
    cache.clear()  # the site keeps the results of global searches for minutes
    query.mark_recorded(now=timezone.now())  # as with workers, which record the inbox each minute
    began = time.perf_counter()
    _get(client, path)
    return 1000 * (time.perf_counter() - began)


def _get(client: Client, path: str) -> str:
    response = client.get(path)
    if response.status_code != 200:  # noqa: PLR2004 - OK
        raise RuntimeError(f"{path}: {response.status_code}")
    return response.content.decode()


def fill_orders(count: int) -> None:
    """Add this many orders without checks of foreign keys: their carts do not exist."""
    _execute(FILL, count=count)


def remove_orders() -> None:
    """Delete the added rows, so that jobs and other measurements do not read them."""
    _execute([f"DELETE FROM {table} WHERE id > {STRIDE}" for table in FILLED])  # noqa: S608


def _execute(statements: "tuple[str, ...] | list[str]", **values: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # takes over 30 s on a busy machine
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            sql = statement.format(stride=STRIDE, customers=CUSTOMERS)
            cursor.execute(sql, values or None)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")  # as autovacuum does after so many new rows
        cursor.execute("RESET statement_timeout")
