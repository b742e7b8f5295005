"""Staff connect a store and start selling; an order made there is bought, shipped and fulfilled."""

import re

import pytest

from orders.models import Order
from storefront.accounts.models import User
from storefront.sales_channels.orders.tasks import poll_stores, process_due
from storefront.workers.deduplication import DeduplicatedTask
from tests.e2e.browser.conftest import look
from tests.e2e.browser.test_staff import WHO, sign_in
from tests.factories import shipping
from tests.factories.catalog import make_channel, make_image, make_product, make_spec, make_variant
from tests.factories.orders import make_sellable
from tests.factories.pricing import make_terms
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.shipping import CJ_NUMBER, make_service, make_shipment_notice
from tests.storefront.sales_channels.platforms.contract.stores import store_class

pytestmark = pytest.mark.browser
STORES = [
    "bigcommerce",
    pytest.param("shopify", marks=pytest.mark.full),
    pytest.param("woocommerce", marks=pytest.mark.full),
]


@pytest.fixture
def queue(monkeypatch):
    """The tasks that wait for a worker."""
    waiting = []
    monkeypatch.setattr(
        DeduplicatedTask,
        "apply_async",
        lambda task, _args=None, kwargs=None, **_: waiting.append((task, kwargs or {})),
    )
    return waiting


def work(queue):
    """Run all waiting tasks, as a worker does."""
    while queue:
        task, arguments = queue.pop(0)
        task(**arguments)


@pytest.fixture
def office(noon, transactional_db, live_server, monkeypatch):
    """A shop with a supplier of one lamp for a channel without a store; return its URL."""
    connect(monkeypatch, ScriptedSupplier())
    User.objects.create_superuser(**WHO)
    product = make_product()
    make_spec(product)
    make_image(product, stem="abc")
    variant = make_variant(product, sku="HL-1")
    channel = make_channel(code="outlet")
    make_sellable(variant=variant, channel=channel, quantity=5)
    make_terms(channel=channel)
    make_service(countries=["DE"])
    return live_server.url


@pytest.fixture
def store(request, tmp_path):
    opened = store_class(request.param)(tmp_path)
    yield opened
    opened.close()


def save(page, secrets, options):
    for prefix, values in (("secret", secrets), ("option", options)):
        for name, value in values.items():
            page.fill(f"[name={prefix}_{name}]", value)
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_text("was changed successfully").wait_for()


def choose(page, name):
    """Use an action of the page, and confirm it."""
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name=name).click()
    page.wait_for_load_state("load")


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_store_is_connected_and_its_order_is_fulfilled(office, store, browse, queue):
    page = browse()
    sign_in(page, office)
    page.goto(f"{office}/admin/sales_channels/connection/add/")
    page.select_option("[name=channel]", index=1)
    page.select_option("[name=platform]", store.PLATFORM)
    page.fill("[name=base_url]", store.base_url)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Secrets and options").wait_for()
    look(page)

    save(page, store.wrong_secrets, store.options)
    choose(page, "Check store")
    work(queue)
    page.reload()
    page.get_by_text("The store does not accept our calls").wait_for()
    choose(page, "Start selling")
    page.get_by_text("Check the store first").wait_for()

    page.goto(re.sub(r"/resume.*", "/change/", page.url))
    save(page, store.secrets, {})
    choose(page, "Check store")
    work(queue)
    page.reload()
    choose(page, "Start selling")
    page.get_by_text("The store is active.").wait_for()
    work(queue)
    assert [row["skus"] for row in store.products()] == [["HL-1"]]

    order_id = store.sell({"HL-1": 2})
    poll_stores()
    work(queue)
    order = Order.objects.get(external_reference=order_id)
    purchase_order = order.purchase_orders.get()
    assert purchase_order.submission_status == "accepted"
    page.goto(f"{office}/admin/sales_channels/remoteorderrecord/")
    page.get_by_role("link", name=order.number).click()
    page.get_by_role("heading", name=order.number).first.wait_for()

    shipping.take_in(purchase_order, "shipped", make_shipment_notice())
    process_due()
    work(queue)
    [parcel] = store.parcels(order_id)
    assert (parcel["number"], parcel["units"]) == (CJ_NUMBER, {"HL-1": 2})
