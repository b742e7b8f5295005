"""Purchase comparison: charges read from a running sandbox against our purchase orders."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

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
from tests.e2e.ordering import sell_one, stock_the_shop, whole
from tests.fakes.cj_sandbox import sandbox_process, sandbox_supplier  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db(transaction=True)
SPAN = timedelta(days=1)


@pytest.fixture
def bought(sandbox_supplier, monkeypatch):  # noqa: F811 - the fixture
    """A purchase order that the sandbox accepted and charged."""
    monkeypatch.setattr(reconciliation, "_gateways", lambda _day: [])
    channel = stock_the_shop(sandbox_supplier)
    purchase_order = sell_one(channel)
    submission.submit(purchase_order=purchase_order, now=timezone.now())
    purchase_order = whole(purchase_order)
    assert purchase_order.accepted_at is not None
    return purchase_order


def compare():
    now = timezone.now()
    day = reconciliation.run_of(timezone.localdate(), now=now)
    return reconciliation.reconcile(day=day, moment=lambda: now + 2 * SPAN)


def found():
    rows = Discrepancy.objects.filter(status="open").order_by("pk")
    return [(row.kind, row.what, row.expected_amount, row.found_amount) for row in rows]


def goods(purchase_order):
    return sum(line.agreed_cost_amount * line.quantity for line in purchase_order.lines.all())


def test_a_charge_is_stored_and_agrees(bought):
    day = compare()

    bill = SupplierInvoice.objects.get()
    assert day.status == "reconciled"
    assert found() == []
    assert (bill.purchase_order, bill.number) == (bought, bought.number)
    assert (bill.subtotal_amount, bill.freight_amount) == (goods(bought), bought.freight_amount)
    compare()
    assert SupplierInvoice.objects.get() == bill


@pytest.mark.parametrize(("more", "kind"), [(1, "bill_more"), (-1, "bill_less")])
def test_more_or_less_than_agreed(bought, more, kind):
    line = PurchaseLine.objects.get(purchase_order=bought)
    PurchaseLine.objects.update(agreed_cost_amount=line.agreed_cost_amount - more)

    compare()

    told = line.agreed_cost_amount
    assert found() == [(kind, "goods", told - more, told)]


def test_freight_above_the_stated_amount(bought):
    message = bought.messages.get(kind="accepted")
    message.body["freight"] = "0.50 USD"
    message.save()

    compare()

    assert found() == [("bill_more", "freight", Decimal("0.50"), bought.freight_amount)]
    assert "shipping methods" in labels.advice(Discrepancy.objects.get())


def test_an_accepted_order_without_a_charge(bought, sandbox_supplier):  # noqa: F811 - the fixture
    compare()
    sandbox_supplier.control("cancel", {"orderNumber": bought.number})

    compare()

    assert found() == [("bill_missing", "goods", goods(bought), None)]
    assert SupplierInvoice.objects.get().withdrawn_at is not None


def test_a_charge_for_a_canceled_order(bought):
    PurchaseOrder.objects.update(status="canceled")

    compare()

    kinds = sorted((kind, what, expected) for kind, what, expected, _found in found())
    assert kinds == [("bill_more", "freight", None), ("bill_more", "goods", None)]


def test_an_entered_invoice_for_a_charged_order_is_a_duplicate(bought):
    now = timezone.now()
    paper = SupplierInvoice(
        supplier=bought.supplier,
        number=bought.number,
        reference="RE-77",
        currency="USD",
        subtotal_amount=goods(bought),
        freight_amount=bought.freight_amount,
    )
    invoices.enter(bill=paper, actor="zumrud", now=now)
    with pytest.raises(invoices.InvoiceRejectedError):
        invoices.enter(
            bill=SupplierInvoice(supplier=bought.supplier, reference="RE-77"), actor="z", now=now
        )

    compare()
    assert found() == [("bill_twice", "goods", goods(bought), 2 * goods(bought))]
    invoices.withdraw(bill=paper, now=now)
    with pytest.raises(invoices.InvoiceRejectedError):
        invoices.withdraw(bill=paper, now=now)

    compare()
    assert found() == []


def test_the_parts_of_a_split_order_are_one_charge(bought, sandbox_supplier):  # noqa: F811
    """CJ replaces the charge of the whole order by those of its parts."""
    compare()
    whole_bill = SupplierInvoice.objects.get()
    told = [
        InvoiceReport(
            number=bought.number,
            supplier_reference=f"{whole_bill.reference}-{part}",
            goods=Money(goods, "USD"),
            at=whole_bill.invoiced_at,
        )
        for part, goods in enumerate([Decimal(1), whole_bill.subtotal_amount - 1])
    ]
    invoices._store_charges(bought.supplier, told, {whole_bill.pk}, timezone.now())

    findings = purchase_comparison.compare_purchase_order(
        PurchaseOrder.objects.get(pk=bought.pk), tells_all=True, now=timezone.now()
    )

    assert [row.withdrawn_at is None for row in SupplierInvoice.objects.order_by("pk")] == [
        False,
        True,
        True,
    ]
    assert findings == []


def test_an_invoice_in_another_currency(bought):
    compare()
    SupplierInvoice.objects.update(currency="EUR", entered_by="zumrud")

    compare()

    row = Discrepancy.objects.get(status="open")
    assert (row.kind, row.currency, row.found_currency) == ("bill_currency", "USD", "EUR")


def test_an_invoice_for_an_unknown_purchase_order(bought, sandbox_supplier):  # noqa: F811
    PurchaseOrder.objects.update(number="ours", supplier_reference="theirs")

    compare()

    bill = SupplierInvoice.objects.get()
    unknown = ("bill_unknown", "", None, bill.total.amount)
    assert unknown in found()
    row = Discrepancy.objects.get(kind="bill_unknown")
    assert (row.reference, row.supplier) == (bought.number, bought.supplier)


@pytest.mark.parametrize("kind", ["500", "garbage", "drop_before"])
def test_a_supplier_that_does_not_answer_keeps_the_day_open(bought, sandbox_supplier, kind):  # noqa: F811
    sandbox_supplier.fault("order/list", kind, count=0)

    day = compare()
    assert (day.status, day.problem[:20]) == ("open", "supplier:cj-sandbox:")
    assert found() == []
    sandbox_supplier.control("faults/clear", {})

    assert compare().status == "reconciled"


def test_a_supplier_without_a_list_is_asked_per_order(bought, monkeypatch):
    monkeypatch.setattr(invoices, "InvoiceListing", type("NoCharging", (), {}))
    monkeypatch.setattr(invoices, "lists_all_charges", lambda _supplier: False)
    PurchaseLine.objects.update(agreed_cost_amount=1)

    compare()

    bill = SupplierInvoice.objects.get()
    assert (bill.invoiced_at, bill.reference) == (None, bought.supplier_reference)
    assert found() == [("bill_more", "goods", Decimal("1.00"), bill.subtotal_amount)]


def test_a_blocked_supplier_is_not_called(bought, sandbox_supplier):  # noqa: F811 - the fixture
    sandbox_supplier.fault("order/list", "500", count=0)
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
