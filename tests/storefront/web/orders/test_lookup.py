"""Order look-up: a right and a wrong pair cost the same work, a worker mails the link."""

import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from kombu.exceptions import OperationalError

from notifications.models import Event
from orders import tasks
from orders.links import order_url
from storefront.web.orders import lookup
from tests.factories.orders import make_order
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db
WRONG = "FL-000000-XXXXX"


@pytest.fixture
def queued(monkeypatch):
    """Collect what is queued, instead of publishing it."""
    found = []
    monkeypatch.setattr(
        tasks.mail_order_link, "apply_async", lambda kwargs, **_options: found.append(kwargs)
    )
    return found


def look_up(client, number, email):
    return client.post("/en/orders/", {"number": number, "email": email})


def run(queued):
    for known in queued:
        tasks.mail_order_link(**known)


def test_right_and_wrong_pairs_cost_the_same_work(client, light, queued, monkeypatch):
    order = make_order(light)
    cached = []
    for name in ("add", "incr"):
        act = getattr(cache, name)
        monkeypatch.setattr(
            cache, name, lambda *given, _act=act, _name=name, **more: (
                cached.append(_name), _act(*given, **more)
            )[1],
        )  # fmt: skip
    work = []
    for number, email in [
        (order.number.replace("-", " ").lower(), "Erika@Example.org"),
        (order.number, "other@example.org"),
        (WRONG, "erika@example.org"),
    ]:
        cached.clear()
        with CaptureQueriesContext(connection) as statements:
            answer = look_up(client, number, email)
        text = answer.content.decode().replace(number, "").replace(email, "")
        text = re.sub(r'middlewaretoken" value="\w+"', "", text)
        headers = sorted(answer.headers)
        done = [query["sql"] for query in statements]
        work.append((answer.status_code, headers, text, done, tuple(cached), len(queued)))

    first, *others = (one[:-1] for one in work)
    assert first[0] == 200
    assert others == [first, first]
    assert [one[-1] for one in work] == [1, 2, 3], "each is queued"
    assert not [statement for statement in first[3] if "orders_order" in statement]
    assert order.access_key not in first[2]


def test_worker_mails_the_link_of_a_right_pair_with_a_limit(client, light, queued):
    order = make_order(light)
    look_up(client, order.number.replace("-", " ").lower(), "Erika@Example.org")
    look_up(client, order.number, "other@example.org")
    look_up(client, WRONG, order.email)

    run(queued)

    [event] = Event.objects.filter(name="order.link_asked")
    assert (event.payload["email"], event.payload["url"]) == (order.email, order_url(order))
    run(queued * 6)
    assert Event.objects.filter(name="order.link_asked").count() == tasks.LINKS_PER_HOUR


def test_broker_that_is_down_is_said_without_naming_the_customer(
    client, light, monkeypatch, caplog
):
    def away(**_known):
        raise OperationalError("the broker is away")

    monkeypatch.setattr(tasks.mail_order_link, "apply_async", away)
    order = make_order(light)

    answer = look_up(client, order.number, order.email)

    assert answer.status_code == 503
    assert "We cannot send the link right now." in Page(answer).text
    assert order.email not in caplog.text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Enter the order number."),
        ({"number": "x" * 50, "email": "a@example.org"}, "This order number is too long."),
        ({"number": "FL-1", "email": "unknown"}, "Enter an e-mail address like name@example.org."),
    ],
)
def test_wrong_fields_are_named(client, light, data, words):
    response = client.post("/en/orders/", data)

    assert response.status_code == 422
    assert words in response.content.decode()


def test_guesses_are_limited_by_the_address_behind_our_proxy(
    client, light, settings, monkeypatch, queued
):
    monkeypatch.setattr(lookup, "LOOKUPS_PER_HOUR", 2)
    settings.TRUSTED_PROXIES = 1

    answers = [
        client.post(
            "/en/orders/",
            {"number": WRONG, "email": "a@example.org"},
            headers={"X-Forwarded-For": address},
        ).status_code
        for address in ["203.0.113.7"] * 3 + ["203.0.113.8"]
    ]

    assert answers == [200, 200, 429, 200]
