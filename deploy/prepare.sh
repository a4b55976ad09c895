#!/usr/bin/env bash
# Make what deploy/compose.yaml needs before the first start, in deploy/secrets and deploy/data: passwords, passphrases,
# and a certificate of its own authority for a trial. What is there already is kept. Keys are made later, by `tongxing`.
# Usage: deploy/prepare.sh [FOLDER], as root, so that the services' user (10001) can be given its files.
set -euo pipefail
umask 077

folder="${1:-$(dirname "${BASH_SOURCE[0]}")}"
user="${TONGXING_USER:-10001}"
names=(registry henan guangdong zhejiang)
hosts=("${TONGXING_REGISTRY_HOST:-registry.example}" "${TONGXING_HENAN_HOST:-henan.example}"
    "${TONGXING_GUANGDONG_HOST:-guangdong.example}" "${TONGXING_ZHEJIANG_HOST:-zhejiang.example}")

mkdir -p "$folder/secrets" "$folder/data" "$folder/provinces"
cd "$folder/secrets"

secret() { # file, text: once
    if [ ! -e "$1" ]; then
        printf '%s\n' "$2" >"$1.new"
        mv "$1.new" "$1"
    fi
}

secret postgres-password "$(openssl rand -hex 24)"
for name in "${names[@]}"; do
    secret "$name-database" "postgres:5432:$name:$name:$(openssl rand -hex 24)"
    secret "$name-passphrase" "$(openssl rand -hex 24)"
    # The registry's nginx serves the mirror from there: folders may be passed through, keys in them are 0600.
    mkdir -p "../data/$name"
    chmod 755 "../data/$name"
done
chmod 755 ../data

if [ ! -e certificate.pem ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=Tongxing trial" \
        -addext "subjectAltName=$(printf 'DNS:%s,' "${hosts[@]}" | sed 's/,$//')" \
        -keyout certificate.key -out certificate.pem 2>/dev/null
    cp certificate.pem authority.pem
fi
chmod 644 certificate.pem authority.pem

if [ "$(id -u)" = 0 ]; then
    chown -R "$user:$user" . ../data ../provinces
fi
