import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from storefront.accounts.models import User
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def superuser():
    return User.objects.create_superuser("boss@fara.example", "a password")


@pytest.mark.parametrize(
    ("path", "right"),
    [
        ("/admin/orders/order/", "orders.view_order"),
        ("/admin/catalog/brand/add/", "catalog.add_brand"),
        ("/admin/orders/supplierclaim/", "orders.view_supplierclaim"),
        ("/admin/supply/profits/", "orders.view_supplierinvoice"),
        ("/admin/supply/alerts/", "suppliers.view_supplieroffer"),
        ("/admin/supply/routing/", "orders.view_routingrules"),
        ("/admin/scorecards/", "suppliers.view_scorecard"),
        ("/admin/supply/waiting/order_on_hold/", "orders.view_order"),
        ("/admin/orders/purchaseorder/1/open_claim/", "orders.view_costs"),
        ("/admin/orders/order/1/cancel/", "orders.cancel_order"),
    ],
)
def test_page_names_the_missing_permission_and_who_grants_it(client, path, right):
    group = Group.objects.create(name="A group of staff")
    group.permissions.add(Permission.objects.get(codename=right.partition(".")[2]))
    client.force_login(make_staff("clerk"))

    answer = client.get(path)

    page = answer.content.decode()
    assert answer.status_code == 403
    for words in (f"({right})", "A group of staff", "boss@fara.example"):
        assert words in page


@pytest.mark.parametrize("rights", [(), ("add_listing",)], ids=["without", "with"])
def test_page_of_a_read_only_table_names_no_permission(client, rights):
    client.force_login(make_staff("clerk", *rights))

    answer = client.get("/admin/catalog/listing/add/")

    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Records cannot be added to this table by hand" in page
    assert "catalog.add_listing" not in page


def test_csrf_failure_keeps_its_own_message():
    make_channel()
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_staff("clerk"))

    page = client.post("/admin/orders/order/", {})
    sign_in = Client(enforce_csrf_checks=True).post("/admin/login/", {})

    for answer in (page, sign_in):
        assert answer.status_code == 403
        assert "This form has expired | Fara" in answer.content.decode()


def test_a_missing_page_of_staff_leads_to_their_start_page(client):
    client.force_login(make_staff("clerk"))

    answer = client.get("/admin/nothing/")

    assert answer.status_code == 404
    assert "Page not found | Fara" in answer.content.decode()
    assert "Back to the start page" in answer.content.decode()
