#!/usr/bin/env bash
# A container engine for tests, without a system service: takes the one that answers, else starts Docker's daemon as a
# process of its own (own socket, own data), and installs it first where we are root and have apt.
#   eval "$(scripts/containers/engine.sh start)"   sets DOCKER_HOST where it has started one; what it does is on stderr
#   scripts/containers/engine.sh stop              ends what `start` has started, and every container in it
#   scripts/containers/engine.sh status            exit code 0 where an engine answers
# Exit code 3: there is none and none can be had; the last line says why.
# It must never stop an engine that it has not started.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

data=${MILLRACE_ENGINE_DIR:-$PWD/.cache/engine}
# Sockets have short paths, whatever the path of the checkout is.
run=${MILLRACE_ENGINE_RUN:-/tmp/millrace-engine-$(id -u)}
socket=unix://$run/docker.sock

say() { echo "engine: $*" >&2; }

cannot() {
  say "$*"
  exit 3
}

own_pid() { # of the daemon that we started, where it is still there
  local pid
  pid=$(cat "$run/docker.pid" 2>/dev/null) || return 1
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "--pidfile $run/docker.pid" || return 1
  echo "$pid"
}

answers() { docker "$@" info --format '{{.ServerVersion}}' 2>/dev/null | grep -q .; }

install_packages() {
  local wanted=(docker.io iptables)
  if command -v dockerd >/dev/null && command -v docker >/dev/null && command -v iptables >/dev/null; then return 0; fi
  [ "$(id -u)" -eq 0 ] || cannot 'no container engine answers, and without root none can be installed (install Docker, or set DOCKER_HOST)'
  command -v apt-get >/dev/null || cannot 'no container engine answers, and there is no apt to install one (install Docker, or set DOCKER_HOST)'
  say "installing ${wanted[*]}"
  mkdir -p "$data"
  # RUNLEVEL=1 keeps the package from starting a system service.
  if ! { apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}"; } \
    >"$data/apt.log" 2>&1 </dev/null; then
    tail -3 "$data/apt.log" >&2
    cannot "could not be installed: ${wanted[*]}"
  fi
}

start_daemon() {
  [ "$(id -u)" -eq 0 ] || cannot 'no container engine answers, and the daemon can be started by root only (set DOCKER_HOST)'
  say "starting the daemon, data in $data"
  mkdir -p "$data" "$run"
  # Not a part of whoever starts it: neither its process group nor the mark by which .ci/run finds what was left behind.
  env -u MILLRACE_CI_RUN setsid nice -n "${MILLRACE_ENGINE_NICE:-5}" dockerd --host "$socket" --data-root "$data/data" \
    --exec-root "$run/exec" --pidfile "$run/docker.pid" >"$data/dockerd.log" 2>&1 </dev/null &
  local daemon=$!
  for _ in $(seq 1 300); do
    ! answers --host "$socket" || return 0
    kill -0 "$daemon" 2>/dev/null || own_pid >/dev/null || break
    sleep 0.2
  done
  tail -5 "$data/dockerd.log" >&2
  stop_daemon
  cannot "the daemon does not answer (its log: $data/dockerd.log)"
}

stop_daemon() {
  local pid ids
  pid=$(own_pid) || return 0
  mapfile -t ids < <(timeout 20 docker --host "$socket" ps -q 2>/dev/null)
  [ ${#ids[@]} -eq 0 ] || timeout 60 docker --host "$socket" rm --force --volumes "${ids[@]}" >/dev/null 2>&1 || true
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 1 150); do
    [ -e "/proc/$pid" ] || break
    sleep 0.2
  done
  if [ -e "/proc/$pid" ]; then
    say "process $pid has not ended in 30 s; killed"
    kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -rf "$run"
}

environment() { # of those who use it; its containers are reached on this machine's own address
  echo "export DOCKER_HOST=$socket TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1 TESTCONTAINERS_RYUK_DISABLED=true"
}

case ${1:-} in
start)
  if own_pid >/dev/null && answers --host "$socket"; then
    environment
  elif ! answers; then
    install_packages
    answers || { start_daemon && environment; }
  fi
  ;;
stop) stop_daemon ;;
status) answers --host "$socket" || answers ;;
*)
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
  ;;
esac
