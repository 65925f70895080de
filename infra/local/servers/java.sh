# shellcheck shell=bash
# What every server on the JVM is started with. Wants: java_home, vendzz_local_dir.

# java_command MEMORY: fills `java_command` with the start of the command line.
java_command() {
  java_command=(
    "$java_home/bin/java" "-Xmx$1"
    # Native libraries are unpacked here and go with `clean`; a kill -9 would leave them in /tmp.
    "-Djava.io.tmpdir=$vendzz_local_dir/tmp" "-Djna.tmpdir=$vendzz_local_dir/tmp" -XX:-UsePerfData
    -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true -Djava.net.preferIPv4Stack=true -Dfile.encoding=UTF-8
  )
}

# render TEMPLATE TARGET NAME=VALUE…: copies it with every @NAME@ replaced.
render() {
  local text pair target=$2
  text=$(<"$1")
  shift 2
  for pair in "$@"; do text=${text//"@${pair%%=*}@"/${pair#*=}}; done
  [[ ! $text =~ @[A-Z_]+@ ]] || fail "a name is left without a value in $target"
  printf '%s\n' "$text" >"$target"
}
