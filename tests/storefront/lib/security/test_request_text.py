import pytest

from orders.models import CartLine
from suppliers.models import SyncRun
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db
PATHS = {
    "query of a page": ("GET", "/en/search/?q=%00", None),
    "name in a query": ("GET", "/en/?%00=1", None),
    "path": ("GET", "/en/p/x%00y/", None),
    "order link": ("GET", "/en/orders/FL-1%00/key/", None),
    "form": ("POST", "/en/orders/", {"number": "FL-1\0", "email": "a@example.org"}),
    "form without a token": ("POST", "/en/cart/add/", {"listing": "1\0"}),
    "name in a form": ("POST", "/en/cart/add/", {"\0": "1"}),
    "staff search": ("GET", "/admin/orders/order/?status=%00", None),
    "staff login": ("POST", "/admin/login/", {"username": "a\0@example.org", "password": "x"}),
}


@pytest.mark.parametrize("name", PATHS)
def test_nul_gets_an_error_page(client, name):
    method, path, form = PATHS[name]

    answer = client.generic(method, path) if form is None else client.post(path, form)

    assert answer.status_code == 400
    assert "We could not read this request." in answer.content.decode()
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src" in answer.headers["content-security-policy"]
    assert CartLine.objects.count() == 0


@pytest.mark.parametrize("path", ["/api/v1/listings/?q=%00", "/api/v1/listings/a%00/", "/api/?%00"])
def test_nul_gets_a_problem_from_the_api(client, path):
    answer = client.get(path)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("#unreadable-request")
    assert 400 <= client.post("/hooks/stripe/", {"a": "\0"}).status_code < 500


@pytest.mark.parametrize(
    "path", ["/admin/orders/discrepancy/export/", "/admin/suppliers/syncrun/{run}/change/"]
)
def test_unknown_parameters_are_no_error_for_staff(staff, path):
    moments = dict.fromkeys(("status_since", "started_at", "lease_until"), NOON)
    run = SyncRun.objects.create(supplier=make_supplier(), kind="stock", **moments)

    for query in ("=x", "v=1", "status__nothing=1", "id__in=a", "p=x", "o=z", "e=1"):
        answer = staff.get(path.format(run=run.pk) + f"?{query}", follow=True)
        assert answer.status_code == 200, query
