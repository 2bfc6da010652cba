"""Which names and texts give a credential away; what is said of them never holds the value."""

from __future__ import annotations

import pytest

from dayzero.rules.cfg_05_no_plaintext_credential import exposures_of, is_secret_name
from tests.unit.written_stack import WriteStack, stack

__all__ = ["stack"]

SECRET = """
    DB_PASSWORD PGPASSWORD MYSQL_PWD MINIO_ROOT_PASSWORD AWS_SECRET_ACCESS_KEY MINIO_SECRET_KEY API_KEY JWT_SECRET
    VAULT_TOKEN VAULT_DEV_ROOT_TOKEN_ID ELASTIC_PASSWORD DJANGO_SECRET_KEY SECRET KC_BOOTSTRAP_ADMIN_PASSWORD
    POSTGRES_PASS
    NEO4J_AUTH ENCRYPTION_KEY AIRFLOW__CORE__FERNET_KEY REDISCLI_AUTH DATABASE_PASSWORD1 dbPassword
    clientSecret
    POSTGRES_PASSWORD_APP PASSWORD token AZURE_STORAGE_KEY ADMIN_PW
"""
HARMLESS = """
    POSTGRES_USER PWD POSTGRES_PASSWORD_FILE ALLOW_EMPTY_PASSWORD AWS_ACCESS_KEY_ID MINIO_ACCESS_KEY TOKEN_TTL
    PASSWORD_MIN_LENGTH KEYSPACE PARTITION_KEY PUBLIC_KEY KEY_PREFIX CONNECT_KEY_CONVERTER JWT_EXPIRES_IN
    SSL_KEYSTORE_LOCATION PASSTHROUGH BYPASS COMPASS TOKEN_URL SECRETS_DIR POSTGRES_HOST_AUTH_METHOD MONKEY
    MC_HOST_ALIAS RESET_PASSWORD_ALLOWED
"""


@pytest.mark.parametrize("name", SECRET.split())
def test_a_name_of_a_credential_is_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", HARMLESS.split())
def test_a_name_that_only_sounds_like_one_is_let_pass(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "command",
    [
        "mc alias set a http://b:9000 user hunter2",
        "mc config host add a http://b:9000 user 'hunter2'",
        "PGPASSWORD=hunter2 psql -c x",
        "export DB_PASSWORD='hunter2'; psql",
        "mysql -uroot -phunter2 -e x",
        "redis-cli -a hunter2 ping",
        "sqlcmd -S db -U sa -P hunter2 -Q x",
        "curl -u admin:hunter2 http://a",
        "curl -H 'Authorization: Bearer hunter2' http://a",
        "curl http://admin:hunter2@a:9200/x",
        "psql -c \\\"CREATE USER a WITH PASSWORD 'hunter2'\\\"",
        "mongosh -u a -p hunter2 --eval x",
        "mongosh --eval \\\"db.createUser({user: 'a', pwd: 'hunter2'})\\\"",
        "kcadm.sh config credentials --user a --password hunter2",
        "vault login hunter2",
        "tool --api-key=hunter2",
    ],
)
def test_a_credential_written_into_a_command_is_found_and_not_repeated(
    stack: WriteStack, command: str
) -> None:
    service = stack(f'services:\n  job:\n    image: a:1\n    command: ["sh", "-c", "{command}"]\n').services[
        "job"
    ]
    found = exposures_of(service)
    assert found
    assert all("hunter2" not in one.what for one in found)
    assert {(one.source.file, one.source.line) for one in found} == {("compose.yml", 4)}


@pytest.mark.parametrize(
    "command",
    [
        "mc alias set a http://b:9000 $$USER $$(cat /run/secrets/x)",
        'mc alias set a http://b:9000 user \\"$$secret\\"',
        "PGPASSWORD=$$(cat /run/secrets/x) psql -c x",
        'PASSWORD=\\"$$(cat /run/secrets/x)\\"; psql',
        'curl -u \\"admin:$$(cat /run/secrets/x)\\" http://a',
        "curl http://a/token?grant=x",
        "mysql --defaults-extra-file=/run/secrets/my.cnf -e x",
        "kafka-topics --command-config /run/secrets/client.properties --list",
        "# PGPASSWORD=hunter2",
        "tool --password-file=/run/secrets/x",
        'psql -c \\"ALTER USER a PASSWORD NULL\\"',
    ],
)
def test_what_is_read_at_run_time_is_let_pass(stack: WriteStack, command: str) -> None:
    service = stack(f'services:\n  job:\n    image: a:1\n    command: ["sh", "-c", "{command}"]\n').services[
        "job"
    ]
    assert exposures_of(service) == []


def test_the_place_in_an_env_file_is_named(stack: WriteStack) -> None:
    project = stack(
        "services: {job: {image: 'a:1', env_file: [a.env]}}", {"a.env": "LOG=1\nexport DB_PASSWORD=hunter2\n"}
    )
    (found,) = exposures_of(project.services["job"])
    assert (found.what, found.source.file, found.source.line) == ("DB_PASSWORD through env_file", "a.env", 2)
