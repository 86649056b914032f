#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Sources over TLS: who is trusted and who is not, certificates of our own, a proxy, headers; and that a secret goes
# nowhere but to the host that it was configured for.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
command -v openssl >/dev/null || {
    t 'openssl makes the certificates'
    skip 'it is not installed'
    done_testing
    exit
}
unset PORTHOLE_NOW http_proxy https_proxy HTTPS_PROXY no_proxy
server='' proxy=''
at_exit() {
    stop_all
    rm -rf "$dir"
}
stop_all() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    [ -z "$proxy" ] || kill "$proxy" 2>/dev/null
    wait 2>/dev/null
    server='' proxy=''
}
await() { # FILE
    for _ in $(seq 200); do
        [ -s "$1" ] && return
        sleep 0.05
    done
    bad "no $1"
}

# --- certificates -------------------------------------------------------------
key() { openssl req -newkey rsa:2048 -nodes -keyout "$dir/$1.key" -out "$dir/$1.csr" -subj "/CN=$1" 2>/dev/null; }
# signed NAME SAN DAYS: NAME.pem with its key, signed by our authority
signed() {
    key "$1"
    printf 'subjectAltName=%s\n' "$2" >"$dir/$1.ext"
    openssl x509 -req -in "$dir/$1.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days "$3" \
        -extfile "$dir/$1.ext" -out "$dir/$1.crt" 2>/dev/null
    cat "$dir/$1.crt" "$dir/$1.key" >"$dir/$1.pem"
    chmod 600 "$dir/$1.pem"
}
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/ca.key" -out "$dir/ca.pem" -days 2 -subj '/CN=test authority' 2>/dev/null
signed good 'IP:127.0.0.1,DNS:localhost' 2
signed other 'DNS:elsewhere.example' 2
signed client 'DNS:client' 2
signed expired 'IP:127.0.0.1' -1
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/self.key" -out "$dir/self.crt" -days 2 -subj '/CN=127.0.0.1' \
    -addext 'subjectAltName=IP:127.0.0.1' 2>/dev/null
cat "$dir/self.crt" "$dir/self.key" >"$dir/self.pem"

# serves MODE CERT [KEY: VALUE…]: the server runs, $config names it with these keys
serves() {
    local mode=$1 cert=$2 scheme=https
    shift 2
    stop_all
    rm -f "$dir/port" "$dir/requests" "$dir"/*.db*
    python3 "$root/tests/cli/https.py" "$dir" "$mode" "$dir/$cert.pem" 2>/dev/null &
    server=$!
    await "$dir/port"
    config=$dir/tls.yaml
    {
        printf 'catalogue: sqlite:%s/tls.db\nsources:\n  - name: lab\n    kind: mlflow\n' "$dir"
        printf '    url: "%s://127.0.0.1:%s"\n' "$scheme" "$(cat "$dir/port")"
        printf '    %s\n' "$@"
    } >"$config"
}
told() { grep -q "$1" "$dir/requests" 2>/dev/null; }

t 'a server that our authority vouches for is read'
serves tls good "ca_file: $dir/ca.pem"
run 0 sync
told 'POST /api/2.0/mlflow/experiments/search\|GET /api/2.0/mlflow/experiments/search' || bad 'it was not asked'

t 'without the authority it is not, and the message says what to do'
serves tls good 'concurrency: 1'
run 3 sync
err_has 'certificate'
told . && bad 'a request went out'

t 'a self-signed certificate is refused'
serves tls self 'concurrency: 1'
run 3 sync
err_has 'certificate'

t 'an expired one is refused'
serves tls expired "ca_file: $dir/ca.pem"
run 3 sync
err_has 'expired'

t 'one for another name is refused'
serves tls other "ca_file: $dir/ca.pem"
run 3 sync
err_has '127.0.0.1'

t 'TLS below 1.2 is refused'
serves old good "ca_file: $dir/ca.pem"
run 3 sync
err_lines 1
err_has 'no TLS with'

t 'a server that speaks no TLS is told, and gets no credentials'
export LAB_TOKEN=marked-token-1f2e
serves plain good "ca_file: $dir/ca.pem" 'token_env: LAB_TOKEN'
run 3 sync
err_lines 1
told 'marked-token' && bad 'the token went out in the clear'

t 'a server that wants to know us gets our certificate'
serves mutual good "ca_file: $dir/ca.pem" "client_cert: $dir/client.pem"
run 0 sync

t 'and refuses us without one'
serves mutual good "ca_file: $dir/ca.pem"
run 3 sync
err_lines 1

t 'headers of the configuration go along, with every request'
serves tls good "ca_file: $dir/ca.pem" 'headers: {X-Team: discovery}'
run 0 sync
[ "$(grep -c '^X-Team: discovery' "$dir/requests")" -eq "$(grep -c ' HTTP/1.1' "$dir/requests")" ] || bad 'not with every one'

t 'but none that holds a secret'
serves tls good "ca_file: $dir/ca.pem" 'headers: {X-Api-Key: marked-key-77aa}'
run 2 sync
err_has "token_env"

t 'a proxy carries what is for another host, and sees no credentials'
serves tls good "ca_file: $dir/ca.pem" 'token_env: LAB_TOKEN'
mkdir -p "$dir/proxy"
python3 "$root/tests/cli/https.py" "$dir/proxy" proxy 2>/dev/null &
proxy=$!
await "$dir/proxy/port"
sed -i "s|https://127.0.0.1|https://localhost|" "$config"
printf '    proxy: "http://127.0.0.1:%s"\n' "$(cat "$dir/proxy/port")" >>"$config"
run 0 sync
grep -q '^CONNECT localhost:' "$dir/proxy/requests" || bad 'the proxy was not asked'
grep -q 'marked-token' "$dir/proxy/requests" && bad 'the proxy saw the token'
told '^Authorization: Bearer marked-token-1f2e' || bad 'the server did not get the token'

t 'no secret is left in messages, traces, catalogue or arguments'
serves tls good "ca_file: $dir/ca.pem" 'token_env: LAB_TOKEN'
PORTHOLE_TRACE=$dir/trace run 0 sync
run 0 doctor
grep -rl marked-token "$dir/out" "$dir/err" "$dir/trace" "$dir"/tls.db* "$XDG_CACHE_HOME" 2>/dev/null >"$dir/leaks"
[ -s "$dir/leaks" ] && bad "leaked to: $(tr '\n' ' ' <"$dir/leaks")"

done_testing
