# shellcheck shell=bash
# What the system must have, how it is recognised, and the Debian package that brings it. Wants: say.sh, preconditions.sh.

# Each line: what it is | the Debian package | the test, quick enough to be asked every time.
system_needs() {
  cat <<'EOF'
C++ compiler (g++)|g++|command -v g++
make|make|command -v make
cmake|cmake|command -v cmake
pkg-config|pkg-config|command -v pkg-config
zlib headers|zlib1g-dev|pkg-config --exists zlib
OpenSSL headers|libssl-dev|pkg-config --exists openssl
openssl|openssl|command -v openssl
Java 17|openjdk-17-jdk-headless|find_java_home
Maven|maven|command -v mvn
curl|curl|command -v curl
xz|xz-utils|command -v xz
unzip|unzip|command -v unzip
ss|iproute2|command -v ss
setpriv, setsid, flock|util-linux|command -v setpriv && command -v setsid && command -v flock
Python 3 with venv|python3-venv|python3_has_venv
EOF
}

# The venv in .local/python answers without a start of Python.
python3_has_venv() { [[ -e $vendzz_local_dir/python/ready ]] || python3 -c 'import ensurepip, venv'; }

# missing_needs: the lines whose test says no.
missing_needs() {
  local what package test
  while IFS='|' read -r what package test; do
    eval "$test" >/dev/null 2>&1 || printf '%s|%s\n' "$what" "$package"
  done < <(system_needs)
}

install_packages() {
  local missing whats packages apt=() still
  missing=$(missing_needs)
  [[ -n $missing ]] || return 0
  whats=$(cut -d'|' -f1 <<<"$missing" | paste -sd, | sed 's/,/, /g')
  packages=$(cut -d'|' -f2 <<<"$missing" | paste -sd' ')
  if ! command -v apt-get >/dev/null; then
    fail "missing: $whats" "install these by your package manager, then again: make setup" "(Debian calls them: $packages)"
  fi
  if ((EUID != 0)); then
    may_sudo || fail "missing: $whats" "run: sudo apt-get install $packages"
    apt=(sudo)
  fi
  say packages "missing: $whats; installing $packages"
  # shellcheck disable=SC2086  # a list of packages
  apt_install $packages
  still=$(missing_needs)
  [[ -z $still ]] || fail "still missing after the installation: $(paste -sd' ' <<<"$still")"
}

# may_sudo: without a password, or there is someone to type it.
may_sudo() { command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; }

# apt_install PACKAGE…: the package lists of a fresh machine are empty, so they are fetched when a first try fails.
apt_install() {
  local log install=("${apt[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends)
  log=$(mktemp)
  if ! "${install[@]}" "$@" >"$log" 2>&1 </dev/null; then
    say packages 'fetching the package lists'
    if ! { "${apt[@]}" apt-get update && "${install[@]}" "$@"; } >>"$log" 2>&1 </dev/null; then
      tail -n 5 "$log" | sed 's/^/    | /' >&2
      fail "apt-get could not install: $*" "the whole log: $log" \
        'a release without openjdk-17 (Debian 13): install Eclipse Temurin 17; VENDZZ_JAVA_HOME=FOLDER if it is not found'
    fi
  fi
  rm -f "$log"
}

# Rust is only named: Debian's is too old, and a toolchain is a developer's own choice of place.
require_rust() {
  local pinned
  pinned=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' "$vendzz_checkout/rust-toolchain.toml")
  command -v cargo >/dev/null || fail 'Rust is missing' "install rustup (https://rustup.rs), then: rustup toolchain install $pinned"
  (cd "$vendzz_checkout" && cargo --version >/dev/null 2>&1) ||
    fail "Rust $pinned is missing" "run: rustup toolchain install $pinned --component rustfmt --component clippy"
}
