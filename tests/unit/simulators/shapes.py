"""Whether an answer has the shape of a recorded one: the same members, with values of the same types."""

from typing import Any


def differences(made: Any, recorded: Any, where: str = "") -> list[str]:
    """What differs between two values' shapes, in words. null fits any type: it is what an unknown value is. Lists are
    compared by their first members."""
    if made is None or recorded is None:
        return []
    if isinstance(made, bool) != isinstance(recorded, bool):
        return [f"{where or 'it'}: {type(made).__name__} instead of {type(recorded).__name__}"]
    if isinstance(made, int | float) and isinstance(recorded, int | float):
        return []
    if type(made) is not type(recorded):
        return [f"{where or 'it'}: {type(made).__name__} instead of {type(recorded).__name__}"]
    if isinstance(made, list):
        return differences(made[0], recorded[0], f"{where}[0]") if made and recorded else []
    if not isinstance(made, dict):
        return []
    found = [f"{where}.{name} is missing" for name in recorded if name not in made]
    found += [f"{where}.{name} is too many" for name in made if name not in recorded]
    for name in set(made) & set(recorded):
        found += differences(made[name], recorded[name], f"{where}.{name}")
    return sorted(found)
