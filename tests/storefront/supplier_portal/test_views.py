from datetime import timedelta

import pytest
import time_machine

from orders import links
from orders.models import PurchaseOrder
from storefront.supplier_portal import access
from tests.factories.orders import make_purchase_orders
from tests.factories.shipping import make_accepted_purchase_order, make_sent_purchase_order
from tests.factories.suppliers import NOON
from tests.storefront.supplier_portal.client import answer, fresh, path_of
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db


def test_page_needs_its_complete_link(client):
    purchase_order = make_sent_purchase_order()
    other = make_sent_purchase_order()

    right = client.get(path_of(purchase_order))
    wrong = [
        client.get(f"/en/supplier/{purchase_order.number}/{key}/")
        for key in ("x" * 32, other.access_key, purchase_order.order.access_key)
    ]

    assert right.status_code == 200
    assert [response.status_code for response in wrong] == [404, 404, 404]
    sentence = "Use the link in our latest e-mail, or reply to that e-mail."
    assert all(sentence in response.content.decode() for response in wrong)


def test_page_leaks_no_link(client):
    response = client.get(path_of(make_sent_purchase_order()))

    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert not response.cookies


def test_order_without_key_or_submission_has_no_page(client):
    (unsubmitted,) = make_purchase_orders()
    purchase_order = make_sent_purchase_order()

    assert client.get(path_of(unsubmitted)).status_code == 404
    PurchaseOrder.objects.update(access_key="")
    assert client.get(f"/en/supplier/{purchase_order.number}/x/").status_code == 404
    assert links.find_purchase(number=purchase_order.number, key="", now=NOON) is None


def test_renewed_link_replaces_the_old_one(client):
    purchase_order = make_sent_purchase_order()
    old = path_of(purchase_order)

    url = links.renew_key(purchase_order=purchase_order)

    assert client.get(old).status_code == 404
    assert url.endswith(path_of(purchase_order))
    assert client.get(path_of(purchase_order)).status_code == 200


def test_link_expires_after_the_order(client):
    purchase_order = make_sent_purchase_order()
    PurchaseOrder.objects.update(status="canceled")

    assert client.get(path_of(purchase_order)).status_code == 200
    with time_machine.travel(NOON + timedelta(days=31)):
        ended = client.get(path_of(purchase_order))
        wrong = client.get(f"/en/supplier/{purchase_order.number}/x/")
    assert (ended.status_code, wrong.status_code) == (410, 404)
    assert "This link has expired." in ended.content.decode()


@pytest.mark.parametrize("language", ["en", "az"])
@pytest.mark.parametrize("make", [make_sent_purchase_order, make_accepted_purchase_order])
def test_page_is_valid(client, goods, make, language):
    page = Page(client.get(path_of(make(*goods), language=language)))

    assert page.faults == []
    assert page.unlabeled() == []
    assert len(page.all("h1")) == 1
    assert len(page.ids) == len(set(page.ids))


def test_acceptance_is_recorded_once_and_forms_are_rate_limited(client, monkeypatch):
    monkeypatch.setattr(access, "FORMS_PER_HOUR", 3)
    purchase_order = make_sent_purchase_order()

    responses = [answer(client, purchase_order, "ship") for _ in range(3)]
    blocked = answer(client, purchase_order, "ship")

    assert {response.status_code for response in responses} == {303}
    locations = {response["Location"] for response in responses}
    assert locations == {path_of(purchase_order, "?done=answered")}
    assert fresh(purchase_order).submission_status == "accepted"
    assert purchase_order.messages.filter(kind="accepted").count() == 1
    assert blocked.status_code == 429
    assert "Too many submissions in one hour." in blocked.content.decode()


def test_rejected_line_accepts_the_rest(client, goods):
    purchase_order = make_sent_purchase_order(*goods)

    for _ in range(2):
        answer(client, purchase_order, "ship", "out_of_stock")

    assert fresh(purchase_order).submission_status == "partially_accepted"
    assert purchase_order.lines.get(is_active=False).acknowledgment == "out_of_stock"
    page = client.get(path_of(purchase_order)).content.decode()
    assert "Rejected: Out of stock" in page


def test_all_lines_rejected_reject_the_order(client, goods):
    purchase_order = make_sent_purchase_order(*goods)

    answer(client, purchase_order, "discontinued", "out_of_stock")

    assert fresh(purchase_order).submission_status == "rejected"
    page = client.get(path_of(purchase_order)).content.decode()
    assert "Please do not ship it." in page
    assert "Musterweg" not in page


def test_invalid_answer_shows_an_error_at_its_field(client, goods):
    purchase_order = make_sent_purchase_order(*goods)

    response = answer(client, purchase_order, "ship", "eaten")

    assert response.status_code == 422
    assert Page(response).text.count("Choose an answer.") == 2
    assert fresh(purchase_order).submission_status == "submitted"


def test_wrong_keys_are_rate_limited(client, monkeypatch):
    monkeypatch.setattr(access, "WRONG_KEYS_PER_HOUR", 2)
    purchase_order = make_sent_purchase_order()

    tries = [client.get(f"/en/supplier/{purchase_order.number}/{n}/") for n in range(3)]

    assert [response.status_code for response in tries] == [404, 404, 429]
    assert client.get(path_of(purchase_order)).status_code == 200


def test_invalid_changed_answer_opens_its_form_again(client, goods):
    purchase_order = make_accepted_purchase_order(*goods)

    before = Page(client.get(path_of(purchase_order)))
    after = Page(answer(client, purchase_order, "ship", "eaten"))

    assert "open" not in before.all("details", **{"class": "panel"})[0]
    assert "open" in after.all("details", **{"class": "panel"})[0]
    assert "Choose an answer." in after.text
