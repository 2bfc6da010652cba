"""minio-create-buckets against a stub mc that prints what mc's own prints."""

from __future__ import annotations

import json

import pytest

from tests.unit.provisioners.provisioner_bench import HOSTILE_AT_ONCE, Answer, Bench, Ended

PASSWORD = "minio-5ecret-Value"
SETTINGS = {"HY_BUCKET_NAME": "hy-public", "HY_PRIVATE_BUCKET_NAME": "hy-private"}
OK = Answer(out='{"status":"success"}\n')


def error(message: str, cause: str, **details: object) -> str:
    inner = {"message": cause, "error": details}
    return json.dumps(
        {"status": "error", "error": {"message": message, "cause": inner, "type": "error"}},
        separators=(",", ":"),
    )


def failed(cause: str, code: str = "", *, message: str = "Unable to make bucket.") -> Answer:
    """A failure as mc tells it."""
    return Answer(out=f"{error(message, cause, **({'Code': code} if code else {}))}\n", code=1)


NO_BUCKET = failed("The specified bucket does not exist", "NoSuchBucket")
THERE = failed("Your previous request to create the named bucket succeeded.", "BucketAlreadyOwnedByYou")
NO_TAGS = failed(
    "check 'mc tag set --help' on how to set tags", message="No tags found  for http://minio:9000/hy-public"
)
REFUSED = 'Get "http://minio:9000/hy-public/?location=": dial tcp 10.0.0.2:9000: connect: connection refused'
NOT_RESOLVED = 'Get "http://minio:9000/hy-public/": dial tcp: lookup minio on 127.0.0.11:53: no such host'
STARTING = "Server not initialized yet, please try again."


@pytest.fixture
def minio(bench: Bench) -> Bench:
    """The bench with the init's secret, and a server that has both buckets with their tags."""
    alias = {"url": "http://minio:9000", "accessKey": "provisioner", "secretKey": PASSWORD, "api": "S3v4"}
    bench.secret("minio_provisioner.json", json.dumps({"version": "10", "aliases": {"store": alias}}))
    bench.settings |= SETTINGS
    bench.stub("mc", [OK])
    return bench


def words(ended: Ended) -> list[str]:
    """Each call without `mc --json`."""
    assert all(call.argv[:2] == ("mc", "--json") for call in ended.calls)
    return [" ".join(call.argv[2:]) for call in ended.calls]


def made(name: str) -> list[str]:
    return [f"tag list store/{name}", f"mb store/{name}"]


def settled(bench: Bench, name: str, *, public: bool) -> list[str]:
    policy = [f"anonymous set-json {bench.folder / 'tmp' / 'policy.json'} store/{name}"] if public else []
    return [*policy, f"tag set store/{name} provisioned-by=minio-create-buckets"]


@pytest.mark.parametrize("look", [NO_TAGS, NO_BUCKET], ids=["least rights", "more rights"])
def test_missing_buckets_are_created(minio: Bench, look: Answer) -> None:
    """Given a server without buckets, which says so to those alone who may know,
    when minio-create-buckets runs,
    then it makes both, lets anybody read the objects of the public one alone, and tags each last."""
    minio.stub("mc", {"tag list": [look], "": [OK]})
    ended = minio.run("minio-create-buckets")
    assert ended.actions == {"bucket hy-public": "created", "bucket hy-private": "created"}
    assert [line["access"] for line in ended.events("resource")] == ["public", "private"]
    assert words(ended) == [
        *made("hy-public"),
        *settled(minio, "hy-public", public=True),
        *made("hy-private"),
        *settled(minio, "hy-private", public=False),
    ]
    (statement,) = json.loads((minio.folder / "tmp" / "policy.json").read_text())["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"AWS": ["*"]},
        "Action": ["s3:GetObject"],
        "Resource": ["arn:aws:s3:::hy-public/*"],
    }


def test_buckets_that_are_settled_are_left_alone(minio: Bench) -> None:
    """Given both buckets with their tags,
    when minio-create-buckets runs,
    then it looks and changes nothing."""
    ended = minio.run("minio-create-buckets")
    assert ended.actions == {"bucket hy-public": "unchanged", "bucket hy-private": "unchanged"}
    assert words(ended) == ["tag list store/hy-public", "tag list store/hy-private"]


def test_half_done_work_is_completed(minio: Bench) -> None:
    """Given a bucket without its tag, as a killed run leaves it,
    when minio-create-buckets runs,
    then it sets the policy and the tag and says updated, at the first try."""
    minio.stub("mc", {"tag list": [NO_TAGS, OK], "mb": [THERE], "": [OK]})
    ended = minio.run("minio-create-buckets")
    assert ended.actions == {"bucket hy-public": "updated", "bucket hy-private": "unchanged"}
    assert ended.events("wait") == []
    assert words(ended)[2:4] == settled(minio, "hy-public", public=True)


def test_what_an_earlier_attempt_made_is_created(minio: Bench) -> None:
    """Given a server that makes the first bucket and whose answer is lost on its way,
    when minio-create-buckets tries again and hears that the bucket is there,
    then it says created."""
    lost = failed("read tcp 10.0.0.3:40000->10.0.0.2:9000: i/o timeout")
    minio.stub("mc", {"tag list": [NO_TAGS], "mb": [lost, THERE, OK], "": [OK]})
    ended = minio.run("minio-create-buckets")
    assert ended.actions == {"bucket hy-public": "created", "bucket hy-private": "created"}


@pytest.mark.parametrize("cause", [REFUSED, NOT_RESOLVED, STARTING, "read: connection reset by peer"])
@pytest.mark.parametrize("step", ["mb", "tag list"])
def test_an_absent_server_is_waited_for(minio: Bench, step: str, cause: str) -> None:
    """Given a server that refuses, is not resolved, starts up, or breaks off in the middle of the work,
    when minio-create-buckets looks or makes,
    then it tries the same again, says what was wrong, and takes a bucket that it cannot see for no absent one."""
    there = {"tag list": [NO_TAGS if step == "mb" else OK], "mb": [OK], "": [OK]}
    minio.stub("mc", there | {step: [failed(cause), OK]})
    ended = minio.run("minio-create-buckets")
    assert set(ended.actions.values()) == {"created" if step == "mb" else "unchanged"}
    (wait,) = ended.events("wait")
    assert wait["error"] == cause.replace('"', "'").replace("Get '", "Get /'").replace("':", "/':")
    assert wait["target"] == "minio"


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        ("Access Denied.", "AccessDenied"),
        ("Access Denied.", ""),
        ("The Access Key Id you provided does not exist in our records.", "InvalidAccessKeyId"),
        (
            "The request signature we calculated does not match the signature you provided.",
            "SignatureDoesNotMatch",
        ),
        ("All access to this resource has been disabled.", "AllAccessDisabled"),
        ("Bucket name contains invalid characters", ""),
    ],
)
@pytest.mark.parametrize("step", ["tag list", "mb"])
def test_what_waiting_cannot_cure_ends_it_at_once(minio: Bench, step: str, cause: str, code: str) -> None:
    """Given a server that rejects the keys, the signature, the right or the name,
    when minio-create-buckets looks or makes,
    then it ends at once with the cause and, unless the account is at fault, the bucket's name; it does nothing more."""
    minio.stub("mc", {step: [failed(cause, code)], "": [NO_TAGS]})
    ended = minio.run("minio-create-buckets")
    about = "" if code in ("InvalidAccessKeyId", "SignatureDoesNotMatch") else "hy-public: "
    assert ended.reason == f"minio refused: {about}{cause}"
    assert ended.events("wait") == []
    assert words(ended)[-1].startswith(step)


@pytest.mark.parametrize(
    "answer",
    [
        failed(f"syntax error at ' 1: {PASSWORD} <<<<'", message="Unable to load config."),
        failed("Requested path `/store` not found"),
    ],
    ids=["no JSON", "no alias"],
)
def test_a_broken_configuration_is_named_and_not_quoted(minio: Bench, answer: Answer) -> None:
    """Given a secret that is no JSON, which mc quotes up to the mistake, or one without the server's alias,
    when minio-create-buckets runs,
    then it ends at once, names the file, and shows nothing of it."""
    minio.stub("mc", [answer])
    ended = minio.run("minio-create-buckets")
    path = minio.folder / "secrets" / "minio_provisioner.json"
    assert ended.reason == f"minio refused: {path} is no configuration of mc that has the alias 'store'"
    assert PASSWORD not in ended.output
    assert len(ended.calls) == 1


@pytest.mark.parametrize("name", SETTINGS)
def test_a_hostile_setting_is_refused(minio: Bench, name: str) -> None:
    """Given a setting with quotes, commands, newlines or globs, or with nothing in it,
    when minio-create-buckets starts,
    then it calls nothing, runs nothing, and names the setting."""
    for value in (HOSTILE_AT_ONCE, " "):
        assert minio.run("minio-create-buckets", **{name: value}).refusal.startswith(f"setting {name}")
    assert minio.unharmed()


@pytest.mark.parametrize(
    "bucket",
    [
        "ab",
        "x" * 64,
        ".abc",
        "abc.",
        "abc-",
        "a..b",
        "a.-b",
        "a-.b",
        "one two",
        "192.168.5.4",
        "xn--abc",
        "sthree-abc",
        "amzn-s3-demo-x",
        "abc-s3alias",
        "abc--ol-s3",
    ],
)
def test_a_name_that_s3_forbids_is_refused(minio: Bench, bucket: str) -> None:
    """Given a bucket name that S3 forbids,
    when minio-create-buckets starts,
    then it calls nothing, and names the name and the rule."""
    for name in SETTINGS:
        assert minio.run("minio-create-buckets", **{name: bucket}).refusal.startswith(
            f"bucket name {bucket} is not allowed by S3: "
        )


def test_names_at_the_edge_of_the_rule_are_accepted(minio: Bench) -> None:
    """Given the shortest and the longest name, names of digits, and one with dots,
    when minio-create-buckets runs,
    then it takes them."""
    for public, private in (("abc", "x" * 63), ("123", "1.2.3"), ("my.bucket-1", "0ab")):
        ended = minio.run("minio-create-buckets", HY_BUCKET_NAME=public, HY_PRIVATE_BUCKET_NAME=private)
        assert set(ended.actions) == {f"bucket {public}", f"bucket {private}"}


def test_one_bucket_cannot_be_both(minio: Bench) -> None:
    """Given the same name for the public and the private bucket,
    when minio-create-buckets starts,
    then it calls nothing and says so."""
    refusal = minio.run("minio-create-buckets", HY_PRIVATE_BUCKET_NAME="hy-public").refusal
    assert refusal == "HY_BUCKET_NAME and HY_PRIVATE_BUCKET_NAME are the same: hy-public"


@pytest.mark.parametrize("kind", ["missing", "empty"])
def test_a_useless_secret_is_named(minio: Bench, kind: str) -> None:
    """Given a configuration of mc that is missing or empty,
    when minio-create-buckets starts,
    then it calls nothing and names the file."""
    path = minio.folder / "secrets" / "minio_provisioner.json"
    path.unlink() if kind == "missing" else path.write_text("")
    assert minio.run("minio-create-buckets").refusal.startswith(f"secret {path} is {kind}")


@pytest.mark.parametrize(
    "answer", [OK, failed("Access Denied.", "AccessDenied")], ids=["accepted", "rejected"]
)
def test_the_password_is_shown_nowhere(minio: Bench, answer: Answer) -> None:
    """Given a run that does all it can, and one that is rejected,
    when its log, its calls and its scratch files are read,
    then the password is in none; mc's configuration is a link to the secret."""
    minio.stub("mc", {"tag list": [NO_TAGS], "": [answer]})
    ended = minio.run("minio-create-buckets")
    assert len(ended.calls) >= 2
    assert PASSWORD not in f"{ended.output}{ended.errors}{ended.calls}"
    scratch = minio.folder / "tmp"
    config = scratch / "mc" / "config.json"
    assert config.readlink() == minio.folder / "secrets" / "minio_provisioner.json"
    assert f"MC_CONFIG_DIR={config.parent}" in ended.calls[0].environment
    for path in scratch.rglob("*"):
        assert path.is_dir() or path == config or PASSWORD not in path.read_text()
