"""Feed files: fetch over HTTPS or SFTP, find an uploaded file, determine the age of a file.

A fetched file has a unique name in the connection's folder, and its stored validators (such as the
ETag) refer to that name. So two workers that fetch at once never mix the validators of one file
with the content of the other.
"""

import os
import secrets
import time
from base64 import b64encode
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from storefront.lib.http.download import REDIRECT_STATUSES, download
from storefront.lib.http.errors import PermanentError
from storefront.lib.http.responses import raise_for_status
from suppliers.connectors.context import ConnectorContext
from suppliers.connectors.feed.limits import MAX_FETCHED_BYTES
from suppliers.connectors.feed.options import Content, FetchMethod, Options

if TYPE_CHECKING:
    from suppliers.connectors.feed.sftp import Sftp

# An earlier time means that the server has no clock, or that its files have no times.
EARLIEST_S = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
MINUTE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAge:
    """What is known of a file's age.

    Shape:  ``written_at`` is the server's Last-Modified; ``given_at`` is the upload time, or the
            time that staff entered: the file may be older
    """

    written_at: datetime | None = None
    given_at: datetime | None = None

    @property
    def stated_at(self) -> datetime | None:
        """When the server wrote the file, or when it was uploaded."""
        return self.written_at or self.given_at

    def made_at(self, *, newest: datetime | None) -> datetime | None:
        """Return Last-Modified; without one, the earlier of upload time and newest row date."""
        if self.written_at is not None:
            return self.written_at
        return min(filter(None, (self.given_at, newest)), default=None)


UNKNOWN_AGE = FileAge()


def age_from_headers(headers: Mapping[str, str], *, modified: str, now_s: float) -> FileAge:
    """Return the age of a file that was fetched over HTTP.

    If the server's clock is ahead of ours, the difference is subtracted. A late clock only makes
    a file look older than it is.
    Shape:  ``modified`` is the Last-Modified of this answer, or of the answer that had the file
    """
    written_s, server_s = _seconds(modified), _seconds(headers.get("date", ""))
    if written_s is None:
        return UNKNOWN_AGE
    ahead_s = max(0, round(((server_s or now_s) - now_s) / MINUTE_S) * MINUTE_S)
    return FileAge(written_at=datetime.fromtimestamp(written_s - ahead_s, UTC))


def age_from_mtime(written_s: float | None) -> FileAge:
    if written_s is None or written_s < EARLIEST_S:
        return UNKNOWN_AGE
    return FileAge(written_at=datetime.fromtimestamp(written_s, UTC))


def _seconds(text: str) -> float | None:
    try:
        seconds = parsedate_to_datetime(text).timestamp() if text else 0.0
    except (ValueError, OverflowError):
        return None
    return seconds if seconds >= EARLIEST_S else None


READ_S = 30.0
TOTAL_S = 600.0
HEAD_UNSUPPORTED = frozenset({405, 501})
VALIDATORS_MAX_AGE_S = 86_400  # validators may be wrong: once a day, the file is fetched regardless
OLD_FILE_MAX_AGE_S = 86_400  # another worker may still read a file that is no longer current
DEFAULT_PORTS = {"https": 443, "http": 80}
TOKEN = "{token}"  # noqa: S105 - a placeholder
UPLOADS = "uploads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    path: Path
    age: FileAge


@dataclass(frozen=True, slots=True, kw_only=True)
class _FetchResult:
    validators: dict[str, Any]
    age: FileAge
    is_new: bool


def fetch(context: ConnectorContext, *, content: Content) -> Fetched:
    """Fetch the file with this content; return the stored copy if it did not change.

    An unchanged file gets the date that the server reports now: a newer date confirms its content.

    Raises: TemporaryError, PermanentError
    """
    options = context.settings(Options)
    location = options.at(content)
    if options.via is FetchMethod.UPLOAD:
        path = upload_path(context.folder, location)
        given_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return Fetched(path=path, age=FileAge(given_at=given_at))
    context.folder.mkdir(parents=True, exist_ok=True)
    name = options.file_of(content).value
    cached = dict(context.state.load().get("files", {}).get(name, {}))
    stored = context.folder / str(cached.get("file", ""))
    is_cached = cached.get("at") == location and cached.get("file") and stored.is_file()
    if not is_cached or time.time() - float(cached.get("at_s", 0)) > VALIDATORS_MAX_AGE_S:
        cached = {}
    new_file = context.folder / f"{name}-{secrets.token_hex(8)}.raw"
    try:
        fetch_file = _from_sftp if options.via is FetchMethod.SFTP else _from_web
        result = fetch_file(context, options, location, to=new_file, cached=cached)
    except BaseException:
        new_file.unlink(missing_ok=True)
        raise
    if result.is_new:
        validators = {
            **result.validators,
            "at": location,
            "at_s": time.time(),
            "file": new_file.name,
        }
        _store_validators(context, name, validators)
        return Fetched(path=new_file, age=result.age)
    new_file.unlink(missing_ok=True)
    os.utime(stored)
    if result.validators != {key: cached.get(key) for key in result.validators}:
        _store_validators(context, name, {**cached, **result.validators})
    return Fetched(path=stored, age=result.age)


def force_refetch(context: ConnectorContext, content: Content) -> None:
    """Ignore the validators at the next fetch, since the stored file is incomplete."""
    validators = context.state.load().get("files", {}).get(content.value)
    if validators:
        _store_validators(context, content.value, {**validators, "at_s": 0})


def check_exists(context: ConnectorContext) -> None:
    """Check that the products file exists and is readable.

    Raises: TemporaryError, PermanentError
    """
    options = context.settings(Options)
    if options.via is FetchMethod.UPLOAD:
        upload_path(context.folder, options.products_at)
    elif options.via is FetchMethod.SFTP:
        with _sftp_session(context, options) as sftp:
            sftp.modified(options.products_at)
    else:
        url = urlsplit(_address(context, options.products_at))
        head_context = replace(context, base_url=f"{url.scheme}://{url.netloc}")
        with head_context.api(headers=_credentials(context)) as api:
            answer = api.send("HEAD", f"{url.path or '/'}?{url.query}")
        if answer.status in REDIRECT_STATUSES or answer.status in HEAD_UNSUPPORTED:
            fetch(context, content=Content.PRODUCTS)
        else:
            raise_for_status(answer, what=f"HEAD {url.hostname}")


def upload_path(folder: Path, name: str) -> Path:
    """Return the path of an uploaded file. Raises PermanentError: it was not uploaded."""
    path = folder / UPLOADS / name
    is_plain = name not in {"", ".", ".."} and Path(name).name == name and "\\" not in name
    if not is_plain or path.is_symlink() or not path.is_file():
        raise PermanentError("no file has been uploaded yet", code="feed-no-upload")
    return path


def _store_validators(context: ConnectorContext, name: str, validators: dict[str, Any]) -> None:
    context.state.save({"files": {name: validators}})
    current_names = {entry["file"] for entry in context.state.load()["files"].values()}
    oldest_s = time.time() - OLD_FILE_MAX_AGE_S
    for path in context.folder.glob("*.raw"):
        # Another worker may just have deleted it.
        with suppress(FileNotFoundError):
            if path.name not in current_names and path.stat().st_mtime < oldest_s:
                path.unlink()


def _from_web(
    context: ConnectorContext, options: Options, location: str, *, to: Path, cached: dict[str, Any]
) -> _FetchResult:
    """Fetch over HTTPS, unless the file did not change; its date may still be new."""
    del options
    conditions = {
        header: cached[name]
        for header, name in (("if-none-match", "etag"), ("if-modified-since", "modified"))
        if cached.get(name)
    }
    with to.open("wb") as sink:
        answer = download(
            _address(context, location),
            to=sink,
            headers={**_credentials(context), **conditions},
            max_bytes=MAX_FETCHED_BYTES,
            read_s=READ_S,
            total_s=TOTAL_S,
            gate=context.gate,
            secrets=context.secrets.values(),
        )
    is_new = answer.status != HTTPStatus.NOT_MODIFIED
    if not is_new and not cached:
        raise PermanentError(
            "the server reports no change, but no earlier file is stored", code="304"
        )
    modified = answer.headers.get("last-modified", "")[:60]
    if is_new:
        validators = {"etag": answer.headers.get("etag", "")[:200], "modified": modified}
    else:
        modified = modified or str(cached.get("modified", ""))
        validators = {"modified": modified}
    age = age_from_headers(answer.headers, modified=modified, now_s=time.time())
    return _FetchResult(validators=validators, age=age, is_new=is_new)


def _address(context: ConnectorContext, location: str) -> str:
    """Return the URL of the file, with the token inserted: never log or show it.

    Raises: PermanentError  it is on another host than the secrets are for
    """
    try:
        address = urljoin(context.base_url, location)
        is_elsewhere = _host(address) != _host(context.base_url)
    except ValueError:
        raise PermanentError("the address of the file is invalid", code="bad_options") from None
    if is_elsewhere and any(context.secrets.values()):
        raise PermanentError(
            "the file is on another host: enter that host as the base URL", code="bad_options"
        )
    return address.replace(TOKEN, quote(context.secrets.get("token", ""), safe=""))


def _host(address: str) -> tuple[str, str | None, int | None]:
    url = urlsplit(address)
    return url.scheme, url.hostname, url.port or DEFAULT_PORTS.get(url.scheme)


def _credentials(context: ConnectorContext) -> dict[str, str]:
    user, password = context.secrets.get("user", ""), context.secrets.get("password", "")
    if not user:
        return {}
    pair = b64encode(f"{user}:{password}".encode()).decode()
    return {"authorization": f"Basic {pair}"}


def _sftp_session(context: ConnectorContext, options: Options) -> AbstractContextManager["Sftp"]:
    from suppliers.connectors.feed.sftp import open_sftp  # noqa: PLC0415 - takes 8 MB, and few shops use SFTP

    return open_sftp(context, host_key=options.host_key)


def _from_sftp(
    context: ConnectorContext, options: Options, location: str, *, to: Path, cached: dict[str, Any]
) -> _FetchResult:
    """Fetch over SFTP, unless neither time nor size of the file changed."""
    with _sftp_session(context, options) as sftp:
        validator, written_s = sftp.modified(location)
        is_new = cached.get("etag") != validator
        if is_new:
            sftp.get(location, to=to)
    return _FetchResult(
        validators={"etag": validator}, age=age_from_mtime(written_s), is_new=is_new
    )
