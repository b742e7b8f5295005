"""Fixtures of catalog files: a supplier whose files staff upload."""

import pytest

from tests.support.catalog_files import make_wholesaler


@pytest.fixture
def wholesaler(shop, settings):
    return make_wholesaler(shop, settings)
