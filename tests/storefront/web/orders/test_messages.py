"""Order messages: customers write on the order page once per form and see the answers there."""

import pytest

from orders.models import OrderMessage
from orders.order_messages import order_messages
from storefront.web.orders import messages
from tests.factories.orders import make_order
from tests.factories.suppliers import NOON
from tests.storefront.web.page_parser import Page, in_each_language, page_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(light):
    return make_order(light)


def send(client, order, text="Where is it?", **more):
    return client.post(page_of(order, "message/"), {"text": text, **more}, follow=True)


@in_each_language
def test_messages_are_shown_on_the_order_page_and_above_the_form(client, order, language):
    empty = Page(client.get(page_of(order, "message/", language)))
    sent = Page(send(client, order, "Where <b>is</b> it?\r\nHello"))
    order_messages.answer(
        order=order, text="On Friday.", request_key="2", last_seen=0, actor="ann", now=NOON
    )
    page = Page(client.get(page_of(order, language=language)))
    form = Page(client.get(page_of(order, "message/", language)))

    for one in (empty, sent, page, form):
        assert (one.faults, one.unlabeled()) == ([], [])
    assert "We received your message." in sent.text
    assert 'class="message-list"' not in empty.text
    for one in (page, form):
        assert "Where &lt;b&gt;is&lt;/b&gt; it?\nHello" in one.text
        assert '<p class="message-text">On Friday.</p>' in one.text
        assert "ann" not in one.text.partition('class="message-list"')[2].partition("</ol>")[0]


def test_double_click_stores_one_message(client, order):
    for _ in range(2):
        send(client, order, key="a")

    assert OrderMessage.objects.get().text == "Where is it?"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" ", "Write your message."),
        ("x" * 4001, "Shorten the message to 4,000 characters."),
    ],
)
def test_wrong_message_is_refused_and_kept_in_the_form(client, order, text, words):
    answer = send(client, order, text)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not OrderMessage.objects.exists()


def test_too_many_messages_are_refused_and_kept_in_the_form(client, order, monkeypatch):
    monkeypatch.setattr(messages, "MESSAGES_PER_HOUR", 1)
    send(client, order)

    answer = send(client, order, "Once more")

    assert answer.status_code == 429
    assert "Once more</textarea>" in answer.content.decode()
    assert OrderMessage.objects.count() == 1
