"""Many orders at once: confirm chosen ones, exchange files of tracking numbers."""

import io
from zipfile import ZipFile

import pytest
from openpyxl import Workbook

from notifications.models import Event
from orders.models import PurchaseOrder
from shipping.models import Parcel
from storefront.supplier_portal import tracking_file
from tests.factories.orders import ask_to_stop
from tests.factories.shipping import (
    make_accepted_purchase_order,
    make_sent_purchase_order,
    make_shipment_notice,
    take_in,
)
from tests.factories.suppliers import NOON
from tests.storefront.supplier_portal.client import (
    NUMBER,
    confirm,
    fresh,
    list_path,
    of_other_supplier,
    texts_on,
    upload,
)

pytestmark = pytest.mark.django_db


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
    assert "3 failed. The rest is saved." in response.content.decode()
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
    file = client.get(list_path("orders.csv")).getvalue().decode()
    assert foreign.number not in file
    filled = file.replace(f"{one.number},,", f"{one.number},DHL,{NUMBER}")

    first, second = upload(client, filled), upload(client, filled)

    assert texts_on(first) == [f"{NUMBER} Row 2 Saved. We e-mail the customer."]
    assert texts_on(second) == [f"{NUMBER} Row 2 Already saved. Nothing changed."]
    assert Parcel.objects.get().number == NUMBER
    assert Event.objects.filter(name="parcel.shipped").count() == 1
    assert (fresh(one).status, fresh(other).status) == ("shipped", "ready")
    assert one.number not in client.get(list_path("orders.csv")).getvalue().decode()


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
        f"{NUMBER} Row 4 Not saved: the number belongs to another order, or the order changed.",
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


def damaged_workbook(*, before, after):
    """Return a workbook of one row whose sheet was edited by hand."""
    file = io.BytesIO(workbook((1, ["order"])))
    copy = io.BytesIO()
    with ZipFile(file) as source, ZipFile(copy, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(before, after))
    return copy.getvalue()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'<row r="1"', b'<row r="one"'),
        (b'<row r="1"', b'<row r="' + b"9" * 5000 + b'"'),
        (b"<v>0</v>", b"<v>" + b"9" * 5000 + b"</v>"),
        (b"<v>0</v>", b"<!-- a comment --><v>0</v>"),
    ],
    ids=["row", "huge row", "huge string", "comment"],
)
def test_nonsense_in_a_spreadsheet_is_no_server_error(client, before, after):
    response = upload(client, damaged_workbook(before=before, after=after))

    assert response.status_code == 422


def test_long_files_and_missing_files_are_refused(client, monkeypatch):
    monkeypatch.setattr(tracking_file, "MAX_PARCELS", 1)
    rows = "order,carrier,tracking number\nFL-1,DHL,AAAAA1\nFL-1,DHL,AAAAA2\n"

    assert "more than 1 parcels" in upload(client, rows).content.decode()
    missing = client.post(list_path("upload/"), {}, headers={"Origin": "null"})
    assert "Choose a file." in missing.content.decode()
