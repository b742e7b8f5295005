"""Fixtures of onX: mock the server, open a connector."""

import pytest
import respx

from storefront.lib.http import retries
from tests.suppliers.connectors.onx.mocked_server import URL, MockedServer, open_onx


@pytest.fixture
def serve(monkeypatch, db):
    """Return a function that mocks the server and opens a connector to it."""
    monkeypatch.setattr(retries, "BASE_DELAY_S", 0)
    opened = []
    with respx.mock(assert_all_called=False) as mocked:

        def start(*, url=URL, options=None, state=None, gate=None, **answers):
            server = MockedServer(**answers)
            mocked.post(url).mock(side_effect=server)
            opened.append(open_onx(url, options or {}, state=state, gate=gate))
            return server, opened[-1]

        yield start
        for each in opened:
            each.close()
