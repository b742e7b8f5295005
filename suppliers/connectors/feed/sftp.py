"""SFTP session: verify the pinned host key, sign in, fetch, write, rename and list files.

The host key is verified before sign-in. Each step passes the gate separately and is short, so that
the slot of a killed worker is soon free. A long file is fetched in several steps.
"""

import base64
import io
import posixpath
import stat
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from http import HTTPStatus
from itertools import batched
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import paramiko

from storefront.lib.db.transactions import OpenTransactionError, in_transaction
from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from storefront.lib.http.observers import Call, Outcome
from storefront.lib.http.ssrf import connect
from suppliers.connectors.context import ConnectorContext
from suppliers.connectors.feed.limits import MAX_FETCHED_BYTES

PORT = 22
CONNECT_TIMEOUT_S = 5.0
RESPONSE_TIMEOUT_S = 20.0
STEP_S = 30.0  # then the connection is closed
FETCH_STEP_S = 10.0  # of downloading per step, plus the wait for one answer
TOTAL_S = 600.0  # for a whole file
MAX_NAMES = 10_000
CHUNK_BYTES = 32_768
MAX_PENDING_CHUNKS = 64
KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class Sftp:
    """An open session. Its errors are raised as TemporaryError or PermanentError."""

    def __init__(
        self,
        client: paramiko.SFTPClient,
        context: ConnectorContext,
        *,
        purpose: str,
        close_session: Callable[[], None],
    ) -> None:
        self._client = client
        self._context = context
        self._purpose = purpose
        self._close_session = close_session

    def get(self, remote: str, *, to: Path, at_most: int = MAX_FETCHED_BYTES) -> None:
        """Fetch a file. Raises TemporaryError, PermanentError."""
        ends_at = time.monotonic() + TOTAL_S
        is_complete = False
        with closing(self._chunks(remote, at_most=at_most)) as chunks, to.open("wb") as sink:
            while not is_complete:
                with self._watched("GET", remote):
                    is_complete = _write_chunks(chunks, sink)
                    if not is_complete and time.monotonic() > ends_at:
                        raise TemporaryError(f"{remote}: incomplete after {TOTAL_S:.0f} s")

    def write(self, remote: str, content: bytes) -> None:
        """Write a file, replacing an existing one. Raises TemporaryError, PermanentError."""
        with self._watched("PUT", remote), self._client.open(remote, "wb") as sink:
            sink.write(content)

    def rename(self, old: str, new: str) -> None:
        """Rename a file, unless the new name exists. Raises TemporaryError, PermanentError."""
        with self._watched("PUT", new):
            try:
                self._client.rename(old, new)
            except OSError as error:
                channel = self._client.get_channel()
                is_disconnected = (
                    channel is None or channel.closed or isinstance(error, TimeoutError)
                )
                if is_disconnected or error.errno is not None:
                    raise
                # On an open connection, an error without a number is a refusal of the server.
                raise PermanentError(f"{new}: {error}", code="sftp-refused") from error

    def names(self, folder: str) -> list[str]:
        """Return the names of the plain files of a folder.

        Raises: TemporaryError, PermanentError
        """
        with self._watched("LIST", folder):
            entries = self._client.listdir_attr(folder)
        if len(entries) > MAX_NAMES:
            raise PermanentError(f"{folder}: more than {MAX_NAMES} files", code="sftp-many")
        return sorted(entry.filename for entry in entries if stat.S_ISREG(entry.st_mode or 0))

    def modified(self, remote: str) -> tuple[str, int | None]:
        """Return a validator that changes with the file, and when the file was written.

        Units:  seconds since 1970
        Raises: TemporaryError, PermanentError
        """
        with self._watched("LIST", remote):
            attributes = self._client.stat(remote)
        return f"{attributes.st_mtime}-{attributes.st_size}", attributes.st_mtime

    def _chunks(self, remote: str, *, at_most: int) -> Generator[bytes]:
        """Yield the file in chunks; at most ``MAX_PENDING_CHUNKS`` are requested at once."""
        with self._client.open(remote, "rb") as source:
            size, received = source.stat().st_size or 0, 0
            if size > at_most:
                raise PermanentError(f"{remote}: larger than {at_most} bytes", code="sftp-long")
            for window in batched(range(0, size, CHUNK_BYTES), MAX_PENDING_CHUNKS):
                for chunk in source.readv([(at, min(CHUNK_BYTES, size - at)) for at in window]):
                    received += len(chunk)
                    yield chunk
        if received != size:
            raise TemporaryError(f"{remote}: the file changed during the download")

    @contextmanager
    def _watched(self, verb: str, remote: str) -> Iterator[None]:
        what = f"{self._purpose}{verb} {posixpath.basename(remote)[:60]}"
        with _watched(
            self._context, what, close_session=self._close_session, has_effect=verb == "PUT"
        ):
            yield


@contextmanager
def open_sftp(context: ConnectorContext, *, host_key: str, purpose: str = "") -> Iterator[Sftp]:
    """Sign in at the server of the connection's address.

    Shape:  ``purpose`` prefixes the name of each step, so that the gate finds its capability
    Raises: TemporaryError, PermanentError
    """
    parts = urlsplit(context.base_url)
    if not parts.hostname:
        raise PermanentError("the address contains no SFTP server", code="bad_options")
    expected = parse_host_key(host_key)
    with ExitStack() as stack:
        with _watched(context, f"{purpose}SIGN IN", close_session=stack.close):
            socket = connect(
                parts.hostname,
                parts.port or PORT,
                timeout_s=CONNECT_TIMEOUT_S,
                usual_ports=frozenset({PORT}),
            )
            socket.settimeout(RESPONSE_TIMEOUT_S)
            transport = paramiko.Transport(socket)
            stack.callback(transport.close)
            transport.banner_timeout = RESPONSE_TIMEOUT_S
            transport.auth_timeout = transport.handshake_timeout = RESPONSE_TIMEOUT_S
            session = _sign_in(transport, context, expected)
        stack.callback(session.close)
        yield Sftp(session, context, purpose=purpose, close_session=transport.close)


def _write_chunks(chunks: Iterator[bytes], sink: BinaryIO) -> bool:
    """Write pieces for ``FETCH_STEP_S``; return whether the file is complete."""
    step_ends_at = time.monotonic() + FETCH_STEP_S
    for chunk in chunks:
        sink.write(chunk)
        if time.monotonic() > step_ends_at:
            return False
    return True


def parse_host_key(host_key: str) -> paramiko.PKey:
    """Parse the host key that the server must prove, as ``ssh-keyscan`` prints it.

    Raises: PermanentError
    """
    parts = host_key.split()
    type_index = next(
        (index for index, part in enumerate(parts) if part.startswith(("ssh-", "ecdsa-"))), -1
    )
    try:
        return paramiko.PKey.from_type_string(
            parts[type_index], base64.b64decode(parts[type_index + 1])
        )
    except (IndexError, ValueError, paramiko.SSHException) as error:
        message = "the server's host key is missing or invalid; expected: ssh-ed25519 AAAA…"
        raise PermanentError(message, code="bad_options") from error


def _sign_in(
    transport: paramiko.Transport, context: ConnectorContext, expected: paramiko.PKey
) -> paramiko.SFTPClient:
    transport.get_security_options().key_types = _key_types(expected)
    transport.start_client(timeout=RESPONSE_TIMEOUT_S)
    if transport.get_remote_server_key().asbytes() != expected.asbytes():
        raise PermanentError("the server has another host key than the one stored", code="host_key")
    user = context.secrets.get("user", "")
    if key := context.secrets.get("private_key", ""):
        transport.auth_publickey(user, _private_key(key, context.secrets.get("password") or None))
    else:
        transport.auth_password(user, context.secrets.get("password", ""))
    session = paramiko.SFTPClient.from_transport(transport)
    if session is None:
        raise TemporaryError("the server does not open an SFTP session")
    channel = session.get_channel()
    if channel is not None:
        channel.settimeout(RESPONSE_TIMEOUT_S)
    return session


def _key_types(expected: paramiko.PKey) -> tuple[str, ...]:
    """Return the signature types to accept; for an RSA key only those with SHA-2."""
    name = expected.get_name()
    return ("rsa-sha2-512", "rsa-sha2-256") if name == "ssh-rsa" else (name,)


def _private_key(text: str, password: str | None) -> paramiko.PKey:
    for kind in KEYS:
        try:
            return kind.from_private_key(io.StringIO(text), password)
        except (paramiko.SSHException, ValueError):
            continue
    raise PermanentError("the private key is invalid", code="bad_key")


@contextmanager
def _watched(
    context: ConnectorContext,
    what: str,
    *,
    close_session: Callable[[], None],
    has_effect: bool = False,
) -> Iterator[None]:
    """Pass a step through the gate, limit its time, and translate its errors."""
    call = Call(method="SFTP", path=what, request_id=uuid.uuid4().hex[:16], total_s=STEP_S)
    if in_transaction():
        raise OpenTransactionError(str(call))
    context.gate.enter(call)
    started = time.monotonic()
    failure: ExternalServiceError | None = None
    watchdog = threading.Timer(STEP_S, close_session)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    except ExternalServiceError as error:
        failure = error
        raise
    except (OSError, EOFError, paramiko.SSHException) as error:
        failure = _to_error(what, error, has_effect=has_effect)
        raise failure from error
    finally:
        watchdog.cancel()
        outcome = Outcome(
            status=None if failure else HTTPStatus.OK,
            milliseconds=(time.monotonic() - started) * 1000,
            error=failure,
        )
        context.gate.leave(call, outcome)


def _to_error(what: str, error: Exception, *, has_effect: bool) -> ExternalServiceError:
    if isinstance(error, paramiko.AuthenticationException):
        return PermanentError(f"SFTP {what}: sign-in rejected", code="401")
    if isinstance(error, FileNotFoundError):
        return PermanentError(f"SFTP {what}: the file does not exist", code="404")
    if isinstance(error, PermissionError):
        return PermanentError(f"SFTP {what}: permission denied", code="403")
    return TemporaryError(f"SFTP {what}: {type(error).__name__}", is_outcome_unknown=has_effect)
