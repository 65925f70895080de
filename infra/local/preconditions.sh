# shellcheck shell=bash
# What has to be there before a server starts; each with the way out when it is not. Wants: vendzz_checkout, say.sh.

downloads=$vendzz_checkout/infra/local/downloads

# servers_folder: where the pinned downloads of this checkout live; another pin has another folder.
servers_folder() {
  local pin
  pin=$(sha256sum "$downloads/checksums.sha256")
  echo "${XDG_CACHE_HOME:-$HOME/.cache}/vendzz-stream/servers-${pin:0:16}"
}

require_verified_downloads() {
  local folder
  folder=$(servers_folder)
  [[ -e $folder/verified ]] || fail "the servers are not downloaded and verified in $folder" 'run: make setup'
}

# find_java_home: prints the home of a Java 17, the first of VENDZZ_JAVA_HOME, JAVA_HOME, the distribution's folders and
# PATH; fails with what it saw instead. It reads the `release` file: a JVM start for each would cost a second.
find_java_home() {
  local home
  for home in "${VENDZZ_JAVA_HOME:-}" "${JAVA_HOME:-}" $(installed_java_homes) "$(java_home_on_path)"; do
    [[ -n $home && -x $home/bin/java && -r $home/release ]] || continue
    if grep -q '^JAVA_VERSION="17[."]' "$home/release"; then
      echo "$home"
      return
    fi
  done
  return 1
}

installed_java_homes() { compgen -G '/usr/lib/jvm/*17*' || :; }

java_home_on_path() {
  local java
  java=$(command -v java) || return 0
  java=$(readlink -f "$java")
  echo "${java%/bin/java}"
}

require_java() {
  java_home=$(find_java_home) && return
  local seen=none
  if command -v java >/dev/null; then seen=$(java -version 2>&1 | head -n 1); fi
  fail "Java 17 is missing (Cassandra 5.0 runs on no newer one); java on PATH: $seen" \
    'Debian, Ubuntu: apt-get install openjdk-17-jdk-headless; elsewhere: Eclipse Temurin 17' \
    'installed in an unusual place: VENDZZ_JAVA_HOME=FOLDER'
}

require_disk() {
  local wanted=${VENDZZ_MIN_FREE_MB:-2048} free
  free=$(df -Pm "$vendzz_local_dir" | awk 'NR == 2 { print $4 }')
  ((free >= wanted)) || fail "only $free MB are free where $vendzz_local_dir is; $wanted MB are wanted" \
    'make room (infra/local/stack clean drops all local data), or put it elsewhere: VENDZZ_LOCAL_DIR=FOLDER' \
    'a smaller margin: VENDZZ_MIN_FREE_MB=NUMBER'
}

require_linux() {
  [[ $(uname -s) == Linux ]] || fail "the local stack runs on Linux; this is $(uname -s)" 'use a Linux machine or a virtual one'
}
