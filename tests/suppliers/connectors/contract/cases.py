"""Contract cases: call every connector by its capabilities."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

import pytest

from catalog.records import ImportIssue
from storefront.lib.address import Address
from storefront.lib.money import Money
from suppliers.connectors.capabilities import (
    PROTOCOLS,
    BulkCatalog,
    BulkStockAndPrice,
    Capability,
    OrderResuming,
    capabilities_of,
)
from suppliers.connectors.context import ConnectorContext
from suppliers.connectors.records import (
    Acknowledgement,
    DiscontinuedError,
    ProductDetail,
    ProductSummary,
    PurchaseOrderRequest,
    PurchaseOrderRequestLine,
    StockReport,
)
from tests.suppliers.connectors.contract.subjects import LOSSES, SUBJECTS, connector_of

HOME = Address(
    name="Erika Muster",
    line1="Musterweg 1",
    postcode="10115",
    city="Berlin",
    region="Berlin",
    country="DE",
    phone="+493012345678",
)
# The limit of a call, and the attempts of a read.
TOTAL_S = 1.0
TRIES = 2
PATIENCE_S = TRIES * TOTAL_S + 2.0
# The delay of a slow answer, after the last timeout, and of each piece of a trickling answer.
DELAYS_S = {"slow": TRIES * TOTAL_S + 0.5, "trickle": 0.2}
UNKNOWN = "FL-UNKNOWN-1"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ORDERS = (Capability.ORDER_PLACING, Capability.ORDER_READING)
OPEN_ANSWERS = {Acknowledgement.RECEIVED, Acknowledgement.ACCEPTED}
# Capabilities without effect at the supplier, with the calls that use them.
READS = {
    Capability.CATALOG: lambda opened: list(pages(opened.connector)),
    Capability.STOCK_AND_PRICE: lambda opened: stock_and_costs(
        opened.connector, opened.item.external_id
    ),
    Capability.FREIGHT: lambda opened: list(routes(opened)),
    Capability.ORDER_READING: lambda opened: opened.connector.find(number=UNKNOWN),
    Capability.BALANCE: lambda opened: opened.connector.balance(),
    Capability.CHARGING: lambda opened: list(opened.connector.list_invoices(since=LONG_AGO)),
}
TESTED_CONNECTORS = [name for name, each in SUBJECTS.items() if not each.like]
# The losses without ``slow``, which needs a timeout each time.
QUICK_LOSSES = [kind for kind in LOSSES if kind != "slow"]
_numbers = count(1)


@dataclass(frozen=True, kw_only=True)
class OrderableItem:
    """The SKU with the highest stock, and where it is."""

    sku: str
    external_id: str
    location: str
    country: str
    quantity: int


@dataclass(kw_only=True)
class ConnectorUnderTest:
    """A connector under test, its sandbox, and an item to order."""

    name: str
    subject: object
    sandbox: object
    connector: object
    item: OrderableItem
    expected: dict
    context: ConnectorContext = field(repr=False)

    @property
    def supplier_orders(self):
        return self.subject.orders(self)

    def expected_values(self, ability):
        """Return what the connector reads without faults; cached."""
        if ability not in self.expected:
            self.expected[ability] = list(comparable_values(READS[ability](self)))
        return self.expected[ability]

    def supplier_orders_of(self, number):
        return [lines for named, lines in self.supplier_orders if named == number]

    @property
    def money(self):
        return self.subject.money(self)

    def fault(self, path, kind, *, number=UNKNOWN, reference="1", count=1):
        path = path.format(number=number, reference=reference)
        delay_s = DELAYS_S.get(kind, 1.0)
        if kind == "slow" and count == 1:
            delay_s = self.subject.late_s
        self.sandbox.fault(path, kind, delay=delay_s, count=count)

    def wait_for_late_effect(self, since):
        """Wait until a timed-out call has had its effect: the sandbox still completes it."""
        time.sleep(max(0.0, since + self.subject.late_s + 0.5 - time.monotonic()))

    def clear_faults(self):
        self.sandbox.control("faults/clear", {})


def connectors_with(*abilities):
    """Return the connectors with these capabilities."""
    return [name for name in SUBJECTS if set(abilities) <= tested_capabilities(name)]


def validating_connectors():
    """Return the connectors that accept or reject an order at once."""
    return [
        name
        for name in connectors_with(Capability.ORDER_PLACING)
        if SUBJECTS[name].validates_orders
    ]


def half_placing_connectors():
    """Return the connectors whose orders can fail halfway and be canceled then."""
    return [
        name for name in connectors_with(Capability.CANCELLATION) if SUBJECTS[name].interrupted_at
    ]


def can(name):
    return capabilities_of(connector_of(name))


def tested_capabilities(name):
    """Return the capabilities to test: all, or those in which a subject differs from ``like``."""
    subject = SUBJECTS[name]
    return set(subject.paths) if subject.like else set(can(name))


def missing_capabilities():
    """Return each connector with each capability that it lacks."""
    return [
        pytest.param(name, ability, id=f"{name}-has no {ability}")
        for name in TESTED_CONNECTORS
        for ability in PROTOCOLS
        if ability not in can(name)
    ]


def calls_of(*abilities, full=frozenset()):
    """Return each connector with each of its calls for these capabilities."""
    return [
        pytest.param(name, path, id=f"{name}-{path.strip('/')}", marks=daily_if(path not in full))
        for ability in abilities
        for name in connectors_with(ability)
        for path in SUBJECTS[name].paths.get(ability, ())
    ]


def daily_if(is_daily):
    """Return the marks of a case: without ``full`` it runs daily."""
    return () if is_daily else pytest.mark.full


def faults_of(*abilities, every=""):
    """Return each connector with each fault of each of its calls for these capabilities.

    A daily run tries one fault on each call, in rotation, and all faults on those of ``every``.
    """
    calls = [
        (name, ability, path)
        for ability in abilities
        for name in connectors_with(ability)
        for path in SUBJECTS[name].paths.get(ability, ())
    ]
    return [
        pytest.param(
            name,
            ability,
            path,
            kind,
            id=f"{name}-{path.strip('/')}-{kind}",
            marks=daily_if(name == every or (turn - place) % len(SUBJECTS[name].faults) == 0),
        )
        for turn, (name, ability, path) in enumerate(calls)
        for place, kind in enumerate(SUBJECTS[name].faults)
    ]


def connector_faults():
    """Return each connector with each of its faults; daily all of the feed and one of the others."""
    return [
        pytest.param(name, kind, marks=daily_if(name == "feed" or kind == "500"))
        for name in TESTED_CONNECTORS
        for kind in SUBJECTS[name].faults
    ]


def pages(connector):
    """Yield a whole catalog, paged or bulk: product pages and bad rows."""
    if isinstance(connector, BulkCatalog):
        yield from connector.pages()
        return
    for row in connector.product_rows():
        if not isinstance(row, ProductSummary):
            yield row
            continue
        try:
            yield connector.product(external_id=row.external_id)
        except DiscontinuedError:
            continue


def stock_and_costs(connector, external_id):
    """Return stock and costs of one product, or of all products of a bulk connector."""
    if isinstance(connector, BulkStockAndPrice):
        stock = [row for _, rows in connector.stock_rows() for row in rows]
        costs = [row for _, rows in connector.cost_rows() for row in rows]
        return stock, costs
    return list(connector.stock(external_id=external_id)), list(
        connector.costs(external_id=external_id)
    )


def comparable_values(result):
    """Yield the values of a result one by one, so that an incomplete result can be compared."""
    for each in _flatten(result):
        if isinstance(each, ProductDetail):
            for variant in each.record.variants if each.record else ():
                yield (each.external_id, each.record.title, variant.sku, variant.cost, variant.gtin)
        elif not isinstance(each, ImportIssue):
            yield each


def _flatten(result):
    if isinstance(result, list | tuple):
        for each in result:
            yield from _flatten(each)
    elif result is not None:
        yield result


def find_item(connector):
    """Return the importable SKU with the highest stock."""
    external_ids = {
        variant.sku: page.external_id
        for page in pages(connector)
        if isinstance(page, ProductDetail) and page.record
        for variant in page.record.variants
    }
    rows = [
        row
        for external_id in dict.fromkeys(external_ids.values())
        for row in stock_and_costs(connector, external_id)[0]
        if isinstance(row, StockReport) and row.sku in external_ids
    ]
    most = max(rows, key=lambda row: row.quantity)
    return OrderableItem(
        sku=most.sku,
        external_id=external_ids[most.sku],
        location=most.location,
        country=most.country,
        quantity=most.quantity,
    )


def routes(opened, *, quantity=1):
    return opened.connector.freight(
        country_from=opened.item.country,
        ship_to=HOME,
        lines=(PurchaseOrderRequestLine(reference="88", sku=opened.item.sku, quantity=quantity),),
    )


def request(opened, *, sku="", quantity=1, number=""):
    """Return an order that the supplier would accept."""
    if "service" not in opened.expected and Capability.FREIGHT in can(opened.name):
        opened.expected["service"] = min(routes(opened), key=lambda route: route.price.amount).name
    return PurchaseOrderRequest(
        number=number or f"FL-{next(_numbers)}-{time.time_ns() % 10**9}",
        ship_to=HOME,
        location=opened.item.location,
        country_from=opened.item.country,
        carrier_service=opened.expected.get("service", ""),
        lines=(
            PurchaseOrderRequestLine(reference="88", sku=sku or opened.item.sku, quantity=quantity),
        ),
        declared_value=Money(Decimal("54.90"), "EUR"),
    )


def look_up(opened, number):
    """Look an order up as the shop does after a lost answer; return its state or None."""
    if isinstance(opened.connector, OrderResuming):
        return opened.connector.resume(number=number)
    return opened.connector.find(number=number)
