"""The CJ connector with a connection to a sandbox in the test process."""

from contextlib import contextmanager
from decimal import Decimal

from storefront.dev.sandboxes.cj.state import DEFAULT_KEY
from storefront.lib.address import Address
from storefront.lib.money import Money
from suppliers.connectors.cj import CJ
from suppliers.connectors.records import PurchaseOrderRequest, PurchaseOrderRequestLine
from tests.factories.connector_contexts import make_context
from tests.suppliers.connectors.cj.recorded_answers import MemoryTokens

HOME = Address(
    name="Erika Muster",
    line1="Musterweg 1",
    postcode="10115",
    city="Berlin",
    country="DE",
    phone="+493012345",
)


def make_connector(sandbox, *, tokens=None, **options):
    """Make a connector with its own token pair."""
    line = make_context(
        f"{sandbox.url}/api2.0/v1/",
        secrets={"api_key": DEFAULT_KEY},
        tokens=tokens or MemoryTokens(),
        options=options,
    )
    return CJ(line)


@contextmanager
def open_connector(sandbox, **options):
    cj = make_connector(sandbox, **options)
    try:
        yield cj
    finally:
        cj.close()


def request_for(variant, number="FL-1-1", *, quantity=1, ship_to=HOME, route="CJPacket Sensitive"):
    return PurchaseOrderRequest(
        number=number,
        ship_to=ship_to,
        location="CN",
        country_from="CN",
        carrier_service=route,
        lines=(PurchaseOrderRequestLine(sku=variant.vid, quantity=quantity, reference="88"),),
        declared_value=Money(Decimal("54.90"), "EUR"),
    )


def effects(sandbox):
    """List the kinds of effects in order."""
    return [effect["kind"] for effect in sandbox.control("orders")["effects"]]
