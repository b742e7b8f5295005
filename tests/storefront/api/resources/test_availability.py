import pytest

from suppliers.models import SupplierOffer
from tests.storefront.api.schema_client import kind_of

pytestmark = pytest.mark.django_db

PATH = "/api/v1/availability/"
LIMITS = ("max_quantity", "lower_quantity", "higher_quantity")


def test_availability_by_country_quantity_and_date(api, listing):
    answer = api.get(
        PATH, {"sku": listing.variant.sku, "country": "DE", "quantity": "2", "by": "2026-12-02"}
    )

    (shown,) = answer.json()["availability"]
    assert tuple(shown[name] for name in LIMITS) == (5, 2, 2)
    assert shown["delivery"] == {
        "arrives_from": "2026-11-29",
        "arrives_to": "2026-12-02",
        "price": {"amount": "4.90", "currency": "EUR"},
        "country_from": "DE",
    }
    late = api.get(PATH, {"sku": listing.variant.sku, "by": "2026-12-01"}).json()
    assert (late["availability"][0]["max_quantity"], late["availability"][0]["delivery"]) == (
        0,
        None,
    )


def test_packs_and_unknown_skus(api, listing):
    SupplierOffer.objects.update(pack_size=4)

    shown = api.get(PATH, {"sku": [listing.variant.sku, "NO-SUCH"]}).json()["availability"]

    assert [(one["sku"], *(one[name] for name in LIMITS)) for one in shown] == [
        (listing.variant.sku, 4, 0, 4),
        ("NO-SUCH", 0, 0, None),
    ]


@pytest.mark.parametrize(
    "query",
    [{}, {"sku": "X", "quantity": "0"}, {"sku": "X", "by": "soon"}, {"sku": ["X"] * 25}],
)
def test_malformed_parameters_are_named(api, listing, query):
    answer = api.get(PATH, query)

    assert (answer.status_code, kind_of(answer)) == (400, "invalid-parameters")


def test_cart_refuses_a_quantity_that_fits_no_pack(api, cart, listing):
    SupplierOffer.objects.update(pack_size=4)

    answer = api.get(f"{cart}delivery/")

    assert answer.status_code == 409
    assert answer.json()["lines"] == [
        {"sku": listing.variant.sku, "available": 4, "lower_quantity": 0, "higher_quantity": 4}
    ]
