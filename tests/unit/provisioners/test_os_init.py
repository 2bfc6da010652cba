"""os-init against a stub curl that answers as OpenSearch does."""

from __future__ import annotations

import json

import pytest

from tests.unit.provisioners.provisioner_bench import HOSTILE_AT_ONCE, Answer, Bench

PASSWORD = "opensearch-5ecret-Value"
SETTINGS = {"OPENSEARCH_URL": "https://opensearch:9200", "TEMPLATE_NAME": "logs_template"}


def http(status: int, reason: str = "") -> Answer:
    body = json.dumps({"error": {"reason": reason}, "status": status}) if reason else "{}"
    return Answer(out=str(status), body=body)


HEALTHY = http(200)
NOT_THERE = http(404, "index template matching [logs_template] not found")
ALREADY = http(400, "index template [logs_template] already exists")


@pytest.fixture
def opensearch(bench: Bench) -> Bench:
    """The bench with the init's inputs, and a healthy node that has the template."""
    bench.secret("opensearch_ca.pem", "-----BEGIN CERTIFICATE-----\n")
    bench.secret(
        "opensearch_provisioner_netrc", f"machine opensearch login provisioner password {PASSWORD}\n"
    )
    bench.input("logs_template.json", "{}")
    bench.settings |= SETTINGS
    bench.stub("curl", [HEALTHY])
    return bench


def answering(bench: Bench, health: list[Answer], look: list[Answer], put: list[Answer]) -> Bench:
    bench.stub(
        "curl",
        {
            "--request PUT": put,
            f"{bench.settings['OPENSEARCH_URL']}/_index_template/logs_template": look,
            "": health,
        },
    )
    return bench


@pytest.mark.parametrize(
    ("look", "put", "action", "requests"),
    [
        ([http(200)], [], "unchanged", ["GET", "GET"]),
        ([NOT_THERE, http(200)], [http(200)], "created", ["GET", "GET", "PUT", "GET"]),
        ([NOT_THERE, http(200)], [ALREADY], "unchanged", ["GET", "GET", "PUT", "GET"]),
        (
            [NOT_THERE, http(200)],
            [http(503, "no master"), http(201)],
            "created",
            ["GET", "GET", "PUT", "PUT", "GET"],
        ),
        (
            [NOT_THERE, http(200)],
            [Answer(code=28, err="curl: (28) Operation timed out"), ALREADY],
            "created",
            ["GET", "GET", "PUT", "PUT", "GET"],
        ),
        ([http(503, "no master"), http(200)], [], "unchanged", ["GET", "GET", "GET"]),
    ],
    ids=["there", "absent", "lost race", "put busy", "answer lost", "look busy"],
)
def test_the_template_is_made_once(
    opensearch: Bench, look: list[Answer], put: list[Answer], action: str, requests: list[str]
) -> None:
    """Given a template that is there, absent, made by a quicker run, or a node that is busy in between,
    when os-init runs,
    then it puts the template only where there was none, never over one, and says which it was."""
    ended = answering(opensearch, [HEALTHY], look, put).run("os-init")
    assert ended.actions == {"index_template logs_template": action}
    assert [call.argv[call.argv.index("--request") + 1] for call in ended.calls] == requests
    for call in ended.calls:
        assert call.has("--cacert", str(opensearch.folder / "secrets" / "opensearch_ca.pem"))
        assert call.has("--netrc-file", str(opensearch.folder / "secrets" / "opensearch_provisioner_netrc"))
        assert ("PUT" in call.argv) == call.argv[-1].endswith("?create=true")
        if "PUT" in call.argv:
            assert call.has(f"@{opensearch.folder / 'provisioning' / 'logs_template.json'}")


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (
            Answer(out="000", err="curl: (7) Failed to connect to opensearch port 9200 after 2 ms\n", code=7),
            "curl: (7) ",
        ),
        (Answer(out="000", err="curl: (6) Could not resolve host: opensearch\n", code=6), "curl: (6) "),
        (Answer(out="000", err="curl: (52) Empty reply from server\n", code=52), "curl: (52) "),
        (http(503, "OpenSearch Security not initialized."), "HTTP 503 on GET /_cluster/health"),
        (http(408, "timed out"), "HTTP 408"),
        (http(429, "too many"), "HTTP 429"),
        (http(500, "oops"), "HTTP 500"),
    ],
    ids=["refused", "not resolved", "closed", "503", "408", "429", "500"],
)
def test_an_absent_node_is_waited_for(opensearch: Bench, failure: Answer, error: str) -> None:
    """Given a node that refuses, is not resolved, closes, or answers that it is not ready,
    when os-init runs,
    then it tries again, says what was wrong, and succeeds."""
    ended = answering(opensearch, [failure, HEALTHY], [http(200)], []).run("os-init")
    assert ended.actions == {"index_template logs_template": "unchanged"}
    (wait,) = ended.events("wait")
    assert wait["error"].startswith(error)
    assert wait["target"] == "opensearch"


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (http(401, "Unauthorized"), "HTTP 401"),
        (http(403, "no permissions for [indices:admin/index_template/put]"), "HTTP 403"),
        (http(400, "unknown key [settigns] in the template"), "HTTP 400"),
        (
            Answer(out="000", err="curl: (60) SSL certificate problem: self-signed certificate\n", code=60),
            "curl: (60)",
        ),
        (Answer(out="000", err="curl: (77) error setting certificate file\n", code=77), "curl: (77)"),
    ],
    ids=["401", "403", "400", "certificate", "CA file"],
)
@pytest.mark.parametrize("step", ["health", "look", "put"])
def test_what_waiting_cannot_cure_ends_it_at_once(
    opensearch: Bench, step: str, failure: Answer, error: str
) -> None:
    """Given a node that rejects the credential, the right or the template, or shows a certificate of someone else,
    when os-init asks, looks or puts,
    then it ends at once and says so."""
    asked = {"health": [HEALTHY], "look": [NOT_THERE], "put": [http(200)]} | {step: [failure]}
    ended = answering(opensearch, **asked).run("os-init")
    assert ended.reason.startswith(f"opensearch refused: {error}")
    assert ended.events("wait") == []


def test_a_wrong_server_is_not_taken_for_an_empty_one(opensearch: Bench) -> None:
    """Given a server that answers 404 to everything,
    when os-init runs,
    then it ends at its first question and puts nothing."""
    ended = answering(opensearch, [NOT_THERE], [NOT_THERE], [NOT_THERE]).run("os-init")
    assert ended.reason.startswith("opensearch refused: HTTP 404 on GET /_cluster/health")
    assert len(ended.calls) == 1


def test_a_template_that_does_not_stay_is_a_failure(opensearch: Bench) -> None:
    """Given a node that accepts the template and does not have it,
    when os-init runs,
    then it does not claim success."""
    ended = answering(opensearch, [HEALTHY], [NOT_THERE], [http(200)]).run("os-init")
    assert ended.reason == "index template logs_template is still not there after it was put"


@pytest.mark.parametrize("name", SETTINGS)
def test_a_hostile_setting_is_refused(opensearch: Bench, name: str) -> None:
    """Given a setting with quotes, commands, newlines or globs, or with nothing in it,
    when os-init starts,
    then it calls nothing, runs nothing, and names the setting."""
    for value in (HOSTILE_AT_ONCE, " "):
        assert opensearch.run("os-init", **{name: value}).refusal.startswith(f"setting {name}")
    assert opensearch.unharmed()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENSEARCH_URL", "http://opensearch:9200"),
        ("OPENSEARCH_URL", "file:///etc/passwd"),
        ("OPENSEARCH_URL", "opensearch:9200"),
        ("OPENSEARCH_URL", "https://"),
        ("OPENSEARCH_URL", "https://opensearch:9200/path"),
        ("OPENSEARCH_URL", "https://opensearch:port"),
        ("OPENSEARCH_URL", "https://opensearch:"),
        ("OPENSEARCH_URL", "https://user:word@opensearch:9200"),
        ("OPENSEARCH_URL", "-Kconfig"),
        ("TEMPLATE_NAME", "../_all"),
        ("TEMPLATE_NAME", "_all"),
        ("TEMPLATE_NAME", "one two"),
        ("TEMPLATE_NAME", "Logs"),
    ],
)
def test_a_malformed_setting_is_refused(opensearch: Bench, name: str, value: str) -> None:
    """Given a setting that cannot be right: no https URL of a server, no name of a template,
    when os-init starts,
    then it calls nothing and names the setting."""
    assert opensearch.run("os-init", **{name: value}).refusal.startswith(f"setting {name}")


@pytest.mark.parametrize("kind", ["missing", "empty"])
@pytest.mark.parametrize(
    "file",
    ["secrets/opensearch_ca.pem", "secrets/opensearch_provisioner_netrc", "provisioning/logs_template.json"],
)
def test_a_useless_input_is_named(opensearch: Bench, file: str, kind: str) -> None:
    """Given a certificate, login or template that is missing or empty,
    when os-init starts,
    then it calls nothing and names the file."""
    path = opensearch.folder / file
    path.unlink() if kind == "missing" else path.write_text("")
    assert f" {path} is {kind}: " in opensearch.run("os-init").refusal


@pytest.mark.parametrize("put", [http(200), http(401, "Unauthorized")], ids=["accepted", "rejected"])
def test_the_password_is_shown_nowhere(opensearch: Bench, put: Answer) -> None:
    """Given a run that does all it can, and one that is rejected,
    when its log and its calls are read,
    then the password is in neither: not in arguments, environment or input."""
    ended = answering(opensearch, [HEALTHY], [NOT_THERE, http(200)], [put]).run("os-init")
    assert len(ended.calls) >= 3
    assert PASSWORD not in f"{ended.output}{ended.errors}{ended.calls}"
