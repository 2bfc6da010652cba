"""Which services are taken for inits: real shapes of one-shot jobs, and of all that only looks like one."""

from __future__ import annotations

import pytest

from dayzero.analysis.init_detection import inits_of
from tests.unit.written_stack import WriteStack, stack

__all__ = ["stack"]

SERVERS = """
  db: {image: 'postgres:17', ports: ['5432:5432']}
  app: {image: 'app:1', depends_on: {awaited: {condition: service_completed_successfully}}}
  awaited: {image: 'tool:1'}
"""

INITS = {
    "awaited-by-others": "image: x:1\n    profiles: [setup]",
    "createbuckets": "image: minio/mc\n    entrypoint: sh -c 'sleep 5; mc alias set a b c d; mc mb a/x; exit 0'",
    "mc": "image: minio/mc\n    entrypoint: sh -c 'mc mb a/x; tail -f /dev/null'",
    "restarting-topics": "image: apache/kafka:4\n    restart: always\n    command: kafka-topics.sh --create --topic t",
    "migrate": "image: app:1\n    command: python manage.py migrate",
    "alembic": "image: app:1\n    command: [alembic, upgrade, head]",
    "flyway": "image: flyway/flyway:11\n    command: migrate",
    "prisma": "image: app:1\n    command: npx prisma migrate deploy",
    "rails-setup": "image: app:1\n    command: bundle exec rails db:prepare",
    "mongo-setup": "image: mongo:8\n    command: mongosh --host mongo --eval 'rs.initiate()'",
    "redis-cluster-creator": "image: redis:8\n    command: redis-cli --cluster create a:6379 b:6379 --cluster-yes",
    "fix-permissions": "image: busybox:1\n    command: chown -R 1000:1000 /data",
    "certs": "image: alpine/openssl:3\n    entrypoint: sh -c 'openssl req -x509 -out /certs/ca.pem'",
    "ollama-pull": "image: ollama/ollama:1\n    entrypoint: sh -c 'ollama serve & sleep 3; ollama pull llama3'",
    "airflow-init": "image: apache/airflow:3\n    entrypoint: /bin/bash\n    command: -c 'airflow db migrate'",
    "es-templates": "image: curlimages/curl:8\n    command: [-X, PUT, 'http://es:9200/_index_template/t', -d, '{}']",
    "rabbit-queues": "image: rabbitmq:4\n    command: rabbitmqadmin declare queue name=q",
    "bucket": "image: amazon/aws-cli:2\n    command: s3 mb s3://raw",
    "idle-setup": "image: alpine:3\n    command: sh -c 'curl -X POST http://a/b -d c; sleep infinity'\n"
    "    healthcheck: {test: [CMD, test, -f, /tmp/done]}",
    "web-seed": "image: app:1\n    restart: 'no'\n    command: node scripts/seed.js",
    "db-bootstrap": "build: ./bootstrap\n    restart: on-failure",
    "terraform": "image: hashicorp/terraform:1\n    command: apply -auto-approve",
}

OTHERS = {
    "minio": "image: minio/minio:1\n    entrypoint: sh -c 'mkdir -p /data/raw && minio server /data'",
    "web": "image: app:1\n    command: sh -c 'python manage.py migrate && gunicorn app.wsgi'",
    "api": "build: .\n    command: npm run start:prod",
    "worker": "image: app:1\n    command: celery -A app worker",
    "connect": "image: confluentinc/cp-kafka-connect:7\n    ports: ['8083:8083']\n"
    "    command: bash -c '/etc/confluent/docker/run & curl -X POST http://localhost:8083/connectors -d x; wait'",
    "mongo-shard": "image: mongo:8\n    command: bash -c 'mongod --shardsvr & mongosh --eval \"rs.initiate()\"; wait'",
    "backup": "image: postgres:17\n"
    "    command: sh -c 'while true; do pg_dump -h db > /b/x; psql -c x; sleep 3600; done'",
    "certbot": "image: certbot/certbot\n    entrypoint: sh -c 'while :; do certbot renew; sleep 12h; done'",
    "psql-shell": "image: postgres:17\n    profiles: [tools]\n    command: psql -h db",
    "kafka-cli": "image: apache/kafka:4\n    command: sleep infinity",
    "smoke-test": "image: alpine:3\n    command: sh -c 'apk add curl && curl -f http://web'",
    "k6": "image: grafana/k6:1\n    command: run /load.js",
    "ready": "image: busybox:1\n    command: 'true'\n"
    "    depends_on: {migrate: {condition: service_completed_successfully}}",
    "config-server": "image: mongo:8\n    command: mongod --configsvr --replSet c",
    "adminer": "image: adminer:5\n    ports: ['8080:8080']",
    "setup-ui": "image: app:1\n    restart: always\n    ports: ['80:80']",
    "cadvisor": "image: gcr.io/cadvisor/cadvisor:1",
    "settings-reader": "image: x:1\n    command: [/opt/x, -c, /etc/kafka-topics.yml]",
}


def shape(name: str, keys: str) -> str:
    waiting = (
        f"\n  user: {{image: 'u:1', depends_on: {{{name}: {{condition: service_completed_successfully}}}}}}\n"
    )
    return f"services:{SERVERS}  {name}:\n    {keys}\n" + (waiting if name == "awaited-by-others" else "")


@pytest.mark.parametrize("name", INITS)
def test_a_job_that_provisions_is_an_init(stack: WriteStack, name: str) -> None:
    project = stack(shape(name, INITS[name]))
    found = {init.name: init.reason for init in inits_of(project)}
    assert name in found
    assert found[name]
    assert "db" not in found


@pytest.mark.parametrize("name", OTHERS)
def test_what_stays_tests_or_serves_people_is_none(stack: WriteStack, name: str) -> None:
    project = stack(shape(name, OTHERS[name]))
    assert name not in [init.name for init in inits_of(project)]


def test_a_gate_that_does_nothing_is_none_although_others_wait_for_it(stack: WriteStack) -> None:
    project = stack(
        "services:\n  gate: {image: 'busybox:1', command: 'true'}\n"
        "  noop: {image: 'alpine:3', entrypoint: [sh, -c, ':']}\n"
        "  app: {image: 'app:1', depends_on: {gate: &done {condition: service_completed_successfully}, noop: *done}}\n"
    )
    assert inits_of(project) == []


def test_the_inventory_wins(stack: WriteStack) -> None:
    project = stack(
        "services:\n  migrate: {image: 'migrate/migrate:4'}\n  odd: {image: 'odd:1', restart: always}\n"
    )
    assert [init.name for init in inits_of(project)] == ["migrate"]
    project.facts.clear()

    class Listed:
        services = frozenset({"odd"})

    project.inventory = Listed()
    assert [(init.name, init.reason) for init in inits_of(project)] == [("odd", "the inventory lists it")]
