"""A process starts without its collector, and has it again afterwards."""

from __future__ import annotations

import gc

import pytest

from storefront.workers.warmup import keeping_all


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()


def test_the_collector_rests_and_leaves_what_is_here():
    with keeping_all():
        assert not gc.isenabled()
        kept = [[]]

    assert gc.isenabled()
    assert not any(one is kept for one in gc.get_objects())
    assert gc.get_freeze_count()


def test_a_start_that_fails_gives_the_collector_back():
    with pytest.raises(KeyError), keeping_all():
        raise KeyError

    assert gc.isenabled()


def test_whoever_had_none_gets_none():
    gc.disable()
    try:
        with keeping_all():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
