"""Claim labels: list the attributes of lights with the column names that suppliers use. Pure.

Column names are written as ``fields.fold_header`` writes them, in English, German, French, Spanish
and Italian, the likeliest first. ``catalog.attributes.spec_table`` reads each label.
"""

from suppliers.connectors.feed.mapping.fields import (
    BRACKET,
    IMAGE_ALIASES,
    OPTION_ALIASES,
    TARGETS,
    fold_header,
    split_names,
    strip_unit,
)

_NAMES = {
    "Light output": """
        light output, output, max output, maximum output, lumens, lumen, max lumens, brightness,
        max brightness, luminous flux, flux, ansi output, output ansi, ansi lumens, output max,
        turbo output, output turbo, turbo, high output, output high, high mode, lichtstrom,
        lichtleistung, leuchtkraft, helligkeit,
        max lichtstrom, flux lumineux, luminosite, puissance, flujo luminoso, luminosidad,
        flusso luminoso, luminosita""",
    "Lowest output": """
        min output, minimum output, lowest output, min lumens, moonlight, min lichtstrom,
        minimale helligkeit""",
    "Peak intensity": """
        peak intensity, peak beam intensity, beam intensity, intensity, candela, max candela,
        max intensity, lichtstarke, max lichtstarke, intensite, intensite lumineuse, intensidad,
        intensidad luminosa, intensita, intensita luminosa""",
    "Beam distance": """
        beam distance, max beam distance, beam, throw, max throw, throw distance, beam range,
        range, leuchtweite, max leuchtweite, reichweite, portee, portee max, alcance,
        distancia del haz, portata, distanza fascio""",
    "Run time on high": """
        run time high, runtime high, runtime on high, run time turbo, runtime turbo,
        laufzeit high""",
    "Run time": """
        run time, runtime, max runtime, max run time, runtime max, run time max, burn time, battery life, working time,
        leuchtdauer, laufzeit, max laufzeit, brenndauer, autonomie, autonomy, autonomia, duracion,
        durata, duree""",
    "IP rating": """
        ip rating, ip, ip code, ip class, ip grade, waterproof, waterproof rating,
        waterproof level, water resistance, waterproofing,
        water rating, ingress protection, schutzart, schutzklasse, ip schutzart, wasserdicht,
        wasserschutz, indice de protection, indice ip, etancheite, proteccion ip,
        grado de proteccion, grado di protezione, grado ip""",
    "Impact resistance": """
        impact resistance, impact, impact rating, drop resistance, drop, drop height, drop test, stossfestigkeit,
        schlagfestigkeit, sturzhohe, fallhohe, resistance aux chocs, resistencia a impactos,
        resistenza agli urti""",
    "Head diameter": """
        head diameter, head ø, head, head size, bezel diameter, bezel, kopfdurchmesser, durchmesser kopf,
        diametre tete, diametre de la tete, diametro cabeza, diametro de la cabeza, diametro testa""",
    "Length": """
        length, overall length, total length, product length, lange, gesamtlange, longueur,
        longitud, lunghezza, dimensions, product dimensions, abmessungen""",
    "Weight": """
        net weight, product weight, weight with battery, weight with batteries,
        weight incl battery, weight without battery, weight without batteries, weight, nettogewicht, eigengewicht,
        gewicht ohne batterie, gewicht, poids net, poids, peso neto, peso netto, peso""",
    "Battery": """
        battery, batteries, battery type, cell, cells, power source, power supply, batterie,
        batterien, akku, batterietyp, stromversorgung, piles, alimentation, bateria, pilas,
        alimentacion, batteria, alimentazione""",
    "Battery capacity": """
        battery capacity, capacity, batteriekapazitat, akkukapazitat, kapazitat, capacite,
        capacidad, capacita""",
    "Battery voltage": "battery voltage, voltage, spannung, akkuspannung, tension",
    "Battery energy": """
        battery energy, energy, watt hours, energie, akkuenergie, energieinhalt, energia""",
    "Charging": """
        charging, charging port, charging method, rechargeable, ladeanschluss, laden, lademethode,
        recharge, carga, ricarica""",
    "Modes": "modes, light modes, brightness levels, leuchtstufen, leuchtmodi, modos",
    "Light source": """
        light source, led, emitter, led type, led emitter, lichtquelle, leuchtmittel,
        source lumineuse, fuente de luz, sorgente luminosa""",
    "Light color": """
        light color, light colour, led color, lichtfarbe, couleur de lumiere, color de luz,
        colore luce""",
    "Color temperature": """
        color temperature, colour temperature, color temp, colour temp, cct, farbtemperatur, temperature de couleur,
        temperatura de color, temperatura colore""",
    "CRI": "cri, color rendering, colour rendering, farbwiedergabe, ra, irc",
    "Power": "power, wattage, led power, leistung, potencia, potenza",
    "Material": "body material, materiau, materiale, werkstoff",
}
CLAIM_ALIASES = {label: split_names(names) for label, names in _NAMES.items()}

KNOWN_NAMES = frozenset(IMAGE_ALIASES).union(
    *(target.aliases for target in TARGETS.values()),
    *OPTION_ALIASES.values(),
    *CLAIM_ALIASES.values(),
)


def known_name(header: str) -> str:
    """Return a column's name, folded, without a bracket or unit unless that is a known name."""
    names = (fold_header(header), fold_header(BRACKET.sub("", header)))
    return next((name for name in names if name in KNOWN_NAMES), strip_unit(header))
