# shellcheck shell=bash
# The SMTP server: takes mails as a provider would (STARTTLS, AUTH) and keeps them where a person can look at them.

smtp_ports() { echo "$VENDZZ_SMTP_PORT VENDZZ_SMTP_PORT"; }

smtp_start() {
  local tls=$vendzz_local_dir/smtp-tls
  smtp_make_certificate "$tls"
  smtp_make_password "$VENDZZ_SMTP_PASSWORD_FILE"
  launch smtp "$(smtp_python)" "$servers/smtp.py" "$VENDZZ_SMTP_PORT" "$tls/server.pem" "$tls/server-key.pem" \
    "$VENDZZ_SMTP_PASSWORD_FILE" "$vendzz_local_dir/data/mail" "$(marker smtp)"
}

smtp_python() { echo "${VENDZZ_PYTHON:-$vendzz_local_dir/python/bin/python}"; }

require_smtp_python() {
  local python
  python=$(smtp_python)
  [[ -x $python ]] || fail "there is no Python environment for the SMTP server: $python" 'run: make setup' \
    'another one, with infra/local/python/requirements.txt installed: VENDZZ_PYTHON=FILE'
  "$python" -c 'import aiosmtpd' 2>/dev/null || fail "aiosmtpd is not installed for $python" 'run: make setup'
}

# smtp_make_certificate FOLDER: a CA that signs one certificate for this machine and loses its key; made aside and moved in
# whole. What trusts the server is ca.pem.
smtp_make_certificate() {
  local folder=$1 new=$1.new log
  [[ ! -e $folder ]] || return 0
  log=$(log_file smtp-certificate)
  rm -rf "$new"
  mkdir -m 700 "$new"
  {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$new/ca-key.pem" -out "$new/ca.pem" \
      -days 3650 -subj '/CN=Vendzz local stack CA' -addext 'keyUsage=critical,keyCertSign,cRLSign' &&
      openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$new/server-key.pem" \
        -out "$new/server.csr" -subj '/CN=localhost' &&
      openssl x509 -req -in "$new/server.csr" -CA "$new/ca.pem" -CAkey "$new/ca-key.pem" -CAcreateserial -days 3650 \
        -extfile "$servers/smtp/certificate.cnf" -out "$new/server.pem"
  } >"$log" 2>&1 || fail 'smtp: its certificate could not be made' "the log: $log"
  rm -f "$new/ca-key.pem" "$new/ca.srl" "$new/server.csr"
  chmod 600 "$new/server-key.pem"
  mv "$new" "$folder"
}

smtp_make_password() {
  [[ ! -s $1 ]] || return 0
  (umask 077 && openssl rand -hex 24 | tr -d '\n' >"$1.new" && mv -f "$1.new" "$1")
}

smtp_answers() { smtp_speaks "$VENDZZ_SMTP_PORT"; }
smtp_ready() { smtp_answers; }
