"""The list of a supplier's orders: filters, due dates, search, many at once, and its isolation."""

import io
import re
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from notifications.models import Event
from orders.models import PurchaseOrder
from shipping.models import Parcel
from storefront.supplier_portal import access, order_list, tracking_file
from suppliers.models import PortalLink
from suppliers.portal_links import links
from tests.factories.orders import ask_to_stop, make_purchase_orders
from tests.factories.shipping import (
    make_accepted_purchase_order,
    make_sent_purchase_order,
    make_shipment_notice,
    take_in,
)
from tests.factories.suppliers import NOON, make_supplier
from tests.storefront.supplier_portal.client import NUMBER, fresh, path_of
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db


def link_of(supplier):
    current = links.current_link(supplier)
    return links.portal_url(supplier, now=NOON) or links.create_link(
        supplier=supplier,
        former_id=current.pk if current else None,
        email="",
        actor="ann",
        now=NOON,
    )


def list_path(subpath="", language="en", supplier=None):
    path = link_of(supplier or make_supplier()).partition("/suppliers/")[2]
    return f"/{language}/suppliers/{path}{subpath}"


def of_other_supplier():
    """Make a submitted order of another supplier."""
    purchase_order = make_sent_purchase_order()
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(supplier=make_supplier("other"))
    return fresh(purchase_order)


def entries_on(response):
    """Return the number and the text of each order or row of a page."""
    items = re.findall(
        r'<li class="portal-order.*?</li>', response.content.decode(), flags=re.DOTALL
    )
    items = [re.sub(r"<label.*?</label>", "", item) for item in items]
    texts = [" ".join(re.sub(r"<[^>]+>", " ", item).split()) for item in items]
    return [tuple(text.split(" ", 1)) for text in texts]


def numbers_on(response):
    return [number for number, _text in entries_on(response)]


def counts_on(response):
    chips = re.findall(r'<a class="chip".*?>(.*?)</a>', response.content.decode())
    return [re.sub(r"<[^>]+>", "", chip) for chip in chips]


def confirm(client, *purchase_orders, headers=None):
    numbers = [purchase_order.number for purchase_order in purchase_orders]
    return client.post(list_path("confirm/"), {"order": numbers}, headers={"Origin": "null"})


def upload(client, content, name="tracking.csv", path=None):
    file = SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())
    return client.post(path or list_path("upload/"), {"file": file}, headers={"Origin": "null"})


def texts_on(response):
    return [text for _number, text in entries_on(response)]


def test_each_filter_shows_its_orders_and_counts(client):
    waiting, accepted, shipped = (
        make_sent_purchase_order(),
        make_accepted_purchase_order(),
        make_accepted_purchase_order(),
    )
    take_in(shipped, "shipped", make_shipment_notice())
    canceled = make_sent_purchase_order()
    PurchaseOrder.objects.filter(pk=canceled.pk).update(status="canceled")
    make_purchase_orders()  # not submitted

    shown = {name: client.get(list_path(f"?show={name}")) for name in order_list.FILTERS}

    assert {name: numbers_on(response) for name, response in shown.items()} == {
        "to_confirm": [waiting.number],
        "to_ship": [accepted.number],
        "shipped": [shipped.number],
        "closed": [canceled.number],
        "all": [waiting.number, accepted.number, canceled.number, shipped.number],
    }
    assert counts_on(shown["all"]) == [
        "To confirm 1",
        "To ship 1",
        "Shipped 1",
        "Closed 1",
        "All 4",
    ]
    assert numbers_on(client.get(list_path("?show=x"))) == [waiting.number]


def test_overdue_orders_come_first_with_their_day(client):
    late, early = make_accepted_purchase_order(), make_accepted_purchase_order()
    rows = PurchaseOrder.objects.filter(pk=late.pk)
    rows.update(accepted_at=NOON + timedelta(days=2), supplier_reference="")
    PurchaseOrder.objects.filter(pk=early.pk).update(supplier_reference="")
    with time_machine.travel(NOON + timedelta(days=4), tick=False):
        response = client.get(list_path("?show=to_ship"))

    assert entries_on(response) == [
        (early.number, "1 unit · Germany · In progress Overdue since 26 Nov"),
        (late.number, "1 unit · Germany · In progress Due on 28 Nov"),
    ]
    assert "1 order is overdue." in response.content.decode()


def test_an_announced_date_and_the_offers_handling_time_decide_when_an_order_is_due(client):
    announced, slow = make_accepted_purchase_order(), make_accepted_purchase_order()
    day = (NOON + timedelta(days=20)).date()
    client.post(
        path_of(announced, "answer/"),
        {f"line_{announced.lines.get().order_line_id}": "ship", "ships_by": day.isoformat()},
    )
    offer = slow.lines.get().offer
    offer.lead_days = 9
    offer.save(update_fields=["lead_days"])

    due = dict(entries_on(client.get(list_path("?show=to_ship"))))

    assert due[slow.number].endswith("Due on 3 Dec")
    assert due[announced.number].endswith("Due on 14 Dec")


def test_search_finds_our_number_and_theirs(client):
    one, other = make_sent_purchase_order(), make_sent_purchase_order()
    PurchaseOrder.objects.filter(pk=other.pk).update(supplier_reference="SO-77")

    ours = client.get(list_path("?show=all&q=" + one.number.lower()))
    theirs = client.get(list_path("?show=all&q=SO-7"))
    nothing = client.get(list_path("?show=all&q=%25"))

    assert numbers_on(ours) == [one.number]
    assert numbers_on(theirs) == [other.number]
    assert "SO-77" in theirs.content.decode()
    assert numbers_on(nothing) == []
    assert "No orders here." in nothing.content.decode()


def test_pages_of_the_list(client, monkeypatch):
    monkeypatch.setattr(order_list, "PAGE_SIZE", 1)
    one, other = make_sent_purchase_order(), make_sent_purchase_order()

    first, second = (client.get(list_path(f"?page={page}")) for page in (1, 2))

    assert {*numbers_on(first), *numbers_on(second)} == {one.number, other.number}
    assert "Next page" in first.content.decode()
    assert "Previous page" in second.content.decode()


@pytest.mark.parametrize("language", ["en", "az"])
def test_list_is_valid_html(client, language):
    make_sent_purchase_order()
    page = Page(client.get(list_path(language=language)))

    assert page.faults == []
    assert page.unlabeled() == []


def test_chosen_orders_are_confirmed_once(client):
    waiting, accepted = make_sent_purchase_order(), make_accepted_purchase_order()
    stopping = make_sent_purchase_order()
    ask_to_stop(stopping.order)
    ended = make_sent_purchase_order()
    PurchaseOrder.objects.filter(pk=ended.pk).update(status="canceled")
    foreign = of_other_supplier()

    response = confirm(client, waiting, accepted, stopping, ended, foreign)
    again = confirm(client, waiting)

    assert texts_on(response) == [
        "Confirmed. Thank you.",
        "Already confirmed. Nothing changed.",
        "Open this order: a cancellation waits for your answer.",
        "This can no longer be changed here. Please contact us.",
        "There is no such order.",
    ]
    assert "3 rows failed." in response.content.decode()
    assert texts_on(again) == ["Already confirmed. Nothing changed."]
    assert "Everything is saved." in again.content.decode()
    assert fresh(waiting).accepted_at == NOON
    assert [fresh(one).accepted_at for one in (stopping, ended, foreign)] == [None] * 3
    listed = client.get(list_path()).content.decode()
    assert "A cancellation waits for your answer" in listed


def test_nothing_chosen_is_an_error(client):
    response = confirm(client)

    assert response.status_code == 422
    assert "Choose at least one order." in response.content.decode()


def test_downloaded_file_is_filled_in_and_uploaded_once(client):
    one, other = make_accepted_purchase_order(quantity=2), make_sent_purchase_order()
    foreign = of_other_supplier()
    file = client.get(list_path("orders.csv")).content.decode()
    assert foreign.number not in file
    filled = file.replace(f"{one.number},,", f"{one.number},DHL,{NUMBER}")

    first, second = upload(client, filled), upload(client, filled)

    assert texts_on(first) == [f"{NUMBER} Row 2 Saved. We e-mail the customer."]
    assert texts_on(second) == [f"{NUMBER} Row 2 Already saved. Nothing changed."]
    assert Parcel.objects.get().number == NUMBER
    assert Event.objects.filter(name="parcel.shipped").count() == 1
    assert (fresh(one).status, fresh(other).status) == ("shipped", "ready")
    assert one.number not in client.get(list_path("orders.csv")).content.decode()


def test_each_row_of_a_file_says_why_it_failed(client):
    one, foreign = make_accepted_purchase_order(), of_other_supplier()
    taken = make_accepted_purchase_order()
    take_in(taken, "shipped", make_shipment_notice(NUMBER, "DHL"))
    rows = [
        "order;carrier;tracking number",
        f"{one.number};DHL;no",
        f"{foreign.number};DHL;JJD000390007882000001",
        f"{one.number};DHL;{NUMBER}",
    ]

    response = upload(client, "\n".join(rows))

    assert texts_on(response) == [
        "no Row 2 This is not a valid tracking number.",
        "JJD000390007882000001 Row 3 There is no order with this number. Check the order number.",
        f"{NUMBER} Row 4 Not saved: the number belongs to another order, or it changed.",
    ]
    assert taken.number not in response.content.decode()
    assert Parcel.objects.count() == 1


def workbook(*rows):
    book, content = Workbook(), io.BytesIO()
    for place, row in rows:
        for column, cell in enumerate(row, start=1):
            book.active.cell(place, column, cell)
    book.save(content)
    return content.getvalue()


def test_spreadsheet_is_read_like_a_csv_file(client):
    one = make_accepted_purchase_order()
    content = workbook(
        (1, ["Order", "Carrier", "Tracking number"]),
        (4, [one.number, "DHL", 340434161094042557]),
        (5, ["FL-1-1", "DHL", NUMBER]),
    )

    response = upload(client, content, "tracking.xlsx")

    assert [text.partition(" ")[2][:12] for text in texts_on(response)] == [
        "Row 4 Saved.",
        "Row 5 There ",
    ]
    assert Parcel.objects.get().number.startswith("34043416109404")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("order,carrier\n", "Missing columns"),
        ("order,carrier,tracking number\nFL-1,DHL,\n", "No row has a tracking number."),
        (b"PK\x03\x04 damaged", "The spreadsheet cannot be read."),
        (workbook((6000, ["x"])), "The file has more than 5000 rows."),
        ("x" * (tracking_file.MAX_BYTES + 1), "The file is larger than 2 MB."),
    ],
)
def test_unreadable_file_is_explained(client, content, message):
    response = upload(client, content)

    assert response.status_code == 422
    assert message in response.content.decode()
    assert not Parcel.objects.exists()


def test_long_files_and_missing_files_are_refused(client, monkeypatch):
    monkeypatch.setattr(tracking_file, "MAX_PARCELS", 1)
    rows = "order,carrier,tracking number\nFL-1,DHL,AAAAA1\nFL-1,DHL,AAAAA2\n"

    assert "more than 1 parcels" in upload(client, rows).content.decode()
    missing = client.post(list_path("upload/"), {}, headers={"Origin": "null"})
    assert "Choose a file." in missing.content.decode()


SUBPATHS = ["", "answer/", "parcel/", "arrived/", "readdress/", "stop/"]


@pytest.mark.parametrize("subpath", SUBPATHS)
def test_a_link_opens_no_order_of_another_supplier(client, subpath):
    foreign, own = of_other_supplier(), make_sent_purchase_order()
    call = client.post if subpath else client.get

    refused = call(list_path(f"{foreign.number}/{subpath}"))
    opened = call(list_path(f"{own.number}/{subpath}"))

    assert refused.status_code == 404
    assert "There is no such order." in refused.content.decode()
    assert foreign.order.ship_to["line1"] not in refused.content.decode()
    assert opened.status_code in {200, 303, 422}
    assert fresh(foreign).accepted_at is None


def test_an_order_is_answered_through_the_list(client):
    purchase_order = make_sent_purchase_order()
    path = list_path(f"{purchase_order.number}/")
    page = client.get(path).content.decode()
    assert f'action="{path}answer/"' in page
    assert f'href="{list_path()}"' in page
    assert purchase_order.access_key not in page

    line = purchase_order.lines.get().order_line_id
    response = client.post(path + "answer/", {f"line_{line}": "ship"}, headers={"Origin": "null"})

    assert response["Location"] == f"{path}?done=answered"
    assert fresh(purchase_order).accepted_at == NOON


def test_unsubmitted_orders_are_not_opened_by_the_list(client):
    (unsent,) = make_purchase_orders()

    assert client.get(list_path(f"{unsent.number}/")).status_code == 404


EVERY_PATH = ["", "orders.csv", "FL-1/"]


@pytest.mark.parametrize("subpath", [*EVERY_PATH, "confirm/", "upload/", "FL-1/answer/"])
def test_wrong_revoked_and_expired_links_open_nothing(client, subpath):
    purchase_order = make_sent_purchase_order()
    path = list_path(subpath.replace("FL-1", purchase_order.number))
    call = client.get if subpath in EVERY_PATH else client.post
    key = PortalLink.objects.get().pk
    wrong = call(path.replace("/suppliers/lumen/", "/suppliers/other/"))
    PortalLink.objects.update(expires_at=NOON)
    expired = call(path)
    links.revoke_link(supplier=make_supplier(), link_id=key, actor="ann", now=NOON)
    revoked = call(path)

    assert [one.status_code for one in (wrong, expired, revoked)] == [404, 404, 404]
    for response, words in (
        (wrong, "Use the link in our latest e-mail"),
        (expired, "This link has expired."),
        (revoked, "Use the link in our latest e-mail"),
    ):
        assert words in response.content.decode()
        assert purchase_order.order.ship_to["line1"] not in response.content.decode()
        assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("subpath", ["", "orders.csv"])
def test_list_leaks_no_link(client, subpath):
    response = client.get(list_path(subpath))

    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert not response.cookies


def test_forms_and_wrong_keys_are_limited(client, monkeypatch):
    monkeypatch.setattr(access, "FORMS_PER_HOUR", 1)
    monkeypatch.setattr(access, "WRONG_KEYS_PER_HOUR", 1)
    make_sent_purchase_order()
    wrong = f"/en/suppliers/lumen/{'x' * 32}/"

    assert [confirm(client).status_code for _ in range(2)] == [422, 429]
    assert [client.get(wrong).status_code for _ in range(2)] == [404, 429]


def test_use_of_the_link_is_recorded(client):
    client.get(list_path())

    assert PortalLink.objects.get().last_used_at == NOON
