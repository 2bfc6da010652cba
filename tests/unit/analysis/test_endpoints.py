"""Where the name of a service is a host, and where it is only the same word."""

from __future__ import annotations

import pytest

from tests.unit.written_stack import WriteStack, stack

__all__ = ["stack"]

SERVICES = """\
services:
  minio: {image: 'minio/minio:1', networks: {default: {aliases: [s3.internal]}}}
  kafka: {image: 'apache/kafka:4'}
  kafka-1: {image: 'apache/kafka:4', hostname: broker-one}
  postgres: {image: 'postgres:17'}
  db: {image: 'postgres:17', container_name: shop-db}
  mysql: {image: 'mysql:9'}
  vault: {image: 'hashicorp/vault:1'}
  mongo1: {image: 'mongo:8'}
  mongo2: {image: 'mongo:8'}
  job:
    image: alpine:3
"""


def contacts(stack: WriteStack, keys: str) -> set[str]:
    from dayzero.analysis.endpoints import contacts_of

    return {contact.service for contact in contacts_of(stack(SERVICES + f"    {keys}\n").services["job"])}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("mc alias set minio http://minio:9000 minio minio", {"minio"}),
        ("curl -X PUT http://user:word@s3.internal:9000/x", {"minio"}),
        ("psql -U postgres -d postgres -h db", {"db"}),
        ("psql --host=shop-db -U postgres", {"db"}),
        ("mysql -hmysql -uroot -e x", {"mysql"}),
        ("kafka-topics --bootstrap-server kafka:9092,kafka-1:9092 --list", {"kafka", "kafka-1"}),
        ("/opt/kafka/bin/kafka-topics.sh --bootstrap-server broker-one:9092 --list", {"kafka-1"}),
        ("nc -z db 5432", {"db"}),
        ("wait-for-it.sh db:5432 -- vault kv put secret/x a=b", {"db"}),
        ("PGHOST=db psql -c x", {"db"}),
        ("psql 'host=db user=postgres'", {"db"}),
        ("getent hosts mongo1", {"mongo1"}),
        ("for node in mongo1 mongo2; do nc -z $$node 27017; done", {"mongo1", "mongo2"}),
        ("cat </dev/tcp/db/5432", {"db"}),
        (
            "mongosh --host mongo1 --eval 'rs.initiate({members: [{host: \\\"mongo2:27017\\\"}]})'",
            {"mongo1", "mongo2"},
        ),
        ("echo waiting for kafka:9092", set()),
        ("curl http://kafka.example.com/", set()),
        ('curl http://vault:8200/x -d \'{\\"url\\": \\"http://kafka:9092\\"}\'', {"vault"}),
        ("kcadm.sh create clients -s redirectUris=http://minio:9001/x", set()),
        ("nc -z ${MISSING:-db} 5432", {"db"}),
    ],
)
def test_hosts_in_a_command(stack: WriteStack, command: str, expected: set[str]) -> None:
    assert contacts(stack, f'command: ["sh", "-c", "{command}"]') == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("environment: {PGHOST: db}\n    command: psql -c x", {"db"}),
        ("environment: {DB_HOST: db}\n    command: sh -c 'psql -h $$DB_HOST -c x'", {"db"}),
        ("environment: {REDIS_URL: 'redis://minio:6379'}\n    command: sh -c 'psql -h db -c x'", {"db"}),
        ("environment: {DATABASE_URL: 'postgres://u@db/x'}\n    command: alembic upgrade head", {"db"}),
        (
            "environment: {APP_URL: 'http://kafka:80', CORS_ORIGINS: 'http://minio'}\n    command: alembic upgrade",
            set(),
        ),
        ("environment: {BROKERS: 'kafka,kafka-1'}\n    entrypoint: [/seed]", {"kafka", "kafka-1"}),
        ("network_mode: service:vault\n    command: vault status", {"vault"}),
        ("links: ['db:database']\n    command: psql -h database -c x", {"db"}),
    ],
)
def test_hosts_in_variables_and_settings(stack: WriteStack, keys: str, expected: set[str]) -> None:
    assert contacts(stack, keys) == expected


def test_a_mounted_script_is_read_too(stack: WriteStack) -> None:
    from dayzero.analysis.endpoints import contacts_of

    project = stack(
        SERVICES + "    command: sh /x/run.sh\n    volumes: ['./x:/x:ro']\n",
        {"x/run.sh": '# not kafka:9092\nHOST="${HOST:-db}"\npsql -h "$HOST" -c x\n'},
    )
    (contact,) = contacts_of(project.services["job"])
    assert (contact.service, contact.source.file, contact.source.line) == ("db", "x/run.sh", 2)
