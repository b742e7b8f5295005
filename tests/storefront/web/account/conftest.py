import pytest

from tests.factories.accounts import make_shopper, sign_in


@pytest.fixture
def erika(light):
    """A customer with an account, in an open shop."""
    return make_shopper()


@pytest.fixture
def signed_in(customer, erika):
    """Erika's browser."""
    sign_in(customer)
    return customer
