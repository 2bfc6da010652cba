#!/bin/sh
# Creates the public and the private bucket. A policy is set once, when its bucket is new: a later change is its owner's.
. "${0%/*}/lib/provision.sh"

begin minio-create-buckets
setting HY_BUCKET_NAME 'a-z0-9.-' 'one bucket name of lower-case letters, digits, dots and dashes'
setting HY_PRIVATE_BUCKET_NAME 'a-z0-9.-' 'one bucket name of lower-case letters, digits, dots and dashes'
for name in "$HY_BUCKET_NAME" "$HY_PRIVATE_BUCKET_NAME"; do
  case $name in
    ?? | ? | [.-]* | *[.-] | *..* | *.-* | *-.*) fail "bucket name $name is not allowed by S3: 3 to 63 characters, letter or digit at both ends" ;;
  esac
  [ ${#name} -le 63 ] || fail "bucket name $name is not allowed by S3: 3 to 63 characters, letter or digit at both ends"
done
[ "$HY_BUCKET_NAME" != "$HY_PRIVATE_BUCKET_NAME" ] || fail "HY_BUCKET_NAME and HY_PRIVATE_BUCKET_NAME are the same: $HY_BUCKET_NAME"
secret /run/secrets/minio_provisioner.json

# mc's credential is its configuration file: linked from the secret, so that it stands in no argv and no environment.
export MC_CONFIG_DIR=/tmp/mc MC_NO_COLOR=1 MC_QUIET=1
mkdir -p "$MC_CONFIG_DIR"
ln -sf /run/secrets/minio_provisioner.json "$MC_CONFIG_DIR/config.json"

# 0 done, 1 try again, 2 hopeless, 3 not there
minio() {
  attempt mc --json "$@" && return 0
  case $(cat "$out" "$err") in
    *NoSuchBucket* | *"does not exist"* | *NoSuchTagSet*) return 3 ;;
    *"Access Denied"* | *AccessDenied* | *InvalidAccessKeyId* | *"Access Key Id"* | *SignatureDoesNotMatch* | *"signature we calculated"*) return 2 ;;
    *InvalidBucketName* | *"Bucket name"*"not valid"* | *"unable to parse"* | *"Unable to load config"* | *MalformedPolicy*) return 2 ;;
  esac
  return 1
}

exists() { # BUCKET -> $found
  found=yes
  minio stat "store/$1" && return 0 || code=$?
  [ "$code" -eq 3 ] || return "$code"
  found=
}

tagged() { # BUCKET -> $settled: the tag says that its policy was set, by us, once
  settled=yes
  minio tag list "store/$1" && return 0 || code=$?
  [ "$code" -eq 3 ] || return "$code"
  settled=
}

ensure_bucket() { # NAME ACCESS
  await minio exists "$1"
  action=unchanged
  if [ -z "$found" ]; then
    await minio minio mb --ignore-existing "store/$1"
    action=created
  fi
  settled=
  [ $action = created ] || await minio tagged "$1"
  if [ -z "$settled" ]; then
    [ "$2" = private ] || await minio minio anonymous set-json /tmp/policy.json "store/$1"
    await minio minio tag set "store/$1" 'provisioned-by=minio-create-buckets'
    [ $action = created ] || action=updated
  fi
  resource bucket "$1" $action "access=$2"
}

printf '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::%s/*"]}]}\n' \
  "$HY_BUCKET_NAME" >/tmp/policy.json
ensure_bucket "$HY_BUCKET_NAME" public
ensure_bucket "$HY_PRIVATE_BUCKET_NAME" private
done_ok
