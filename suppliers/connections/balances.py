"""Supplier balances: read our prepaid balance, flag it when it is low."""

import logging
from datetime import datetime

from django.db.models import F

from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.money import Money
from suppliers.connections.factory import open_connector
from suppliers.connectors import CONNECTORS, connector_class
from suppliers.connectors.capabilities import Balance, Capability, capabilities_of, require
from suppliers.models import Connection, Supplier

log = logging.getLogger(__name__)


def prepaid_suppliers() -> list[Supplier]:
    capable = [
        name for name in CONNECTORS if Capability.BALANCE in capabilities_of(connector_class(name))
    ]
    active = Supplier.objects.filter(status=Supplier.Status.ACTIVE, connection__isnull=False)
    return list(active.filter(adapter__in=capable).order_by("pk"))


def refresh(*, supplier: Supplier, now: datetime) -> Money | None:
    """Fetch and store the balance; set or clear the low-balance problem of the connection.

    Returns None if the supplier did not answer; the last balance stays.
    """
    try:
        with open_connector(supplier) as connector:
            balance = require(connector, Balance).balance()
    except ExternalServiceError as error:
        log.warning("Cannot read the balance of %s: %s", supplier, error)
        return None
    connection = Connection.objects.filter(supplier=supplier)
    connection.update(balance_amount=balance.rounded().amount, balance_reported_at=now)
    low = connection.filter(balance_amount__lt=F("low_balance_amount")).first()
    if low is not None:
        message = (
            f"{Connection.BALANCE_PROBLEM_PREFIX}{balance} is left, below {low.low_balance_amount}"
        )
        connection.update(problem=message[:300], problem_at=now)
    else:
        flagged = connection.filter(problem__startswith=Connection.BALANCE_PROBLEM_PREFIX)
        flagged.update(problem="", problem_at=None)
    return balance
