# shellcheck shell=bash
# Questions to a port, each in the server's own protocol: an open port is not yet a server that answers.

# port_open PORT
port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# ask PORT REQUEST COUNT: sends the request (printf escapes), prints the first COUNT bytes of the answer in hex.
ask() {
  # shellcheck disable=SC2016
  timeout 2 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "$2" >&3 && head -c "$3" <&3 | od -An -v -tx1 | tr -d " \n"' \
    ask "$1" "$2" "$3" 2>/dev/null
}

# ApiVersions v0, correlation id 1, no client id. Wanted: any length, id 1, no error.
kafka_speaks() {
  local answer
  answer=$(ask "$1" '\0\0\0\012\0\022\0\0\0\0\0\1\377\377' 10) && [[ $answer == ????????000000010000 ]]
}

# OPTIONS of the CQL protocol, version 4. Wanted: SUPPORTED.
cql_speaks() {
  local answer
  answer=$(ask "$1" '\4\0\0\0\5\0\0\0\0' 5) && [[ $answer == 8400000006 ]]
}

# The start-up message for user vendzz, database postgres. Wanted: AuthenticationOk; while it recovers it sends an error.
postgres_speaks() {
  local answer
  answer=$(ask "$1" '\0\0\0\047\0\3\0\0user\0vendzz\0database\0postgres\0\0' 9) && [[ $answer == 520000000800000000 ]]
}

# Nothing is asked: an SMTP server speaks first. Wanted: 220.
smtp_speaks() {
  local answer
  answer=$(ask "$1" '' 4) && [[ $answer == 32323020 ]]
}

http_ok() { curl --silent --fail --max-time 2 --output /dev/null "$1"; }

# port_owner PORT: who listens there, as far as this user may see.
port_owner() {
  local line pid command
  line=$(ss -Hltnp "sport = :$1" 2>/dev/null)
  if [[ ! $line =~ pid=([0-9]+) ]]; then
    echo 'a process of another user'
    return
  fi
  pid=${BASH_REMATCH[1]}
  command=$(tr '\0' ' ' <"/proc/$pid/cmdline")
  if [[ $command =~ vendzz\.process=([^@ ]+)@([^ ]+) ]]; then
    echo "pid $pid: ${BASH_REMATCH[1]} of the local stack in ${BASH_REMATCH[2]}"
  else
    echo "pid $pid: ${command:0:100}"
  fi
}

# require_free_port NAME PORT SETTING
require_free_port() {
  if port_open "$2"; then
    fail "$1 wants port $2, and it is taken by $(port_owner "$2")" "stop that process, or choose another port: $3=NUMBER"
  fi
}
