import socket
import subprocess
import sys
from dataclasses import astuple, fields

import pytest

from storefront.dev.demo.processes import Ports
from storefront.dev.runtime import ports

CHOOSE_AND_WAIT = (
    "import sys; from storefront.dev.runtime.ports import free_port; "
    "print(free_port(int(sys.argv[1])), flush=True); sys.stdin.read()"
)


@pytest.fixture(autouse=True)
def _give_back():
    before = set(ports._claims)
    yield
    for port in set(ports._claims) - before:
        ports.give_back(port)


@pytest.fixture
def listener():
    """A port that is in use, while the next one is free."""
    while True:
        taken = socket.create_server((ports.HOST, 0))
        port = taken.getsockname()[1]
        if port < ports.HIGHEST - 100 and ports.claim(port + 1):
            ports.give_back(port + 1)
            break
        taken.close()
    yield port
    taken.close()


def test_free_port_is_used_and_a_taken_one_is_replaced_by_the_next(listener):
    wished = ports.free_port()
    ports.give_back(wished)

    assert ports.free_port(wished) == wished
    assert ports.free_port(listener) == listener + 1


def test_processes_of_a_demo_get_different_free_ports(listener, monkeypatch):
    monkeypatch.setenv("DEMO_CHANNELS", "all")

    chosen = Ports.choose(listener)

    assert chosen.web == listener + 1
    assert len({*astuple(chosen)}) == len(fields(chosen)) == 13


def test_concurrent_launchers_choose_different_ports_before_they_listen(listener):
    wished = listener + 1
    other = subprocess.Popen(
        [sys.executable, "-c", CHOOSE_AND_WAIT, str(wished)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    theirs = int(other.stdout.readline())

    ours = ports.free_port(wished)
    other.communicate()

    assert theirs == wished
    assert ours > wished
    assert ports.free_port(wished) == wished  # it is free again, now that the other has ended


def test_range_without_a_free_port_is_an_error(monkeypatch):
    monkeypatch.setattr(ports, "is_free", lambda _port: False)

    with pytest.raises(ports.NoFreePortError, match="from 8000 on"):
        ports.free_port(8000)
