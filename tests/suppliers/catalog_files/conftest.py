"""Fixtures of catalog files: empty folders, a supplier whose files staff upload."""

import pytest

from tests.support.catalog_files import make_wholesaler


@pytest.fixture(autouse=True)
def folders(tmp_path, settings):
    settings.FEEDS_ROOT = tmp_path / "feeds"
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def wholesaler(shop, settings):
    return make_wholesaler(shop, settings)
