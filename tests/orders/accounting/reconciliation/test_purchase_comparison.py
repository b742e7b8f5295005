"""Purchase comparison: compare a supplier's charges with our purchase orders, at a sandbox."""

from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.utils import timezone

from orders.accounting import invoices
from orders.accounting.reconciliation import labels, purchase_comparison, reconciliation
from orders.models import Discrepancy, PurchaseLine, PurchaseOrder, SupplierInvoice
from orders.purchasing import submission
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.money import Money
from suppliers.connections.factory import open_connector
from suppliers.connectors.records import InvoiceReport
from suppliers.models import Supplier
from tests.e2e.ordering import sell_one, sync_shop
from tests.factories.connector_contexts import MemoryBudget
from tests.fakes.cj_sandbox import sandbox_process  # noqa: F401 - fixture
from tests.support.module_world import module_world

pytestmark = pytest.mark.django_db
SPAN = timedelta(days=1)
QUOTA = "suppliers.connections.factory.DatabaseQuotaCounter"


@pytest.fixture(scope="module")
def sold(django_db_setup, django_db_blocker, sandbox_process, tmp_path_factory):  # noqa: F811
    """A purchase order for all tests of this module: the sandbox accepted and charged it."""
    sandbox_process.reset()

    def build():
        purchase_order = sell_one(sync_shop(sandbox_process))
        submission.submit(purchase_order=purchase_order, now=timezone.now())

    with (
        patch(QUOTA, lambda _: MemoryBudget()),
        module_world(django_db_blocker, tmp_path_factory.mktemp("world"), build),
    ):
        yield


@pytest.fixture
def bought(sold, db, sandbox_process, monkeypatch):  # noqa: F811 - the fixture
    monkeypatch.setattr(reconciliation, "_gateways", lambda _day: [])
    yield PurchaseOrder.objects.get(accepted_at__isnull=False)
    sandbox_process.control("faults/clear", {})


def compare():
    now = timezone.now()
    day = reconciliation.run_of(timezone.localdate(), now=now)
    return reconciliation.reconcile(day=day, clock=lambda: now + 2 * SPAN)


def found():
    rows = Discrepancy.objects.filter(status="open").order_by("pk")
    return [(row.kind, row.what, row.expected_amount, row.found_amount) for row in rows]


def goods(purchase_order):
    return sum(line.agreed_cost_amount * line.quantity for line in purchase_order.lines.all())


def test_a_charge_is_stored_and_agrees(bought):
    day = compare()

    invoice = SupplierInvoice.objects.get()
    assert day.status == "reconciled"
    assert found() == []
    assert (invoice.purchase_order, invoice.number) == (bought, bought.number)
    assert (invoice.subtotal_amount, invoice.freight_amount) == (
        goods(bought),
        bought.freight_amount,
    )
    compare()
    assert SupplierInvoice.objects.get() == invoice


def test_a_charge_above_the_agreed_cost_is_a_discrepancy(bought):
    charged = PurchaseLine.objects.get(purchase_order=bought).agreed_cost_amount
    PurchaseLine.objects.update(agreed_cost_amount=charged - 1)

    compare()

    assert found() == [("supplier_overcharged", "subtotal", charged - 1, charged)]


def test_freight_above_the_stated_amount_is_a_discrepancy(bought):
    message = bought.messages.get(kind="accepted")
    message.body["freight"] = "0.50 USD"
    message.save()

    compare()

    assert found() == [("supplier_overcharged", "freight", Decimal("0.50"), bought.freight_amount)]
    assert "shipping methods" in labels.advice(Discrepancy.objects.get())


def test_the_charges_of_a_split_order_are_summed(bought):
    """CJ replaces the charge of the whole order with one charge for each part."""
    compare()
    whole = SupplierInvoice.objects.get()
    reports = [
        InvoiceReport(
            number=bought.number,
            supplier_reference=f"{whole.reference}-{part}",
            subtotal=Money(goods, "USD"),
            at=whole.invoiced_at,
        )
        for part, goods in enumerate([Decimal(1), whole.subtotal_amount - 1])
    ]
    invoices._store_charges(bought.supplier, reports, {whole.pk}, timezone.now())

    findings = purchase_comparison.compare_purchase_order(
        PurchaseOrder.objects.get(pk=bought.pk), tells_all=True, now=timezone.now()
    )

    assert [row.withdrawn_at is None for row in SupplierInvoice.objects.order_by("pk")] == [
        False,
        True,
        True,
    ]
    assert list(findings) == []


@pytest.mark.parametrize(
    "kind",
    ["500", *(pytest.param(one, marks=pytest.mark.full) for one in ("garbage", "drop_before"))],
)
def test_a_supplier_that_does_not_answer_keeps_the_day_open(bought, sandbox_process, kind):  # noqa: F811
    sandbox_process.fault("order/list", kind, count=0)

    day = compare()
    assert (day.status, day.problem[:20]) == ("open", "supplier:cj-sandbox:")
    assert found() == []
    sandbox_process.control("faults/clear", {})

    assert compare().status == "reconciled"


def test_a_supplier_without_a_list_is_asked_per_order(bought, monkeypatch):
    monkeypatch.setattr(invoices, "InvoiceListing", type("NoCharging", (), {}))
    monkeypatch.setattr(invoices, "lists_all_charges", lambda _supplier: False)
    PurchaseLine.objects.update(agreed_cost_amount=1)

    compare()

    invoice = SupplierInvoice.objects.get()
    assert (invoice.invoiced_at, invoice.reference) == (None, bought.supplier_reference)
    assert found() == [
        ("supplier_overcharged", "subtotal", Decimal("1.00"), invoice.subtotal_amount)
    ]


def test_a_blocked_supplier_is_not_called(bought, sandbox_process):  # noqa: F811
    sandbox_process.fault("order/list", "500", count=0)
    Supplier.objects.update(status="blocked")

    assert compare().status == "reconciled"


def test_an_incomplete_list_is_not_used(bought, monkeypatch):
    from suppliers.connectors.cj import order_status  # noqa: PLC0415

    monkeypatch.setattr(order_status, "ORDERS_PER_PAGE", 1)
    with open_connector(bought.supplier) as connector:
        since = timezone.now() - SPAN
        assert len(list(connector.list_invoices(since=since))) == 1
        monkeypatch.setattr(order_status, "MAX_PAGES", 1)
        with pytest.raises(ExternalServiceError):
            list(connector.list_invoices(since=since))
        assert list(connector.list_invoices(since=timezone.now() + SPAN)) == []


def test_an_accepted_order_without_a_charge_is_a_discrepancy(bought, sandbox_process):  # noqa: F811
    """Keep this test last: it cancels the order in the sandbox, which all tests share."""
    compare()
    sandbox_process.control("cancel", {"orderNumber": bought.number})

    compare()

    assert found() == [("supplier_not_charged", "subtotal", goods(bought), None)]
    assert SupplierInvoice.objects.get().withdrawn_at is not None
