"""What may be done with OpenSearch: by the provisioner, and by somebody without an account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from dayzero.stack.stack import Stack
from dayzero.targets.access import Action, Cell, Refused, cells_of
from dayzero.targets.opensearch.client import OpenSearchObserver

URL = "https://opensearch:9200"
FOREIGN = "logs-rights-canary"
NOBODY = "rights-canary-nobody"
_TEMPLATE = {"index_patterns": ["rights-canary-of-nobody-*"]}
_SECURITY = "/_plugins/_security/api"

JOB = {"see that the cluster is well", "read its template", "put an index template"}


class _Visitor:
    """Asks as one account, or as nobody. One request after the other on one connection."""

    def __init__(self, stack: Stack, login: tuple[str, str] | None) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(stack.secrets.ca_file)
        self._session.auth = login

    def close(self) -> None:
        self._session.close()

    def ask(self, method: str, path: str, body: Any = None) -> None:
        """Raises Refused for 401 and 403; for anything else but success, neither was it done nor refused."""
        answer = self._session.request(method, f"{URL}{path}", json=body, timeout=20)
        if answer.status_code in (401, 403):
            raise Refused(f"HTTP {answer.status_code} {answer.text[:150]}")
        answer.raise_for_status()

    def asking(self, method: str, path: str, body: Any = None) -> Action:
        return lambda: self.ask(method, path, body)


def log_in_to_opensearch(stack: Stack, user: str, password: str) -> None:
    """Ask who one is. Raises Refused when OpenSearch does not know this password."""
    visitor = _Visitor(stack, (user, password))
    try:
        visitor.ask("GET", "/_plugins/_security/authinfo")
    finally:
        visitor.close()


def _actions(visitor: _Visitor) -> dict[str, Action]:
    ask = visitor.asking
    role = {"cluster_permissions": ["*"], "index_permissions": [], "tenant_permissions": []}
    return {
        "see that the cluster is well": ask("GET", "/_cluster/health"),
        "read its template": ask("GET", "/_index_template/logs_template"),
        "put an index template": ask("PUT", f"/_index_template/{NOBODY}", _TEMPLATE),
        "drop its template": ask("DELETE", f"/_index_template/{NOBODY}"),
        "put a component template": ask("PUT", f"/_component_template/{NOBODY}", {"template": {}}),
        "put a legacy template": ask("PUT", f"/_template/{NOBODY}", _TEMPLATE),
        "create an index": ask("PUT", f"/{NOBODY}"),
        "list the indices": ask("GET", "/_cat/indices"),
        "read another's document": ask("GET", f"/{FOREIGN}/_doc/1"),
        "search all documents": ask("GET", "/_all/_search"),
        "read an index's settings": ask("GET", f"/{FOREIGN}/_settings"),
        "change an index's settings": ask("PUT", f"/{FOREIGN}/_settings", {"index.refresh_interval": "9s"}),
        "write a document": ask("PUT", f"/{FOREIGN}/_doc/2", {"message": "written by one who may not"}),
        "delete another's document": ask("DELETE", f"/{FOREIGN}/_doc/1"),
        "add an alias": ask("PUT", f"/{FOREIGN}/_alias/{NOBODY}"),
        "drop another's index": ask("DELETE", f"/{FOREIGN}"),
        "read the password hashes": ask("GET", f"{_SECURITY}/internalusers"),
        "read the accounts at their source": ask("GET", "/.opendistro_security/_search"),
        "make an account": ask("PUT", f"{_SECURITY}/internalusers/{NOBODY}", {"hash": "$2y$12$" + "a" * 53}),
        "make a role": ask("PUT", f"{_SECURITY}/roles/{NOBODY}", role),
        "grant itself a role": ask("PUT", f"{_SECURITY}/rolesmapping/readall", {"users": ["provisioner"]}),
        "read the cluster's settings": ask("GET", "/_cluster/settings"),
        "change the cluster's settings": ask(
            "PUT", "/_cluster/settings", {"transient": {"cluster.max_shards_per_node": 1000}}
        ),
        "see the nodes": ask("GET", "/_nodes"),
        "see the tasks": ask("GET", "/_tasks"),
        "see the snapshot repositories": ask("GET", "/_snapshot"),
        "make a pipeline": ask("PUT", f"/_search/pipeline/{NOBODY}", {"request_processors": []}),
    }


@contextmanager
def opensearch_rights(stack: Stack) -> Iterator[list[Cell]]:
    """The rows of OpenSearch, while another's index with a document is there to be left alone."""
    owner = OpenSearchObserver(stack).client

    def lay_out() -> None:
        owner.index(index=FOREIGN, id="1", body={"message": "another's data"}, params={"refresh": "true"})

    def remove(path: str) -> Action:
        return lambda: owner.transport.perform_request("DELETE", path, params={"ignore": (404,)})

    undo = {
        "delete another's document": lay_out,
        "drop another's index": lay_out,
        "create an index": remove(f"/{NOBODY}"),
        "put a component template": remove(f"/_component_template/{NOBODY}"),
        "put a legacy template": remove(f"/_template/{NOBODY}"),
        "make an account": remove(f"{_SECURITY}/internalusers/{NOBODY}"),
        "make a role": remove(f"{_SECURITY}/roles/{NOBODY}"),
        "grant itself a role": remove(f"{_SECURITY}/rolesmapping/readall"),
        "make a pipeline": remove(f"/_search/pipeline/{NOBODY}"),
        "drop its template": lambda: owner.indices.put_index_template(name=NOBODY, body=_TEMPLATE),
    }
    password = stack.secrets.passwords["opensearch_provisioner_password"]
    visitors = {
        "provisioner": _Visitor(stack, ("provisioner", password)),
        "no account": _Visitor(stack, None),
    }
    owner.indices.put_index_template(name=NOBODY, body=_TEMPLATE)
    lay_out()
    try:
        yield [
            cell
            for account, visitor in visitors.items()
            for cell in cells_of(account, _actions(visitor), JOB if account == "provisioner" else (), undo)
        ]
    finally:
        for visitor in visitors.values():
            visitor.close()
        remove(f"/_index_template/{NOBODY}")()
        remove(f"/{FOREIGN}")()
