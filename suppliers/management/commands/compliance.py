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
        list_parser = verbs.add_parser(
            "list", help="list the compliance documents of a supplier, and what is missing"
        )
        list_parser.add_argument("code")
        list_parser.add_argument("--json", action="store_true")
        add_parser = verbs.add_parser("add", help="add a document")
        add_parser.add_argument("code")
        add_parser.add_argument("criterion", choices=Requirement.values)
        add_parser.add_argument(
            "--kind",
            choices=ComplianceDocument.Kind.values,
            default=ComplianceDocument.Kind.STATEMENT,
        )
        add_parser.add_argument("--issuer", default="")
        add_parser.add_argument("--reference", default="")
        add_parser.add_argument("--note", default="")
        add_parser.add_argument("--valid-from", type=date.fromisoformat)
        add_parser.add_argument("--valid-until", type=date.fromisoformat)
        add_parser.add_argument("--file", type=Path, help="PDF, PNG or JPEG")
        add_parser.add_argument(
            "--verified-by", metavar="NAME", help="person who verifies the document at once"
        )
        for verb, words in (("verify", "verify a document"), ("reject", "reject a document")):
            decision_parser = verbs.add_parser(verb, help=words)
            decision_parser.add_argument("id", type=int)
            decision_parser.add_argument("--by", metavar="NAME", required=True)
            decision_parser.add_argument("--reason", default="")

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
        document = vetting.submit(
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
        self.stdout.write(f"{document.pk}: {document.criterion} submitted.")
        if not options["verified_by"]:
            self.stdout.write("Verification is pending.")
        else:
            vetting.verify(evidence=document, actor=options["verified_by"], now=now)
            self.stdout.write(f"{document.pk}: verified by {options['verified_by']}.")

    def _verify(self, options: dict[str, Any]) -> None:
        result = vetting.verify(**self._decision(options))
        self.stdout.write(f"Verified. {result.released} offers are on sale again.")

    def _reject(self, options: dict[str, Any]) -> None:
        result = vetting.reject(**self._decision(options))
        self.stdout.write(f"Rejected. {result.held} offers are on hold.")

    def _decision(self, options: dict[str, Any]) -> dict[str, Any]:
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
            report = {"supplier": supplier.code, "missing": missing, "evidence": rows}
            self.stdout.write(json.dumps(report, indent=2, default=str))
            return
        for row in rows:
            ends = f" until {row['valid_until']}" if row["valid_until"] else ""
            by = f" by {row['verified_by']}" if row["verified_by"] else ""
            self.stdout.write(f"{row['id']:>5}  {row['criterion']:<14} {row['status']}{by}{ends}")
        self.stdout.write(f"Missing: {', '.join(missing) or 'nothing'}.")
