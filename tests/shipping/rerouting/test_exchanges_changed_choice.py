"""A choice that changes during the search ships neither item by mistake."""

import pytest

from orders.models import Order, ReturnLine
from orders.returns.eligibility import CannotReturnError
from shipping.rerouting import exchanges
from tests.factories.backorders import also_at
from tests.factories.orders import make_sellable
from tests.factories.returns import back, make_sibling
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def exchange(made):
    return exchanges.create_replacement(authorization=made, actor="ann", now=NOON)


def test_a_choice_changed_during_the_search_uses_no_wrong_source(monkeypatch):
    light = make_sellable(price="33.33", quantity=9)
    one, other = make_sibling(light, "30.00"), make_sibling(light, "31.00")
    also_at(one, "warsaw")
    also_at(other, "cracow")
    made = back(light)
    rows = ReturnLine.objects.filter(authorization=made)
    rows.update(wanted=one.variant)
    find = exchanges.find_sources

    def find_and_change(*args, **known):
        found = find(*args, **known)
        rows.update(wanted=other.variant)
        return found

    monkeypatch.setattr(exchanges, "find_sources", find_and_change)
    with pytest.raises(CannotReturnError, match="changed the request"):
        exchange(made)
    assert Order.objects.count() == 1

    monkeypatch.setattr(exchanges, "find_sources", find)
    (line,) = exchange(made).lines.all()
    assert (line.variant, line.offer.variant) == (other.variant, other.variant)
