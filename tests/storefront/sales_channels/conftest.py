"""Fixtures of stores: an in-memory store and its connection."""

import pytest

from tests.factories.sales_channels import make_connection, use_in_memory_platform


@pytest.fixture
def store(monkeypatch):
    return use_in_memory_platform(monkeypatch)


@pytest.fixture
def connection(store):
    return make_connection()
