"""Corrections of a parcel: numbers, last mile and contents, by staff and by the supplier."""

from collections import Counter
from datetime import timedelta

import pytest

from notifications.models import Event
from orders.models import Order
from shipping.models import Parcel, ParcelCorrection
from shipping.shipments import corrections
from suppliers.connectors.records import PurchaseOrderRequestLine
from tests.factories.full_shop import settle
from tests.factories.orders import make_sellable
from tests.factories.parcels import (
    PARCEL_STATES,
    act_on_parcel,
    correct_tracking,
    make_parcel_in,
    report_status,
    violated_parcel_invariants,
)
from tests.factories.shipping import (
    CJ_NUMBER,
    make_accepted_purchase_order,
    make_shipment_notice,
    take_in,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

RIGHT = "JJD000111222333444"
LATER = NOON + timedelta(hours=1)


def told_numbers():
    events = Event.objects.filter(name="parcel.tracking_changed").order_by("pk")
    return [event.payload["number"] for event in events]


def test_a_corrected_number_is_told_once_and_the_former_is_kept():
    parcel = make_parcel_in("shipped")

    correct_tracking(parcel, f" {RIGHT.lower()} ")
    correct_tracking(parcel, RIGHT)

    assert (parcel.carrier, parcel.number) == ("DHL", RIGHT)
    assert parcel.tracking_url.startswith("https://www.dhl.com/")
    (row,) = ParcelCorrection.objects.all()
    assert (row.before, row.after) == (f"CJPacket {CJ_NUMBER}", f"DHL {RIGHT}")
    assert (row.former_number, row.actor, row.reason) == (CJ_NUMBER, "ann", "typing error")
    assert told_numbers() == [RIGHT]
    assert Event.objects.filter(name="parcel.shipped").count() == 1


def test_a_number_corrected_before_the_parcel_ships_is_told_when_it_ships():
    parcel = make_parcel_in("label_created")

    correct_tracking(parcel, RIGHT)
    report_status("in_transit", RIGHT)

    (event,) = Event.objects.filter(name__startswith="parcel.")
    assert (event.name, event.payload["number"]) == ("parcel.shipped", RIGHT)


def test_updates_of_the_former_number_no_longer_count():
    parcel = make_parcel_in("shipped")
    report_status("delivered")
    before = Order.objects.get().lines.get().delivered_quantity

    correct_tracking(parcel, RIGHT)
    report_status("delivered", at=LATER)  # of the former number

    assert before == 2
    assert (parcel.status, parcel.carrier_status) == ("shipped", "pre_transit")
    assert Order.objects.get().lines.get().delivered_quantity == 0
    assert violated_parcel_invariants() == []
    parcel = report_status("delivered", RIGHT)
    assert (parcel.status, parcel.carrier_status) == ("delivered", "delivered")
    assert violated_parcel_invariants() == []


def test_updates_count_again_if_the_former_number_was_right():
    parcel = make_parcel_in("shipped")
    report_status("out_for_delivery")

    correct_tracking(parcel, RIGHT)
    correct_tracking(parcel, CJ_NUMBER, carrier="CJPacket")

    assert parcel.carrier_status == "out_for_delivery"
    assert told_numbers() == [RIGHT, CJ_NUMBER]


@pytest.mark.parametrize("state", PARCEL_STATES)
def test_a_number_can_be_corrected_until_the_parcel_ends(state):
    parcel = make_parcel_in(state)
    is_open = parcel.status != "voided" and parcel.resolution == "open"

    if is_open:
        correct_tracking(parcel, RIGHT)
    else:
        with pytest.raises(corrections.CannotCorrectError, match="has ended"):
            correct_tracking(parcel, RIGHT)
        parcel.refresh_from_db()

    assert (parcel.number == RIGHT) == is_open
    assert violated_parcel_invariants() == []


def test_wrong_numbers_are_refused():
    parcel = make_parcel_in("shipped")
    other = make_accepted_purchase_order(make_sellable())
    take_in(other, "shipped", make_shipment_notice(RIGHT, "DHL"))

    with pytest.raises(corrections.CannotCorrectError, match="not a valid"):
        correct_tracking(parcel, "no")
    with pytest.raises(corrections.CannotCorrectError, match=f"belongs to {other.number}"):
        correct_tracking(parcel, RIGHT)

    assert not ParcelCorrection.objects.exists()


def test_swapped_numbers_of_two_parcels_are_corrected_through_an_empty_number():
    parcel = make_parcel_in("shipped")
    other_order = make_accepted_purchase_order(make_sellable())
    take_in(other_order, "shipped", make_shipment_notice(RIGHT, "DHL"))
    other = Parcel.objects.get(number=RIGHT)

    correct_tracking(other, "")
    correct_tracking(parcel, RIGHT)
    correct_tracking(other, CJ_NUMBER, carrier="CJPacket")

    assert (parcel.number, other.number) == (RIGHT, CJ_NUMBER)
    assert told_numbers() == [RIGHT, CJ_NUMBER]
    assert violated_parcel_invariants() == []


def test_a_supplier_changes_a_number_once():
    parcel = make_parcel_in("shipped")
    purchase_order = parcel.shipment.purchase_order

    for _ in range(2):
        changed = make_shipment_notice(RIGHT, "DHL", replaces_number=CJ_NUMBER)
        take_in(purchase_order, "partially_shipped", changed)
    take_in(purchase_order, "partially_shipped", make_shipment_notice())  # an old message

    parcel = Parcel.objects.get()
    assert (parcel.carrier, parcel.number) == ("DHL", RIGHT)
    (row,) = ParcelCorrection.objects.all()
    assert row.actor == f"supplier {purchase_order.supplier.code}"
    assert told_numbers() == [RIGHT]


def test_a_supplier_cannot_take_the_number_of_another_parcel():
    parcel = make_parcel_in("shipped")
    other = make_accepted_purchase_order(make_sellable())
    take_in(other, "shipped", make_shipment_notice(RIGHT, "DHL"))

    result = take_in(
        parcel.shipment.purchase_order,
        "partially_shipped",
        make_shipment_notice(RIGHT, "DHL", replaces_number=CJ_NUMBER),
    )

    parcel.refresh_from_db()
    assert parcel.number == CJ_NUMBER
    assert len(result.problems) == 1


def test_a_wrongly_typed_number_can_still_be_that_of_another_parcel():
    """Staff typed the number of the second parcel for the first one, and corrected it."""
    parcel, line = make_partial_parcel()
    correct_tracking(parcel, RIGHT)
    correct_tracking(parcel, CJ_NUMBER, carrier="CJPacket")

    take_in(
        parcel.shipment.purchase_order,
        "partially_shipped",
        make_shipment_notice(RIGHT, "DHL", lines=[part(line, 2)]),
    )

    assert list(Parcel.objects.order_by("pk").values_list("number", flat=True)) == [
        CJ_NUMBER, RIGHT,
    ]  # fmt: skip
    assert violated_parcel_invariants() == []


def test_a_last_mile_number_lies_beside_the_first():
    parcel = make_parcel_in("shipped")
    purchase_order = parcel.shipment.purchase_order

    for _ in range(2):
        reported = make_shipment_notice(last_mile_carrier="DHL", last_mile_number=RIGHT)
        take_in(purchase_order, "partially_shipped", reported)
    parcel = report_status("out_for_delivery", RIGHT)

    assert (parcel.number, parcel.last_mile_number) == (CJ_NUMBER, RIGHT)
    assert parcel.last_mile_url.startswith("https://www.dhl.com/")
    assert parcel.carrier_status == "out_for_delivery"
    (row,) = ParcelCorrection.objects.all()
    assert (row.kind, row.after) == ("last_mile", f"DHL {RIGHT}")
    assert told_numbers() == []
    correct_tracking(parcel, CJ_NUMBER, carrier="CJPacket")  # clears the last mile
    assert (parcel.last_mile_number, parcel.carrier_status) == ("", "pre_transit")


def test_an_invalid_last_mile_number_is_ignored():
    parcel = make_parcel_in("shipped")
    purchase_order = parcel.shipment.purchase_order

    for number in ("?", "", CJ_NUMBER):
        take_in(purchase_order, "partially_shipped", make_shipment_notice(last_mile_number=number))

    parcel.refresh_from_db()
    assert parcel.last_mile_number == ""


# Contents


def part(line, quantity):
    return PurchaseOrderRequestLine(sku="", quantity=quantity, reference=str(line.pk))


def make_partial_parcel(*, units=1, answer="partially_shipped", ordered=3):
    purchase_order = make_accepted_purchase_order(make_sellable(quantity=9), quantity=ordered)
    settle(purchase_order.order)
    line = purchase_order.order.lines.get()
    take_in(purchase_order, answer, make_shipment_notice(lines=[part(line, units)]))
    return Parcel.objects.get(), line


def add_parcel(first, line, units, answer="partially_shipped", number="CJPKL0000000002YQ"):
    take_in(
        first.shipment.purchase_order,
        answer,
        make_shipment_notice(number, lines=[part(line, units)]),
    )
    return Parcel.objects.get(number=number)


def change_contents(parcel, other, line, units):
    corrections.change_contents(
        parcel=Parcel.objects.select_related("shipment").get(pk=parcel.pk),
        other=other,
        units=+Counter({line.pk: units}),
        reason="the supplier called",
        actor="ann",
        now=NOON,
    )


def quantities(*parcels):
    return [sum(parcel.lines.values_list("quantity", flat=True)) for parcel in parcels]


def test_units_move_between_shipped_parcels():
    first, line = make_partial_parcel(units=1)
    second = add_parcel(first, line, 2)

    change_contents(first, second, line, 3)
    first_move = quantities(first, second)
    change_contents(first, second, line, 1)

    assert (first_move, quantities(first, second)) == ([3, 0], [1, 2])
    assert ParcelCorrection.objects.filter(kind="contents").count() == 4
    row = ParcelCorrection.objects.filter(parcel=first).first()
    assert (row.before, row.after) == (f"1 × {line.sku}", f"3 × {line.sku}")
    assert violated_parcel_invariants() == []


def test_units_moved_from_a_label_to_a_shipped_parcel_have_shipped():
    first, line = make_partial_parcel(units=1)
    label = add_parcel(first, line, 2, answer="accepted")

    change_contents(first, label, line, 3)

    line.refresh_from_db()
    assert line.shipped_quantity == 3
    assert Order.objects.get().purchase_orders.get().status == "shipped"
    assert violated_parcel_invariants() == []


def test_units_move_into_and_out_of_a_delivered_parcel():
    first, line = make_partial_parcel(units=1)
    second = add_parcel(first, line, 2)
    act_on_parcel(first, "mark_delivered")

    change_contents(first, second, line, 2)
    line.refresh_from_db()
    more = line.delivered_quantity
    change_contents(first, second, line, 1)

    line.refresh_from_db()
    assert (more, line.delivered_quantity) == (2, 1)
    assert violated_parcel_invariants() == []


def test_the_last_open_units_moved_to_a_delivered_parcel_end_the_order():
    first, line = make_partial_parcel(units=1)
    second = add_parcel(first, line, 2)
    act_on_parcel(first, "mark_delivered")

    change_contents(first, second, line, 3)

    assert Order.objects.get().status == "completed"
    assert violated_parcel_invariants() == []


def test_units_in_no_parcel_are_taken_and_given_back():
    label, line = make_partial_parcel(units=1, answer="accepted")

    change_contents(label, None, line, 3)
    taken = quantities(label)
    change_contents(label, None, line, 0)

    assert (taken, quantities(label)) == ([3], [0])
    assert violated_parcel_invariants() == []


def test_unknown_contents_become_known():
    purchase_order = make_accepted_purchase_order(make_sellable(quantity=9), quantity=2)
    take_in(purchase_order, "partially_shipped", make_shipment_notice())
    parcel, line = Parcel.objects.get(), purchase_order.order.lines.get()
    was_unknown = parcel.is_content_unknown

    change_contents(parcel, None, line, 2)

    parcel.refresh_from_db()
    assert (was_unknown, parcel.is_content_unknown, quantities(parcel)) == (True, False, [2])
    assert violated_parcel_invariants() == []


def test_shipped_units_cannot_become_unshipped():
    first, line = make_partial_parcel(units=1)
    label = add_parcel(first, line, 2, answer="accepted")

    for other in (label, None):
        with pytest.raises(corrections.CannotCorrectError, match="have shipped"):
            change_contents(first, other, line, 0)

    assert quantities(first, label) == [1, 2]


def test_impossible_contents_are_refused():
    first, line = make_partial_parcel(units=1)
    second = add_parcel(first, line, 1)

    with pytest.raises(corrections.CannotCorrectError, match="not that many"):
        change_contents(first, second, line, 3)
    with pytest.raises(corrections.CannotCorrectError, match="same purchase order"):
        change_contents(first, first, line, 2)
    act_on_parcel(second, "mark_lost")
    act_on_parcel(second, "close")
    with pytest.raises(corrections.CannotCorrectError, match="has ended"):
        change_contents(first, second, line, 2)

    assert quantities(first, second) == [1, 1]
