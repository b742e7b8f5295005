"""File commands: upload a supplier's file, show, save and restore its mapping."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from storefront.lib.http.errors import ExternalServiceError
from suppliers.connections import file_sources
from suppliers.models import FeedMapping, FileContent, Supplier

CHUNK_BYTES = 1 << 20


def add_arguments(verb: Callable[..., ArgumentParser]) -> None:
    mapped = verb("mapping", "show, save or restore a feed mapping")
    _add_content_argument(mapped)
    what = mapped.add_mutually_exclusive_group()
    what.add_argument("--show", action="store_true", help="print the active mapping (default)")
    what.add_argument(
        "--save",
        metavar="FILE",
        help="save this JSON file as the active version; - reads standard input",
    )
    what.add_argument(
        "--take-back", type=int, metavar="VERSION", help="activate this version again"
    )
    handed = verb("upload", "upload a file of the supplier")
    handed.add_argument("file", type=Path)
    _add_content_argument(handed)


def _add_content_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--content", choices=FileContent.values, default=FileContent.PRODUCTS.value)


def handle_mapping(
    supplier: Supplier,
    options: dict[str, Any],
    *,
    stdin: Callable[[], str],
    actor: str,
    now: datetime,
) -> Iterator[str]:
    """Save, restore or show a mapping; yield lines for the terminal.

    Raises: CommandError  the supplier has no files, unknown version, or invalid mapping
    """
    _require_file_connector(supplier)
    mine = FeedMapping.objects.filter(supplier=supplier, content=options["content"])
    try:
        if options["save"] is not None:
            spec = _spec(options["save"], stdin)
            words = {"content": options["content"], "spec": spec, "by": actor, "now": now}
            version = file_sources.save_mapping(supplier=supplier, **words)
        elif options["take_back"] is not None:
            old = mine.filter(version=options["take_back"]).first()
            if old is None:
                raise CommandError(f"Version {options['take_back']} does not exist.")
            version = file_sources.restore_mapping(version=old, by=actor, now=now)
        else:
            active = mine.filter(is_active=True).first()
            if active is None:
                raise CommandError(f"{supplier.code} has no mapping of {options['content']}.")
            yield json.dumps(active.spec, indent=2, ensure_ascii=False)
            return
    except ExternalServiceError as error:
        raise CommandError(f"Nothing was saved: {error}") from error
    yield f"{supplier.code}: version {version.version} of {version.content} is active."


def upload(
    supplier: Supplier, options: dict[str, Any], *, actor: str, now: datetime
) -> Iterator[str]:
    """Upload a file as the newest of its kind; yield lines for the terminal.

    Raises: CommandError  the supplier has no files, or the file cannot be read or stored
    """
    _require_file_connector(supplier)
    path: Path = options["file"]
    try:
        with path.open("rb") as source:
            kept = file_sources.store_upload(
                supplier=supplier,
                content=options["content"],
                name=path.name,
                chunks=iter(lambda: source.read(CHUNK_BYTES), b""),
                by=actor,
                now=now,
                made_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
            )
    except (OSError, file_sources.FileTooLargeError) as error:
        raise CommandError(f"{path} was not uploaded: {error}") from error
    yield f"{supplier.code}: uploaded {kept.size_bytes} bytes of {kept.content}."
    yield f"Next: manage.py supplier sync {supplier.code}"


def _require_file_connector(supplier: Supplier) -> None:
    if supplier.adapter != file_sources.FEED:
        raise CommandError(f"{supplier.code} has no files: its connector is {supplier.adapter}.")


def _spec(source: str, stdin: Callable[[], str]) -> dict[str, Any]:
    try:
        spec = json.loads(stdin() if source == "-" else Path(source).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"Nothing was saved: {error}") from error
    if not isinstance(spec, dict):
        raise CommandError("Nothing was saved: a mapping must be a JSON object.")
    return spec
