"""A program of the shop's owner with the generated Python client; prints what it did as JSON.

journey.py ADDRESS KEY SKU
"""

import json
import sys

from fara_api_client import AuthenticatedClient
from fara_api_client.api.orders import (
    cancel_order,
    create_order,
    get_order,
    list_orders,
)
from fara_api_client.models import (
    AddressFieldsRequest,
    NewMerchantOrderRequest,
    OrderCancellationRequest,
    OrderedUnitsRequest,
    Problem,
)

address, key, sku = sys.argv[1:]
client = AuthenticatedClient(base_url=address, token=key)
wanted = NewMerchantOrderRequest(
    email="erika@example.org",
    ship_to=AddressFieldsRequest(
        name="Erika Muster", line1="Musterweg 1", postcode="10115", city="Berlin", country="DE"
    ),
    lines=[OrderedUnitsRequest(sku=sku, quantity=2)],
)
made, again = (
    create_order.sync(client=client, body=wanted, idempotency_key="python-1") for _ in range(2)
)
listed = list_orders.sync(client=client)
reason = OrderCancellationRequest(reason="The customer called.")
canceled = cancel_order.sync(made.number, client=client, body=reason, idempotency_key="p-2")
unknown = get_order.sync("FL-000000-00000", client=client)
assert isinstance(unknown, Problem)
did = {
    "number": made.number,
    "is_repeated": again.number == made.number,
    "listed": [order.number for order in listed.results],
    "status": canceled.status.value,
    "unknown": unknown.status,
}
sys.stdout.write(f"{json.dumps(did)}\n")
