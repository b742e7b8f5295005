import pytest

from orders.returns import authorizations
from tests.factories.returns import declare, make_delivered, make_policy
from tests.factories.suppliers import NOON


@pytest.fixture
def order(light):
    """Two delivered headlamps that may come back."""
    make_policy()
    return make_delivered(light, quantity=2)


@pytest.fixture
def return_with_question(order):
    """A complaint about one of the headlamps, with a question from staff."""
    made = declare(order, 1, kind="defect", customer_message="Dead.")
    authorizations.request_evidence(
        authorization=made, question="A picture?", actor="ann", now=NOON
    )
    return made
