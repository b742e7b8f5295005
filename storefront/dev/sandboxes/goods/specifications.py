"""Specifications: write a product's specification table and description as suppliers do. Pure."""

from .archetypes import AccessoryKind, LightKind
from .brands import Brand
from .model import Battery, Light, Mode
from .randomness import RandomDraws

SMALL_LM = 10


def hours_text(hours: float) -> str:
    return f"{round(hours * 60)} min" if hours < 1 else f"{hours:g} h"


def output_text(lumens: float) -> str:
    return f"{lumens:g} lm" if lumens < SMALL_LM else f"{lumens:.0f} lm"


def _mode_text(mode: Mode) -> str:
    lumens = output_text(mode.output_lm)
    if mode.hours is None:
        return f"{mode.name} {lumens}"
    return f"{mode.name} {lumens} / {hours_text(mode.hours)}"


def battery_text(battery: Battery) -> str:
    cell = f"{battery.chemistry} {battery.capacity_mah} mAh {battery.voltage_v:g} V"
    energy = f"({battery.energy_wh:.3g} Wh)"
    if battery.is_built_in:
        return f"built-in {cell} {energy}"
    return f"{battery.count} × {battery.format} {cell} {energy}"


def light_colors(kind: LightKind) -> str:
    if "rear" in kind.code:
        return "red"
    names = [*kind.extras]
    colors = ["white"]
    colors += ["red"] * any(name.startswith("Red") for name in names)
    colors += ["blue"] * ("Red and blue flash" in names)
    colors += ["UV 395 nm"] * ("UV 395 nm" in names)
    return ", ".join(colors)


def light_facts(kind: LightKind, light: Light, *, cct: str, cri: int) -> list[tuple[str, str]]:
    levels = light.levels
    facts = [
        ("Light output", output_text(levels[0].output_lm)),
        ("Beam distance", f"{light.beam_m:g} m"),
        ("Peak beam intensity", f"{light.peak_cd} cd"),
        ("Run time (high)", hours_text(levels[0].hours or 0)),
        ("Run time (low)", hours_text(levels[-1].hours or 0)),
        ("Modes", "; ".join(_mode_text(mode) for mode in light.modes)),
        ("Beam", kind.beam),
        ("Light source", f"{light.emitter_count} × {light.emitter}"),
        ("Light colors", light_colors(kind)),
        ("Water resistance", light.ip if light.ip != "none" else "none"),
        ("Impact resistance", f"{light.drop_m:g} m"),
    ]
    if cct:
        facts += [("Color temperature", cct), ("Color rendering", f"CRI {cri}")]
    return facts


def battery_facts(battery: Battery, *, included: str, charging: str) -> list[tuple[str, str]]:
    facts = [("Battery", battery_text(battery))]
    if included:
        facts.append(("Battery included", included))
    facts.append(("Charging", charging))
    if battery.is_lithium and included != "No":
        facts.append(("UN 38.3", "test summary on request"))
    return facts


EU_RESPONSIBLE_PERSON = (
    "Sample Compliance B.V., Voorbeeldkade 8, 3011 AA Rotterdam, NL, gpsr@compliance.example"
)


def manufacturer_facts(brand: Brand) -> list[tuple[str, str]]:
    facts = [
        ("Marks", "CE, RoHS, WEEE"),
        ("Country of origin", "CN"),
        ("Manufacturer", f"{brand.legal_name}, {brand.address}, {brand.email}"),
    ]
    if not brand.is_in_eu:
        facts.append(("EU responsible person", EU_RESPONSIBLE_PERSON))
    return facts


def lead(kind: LightKind | AccessoryKind, *, brand: Brand, draws: RandomDraws) -> str:
    """Return the two or three sentences above the table."""
    use = draws.pick(kind.uses)
    named = f"{'an' if kind.noun[0] in 'AEIOUaeiou1' else 'a'} {kind.noun}"
    opening = draws.pick(
        (
            f"{named[0].upper()}{named[1:]} for {use}.",
            f"For {use}: {named} that is ready when you are.",
            f"{use[0].upper()}{use[1:]}. That is what this {kind.noun} is for.",
        )
    )
    closing = draws.pick(
        (
            "Spare parts can be ordered for five years.",
            "In the box: see the table below.",
            "The table below has the numbers.",
            "No app, no account.",
        )
    )
    return f"{opening} {brand.voice} {closing}"
