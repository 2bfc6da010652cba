# shellcheck shell=sh
# What every provisioner shares: waiting, secrets, settings and audit lines. POSIX sh and coreutils, nothing more.
#
#   begin NAME                     name the init, start its clock, write the start line
#   setting NAME CHARACTERS HINT   fail at once unless the variable holds something, of these characters and blanks only
#   whole NAME                     fail at once unless the variable is a whole number from 1 to 999999
#   needs KIND FILE                fail at once unless the file (a secret, a template, …) can be read and holds something
#   await TARGET PROBE [ARG...]    call PROBE until it returns 0; 1 means "not yet", 2 means "waiting will not help"
#   attempt COMMAND [ARG...]       run one call with its own timeout; output in $out, errors in $err
#   resource KIND NAME ACTION [K=V...]   audit one resource: created, unchanged or updated
#   fail REASON                    end with code 1
#   done_ok                        end with code 0
#
# A script sets $telling to the shell pattern of the line with which its CLI tells the cause of a failure.
# Secrets are in $SECRETS, other inputs in $PROVISIONING, scratch files in $scratch.
#
# One logfmt line an event on stdout; the exit line comes from a trap, on a signal too. Exit codes: 0 done, 1 anything else.
set -eu
umask 077

# Messages in English, for some are told apart by their words; targets are neighbours, never behind a proxy.
export LC_ALL=C NO_PROXY='*' no_proxy='*'
: "${SECRETS:=/run/secrets}" "${PROVISIONING:=/provisioning}"
scratch=${TMPDIR:-/tmp}
out=$scratch/provision.out
err=$scratch/provision.err
telling=
_init=provisioner
_value=
_reason=
_target=
_finished=
_child=
_began=
_waited=0
_calls=0
# Hundredths of a second kept back from the deadline: a call that ignores its timeout is killed one second later.
_spare=150

# Hundredths of a second on the kernel's monotonic clock; no process is started for it.
_now() {
  read -r _up _ </proc/uptime
  _clock=${_up%.*}${_up#*.}
}

_seconds() { # hundredths -> S.CC
  _cc=$(($1 % 100))
  [ "$_cc" -gt 9 ] || _cc=0$_cc
  _text=$(($1 / 100)).$_cc
}

_milliseconds() { # "0.25" -> 250
  case $1 in
    *.*) _whole=${1%%.*} _part=${1#*.}000 ;;
    *) _whole=$1 _part=000 ;;
  esac
  _part=${_part%"${_part#???}"}
  while [ "${_part#0}" != "$_part" ] && [ "$_part" != 0 ]; do _part=${_part#0}; done
  _ms=$((_whole * 1000 + _part))
}

_quoted() { # any text -> one logfmt value of printable ASCII
  printf '"%.400s"' "$(printf '%s' "$1" | tr '"\\\n\r\t' "'/   " | tr -c '\040-\176' '?')"
}

_line() {
  printf 'ts=%s init=%s run=%s event=%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$_init" "$_run" "$*"
}

_end() {
  _code=$1
  trap '' INT TERM HUP
  trap - EXIT
  [ -z "$_child" ] || kill "$_child" 2>/dev/null || :
  if [ "$_code" -ne 0 ] || [ -z "$_finished" ]; then
    _code=1
    [ -n "$_reason" ] || _reason="ended before its work was done"
  fi
  _now
  [ -z "$_began" ] || _waited=$((_waited + _clock - _began))
  _seconds $((_clock - _started)) && _took=$_text
  _seconds "$_waited"
  set -- "exit code=$_code seconds=$_took waited=$_text calls=$_calls"
  [ "$_code" -eq 0 ] || set -- "$1${_target:+ target=$_target} reason=$(_quoted "$_reason")"
  _line "$1"
  exit "$_code"
}

fail() {
  _reason=$1
  exit 1
}

done_ok() {
  _finished=yes
  exit 0
}

_decimal() { # NAME: a plain number of seconds, as 300 or 0.25
  eval "_value=\$$1"
  case $_value in
    '' | *[!0-9.]* | *.*.* | .* | *. | 0[0-9]* | ?????????*) fail "setting $1 must be a number of seconds such as 300 or 0.25, not '$_value'" ;;
  esac
}

begin() {
  _init=$1
  _run=$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
  _now
  _started=$_clock
  trap '_end $?' EXIT
  trap 'fail "stopped by SIGTERM"' TERM
  trap 'fail "stopped by SIGINT"' INT
  trap 'fail "stopped by SIGHUP"' HUP
  _line start
  : "${PROVISION_DEADLINE:=300}" "${PROVISION_BACKOFF_BASE:=0.25}" "${PROVISION_BACKOFF_CAP:=8}" "${PROVISION_ATTEMPT_TIMEOUT:=5}"
  for _name in PROVISION_DEADLINE PROVISION_BACKOFF_BASE PROVISION_BACKOFF_CAP PROVISION_ATTEMPT_TIMEOUT; do _decimal $_name; done
  _milliseconds "$PROVISION_DEADLINE" && _limit=$((_started + _ms / 10))
  _milliseconds "$PROVISION_BACKOFF_BASE" && _base=$_ms
  _milliseconds "$PROVISION_BACKOFF_CAP" && _cap=$_ms
  _milliseconds "$PROVISION_ATTEMPT_TIMEOUT" && _each=$((_ms / 1000))
  [ "$_base" -gt 0 ] && [ "$_cap" -ge "$_base" ] || fail "setting PROVISION_BACKOFF_BASE must be above 0 and at most PROVISION_BACKOFF_CAP"
  [ "$_each" -ge 1 ] || fail "setting PROVISION_ATTEMPT_TIMEOUT must be at least 1 second"
  [ $((_limit - _started)) -ge 300 ] || fail "setting PROVISION_DEADLINE must be at least 3 seconds"
}

setting() {
  eval "_value=\${$1-}"
  # A word that begins with a dash would be an option to some CLI.
  # shellcheck disable=SC2254 # the pattern is one on purpose
  case " $_value" in
    *[!\ $2]* | *' -'*) ;;
    *[!\ ]*) return 0 ;;
  esac
  fail "setting $1 must be $3, not '$_value'"
}

whole() {
  eval "_value=\${$1-}"
  case $_value in '' | 0* | *[!0-9]* | ???????*) fail "setting $1 must be a whole number from 1 to 999999, not '$_value'" ;; esac
}

needs() {
  [ -e "$2" ] || fail "$1 $2 is missing: make it and mount it there"
  [ -f "$2" ] || fail "$1 $2 is not a file: make it and mount it there"
  # Read, not asked for with -r, which tells a root without capabilities the wrong answer.
  _held=$({ tr -d ' \t\r\n' <"$2"; } 2>/dev/null) || fail "$1 $2 is not readable by uid $(id -u): change its owner or mode"
  [ -n "$_held" ] || fail "$1 $2 is empty: fill it"
  _held=
}

# Whole seconds that this call may take; for less than one there is no further attempt.
_allowance() {
  _now
  _left=$(((_limit - _clock - _spare) / 100))
  _may=$_each
  [ "$_left" -ge "$_may" ] || _may=$_left
  [ "$_may" -ge 1 ]
}

attempt() {
  _allowance || fail "$_target not ready within $PROVISION_DEADLINE s: $(last_error)"
  _calls=$((_calls + 1))
  # In the background, so that a signal is answered at once; descriptor 3 carries stdin past the shell's /dev/null.
  { timeout -k 1 "$_may" "$@" <&3 >"$out" 2>"$err" & } 3<&0
  _child=$!
  _status=0
  # The shell's own word about a call that was killed is no line of the log.
  wait "$_child" 2>/dev/null || _status=$?
  _child=
  case $_status in 124 | 137 | 143) [ -s "$err" ] || printf 'no answer within %s s\n' "$_may" >"$err" ;; esac
  return "$_status"
}

# What the last call said of its failure: the last line that matches $telling, else the first line.
last_error() {
  _first=
  _told=
  for _file in "$err" "$out"; do
    [ -s "$_file" ] || continue
    while read -r _row || [ -n "$_row" ]; do
      : "${_first:=$_row}"
      # shellcheck disable=SC2254 # the pattern is one on purpose
      case $_row in $telling) _told=$_row ;; esac
    done <"$_file"
    [ -z "$_told" ] || break
  done
  : "${_told:=$_first}"
  printf '%s' "${_told:-no output}"
}

await() {
  _target=$1
  shift
  _tries=0
  _ceiling=$_base
  _now
  _began=$_clock
  while :; do
    _tries=$((_tries + 1))
    _verdict=0
    _now
    _knocked=$_clock
    "$@" || _verdict=$?
    [ "$_verdict" -ne 0 ] || break
    _error=$(last_error)
    [ "$_verdict" -eq 1 ] || fail "$_target refused: $_error"
    # Full jitter: anywhere between nothing and the ceiling, so that many inits never knock together.
    _dice=$(od -An -N4 -tu4 /dev/urandom)
    _pause=$((_dice % (_ceiling + 1)))
    _ceiling=$((_ceiling * 2))
    [ "$_ceiling" -le "$_cap" ] || _ceiling=$_cap
    _now
    _room=$(((_limit - _clock - _spare - 100) * 10))
    [ "$_room" -gt 0 ] || fail "$_target not ready within $PROVISION_DEADLINE s: $_error"
    [ "$_pause" -le "$_room" ] || _pause=$_room
    _seconds $((_pause / 10))
    _line "wait target=$_target attempt=$_tries next=$_text error=$(_quoted "$_error")"
    sleep "$_text" &
    _child=$!
    wait "$_child" || :
    _child=
  done
  # The last attempt is work; what came before it was waiting.
  _waited=$((_waited + _knocked - _began))
  _seconds $((_knocked - _began))
  _began=
  [ "$_tries" -eq 1 ] || _line "ready target=$_target attempts=$_tries waited=$_text"
}

resource() {
  _kind=$1 _name=$2 _action=$3
  shift 3
  _line "resource kind=$_kind name=$_name action=$_action${*:+ $*}"
}
