from notifications.labels import TEMPLATE_LABELS, label
from notifications.routes import ROUTES


def test_every_template_has_a_label():
    sent = {route.template for routes in ROUTES.values() for route in routes}

    assert set(TEMPLATE_LABELS) == sent


def test_a_template_without_a_label_shows_its_name():
    assert label("order_placed → a@example.org") == "Order placed → a@example.org"
    assert label("strange → a@example.org") == "strange → a@example.org"
