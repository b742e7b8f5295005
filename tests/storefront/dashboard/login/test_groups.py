import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils.text import slugify

from orders.customer_invoices import publication
from orders.models import PurchaseOrder
from storefront.accounts.models import User
from storefront.dashboard.login.groups import GROUPS, create_groups, permissions_of
from storefront.dashboard.models import DefaultGroup
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_product, make_variant
from tests.factories.full_shop import orders_by_status

pytestmark = pytest.mark.django_db


@pytest.fixture
def groups(new_shop):
    create_groups()


@pytest.fixture
def new_shop():
    DefaultGroup.objects.all().delete()
    Group.objects.all().delete()


def signed_in(client, group):
    user = User.objects.create_user(f"{slugify(group)}@fara.example", "a password", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return user


def links_on(client, path):
    """Return the staff pages that a page links to, and the page's text."""
    page = client.get(path)
    assert page.status_code == 200, path
    text = page.content.decode()
    found = {link.partition("#")[0] for link in re.findall(r'href="(/admin/[^"]*)"', text)}
    return {link for link in found if "/jsi18n/" not in link and "logout" not in link}, text


@pytest.mark.parametrize("right", ["orders.view_parcel", "nothing.*"])
def test_unknown_permission_is_refused_by_name(right):
    with pytest.raises(LookupError, match=re.escape(right)):
        permissions_of(["orders.view_order", right])


def test_new_shop_gets_groups_and_changes_stay(groups):
    assert set(Group.objects.values_list("name", flat=True)) == set(GROUPS)
    Group.objects.get(name="Support").permissions.clear()
    Group.objects.get(name="Catalog editor").delete()

    create_groups()

    assert not Group.objects.filter(name="Catalog editor").exists()
    assert not Group.objects.get(name="Support").permissions.exists()


def test_a_release_adds_its_new_permissions_once(groups, monkeypatch):
    support = Group.objects.get(name="Support")
    support.name = "Helpdesk"
    support.save()
    support.permissions.remove(Permission.objects.get(codename="refund_order"))
    Group.objects.create(name="Support")  # of staff, by the same name
    release = {**GROUPS, "Support": [*GROUPS["Support"], "catalog.view_brand"], "Sales": []}
    monkeypatch.setattr("storefront.dashboard.login.groups.GROUPS", release)

    create_groups()

    codes = {*support.permissions.values_list("codename", flat=True)}
    assert "view_brand" in codes
    assert "refund_order" not in codes
    assert not Group.objects.get(name="Support").permissions.exists()

    support.permissions.remove(Permission.objects.get(codename="view_brand"))
    create_groups()
    assert not support.permissions.filter(codename="view_brand").exists()


def test_groups_that_staff_made_before_get_nothing(new_shop):
    own = Group.objects.create(name="Support")

    create_groups()
    assert [*Group.objects.values_list("name", "permissions")] == [("Support", None)]

    own.delete()
    create_groups()
    assert not Group.objects.exists()


def test_groups_that_staff_deleted_are_not_created_again(groups):
    Group.objects.all().delete()

    create_groups()

    assert not Group.objects.exists()


@pytest.mark.parametrize(
    "group",
    [
        *(group for group in GROUPS if group not in {"Operator", "Admin"}),
        pytest.param("Operator", marks=pytest.mark.full),  # they have the most links
        pytest.param("Admin", marks=pytest.mark.full),
    ],
)
def test_no_link_shown_to_a_group_is_forbidden(shared_world, groups, client, monkeypatch, group):
    user = signed_in(client, group)
    paths = {"/admin/"}
    if user.has_perm("orders.view_order"):
        order = orders_by_status()["completed"]
        paths.add(reverse("admin:orders_order_change", args=[order.pk]))

    shown = set().union(*(links_on(client, path)[0] for path in paths))

    assert len(shown) > 5
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", "")  # only the status counts
    monkeypatch.setattr(publication, "read", lambda _invoice: b"")  # another module's file is gone
    statuses = {link: client.get(link).status_code for link in sorted(shown)}
    assert {link: status for link, status in statuses.items() if status >= 400} == {}


def test_support_sees_orders_and_no_costs(shared_world, groups, client, staff):
    order = orders_by_status()["completed"]
    path = reverse("admin:orders_order_change", args=[order.pk])
    boss_page = staff.get(path).content.decode()
    signed_in(client, "Support")

    page = client.get(path).content.decode()
    line = order.lines.order_by("pk")[0]
    table = client.get(reverse("admin:orders_orderline_change", args=[line.pk])).content.decode()

    assert "Margin" not in client.get("/admin/").content.decode()
    for words in ("Landed cost", "Fees", "Profit", "Offer comparison"):
        assert words in boss_page
        assert words not in page
    assert line.title in page
    assert "Routing decision" in page
    for column in ("landed_amount", "fees_amount", "cost_amount"):
        assert f"field-{column}" not in table
    assert "€" not in re.search(r'<dl class="staff-places">.*?</dl>', page, re.DOTALL)[0]
    assert client.get(reverse("admin:catalog_listing_changelist")).status_code == 403


def test_the_catalog_group_opens_its_pages_and_sees_no_costs(groups, client):
    user = signed_in(client, "Catalog editor")
    one, other = make_variant(make_product()), make_variant(make_product())
    pairs = [["product", one.product_id, other.product_id], ["variant", one.pk, other.pk]]
    paths = [
        *(reverse("supply:merge", args=pair) for pair in pairs),
        reverse("supply:split_offers", args=[one.pk]),
        reverse("supply:split_product", args=[one.product_id]),
        *(reverse(f"supply:{page}") for page in ("duplicates", "matches", "attributes")),
        *(
            reverse(f"admin:catalog_{table}_add")
            for table in (
                "brand",
                "productfamily",
                "customattribute",
                "requirement",
                "productdocument",
            )
        ),
    ]

    statuses = {path: client.get(path).status_code for path in paths}

    assert {path: status for path, status in statuses.items() if status != 200} == {}
    links = links_on(client, "/admin/")[0]
    assert {reverse("supply:duplicates"), reverse("supply:matches")} <= links
    assert not user.has_perms(["orders.view_costs"])
    assert not user.has_perm("suppliers.view_supplieroffer")


def test_each_order_action_has_its_own_permission(shared_world, client):
    order = orders_by_status()["completed"]
    clerk = make_staff("clerk")
    client.force_login(clerk)
    rights = Permission.objects.filter(content_type__app_label="orders")
    of_orders = rights.filter(codename__endswith="_order")

    for verb, right in (
        ("cancel", "cancel_order"),
        ("refund", "refund_order"),
        ("open_return", "return_order"),
        ("correct_address", "redirect_order"),
        ("release", "release_order"),
    ):
        path = reverse(f"admin:orders_order_{verb}", args=[order.pk])
        clerk.user_permissions.set(of_orders.exclude(codename=right))
        refused = client.get(path)
        assert refused.status_code == 403
        assert f"(orders.{right})" in refused.content.decode()
        clerk.user_permissions.add(rights.get(codename=right))
        assert client.get(path).status_code == 200


def test_an_operator_sees_what_is_missing_before_the_first_order(groups, client):
    signed_in(client, "Operator")

    assert client.get(reverse("supply:go_live")).status_code == 200


def test_a_buyer_sees_what_suppliers_invoiced(shared_world, groups, client):
    signed_in(client, "Buyer")
    purchase_order = PurchaseOrder.objects.filter(status="shipped").first()

    page = client.get(reverse("admin:orders_purchaseorder_change", args=[purchase_order.pk]))

    assert "Invoiced cost" in page.content.decode()
