from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from suppliers.models import ComplianceDocument, Scorecard, ScorecardFact
from tests.factories.compliance import PDF
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db


@pytest.fixture
def supplier(settings):
    settings.VETTING_REQUIRED = ["ce", "returns"]
    return make_supplier()


def said(capsys, *words):
    call_command(*words)
    return capsys.readouterr().out


def test_a_document_is_added_and_verified_by_command(supplier, tmp_path, capsys):
    paper = tmp_path / "ce.pdf"
    paper.write_bytes(PDF)
    add = ["compliance", "add", "lumen", "ce", "--kind", "declaration", "--file", str(paper)]

    assert "verified by boss" in said(capsys, *add, "--verified-by", "boss")

    told = json.loads(said(capsys, "compliance", "list", "lumen", "--json"))
    assert told["missing"] == ["returns"]
    assert [(row["criterion"], row["verified_by"]) for row in told["evidence"]] == [("ce", "boss")]
    assert "Missing: returns." in said(capsys, "compliance", "list", "lumen")


def test_a_document_is_verified_and_rejected_by_id(supplier, capsys):
    said(capsys, "compliance", "add", "lumen", "returns", "--kind", "policy")
    evidence = ComplianceDocument.objects.get()

    assert "Verified" in said(capsys, "compliance", "verify", str(evidence.pk), "--by", "boss")
    assert "Rejected" in said(capsys, "compliance", "reject", str(evidence.pk), "--by", "boss")
    with pytest.raises(CommandError, match="rejected -> verified"):
        call_command("compliance", "verify", str(evidence.pk), "--by", "boss")


def test_errors_are_reported(supplier, tmp_path):
    broken = tmp_path / "ce.pdf"
    broken.write_bytes(b"<html>")

    for words, why in (
        (["add", "unknown", "ce"], "does not exist"),
        (["add", "lumen", "ce", "--file", str(broken)], "not a PDF"),
        (["add", "lumen", "ce", "--file", str(tmp_path / "none.pdf")], "No such file"),
        (["add", "lumen", "ce", "--kind", "declaration", "--verified-by", "x"], "no document"),
        (["verify", "999", "--by", "boss"], "does not exist"),
    ):
        with pytest.raises(CommandError, match=why):
            call_command("compliance", *words)


def test_scorecards_are_recomputed_by_command(supplier, capsys):
    ScorecardFact.objects.create(
        supplier=supplier, kind="filled", subject="line:1", value=1, happened_at=NOON
    )

    said(capsys, "roll_up_scorecards", "--days", "400")
    once = list(Scorecard.objects.values_list("measure", "on", "value"))
    said(capsys, "roll_up_scorecards", "--days", "400")

    assert list(Scorecard.objects.values_list("measure", "on", "value")) == once
