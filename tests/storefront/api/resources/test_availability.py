import pytest

from suppliers.models import SupplierOffer
from tests.storefront.api.schema_client import kind_of

pytestmark = pytest.mark.django_db

PATH = "/api/v1/availability/"
LIMITS = ("max_quantity", "lower_quantity", "higher_quantity")


def test_availability_by_country_quantity_and_date(api, listing):
    asked = {"sku": listing.variant.sku, "country": "DE", "quantity": "2", "by": "2026-12-02"}
    (shown,) = api.get(PATH, asked).json()["availability"]
    (late,) = api.get(PATH, {"sku": asked["sku"], "by": "2026-12-01"}).json()["availability"]

    assert tuple(shown[name] for name in LIMITS) == (5, 2, 2)
    assert shown["delivery"] == {
        "arrives_from": "2026-11-29",
        "arrives_to": "2026-12-02",
        "price": {"amount": "4.90", "currency": "EUR"},
        "country_from": "DE",
    }
    assert (late["max_quantity"], late["delivery"]) == (0, None)


def test_packs_and_unknown_skus(api, listing):
    SupplierOffer.objects.update(pack_size=4)

    shown = api.get(PATH, {"sku": [listing.variant.sku, "NO-SUCH"]}).json()["availability"]

    assert [(one["sku"], *(one[name] for name in LIMITS)) for one in shown] == [
        (listing.variant.sku, 4, 0, 4),
        ("NO-SUCH", 0, 0, None),
    ]


def test_malformed_parameters_are_named(api, listing):
    queries = ({}, {"quantity": "0"}, {"by": "soon"}, {"sku": ["X"] * 25})

    for query in queries:
        answer = api.get(PATH, {"sku": "X", **query} if query else query)
        assert (answer.status_code, kind_of(answer)) == (400, "invalid-parameters"), query


def test_cart_refuses_a_quantity_that_fits_no_pack(api, cart, listing):
    SupplierOffer.objects.update(pack_size=4)

    answer = api.get(f"{cart}delivery/")

    assert answer.status_code == 409
    assert answer.json()["lines"] == [
        {"sku": listing.variant.sku, "available": 4, "lower_quantity": 0, "higher_quantity": 4}
    ]
