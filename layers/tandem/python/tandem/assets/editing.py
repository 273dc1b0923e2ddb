"""What a person writes into an asset, and what the RMM says against it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tandem.assets.merging import field_value
from tandem.assets.models import Asset, AssetType, FieldChange, FieldValue, HistoryEntry
from tandem.assets.pages import AssetWrite
from tandem.assets.shown import EDITABLE, Shown, as_provided, shown
from tandem.assets.writing import asset_write

_NEVER_EMPTY = frozenset({"name", "asset_type"})
_LONGEST = 500
_SHOWN_OF_NOTES = 200
"""Characters, in the history."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The RMM says something else than a person wrote. The person's word is shown; a person may give it back."""

    field: str
    edited: FieldValue
    provided: FieldValue


def differences(asset: Asset) -> tuple[Difference, ...]:
    """All of them, for review. An RMM that says nothing of the field does not contradict."""
    provided = as_provided(asset)
    found = (Difference(name, asset.edited[name], _value(provided, name)) for name in sorted(asset.edited))
    return tuple(each for each in found if each.provided is not None and each.provided != each.edited)


def edit(asset: Asset, edits: Mapping[str, FieldValue], by: str, at: datetime) -> AssetWrite | None:
    """The person's words from now on; None if they are that already. None as a value: the field is shown empty.

    `by`: as of HistoryEntry. Raises ValueError, a sentence for the person, for a field that is not a person's or a
    value that it cannot have.
    """
    checked = {name: _checked(name, value) for name, value in edits.items()}
    return _written(asset, {**asset.edited, **checked}, asset.notes, by, at)


def give_back(asset: Asset, names: Collection[str], by: str, at: datetime) -> AssetWrite | None:
    """These fields are what the RMM says again; None if no person had written them. Raises as `edit`."""
    for name in names:
        _check_editable(name)
    kept = {name: value for name, value in asset.edited.items() if name not in names}
    return _written(asset, kept, asset.notes, by, at)


def revise(
    asset: Asset, edits: Mapping[str, FieldValue], given_back: Collection[str], notes: str | None, by: str, at: datetime
) -> AssetWrite | None:
    """`edit`, `give_back` and the person's own notes in one; None if nothing changes. Raises as `edit`."""
    checked = {name: _checked(name, value) for name, value in edits.items()}
    for name in given_back:
        _check_editable(name)
    kept = {name: value for name, value in asset.edited.items() if name not in given_back}
    return _written(asset, {**kept, **checked}, notes, by, at)


def _written(
    asset: Asset, edited: Mapping[str, FieldValue], notes: str | None, by: str, at: datetime
) -> AssetWrite | None:
    if edited == asset.edited and notes == asset.notes:
        return None
    after = replace(asset, edited=dict(edited), notes=notes, updated_at=at, version=asset.version + 1)
    old, new = shown(asset), shown(after)
    changes = tuple(
        FieldChange(name, _value(old, name), _value(new, name))
        for name in sorted(EDITABLE)
        if _value(old, name) != _value(new, name)
    )
    if notes != asset.notes:
        changes += (FieldChange("notes", _beginning(asset.notes), _beginning(notes)),)
    # A person who writes what the RMM says too changes nothing that is seen, but the field is the person's from now on.
    entry = HistoryEntry(asset.asset_id, at, by, "changed", changes)
    return asset_write(asset, after, (entry,) if changes else ())


def _beginning(notes: str | None) -> str | None:
    return notes[:_SHOWN_OF_NOTES] if notes is not None else None


def _value(view: Shown, name: str) -> FieldValue:
    return view.client_id if name == "client_id" else field_value(getattr(view.facts, name))


def _check_editable(name: str) -> None:
    if name not in EDITABLE:
        raise ValueError(f"{name} is the RMM's; a person may write {', '.join(sorted(EDITABLE))}")


def _checked(name: str, value: FieldValue) -> FieldValue:
    _check_editable(name)
    if value is None:
        if name in _NEVER_EMPTY:
            raise ValueError(f"{name} cannot be empty")
        return None
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError(f"{name} is a text of at most {_LONGEST} characters")
    text = value.strip()
    if not text:
        raise ValueError(f"{name} cannot be empty; give it back to the RMM, or write null")
    if name == "asset_type" and text not in {each.value for each in AssetType}:
        raise ValueError(f"asset_type is one of {', '.join(each.value for each in AssetType)}")
    return text
