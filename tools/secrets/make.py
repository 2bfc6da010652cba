"""Makes the reference stack's secret files: random, mode 600, owned by the user that reads them in its container.

`python -m tools.secrets.make [DIRECTORY]` makes what is missing and leaves what is there (SEC-SPC-AUTO-001).
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import secrets as random_source
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dayzero.core.errors import SecretsUnusable
from tools.secrets.derived import (
    ALLOY_UID,
    CA_COPY,
    DERIVED,
    GRAFANA_UID,
    KAFKA_UID,
    MINIO_UID,
    OPENSEARCH_UID,
    POSTGRES_UID,
    VALKEY_UID,
)

PASSWORDS: dict[str, int | None] = {
    "kafka_broker_password": KAFKA_UID,
    "kafka_admin_password": None,
    "kafka_provisioner_password": None,
    "opensearch_admin_password": None,
    "opensearch_provisioner_password": None,
    "minio_root_password": MINIO_UID,
    "minio_provisioner_password": None,
    "mng_pg_superuser_password": POSTGRES_UID,
    "mng_pg_provisioner_password": POSTGRES_UID,
    "mng_pg_platform_password": POSTGRES_UID,
    "mng_pg_telemetry_password": POSTGRES_UID,
    "valkey_node_password": VALKEY_UID,
    "valkey_admin_password": None,
    "valkey_provisioner_password": VALKEY_UID,
    "valkey_app_password": None,
    "pg_cluster_superuser_password": None,
    "pg_cluster_replicator_password": None,
    "pg_cluster_rewinder_password": None,
    "pg_cluster_rest_password": None,
    "pg_cluster_provisioner_password": POSTGRES_UID,
    "pg_cluster_orders_password": POSTGRES_UID,
    "pg_cluster_billing_password": POSTGRES_UID,
    "opensearch_monitor_password": ALLOY_UID,
    "minio_monitor_password": None,
    "mng_pg_monitor_password": POSTGRES_UID,
    "valkey_monitor_password": ALLOY_UID,
    "grafana_admin_password": GRAFANA_UID,
}
"""Every account's password file and the uid that reads it in a container; None is for people and the suite alone."""


CERTIFICATES = ("opensearch_ca.pem", "opensearch_node.pem", "opensearch_node_key.pem")


@dataclass(frozen=True)
class StackSecrets:
    """The secret files of one stack and their values, which stay in memory for clients and for the search for leaks."""

    directory: Path
    passwords: dict[str, str]
    others: dict[str, str]

    @property
    def values(self) -> dict[str, str]:
        """Each secret value by a name; nothing that is public (the CA's certificate, user names)."""
        return self.passwords | {
            "minio_kms_key": self.others["minio_kms_key"].partition(":")[2],
            "minio_monitor_token": self.others["minio_monitor_token"],
            "opensearch_node_key.pem": "".join(
                self.others["opensearch_node_key.pem"].strip().splitlines()[1:-1]
            ),
        }

    @property
    def ca_file(self) -> Path:
        """The certificate authority that signed OpenSearch's certificate."""
        return self.directory / "opensearch_ca.pem"


def _certificates() -> dict[str, str]:
    now = datetime.datetime.now(datetime.UTC)

    def name(common: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "dayzero"),
                x509.NameAttribute(NameOID.COMMON_NAME, common),
            ]
        )

    def builder(subject: str, issuer: str, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name(issuer))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=825))
        )

    ca_key = ec.generate_private_key(ec.SECP256R1())
    node_key = ec.generate_private_key(ec.SECP256R1())
    authority_id = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = (
        builder("dayzero-ca", "dayzero-ca", ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(authority_id, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    node = (
        builder("opensearch-node", "dayzero-ca", node_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_id), critical=False
        )
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        .add_extension(
            x509.SubjectAlternativeName(
                [
                    x509.DNSName("opensearch"),
                    x509.DNSName("localhost"),
                    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
                ]
            ),
            critical=False,
        )
        .sign(ca_key, hashes.SHA256())
    )
    return {
        "opensearch_ca.pem": ca.public_bytes(serialization.Encoding.PEM).decode(),
        "opensearch_node.pem": node.public_bytes(serialization.Encoding.PEM).decode(),
        "opensearch_node_key.pem": node_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
    }


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as problem:
        raise SecretsUnusable(
            f"secret file {path} cannot be read ({problem.strerror}): "
            "run as its owner, or remove it and run `make secrets`"
        ) from None
    if not text.strip():
        raise SecretsUnusable(
            f"secret file {path} is empty: write its value into it, or remove it and run `make secrets`"
        )
    return text


def _write(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(temporary).replace(path)


def _give_away(directory: Path, owners: dict[str, int], image: str) -> None:
    if os.geteuid() == 0:
        for name, uid in owners.items():
            os.chown(directory / name, uid, uid)
        return
    # Only the engine may give a file to another user; any image of the stack with a shell serves.
    script = " && ".join(f"chown {uid}:{uid} '/secrets/{name}'" for name, uid in owners.items())
    command = ["docker", "run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "/bin/sh"]
    command += ["--volume", f"{directory.resolve()}:/secrets", image, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise SecretsUnusable(
            f"secret files in {directory} cannot be given to their containers' users ({reason}): "
            "run `make images` first, or run as root"
        )


def make_secrets(directory: Path, image: str = "postgres:17.6-trixie") -> StackSecrets:
    """Make every secret file that is missing in `directory` (mode 700; files 600) and return all values.

    Raises SecretsUnusable for a file that is empty or cannot be read, written or given to its user; then nothing
    that was there has been changed.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise SecretsUnusable(
            f"secrets folder {directory} cannot be made ({problem.strerror}): set SECRETS_DIR to a writable folder"
        ) from None
    known: dict[str, str] = {
        name: _read(directory / name)
        for name in (*PASSWORDS, *DERIVED, *CERTIFICATES)
        if (directory / name).exists()
    }
    missing_certificates = [name for name in CERTIFICATES if name not in known]
    if 0 < len(missing_certificates) < len(CERTIFICATES):
        raise SecretsUnusable(
            f"secret files {', '.join(missing_certificates)} are missing in {directory} beside the rest of their set: "
            "remove the other opensearch_*.pem too and run `make secrets`"
        )
    made: dict[str, int | None] = {}

    def add(name: str, text: str, uid: int | None) -> None:
        _write(directory / name, text)
        known[name] = text
        made[name] = uid

    for name, uid in PASSWORDS.items():
        if name not in known:
            add(name, random_source.token_hex(16), uid)
    if missing_certificates:
        known.pop(CA_COPY, None)  # of an authority that is gone
        for name, text in _certificates().items():
            add(name, text, OPENSEARCH_UID)
    for name, (uid, derive) in DERIVED.items():
        if name not in known:
            add(name, derive(lambda other: known[other].strip()), uid)
    owners = {name: uid for name, uid in made.items() if uid is not None}
    if owners:
        _give_away(directory, owners, image)
    return StackSecrets(
        directory=directory,
        passwords={name: known[name].strip() for name in PASSWORDS},
        others={name: text for name, text in known.items() if name not in PASSWORDS},
    )


def main(arguments: list[str]) -> int:
    """Make the stack's secrets in the folder given, in SECRETS_DIR, or in ./secrets; say how many are new."""
    directory = Path(arguments[0] if arguments else os.environ.get("SECRETS_DIR", "secrets"))
    before = len(list(directory.iterdir())) if directory.is_dir() else 0
    try:
        make_secrets(directory)
    except SecretsUnusable as problem:
        print(f"secrets: {problem}", file=sys.stderr)
        return 1
    print(f"secrets: {len(list(directory.iterdir())) - before} made, {before} kept in {directory}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
