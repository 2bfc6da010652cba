#!/bin/sh
# Starts the server and, beside it, makes the accounts of the provisioner and of who reads its metrics: policy, keys, and
# the tie between them.
set -eu
umask 077
export MC_NO_COLOR=1 MC_QUIET=1
mkdir -p "$MC_CONFIG_DIR"
ln -sf /run/secrets/minio_root.json "$MC_CONFIG_DIR/config.json"

# Two buckets, the anonymous policy of the public one, a tag on each; nothing about objects, not even their names, accounts or
# the server. Without the denial it could make access keys for itself.
cat >/run/minio/provisioner.json <<POLICY
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow",
   "Action": ["s3:CreateBucket", "s3:GetBucketTagging", "s3:PutBucketTagging"],
   "Resource": ["arn:aws:s3:::$HY_BUCKET_NAME", "arn:aws:s3:::$HY_PRIVATE_BUCKET_NAME"]},
  {"Effect": "Allow", "Action": ["s3:PutBucketPolicy"], "Resource": ["arn:aws:s3:::$HY_BUCKET_NAME"]},
  {"Effect": "Deny", "Action": ["admin:*"]}]}
POLICY

# The metrics and nothing else.
cat >/run/minio/monitor.json <<'POLICY'
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["admin:Prometheus"]}]}
POLICY

attached() { # NAME
  case $(mc --json admin user info store "$1") in *"\"policyName\":\"$1\""*) return 0 ;; esac
  return 1
}

account() { # NAME
  # Without arguments mc reads the two keys from stdin, a line each.
  mc admin policy create store "$1" "/run/minio/$1.json" \
    && mc admin user add store <"/run/secrets/minio_$1_keys" \
    && { attached "$1" || mc admin policy attach store "$1" --user "$1"; } \
    && attached "$1"
}

make_accounts() {
  until account provisioner && account monitor; do sleep 0.5; done
  : >/run/minio/accounts-made
}
make_accounts >/run/minio/accounts.log 2>&1 &
exec minio server /data --address :9000
