"""Looks at OpenSearch through opensearch-py, over TLS, as its administrator."""

from __future__ import annotations

from typing import Any

from opensearchpy import OpenSearch

from dayzero.stack.stack import Stack


class OpenSearchObserver:
    """Reads and changes one stack's OpenSearch. opensearchpy's exceptions mean that nothing was seen."""

    def __init__(self, stack: Stack) -> None:
        self.client = OpenSearch(
            hosts=[{"host": "opensearch", "port": 9200}],
            http_auth=("admin", stack.secrets.passwords["opensearch_admin_password"]),
            use_ssl=True,
            verify_certs=True,
            ca_certs=str(stack.secrets.ca_file),
            timeout=20,
        )

    def template(self, name: str) -> dict[str, Any] | None:
        """The composable index template `name`, or None when there is none."""
        found = self.client.indices.get_index_template()["index_templates"]
        return next((entry["index_template"] for entry in found if entry["name"] == name), None)

    def new_index(self, name: str) -> dict[str, Any]:
        """Create the index, return the `settings` (flat) and `mappings` that it was given, and remove it again."""
        self.client.indices.create(index=name)
        try:
            settings = self.client.indices.get_settings(index=name, params={"flat_settings": "true"})[name][
                "settings"
            ]
            return {
                "settings": settings,
                "mappings": self.client.indices.get_mapping(index=name)[name]["mappings"],
            }
        finally:
            self.client.indices.delete(index=name)

    def unprovision(self) -> None:
        """Remove every index template and every index of users, as the server is after its first boot."""
        for name in self._indices():
            self.client.indices.delete(index=name)
        for entry in self.client.indices.get_index_template()["index_templates"]:
            self.remove_template(entry["name"])

    def remove_template(self, name: str) -> None:
        """Remove one index template."""
        self.client.indices.delete_index_template(name=name)

    def _indices(self) -> list[str]:
        return sorted(name for name in self.client.indices.get(index="*") if not name.startswith("."))

    def snapshot(self) -> dict[str, Any]:
        """Everything that a rerun must leave alone: templates, indices, mappings and documents, settings, accounts."""
        self.client.indices.refresh(index="*")
        indices = self._indices()
        security = "/_plugins/_security/api/"
        return {
            "index templates": sorted(
                self.client.indices.get_index_template()["index_templates"],
                key=lambda entry: str(entry["name"]),
            ),
            "component templates": self.client.transport.perform_request("GET", "/_component_template")[
                "component_templates"
            ],
            "settings": {name: self.client.indices.get_settings(index=name) for name in indices},
            "mappings": {name: self.client.indices.get_mapping(index=name) for name in indices},
            "documents": {
                name: sorted(
                    (hit["_id"], str(hit["_source"]))
                    for hit in self.client.search(index=name, size=1000)["hits"]["hits"]
                )
                for name in indices
            },
            "cluster settings": self.client.cluster.get_settings(),
            "accounts": {
                part: self.client.transport.perform_request("GET", security + part)
                for part in ("internalusers", "roles", "rolesmapping")
            },
        }
