from __future__ import annotations

import socket

import pytest

from storefront.launch import ports
from storefront.launch.cast import Ports


@pytest.fixture
def listener():
    """A port that somebody listens on, with a free one behind it."""
    while True:
        taken = socket.create_server((ports.HOST, 0))
        port = taken.getsockname()[1]
        if port < 65000 and ports.is_free(port + 1):
            break
        taken.close()
    yield port
    taken.close()


def test_a_free_port_is_taken_as_wished():
    wished = ports.free_port()

    assert ports.free_port(wished) == wished


def test_a_taken_port_gives_way_to_the_next_free_one(listener):
    assert ports.free_port(listener) == listener + 1


def test_a_port_that_is_promised_to_another_of_ours_is_passed_over(listener):
    assert ports.free_port(listener, avoid=[listener + 1]) > listener + 1


def test_no_two_of_the_demo_get_the_same_port_though_the_first_is_taken(listener):
    chosen = Ports.choose(listener)

    assert chosen.web == listener + 1
    assert len({chosen.web, chosen.sandbox, chosen.gateway, chosen.smtp}) == 4


def test_a_whole_range_that_is_taken_is_said_so(monkeypatch):
    monkeypatch.setattr(ports, "is_free", lambda _port: False)

    with pytest.raises(ports.NoFreePortError, match="from 8000 on"):
        ports.free_port(8000)
