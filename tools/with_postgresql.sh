#!/usr/bin/env bash
# with_postgresql.sh COMMAND...: runs a command beside a PostgreSQL server of its own, which is
# stopped and removed afterwards. The command finds it in MERCURY_TEST_POSTGRESQL.
set -euo pipefail

programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$programs" ] || programs=$(dirname "$(command -v pg_ctl || true)")
if [ ! -x "$programs/initdb" ]; then
    echo "PostgreSQL is missing: apt-get install postgresql" >&2
    exit 1
fi

# The server refuses to run as root.
as_server() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

folder=$(mktemp -d)
[ "$(id -u)" != 0 ] || chown postgres "$folder"
stop() {
    as_server "$programs/pg_ctl" -D "$folder/data" -m immediate -s stop || true
    rm -rf "$folder"
}
trap stop EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
as_server "$programs/initdb" -D "$folder/data" -U mercury --auth=trust -E UTF8 >/dev/null
as_server "$programs/pg_ctl" -D "$folder/data" -l "$folder/log" -w -s \
    -o "-c listen_addresses=127.0.0.1 -p $port -k $folder -c fsync=off" start
as_server "$programs/createdb" -h 127.0.0.1 -p "$port" -U mercury mercury
MERCURY_TEST_POSTGRESQL="postgresql://mercury@127.0.0.1:$port/mercury" "$@"
