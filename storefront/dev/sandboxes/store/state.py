"""Store sandbox state: keep the JSON documents of a shop system, its clock and its webhooks.

A document is stored in the dialect of its platform, so each dialect shows what it holds. A request
is one transaction: it has its whole effect or none.
"""

import base64
import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from storefront.dev.sandboxes.core.faults import Faults
from storefront.dev.sandboxes.core.ledger import Ledger, Usage
from storefront.dev.sandboxes.supplier import BaseRules, SupplierState

type Document = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, hook INTEGER NOT NULL, delivery TEXT NOT NULL, topic TEXT NOT NULL,
    url TEXT NOT NULL, secret TEXT NOT NULL, headers TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, due_s REAL NOT NULL, last_status TEXT NOT NULL DEFAULT '');
"""
FIRST_ID = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRules(BaseRules):
    """The store: its name and currency; its prices include this tax.

    Units:  ``tax_percent`` is a whole number; ``webhook_retry_s`` is the time before the second
            attempt, which doubles with each
    """

    name: str = "Lantern House"
    currency: str = "EUR"
    tax_percent: int = 19
    webhook_retry_s: float = 60.0


def hmac_sha256(body: bytes, secret: str) -> str:
    """Return the signature that most platforms send, as base64."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


class ApiError(ValueError):
    """The caller gets an error status, and a body that explains it."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, dict(headers or {})


type Kinds = Mapping[str, type | tuple[type, ...]]


def wrong_fields(body: Document, kinds: Kinds) -> dict[str, str]:
    """Return the fields that are unknown or have a wrong type, and why."""
    wrong = {}
    for name, value in body.items():
        if name not in kinds:
            wrong[name] = "is unknown"
        elif not isinstance(value, kinds[name]) or (
            isinstance(value, bool) and kinds[name] not in {bool, object}
        ):
            wrong[name] = "has the wrong type"
    return wrong


class Documents:
    """JSON documents by kind and id, in memory and on disk; ids are unique in the store."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._held: dict[str, dict[int, Document]] = {}
        ledger.after_rollback.append(self.reload)
        self.reload()

    def reload(self) -> None:
        self._held = {}
        for row in self._ledger.rows("SELECT * FROM documents ORDER BY id"):
            self._held.setdefault(row["kind"], {})[row["id"]] = json.loads(row["body"])

    def next_id(self) -> int:
        number = int(self._ledger.fact("last_id", FIRST_ID)) + 1
        self._ledger.set_fact("last_id", number)
        return number

    def put(self, kind: str, document: Document) -> Document:
        """Store a document by its ``id``; it gets one if it has none."""
        number = document.setdefault("id", 0) or self.next_id()
        document["id"] = number
        self._held.setdefault(kind, {})[number] = document
        self._ledger.run(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", kind, number, json.dumps(document)
        )
        return document

    def get(self, kind: str, number: int) -> Document | None:
        return self._held.get(kind, {}).get(number)

    def all(self, kind: str) -> list[Document]:
        """Return the documents of a kind, oldest first."""
        return list(self._held.get(kind, {}).values())

    def where(self, kind: str, **fields: Any) -> Iterator[Document]:
        for document in self.all(kind):
            if all(document.get(name) == value for name, value in fields.items()):
                yield document

    def delete(self, kind: str, number: int) -> None:
        self._held.get(kind, {}).pop(number, None)
        self._ledger.run("DELETE FROM documents WHERE kind = ? AND id = ?", kind, number)


class StoreState[R: StoreRules](SupplierState[R], ABC):
    """One store: its documents, faults, calls and rules.

    ``violations`` counts calls that came although the store had said that its limit is reached.
    """

    MAX_ATTEMPTS: ClassVar[int]  # to deliver a webhook
    FAULT_KINDS = frozenset(
        {"500", "429", "slow", "trickle", "drop_before", "drop_after", "garbage", "truncated",
         "empty", "huge", "redirect"}
    )  # fmt: skip

    def __init__(self, *, folder: Path, rules: R, base_url: str = "") -> None:
        super().__init__(
            base_url=base_url,
            rules=rules,
            ledger=Ledger(folder, SCHEMA),
            faults=Faults(self.FAULT_KINDS),
        )
        self.documents = Documents(self.ledger)
        self.usage = Usage()
        self.violations = 0

    def reset(self) -> None:
        """Delete products, orders, webhooks, faults and counters; ids are not used again."""
        with self.ledger.writing():
            self.ledger.wipe()
            self.ledger.forget("last_change_s")
        self.documents.reload()
        self.faults.clear()
        self.usage.clear()
        self.violations = 0

    @abstractmethod
    def signed(self, delivery: str, topic: str, body: bytes, secret: str) -> dict[str, str]:
        """Return the headers of a message, as they are sent now."""

    def webhook_delivered(self, hook_id: int) -> None:
        """Note that a message of a webhook was acknowledged."""

    def webhook_failed(self, hook_id: int) -> None:
        """Do to a webhook what the platform does after the last attempt of a message."""

    def stamp_s(self) -> int:
        """Return the second of a change; each is later than the one before.

        Platforms show whole seconds, and changes within one would have no order.
        """
        second = max(int(self.now()), int(self.ledger.fact("last_change_s", 0)) + 1)
        self.ledger.set_fact("last_change_s", second)
        return second
