from __future__ import annotations

from contextlib import closing

import pytest

from storefront.dev.sandboxes.gateway.adapter import TestGateway
from tests.fakes.payment_gateway import gateway_process, test_gateway  # noqa: F401 - fixtures
from tests.fakes.stripe_server import stripe, stripe_process  # noqa: F401 - fixtures


@pytest.fixture
def gateway(test_gateway):  # noqa: F811 - the fixture
    """Our side of the test gateway."""
    with closing(TestGateway(base_url=test_gateway.url, secret=test_gateway.secret)) as gateway:
        yield gateway
