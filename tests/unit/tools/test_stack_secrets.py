"""Secret files: made once, complete, private, and never changed."""

from __future__ import annotations

import base64
import hmac
import json
import stat
from pathlib import Path

import bcrypt
import pytest
from cryptography import x509

from dayzero.compose.project import ComposeProject
from dayzero.core.errors import SecretsUnusable
from tests.unit.conftest import ROOT
from tools.secrets import make as stack_secrets
from tools.secrets.derived import DERIVED, OPENSEARCH_UID
from tools.secrets.make import CERTIFICATES, PASSWORDS, make_secrets


@pytest.fixture(autouse=True)
def _owners_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Giving files away needs root or an engine; who gets which file is looked at by itself."""
    monkeypatch.setattr(stack_secrets, "_give_away", lambda directory, owners, image: None)


def test_all_files_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make_secrets(folder)
    assert {path.name for path in folder.iterdir()} == {*PASSWORDS, *DERIVED, *CERTIFICATES}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_every_password_is_different_and_new(tmp_path: Path) -> None:
    one, two = make_secrets(tmp_path / "one"), make_secrets(tmp_path / "two")
    values = [*one.passwords.values(), *two.passwords.values()]
    assert len(set(values)) == len(values)
    assert all(len(value) >= 32 for value in values)


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    first = make_secrets(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    second = make_secrets(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert first == second


def test_a_missing_file_is_made_from_the_passwords_that_are_there(tmp_path: Path) -> None:
    made = make_secrets(tmp_path)
    (tmp_path / "mng_pg_provisioner_pgpass").unlink()
    make_secrets(tmp_path)
    assert (
        made.passwords["mng_pg_provisioner_password"] in (tmp_path / "mng_pg_provisioner_pgpass").read_text()
    )


def test_opensearch_gets_hashes_and_no_password(tmp_path: Path) -> None:
    made = make_secrets(tmp_path)
    users = made.others["opensearch_internal_users.yml"]
    password = made.passwords["opensearch_provisioner_password"]
    assert password not in users
    hashed = next(line for line in users.splitlines() if line.startswith("provisioner")).split('"')[1]
    assert bcrypt.checkpw(password.encode(), hashed.encode())


def test_minio_can_check_the_token_with_the_accounts_password(tmp_path: Path) -> None:
    made = make_secrets(tmp_path)
    signed, _, signature = made.others["minio_monitor_token"].rpartition(".")
    expected = hmac.digest(made.passwords["minio_monitor_password"].encode(), signed.encode(), "sha512")
    assert base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)) == expected
    claims = signed.partition(".")[2]
    assert json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"] == "monitor"


def test_the_certificate_names_the_service_and_is_signed_by_the_authority(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    authority = x509.load_pem_x509_certificate((tmp_path / "opensearch_ca.pem").read_bytes())
    node = x509.load_pem_x509_certificate((tmp_path / "opensearch_node.pem").read_bytes())
    node.verify_directly_issued_by(authority)
    names = node.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "opensearch" in names.get_values_for_type(x509.DNSName)


def test_an_empty_file_is_named_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "kafka_admin_password").touch()
    with pytest.raises(SecretsUnusable, match="kafka_admin_password is empty"):
        make_secrets(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kafka_admin_password"]


def test_half_a_set_of_certificates_is_refused(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    (tmp_path / "opensearch_node.pem").unlink()
    with pytest.raises(SecretsUnusable, match=r"opensearch_node\.pem"):
        make_secrets(tmp_path)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SecretsUnusable, match="SECRETS_DIR") as refused:
        make_secrets(tmp_path / "file" / "secrets")
    assert "\n" not in str(refused.value)


def test_the_command_line_says_how_many_it_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stack_secrets.main([str(tmp_path / "secrets")]) == 0
    first = capsys.readouterr().out
    assert stack_secrets.main([str(tmp_path / "secrets")]) == 0
    total = len(PASSWORDS) + len(DERIVED) + len(CERTIFICATES)
    assert f"{total} made, 0 kept" in first
    assert f"0 made, {total} kept" in capsys.readouterr().out
    assert not any(value in first for value in make_secrets(tmp_path / "secrets").values.values())


def test_every_container_s_file_has_an_owner_that_reads_it() -> None:
    owners = {**PASSWORDS, **{name: uid for name, (uid, _) in DERIVED.items()}}
    compose = Path(stack_secrets.__file__).parents[2] / "docker-compose.yml"
    mounted = {
        line.split(":")[0].strip()
        for line in compose.read_text(encoding="utf-8").partition("\nsecrets:\n")[2].splitlines()
        if line.strip()
    }
    assert mounted <= {*owners, *CERTIFICATES}
    assert all(owners[name] is not None for name in mounted & set(owners))


def test_a_file_is_mounted_for_its_owner_alone() -> None:
    """Given the stack's services that state who they run as,
    when the owners of the secret files that they mount are looked up,
    then each is that user, for without capabilities nobody else can read them."""
    owners = {**PASSWORDS, **{name: uid for name, (uid, _) in DERIVED.items()}}
    owners |= dict.fromkeys(CERTIFICATES, OPENSEARCH_UID)
    project = ComposeProject.load(ROOT)
    stated = {
        (name, secret["source"]): (int(service.config["user"].split(":")[0]), owners[secret["source"]])
        for name, service in project.services.items()
        if service.config.get("user")
        for secret in service.config.get("secrets") or ()
    }
    assert {"alloy", "grafana", "mng-pg-init"} <= {name for name, _ in stated}
    assert [place for place, (user, owner) in stated.items() if user != owner] == []
