#!/bin/bash
# Lays the stack's settings, certificates and accounts over the image's defaults, in a folder that only the node can read.
set -euo pipefail
umask 077
config=$OPENSEARCH_PATH_CONF
cp -R /usr/share/opensearch/config/. "$config/"
cp /stack/opensearch.yml "$config/opensearch.yml"
mkdir -p "$config/opensearch-security" "$config/certs"
cp /stack/security/*.yml "$config/opensearch-security/"
cat /run/secrets/opensearch_internal_users.yml >"$config/opensearch-security/internal_users.yml"
for file in ca node node_key; do cat "/run/secrets/opensearch_$file.pem" >"$config/certs/$file.pem"; done
# Not through the image's own entrypoint: that one resets OPENSEARCH_PATH_CONF to the folder in the image.
exec /usr/share/opensearch/bin/opensearch
