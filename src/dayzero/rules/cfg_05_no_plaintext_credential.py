"""Credentials that reach a container as plaintext: by which way, under which name, and where; never their value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dayzero.analysis.container_program import argument_texts, texts_of
from dayzero.analysis.endpoints import visible_texts
from dayzero.analysis.init_detection import InitService
from dayzero.analysis.known_images import looks_like
from dayzero.analysis.mounted_config import given_texts
from dayzero.compose.environment import EnvVariable, missing_env_files, variables_of
from dayzero.compose.project import ComposeProject, Service
from dayzero.compose.yaml_source import Mapping, PlacedText, Scalar, walk
from dayzero.core.verdict import Source, Verdict
from dayzero.rules.rule import rule


@dataclass(frozen=True)
class Exposure:
    """One credential in plaintext; `what` names it and the way it takes, without its value."""

    what: str
    source: Source


_WORD = (
    r"(?:PASS(?:WORDS?|WD|PHRASE|WRD)?|PWD?|PSW|SECRETS?|TOKENS?|APIKEYS?|CREDENTIALS?|CREDS|PASSKEY|SIGNING|JWT"
    r"|(?:API|SECRET|PRIVATE|ENCRYPTION|MASTER|ROOT|ADMIN|SIGNING|LICENSE|ACCOUNT|SERVICE|AUTH|STORAGE|SHARED|APP|HMAC|AES|FERNET|RSA|SSH"
    r"|UNSEAL|SYSTEM|ROLE|ANON|SERVER|CLIENT|WEBHOOK|SESSION|COOKIE|CIPHER|CRYPTO|INSTANCE|SUPER|DEPLOY|SCHEDULER|KMS|DATA)_?KEYS?)"
)
_SECRET_NAME = re.compile(rf"(?:^|[_.-]){_WORD}(?:$|[_.-]\d*$|\d+$)", re.I)
_SECRET_INSIDE = re.compile(r"(?:^|[_.-])(?:PASSWORD|PASSWD|SECRET)(?=[_.-])", re.I)
_GLUED = re.compile(r"(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|APIKEY)$", re.I)
_AUTH_NAME = re.compile(
    r"^(?:NEO4J_AUTH|REDISCLI_AUTH|\w*BASIC_AUTH|FERNET_KEY|AIRFLOW__CORE__FERNET_KEY|VAULT_DEV_ROOT_TOKEN_ID)$"
)
_NO_SECRET_END = re.compile(
    r"(?:_|__)(?:FILE|PATH|DIR|LOCATION|FOLDER|NAME|ID|TTL|EXPIR\w*|LENGTH|MIN\w*|MAX\w*|ENABLED?|REQUIRED|ALG\w*|TYPE|METHOD|HEADER|PREFIX"
    r"|URL|URI|ENDPOINT|ISSUER|MODE|POLICY|ROTATION|SIZE|COUNT|LIMIT|BYTES|HOST|PORT|FORMAT|VERSION|LIFETIME|SECONDS|MINUTES|HOURS|DAYS"
    r"|DURATION|INTERVAL|STRATEGY|PROVIDER|BACKEND|ENGINE|DRIVER|AUDIENCE|SCOPES?|CLAIM|FIELD|COLUMN|RESET|CHANGE|REUSE|HASH\w*|ROUNDS"
    r"|STORE|VALIDATION|REGEX|CHECK|COST|SERVICE|CONVERTER\w*|MANAGER|TOPIC|GRANT|USER|USERNAME|LOGIN|EMAIL|REGION|ALLOWED|ALLOW|AUTH)$",
    re.I,
)
_NEGATED = re.compile(
    r"^(?:ALLOW_EMPTY|ALLOW_ANONYMOUS|DISABLE_|SKIP_|NO_|USE_|ENABLE_|REQUIRE_|HAS_)|RANDOM_ROOT_PASSWORD|ALLOW_EMPTY",
    re.I,
)
_PLAIN_NOTHING = re.compile(r"(?:true|false|yes|no|on|off|none|null|disabled?|enabled?|trust|\d{1,3})?", re.I)
_FILE_VALUE = re.compile(
    r"(?:/run/secrets/|/var/run/secrets/|/\w[\w./-]*$|file:|docker-secret:|op://|vault:|arn:aws:secretsmanager)"
)
_URL_SECRET = re.compile(r"\w[\w+.:-]*://[^\s/@:\"']*:(?P<secret>[^\s@\"']+?)@")


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a password, key or token (a user name, a path or a setting does not)."""
    if _AUTH_NAME.match(name):
        return True
    if _NEGATED.search(name) or _NO_SECRET_END.search(name) or name.upper() in ("PWD", "OLDPWD"):
        return False
    spelled = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    patterns = (_SECRET_NAME, _SECRET_INSIDE, _GLUED, _AUTH_NAME)
    return any(pattern.search(spelled) for pattern in patterns)


def exposures_of(service: Service) -> list[Exposure]:
    """Every credential that reaches the service's container in plaintext."""
    variables = variables_of(service)
    guarded = _has_guarded_database(service)
    found = [exposure for one in variables for exposure in _of_variable(one, guarded)]
    found += _of_arguments(service)
    found += _of_scripts(service)
    found += _of_missing_env_file(service, variables)
    found += _of_labels_and_build(service)
    found += _of_given_files(service)
    unique = {(one.what, one.source): one for one in found}
    return list(unique.values())


_URL_NAME = re.compile(
    r"(?:DATABASE|DB|MONGO\w*|REDIS|POSTGRES\w*|PG|MYSQL|RABBITMQ|AMQP|BROKER)_?UR[LI]$|DSN$|CONNECTION_?STRING",
    re.I,
)


def doubts_of(service: Service) -> list[str]:
    """What may hold a credential and cannot be read from the project's files, in words."""
    doubts = [f"env_file {one.path} is not among the project's files" for one in missing_env_files(service)]
    for one in variables_of(service):
        if one.value is None and _URL_NAME.search(one.name) and not is_secret_name(one.name):
            doubts.append(f"{one.name} is nowhere set, and a value of that kind often has a password in it")
    return doubts


def _has_guarded_database(service: Service) -> bool:
    """Whether a database of the project is given a password, so that whoever connects needs it."""
    for other in service.project.services.values():
        if looks_like(f"{other.config.get('image') or ''} {other.name}", "databases"):
            names = (other.config.get("environment") or {}).keys()
            if any("PASSWORD" in name.upper() and not _NEGATED.search(name) for name in names):
                return True
    return False


def _of_variable(one: EnvVariable, guarded: bool) -> Iterator[Exposure]:
    value = one.value if one.value is not None else one.written
    way = {"environment": "environment", "env_file": "env_file", "image": "ENV of its Dockerfile"}[
        one.through
    ]
    if is_secret_name(one.name):
        empty = (
            one.value is not None and not _references(one.written) and _PLAIN_NOTHING.fullmatch(value.strip())
        )
        blank = one.value == "" and one.through != "environment"
        if not (empty or blank or _FILE_VALUE.match(value)):
            yield Exposure(f"{one.name} through {way}", one.source)
        return
    match = _URL_SECRET.search(value) or _URL_SECRET.search(one.written)
    if match and not _from_file(match["secret"]):
        yield Exposure(f"{one.name} through {way}: a URL with a password in it", one.source)
    elif re.search(r"(?:^|[;\s?&])(?:password|pwd|secret|token)=(?!\s*[;&]|$)[^;&\s]+", value, re.I):
        if one.name.upper() != "PWD":
            yield Exposure(f"{one.name} through {way}: a connection string with a password in it", one.source)
    elif one.value is None and _URL_NAME.search(one.name) and guarded:
        yield Exposure(
            f"{one.name} through {way}: the URL of a database that asks for a password", one.source
        )
    elif any(is_secret_name(name) for name in _references(one.written)):
        names = [name for name in _references(one.written) if is_secret_name(name)]
        yield Exposure(f"{one.name} through {way}: it takes {names[0]} in", one.source)


def _of_arguments(service: Service) -> Iterator[Exposure]:
    """Variables of credentials that Compose itself puts into entrypoint or command."""
    for key in ("entrypoint", "command"):
        item = service.item.get(key)
        for _, scalar in walk(item) if item is not None else ():
            placed = scalar.placed()
            for match in re.finditer(r"(?<!\$)(?:\$\$)*\$\{?([A-Za-z_]\w*)", placed.text):
                holds_url = _URL_SECRET.search(service.project.values.get(match[1], ""))
                if is_secret_name(match[1]) or holds_url:
                    yield Exposure(
                        f"{match[1]} put into the {key} by Compose", _at(service, placed, match.start(1))
                    )
    if not any(not script.path for script in texts_of(service).scripts):
        words = [
            *argument_texts(service.item.get("entrypoint")),
            *argument_texts(service.item.get("command")),
        ]
        for at, word in enumerate(words):
            following = words[at + 1] if at + 1 < len(words) else None
            if (
                following
                and _SECRET_OPTION.fullmatch(word.text)
                and not following.text.startswith(("-", "$"))
            ):
                yield Exposure(f"a literal after {word.text} in the command", _at(service, following, 0))


_SECRET_OPTION = re.compile(
    r"--?(?:[\w-]*-)?(?:password|passwd|pass|secret|secret-?key|token|api-?key|private-?key|passphrase|credentials?)",
    re.I,
)
_VALUE = r"(?P<secret>\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'`;&|)\\]+)"
_LITERALS = (
    (
        "alias of mc",
        re.compile(rf"\bmc\s+(?:--?\S+\s+)*(?:alias\s+set|config\s+host\s+add)\s+\S+\s+\S+\s+\S+\s+{_VALUE}"),
    ),
    ("a password option", re.compile(rf"(?<![\w-])(?:{_SECRET_OPTION.pattern})[= ][ \t]*{_VALUE}", re.I)),
    ("an assignment", re.compile(rf"(?<![\w$.-])(?P<name>[A-Za-z_][\w.]*)=(?!=){_VALUE}")),
    (
        "user and password of an HTTP client",
        re.compile(r"(?<=\s)(?:-u|--user)[= ]?\s*[\"']?[^\s:\"'$]+:(?P<secret>[^\s\"']+)"),
    ),
    (
        "an authorization header",
        re.compile(
            r"(?:Authorization:\s*(?:Bearer|Basic|Token)|X-[\w-]*(?:Token|Key)\s*:)\s+(?P<secret>[^\s\"']+)",
            re.I,
        ),
    ),
    ("a URL with a password", _URL_SECRET),
    (
        "a password in SQL",
        re.compile(
            r"(?:(?<![-\w])PASSWORD\s+|IDENTIFIED\s+(?:WITH\s+\S+\s+)?BY\s+)(?P<secret>\\?[\"'][^\"'\n]+[\"'])",
            re.I,
        ),
    ),
    (
        "-p of a MySQL client",
        re.compile(
            r"\b(?:mysql|mariadb|mysqladmin|mysqldump)\b[^\n;|&]*?\s-p(?P<secret>[^\s\"']+|\"[^\"]+\"|'[^']+')"
        ),
    ),
    ("-a of a Redis client", re.compile(rf"\b(?:redis|valkey)-cli\b[^\n;|&]*?\s(?:-a|--pass)\s+{_VALUE}")),
    ("-P of sqlcmd", re.compile(rf"\bsqlcmd\b[^\n;|&]*?\s-P\s*{_VALUE}")),
    ("-p of a MongoDB client", re.compile(rf"\bmongo(?:sh|import|restore)?\b[^\n;|&]*?\s-p\s+{_VALUE}")),
    ("a password in MongoDB's shell", re.compile(r"\bpwd\s*:\s*(?P<secret>[\"'][^\"'\n]+[\"'])")),
    ("a login of vault", re.compile(rf"\b(?:vault|bao)\s+login\s+(?:-\S+\s+)*(?!-){_VALUE}")),
    ("a credential of polaris", re.compile(r"--credential=[\w-]+,[\w-]+,(?P<secret>[^\s\"']+)")),
)


_IN_FILES = ("a URL with a password", "a password in SQL", "a password in MongoDB's shell")
_SETTING = re.compile(
    r"(?m)^[ \t]*[\"']?(?P<name>[A-Za-z_][\w.-]*)[\"']?[ \t]*[:=][ \t]*"
    r"(?P<secret>\"[^\"\n]*\"|'[^'\n]*'|[^\s\"',;#{}\[\]]+)[ \t]*,?;?[ \t]*$"
)


def _of_scripts(service: Service) -> Iterator[Exposure]:
    """Literals in inline text and in the scripts that the project mounts or copies in."""
    for placed in visible_texts(service):
        bare = re.sub(r"(?m)(?:^|(?<=\s))#.*$", lambda match: " " * len(match.group()), placed.text)
        for what, pattern in _LITERALS:
            for match in pattern.finditer(bare):
                name = match.groupdict().get("name")
                if name is not None and not is_secret_name(name):
                    continue
                if _is_literal(match["secret"]):
                    named = f"{name}, written out" if name else f"{what}, written out"
                    yield Exposure(
                        f"{named} in its command or script", _at(service, placed, match.start("secret"))
                    )


def _of_given_files(service: Service) -> Iterator[Exposure]:
    """Literals in settings and SQL that are mounted for the container to read."""
    for placed in given_texts(service):
        name = placed.file.name
        for match in _SETTING.finditer(placed.text):
            if is_secret_name(match["name"].rsplit(".", 1)[-1]) and _is_literal(match["secret"]):
                yield Exposure(
                    f"{match['name']}, written out in {name}", _at(service, placed, match.start("secret"))
                )
        for what, pattern in _LITERALS:
            if what in _IN_FILES:
                for match in pattern.finditer(placed.text):
                    if _is_literal(match["secret"]):
                        yield Exposure(
                            f"{what}, written out in {name}", _at(service, placed, match.start("secret"))
                        )


def _of_missing_env_file(service: Service, variables: tuple[EnvVariable, ...]) -> Iterator[Exposure]:
    """A secret variable that the text uses and that only an env file that is not there can set."""
    missing = missing_env_files(service)
    if not missing:
        return
    known = {one.name for one in variables}
    for placed in visible_texts(service):
        set_here = set(
            re.findall(r"(?m)(?:^|[\s;&(])(?:export\s+|read\s+(?:-\w+\s+)*)?([A-Za-z_]\w*)=", placed.text)
        )
        for match in re.finditer(r"\$\{?([A-Za-z_]\w*)", placed.text):
            name = match[1]
            if is_secret_name(name) and name not in known and name not in set_here:
                yield Exposure(f"{name} through env_file {missing[0].path}", missing[0].source)


def _of_labels_and_build(service: Service) -> Iterator[Exposure]:
    build = service.item.get("build")
    args = build.get("args") if isinstance(build, Mapping) else None
    for key, item in (("labels", service.item.get("labels")), ("build args", args)):
        for name, value in item.entries.items() if isinstance(item, Mapping) else ():
            if not isinstance(value, Scalar) or not isinstance(item, Mapping):
                continue
            text = str(value.value or "")
            secret = (
                is_secret_name(name) and not _PLAIN_NOTHING.fullmatch(text) and not _FILE_VALUE.match(text)
            )
            if secret or (value.written and any(is_secret_name(one) for one in _references(value.written))):
                yield Exposure(f"{name} in {key}", service.project.source(item.keys.get(name, value.place)))


def _is_literal(text: str) -> bool:
    """A value that is written out: no expansion, no placeholder to be read at run time, not empty."""
    plain = text.strip("\"'\\ ")
    if not plain or plain.startswith(("$", "`", "<", "/", "@", "{{", "-", "%", "file:")) or "$" in plain:
        return False
    return not _PLAIN_NOTHING.fullmatch(plain) or plain.isdigit()


def _from_file(secret: str) -> bool:
    return "$(" in secret or "`" in secret


def _references(written: str) -> list[str]:
    return re.findall(r"(?<!\$)(?:\$\$)*\$\{?([A-Za-z_]\w*)", written)


def _at(service: Service, placed: PlacedText, offset: int) -> Source:
    return service.project.source(placed.place(offset))


@rule("CFG-5", "SEC-SPC-AUTO-001", "SEC-AUTO-001", "TASK-004")
def no_credential_reaches_an_init_in_plaintext(
    init: InitService, project: ComposeProject, verdict: Verdict
) -> None:
    """Given an init service,
    when all that its container is given is read: variables, env files, arguments, labels, build arguments, scripts,
    then no password, key or token is in it; they come as files under /run/secrets.
    """
    verdict.subject = init.name
    verdict.expected = "credentials only as files under /run/secrets"
    verdict.look = "declare it under secrets: and let the script read /run/secrets/NAME"
    exposures = exposures_of(init)
    more = f" and {len(exposures) - 5} more" if len(exposures) > 5 else ""
    verdict.observed = "; ".join(one.what for one in exposures[:5]) + more or "no credential in plaintext"
    verdict.source = exposures[0].source if exposures else init.where("environment")
    if not exposures:
        doubts = doubts_of(init)
        if doubts:
            verdict.not_applicable(doubts[0])
    verdict.check(not exposures)
