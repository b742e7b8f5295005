"""Recognize carrier command: name the carriers of tracking numbers."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shipping.carriers.numbers import InvalidTrackingNumberError
from shipping.carriers.recognition import Recognition, recognize
from shipping.carriers.tracking_urls import tracking_url

COUNTRY_LENGTH = 2


class Command(BaseCommand):
    """Name the carrier of each tracking number, or the possible ones. Exit code 2: unreadable."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("numbers", nargs="+", metavar="NUMBER")
        parser.add_argument("--country", default="", metavar="CC", help="country of delivery")
        parser.add_argument("--carrier", default="", help="what the supplier calls the carrier")
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, *_args: Any, **options: Any) -> None:
        country = options["country"].upper()
        if country and not (
            len(country) == COUNTRY_LENGTH and country.isascii() and country.isalpha()
        ):
            raise CommandError(f"{options['country']!r} is not a country code", returncode=2)
        try:
            recognized = [
                recognize(number, country=country, wording=options["carrier"])
                for number in options["numbers"]
            ]
        except InvalidTrackingNumberError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            documents = [_document(each, country) for each in recognized]
            self.stdout.write(json.dumps(documents, ensure_ascii=False, indent=2))
            return
        for each in recognized:
            self.stdout.write(_line(each))


def _document(recognized: Recognition, country: str) -> dict[str, Any]:
    carrier = recognized.carrier
    return {
        "number": recognized.number,
        "carrier": carrier.code if carrier else None,
        "candidates": [each.code for each in recognized.candidates],
        "finding": recognized.finding.value,
        "tracking_url": tracking_url(carrier, recognized.number, country=country, language="en"),
    }


def _line(recognized: Recognition) -> str:
    if recognized.carrier:
        return f"{recognized.number}: {recognized.carrier.name}"
    possible = ", ".join(each.name for each in recognized.candidates) or "no known carrier"
    return f"{recognized.number}: {recognized.finding.value.replace('_', ' ')} ({possible})"
