"""Navigation: the menu shows a page to those who may open it."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from tests.factories.accounts import make_staff

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("page", "rights"),
    [
        ("supply:customers", ["view_customer", "view_order"]),
        (
            "supply:bookkeeping",
            ["export_customerinvoice", "view_payment", "view_supplierinvoice", "view_costs"],
        ),
    ],
)
def test_a_page_is_in_the_menu_with_all_permissions_that_it_requires(client, page, rights):
    user = make_staff("clerk", *rights)
    client.force_login(user)

    def is_shown():
        return reverse(page) in client.get("/admin/").content.decode()

    assert is_shown()
    for right in Permission.objects.filter(codename__in=rights):
        user.user_permissions.remove(right)
        assert not is_shown(), right
        user.user_permissions.add(right)
