# shellcheck shell=bash
# The senders file of the local profile: each example account has pools at the simulated providers and at the local SMTP
# server. Made once; a person may change it.

# make_senders FILE
make_senders() {
  local file=$1
  [[ ! -s $file ]] || return 0
  local accounts=(conta-credito-claro conta-escola-norte conta-vida-leve) account parts=() number=0
  for account in "${accounts[@]}"; do
    number=$((number + 1))
    parts+=("$(senders_of "$account" "$number")")
  done
  (umask 077 && printf '{"accounts": {%s}}\n' "$(IFS=,; echo "${parts[*]}")" >"$file.new")
  mv "$file.new" "$file"
  say senders "made: $file"
}

# senders_of ACCOUNT NUMBER: generous rates, as of short codes, so that a demo ends within minutes.
senders_of() {
  local account=$1 number=$2 password simulator="http://127.0.0.1:$VENDZZ_PROVIDERS_PORT"
  token() { head -c 16 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
  password=$(<"$VENDZZ_SMTP_PASSWORD_FILE")
  cat <<EOF
"$account": {
  "timeZone": "America/Sao_Paulo",
  "providers": {
    "twilio": {"kind": "twilio", "baseUrl": "$simulator", "accountSid": "AC0000000000000000000000000000000$number", "authToken": "$(token)"},
    "reserva": {"kind": "twilio", "baseUrl": "$simulator", "accountSid": "AC1111111111111111111111111111111$number", "authToken": "$(token)"},
    "meta": {"kind": "meta", "baseUrl": "$simulator/v23.0", "accessToken": "$(token)", "appSecret": "$(token)", "verifyToken": "$(token)"},
    "correio": {"kind": "smtp", "host": "localhost", "port": $VENDZZ_SMTP_PORT, "tls": "starttls", "caFile": "smtp-tls/ca.pem", "user": "vendzz", "password": "$password"}
  },
  "pools": {
    "sms": {"padrao": [
      {"id": "sms-1", "address": "+5511400000${number}1", "provider": "twilio", "perSecond": 400, "burst": 400},
      {"id": "sms-2", "address": "+5511400000${number}2", "provider": "reserva", "perSecond": 400, "burst": 400}
    ]},
    "voice": {"padrao": [{"id": "voz-1", "address": "+5511400000${number}3", "provider": "twilio", "perSecond": 200, "burst": 200}]},
    "whatsapp": {"padrao": [
      {"id": "wa-1", "address": "10000000000000${number}1", "provider": "meta", "perSecond": 80, "burst": 80},
      {"id": "wa-2", "address": "10000000000000${number}2", "provider": "meta", "perSecond": 80, "burst": 80}
    ]},
    "email": {
      "padrao": [{"id": "mail-1", "address": "Contato <contato@$account.example>", "provider": "correio", "perSecond": 500, "burst": 500}],
      "novidades": [{"id": "mail-2", "address": "Novidades <novidades@$account.example>", "provider": "correio", "perSecond": 500, "burst": 500}]
    }
  }
}
EOF
}
