#!/bin/sh
# Creates the public and the private bucket. A policy is set once, when its bucket is new: a later change is its owner's.
. "${0%/*}/lib/provision.sh"

begin minio-create-buckets
setting HY_BUCKET_NAME 'a-z0-9.-' 'one bucket name of lower-case letters, digits, dots and dashes'
setting HY_PRIVATE_BUCKET_NAME 'a-z0-9.-' 'one bucket name of lower-case letters, digits, dots and dashes'
for name in "$HY_BUCKET_NAME" "$HY_PRIVATE_BUCKET_NAME"; do
  allowed=yes
  case $name in
    ?? | ? | [.-]* | *[.-] | *..* | *.-* | *-.* | *' '*) allowed= ;;
    xn--* | sthree-* | amzn-s3-demo-* | *-s3alias | *--ol-s3) allowed= ;;
    *[!0-9.]*) ;;
    *.*.*.*) allowed= ;; # an IP address, or as good as one
  esac
  [ ${#name} -le 63 ] || allowed=
  [ -n "$allowed" ] || fail "bucket name $name is not allowed by S3: 3 to 63 characters, letter or digit at both ends, no reserved prefix or suffix, no IP address"
done
[ "$HY_BUCKET_NAME" != "$HY_PRIVATE_BUCKET_NAME" ] || fail "HY_BUCKET_NAME and HY_PRIVATE_BUCKET_NAME are the same: $HY_BUCKET_NAME"
login=$SECRETS/minio_provisioner.json
needs secret "$login"

# mc's credential is its configuration file: linked from the secret, so that it stands in no argv and no environment.
export MC_CONFIG_DIR="$scratch/mc" MC_NO_COLOR=1 MC_QUIET=1
mkdir -p "$MC_CONFIG_DIR"
ln -sf "$login" "$MC_CONFIG_DIR/config.json"
policy=$scratch/policy.json

# 0 done, 1 try again, 2 hopeless, 3 no tag on it, 4 there already. The cause stands inside what mc prints.
minio() {
  attempt mc --json "$@" && return 0
  said=$(cat "$out" "$err")
  cause=${said#*'"cause":{"message":"'}
  [ "$cause" = "$said" ] || printf '%s\n' "${cause%%'","error":'*}" >"$err"
  case $said in
    *InvalidAccessKeyId* | *SignatureDoesNotMatch*) return 2 ;;
    *AccessDenied* | *"Access Denied"* | *AllAccessDisabled* | *InvalidBucketName* | *"Bucket name c"* | *"Unable to parse access file"* | *MalformedPolicy*)
      said=$(last_error)
      printf '%s: %s\n' "$bucket" "$said" >"$err"
      return 2
      ;;
    *"Unable to load config"* | *"Requested path"*"not found"*)
      # Not mc's own words: they quote the file up to the mistake, keys and all.
      printf '%s is no configuration of mc that has the alias "store"\n' "$login" >"$err"
      return 2
      ;;
    *NoSuchTagSet* | *"No tags found"*) return 3 ;; # said of a bucket that is not there, too, to one who may not look
    *NoSuchBucket* | *"bucket does not exist"*) return 3 ;;
    *BucketAlreadyOwnedByYou*) return 4 ;;
  esac
  return 1
}

tagged() { # BUCKET -> $settled: the tag says that its policy was set, by us, once
  settled=yes
  minio tag list "store/$1" && return 0 || code=$?
  [ "$code" -eq 3 ] || return "$code"
  settled=
}

# Whether it is there is what making it tells: asking would take the right to list what is in it.
# After an attempt that had no clear answer it is more likely this run's own.
make() { # BUCKET -> $action
  action=created
  minio mb "store/$1" && return 0 || code=$?
  if [ "$code" -ne 4 ]; then
    asked=yes
    return "$code"
  fi
  [ -n "$asked" ] || action=updated
}

ensure_bucket() { # NAME ACCESS
  bucket=$1
  asked=
  await minio tagged "$1"
  action=unchanged
  if [ -z "$settled" ]; then
    await minio make "$1"
    [ "$2" = private ] || await minio minio anonymous set-json "$policy" "store/$1"
    await minio minio tag set "store/$1" 'provisioned-by=minio-create-buckets'
  fi
  resource bucket "$1" $action "access=$2"
}

printf '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::%s/*"]}]}\n' \
  "$HY_BUCKET_NAME" >"$policy"
ensure_bucket "$HY_BUCKET_NAME" public
ensure_bucket "$HY_PRIVATE_BUCKET_NAME" private
done_ok
