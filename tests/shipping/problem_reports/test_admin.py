"""Problem report admin: what staff see of a report, and their decisions."""

import pytest
from django.urls import reverse

from orders.returns import photos
from tests.factories.accounts import make_staff
from tests.factories.compliance import make_picture
from tests.factories.parcels import make_parcel_in
from tests.factories.problem_reports import decide, report_problem
from tests.factories.suppliers import NOON
from tests.support.admin_forms import row_page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def report():
    picture = photos.reencode(make_picture("JPEG"))
    return report_problem(kind="damaged", customer_message="Dented.", encoded_photos=[picture])


def shown(response):
    return response.content.decode()


def test_the_page_shows_the_report_its_money_photo_and_tracking(staff, report):
    text = shown(staff.get(row_page(report)))

    for part in ("Dented.", "€39.99", "Supplier claim", "Damaged", report.claim.number):
        assert part in text
    picture = staff.get(reverse("admin:shipping_problemreport_picture", args=[report.pk, 1]))
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in picture["Cache-Control"]
    missing = reverse("admin:shipping_problemreport_picture", args=[report.pk, 2])
    assert staff.get(missing).status_code == 404
    listed = shown(staff.get(reverse("admin:shipping_problemreport_changelist")))
    assert "€39.99" in listed
    number = report.parcel.shipment.purchase_order.order.number
    found = staff.get(reverse("admin:shipping_problemreport_changelist"), {"q": number})
    assert row_page(report) in shown(found)


def test_a_photo_needs_the_right_to_view_reports(client, report):
    client.force_login(make_staff("ann", "view_parcel"))

    assert (
        client.get(reverse("admin:shipping_problemreport_picture", args=[report.pk, 1])).status_code
        == 403
    )


def test_staff_refund_a_report(staff, started, report):
    asked = shown(staff.get(row_page(report, "refund")))
    answer = staff.post(row_page(report, "refund"), {"own": ""}, follow=True)

    report.refresh_from_db()
    assert "The customer paid €39.99 for these items" in asked
    assert "Refund requested" in shown(answer)
    assert (report.status, report.answer) == ("refunded", "")
    assert ("execute_requests", {}) in started


def test_staff_send_a_replacement(staff, started, report):
    answer = staff.post(row_page(report, "replace"), {"own": "It comes soon."}, follow=True)

    report.refresh_from_db()
    replacement = report.settlement.replacement
    assert f"Replacement created: {replacement.number}" in shown(answer)
    assert ("create_purchase_orders", {"order_id": replacement.pk}) in started


def test_staff_reject_with_a_prepared_text_in_the_language_of_the_customer(staff, report):
    order = report.parcel.shipment.purchase_order.order
    order.locale = "az"
    order.save(update_fields=["locale"])

    empty = staff.post(row_page(report, "reject"), {})
    staff.post(row_page(report, "reject"), {"prepared": "not_visible", "own": "Bağışlayın."})

    report.refresh_from_db()
    assert "Choose a prepared text, or write one." in shown(empty)
    assert report.answer == "Şəkillərdə problem görünmür.\nBağışlayın."


def test_staff_ask_for_pictures(staff, report):
    staff.post(row_page(report, "request_information"), {"prepared": "pictures"})

    report.refresh_from_db()
    assert report.status == "needs_information"
    assert report.answer.startswith("Please send us pictures")


def test_a_decided_report_offers_no_action_and_refuses_another_decision(staff, report):
    decide(report, "refund")

    text = shown(staff.get(row_page(report)))
    late = shown(staff.post(row_page(report, "replace"), {"own": ""}))

    assert row_page(report, "reject") not in text
    assert "already. Nothing was changed." in late


def test_a_report_of_unknown_contents_says_what_to_do_first(staff):
    parcel = make_parcel_in("shipped")
    parcel.lines.all().delete()
    report = report_problem(parcel, now=NOON.replace(year=NOON.year + 1))

    text = shown(staff.get(row_page(report, "refund")))
    seen = shown(staff.get(row_page(report)))

    assert "Change its contents first." in text
    assert "Promised by" in seen


@pytest.mark.parametrize(
    ("right", "acts"),
    [
        ("refund_order", {"refund"}),
        ("return_order", {"replace"}),
        ("change_problemreport", {"reject", "request_information"}),
    ],
)
def test_each_action_needs_its_right(client, report, right, acts):
    client.force_login(make_staff("ann", "view_problemreport", right))
    every = ("refund", "replace", "reject", "request_information")

    allowed = {act for act in every if client.get(row_page(report, act)).status_code == 200}

    assert allowed == acts
