"""Products that may not ship to a country: every interface says so, other countries get them."""

import pytest

from catalog.models import Category, Product
from suppliers.inventory import publication
from tests.factories.catalog import NOON
from tests.storefront.api.schema_client import Caller
from tests.storefront.web.fronts import Fronts
from tests.storefront.web.supply import BOTH, build, near
from tests.storefront.web.test_consistent_promises import assert_same

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("of", [Product, Category])
@pytest.mark.parametrize(
    ("country", "right"),
    [
        ("FR", (False, 0, None, None)),
        pytest.param("DE", (False, 9, "28–30 Nov", 1), marks=pytest.mark.full),
    ],
)
def test_all_interfaces_agree_on_a_country_restriction(customer, of, country, right):
    listing = build(near(), routes=BOTH[:1])
    of.objects.update(restricted_countries=["FR"])
    publication.publish_pending(now=NOON)

    fronts = Fronts(customer, Caller(), listing, country)

    assert assert_same(fronts) == right
    assert set(fronts.in_stock()) == {int(right[1] > 0)}
