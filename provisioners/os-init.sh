#!/bin/sh
# Puts the index template that new logs-* indices take; never touches one that is there.
. "${0%/*}/lib/provision.sh"

begin os-init
ca=$SECRETS/opensearch_ca.pem
login=$SECRETS/opensearch_provisioner_netrc
template=$PROVISIONING/logs_template.json
body=$scratch/body
# Said before anything quotes it.
case ${OPENSEARCH_URL-} in *@*) fail "setting OPENSEARCH_URL must not hold a credential: that is in $login" ;; esac
setting OPENSEARCH_URL 'A-Za-z0-9.:/-' 'https://host:port'
case ${OPENSEARCH_URL#https://} in
  "$OPENSEARCH_URL" | '' | [!A-Za-z0-9]* | *[/\ ]* | *:*[!0-9]* | *: | *:??????*) fail "setting OPENSEARCH_URL must be https://host:port, not $OPENSEARCH_URL" ;;
esac
setting TEMPLATE_NAME 'a-z0-9_-' 'one name of lower-case letters, digits, dashes and underscores'
[ ${#TEMPLATE_NAME} -le 255 ] || fail "setting TEMPLATE_NAME is longer than 255 characters"
case $TEMPLATE_NAME in _* | *' '*) fail "setting TEMPLATE_NAME must be one name that begins with a letter or digit, not $TEMPLATE_NAME" ;; esac
needs secret "$ca"
needs secret "$login"
needs template "$template"

# METHOD PATH [ARG...]: 0 done, 1 try again, 2 hopeless, 3 not there; the HTTP status in $status
call() {
  method=$1 path=$2
  shift 2
  rc=0
  : >"$body"
  attempt curl --silent --show-error --cacert "$ca" --netrc-file "$login" --request "$method" \
    --output "$body" --write-out '%{http_code}' "$@" "$OPENSEARCH_URL$path" || rc=$?
  status=$(cat "$out")
  case $rc in
    0) ;;
    1 | 2 | 3 | 26 | 51 | 58 | 60 | 77 | 83) return 2 ;; # usage, certificate: time does not mend it
    *) return 1 ;;
  esac
  case $status in 2??) return 0 ;; esac
  printf 'HTTP %s on %s %s: %s\n' "$status" "$method" "$path" "$(head -c 300 "$body")" >"$err"
  case $status in
    404) return 3 ;;
    408 | 429 | 5??) return 1 ;;
  esac
  return 2
}

healthy() {
  call GET '/_cluster/health?wait_for_status=yellow&timeout=2s'
}

look() { # -> $found
  found=yes
  call GET "/_index_template/$TEMPLATE_NAME" && return 0 || code=$?
  [ "$code" -eq 3 ] || return "$code"
  found=
}

# Another run may be quicker: create=true refuses to replace what it made, which is as good. After an attempt that had no
# clear answer it is more likely this run's own.
asked=
put() { # -> $action
  action=created
  call PUT "/_index_template/$TEMPLATE_NAME?create=true" --header 'Content-Type: application/json' --data-binary "@$template" && return 0 || code=$?
  case $status$(cat "$body") in
    400*'already exists'*) [ -n "$asked" ] || action=unchanged ;;
    *)
      asked=yes
      return "$code"
      ;;
  esac
}

await opensearch healthy
await opensearch look
action=unchanged
if [ -z "$found" ]; then
  await opensearch put
  await opensearch look
  [ -n "$found" ] || fail "index template $TEMPLATE_NAME is still not there after it was put"
fi
resource index_template "$TEMPLATE_NAME" $action
done_ok
