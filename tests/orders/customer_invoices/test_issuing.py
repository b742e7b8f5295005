from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from orders.customer_invoices import issuing
from orders.models import CustomerInvoice, OrderLine, Payment, TaxNumber, TaxRate
from orders.payments import refunds as payment_refunds
from orders.payments import updates
from orders.returns import refunds
from storefront.dashboard.invariants.customer_invoices import CUSTOMER_INVOICES
from storefront.identity import current
from storefront.lib.money import Money
from tests.factories.catalog import make_channel
from tests.factories.full_shop import settle
from tests.factories.orders import HOME, make_paid_order, make_payment_update, make_sellable
from tests.factories.payments import apply_update
from tests.factories.promotions import make_promotion
from tests.factories.returns import exchange, make_inspected_return, make_shipped_order
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival, all_at_once
from tests.support.invariants import violated

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


def issue(order):
    return issuing.issue(order_id=order.pk, now=NOON)


def refund(order, amount, key="goodwill"):
    """Refund as staff do, and apply the gateway's answer."""
    payment_refunds.refund(
        order=order,
        amount=Money(Decimal(amount), order.currency),
        reason="goodwill",
        actor="ann",
        now=NOON,
        key=key,
    )
    settle(order)


def credit_notes():
    notes = CustomerInvoice.objects.filter(kind="credit_note").order_by("pk")
    return [(str(note.gross_amount), str(note.tax_amount)) for note in notes]


def kinds(invoice):
    return [row["kind"] for row in invoice.content["rows"]]


def holds(now=NOON):
    return violated(CUSTOMER_INVOICES, now=now) == []


def test_an_order_that_ships_is_invoiced_once_with_what_was_charged():
    order = make_shipped_order(quantity=3)

    assert issuing.due_orders(now=NOON) == [order.pk]
    invoice = issue(order)

    assert issue(order) is None
    assert issuing.due_orders(now=NOON) == []
    assert invoice.number == "INV-2026-00001"
    assert (invoice.gross_amount, invoice.tax_amount) == (order.total_amount, order.tax_amount)
    line, delivery = invoice.content["rows"]
    assert (line["quantity"], line["unit"], line["gross"]) == (3, "39.99", "119.97")
    assert (delivery["kind"], delivery["gross"]) == ("delivery", "4.90")
    assert invoice.content["totals"] == [
        {"rate": "0.19000", "gross": "124.87", "tax": "19.93", "net": "104.94"}
    ]
    assert invoice.content["buyer"]["name"] == "Erika Muster"
    assert holds()


def test_an_order_is_invoiced_only_when_it_ships():
    order = make_paid_order()

    assert issuing.due_orders(now=NOON) == []
    assert issue(order) is None


def test_the_database_keeps_one_invoice_per_order():
    invoice = issue(make_shipped_order())
    invoice.pk, invoice.number, invoice.sequence = None, "INV-2026-00002", 2

    with pytest.raises(IntegrityError, match="customer_invoice_once_per_order"):
        invoice.save(force_insert=True)


def test_an_issued_invoice_is_neither_changed_nor_deleted():
    invoice = issue(make_shipped_order())
    mine = CustomerInvoice.objects.filter(pk=invoice.pk)

    for change in ({"gross_amount": 1, "net_amount": 1, "tax_amount": 0}, {"content": {}}):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            mine.update(**change)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        mine.delete()


def test_discounts_and_free_delivery_are_shown_and_add_up():
    make_promotion(name="Autumn")
    make_promotion(name="Free", kind="free_delivery", percent=0)
    order = make_shipped_order(make_sellable(price="40.00", quantity=9))

    invoice = issue(order)

    assert invoice.gross_amount == order.total_amount
    line, *rest = invoice.content["rows"]
    assert Decimal(line["discount"]) + sum(Decimal(row["discount"]) for row in rest) == (
        order.discount_amount
    )
    assert holds()


def test_a_canceled_line_is_left_out():
    order = make_shipped_order(make_sellable(quantity=9), make_sellable(quantity=9), quantity=1)
    gone = order.lines.first()
    OrderLine.objects.filter(pk=gone.pk).update(canceled_quantity=1, shipped_quantity=0)
    refund(order, gone.line_amount)

    invoice = issue(order)

    assert kinds(invoice) == ["line", "delivery"]
    assert invoice.gross_amount == order.total_amount - gone.line_amount
    assert holds()


def test_money_refunded_before_the_invoice_is_an_adjustment_and_needs_no_credit_note():
    order = make_shipped_order(quantity=1)
    refund(order, "5.00")

    invoice = issue(order)

    assert kinds(invoice) == ["line", "delivery", "adjustment"]
    assert invoice.content["rows"][-1]["gross"] == "-5.00"
    assert credit_notes() == []
    assert holds()


def test_a_refund_that_is_not_executed_yet_is_left_out_and_not_credited_again():
    order = make_shipped_order(quantity=1)
    payment_refunds.refund(
        order=order,
        amount=Money(Decimal(5), "EUR"),
        reason="",
        actor="ann",
        now=NOON,
        key="early",
    )
    invoice = issue(order)

    assert invoice.gross_amount == order.total_amount - 5
    assert holds()
    settle(order)
    assert credit_notes() == []
    assert holds()


def test_refunds_in_parts_get_a_credit_note_each_and_sum_to_the_tax_of_the_invoice():
    order = make_shipped_order(quantity=1)
    invoice = issue(order)

    for key, amount in (("a", "10.01"), ("b", "0.01"), ("c", "34.87")):
        refund(order, amount, key=key)
    settle(order)  # the gateway repeats its answers

    assert [gross for gross, _tax in credit_notes()] == ["10.01", "0.01", "34.87"]
    assert sum(Decimal(tax) for _gross, tax in credit_notes()) == invoice.tax_amount
    notes = CustomerInvoice.objects.filter(kind="credit_note").order_by("pk")
    assert notes[0].number == "CRN-2026-00001"
    assert notes[0].corrects == invoice
    assert notes[0].content["corrects"]["number"] == invoice.number
    assert kinds(notes[0]) == ["refund"]
    assert holds()


def test_a_failed_refund_that_is_repeated_is_credited_once():
    order = make_shipped_order(quantity=1)
    issue(order)
    refund(order, "10.00", key="a")
    refunded = order.payments.get().events.get(kind="refunded")
    failure = make_payment_update(
        order.payments.get(), "refund_failed", amount="10.00", external_id="re_failed"
    )
    failure = replace(failure, about=refunded.external_id)
    updates.apply(update=failure, gateway="fake", now=NOON)
    assert order.payments.get().refunded_amount == 0

    refund(order, "10.00", key="b")

    assert [gross for gross, _tax in credit_notes()] == ["10.00"]
    assert holds()


def test_a_return_names_the_returned_items():
    authorization = make_inspected_return(make_sellable(quantity=9), quantity=1)
    issue(authorization.order)
    refunds.refund(authorization=authorization, actor="ann", now=NOON)
    settle(authorization.order)

    note = CustomerInvoice.objects.get(kind="credit_note")

    assert kinds(note) == ["return"]
    assert note.content["rows"][0]["title"].startswith("1 × ")


def test_a_replacement_without_charge_has_no_invoice():
    replacement = exchange(make_inspected_return(make_sellable(quantity=9), quantity=1))

    assert replacement.total_amount == 0
    replacement.purchase_orders.update(status="shipped")
    assert issue(replacement) is None
    assert replacement.pk not in issuing.due_orders(now=NOON)


def test_money_released_after_the_invoice_is_credited():
    order = make_accepted_purchase_order().order
    order.purchase_orders.update(status="shipped")
    invoice = issue(order)
    payment = order.payments.get()
    apply_update("voided", amount="4.00", external_id="re_part")

    assert payment.captured_amount == 0
    assert [gross for gross, _tax in credit_notes()] == ["4.00"]
    assert kinds(CustomerInvoice.objects.get(corrects=invoice)) == ["canceled"]


def test_mixed_tax_rates_are_totaled_and_credited_by_rate():
    order = make_shipped_order(
        make_sellable(quantity=9, price="10.00"),
        make_sellable(quantity=9, price="30.00"),
        quantity=1,
    )
    reduced = order.lines.order_by("line_amount").first()
    OrderLine.objects.filter(pk=reduced.pk).update(
        tax_rate=Decimal("0.07"), tax_amount=Decimal("0.65")
    )

    invoice = issue(order)
    refund(order, "20.00", key="a")
    refund(order, str(order.total_amount - 20), key="b")

    assert [total["rate"] for total in invoice.content["totals"]] == ["0.19000", "0.07000"]
    notes = CustomerInvoice.objects.filter(kind="credit_note").order_by("pk")
    for total in invoice.content["totals"]:
        shares = [
            share
            for note in notes
            for share in note.content["totals"]
            if share["rate"] == total["rate"]
        ]
        for name in ("gross", "tax", "net"):
            assert sum(Decimal(share[name]) for share in shares) == Decimal(total[name])
    assert holds()


def test_sales_tax_is_added_and_named_with_its_registration():
    channel = make_channel(prices_exclude_tax=True)
    TaxRate.objects.create(
        country="US", region="CA", rate="0.0725", valid_from=NOON.date(), source="law"
    )
    TaxNumber.objects.create(
        scheme="sales_tax", country="US", region="CA", number="CA-1", valid_from=NOON.date()
    )
    there = replace(HOME, city="Los Angeles", region="CA", postcode="90001", country="US")
    order = make_shipped_order(
        make_sellable(channel=channel, quantity=9), quantity=1, ship_to=there
    )

    content = issue(order).content

    assert order.additional_tax_amount > 0
    assert content["tax_name"] == "sales_tax"
    assert (content["seller"]["tax_scheme"], content["seller"]["tax_number"]) == (
        "sales_tax",
        "CA-1",
    )
    assert content["notes"] == []
    assert holds()


def test_an_order_without_tax_says_why():
    TaxRate.objects.all().delete()

    content = issue(make_shipped_order(quantity=1)).content

    assert content["notes"] == ["untaxed"]
    assert content["seller"]["tax_number"] == ""


def test_an_import_under_ioss_names_its_number():
    order = make_shipped_order(quantity=1)
    order.purchase_orders.update(ioss_number="IM0123456789")

    content = issue(order).content

    assert content["notes"] == ["ioss"]
    assert content["seller"]["tax_number"] == "IM0123456789"


def test_turkish_numbers_have_sixteen_characters(monkeypatch):
    seller = replace(current.DEMONSTRATION, country="TR", invoice_prefix="FAR")
    monkeypatch.setattr(issuing, "shop_identity", lambda: seller)

    assert issue(make_shipped_order()).number == "FAR2026000000001"


def test_a_second_payment_that_was_released_is_not_on_the_invoice():
    order = make_shipped_order()
    paid = order.payments.get()
    Payment.objects.create(
        order=order, gateway=paid.gateway, key="second", reference="pi_second", status="voided",
        currency=paid.currency, amount=paid.amount, authorized_amount=paid.amount,
        voided_amount=paid.amount, created_at=NOON, status_since=NOON,
    )  # fmt: skip

    (shown,) = issue(order).content["payments"]

    assert shown["reference"] == paid.reference


def test_the_numbers_go_on_if_the_company_moves_to_another_country(monkeypatch):
    issue(make_shipped_order())
    seller = replace(current.DEMONSTRATION, country="DE")
    monkeypatch.setattr(issuing, "shop_identity", lambda: seller)

    assert issue(make_shipped_order()).number == "INV-2026-00002"
    assert holds()


@pytest.mark.django_db(transaction=True)
def test_simultaneous_tasks_issue_one_invoice_per_order_without_a_gap():
    orders = [make_shipped_order() for _ in range(3)]

    all_at_once([lambda order=order: issue(order) for order in orders * 3], refusal=())

    numbers = CustomerInvoice.objects.order_by("sequence").values_list("sequence", flat=True)
    assert list(numbers) == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_a_number_that_is_rolled_back_is_given_to_the_one_who_waited():
    """Fails if the series is not locked until the end of the transaction."""
    order, other = make_shipped_order(), make_shipped_order()
    rival = Rival(lambda: issue(other))

    with transaction.atomic():
        # ``durable`` needs the outermost transaction, which is rolled back here.
        issued = issuing.issue.__wrapped__(order_id=order.pk, now=NOON)
        rival.begin()
        transaction.set_rollback(True)
    rival.finish()

    assert issued.sequence == 1
    assert CustomerInvoice.objects.get().sequence == 1
    assert issue(order).sequence == 2
