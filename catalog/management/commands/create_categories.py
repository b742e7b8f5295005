"""Category command: create the shop's categories with their names in both languages. Idempotent."""

from typing import Any, NamedTuple

from django.core.management.base import BaseCommand

from catalog.models import Category
from catalog.models.families import load_families


class CategoryTexts(NamedTuple):
    slug: str
    name_en: str
    name_az: str
    intro_en: str
    intro_az: str
    google_id: int | None


_CATEGORIES = (
    CategoryTexts(
        "headlamps",
        "Headlamps",
        "Baş fənərləri",
        "Light where you look, both hands free. Compare lumens, hours and grams.",
        "Baxdığınız yerə işıq, əlləriniz boş. Lümen, saat və qramı müqayisə edin.",
        2454,
    ),
    CategoryTexts(
        "flashlights",
        "Flashlights",
        "Əl fənərləri",
        "From key ring to search light. The beam diagram shows how far and how wide each light shines.",
        "Açarlıqdan axtarış fənərinə qədər. Şüa diaqramı işığın nə qədər uzağa və nə qədər enli düşdüyünü göstərir.",
        543689,
    ),
    CategoryTexts(
        "lanterns",
        "Lanterns",
        "Kempinq fənərləri",
        "Even light for a tent, a table or a dark evening at home.",
        "Çadır, masa və ya evdə qaranlıq axşam üçün bərabər işıq.",
        1019,
    ),
    CategoryTexts(
        "work-lights",
        "Work lights",
        "İş işıqları",
        "Bright, steady and easy to hang, stand or stick where the work is.",
        "Parlaq, sabit; asmaq, qoymaq və ya işin yanına bərkitmək asandır.",
        5592,
    ),
    CategoryTexts(
        "bike-lights",
        "Bike lights",
        "Velosiped işıqları",
        "See and be seen. Check what your country allows on the road.",
        "Görün və görünün. Ölkənizdə yolda nəyə icazə verildiyini yoxlayın.",
        505302,
    ),
    CategoryTexts(
        "cells-chargers",
        "Cells and chargers",
        "Batareyalar və doldurucular",
        "Honest capacities only: no cell here claims more than physics allows.",
        "Yalnız dürüst tutumlar: heç bir batareya fizikanın imkanından artığını vəd etmir.",
        4928,
    ),
    CategoryTexts(
        "accessories",
        "Accessories",
        "Aksesuarlar",
        "Straps, mounts, diffusers and the small parts that get lost.",
        "Kəmərlər, bərkitmələr, diffuzorlar və itən kiçik hissələr.",
        2447,
    ),
)


class Command(BaseCommand):
    help = "Create or update the shop's categories."

    def handle(self, *args: Any, **options: Any) -> None:
        del args, options
        families = load_families()
        for position, category in enumerate(_CATEGORIES):
            Category.objects.update_or_create(
                slug=category.slug,
                defaults={
                    "names": {"en": category.name_en, "az": category.name_az},
                    "intros": {"en": category.intro_en, "az": category.intro_az},
                    "families": [
                        family.code for family in families if family.category == category.slug
                    ],
                    "google_id": category.google_id,
                    "position": position,
                },
            )
        self.stdout.write(f"{len(_CATEGORIES)} categories in place.")
