"""Attribute command: create common custom attributes of lights, with names and choices."""

from typing import Any

from django.core.management.base import BaseCommand

from catalog.attributes.families import LIGHTS
from catalog.models import CustomAttribute

Kind = CustomAttribute.Kind


def _attribute(code: str, kind: str, en: str, az: str, **more: Any) -> dict[str, Any]:
    families = sorted(more.pop("families", LIGHTS))
    return {"code": code, "kind": kind, "names": {"en": en, "az": az}, "families": families, **more}


def _choices(**names: tuple[str, str]) -> list[list[Any]]:
    return [[code, {"en": en, "az": az}] for code, (en, az) in names.items()]


MARKS = (
    *(("ce", "CE"), ("ukca", "UKCA"), ("fcc", "FCC"), ("rohs", "RoHS"), ("weee", "WEEE")),
    *(("ul", "UL"), ("atex", "ATEX")),
)
ATTRIBUTES = (
    _attribute(
        *(
            "output_sustained",
            Kind.NUMBER,
            "Output after 10 minutes",
            "10 dəqiqədən sonra işıq gücü",
        ),
        unit="lm",
        minimum=1,
        maximum=100_000,
        labels=["Sustained output", "Output after 10 min"],
    ),
    _attribute(
        *("light_form", Kind.CHOICES, "Form", "Forma"),
        choices=_choices(
            handheld=("handheld", "əl fənəri"),
            keychain=("keychain", "açarlıq"),
            penlight=("penlight", "qələm fənər"),
            angle=("angle light", "bucaqlı fənər"),
            spotlight=("spotlight", "projektor"),
            cap_clip=("cap light", "papaq fənəri"),
            helmet=("helmet light", "dəbilqə fənəri"),
            body=("body light", "bədən fənəri"),
            task=("task light", "iş yeri fənəri"),
            panel=("floodlight panel", "işıq paneli"),
            table=("table light", "masa fənəri"),
        ),
        labels=["Form factor", "Light form"],
    ),
    _attribute(
        *("beam_angle", Kind.NUMBER, "Beam angle", "İşıq bucağı"),
        unit="°",
        minimum=1,
        maximum=360,
        labels=["Lighting angle", "Illumination angle", "Beam spread"],
    ),
    _attribute(
        *("emitter_type", Kind.CHOICES, "Light source type", "İşıq mənbəyinin növü"),
        choices=_choices(
            led=("LED", "LED"),
            cob=("COB", "COB"),
            lep=("LEP", "LEP"),
            laser=("laser", "lazer"),
            incandescent=("incandescent", "közərmə lampası"),
        ),
        labels=["Emitter type", "Light technology"],
    ),
    _attribute(
        *("emitter_count", Kind.NUMBER, "Number of LEDs", "LED sayı"),
        minimum=1,
        maximum=50,
        labels=["LED count", "LED quantity", "Number of emitters"],
    ),
    _attribute(
        *("focus", Kind.CHOICE, "Focus", "Fokus"),
        choices=_choices(
            fixed=("fixed", "sabit"),
            zoom=("zoom", "zum"),
            dual_beam=("two beams", "iki şüa"),
            diffuser=("with a diffuser", "işıq yayıcı ilə"),
        ),
        labels=["Beam focus", "Focusing"],
    ),
    _attribute(
        *("switch_position", Kind.CHOICES, "Switch", "Düymə"),
        choices=_choices(
            tail=("at the tail", "arxada"),
            side=("on the side", "yanda"),
            top=("on top", "üstdə"),
            rotary=("dial", "fırlanan"),
            twist=("by twisting", "burmaqla"),
            ring=("ring", "halqa"),
            remote=("remote", "uzaqdan"),
        ),
        labels=["Switch type", "Switch position", "Switch location"],
    ),
    _attribute(
        *("mode_memory", Kind.YES_NO, "Remembers the last mode", "Son rejimi yadda saxlayır"),
        labels=["Mode memory", "Memory function"],
    ),
    _attribute(
        *("charge_time", Kind.NUMBER, "Charging time", "Doldurma müddəti"),
        unit="h",
        minimum=0,
        maximum=48,
        labels=["Charge time", "Charging duration"],
        families=[*LIGHTS, "charger"],
    ),
    _attribute(
        *("c_to_c", Kind.YES_NO, "Charges from a C-to-C cable", "C–C kabeli ilə dolur"),
        labels=["USB-C PD compatible", "C to C charging"],
    ),
    _attribute(
        *("submersion_depth", Kind.NUMBER, "Submersion depth", "Suya batma dərinliyi"),
        unit="m",
        minimum=0,
        maximum=300,
        labels=["Diving depth", "Waterproof depth", "Max depth"],
    ),
    _attribute(
        *("mounts", Kind.CHOICES, "Carrying and mounting", "Daşıma və bərkitmə"),
        choices=_choices(
            clip=("clip", "klips"),
            lanyard=("lanyard", "bilək ipi"),
            magnet=("magnet", "maqnit"),
            hook=("hook", "qarmaq"),
            tripod=("tripod thread", "ştativ yivi"),
            stand=("stand", "ayaq"),
            holster=("holster", "qab"),
        ),
        labels=["Carry and mount", "Mounting", "Attachment", "Carry"],
    ),
    _attribute(
        *("head_strap", Kind.CHOICES, "Strap", "Kəmər"),
        choices=_choices(
            elastic=("elastic strap", "elastik kəmər"),
            silicone=("silicone strap", "silikon kəmər"),
            top_strap=("top strap", "üst kəmər"),
            helmet_clip=("helmet clip", "dəbilqə klipsi"),
        ),
        labels=["Headband", "Head strap"],
        families=["headlamp"],
    ),
    _attribute(
        *("tilt", Kind.NUMBER, "Tilt angle", "Əyilmə bucağı"),
        unit="°",
        minimum=0,
        maximum=360,
        labels=["Tilt", "Tilts by", "Tilt range", "Turns"],
    ),
    _attribute(
        *("bike_mount", Kind.CHOICE, "Bike mount", "Velosiped bərkitməsi"),
        choices=_choices(
            strap=("rubber strap", "rezin kəmər"),
            bracket=("bracket", "tutacaq"),
            quarter_turn=("quarter-turn mount", "dörddəbir dönmə bərkitməsi"),
        ),
        labels=["Mount type"],
        families=["bike_light"],
    ),
    _attribute(
        *("stvzo", Kind.YES_NO, "Approved for German roads", "Almaniya yolları üçün icazəli"),
        labels=["StVZO", "StVZO approved"],
        families=["bike_light"],
    ),
    _attribute(
        *("risk_group", Kind.CHOICE, "Eye risk group (EN 62471)", "Göz üçün risk qrupu (EN 62471)"),
        choices=_choices(
            rg0=("RG0", "RG0"), rg1=("RG1", "RG1"), rg2=("RG2", "RG2"), rg3=("RG3", "RG3")
        ),
        labels=["Risk group", "Photobiological safety"],
    ),
    _attribute(
        *("laser_class", Kind.CHOICE, "Laser class", "Lazer sinfi"),
        choices=_choices(
            none=("none", "yoxdur"),
            class_1=("class 1", "sinif 1"),
            class_2=("class 2", "sinif 2"),
            class_3r=("class 3R", "sinif 3R"),
            class_3b=("class 3B", "sinif 3B"),
            class_4=("class 4", "sinif 4"),
        ),
        labels=["Laser safety class"],
    ),
    _attribute(
        *("compliance", Kind.CHOICES, "Marks (stated by the supplier)"),
        "Nişanlar (təchizatçının bildirdiyi)",
        choices=_choices(**{code: (name, name) for code, name in MARKS}),
        labels=["Marks", "Compliance marks"],
        families=[],
    ),
    _attribute(
        *("bays", Kind.NUMBER, "Bays", "Yuvalar"),
        minimum=1,
        maximum=16,
        labels=["Slots", "Number of bays"],
        families=["charger"],
    ),
)


class Command(BaseCommand):
    help = "Create common custom attributes of lights. Existing attributes are not changed."

    def handle(self, *args: Any, **options: Any) -> None:
        del args, options
        count = 0
        for position, values in enumerate(ATTRIBUTES):
            _, is_new = CustomAttribute.objects.get_or_create(
                code=values["code"], defaults={**values, "position": position}
            )
            count += is_new
        self.stdout.write(f"{count} of {len(ATTRIBUTES)} attributes are new.")
