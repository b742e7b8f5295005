"""Connector state: store the tokens of a connection and the state of its connector."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, transaction

from storefront.lib.db import advisory_locks
from storefront.lib.http.errors import TemporaryError
from storefront.lib.security.encryption import decrypt, encrypt
from suppliers.connectors.context import TokenRenewal, merge_state
from suppliers.models import Connection


class DatabaseTokenStore:
    def __init__(self, connection_id: int) -> None:
        self._connection_id = connection_id

    def load(self) -> dict[str, Any]:
        row = Connection.objects.filter(pk=self._connection_id)
        return decrypt(row.values_list("tokens_encrypted", flat=True).get())

    def renew(self, renew: TokenRenewal, *, refused: Mapping[str, Any]) -> dict[str, Any]:
        """Renew the tokens under a session advisory lock, which needs no transaction.

        Raises: ExternalServiceError  no new pair is available now
        """
        with _session_lock(f"supplier tokens {self._connection_id}"):
            present = self.load()
            if present.get("access") and present["access"] != refused.get("access"):
                return present
            pair = renew(present)
            changes = {"tokens_encrypted": encrypt(pair)}
            if pair.get("open_id"):
                changes["account_id"] = pair["open_id"]
            Connection.objects.filter(pk=self._connection_id).update(**changes)
            return pair


@contextmanager
def _session_lock(subject: str) -> Iterator[None]:
    try:
        advisory_locks.lock(subject)
    except OperationalError as error:
        raise TemporaryError(f"{subject}: another process holds the lock too long") from error
    try:
        yield
    finally:
        advisory_locks.unlock(subject)


class DatabaseStateStore:
    def __init__(self, connection_id: int) -> None:
        self._rows = Connection.objects.filter(pk=connection_id)

    def load(self) -> dict[str, Any]:
        return dict(self._rows.values_list("connector_state", flat=True).get())

    @transaction.atomic
    def save(self, changes: Mapping[str, Any]) -> None:
        """Merge ``changes`` into the state, so that concurrent jobs do not overwrite each other's.

        Locks: the connection
        """
        rows = self._rows.select_for_update(of=["self"]).values_list("connector_state", flat=True)
        self._rows.update(connector_state=merge_state(rows.get(), changes))
