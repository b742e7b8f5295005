"""Recorded CJ answers, an in-memory token store, a connector."""

import json
from pathlib import Path

import httpx

from suppliers.connectors.cj import CJ
from suppliers.connectors.parsing import digest
from tests.factories.connector_contexts import make_context

API_KEY = "CJ1@api@key"
BASE = "https://cj.example/api2.0/v1/"
RECORDED = Path(__file__).parents[1] / "recorded"
REF = "1600007000000271829"
BLACK = "1700007000000271829"


def recorded(name):
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def answer(data, code=200):
    return httpx.Response(200, json={"code": code, "message": "Success", "data": data})


def refusal(code, message="said in words that must not be relied on"):
    return (
        answer(None, code)
        if not message
        else httpx.Response(
            200, json={"code": code, "result": False, "message": message, "data": None}
        )
    )


def said(name):
    return httpx.Response(200, json=recorded(name))


class MemoryTokens:
    """A token store for one test; ``renewals`` counts the renewed pairs."""

    def __init__(self, **pair):
        self.pair = pair
        self.renewals = 0

    def load(self):
        return dict(self.pair)

    def renew(self, renew, *, refused):
        if self.pair.get("access") and self.pair["access"] != refused.get("access"):
            return dict(self.pair)
        self.pair = renew(dict(self.pair))
        self.renewals += 1
        return dict(self.pair)


def good_pair(now, **changes):
    return {
        "access": "access-0",
        "access_until": now + 10 * 86_400,
        "renew_after": now + 9 * 86_400,
        "refresh": "refresh-0",
        "refresh_until": now + 100 * 86_400,
        "open_id": "1234567",
        "logged_in_at": now - 86_400,
        "of_key": digest(API_KEY),
        **changes,
    }


def open_cj(tokens, gate=None):
    return CJ(make_context(BASE, secrets={"api_key": API_KEY}, tokens=tokens, gate=gate))
