#!/bin/sh
# The node answers and has found its peers since its start; once every slot has an owner, the cluster must be in order too.
set -eu
[ -e /run/valkey/found-peers ]
said=$(printf 'AUTH health health\nPING\nCLUSTER INFO\n' | valkey-cli -t 2)
case $said in *PONG*) ;; *) exit 1 ;; esac
case $said in
  *cluster_slots_assigned:16384*) case $said in *cluster_state:ok*) ;; *) exit 1 ;; esac ;;
esac
