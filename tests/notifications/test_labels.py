from __future__ import annotations

from notifications.labels import WORDS, named
from notifications.routes import ROUTES


def test_every_letter_has_words_for_staff():
    sent = {route.template for routes in ROUTES.values() for route in routes}

    assert set(WORDS) == sent


def test_a_letter_is_called_by_its_words_and_one_without_by_its_name():
    assert named("order_placed → a@example.org") == "Order placed → a@example.org"
    assert named("strange → a@example.org") == "strange → a@example.org"
