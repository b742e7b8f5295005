"""Compliance command: add, verify, reject and list the compliance documents of a supplier."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from suppliers.compliance import documents, vetting
from suppliers.models import ComplianceDocument, Requirement, Supplier


class Command(BaseCommand):
    """Add, verify, reject or list compliance documents, as on the staff site."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listed = verbs.add_parser(
            "list", help="list the compliance documents of a supplier, and what is missing"
        )
        listed.add_argument("code")
        listed.add_argument("--json", action="store_true")
        added = verbs.add_parser("add", help="add a document")
        added.add_argument("code")
        added.add_argument("criterion", choices=Requirement.values)
        added.add_argument(
            "--kind",
            choices=ComplianceDocument.Kind.values,
            default=ComplianceDocument.Kind.STATEMENT,
        )
        added.add_argument("--issuer", default="")
        added.add_argument("--reference", default="")
        added.add_argument("--note", default="")
        added.add_argument("--valid-from", type=date.fromisoformat)
        added.add_argument("--valid-until", type=date.fromisoformat)
        added.add_argument("--file", type=Path, help="PDF, PNG or JPEG")
        added.add_argument(
            "--verified-by", metavar="NAME", help="person who verifies the document at once"
        )
        for verb, words in (("verify", "verify a document"), ("reject", "reject a document")):
            judged = verbs.add_parser(verb, help=words)
            judged.add_argument("id", type=int)
            judged.add_argument("--by", metavar="NAME", required=True)
            judged.add_argument("--reason", default="")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except (Supplier.DoesNotExist, ComplianceDocument.DoesNotExist) as error:
            raise CommandError(str(error)) from error
        except (
            documents.InvalidDocumentError,
            vetting.UnverifiableDocumentError,
            InvalidTransitionError,
            ConcurrentUpdateError,
            OSError,
        ) as error:
            raise CommandError(str(error)) from error

    def _add(self, options: dict[str, Any]) -> None:
        path: Path | None = options["file"]
        now = timezone.now()
        evidence = vetting.submit(
            supplier=Supplier.objects.get(code=options["code"]),
            claim=vetting.DocumentSubmission(
                criterion=options["criterion"],
                kind=options["kind"],
                issuer=options["issuer"],
                reference=options["reference"],
                note=options["note"],
                valid_from=options["valid_from"],
                valid_until=options["valid_until"],
                content=path.read_bytes() if path else None,
            ),
            actor=options["verified_by"] or "manage.py compliance",
            now=now,
        )
        self.stdout.write(
            f"{evidence.pk}: {evidence.criterion} submitted. Verification is pending."
        )
        if options["verified_by"]:
            vetting.verify(evidence=evidence, actor=options["verified_by"], now=now)
            self.stdout.write(f"{evidence.pk}: verified by {options['verified_by']}.")

    def _verify(self, options: dict[str, Any]) -> None:
        weighed = vetting.verify(**self._judged(options))
        self.stdout.write(f"Verified. {weighed.released} offers are on sale again.")

    def _reject(self, options: dict[str, Any]) -> None:
        weighed = vetting.reject(**self._judged(options))
        self.stdout.write(f"Rejected. {weighed.held} offers are on hold.")

    def _judged(self, options: dict[str, Any]) -> dict[str, Any]:
        return {
            "evidence": ComplianceDocument.objects.get(pk=options["id"]),
            "actor": options["by"],
            "now": timezone.now(),
            "reason": options["reason"],
        }

    def _list(self, options: dict[str, Any]) -> None:
        supplier = Supplier.objects.get(code=options["code"])
        missing = vetting.missing_requirements(supplier=supplier, now=timezone.now())
        rows = list(
            supplier.evidence.order_by("criterion", "pk").values(
                "id", "criterion", "kind", "issuer", "status", "valid_until", "verified_by"
            )
        )
        if options["json"]:
            told = {"supplier": supplier.code, "missing": missing, "evidence": rows}
            self.stdout.write(json.dumps(told, indent=2, default=str))
            return
        for row in rows:
            ends = f" until {row['valid_until']}" if row["valid_until"] else ""
            by = f" by {row['verified_by']}" if row["verified_by"] else ""
            self.stdout.write(f"{row['id']:>5}  {row['criterion']:<14} {row['status']}{by}{ends}")
        self.stdout.write(f"Missing: {', '.join(missing) or 'nothing'}.")
