# shellcheck shell=bash
# Brings the pinned servers into the cache: Maven copies them, every file is compared with checksums.sha256, the two
# archives are unpacked, and only then the folder gets its final name. Wants: say.sh, preconditions.sh, require_java.

fetch_servers() {
  local folder new log started java_home
  folder=$(servers_folder)
  [[ ! -e $folder/verified ]] || return 0
  require_java
  mkdir -p "$(dirname "$folder")"
  exec {cache_lock}>"$folder.lock"
  flock "$cache_lock"
  [[ ! -e $folder/verified ]] || return 0

  started=$(now_ms)
  new=$folder.new
  rm -rf "$new" "$folder"
  say servers "downloading Kafka, Cassandra, PostgreSQL and Apicurio (240 MB) into $folder"
  log=$folder.log
  JAVA_HOME=$java_home mvn --batch-mode --quiet --file "$downloads/pom.xml" package \
    "-Dservers.folder=$new" "-Dpostgres.platform=$(postgres_platform)" >"$log" 2>&1 </dev/null || {
    sed 's/^/    | /' "$log" | cut -c1-1000 | head -n 5 >&2
    fail 'Maven could not download the servers' "the whole log: $log" \
      'is there a network? a proxy or mirror belongs into ~/.m2/settings.xml or MAVEN_OPTS'
  }
  verify_servers "$new"
  unpack_servers "$new"
  touch "$new/verified"
  mv "$new" "$folder"
  rm -f "$folder.lock" "$log"
  say servers "downloaded and verified in $(seconds_since "$started") s"
}

postgres_platform() {
  case $(uname -m) in
    x86_64) echo linux-amd64 ;;
    aarch64) echo linux-arm64v8 ;;
    *) fail "there is no pinned PostgreSQL for $(uname -m)" ;;
  esac
}

# pinned_checksums: those of this machine's platform.
pinned_checksums() {
  grep -v embedded-postgres-binaries "$downloads/checksums.sha256"
  grep "embedded-postgres-binaries-$(postgres_platform)-" "$downloads/checksums.sha256"
}

verify_servers() {
  local folder=$1 wrong unknown
  # It prints each file that differs or is missing; the lines are what counts.
  wrong=$(pinned_checksums | (cd "$folder" && LC_ALL=C sha256sum --check --quiet - 2>/dev/null)) || [[ -n $wrong ]]
  unknown=$(comm -13 <(pinned_checksums | sed 's/^[0-9a-f]*  //' | LC_ALL=C sort) \
    <(cd "$folder" && find . -type f | sed 's#^\./##' | LC_ALL=C sort))
  if [[ -n $wrong$unknown ]]; then
    printf '%s\n' "$wrong" "${unknown:+not in checksums.sha256: $unknown}" | sed '/^$/d; s/^/    | /' >&2
    fail "what was downloaded is not what is pinned; it lies in $folder" \
      'delete the named files from the Maven repository (~/.m2/repository) and try again;' \
      'when a version was changed on purpose: infra/local/downloads/pin'
  fi
}

unpack_servers() {
  local folder=$1
  mkdir "$folder/registry/unpacked" "$folder/postgres/unpacked"
  tar -xzf "$folder"/registry/apicurio-registry-app-*.tar.gz -C "$folder/registry/unpacked"
  unzip -p "$folder"/postgres/embedded-postgres-binaries-*.jar 'postgres-*.txz' |
    tar -xJf - -C "$folder/postgres/unpacked"
  # The archives are half of the space and not needed again.
  rm -f "$folder"/registry/*.tar.gz "$folder"/postgres/*.jar
}
