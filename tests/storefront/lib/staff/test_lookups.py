"""Admin lookups: a filter in the URL reveals no hidden field."""

import pytest
from django.contrib.auth.models import Permission

from storefront.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("may_see_costs", "lookup", "status"),
    [
        (False, "cost_amount__gt=5", 400),
        (False, "sku__startswith=HL", 200),
        (True, "cost_amount__gt=5", 200),
    ],
)
def test_filter_by_cost_needs_permission(client, may_see_costs, lookup, status):
    clerk = User.objects.create_user("clerk@fara.example", "a password", is_staff=True)
    rights = ["view_orderline", *(["view_costs"] if may_see_costs else [])]
    clerk.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(clerk)

    assert client.get(f"/admin/orders/orderline/?{lookup}").status_code == status


@pytest.mark.parametrize(
    "lookup", ["cart/?token__startswith=a", "purchaseorder/?access_key__startswith=a"]
)
def test_no_list_is_filtered_by_a_secret(staff, lookup):
    assert staff.get(f"/admin/orders/{lookup}").status_code == 400


@pytest.mark.parametrize("table", ["supplier", "syncrun"])
def test_offered_filters_work(staff, table):
    """Status can be a filter although the form omits it, because a column shows it."""
    assert staff.get(f"/admin/suppliers/{table}/?status__exact=x").status_code == 200
