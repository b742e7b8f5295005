import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from notifications.models import Event
from orders.models import PurchaseOrder
from shipping.models import Parcel
from shipping.shipments import tracking_import, tracking_list
from storefront.accounts.models import User
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_sent_purchase_order
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db

HEADER = "order,carrier,tracking number,sku,quantity,status"
PAGE = "/admin/shipping/parcel/import_tracking_list/"


@pytest.fixture
def supplier():
    return make_supplier()


def listed(supplier, *rows):
    text = "\n".join([HEADER, *rows])
    return tracking_import.validate(tracking_list.parse(text), supplier=supplier)


def skus(purchase_order):
    lines = purchase_order.lines.select_related("order_line__offer").order_by("pk")
    return [line.order_line.offer.supplier_sku for line in lines]


def test_valid_rows_are_imported_once_and_invalid_ones_explained(supplier):
    one = make_sent_purchase_order(quantity=2)
    other = make_accepted_purchase_order()
    (unsent,) = make_purchase_orders()
    rows = [
        f"{one.number},DHL,JJD000390007882123456,,",
        f"{other.number.lower()},GLS,GLS00012345,{skus(other)[0]},1",
        "FL-000000-XXXXX-1,DHL,JJD000390007882000000,,",
        f"{unsent.number},DHL,JJD000390007882000001,,",
        f"{one.number},DHL,no,,",
    ]

    judged = listed(supplier, *rows)
    entered = [tracking_import.apply(listed(supplier, *rows), now=NOON) for _ in range(2)]

    assert [one.problem for one in judged] == [
        "",
        "",
        "There is no order with this number. Check the order number.",
        "The status of the order is “Draft”. It cannot be shipped.",
        "This is not a valid tracking number.",
    ]
    assert entered == [[], []]
    assert Parcel.objects.count() == 2
    assert Event.objects.filter(name="parcel.shipped").count() == 2
    statuses = PurchaseOrder.objects.filter(pk__in=[one.pk, other.pk]).values_list("status")
    assert set(statuses) == {("shipped",)}
    assert [one.is_known for one in listed(supplier, *rows)][:2] == [True, True]


def test_a_label_alone_ships_nothing_and_tells_the_customer_nothing(supplier):
    purchase_order = make_accepted_purchase_order()
    row = f"{purchase_order.number},DHL,JJD000390007882123456,,,Label created"

    failed = tracking_import.apply(listed(supplier, row), now=NOON)

    assert (failed, Parcel.objects.get().status) == ([], "label_created")
    assert not Event.objects.filter(name__startswith="parcel.").exists()


def test_rows_of_one_parcel_are_merged(supplier):
    purchase_order = make_accepted_purchase_order(make_sellable(), make_sellable(), quantity=2)
    first, second = skus(purchase_order)
    number = purchase_order.number

    judged = listed(
        supplier,
        f"{number},DHL,JJD000390007882123456,{first},2",
        f"{number},DHL,jjd000390007882123456,{second},1",
        f"{number},DHL,JJD000390007882123457,,",
    )
    tracking_import.apply(judged, now=NOON)

    contents = [
        sorted(parcel.lines.values_list("quantity", flat=True))
        for parcel in Parcel.objects.order_by("pk")
    ]
    assert contents == [[1, 2], [1]]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("{n},DHL,JJD000390007882123456,{sku},3", "At most 2 of {sku} can still be shipped."),
        ("{n},DHL,JJD000390007882123456,{sku},0", "At most 2 of {sku} can still be shipped."),
        ("{n},DHL,JJD000390007882123456,{sku},-1", "“-1” is not a valid quantity."),
        ("{n},DHL,JJD000390007882123456,{sku},two", "“two” is not a valid quantity."),
        (
            "{n},DHL,JJD000390007882123456,OTHER,1",
            "OTHER is not part of this order, or was rejected.",
        ),
        ("{n},,JJD000390007882123456,,", "The carrier is missing."),
    ],
)
def test_impossible_contents_are_explained(supplier, row, words):
    purchase_order = make_accepted_purchase_order(quantity=2)
    given = {"n": purchase_order.number, "sku": skus(purchase_order)[0]}

    (judged,) = listed(supplier, row.format(**given))

    assert judged.problem == words.format(**given)
    assert tracking_import.apply([judged], now=NOON) == []
    assert not Parcel.objects.exists()


def test_a_list_reveals_nothing_of_other_suppliers_orders(supplier):
    purchase_order = make_accepted_purchase_order()

    (judged,) = listed(
        make_supplier("other"), f"{purchase_order.number},DHL,JJD000390007882123456,,"
    )

    assert judged.problem == ("There is no order with this number. Check the order number.")


def test_a_number_of_another_order_is_reported_on_import(supplier):
    one, other = make_accepted_purchase_order(), make_accepted_purchase_order()
    rows = [f"{each.number},DHL,JJD000390007882123456,," for each in (one, other)]

    (failed,) = tracking_import.apply(listed(supplier, *rows), now=NOON)

    assert failed.first.order == other.number
    assert "belongs to" in failed.problem
    assert Parcel.objects.count() == 1


def test_staff_preview_and_import_a_list(client, supplier):
    client.force_login(User.objects.create_superuser("staff@fara.example", "a password"))
    purchase_order = make_accepted_purchase_order()
    text = f"{HEADER}\n{purchase_order.number},DHL,JJD000390007882123456,,\nFL-0,DHL,JJD0000000,,\n"
    file = SimpleUploadedFile("../list.csv", text.encode())
    chosen = {"supplier": supplier.pk}

    looked = client.post(PAGE, {**chosen, "file": file, "step": "look"})
    nothing_yet = Parcel.objects.count()
    done = client.post(PAGE, {**chosen, "text": text, "step": "enter"}, follow=True)
    again = client.post(PAGE, {**chosen, "text": text, "step": "enter"}, follow=True)

    assert "1 of 2 parcels can be imported." in looked.content.decode()
    assert "There is no order with this number. Check the order number." in looked.content.decode()
    assert nothing_yet == 0
    assert "1 parcel imported." in done.content.decode()
    assert "0 parcels imported." in again.content.decode()
    assert Parcel.objects.count() == 1


def test_a_file_that_is_no_list_is_explained(client, supplier):
    client.force_login(User.objects.create_superuser("staff@fara.example", "a password"))
    file = SimpleUploadedFile("list.csv", b"a,b\n1,2\n")

    response = client.post(PAGE, {"supplier": supplier.pk, "file": file, "step": "look"})

    assert "Missing columns" in response.content.decode()
