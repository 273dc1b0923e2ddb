"""Titles, descriptions and templates."""

from dataclasses import replace

from tandem.alerts.limits import TITLE_CHARACTERS
from tandem.alerts.placing import Place
from tandem.alerts.wording import PLACEHOLDERS, description, placeholders, render, title, unknown_placeholders
from tests.unit.alerts.world import rule, triggered

PLACE = Place(None, "o1", "Acme / HQ", "PC-1", None, "c1", "organization", None)


def test_placeholders_are_filled_whatever_their_letter_case_and_unknown_ones_stay() -> None:
    values = placeholders(triggered(), PLACE)
    text = render("{{Device}}|{{ MESSAGE }}|{{severity}}|{{organization}}|{{unknown}}|{{", values)
    assert text == "PC-1|Disk C: is full|moderate|Acme / HQ|{{unknown}}|{{"


def test_the_placeholders_that_may_be_named_are_those_that_are_filled() -> None:
    assert tuple(placeholders(triggered(), PLACE)) == PLACEHOLDERS
    assert unknown_placeholders("{{ Device }} {{message}} {{severity}} {{organization}} {{ {x} }}") == []
    assert unknown_placeholders("{{devcie}}: {{alert.message}}, {{}}") == ["{{devcie}}", "{{alert.message}}", "{{}}"]


def test_a_message_that_looks_like_a_placeholder_stays_what_it_is() -> None:
    values = placeholders(triggered(message="{{device}}"), PLACE)
    assert render("{{message}}", values) == "{{device}}"


def test_a_title_is_one_line_of_at_most_255_characters() -> None:
    made = title(rule("r"), triggered(message="first\nsecond " + "x" * 500), PLACE)
    assert "\n" not in made
    assert len(made) == TITLE_CHARACTERS
    assert made.startswith("PC-1: first second")
    assert made.endswith("…")


def test_a_template_of_the_rule_makes_title_and_description() -> None:
    own = rule("r", title_template="[{{severity}}] {{device}}", description_template="See {{organization}}")
    assert title(own, triggered(), PLACE) == "[moderate] PC-1"
    assert description(own, triggered(), PLACE) == "See Acme / HQ"


def test_an_alert_without_device_or_message_still_gets_a_title_that_says_something() -> None:
    bare = replace(triggered(message="", device=None), device_name=None)
    assert title(rule("r"), bare, replace(PLACE, device_name=None)) == "Acme / HQ: check:1"
