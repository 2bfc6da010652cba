"""RUN-4: the index template is active and applied."""

from __future__ import annotations

import json
import secrets

from opensearchpy.exceptions import RequestError

from dayzero.core.criterion import criterion
from dayzero.core.verdict import Verdict
from dayzero.stack.stack import Stack
from dayzero.targets.opensearch.client import OpenSearchObserver

TEMPLATE = "logs_template"


@criterion("RUN-4", subject="os-init")
def test_a_new_logs_index_carries_the_template(
    stack: Stack, opensearch: OpenSearchObserver, verdict: Verdict
) -> None:
    """Given OpenSearch runs and os-init has exited with 0,
    when a new index whose name starts with logs- is created,
    then it has every setting and every mapping that logs_template states."""
    stated = json.loads(
        (stack.root / "infra/04-data/opensearch/logs_template.json").read_text(encoding="utf-8")
    )["template"]
    template = opensearch.template(TEMPLATE)
    try:
        index = opensearch.new_index(f"logs-{secrets.token_hex(4)}")
    except RequestError as refusal:
        index = {"refused": str(refusal), "settings": {}, "mappings": {}}
    verdict.expected = f"{TEMPLATE} for logs-*, giving {json.dumps(stated)}"
    verdict.observed = f"template {json.dumps(template)}; new index {json.dumps(index)}"
    verdict.look = "docker compose logs os-init; another template with a higher priority for logs-*"
    verdict.check(template is not None, "no template")
    verdict.check("logs-*" in (template or {})["index_patterns"], "the template is not for logs-*")
    for name, value in stated["settings"].items():
        verdict.check(index["settings"].get(f"index.{name}") == str(value), f"the setting {name}")
    for name, mapping in stated["mappings"]["properties"].items():
        verdict.check(index["mappings"].get("properties", {}).get(name) == mapping, f"the mapping of {name}")
