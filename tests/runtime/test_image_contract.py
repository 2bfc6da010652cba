"""The images keep the promises of the official ones, whether they are these or were assembled."""

from __future__ import annotations

import gzip
import json
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from python_on_whales import DockerClient
from ruamel.yaml import YAML

from dayzero.docker.helper_image import PROBE
from fixtures.image_contract import await_success, exit_code, folder_of, succeeds
from tools.images.recipe import Recipe, all_wanted

_CONTRACTS = {recipe.name: YAML(typ="safe").load(recipe.folder / "contract.yml") for recipe in all_wanted()}


@pytest.mark.parametrize("name", _CONTRACTS)
def test_an_image_declares_what_the_official_one_does(
    name: str, engine: DockerClient, references: Callable[[str], str]
) -> None:
    """Given an image of the stack,
    when its configuration is read,
    then account, ports, volumes, command and variables are those of its contract."""
    contract, config = _CONTRACTS[name], engine.image.inspect(references(name)).config
    assert (config.user or "") == contract["user"]
    assert sorted(config.volumes or {}) == sorted(contract["volumes"])
    assert set(contract["ports"]) <= set(config.exposed_ports or {})
    if "entrypoint" in contract:
        assert config.entrypoint == contract["entrypoint"]
    if "command" in contract:
        assert config.cmd == contract["command"]
    if "stop_signal" in contract:
        assert config.stop_signal == contract["stop_signal"]
    declared = dict(variable.split("=", 1) for variable in config.env or [])
    assert contract.get("environment", {}).items() <= declared.items()


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        (name, runs)
        for name in _CONTRACTS
        for runs in ("runs", "runs_if_assembled")
        if runs in _CONTRACTS[name]
    ],
)
def test_an_image_has_the_commands_of_the_official_one(
    name: str, runs: str, assembled: Callable[[str], bool], start: Callable[..., Any]
) -> None:
    """Given a container with a read-only root, no capability and a noexec /tmp,
    when each command line of the contract runs in it, or as its command where the image has no shell,
    then it succeeds and says what the contract says."""
    if runs == "runs_if_assembled" and not assembled(name):
        pytest.skip("this is the official image, which need not have it")
    if not _CONTRACTS[name].get("shell", True):
        for promised in _CONTRACTS[name][runs]:
            with start(name, *promised["line"].split()) as container:
                assert exit_code(container) == 0
                said = container.logs()
                assert re.search(promised["says"], said, re.MULTILINE), f"{promised['line']}: {said}"
        return
    with start(name, "-c", "sleep 600", entrypoint="sh") as container:
        for promised in _CONTRACTS[name][runs]:
            said = container.execute(["sh", "-c", f"{promised['line']} 2>&1"])
            assert re.search(promised["says"], said, re.MULTILINE), f"{promised['line']}: {said}"


@pytest.mark.parametrize("name", [name for name in _CONTRACTS if "starts" in _CONTRACTS[name]])
def test_an_image_without_a_shell_takes_the_arguments_of_the_official_one(
    name: str, start: Callable[..., Any]
) -> None:
    """Given an image whose contract starts its entrypoint,
    when each of the contract's argument lists is given to it,
    then it ends by itself and says what the contract says."""
    for promised in _CONTRACTS[name]["starts"]:
        with start(name, *promised["arguments"]) as container:
            exit_code(container)
            said = container.logs()
        assert re.search(promised["says"], said, re.MULTILINE), f"{promised['arguments']}: {said}"


def test_kafka_takes_settings_from_variables_and_records_from_stdin(start: Callable[..., Any]) -> None:
    """Given a Kafka container whose settings are KAFKA_ variables,
    when a topic is made without a number of partitions and a record is piped into the console producer,
    then the topic has the configured number and the record comes back."""
    settings = {
        "CLUSTER_ID": "4L6g3nShT-eMCtK--X86sw",
        "KAFKA_HEAP_OPTS": "-Xms64m -Xmx256m",
        "KAFKA_JVM_PERFORMANCE_OPTS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://localhost:9092",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_NUM_PARTITIONS": "5",
    }
    tool, broker = "/opt/kafka/bin/kafka-{}.sh", "--bootstrap-server localhost:9092"
    with start("kafka", envs=settings, read_only=False) as container:
        await_success(container, "bash -c 'exec 3<>/dev/tcp/localhost/9092'", 60)
        container.execute(["sh", "-c", f"{tool.format('topics')} {broker} --create --topic contract"])
        described = container.execute(
            ["sh", "-c", f"{tool.format('topics')} {broker} --describe --topic contract"]
        )
        container.execute(
            [
                "sh",
                "-c",
                f"echo a record | {tool.format('console-producer')} {broker} --topic contract --compression-codec zstd",
            ]
        )
        consumed = container.execute(
            [
                "sh",
                "-c",
                f"{tool.format('console-consumer')} {broker} --topic contract --from-beginning --max-messages 1",
            ]
        )
    assert "PartitionCount: 5" in described
    assert consumed.strip() == "a record"


def test_opensearch_runs_from_a_configuration_elsewhere(start: Callable[..., Any]) -> None:
    """Given a hardened OpenSearch container whose configuration is on a tmpfs that OPENSEARCH_PATH_CONF names,
    when the node's own start script runs,
    then the node is up with the settings of that configuration."""
    elsewhere = "/run/elsewhere"
    line = (
        f"cp -R config/. {elsewhere} && echo cluster.name: contract >{elsewhere}/opensearch.yml"
        " && exec bin/opensearch -Ediscovery.type=single-node -Eplugins.security.disabled=true"
    )
    with start(
        "opensearch",
        *("-c", line),
        entrypoint="sh",
        envs={
            "OPENSEARCH_PATH_CONF": elsewhere,
            "OPENSEARCH_JAVA_OPTS": "-Xms512m -Xmx512m -XX:TieredStopAtLevel=1",
        },
        tmpfs=[
            "/tmp:rw,noexec,nosuid,nodev,mode=1777",
            f"{elsewhere}:rw,noexec,nosuid,nodev,uid=1000,gid=1000,mode=0700",
            "/usr/share/opensearch/logs:rw,noexec,nosuid,nodev,uid=1000,gid=1000",
            "/usr/share/opensearch/data:rw,noexec,nosuid,nodev,uid=1000,gid=1000",
        ],
    ) as container:
        await_success(container, "curl --silent --fail http://localhost:9200", 120)
        about = json.loads(container.execute(["curl", "--silent", "http://localhost:9200"]))
    assert about["cluster_name"] == "contract"


def test_opensearch_takes_settings_from_variables_with_a_dot(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    """Given a stand-in for the start script that prints its arguments,
    when the entrypoint runs with a variable that has a dot in its name and with one that has none,
    then the first has become a setting and the second has not."""
    stand_in = folder_of(tmp_path / "bin", {"opensearch": '#!/bin/sh\nprintf "%s\\n" "$@"\n'})
    (tmp_path / "bin" / "opensearch").chmod(0o755)
    with start(
        "opensearch",
        envs={
            "cluster.name": "from a variable",
            "plain": "no setting",
            "DISABLE_SECURITY_PLUGIN": "true",
            "DISABLE_PERFORMANCE_ANALYZER_AGENT_CLI": "true",
            "PATH": "/stand-in:/usr/local/bin:/usr/bin:/bin",
        },
        volumes=[(stand_in, "/stand-in", "ro")],
    ) as container:
        assert exit_code(container) == 0
        said = container.logs().splitlines()
    assert "-Ecluster.name=from a variable" in said
    assert "-Eplugins.security.disabled=true" in said
    assert not [line for line in said if "plain" in line]


def test_minio_takes_its_keys_from_secret_files(start: Callable[..., Any], tmp_path: Path) -> None:
    """Given a MinIO container with its keys in files under /run/secrets,
    when mc calls it with these keys, and then with a wrong one,
    then the first call is served and the second is refused."""
    user, right, wrong = "contract", secrets.token_hex(16), secrets.token_hex(16)
    mounts = [
        (folder_of(tmp_path / "secrets", {"access_key": user, "secret_key": right}), "/run/secrets", "ro")
    ]
    for name, key in {"right": right, "wrong": wrong}.items():
        alias = {
            "url": "http://localhost:9000",
            "accessKey": user,
            "secretKey": key,
            "api": "S3v4",
            "path": "auto",
        }
        content = json.dumps({"version": "10", "aliases": {"store": alias}})
        mounts.append((folder_of(tmp_path / name, {"config.json": content}), f"/{name}", "ro"))
    call = "mkdir -p /tmp/{0} && cp /{0}/config.json /tmp/{0}/ && mc --config-dir /tmp/{0} ls store"
    with start("minio", "server", "/data", volumes=mounts) as container:
        await_success(container, "curl --silent --fail http://localhost:9000/minio/health/ready", 60)
        assert succeeds(container, call.format("right"))
        assert not succeeds(container, call.format("wrong"))


@pytest.mark.parametrize("account", ["0:0", "999:999", "4711:4711"])
def test_postgres_makes_what_its_variables_and_scripts_say(
    account: str, start: Callable[..., Any], tmp_path: Path
) -> None:
    """Given a hardened PostgreSQL container with its password in a file and scripts for the first boot,
    when it has booted from root, under its own account, or under one that the image does not know,
    then user and database exist, the scripts ran in order, and the password is asked for over the network."""
    password = secrets.token_hex(16)
    scripts = folder_of(
        tmp_path / "scripts",
        {
            "1-table.sql": "CREATE TABLE steps (step int);",
            "2-shell.sh": 'psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "INSERT INTO steps VALUES (1)"\n',
            "3-packed.sql.gz": gzip.compress(b"INSERT INTO steps VALUES (2);"),
        },
    )
    files = folder_of(tmp_path / "secrets", {"password": password, "pgpass": f"*:*:*:owner:{password}"})
    query = "psql -h $(hostname) -U owner -d things -Atwc 'SELECT step FROM steps'"
    with start(
        "postgres",
        user=account,
        # To give its folders away and then itself.
        cap_add=["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"] if account == "0:0" else [],
        envs={
            "POSTGRES_USER": "owner",
            "POSTGRES_DB": "things",
            "POSTGRES_PASSWORD_FILE": "/run/secrets/password",
            "PGDATA": "/data/below",
        },
        tmpfs=[
            "/tmp:rw,noexec,nosuid,nodev,mode=1777",
            "/data:rw,noexec,nosuid,nodev,mode=1777",
            "/var/run/postgresql:rw,noexec,nosuid,nodev",
        ],
        volumes=[(scripts, "/docker-entrypoint-initdb.d", "ro"), (files, "/run/secrets", "ro")],
    ) as container:
        await_success(container, "pg_isready -q -h localhost -U owner", 60)
        with_password = f"install -m 0600 /run/secrets/pgpass /tmp/pgpass && PGPASSFILE=/tmp/pgpass {query}"
        assert container.execute(["sh", "-c", with_password]).split() == ["1", "2"]
        assert not succeeds(container, query)
        assert password not in container.logs()


def test_a_first_boot_of_postgres_that_fails_is_started_over(
    start: Callable[..., Any], assembled: Callable[[str], bool], tmp_path: Path
) -> None:
    """Given an assembled PostgreSQL whose first boot failed in the middle of its scripts,
    when it is started again on the same data, the scripts being right now,
    then it boots from the beginning instead of passing for complete."""
    if not assembled("postgres"):
        pytest.skip("this is the official image, which starts half made in that case")
    scripts = folder_of(tmp_path / "scripts", {"1.sql": "CREATE TABLE a (i int);", "2.sql": "SELECT broken;"})
    with start(
        "postgres",
        envs={"POSTGRES_HOST_AUTH_METHOD": "trust"},
        user="999:999",
        tmpfs=["/tmp:rw,noexec,nosuid,nodev,mode=1777", "/var/run/postgresql:rw,noexec,nosuid,nodev"],
        volumes=[(scripts, "/docker-entrypoint-initdb.d", "ro")],
    ) as container:
        assert exit_code(container) != 0
        (tmp_path / "scripts" / "2.sql").write_text("CREATE TABLE b (i int);")
        container.start()
        await_success(container, "pg_isready -q -h localhost", 60)
        tables = container.execute(
            ["psql", "-U", "postgres", "-Atc", "SELECT count(*) FROM pg_tables WHERE tablename IN ('a', 'b')"]
        )
    assert tables.strip() == "2"


def test_etcd_takes_settings_from_variables(start: Callable[..., Any]) -> None:
    """Given a hardened etcd whose settings are ETCD_ variables,
    when a key is put by etcdctl,
    then it can be read."""
    with start(
        "etcd",
        envs={"ETCD_DATA_DIR": "/var/lib/etcd/below", "ETCD_NAME": "contract"},
        tmpfs=["/var/lib/etcd:rw,noexec,nosuid,nodev"],
    ) as container:
        await_success(container, ["/usr/local/bin/etcdctl", "endpoint", "health"], 30)
        container.execute(["etcdctl", "put", "who", "contract"])
        assert container.execute(["etcdctl", "get", "who", "--print-value-only"]) == "contract"


_PROXY = """
frontend contract
  bind :8080
  mode http
  timeout client 1s
  http-request return status 200 content-type text/plain string contract
"""


def test_haproxy_reads_its_configuration_where_the_official_one_does(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    """Given a hardened HAProxy with a configuration at the official place,
    when it is started without arguments and asked over HTTP,
    then it answers as configured, and ends on the official signal."""
    configuration = folder_of(tmp_path / "haproxy", {"haproxy.cfg": _PROXY})
    ask = r'exec 3<>/dev/tcp/localhost/8080; printf "GET / HTTP/1.0\r\n\r\n" >&3; grep -q contract <&3'
    with start("haproxy", volumes=[(configuration, "/usr/local/etc/haproxy", "ro")]) as container:
        await_success(container, f"bash -c '{ask}'", 30)
        container.kill("SIGUSR1")
        assert exit_code(container) == 0


def test_the_probe_drops_packets_where_it_may(start: Callable[..., Any]) -> None:
    """Given a probe with the right to administer its network,
    when it drops what comes in to a port,
    then a connection that was possible before times out."""
    connect = "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 8000), 1)'"
    with start(
        "probe", "python3", "-m", "http.server", "8000", cap_add=["NET_ADMIN", "NET_RAW"], read_only=False
    ) as container:
        await_success(container, connect, 20)
        container.execute(["iptables", "-I", "INPUT", "-p", "tcp", "--dport", "8000", "-j", "DROP"])
        assert not succeeds(container, connect)


def test_every_image_that_is_supplied_has_a_contract() -> None:
    """Given the recipes of all images that somebody runs,
    when their contracts are read,
    then each promises at least one command."""
    assert {recipe.name for recipe in all_wanted()} == set(_CONTRACTS)
    assert all(contract.get("runs") or contract["starts"] for contract in _CONTRACTS.values())
    assert Recipe.named("probe").image == PROBE
