"""Forged webhooks: post payloads that are forged, stale, repeated or about unknown payments."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from random import Random
from typing import Any

from standardwebhooks.webhooks import Webhook

from storefront.dev.chaos.instance.control import post
from storefront.dev.chaos.instance.instance import Instance

STALE = timedelta(minutes=10)
OTHER_SECRET = "whsec_" + "b3RoZXItc2VjcmV0LW9mLW5vYm9keS0x"
WEIGHTS = (6, 5, 5, 5, 3, 1)


@dataclass(slots=True, kw_only=True)
class Storm:
    """Posts webhooks beside the gateway's own, and records how the shop answers them."""

    place: Instance
    luck: Random
    sent: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)  # ids of events about unknown payments

    def rage(self, *, count: int) -> None:
        """Post this many webhooks of random kinds."""
        events = self._events()
        kinds: dict[str, Callable[[dict[str, Any]], int]] = {
            "forged": self._forged,
            "changed": self._changed,
            "stale": self._stale,
            "again": self._again,
            "unsigned": self._unsigned,
            "unknown": self._unknown,
        }
        for _ in range(count if events else 0):
            kind = self.luck.choices(list(kinds), weights=WEIGHTS)[0]
            status = kinds[kind](self.luck.choice(events))
            self.sent[kind] += 1
            self._judge(kind, status)

    def _judge(self, kind: str, status: int) -> None:
        is_good = kind in {"again", "unknown"}
        is_away = status in {0, HTTPStatus.SERVICE_UNAVAILABLE}
        if not is_away and (status == HTTPStatus.OK) != is_good:
            self.wrong.append(f"a letter {kind} was answered {status}")

    def _events(self) -> list[dict[str, Any]]:
        file = self.place.var / "gateway" / "gateway.sqlite3"
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as book:
            book.row_factory = sqlite3.Row
            return [dict(row) for row in book.execute("SELECT * FROM events")]

    def _forged(self, event: dict[str, Any]) -> int:
        body = _letter(event)
        return self._post(event["id"], body, body, secret=OTHER_SECRET)

    def _changed(self, event: dict[str, Any]) -> int:
        """Post another body than the signed one."""
        said = _letter({**event, "amount": event["amount"] + 1})
        return self._post(event["id"], _letter(event), said)

    def _stale(self, event: dict[str, Any]) -> int:
        body = _letter(event)
        sign = self.luck.choice((-1, 1))
        return self._post(event["id"], body, body, at=datetime.now(UTC) + sign * STALE)

    def _again(self, event: dict[str, Any]) -> int:
        body = _letter(event)
        return self._post(event["id"], body, body)

    def _unknown(self, event: dict[str, Any]) -> int:
        name = f"evt_{secrets.token_hex(8)}"
        self.unknown.add(name)
        body = _letter({**event, "id": name, "payment": f"pay_{secrets.token_hex(8)}"})
        return self._post(name, body, body)

    def _unsigned(self, event: dict[str, Any]) -> int:
        return post(self.place.hook_url, _letter(event).encode(), {"webhook-id": event["id"]})

    def _post(
        self, name: str, signed: str, said: str, *, secret: str = "", at: datetime | None = None
    ) -> int:
        at = at or datetime.now(UTC)
        key = secret or self.place.stage.env["TEST_GATEWAY_SECRET"]
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(key).sign(name, at, signed),
        }
        return post(self.place.hook_url, said.encode(), headers)


def _letter(event: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(event["occurred_at"], UTC).isoformat()
    before = event["capture_before"]
    data = {
        **{name: event[name] for name in ("id", "payment", "kind", "amount", "currency", "reason")},
        "request_key": event["request_key"] or "",
        "occurred_at": at,
        "capture_before": datetime.fromtimestamp(before, UTC).isoformat() if before else None,
    }
    return json.dumps({"type": f"payment.{event['kind']}", "timestamp": at, "data": data})
