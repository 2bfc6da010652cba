"""A SCRAM verifier is told by the secret it was made from, whatever its salt."""

from __future__ import annotations

from dayzero.targets.postgres.scram_verifier import name_secrets

# RFC 7677's example: user "user", password "pencil".
VERIFIER = (
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
    ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)
LINE = f"ALTER ROLE platform WITH LOGIN PASSWORD '{VERIFIER}';"


def test_a_verifier_is_replaced_by_the_name_of_its_secret() -> None:
    """Given the secret among others, when a dump is read, then the verifier's place says which it is."""
    named = name_secrets(LINE, {"other": "pen", "platform_password": "pencil"})
    assert named == "ALTER ROLE platform WITH LOGIN PASSWORD '<SCRAM verifier of platform_password>';"


def test_a_verifier_of_another_secret_is_told_apart() -> None:
    """Given none of the known secrets made it, when a dump is read, then it says so."""
    assert "no known secret" in name_secrets(LINE, {"other": "pen"})
