"""Zapier platform: the app is valid, and runs in Zapier's own library against the shop."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from orders.models import Order
from storefront.events.models import WebhookSubscription
from tests.e2e.node_tools import NODE_PACKAGE, Workshop
from tests.factories.api import make_api_key
from tests.factories.events import publish
from tests.factories.orders import make_paid_order, make_sellable
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON
from tests.fakes.automation_hub import INTEGRATIONS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.full]


@time_machine.travel(NOON)
def test_the_app_is_valid_and_runs_in_zapiers_library(live_server, tmp_path):
    make_paid_order()
    listing = make_sellable(quantity=5)
    make_service()
    sku = listing.variant.sku
    publish(now=datetime.now(UTC))
    for name in ("definition.json", "index.js", "package.json"):
        shutil.copy(INTEGRATIONS / "zapier" / name, tmp_path)
    shutil.copy(Path(__file__).parent / "zapier_platform.js", tmp_path)
    workshop = Workshop(tmp_path, NODE_PACKAGE)
    workshop.run("npm", "install", "--silent", "zapier-platform-schema@19.1.0")

    key = make_api_key(now=datetime.now(UTC))
    hook = "http://127.0.0.1:8999/hook"
    output = workshop.run("node", "zapier_platform.js", live_server.url, key, hook, sku)

    did = json.loads(output.splitlines()[-1])
    order = Order.objects.get(email="erika@example.org", number=did.pop("order"))
    assert order.ship_to["line2"] == ""
    assert did == {"errors": [], "samples": 1, "triggered": 1, "found": [sku]}
    assert not WebhookSubscription.objects.exists()
