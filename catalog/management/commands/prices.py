"""Price command: explain one price, dry-run a price book, reprice a channel."""

import time
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.listings import price_explanation, repricing
from catalog.models import Channel, Listing, PriceBook
from catalog.price_books import dry_run
from catalog.pricing import labels


class Command(BaseCommand):
    """Explain a price, dry-run a draft, or reprice a channel."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        explain_parser = verbs.add_parser("explain", help="explain the price of a SKU")
        explain_parser.add_argument("sku")
        explain_parser.add_argument(
            "--channel", default="", help="code of the channel; default: all channels"
        )
        dry_run_parser = verbs.add_parser("dry_run", help="dry-run a draft price book")
        dry_run_parser.add_argument("--channel", default="shop")
        dry_run_parser.add_argument(
            "--version", type=int, help="version of the price book; default: the newest draft"
        )
        reprice_parser = verbs.add_parser(
            "reprice", help="recalculate all prices of a channel, and wait"
        )
        reprice_parser.add_argument("--channel", default="shop")

    def handle(self, *_args: Any, **options: Any) -> None:
        getattr(self, f"_{options['verb']}")(options)

    def _explain(self, options: dict[str, Any]) -> None:
        rows = Listing.objects.filter(variant__sku=options["sku"]).order_by("channel")
        if options["channel"]:
            rows = rows.filter(channel__code=options["channel"])
        listings = list(rows.select_related("channel", "variant"))
        if not listings:
            raise CommandError(f"{options['sku']} has no listing.")
        for listing in listings:
            explanation = price_explanation.explain(listing=listing, now=timezone.now())
            currency = listing.channel.currency
            self.stdout.write(f"{listing.variant.sku} on {listing.channel}, {currency}")
            for step in explanation.steps:
                amount = "" if step.amount is None else f"{step.amount:.2f}"
                self.stdout.write(
                    f"  {labels.step_label(step.code):<48} {amount:>12}  {step.note}".rstrip()
                )
            for rule in explanation.rules:
                rule_text = f"{labels.rule_scope(rule)}: {labels.rule_method(rule)}"
                self.stdout.write(f"  {rule.book} rule {rule.number} matches: {rule_text}")

    def _dry_run(self, options: dict[str, Any]) -> None:
        books = PriceBook.objects.filter(channel__code=options["channel"])
        if options["version"] is None:
            books = books.filter(status=PriceBook.Status.DRAFT)
        else:
            books = books.filter(version=options["version"])
        book = books.select_related("channel", "restored_from").order_by("-version").first()
        if book is None:
            is_draft = options["version"] is None
            raise CommandError("There is no draft." if is_draft else "This version does not exist.")
        started = time.perf_counter()
        first_result = dry_run.run(book=book, now=timezone.now())
        self._timed(
            f"{book} dry run", first_result["counts"].get("variants", 0), "variants", started
        )
        for result in (first_result, *first_result["later"]):
            self._write_result(result)
        if first_result["omitted_times"]:
            self.stdout.write(
                f"  {first_result['omitted_times']} later starts and ends of scheduled rules are not included"
            )

    def _write_result(self, result: Mapping[str, Any]) -> None:
        if "at" in result:
            self.stdout.write(f"From {result['at']}, with scheduled rules applied")
        for name in ("counts", "outcomes"):
            for code, count in result[name].items():
                self.stdout.write(f"  {labels.step_label(code):<56} {count:>8}")
        before, after = (
            labels.format_percent(result[name]) for name in ("margin_before", "margin_after")
        )
        self.stdout.write(f"  margin {before} -> {after}")
        for row in result["largest"][:20]:
            self.stdout.write("  " + " | ".join(row))

    def _reprice(self, options: dict[str, Any]) -> None:
        channel = Channel.objects.filter(code=options["channel"]).first()
        if channel is None:
            raise CommandError(f"There is no channel {options['channel']!r}.")
        started = time.perf_counter()
        done = repricing.reprice_channel(channel=channel, now=timezone.now())
        self._timed(f"{channel} repriced", done.listings, "listings", started)
        blocked = ", ".join(f"{reason} {count}" for reason, count in done.stopped.items())
        self.stdout.write(f"  changed: {done.changed}; blocked: {blocked or 0}")

    def _timed(self, what: str, count: int, rows: str, started: float) -> None:
        seconds = max(time.perf_counter() - started, 0.001)
        self.stdout.write(f"{what}: {count} {rows} in {seconds:.1f} s, {count / seconds:.0f}/s")
