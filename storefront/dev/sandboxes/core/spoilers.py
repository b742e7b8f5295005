"""Spoil an answer whatever it says: what goes wrong between two machines in any dialect."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace

from .faults import Fault
from .replies import Reply, as_html

HUGE_BYTES = 10_000_000
BOMB_BYTES = 200_000_000
TRICKLE_S = 0.2
INSIDE = "http://169.254.169.254/latest/meta-data/"


def _dropped(_: Fault, reply: Reply) -> Reply:
    return replace(reply, is_dropped=True)


def _garbage(_: Fault, __: Reply) -> Reply:
    return as_html("<html><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>")


def _truncated(_: Fault, reply: Reply) -> Reply:
    return replace(reply, body=reply.body[: len(reply.body) * 2 // 3])


def _trickling(fault: Fault, reply: Reply) -> Reply:
    return replace(reply, trickle_s=fault.delay_s or TRICKLE_S)


def _huge(_: Fault, reply: Reply) -> Reply:
    return replace(reply, body=b'{"code":200,"data":"' + b"x" * HUGE_BYTES + b'"}')


def _bomb(_: Fault, reply: Reply) -> Reply:
    packed = gzip.compress(b'{"code":200,"data":"' + b"0" * BOMB_BYTES)
    return replace(reply, body=packed, headers={"Content-Encoding": "gzip"})


SPOILERS: dict[str, Callable[[Fault, Reply], Reply]] = {
    "drop_after": _dropped,
    "garbage": _garbage,
    "truncated": _truncated,
    "trickle": _trickling,
    "huge": _huge,
    "gzip_bomb": _bomb,
}
