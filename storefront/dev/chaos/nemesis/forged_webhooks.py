"""Forged webhooks: post payloads that are forged, stale, repeated or about unknown payments."""

import json
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from random import Random
from typing import Any

from storefront.dev.chaos.instance.control import post
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.observations import outside
from storefront.dev.sandboxes.stripe.webhook_sender import signed

STALE_AFTER = timedelta(minutes=10)
OTHER_SECRET = "whsec_unknown"  # noqa: S105 - to be refused
WEIGHTS = (6, 5, 5, 5, 3, 1)


@dataclass(slots=True, kw_only=True)
class WebhookForger:
    """Posts webhooks between those of the gateway, and records how the shop answers them."""

    place: Instance
    rng: Random
    sent: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)  # ids of events about unknown payments

    def post_many(self, *, count: int) -> None:
        """Post this many webhooks of random kinds."""
        events = outside.gateway_events(self.place.var)
        kinds: dict[str, Callable[[dict[str, Any]], int]] = {
            "forged": self._forged,
            "changed": self._changed,
            "stale": self._stale,
            "again": self._again,
            "unsigned": self._unsigned,
            "unknown": self._unknown,
        }
        for _ in range(count if events else 0):
            kind = self.rng.choices(list(kinds), weights=WEIGHTS)[0]
            status = kinds[kind](self.rng.choice(events))
            self.sent[kind] += 1
            self._check_answer(kind, status)

    def _check_answer(self, kind: str, status: int) -> None:
        is_valid = kind in {"again", "unknown"}
        is_unavailable = status in {0, HTTPStatus.SERVICE_UNAVAILABLE}
        if not is_unavailable and (status == HTTPStatus.OK) != is_valid:
            self.wrong.append(f"a webhook of the kind {kind} was answered {status}")

    def _forged(self, event: dict[str, Any]) -> int:
        body = json.dumps(event)
        return self._post(body, body, secret=OTHER_SECRET)

    def _changed(self, event: dict[str, Any]) -> int:
        """Post another body than the signed one."""
        return self._post(json.dumps(event), json.dumps({**event, "created": event["created"] + 1}))

    def _stale(self, event: dict[str, Any]) -> int:
        body = json.dumps(event)
        sign = self.rng.choice((-1, 1))
        return self._post(body, body, away=sign * STALE_AFTER)

    def _again(self, event: dict[str, Any]) -> int:
        body = json.dumps(event)
        return self._post(body, body)

    def _unknown(self, event: dict[str, Any]) -> int:
        name = f"evt_{secrets.token_hex(12)}"
        self.unknown.add(name)
        stranger = {"id": f"pi_{secrets.token_hex(16)}", "object": "payment_intent"}
        body = json.dumps({**event, "id": name, "data": {"object": stranger}})
        return self._post(body, body)

    def _unsigned(self, event: dict[str, Any]) -> int:
        return post(self.place.hook_url, json.dumps(event).encode(), {})

    def _post(
        self, signed_body: str, body: str, *, secret: str = "", away: timedelta = timedelta()
    ) -> int:
        key = secret or self.place.stage.env["STRIPE_WEBHOOK_SECRET"]
        header = signed(signed_body, key, at=int(time.time() + away.total_seconds()))
        return post(self.place.hook_url, body.encode(), {"stripe-signature": header})
