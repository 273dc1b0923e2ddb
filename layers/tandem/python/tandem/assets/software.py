"""The programs of one fleet page's assets, by program: which assets have it, and in which versions.

A document holds a page, so it stays small enough to be read whole, and a search goes through all of them. What an RMM
does not list takes nothing away: an asset without a list keeps its programs, and so does one with an empty list,
because a machine without any program is a machine whose inventory failed.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from tandem.assets.models import FieldChange, Program
from tandem.assets.program_names import normal_program
from tandem.assets.words import normal_text

NO_VERSION = ""


@dataclass(frozen=True, slots=True)
class Installed:
    """A program. `display`: a name as an RMM writes it; `versions`: the ids of the assets that have each, sorted;
    NO_VERSION where none is said."""

    display: str
    publisher: str | None = None
    versions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SoftwareDocument:
    """`programs`: by normalized name (program_names.py)."""

    programs: Mapping[str, Installed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SoftwareMerged:
    """`changes`: for the history (what = `software`), of the assets that changed: the field is the program's display
    name, old and new are its versions, None where it was not or is not there."""

    document: SoftwareDocument
    changes: Mapping[str, tuple[FieldChange, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """A program that a search found. `assets`: ids of all that have it in any version."""

    name: str
    display: str
    publisher: str | None
    versions: Mapping[str, tuple[str, ...]]

    @property
    def assets(self) -> frozenset[str]:
        """All that have it in any version."""
        return frozenset(each for assets in self.versions.values() for each in assets)


def merge_software(
    document: SoftwareDocument, listed: Mapping[str, Collection[Program]], kept: Collection[str]
) -> SoftwareMerged:
    """What a listing makes of a page's document. `listed`: by asset id; `kept`: the ids of the assets that the document
    is of, so that those that left the page or were retired leave it too.

    The first inventory of an asset is no change of it.
    """
    wanted = frozenset(kept)
    before = _by_asset(document)
    lists: dict[str, _List] = {asset_id: programs for asset_id, programs in before.items() if asset_id in wanted}
    names = dict(_names(document))
    changes: dict[str, tuple[FieldChange, ...]] = {}
    for asset_id in sorted(listed):
        if asset_id not in wanted or not (programs := _list_of(listed[asset_id], names)):
            continue
        lists[asset_id] = programs
        if asset_id in before and (found := _changes(before[asset_id], programs, names)):
            changes[asset_id] = found
    return SoftwareMerged(_document(lists, names), changes)


def programs_of(document: SoftwareDocument, asset_id: str) -> list[Program]:
    """One asset's programs, by name; a program in several versions comes several times."""
    found = [
        Program(program.display, version or None, program.publisher)
        for program in document.programs.values()
        for version, assets in program.versions.items()
        if asset_id in assets
    ]
    return sorted(found, key=lambda program: (normal_text(program.name), program.version or ""))


def search(documents: Iterable[SoftwareDocument], query: str) -> list[Found]:
    """The programs whose name or publisher holds every word of the query, those on the most assets first. An empty
    query finds all."""
    words = normal_text(query).split()
    found: dict[str, Found] = {}
    for document in documents:
        for name, program in document.programs.items():
            text = normal_text(f"{name} {program.display} {program.publisher or ''}")
            if not all(word in text for word in words):
                continue
            before = found.get(name, Found(name, program.display, program.publisher, {}))
            versions = dict(before.versions)
            for version, assets in program.versions.items():
                versions[version] = tuple(sorted({*versions.get(version, ()), *assets}))
            found[name] = Found(name, before.display, before.publisher or program.publisher, versions)
    return sorted(found.values(), key=lambda each: (-len(each.assets), each.name))


def as_json(document: SoftwareDocument) -> dict[str, object]:
    """The document as it is kept: `{programs: {name: {display, publisher, versions: {version: [asset id]}}}}`."""
    return {
        "programs": {
            name: {
                "display": program.display,
                "publisher": program.publisher,
                "versions": {version: list(assets) for version, assets in program.versions.items()},
            }
            for name, program in document.programs.items()
        }
    }


def from_json(content: Mapping[str, Mapping[str, Mapping[str, object]]]) -> SoftwareDocument:
    """What `as_json` gave."""
    return SoftwareDocument({name: _installed(program) for name, program in content["programs"].items()})


def _installed(program: Mapping[str, object]) -> Installed:
    publisher, versions = program["publisher"], program["versions"]
    assert isinstance(versions, Mapping)  # noqa: S101 - as_json wrote it
    return Installed(
        str(program["display"]),
        None if publisher is None else str(publisher),
        {str(version): tuple(assets) for version, assets in versions.items()},
    )


_List = Mapping[str, frozenset[str]]
"""The versions of each program of one asset, by normalized name."""

_Name = tuple[str, str | None]
"""Display name and publisher."""


def _names(document: SoftwareDocument) -> dict[str, _Name]:
    return {name: (program.display, program.publisher) for name, program in document.programs.items()}


def _by_asset(document: SoftwareDocument) -> dict[str, _List]:
    lists: dict[str, dict[str, frozenset[str]]] = {}
    for name, program in document.programs.items():
        for version, assets in program.versions.items():
            for asset_id in assets:
                of_asset = lists.setdefault(asset_id, {})
                of_asset[name] = of_asset.get(name, frozenset()) | {version}
    return dict(lists)


def _list_of(programs: Collection[Program], names: dict[str, _Name]) -> _List:
    """One asset's list; names that were not known before are added to `names`. The name that was known first stays, so
    that a document does not change with the order of assets."""
    versions: dict[str, frozenset[str]] = {}
    for program in sorted(programs, key=lambda each: (each.name, each.version or "")):
        if not (name := normal_program(program.name)):
            continue
        versions[name] = versions.get(name, frozenset()) | {(program.version or NO_VERSION).strip()}
        display, publisher = names.get(name, (program.name.strip(), None))
        names[name] = (display, publisher or program.publisher)
    return versions


def _changes(before: _List, after: _List, names: Mapping[str, _Name]) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(names[name][0], _versions(before.get(name)), _versions(after.get(name)))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def _versions(versions: frozenset[str] | None) -> str | None:
    """As text; the empty text is a program that says no version."""
    return None if versions is None else ", ".join(sorted(versions))


def _document(lists: Mapping[str, _List], names: Mapping[str, _Name]) -> SoftwareDocument:
    versions: dict[str, dict[str, list[str]]] = {}
    for asset_id in sorted(lists):
        for name, of_program in lists[asset_id].items():
            for version in of_program:
                versions.setdefault(name, {}).setdefault(version, []).append(asset_id)
    return SoftwareDocument(
        {
            name: Installed(
                *names[name], {version: tuple(assets) for version, assets in sorted(versions[name].items())}
            )
            for name in sorted(versions)
        }
    )
