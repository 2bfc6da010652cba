"""What a command is for, and what may not be shown of it."""

from __future__ import annotations

import pytest

from dayzero.shell.command import Run, run_of, shell_call
from dayzero.shell.display import quoted
from dayzero.shell.effects import Role, hides_its_work, role_of
from dayzero.shell.parser import parse_shell
from dayzero.shell.refusal_status import why_silent
from dayzero.shell.syntax import Call, Redirect


def command(text: str) -> tuple[Run, tuple[Redirect, ...]]:
    (statement,) = parse_shell(text)
    assert isinstance(statement.command, Call)
    run = run_of(statement.command.words)
    assert run is not None
    return run, statement.redirects


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("mc mb a/b", Role.CHANGE),
        ("mc --json ls a", Role.PROBE),
        ("mc alias set a http://m u p", Role.LOGIN),
        ("mc rb --force a/b", Role.MINOR),
        ("/opt/kafka/bin/kafka-topics.sh --bootstrap-server k:9092 --create --topic t", Role.CHANGE),
        ("kafka-topics --bootstrap-server k:9092 --list", Role.PROBE),
        ("curl -s http://a/health", Role.PROBE),
        ("curl -XPUT http://a/x", Role.CHANGE),
        ("curl -d @f http://a/x", Role.CHANGE),
        ("curl -X DELETE http://a/x", Role.MINOR),
        ("curl -o /data/dump.sql http://a/dump", Role.CHANGE),
        ("curl -o /usr/local/bin/mc http://a/mc", Role.MINOR),
        ("psql -h db -c 'SELECT 1'", Role.PROBE),
        ("psql -h db -tAc \"SELECT 'CREATE DATABASE x' \\\\gexec\"", Role.CHANGE),
        ("psql -h db -f /x.sql", Role.CHANGE),
        ("psql -h db -c 'DROP TABLE x'", Role.MINOR),
        ("psql -lqt", Role.PROBE),
        ("mongosh --eval 'db.hello()'", Role.PROBE),
        ("mongosh --eval 'rs.initiate()'", Role.CHANGE),
        ("mongosh /init.js", Role.CHANGE),
        ("vault kv get x", Role.PROBE),
        ("vault kv put x a=b", Role.CHANGE),
        ("redis-cli -h r ping", Role.PROBE),
        ("redis-cli --cluster create a:1 b:1", Role.CHANGE),
        ("redis-cli -h r set a b", Role.CHANGE),
        ("aws s3 mb s3://b", Role.CHANGE),
        ("awslocal sqs list-queues", Role.PROBE),
        ("timeout 5 nc -z h 1", Role.PROBE),
        ("env A=b nohup mc mb a/b", Role.CHANGE),
        ("echo x", Role.QUIET),
        ("sed s/a/b/ /in", Role.QUIET),
        ("sed s/a/b/ /in > /out/x", Role.CHANGE),
        ("sed s/a/b/ /in > /tmp/x", Role.QUIET),
        ("apk add --no-cache curl", Role.QUIET),
        ("mkdir -p /x", Role.MINOR),
        ("rm -rf /x", Role.MINOR),
        ("chown -R 1:1 /x", Role.CHANGE),
        ("[ -f x ]", Role.TEST),
        ("sleep 5", Role.SLEEP),
        ("sleep infinity", Role.IDLE),
        ("tail -f /dev/null", Role.IDLE),
        ("tail -n 5 /log", Role.QUIET),
        ("python manage.py migrate", Role.CHANGE),
        ("python seed.py", Role.UNKNOWN),
        ("./own-tool up", Role.UNKNOWN),
    ],
)
def test_the_role_of_a_command(text: str, role: Role) -> None:
    assert role_of(*command(text)) is role


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("python seed.py", True),
        ("npm run seed", True),
        ("/opt/x/init.sh", True),
        ("python manage.py migrate", False),
        ("/usr/bin/mc mb a/b", False),
        ("own-tool up", False),
        ("npx prisma migrate deploy", False),
    ],
)
def test_whose_work_is_out_of_sight(text: str, hidden: bool) -> None:
    assert hides_its_work(command(text)[0]) is hidden


@pytest.mark.parametrize(
    ("text", "silent"),
    [
        ("curl -X PUT http://a/x", True),
        ("curl -sSf -X PUT http://a/x", False),
        ("curl --fail-with-body -X PUT http://a/x", False),
        ("curl -XPUT -ofail http://a/x", True),
        ("curl $OPTIONS -X PUT http://a/x", False),
        ("curl -s -w '%{http_code}' -X PUT http://a/x", True),
        ("curl -s -w '%{http_code}' -X PUT http://a/x > /tmp/code", False),
        ("psql -f x.sql", True),
        ("psql -v ON_ERROR_STOP=1 -f x.sql", False),
        ("psql --set=ON_ERROR_STOP=on < x.sql", False),
        ("psql -c 'CREATE TABLE x ()'", False),
        ("sqlcmd -S db -i x.sql", True),
        ("sqlcmd -b -S db -i x.sql", False),
        ("mc mb a/b", False),
    ],
)
def test_clients_that_hide_what_the_server_said(text: str, silent: bool) -> None:
    assert bool(why_silent(*command(text))) is silent


@pytest.mark.parametrize(
    ("text", "options", "inner"),
    [
        ("sh -c 'a b'", set(), "a b"),
        ("bash -euo pipefail -c 'a'", {"e", "u", "pipefail"}, "a"),
        ("su postgres -c 'psql -l'", set(), "psql -l"),
        ("eval 'a'", {"same"}, "a"),
    ],
)
def test_a_shell_within_is_entered(text: str, options: set[str], inner: str) -> None:
    call = shell_call(command(text)[0])
    assert call is not None
    assert call.text is not None
    assert (set(call.options), call.text.text) == (options, inner)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("mc alias set a http://m:9000 root hunter2", "hunter2"),
        ("mc admin user add a app hunter2", "hunter2"),
        ("curl -u elastic:hunter2 http://a", "hunter2"),
        ("curl -H 'Authorization: Bearer hunter2' http://a", "hunter2"),
        ("curl http://u:hunter2@a/x", "hunter2"),
        ('curl -d \'{"password": "hunter2"}\' http://a', "hunter2"),
        ("mysql -uroot -phunter2 -e x", "hunter2"),
        ("redis-cli -a hunter2 ping", "hunter2"),
        ("vault login hunter2", "hunter2"),
        ("app --db-password=hunter2", "hunter2"),
        ("mongosh -u root -p hunter2 --eval x", "hunter2"),
        ("kcadm.sh set-password --new-password hunter2", "hunter2"),
        ("psql postgresql://u:hunter2@db/x -c y", "hunter2"),
        ("psql -c \"CREATE ROLE a PASSWORD 'hunter2'\"", "hunter2"),
    ],
)
def test_a_quoted_command_shows_no_credential(text: str, secret: str) -> None:
    shown = quoted(command(text)[0].words)
    assert secret not in shown
    assert shown.split()[0] == text.split()[0]


def test_a_quoted_command_shows_what_is_no_credential() -> None:
    assert quoted(command("mkdir -p /data/x")[0].words) == "mkdir -p /data/x"
    assert quoted(command("pg_isready -h db -p 5432")[0].words) == "pg_isready -h db -p 5432"
    assert quoted(command("redis-cli -u $URL ping")[0].words) == "redis-cli -u $URL ping"
