# shellcheck shell=bash
# PostgreSQL and its streaming replica. PostgreSQL refuses to run as root; then it runs as nobody.

postgres_ports() { echo "$VENDZZ_POSTGRES_PORT VENDZZ_POSTGRES_PORT"; }
postgres_replica_ports() { echo "$VENDZZ_POSTGRES_REPLICA_PORT VENDZZ_POSTGRES_REPLICA_PORT"; }

# postgres_account: fills `as_postgres` (the start of its command lines), `postgres_programs` (the folder of its binaries,
# which root's cache would hide from nobody, so that root gives it a copy) and `postgres_data` (the folder of both clusters).
postgres_account() {
  local folder=$vendzz_local_dir aside
  as_postgres=()
  postgres_data=$folder/data
  postgres_programs=$(servers_folder)/postgres/unpacked
  ((EUID == 0)) || return 0
  as_postgres=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups)
  aside=$(postgres_folder_aside)
  if [[ -e $aside ]] || ! "${as_postgres[@]}" test -x "$postgres_data"; then
    postgres_use_folder_aside "$aside"
    folder=$aside
    postgres_data=$folder/data
  fi
  postgres_programs=$folder/programs/postgres
  if [[ ! -e $postgres_programs ]]; then
    mkdir -p "$folder/programs"
    rm -rf "$postgres_programs.new"
    cp -r "$(servers_folder)/postgres/unpacked" "$postgres_programs.new"
    mv "$postgres_programs.new" "$postgres_programs"
  fi
}

# postgres_folder_aside: where PostgreSQL lives when root's checkout lies in a folder that nobody may not enter, as /root
# is. One folder for each checkout; `clean` removes it too.
postgres_folder_aside() {
  local hash
  hash=$(sha256sum <<<"$vendzz_local_dir")
  echo "/var/tmp/vendzz-stream-${hash:0:16}"
}

postgres_use_folder_aside() {
  local aside=$1
  [[ ! -e $vendzz_local_dir/data/postgres ]] ||
    fail "user nobody, as whom PostgreSQL runs, may no longer enter $vendzz_local_dir/data" \
      'let others enter the folders above it (chmod o+x), or drop the data: infra/local/stack clean'
  if [[ ! -e $aside ]]; then
    say postgres "its data goes to $aside: PostgreSQL refuses to run as root, and others may not enter this checkout"
    mkdir -m 755 "$aside"
  fi
  # Everyone may write to /var/tmp: only root's own folder is trusted.
  [[ -d $aside && ! -L $aside && -O $aside ]] || fail "$aside is there and is not a folder of root" 'remove it'
  mkdir -p "$aside/data"
}

# postgres_make_cluster: the databases and the replica's copy, made aside and moved in whole, so that an interrupted
# start leaves no half cluster.
postgres_make_cluster() {
  local data=$1 new=$1.new log
  log=$(log_file postgres-initdb)
  rm -rf "$new"
  mkdir -m 700 "$new"
  if ((EUID == 0)); then chown nobody: "$new"; fi
  "${as_postgres[@]}" "$postgres_programs/bin/initdb" -D "$new" -U vendzz --auth=trust --encoding=UTF8 \
    --locale=C.UTF-8 --data-checksums >"$log" 2>&1 </dev/null || fail 'postgres: initdb failed' "the log: $log"
  printf 'CREATE DATABASE %s;\n' vendzz registry |
    "${as_postgres[@]}" "$postgres_programs/bin/postgres" --single -D "$new" postgres >>"$log" 2>&1 ||
    fail 'postgres: its databases could not be made' "the log: $log"
  mv "$new" "$data"
}

# postgres_make_replica: a copy of the stopped primary that follows it from here on.
postgres_make_replica() {
  local data=$1 replica=$2
  rm -rf "$replica.new"
  cp -a "$data" "$replica.new"
  rm -f "$replica.new/postmaster.pid"
  "${as_postgres[@]}" touch "$replica.new/standby.signal"
  mv "$replica.new" "$replica"
}

# postgres_wait_for_orphans NAME DATA: after a kill -9 of the server its children need a moment to notice and go, and until
# then they hold the shared memory. They are known by their working folder.
postgres_wait_for_orphans() {
  local tries=0
  while [[ -n $(find /proc/[0-9]*/cwd -maxdepth 0 -lname "$2" 2>/dev/null) ]]; do
    ((++tries < 150)) || fail "$1: processes of an earlier run still work in $2" "look: ls -l /proc/[0-9]*/cwd | grep $2"
    sleep 0.1
  done
}

# postgres_launch NAME PORT SETTING…
postgres_launch() {
  local name=$1 port=$2 data=$postgres_data/$1
  shift 2
  postgres_wait_for_orphans "$name" "$data"
  # Nothing runs on this folder; the number in the file may by now be anyone's.
  rm -f "$data/postmaster.pid"
  launch "$name" "${as_postgres[@]}" "$postgres_programs/bin/postgres" -D "$data" -p "$port" -c "$(marker "$name")" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 -c shared_buffers=256MB \
    -c max_wal_size=2GB -c wal_keep_size=1GB -c log_line_prefix='%m [%p] %q%a ' -c log_checkpoints=off "$@"
}

postgres_start() {
  local as_postgres postgres_programs postgres_data data
  postgres_account
  data=$postgres_data/postgres
  if [[ ! -e $data ]]; then
    rm -rf "$data-replica"
    postgres_make_cluster "$data"
  fi
  if [[ ! -e $data-replica ]]; then postgres_make_replica "$data" "$data-replica"; fi
  postgres_launch postgres "$VENDZZ_POSTGRES_PORT"
}

postgres_replica_start() {
  local as_postgres postgres_programs postgres_data
  postgres_account
  [[ -e $postgres_data/postgres-replica ]] || fail 'postgres-replica: its copy of the data is missing; it is made while postgres is stopped' \
    'infra/local/stack down postgres, then infra/local/stack up'
  postgres_launch postgres-replica "$VENDZZ_POSTGRES_REPLICA_PORT" -c \
    "primary_conninfo=host=127.0.0.1 port=$VENDZZ_POSTGRES_PORT user=vendzz application_name=replica"
}

# postgres_clean: what is left outside of .local after both servers have stopped.
postgres_clean() {
  local folder data aside
  aside=$(postgres_folder_aside)
  for folder in "$vendzz_local_dir" "$aside"; do
    for data in "$folder"/data/postgres{,-replica}; do
      postgres_wait_for_orphans postgres "$data"
      postgres_drop_shared_memory "$data"
    done
  done
  if [[ -O $aside ]]; then rm -rf "$aside"; fi
}

# postgres_drop_shared_memory DATA: what a killed server left in System V shared memory; the seventh line of its pid file
# says key and id. A stopped server has no pid file, and a start cleans up by itself: this is for `clean`.
postgres_drop_shared_memory() {
  local key id
  [[ -e $1/postmaster.pid ]] || return 0
  read -r key id < <(sed -n 7p "$1/postmaster.pid")
  # Gone already, or by now another's: the key must still be the same.
  if awk -v key="$key" -v id="$id" '$1 == key && $2 == id { found = 1 } END { exit !found }' /proc/sysvipc/shm; then
    ipcrm -m "$id"
  fi
}

postgres_answers() { postgres_speaks "$VENDZZ_POSTGRES_PORT"; }
postgres_ready() { postgres_answers; }
postgres_replica_answers() { postgres_speaks "$VENDZZ_POSTGRES_REPLICA_PORT"; }
postgres_replica_ready() { postgres_replica_answers; }
