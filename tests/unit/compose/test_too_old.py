"""A project that Compose refuses because it is older than an attribute is told from one that is wrong."""

from __future__ import annotations

import pytest

from dayzero.compose.too_old import NewAttribute, unknown_to


@pytest.mark.parametrize(
    ("version", "complaint", "place", "since"),
    [
        (
            "2.26.1-4",
            "validating /a/compose.yaml: services.store Additional property pre_start is not allowed",
            "services.store.pre_start",
            "5.3.0",
        ),
        (
            "5.2.0",
            "validating /a/compose.yaml: services.store additional properties 'pre_start' not allowed",
            "services.store.pre_start",
            "5.3.0",
        ),
        (
            "2.35.0",
            "validating /a/compose.yaml: services.my.store additional properties 'models', 'provider' not allowed",
            "services.my.store.models",
            "2.38.0",
        ),
        (
            "2.36.2",
            "validating /a/c.yaml: (root) Additional property models is not allowed",
            "models",
            "2.38.0",
        ),
        ("5.5.0", "validating /a/c.yaml:  additional properties 'jobs' not allowed", "jobs", "5.6.0"),
        (
            "5.4.0",
            "validating /a/c.yaml: services.a.pre_start.0 additional properties 'volumes' not allowed",
            "services.a.pre_start.0.volumes",
            "5.6.0",
        ),
        (
            "2.26.1",
            "validating /a/c.yaml: services.a.networks.default Additional property gw_priority is not allowed",
            "services.a.networks.default.gw_priority",
            "2.33.1",
        ),
    ],
)
def test_what_a_later_release_knows_is_too_new(version: str, complaint: str, place: str, since: str) -> None:
    """Given a refusal as one of the generations of Compose words it, about what a later release came to know,
    when it is looked at,
    then the attribute and that release are named; of several the last release."""
    assert unknown_to(version, complaint) == NewAttribute(place, since)


@pytest.mark.parametrize(
    ("version", "complaint"),
    [
        ("2.26.1-4", "validating /a/c.yaml: services.a Additional property pre_strat is not allowed"),
        (
            "2.26.1-4",
            "validating /a/c.yaml: services.a additional properties 'pre_start', 'imge' not allowed",
        ),
        ("2.26.1-4", "validating /a/c.yaml: volumes.data Additional property pre_start is not allowed"),
        ("5.6.0", "validating /a/c.yaml: services.a.foo_bar false schema"),
        ("5.6.0", "validating /a/c.yaml: services.a.pre_start.0.volumes false schema"),
        (
            "5.3.0",
            "validating /a/c.yaml: services.a.networks.n additional properties 'gw_priority' not allowed",
        ),
        ("2.26.1-4", 'service "a" refers to undefined network b: invalid compose project'),
        ("", "validating /a/c.yaml: services.a Additional property pre_start is not allowed"),
        ("2.26.1-4", ""),
    ],
    ids="typo typo-too elsewhere typo-now new-enough new-enough-too other unknown-version nothing".split(),
)
def test_any_other_refusal_is_about_the_project(version: str, complaint: str) -> None:
    """Given a refusal of an attribute that no release knows, or that this release should know, or of something else,
    when it is looked at,
    then Compose is not too old."""
    assert unknown_to(version, complaint) is None
