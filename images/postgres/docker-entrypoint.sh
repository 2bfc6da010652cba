#!/usr/bin/env bash
# The interface of the official image: makes a database cluster on first boot, then becomes the server.
#
# A first boot that is cut short must not pass for a database at the next start. So it happens in $PGDATA/.new
# and is moved up when it is complete; $PGDATA/.first-boot is there from before it until after it.
set -Eeuo pipefail
shopt -s nullglob

stop() {
  printf 'docker-entrypoint: %s\n' "$1" >&2
  exit 1
}

# NAME [DEFAULT]: the variable NAME gets its own value, or the content of the file in NAME_FILE, or the default.
from_file_or_default() {
  local name=$1 file_name=${1}_FILE
  if [[ -n ${!name-} && -n ${!file_name-} ]]; then
    stop "both $name and $file_name are set: set one of them"
  fi
  if [[ -n ${!file_name-} ]]; then
    [[ -r ${!file_name} ]] || stop "$file_name names ${!file_name}, which uid $(id -u) cannot read"
    printf -v "$name" '%s' "$(<"${!file_name}")"
  elif [[ -z ${!name-} ]]; then
    printf -v "$name" '%s' "${2-}"
  fi
  unset "$file_name"
}

as_postgres() {
  install -d -o postgres -g postgres -m 0700 "$PGDATA"
  install -d -o postgres -g postgres -m 3777 /var/run/postgresql
  find "$PGDATA" ! -user postgres -exec chown postgres:postgres {} +
  exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" "$@"
}

# initdb wants a name for whoever runs it, and `--user 1234` has none.
name_unknown_user() {
  if getent passwd "$(id -u)" >/dev/null; then return; fi
  local wrapper=(/usr/lib/*/libnss_wrapper.so)
  NSS_WRAPPER_PASSWD=$(mktemp)
  NSS_WRAPPER_GROUP=$(mktemp)
  export NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP LD_PRELOAD=${wrapper[0]}
  printf 'postgres:x:%s:%s:PostgreSQL:%s:/bin/false\n' "$(id -u)" "$(id -g)" "$PGDATA" >"$NSS_WRAPPER_PASSWD"
  printf 'postgres:x:%s:\n' "$(id -g)" >"$NSS_WRAPPER_GROUP"
}

# Known by this name to scripts in /docker-entrypoint-initdb.d.
docker_process_sql() {
  psql --no-psqlrc --no-password --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" "$@"
}

run_init_scripts() {
  local script
  for script in /docker-entrypoint-initdb.d/*; do
    printf 'docker-entrypoint: %s\n' "$script"
    case $script in
      *.sh)
        if [[ -x $script ]]; then
          "$script"
        else
          # shellcheck source=/dev/null
          . "$script"
        fi
        ;;
      *.sql) docker_process_sql --file "$script" ;;
      *.sql.gz) gunzip --stdout "$script" | docker_process_sql ;;
      *.sql.xz) xz --decompress --stdout "$script" | docker_process_sql ;;
      *.sql.zst) zstd --decompress --stdout "$script" | docker_process_sql ;;
      *) printf 'docker-entrypoint: %s is no script: ignored\n' "$script" ;;
    esac
  done
}

make_cluster() {
  local arguments password_file method
  eval "arguments=($POSTGRES_INITDB_ARGS)"
  method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [[ -n $POSTGRES_PASSWORD ]]; then
    password_file=$scratch/password
    printf '%s\n' "$POSTGRES_PASSWORD" >"$password_file"
    arguments+=("--pwfile=$password_file")
  elif [[ $method != trust ]]; then
    stop 'no superuser password: set POSTGRES_PASSWORD_FILE (or POSTGRES_HOST_AUTH_METHOD=trust)'
  fi
  if [[ -n ${POSTGRES_INITDB_WALDIR-} ]]; then arguments+=("--waldir=$POSTGRES_INITDB_WALDIR"); fi
  initdb --username="$POSTGRES_USER" "${arguments[@]}"
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

first_boot() {
  local final=$PGDATA
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  from_file_or_default POSTGRES_USER postgres
  from_file_or_default POSTGRES_DB "$POSTGRES_USER"
  from_file_or_default POSTGRES_PASSWORD
  from_file_or_default POSTGRES_INITDB_ARGS
  export POSTGRES_USER POSTGRES_DB
  : >"$final/.first-boot"
  export PGDATA=$final/.new
  make_cluster

  # The server of the first boot has its socket in a private place: no health check takes it for the real one.
  printf 'local all all trust\n' >"$scratch/pg_hba.conf"
  export PGHOST=$scratch PGUSER=$POSTGRES_USER PGDATABASE=$POSTGRES_DB
  pg_ctl --wait --silent --options="-c listen_addresses= -c unix_socket_directories='$scratch' -c hba_file='$scratch/pg_hba.conf'" start
  if [[ $POSTGRES_DB != postgres ]]; then
    psql --no-psqlrc --no-password --quiet --set ON_ERROR_STOP=1 --set db="$POSTGRES_DB" --dbname postgres \
      <<<'CREATE DATABASE :"db";'
  fi
  run_init_scripts
  pg_ctl --wait --silent --mode=fast stop
  unset PGHOST PGUSER PGDATABASE

  export PGDATA=$final
  find "$PGDATA/.new" -mindepth 1 -maxdepth 1 -exec mv --target-directory="$PGDATA" {} +
  rmdir "$PGDATA/.new"
  sync --file-system "$PGDATA"
  rm "$PGDATA/.first-boot"
  rm -rf "$scratch"
  trap - EXIT
  printf 'docker-entrypoint: first boot is complete\n'
}

if [[ ${1-} == -* ]]; then set -- postgres "$@"; fi
if [[ ${1-} != postgres ]]; then exec "$@"; fi
for argument; do
  case $argument in -'?' | --help | --describe-config | -V | --version | -C) exec "$@" ;; esac
done
if [[ $(id -u) == 0 ]]; then as_postgres "$@"; fi

umask 077
mkdir -p "$PGDATA"
chmod 0700 "$PGDATA" 2>/dev/null || :
[[ -w $PGDATA ]] || stop "uid $(id -u) cannot write to $PGDATA"
name_unknown_user
if [[ -e $PGDATA/.first-boot ]]; then
  printf 'docker-entrypoint: the last first boot was cut short: starting over\n'
  find "$PGDATA" -mindepth 1 ! -path "$PGDATA/.first-boot" -delete
fi
if [[ ! -s $PGDATA/PG_VERSION ]]; then
  if [[ -n $(find "$PGDATA" -mindepth 1 ! -name .first-boot ! -name lost+found -print -quit) ]]; then
    stop "$PGDATA is not empty and holds no database"
  fi
  first_boot
fi
unset POSTGRES_PASSWORD
exec "$@"
