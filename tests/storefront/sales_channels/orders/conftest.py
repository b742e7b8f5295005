import pytest

from tests.factories.catalog import make_channel
from tests.factories.orders import make_sellable
from tests.factories.sales_channels import make_connection, use_in_memory_platform
from tests.factories.shipping import make_service


@pytest.fixture
def store(monkeypatch):
    return use_in_memory_platform(monkeypatch)


@pytest.fixture
def connection(store):
    return make_connection(channel=make_channel(code="memory"))


@pytest.fixture
def lamp(connection):
    """A variant with five units, which a service carries to Germany."""
    listing = make_sellable(quantity=5, channel=connection.channel)
    make_service(countries=["DE"])
    listing.variant.level = listing.level
    return listing.variant
