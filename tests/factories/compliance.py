"""Papers, and proofs that somebody has or has not looked at."""

from __future__ import annotations

import io
from datetime import date

from PIL import Image

from suppliers.compliance import vetting
from suppliers.compliance.vetting import Claim
from suppliers.models import Criterion, Evidence
from tests.factories.suppliers import NOON, make_supplier

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def make_picture(kind="PNG", size=(80, 60)):
    drawn = io.BytesIO()
    Image.new("RGB", size, "navy").save(drawn, kind)
    return drawn.getvalue()


def make_claim(
    criterion=Criterion.CE,
    *,
    kind=Evidence.Kind.DECLARATION,
    content=PDF,
    valid_until=date(2027, 11, 24),
    **known,
):
    return Claim(criterion=criterion, kind=kind, content=content, valid_until=valid_until, **known)


def make_evidence(supplier=None, criterion=Criterion.CE, *, now=NOON, **known):
    return vetting.submit(
        supplier=supplier or make_supplier(),
        claim=make_claim(criterion, **known),
        actor="desk",
        now=now,
    )


def make_verified(supplier=None, criterion=Criterion.CE, *, now=NOON, **known):
    evidence = make_evidence(supplier, criterion, now=now, **known)
    vetting.verify(evidence=evidence, actor="boss", now=now)
    return evidence
