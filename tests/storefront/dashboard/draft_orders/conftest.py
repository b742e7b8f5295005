import pytest
from django.urls import reverse

from tests.factories.accounts import make_staff
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_service


@pytest.fixture
def light():
    listing = make_sellable(quantity=5, price="39.99")
    make_service()
    return listing


@pytest.fixture
def staff(client):
    client.force_login(make_staff("ann", "place_order", "view_order"))
    return client


@pytest.fixture
def page(staff, light):
    answer = staff.post(reverse("supply:draft_orders"), {"market": "shop", "language": "en"})
    assert answer.status_code == 302
    return answer.url
