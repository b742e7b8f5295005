"""E-mails about silent parcels: each kind, its offers, and the replies to answers."""

import pytest

from shipping.models import Parcel, RouteTransit, SilenceRule
from suppliers.models import StockLevel
from tests.factories.shipping import CJ_NUMBER, make_service
from tests.factories.silence import DAY, answer, make_silent, watch
from tests.factories.suppliers import NOON
from tests.support.emails import problems_of

pytestmark = pytest.mark.django_db


def not_scanned():
    make_silent("", status="label_created")
    watch(3)


def not_scanned_without_number():
    make_silent("", status="label_created")
    Parcel.objects.update(number="", tracking_url="")
    watch(4)


def no_update():
    make_silent("out_for_delivery")
    watch(7)


def late():
    make_silent("in_transit")
    SilenceRule.objects.exclude(kind="late").delete()
    watch(12.5)


def late_on_a_slow_route():
    parcel = make_silent("in_transit", text="Departed")
    parcel.tracking_events.update(place="Shenzhen")
    purchase_order = parcel.shipment.purchase_order
    RouteTransit.objects.create(
        carrier=parcel.carrier,
        origin=purchase_order.entry["country"],
        destination=purchase_order.goes_to["country"],
        min_days=9,
        max_days=20,
        parcels=40,
        measured_at=NOON,
    )
    SilenceRule.objects.exclude(kind="late").delete()
    watch(12.5)


def late_by_a_slow_service():
    purchase_order = make_silent("in_transit").shipment.purchase_order
    make_service(purchase_order.location, code=purchase_order.service_code, min_days=8, max_days=25)
    SilenceRule.objects.exclude(kind="late").delete()
    watch(12.5)


def in_customs():
    make_silent("in_transit", text="Held by customs")
    watch(5)


def not_collected():
    make_silent("available_for_pickup")
    watch(2)


def never_collected():
    make_silent("available_for_pickup")
    SilenceRule.objects.filter(kind="pickup").update(kept_days=4)
    watch(2)


def not_collected_anywhere():
    make_silent("available_for_pickup")
    SilenceRule.objects.filter(kind="pickup").update(kept_days=None)
    watch(2)


def going_back():
    make_silent("return_to_sender")
    watch(1)


def not_tracked():
    make_silent("expired")
    watch(1)


def asked():
    make_silent("out_for_delivery")
    watch(14)


def asked_without_stock():
    make_silent("out_for_delivery")
    StockLevel.objects.update(reported_quantity=0)
    watch(14)


def asked_without_refund():
    make_silent("out_for_delivery")
    SilenceRule.objects.update(can_refund=False)
    watch(14)


def waited():
    asked()
    answer("wait")


def arrived_before_the_answer():
    asked()
    Parcel.objects.update(status="delivered")
    answer("refund")


def scanned_before_the_answer():
    asked()
    Parcel.objects.update(carrier_status_at=NOON + 14.5 * DAY)
    answer("refund")


CASES = [
    (
        "parcel.silent",
        not_scanned,
        [
            "The carrier does not have your parcel yet.",
            "was created 3 days ago, but the carrier has not scanned it.",
            "We do not know a new delivery day yet.",
            "If nothing changes, we write to you again on 2 December.",
            CJ_NUMBER,
        ],
    ),
    ("parcel.silent", not_scanned_without_number, ["was created 4 days ago"]),
    (
        "parcel.silent",
        no_update,
        [
            "The carrier does not report where your parcel is.",
            "There has been no update",
            "for 7 days.",
            "Last update: Out for delivery, 24 November, 13:00",
        ],
    ),
    ("parcel.silent", late, ["Your parcel is late.", "was due by 5 December."]),
    (
        "parcel.silent",
        late_on_a_slow_route,
        [
            "Last update: In transit, Shenzhen, 24 November",
            "We now expect it: 7–14 Dec.",
            "Most parcels of this carrier need 9 to 20 days for this route.",
        ],
    ),
    (
        "parcel.silent",
        late_by_a_slow_service,
        ["This delivery method needs 8 to 25 days."],
    ),
    (
        "parcel.silent",
        in_customs,
        ["Your parcel is held in customs.", "has been in customs for 5 days."],
    ),
    (
        "parcel.silent",
        not_collected,
        ["Your parcel is waiting for you.", "Please collect it by 1 December"],
    ),
    ("parcel.silent", never_collected, ["Please collect it by 28 November"]),
    ("parcel.silent", not_collected_anywhere, ["Please collect it soon"]),
    (
        "parcel.silent",
        going_back,
        [
            "Your parcel is going back to the sender.",
            "Please choose what we should do.",
            "Send me a replacement",
            "Refund me",
        ],
    ),
    (
        "parcel.silent",
        not_tracked,
        ["The carrier no longer tracks your parcel.", "1 day ago."],
    ),
    (
        "parcel.silent",
        asked,
        ["for 14 days.", "Yes, I will wait", "Send me a replacement", "Refund me"],
    ),
    ("parcel.silent", asked_without_stock, ["Yes, I will wait", "Refund me"]),
    ("parcel.silent", asked_without_refund, ["Yes, I will wait", "Send me a replacement"]),
    (
        "parcel.silence_answered",
        waited,
        [
            "Thank you for waiting.",
            "If nothing changes, we write to you again on 16 December.",
        ],
    ),
    (
        "parcel.silence_answered",
        arrived_before_the_answer,
        ["Your parcel was delivered before your answer.", "so nothing is changed."],
    ),
    (
        "parcel.silence_answered",
        scanned_before_the_answer,
        ["There is news of your parcel.", "came too late and changes nothing."],
    ),
]


@pytest.mark.parametrize(("name", "cause", "sentences"), CASES)
def test_silence_email(name, cause, sentences):
    cause()

    assert problems_of(name, sentences) == []
