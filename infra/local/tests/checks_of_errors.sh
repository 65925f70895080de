# shellcheck shell=bash
# What the scripts refuse, and whether they say what to change.

refuses_a_taken_port() {
  local listener
  "$python" -m http.server --bind 127.0.0.1 "$VENDZZ_POSTGRES_PORT" >/dev/null 2>&1 &
  listener=$!
  helpers+=("$listener")
  until (exec 3<>"/dev/tcp/127.0.0.1/$VENDZZ_POSTGRES_PORT") 2>/dev/null; do sleep 0.1; done
  fails "$stack" up
  says "$VENDZZ_POSTGRES_PORT"
  says "pid $listener"
  says VENDZZ_POSTGRES_PORT=
  [[ -z $(marked) ]] || problem 'a server was started beside the taken port'
  kill "$listener"
  wait "$listener" || :
  helpers=()
  pass 'a taken port is named with its owner and the setting, and nothing starts'
}

refuses_a_full_disk() {
  fails env VENDZZ_MIN_FREE_MB=999999999 "$stack" up
  says 'MB are free'
  says VENDZZ_LOCAL_DIR=
  pass 'a disk that is nearly full is refused'
}

refuses_what_is_not_downloaded() {
  fails env XDG_CACHE_HOME="$work/empty-cache" "$stack" up
  says 'make setup'
  pass 'servers that are not downloaded and verified are refused'
}

refuses_another_java() {
  local home=$work/java-21 java_home
  mkdir -p "$home/bin"
  printf '#!/bin/sh\necho openjdk version 21 >&2\n' >"$home/bin/java"
  chmod +x "$home/bin/java"
  echo 'JAVA_VERSION="21.0.1"' >"$home/release"
  output=$(
    vendzz_checkout=$checkout
    . "$checkout/infra/local/say.sh"
    . "$checkout/infra/local/preconditions.sh"
    installed_java_homes() { echo "$home"; }
    PATH="$home/bin:$PATH"
    VENDZZ_JAVA_HOME=$home require_java 2>&1
  ) && problem 'Java 21 was taken for Java 17'
  says 'version 21'
  says VENDZZ_JAVA_HOME
  pass 'a wrong Java is named, and where to say the right one'
}

refuses_to_do_without_python() {
  fails env VENDZZ_PYTHON="$work/no-python" "$stack" up smtp
  says "$work/no-python"
  says 'make setup'
  printf '#!/bin/sh\nexit 1\n' >"$work/bare-python"
  chmod +x "$work/bare-python"
  fails env VENDZZ_PYTHON="$work/bare-python" "$stack" up smtp
  says 'aiosmtpd is not installed'
  [[ -z $(marked) ]] || problem 'a server was started without what it runs on'
  pass 'a Python that is missing, or has no aiosmtpd, is named'
}

names_a_changed_download() {
  local folder=$work/download changed
  . "$checkout/infra/local/say.sh"
  vendzz_checkout=$checkout
  . "$checkout/infra/local/preconditions.sh"
  . "$checkout/infra/local/downloads/fetch.sh"
  # The archives were unpacked and dropped; the jars of two servers are there as they came.
  pinned_checksums() { grep -E '  (kafka|cassandra)/' "$downloads/checksums.sha256"; }
  mkdir "$folder"
  cp -r "$(servers_folder)/kafka" "$(servers_folder)/cassandra" "$folder"
  (verify_servers "$folder") || problem 'the untouched download was refused'
  changed=$(cd "$folder" && echo kafka/kafka-clients-*.jar)
  echo x >>"$folder/$changed"
  touch "$folder/kafka/uninvited.jar"
  output=$(verify_servers "$folder" 2>&1) && problem 'a changed download was accepted'
  says "$changed: FAILED"
  says kafka/uninvited.jar
  rm -rf "$folder"
  pass 'a changed and an uninvited file of a download are named'
}

leaves_a_stale_pid_alone() {
  local bystander
  sleep 600 &
  bystander=$!
  helpers+=("$bystander")
  mkdir -p "$VENDZZ_LOCAL_DIR/run"
  echo "$bystander" >"$VENDZZ_LOCAL_DIR/run/postgres.pid"
  fails "$stack" status
  says 'stale pid file'
  succeeds "$stack" down
  says 'stale pid file removed'
  echo "$bystander" >"$VENDZZ_LOCAL_DIR/run/postgres.pid"
  succeeds "$stack" kill postgres
  echo "$bystander" >"$VENDZZ_LOCAL_DIR/run/postgres.pid"
  succeeds "$stack" up postgres
  says 'stale pid file'
  kill -0 "$bystander" || problem 'the process with the stale pid was killed'
  succeeds "$stack" down
  kill -0 "$bystander" || problem 'the process with the stale pid was killed'
  kill "$bystander"
  helpers=()
  pass 'a stale pid file is seen, and the process with that number is left alone'
}
