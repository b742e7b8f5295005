"""Tax admin: which places staff can enter."""

import pytest
from django.urls import reverse

from orders.models import TaxNumber, TaxRate

pytestmark = pytest.mark.django_db
NUMBER = {"scheme": "sales_tax", "number": "12", "valid_from": "2027-01-01"}
RATE = {"rate": "0.07", "source": "A law", "valid_from": "2027-01-01"}


@pytest.mark.parametrize(
    ("place", "field", "problem"),
    [
        ({"country": "XX"}, "country", "XX is not a country code"),
        ({"country": "US"}, "region", "in the US each has its own tax"),
        ({"country": "US", "region": "ZZ"}, "region", "US has no region ZZ"),
        ({"country": "DE", "region": "BY"}, "region", "DE has no region BY"),
    ],
)
@pytest.mark.parametrize("form", [("taxnumber", NUMBER), ("taxrate", RATE)], ids=["number", "rate"])
def test_a_place_that_does_not_exist_is_refused(staff, form, place, field, problem):
    table, values = form

    answer = staff.post(reverse(f"admin:orders_{table}_add"), {**values, **place})

    assert problem in answer.context["adminform"].form.errors[field][0]


def test_a_number_without_digits_is_refused(staff):
    values = {**NUMBER, "country": "CA", "number": "nonsense"}
    answer = staff.post(reverse("admin:orders_taxnumber_add"), values)

    assert "as your registration states it" in str(answer.context["adminform"].form.errors)


def test_a_state_and_a_country_are_accepted(staff):
    staff.post(reverse("admin:orders_taxrate_add"), {**RATE, "country": "US", "region": "ca"})
    staff.post(reverse("admin:orders_taxnumber_add"), {**NUMBER, "country": "CA", "region": ""})
    staff.post(reverse("admin:orders_taxnumber_add"), {**NUMBER, "scheme": "oss", "country": ""})

    assert TaxRate.objects.get(source="A law").region == "CA"
    assert TaxNumber.objects.count() == 2
