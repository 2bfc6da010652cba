"""valkey-cluster-init against a stub valkey-cli that prints what valkey-cli's own prints, and a stub getent."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.unit.provisioners.provisioner_bench import HOSTILE_AT_ONCE, Answer, Bench, Call

PASSWORD = "valkey-5ecret $(x) `y` \\ \"'"
NODES = tuple(f"valkey-{number}" for number in range(1, 7))
SETTINGS = {"VALKEY_NODES": ",".join(f"{name}:6379" for name in NODES), "VALKEY_REPLICAS": "1"}
SHARES = {"valkey-1": "0-5460", "valkey-2": "5461-10921", "valkey-3": "10922-16383"}
MADE = SHARES | {"valkey-4": "of valkey-1", "valkey-5": "of valkey-2", "valkey-6": "of valkey-3"}
"""What each node is in a cluster that is whole: its slots, or whose replica it is."""
EMPTY = dict.fromkeys(NODES, "")
OK = Answer(out="OK\n")
FORMER = "f" * 40


def identity(name: str) -> str:
    return name[-1] * 40


def tells(me: str, parts: Mapping[str, str], *, whole: bool = True, more: str = "") -> Answer:
    """A node's answer to CLUSTER NODES and CLUSTER INFO, as raw as valkey-cli prints it."""
    rows = []
    for name, part in parts.items():
        replica = part.startswith("of ")
        flags = [*(["myself"] if name == me else []), "slave" if replica else "master"]
        primary = identity(part.removeprefix("of ")) if replica else "-"
        row = f"{identity(name)} 10.0.0.{name[-1]}:6379@16379,{name} {','.join(flags)} {primary} 0 17 3 connected"
        rows.append(row if replica or not part else f"{row} {part}")
    state, slots = ("ok", 16384) if whole else ("fail", 100)
    info = f"cluster_state:{state}\r\ncluster_slots_assigned:16384\r\ncluster_slots_ok:{slots}\r\n"
    return Answer(out="\n".join(rows) + f"\n{more}\n{info}")


def alone(me: str, part: str = "") -> Answer:
    return tells(me, {me: part}, whole=False)


def answering(bench: Bench, answers: Mapping[str, list[Answer]]) -> Bench:
    """Each node gives its answers in turn, the first of them to the knock."""
    bench.stub(
        "valkey-cli", {f"-h {name}": [Answer(out="cluster_state:ok\r\n"), *answers[name]] for name in NODES}
    )
    return bench


def all_tell(parts: Mapping[str, str]) -> dict[str, list[Answer]]:
    return {name: [tells(name, parts)] for name in NODES}


def requests(calls: tuple[Call, ...], kind: str) -> list[tuple[str, str]]:
    """Node and request of every call that asks for `kind`."""
    return [
        (call.argv[2], line)
        for call in calls
        if call.argv[0] == "valkey-cli"
        for line in call.stdin.splitlines()
        if line.startswith(f"CLUSTER {kind}")
    ]


@pytest.fixture
def valkey(bench: Bench) -> Bench:
    """The bench with the init's inputs, and a cluster that is whole."""
    bench.secret("valkey_provisioner_password", f"{PASSWORD}\n")
    bench.settings |= SETTINGS
    bench.offer("awk")
    bench.stub(
        "getent", {f"ahostsv4 {name}": [Answer(out=f"10.0.0.{name[-1]} STREAM {name}\n")] for name in NODES}
    )
    return answering(bench, all_tell(MADE))


def test_a_cluster_is_made_of_nodes_that_know_nobody(valkey: Bench) -> None:
    """Given six nodes without slots that do not know each other,
    when valkey-cluster-init runs,
    then the first three get even shares of the slots, all are introduced to each other by the addresses that their
    names have, and the other three follow one primary each."""
    stages: dict[str, list[Answer]] = {}
    for name in NODES:
        owned = SHARES.get(name, "")
        stages[name] = [
            *([alone(name), OK] if owned else [alone(name)]),
            alone(name, owned),
            *[OK] * (len(NODES) - int(name[-1])),
            tells(name, EMPTY | SHARES, whole=False),
            *([] if owned else [OK]),
            tells(name, MADE, whole=False),
            tells(name, MADE),
        ]
    ended = answering(valkey, stages).run("valkey-cluster-init")
    assert ended.actions == {
        **{f"slots {share}": "created" for share in SHARES.values()},
        **{f"replica {name}": "created" for name in NODES[3:]},
        "cluster valkey-cluster": "created",
    }
    assert requests(ended.calls, "ADDSLOTSRANGE") == [
        (name, f"CLUSTER ADDSLOTSRANGE {share.replace('-', ' ')}") for name, share in SHARES.items()
    ]
    assert requests(ended.calls, "MEET") == [
        (name, f"CLUSTER MEET 10.0.0.{other[-1]} 6379") for name in NODES for other in NODES if name < other
    ]
    assert requests(ended.calls, "REPLICATE") == [
        (name, f"CLUSTER REPLICATE {identity(MADE[name].removeprefix('of '))}") for name in NODES[3:]
    ]


@pytest.mark.parametrize(
    "parts",
    [
        MADE,
        {**MADE, "valkey-1": "of valkey-4", "valkey-4": "0-5460"},
        {**MADE, "valkey-1": "0-10 12-5460", "valkey-2": "11 5461-10921"},
        {**MADE, "valkey-2": "of valkey-1", "valkey-1": "0-10921"},
        {**MADE, "valkey-6": "9", "valkey-2": "5461-10921", "valkey-1": "0-8 10-5460"},
    ],
    ids=["as made", "swapped", "a slot moved", "a primary drained", "a primary more"],
)
def test_a_whole_cluster_is_left_alone(valkey: Bench, parts: dict[str, str]) -> None:
    """Given a cluster that is whole, as it was made or as failovers and users have changed it,
    when valkey-cluster-init runs,
    then it asks each node twice and requests nothing."""
    ended = answering(valkey, all_tell(parts)).run("valkey-cluster-init")
    assert ended.actions == {"cluster valkey-cluster": "unchanged"}
    assert {request for _, request in requests(ended.calls, "")} == {"CLUSTER NODES", "CLUSTER INFO"}
    assert len(ended.calls) == 12


def test_slots_that_nobody_owns_go_to_whose_share_they_are_in(valkey: Bench) -> None:
    """Given nodes that know each other, of which one owns a part of its slots and another none,
    when valkey-cluster-init runs,
    then only what is missing is assigned."""
    half = {**MADE, "valkey-2": "5461-6000 6002-10921", "valkey-3": ""}
    stages = {
        name: [tells(name, half, whole=False), *([OK] if name[-1] in "23" else []), tells(name, MADE)]
        for name in NODES
    }
    ended = answering(valkey, stages).run("valkey-cluster-init")
    assert requests(ended.calls, "ADDSLOTSRANGE") == [
        ("valkey-2", "CLUSTER ADDSLOTSRANGE 6001 6001"),
        ("valkey-3", "CLUSTER ADDSLOTSRANGE 10922 16383"),
    ]
    assert ended.actions["cluster valkey-cluster"] == "updated"


def test_slots_of_a_primary_that_is_gone_are_not_given_away(valkey: Bench) -> None:
    """Given a primary that came back empty while the others still know its slots under its former identity,
    when valkey-cluster-init runs,
    then it waits until its replica has them, forgets the former identity, and makes the empty node a replica."""
    gone = f"{FORMER} 10.0.0.9:6379@16379,valkey-1 master,fail - 0 17 1 connected"
    before = {**MADE, "valkey-1": "", "valkey-4": "of valkey-9"}
    after = {**MADE, "valkey-1": "", "valkey-4": "0-5460"}
    stages = {
        name: [
            tells(name, before, whole=False, more="" if name == "valkey-1" else f"{gone} 0-5460"),
            tells(name, after, more="" if name == "valkey-1" else gone),
            *([] if name == "valkey-1" else [OK]),
            *([OK] if name == "valkey-1" else []),
            tells(name, {**after, "valkey-1": "of valkey-4"}),
        ]
        for name in NODES
    }
    ended = answering(valkey, stages).run("valkey-cluster-init")
    assert requests(ended.calls, "ADDSLOTSRANGE") == []
    assert requests(ended.calls, "FORGET") == [(name, f"CLUSTER FORGET {FORMER}") for name in NODES[1:]]
    assert requests(ended.calls, "REPLICATE") == [("valkey-1", f"CLUSTER REPLICATE {identity('valkey-4')}")]
    assert ended.actions["cluster valkey-cluster"] == "updated"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(out="ERR Slot 0 is already busy\n\n"), "valkey-1:6379: ERR Slot 0 is already busy"),
        (Answer(out="LOADING Valkey is loading the dataset in memory\n\n"), "LOADING"),
        (Answer(err="Error: Server closed the connection\n"), "Server closed the connection"),
        (Answer(hangs="politely"), "no answer within 1 s"),
        (Answer(), "no output"),
    ],
    ids=["busy", "loading", "broken off", "mute", "empty"],
)
def test_an_error_reply_is_no_success(valkey: Bench, answer: Answer, error: str) -> None:
    """Given a node that answers a request with an error, with which valkey-cli ends with 0, or not at all,
    when valkey-cluster-init assigns slots,
    then it says so, looks anew, and assigns what is still missing."""
    missing = {**MADE, "valkey-1": ""}
    stages = {name: [tells(name, missing, whole=False)] * 2 + [tells(name, MADE)] for name in NODES}
    stages["valkey-1"] = [tells("valkey-1", missing, whole=False), answer] * 2
    stages["valkey-1"][3:] = [OK, tells("valkey-1", MADE)]
    ended = answering(valkey, stages).run("valkey-cluster-init", PROVISION_ATTEMPT_TIMEOUT="1")
    assert ended.actions["slots 0-5460"] == "created"
    (wait,) = ended.events("wait")
    assert error in wait["error"]


def test_a_primary_that_refuses_again_is_passed_over(valkey: Bench) -> None:
    """Given slots that their share's primary takes for another's, so that it refuses them time and again,
    when valkey-cluster-init assigns them,
    then at the second refusal it is the next primary's turn."""
    missing = {**MADE, "valkey-1": ""}
    busy = Answer(out="ERR Slot 0 is already busy\n\n")
    stages = {name: [tells(name, missing, whole=False)] * 3 + [tells(name, MADE)] for name in NODES}
    stages["valkey-1"] = [tells("valkey-1", missing, whole=False), busy] * 2
    stages["valkey-1"] += [tells("valkey-1", missing, whole=False), tells("valkey-1", MADE)]
    stages["valkey-2"].insert(3, OK)
    ended = answering(valkey, stages).run("valkey-cluster-init")
    assert [node for node, _ in requests(ended.calls, "ADDSLOTSRANGE")] == [
        "valkey-1",
        "valkey-1",
        "valkey-2",
    ]


@pytest.mark.parametrize(
    ("keys", "closed"),
    [("0", ["valkey-1", "valkey-2"]), ("3", [])],
    ids=["no key has moved", "keys have moved"],
)
def test_a_slot_left_open_is_closed_where_no_key_has_moved(
    valkey: Bench, keys: str, closed: list[str]
) -> None:
    """Given a slot that has been open between two primaries for a while,
    when valkey-cluster-init runs,
    then it closes the slot on both if the one that takes it has none of its keys, and else leaves it open."""
    parts = {
        **MADE,
        "valkey-1": f"0-5460 [77->-{identity('valkey-2')}]",
        "valkey-2": f"5461-10921 [77-<-{identity('valkey-1')}]",
    }
    seen = {
        name: [tells(name, {other: part if other == name else MADE[other] for other, part in parts.items()})]
        * 3
        for name in NODES
    }
    counted = Answer(out=f"{keys}\n")
    # The taker is asked for its keys once for its own mark and once for the giver's.
    stages = {name: [*answers, *([] if keys == "3" else [OK])] for name, answers in seen.items()}
    stages["valkey-2"] = [*seen["valkey-2"], counted, counted, *([] if keys == "3" else [OK])]
    ended = answering(valkey, stages).run("valkey-cluster-init")
    assert [node for node, _ in requests(ended.calls, "SETSLOT")] == closed
    assert ended.actions["slot 77"] == ("updated" if closed else "unchanged")
    assert [wait["error"].partition(":")[0] for wait in ended.events("wait")] == ["slots are on the move"] * 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer(err="Could not connect to Valkey at valkey-1:6379: Connection refused\n" * 2),
        Answer(err="Could not connect to Valkey at valkey-1:6379: Temporary failure in name resolution\n"),
    ],
    ids=["refused", "not resolved"],
)
def test_an_absent_node_is_waited_for(valkey: Bench, answer: Answer) -> None:
    """Given a node that is not there at first,
    when valkey-cluster-init knocks,
    then it waits, says for which node and why, and succeeds."""
    bench = answering(valkey, all_tell(MADE))
    bench.stub(
        "valkey-cli",
        {f"-h {name}": [*([answer] if name == "valkey-1" else []), OK, tells(name, MADE)] for name in NODES},
    )
    ended = bench.run("valkey-cluster-init")
    (wait,) = ended.events("wait")
    assert wait["target"] == "valkey-1:6379"
    assert wait["error"] == answer.err.splitlines()[0]
    assert ended.actions == {"cluster valkey-cluster": "unchanged"}


def test_a_node_that_never_comes_is_named(valkey: Bench) -> None:
    """Given one node of six that refuses connections for ever,
    when valkey-cluster-init runs out of time,
    then it ends with 1, names this node and why, and has requested nothing of the others."""
    refused = Answer(err="Could not connect to Valkey at valkey-5:6379: Connection refused\n")
    valkey.stub("valkey-cli", {"-h valkey-5": [refused], "": [OK]})
    ended = valkey.run("valkey-cluster-init", PROVISION_DEADLINE="3")
    assert ended.reason.startswith("valkey-5:6379 not ready within 3 s: Could not connect to Valkey")
    assert set(requests(ended.calls, "")) == {(name, "CLUSTER INFO") for name in NODES[:5]}


def test_a_cluster_that_never_gets_well_is_described(valkey: Bench) -> None:
    """Given nodes of which some do not take the cluster for in order, whatever is done,
    when valkey-cluster-init runs out of time,
    then it ends with 1 and names them."""
    stages = all_tell(MADE)
    stages["valkey-2"] = [tells("valkey-2", MADE, whole=False)]
    ended = answering(valkey, stages).run("valkey-cluster-init", PROVISION_DEADLINE="4")
    assert ended.reason.endswith("not ready within 4 s: the cluster is not in order as seen by valkey-2:6379")


@pytest.mark.parametrize("knows", [True, False], ids=["working", "knocking"])
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (
            Answer(
                out="NOAUTH Authentication required.\n\n",
                err="AUTH failed: WRONGPASS invalid username-password pair or user is disabled.\n",
            ),
            "AUTH failed: WRONGPASS invalid username-password pair or user is disabled.",
        ),
        (
            Answer(out="NOPERM User provisioner has no permissions to run the 'cluster|nodes' command\n\n"),
            "valkey-1:6379: NOPERM User provisioner has no permissions to run the 'cluster|nodes' command",
        ),
        (
            Answer(out="ERR This instance has cluster support disabled\n\n"),
            "valkey-1:6379: ERR This instance has cluster support disabled",
        ),
    ],
    ids=["password", "right", "no cluster"],
)
def test_what_waiting_cannot_cure_ends_it_at_once(
    valkey: Bench, answer: Answer, error: str, knows: bool
) -> None:
    """Given a node that rejects the credential or the request, or that is no cluster's,
    when valkey-cluster-init knocks or works,
    then it ends at once and says so."""
    valkey.stub("valkey-cli", [*([OK] * 6 if knows else []), answer])
    ended = valkey.run("valkey-cluster-init")
    assert ended.reason.endswith(f" refused: {error}")
    assert ended.events("wait") == []


@pytest.mark.parametrize("name", SETTINGS)
def test_a_hostile_setting_is_refused(valkey: Bench, name: str) -> None:
    """Given a setting with quotes, commands, newlines or globs, or with nothing in it,
    when valkey-cluster-init starts,
    then it calls nothing, runs nothing, and names the setting."""
    for value in (HOSTILE_AT_ONCE, " "):
        assert valkey.run("valkey-cluster-init", **{name: value}).refusal.startswith(f"setting {name}")
    assert valkey.unharmed()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VALKEY_NODES", "valkey-1:6379 valkey-2:6379"),
        ("VALKEY_NODES", SETTINGS["VALKEY_NODES"] + ","),
        ("VALKEY_NODES", SETTINGS["VALKEY_NODES"].replace("valkey-2:", ":")),
        ("VALKEY_NODES", SETTINGS["VALKEY_NODES"].replace("valkey-2:6379", "valkey-2")),
        ("VALKEY_NODES", SETTINGS["VALKEY_NODES"].replace("valkey-2:6379", "valkey-2:06379")),
        ("VALKEY_NODES", SETTINGS["VALKEY_NODES"].replace("valkey-2:6379", "valkey-2:redis")),
        ("VALKEY_NODES", SETTINGS["VALKEY_NODES"].replace("valkey-2", "valkey-1")),
        ("VALKEY_NODES", "valkey-1:6379,valkey-2:6379,valkey-3:6379,valkey-4:6379"),
        ("VALKEY_REPLICAS", "two"),
        ("VALKEY_REPLICAS", "0"),
        ("VALKEY_REPLICAS", "2"),
        ("VALKEY_REPLICAS", "3"),
        ("VALKEY_REPLICAS", "5"),
    ],
)
def test_an_impossible_setting_is_refused(valkey: Bench, name: str, value: str) -> None:
    """Given nodes that are no host:port, stand twice, or are too few or too many for primaries and replicas,
    when valkey-cluster-init starts,
    then it calls nothing and names the setting."""
    refusal = valkey.run("valkey-cluster-init", **{name: value}).refusal
    assert refusal.startswith("setting VALKEY_")
    assert name in refusal


@pytest.mark.parametrize("kind", ["missing", "empty"])
def test_a_useless_secret_is_named(valkey: Bench, kind: str) -> None:
    """Given a password file that is missing or empty,
    when valkey-cluster-init starts,
    then it calls nothing and names the file."""
    path = valkey.folder / "secrets" / "valkey_provisioner_password"
    path.unlink() if kind == "missing" else path.write_text("")
    assert f" {path} is {kind}: " in valkey.run("valkey-cluster-init").refusal


def test_the_password_is_the_first_line_of_stdin_and_nowhere_else(valkey: Bench) -> None:
    """Given a password with characters that mean something to a shell,
    when valkey-cluster-init runs,
    then each call reads it as the first line of its standard input, and no log, argument or environment shows it."""
    ended = valkey.run("valkey-cluster-init")
    for call in ended.calls:
        assert call.has("--user", "provisioner", "--askpass")
        assert call.stdin.splitlines()[0] == PASSWORD
        assert PASSWORD not in f"{call.argv}{call.environment}"
    assert PASSWORD not in ended.output + ended.errors
