"""Programs by name, and what changes on a machine."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.assets.models import FieldChange, Program
from tandem.assets.program_names import normal_program
from tandem.assets.software import SoftwareDocument, as_json, from_json, merge_software, programs_of, search

EMPTY = SoftwareDocument()
ALL = {"a1", "a2"}


def with_programs(**listed: list[Program]) -> SoftwareDocument:
    return merge_software(EMPTY, listed, listed).document


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("7-Zip 23.01 (x64)", "7-zip"),
        ("7-Zip 24.08 (x64 edition)", "7-zip"),
        ("Mozilla Firefox (x64 en-US)", "mozilla firefox"),
        ("Mozilla Firefox 115.0.2 ESR (x64 de)", "mozilla firefox esr"),
        (
            "Microsoft Visual C++ 2015-2022 Redistributable (x64) - 14.36.32532",
            "microsoft visual c++ 2015-2022 redistributable",
        ),
        ("Java 8 Update 381 (64-bit)", "java 8"),
        ("Python 3.11.4 Core Interpreter (64-bit)", "python core interpreter"),
        ("Microsoft .NET Runtime - 6.0.21 (x64)", "microsoft .net runtime"),
        ("Zoom(64bit)", "zoom"),
        ("Microsoft Office Professional Plus 2019 - de-de", "microsoft office professional plus 2019"),
        ("PuTTY release 0.78 (64-bit)", "putty"),
        ("OpenVPN 2.6.5-I001 amd64", "openvpn"),
        ("Intel® Graphics  Driver", "intel graphics driver"),
        ("libc6:amd64", "libc6"),
        ("python3.11-minimal", "python3.11-minimal"),
        ("Windows 11 Installation Assistant", "windows 11 installation assistant"),
        ("SQL Server 2019", "sql server 2019"),
        ("Planner (UK)", "planner (uk)"),
        ("1.2.3", "1.2.3"),
        ("  ", ""),
    ],
)
def test_version_architecture_and_language_are_no_part_of_a_name(name: str, normal: str) -> None:
    assert normal_program(name) == normal


@pytest.mark.parametrize("piece", ["11.", "(x64 ", "1.1", "a-", " - ", "(64 bit, ", "[en-us", "version "])
def test_a_name_that_was_made_to_be_slow_is_not(piece: str) -> None:
    began = time.process_time()
    normal_program("(" + piece * 500)
    assert time.process_time() - began < 0.5


def test_a_page_is_kept_by_program() -> None:
    document = with_programs(
        a1=[Program("7-Zip 23.01 (x64)", "23.01", "Igor Pavlov")],
        a2=[Program("7-Zip 24.08 (x64)", "24.08"), Program("Git")],
    )
    zipper = document.programs["7-zip"]
    assert (zipper.publisher, zipper.versions) == ("Igor Pavlov", {"23.01": ("a1",), "24.08": ("a2",)})
    assert document.programs["git"].versions == {"": ("a2",)}


def test_the_first_inventory_of_a_machine_is_no_change_of_it() -> None:
    assert merge_software(EMPTY, {"a1": [Program("Git", "2.1")]}, ALL).changes == {}


def test_added_removed_and_updated_programs_are_changes() -> None:
    before = with_programs(a1=[Program("Git", "2.1"), Program("Zoom", "5.0"), Program("VLC", "3.0")])
    listed = {"a1": [Program("Git", "2.2"), Program("VLC", "3.0"), Program("Teams")]}
    assert merge_software(before, listed, ALL).changes == {
        "a1": (FieldChange("Git", "2.1", "2.2"), FieldChange("Teams", None, ""), FieldChange("Zoom", "5.0", None))
    }


def test_a_program_in_two_versions_changes_as_one() -> None:
    before = with_programs(a1=[Program(".NET Runtime 6.0.1", "6.0.1"), Program(".NET Runtime 8.0.1", "8.0.1")])
    listed = {"a1": [Program(".NET Runtime 6.0.1", "6.0.1"), Program(".NET Runtime 8.0.2", "8.0.2")]}
    assert merge_software(before, listed, ALL).changes == {
        "a1": (FieldChange(".NET Runtime 6.0.1", "6.0.1, 8.0.1", "6.0.1, 8.0.2"),)
    }


def test_an_empty_list_uninstalls_nothing_and_neither_does_none() -> None:
    before = with_programs(a1=[Program("Git", "2.1")], a2=[Program("Git", "2.1")])
    merged = merge_software(before, {"a1": []}, ALL)
    assert (merged.document, merged.changes) == (before, {})


def test_a_machine_that_left_the_page_leaves_its_document() -> None:
    before = with_programs(a1=[Program("Git", "2.1")], a2=[Program("Zoom", "5.0")])
    merged = merge_software(before, {"a2": [Program("Slack", "1.0")]}, {"a1"})
    assert set(merged.document.programs) == {"git"}


def test_a_search_finds_words_of_names_and_publishers_over_all_documents() -> None:
    one = with_programs(a1=[Program("Mozilla Firefox (x64 en-US)", "120.0", "Mozilla")])
    two = with_programs(a2=[Program("Mozilla Firefox (x86 de)", "121.0", "Mozilla"), Program("Git", "2", "Mozilla?")])
    found = search([one, two], "FOX moz")
    assert [each.name for each in found] == ["mozilla firefox"]
    assert found[0].versions == {"120.0": ("a1",), "121.0": ("a2",)}
    assert found[0].assets == {"a1", "a2"}
    assert [each.name for each in search([one, two], "mozilla")] == ["mozilla firefox", "git"]
    assert search([one, two], "chrome") == []


def test_the_programs_of_one_asset_are_told_by_name() -> None:
    document = with_programs(a1=[Program("Zoom", "5"), Program("Git")], a2=[Program("Slack", "1")])
    assert programs_of(document, "a1") == [Program("Git"), Program("Zoom", "5")]


PROGRAMS = st.lists(
    st.builds(
        Program,
        st.sampled_from(["Git", "GIT", "Zoom (x64)", "Zoom 5.1", "7-Zip 1.2", " ", "1.0"]),
        st.none() | st.sampled_from(["1", "2", " 2"]),
        st.none() | st.just("P"),
    ),
    max_size=5,
)
LISTED = st.dictionaries(st.sampled_from(["a1", "a2", "a3"]), PROGRAMS)


@given(LISTED, LISTED)
def test_a_listing_merged_twice_changes_nothing_and_json_keeps_it(
    first: dict[str, list[Program]], second: dict[str, list[Program]]
) -> None:
    kept = ["a1", "a2", "a3"]
    merged = merge_software(merge_software(EMPTY, first, kept).document, second, kept)
    again = merge_software(merged.document, second, kept)
    assert (again.document, again.changes) == (merged.document, {})
    assert from_json(json.loads(json.dumps(as_json(merged.document)))) == merged.document


@given(LISTED)
def test_every_program_that_was_listed_is_found_with_its_machine(listed: dict[str, list[Program]]) -> None:
    document = merge_software(EMPTY, listed, listed).document
    for asset_id, programs in listed.items():
        for program in programs:
            name = normal_program(program.name)
            assert not name or asset_id in next(each.assets for each in search([document], "") if each.name == name)
