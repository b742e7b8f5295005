from contextlib import closing

import pytest

from orders.gateways.stripe.gateway import StripeGateway
from tests.fakes.stripe_server import KEY


@pytest.fixture
def gateway(stripe):
    """The gateway adapter of production, connected to the sandbox."""
    with closing(StripeGateway(base_url=stripe.url, secret=KEY)) as gateway:
        yield gateway
