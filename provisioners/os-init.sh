#!/bin/sh
# Puts the index template that new logs-* indices take; never touches one that is there.
. "${0%/*}/lib/provision.sh"

begin os-init
ca=/run/secrets/opensearch_ca.pem
login=/run/secrets/opensearch_provisioner_netrc
template=/provisioning/logs_template.json
setting OPENSEARCH_URL 'A-Za-z0-9.:/-' 'a URL such as https://opensearch:9200'
setting TEMPLATE_NAME 'a-z0-9_-' 'one name of lower-case letters, digits, dashes and underscores'
secret "$ca"
secret "$login"
[ -s "$template" ] || fail "template $template is missing or empty"

# METHOD PATH [ARG...]: the HTTP status in $status; 0 for 2xx and 404, 1 try again, 2 hopeless
call() {
  method=$1 path=$2
  shift 2
  rc=0
  attempt curl --silent --show-error --cacert "$ca" --netrc-file "$login" --request "$method" \
    --output /tmp/body --write-out '%{http_code}' "$@" "$OPENSEARCH_URL$path" || rc=$?
  status=$(cat "$out")
  case $rc in
    0) ;;
    1 | 2 | 3 | 26 | 51 | 58 | 60 | 77 | 83) return 2 ;; # usage, certificate: time does not mend it
    *) return 1 ;;
  esac
  case $status in 2?? | 404) return 0 ;; esac
  printf 'HTTP %s on %s %s: %s\n' "$status" "$method" "$path" "$(head -c 300 /tmp/body)" >"$err"
  case $status in 408 | 429 | 5??) return 1 ;; esac
  return 2
}

healthy() {
  call GET '/_cluster/health?wait_for_status=yellow&timeout=2s'
}

look() {
  call GET "/_index_template/$TEMPLATE_NAME"
}

# Another run may be quicker: create=true refuses to replace what it made, which is as good.
put() {
  call PUT "/_index_template/$TEMPLATE_NAME?create=true" --header 'Content-Type: application/json' --data-binary "@$template" && return 0
  case $status$(cat /tmp/body) in 400*'already exists'*) return 0 ;; esac
  return $?
}

await opensearch healthy
await opensearch look
action=unchanged
if [ "$status" = 404 ]; then
  await opensearch put
  [ "$status" = 400 ] || action=created
  await opensearch look
  [ "$status" = 200 ] || fail "index template $TEMPLATE_NAME is still not there after it was put: HTTP $status"
fi
resource index_template "$TEMPLATE_NAME" $action
done_ok
