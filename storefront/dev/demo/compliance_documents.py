"""Demo documents: approve a demo supplier with documents that are marked as not real."""

import io
from datetime import datetime, timedelta

from django.conf import settings
from PIL import Image, ImageDraw

from suppliers.compliance import vetting
from suppliers.compliance.vetting import DocumentSubmission
from suppliers.models import ComplianceDocument, Requirement, Supplier

ISSUER = "The demo of Fara"
NOTE = "Created by the demo: this document is not real."
LASTS = timedelta(days=365)
PAGE_PX = (620, 877)  # A4 at 75 dpi
DECLARED = frozenset({Requirement.CE, Requirement.ROHS, Requirement.UN_38_3, Requirement.IP67})


def give(*, supplier: Supplier, actor: str, now: datetime) -> int:
    """Create all required documents of a supplier that has no document; return their number."""
    if supplier.compliance_documents.exists():
        return 0
    needed = {
        *settings.VETTING_REQUIRED,
        *settings.CERTIFICATES_FOR_LITHIUM,
        *settings.CERTIFICATES_FOR_EU,
    }
    for criterion in sorted(needed):
        document = vetting.submit(
            supplier=supplier,
            claim=_claim(Requirement(criterion), supplier, now),
            actor=actor,
            now=now,
        )
        vetting.verify(document=document, actor=actor, now=now, reason="demo")
    return len(needed)


def _claim(criterion: Requirement, supplier: Supplier, now: datetime) -> DocumentSubmission:
    is_declared = criterion in DECLARED
    return DocumentSubmission(
        criterion=criterion,
        kind=ComplianceDocument.Kind.DECLARATION
        if is_declared
        else ComplianceDocument.Kind.STATEMENT,
        issuer=ISSUER,
        reference=f"DEMO-{supplier.code}-{criterion}".upper(),
        valid_from=now.date(),
        valid_until=(now + LASTS).date() if is_declared else None,
        note=NOTE,
        content=_paper(criterion, supplier) if is_declared else None,
    )


def _paper(criterion: Requirement, supplier: Supplier) -> bytes:
    """Draw a page that cannot be mistaken for a certificate."""
    page = Image.new("RGB", PAGE_PX, "white")
    pen = ImageDraw.Draw(page)
    words = ["THIS IS NOT A CERTIFICATE", "", NOTE, "", criterion.value, supplier.name]
    pen.text((60, 80), "\n".join(words), fill="black", font_size=16, spacing=10)
    written = io.BytesIO()
    page.save(written, "PDF", title="Not a certificate")
    return written.getvalue().strip()
