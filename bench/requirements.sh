#!/bin/sh
# Says which of the programs that the bench needs are missing; installs them where it may (root on Debian or Ubuntu).
set -eu

packages="nginx-light libnginx-mod-http-lua libnginx-mod-http-ndk wrk gcc libc6-dev libssl-dev"

missing() {
    command -v nginx > /dev/null || test -x /usr/sbin/nginx || echo nginx-light
    test -e /usr/lib/nginx/modules/ngx_http_lua_module.so || echo libnginx-mod-http-lua
    test -e /usr/lib/nginx/modules/ndk_http_module.so || echo libnginx-mod-http-ndk
    command -v wrk > /dev/null || echo wrk
    command -v cc > /dev/null || echo gcc libc6-dev
    echo '#include <openssl/sha.h>' | cc -E - > /dev/null 2>&1 || echo libssl-dev
    command -v taskset > /dev/null || echo util-linux
}

lacking=$(missing | tr '\n' ' ')
test -n "$lacking" || exit 0

echo "The bench lacks: $lacking"
if test "$(id -u)" != 0 || ! command -v apt-get > /dev/null; then
    echo "Install the packages first, as root on Debian or Ubuntu:  apt-get install $packages"
    exit 1
fi

# The packaged service would take port 80; the bench starts nginx itself. A service that is there already is left alone.
nginx_was_here=no
if command -v nginx > /dev/null || test -x /usr/sbin/nginx; then nginx_was_here=yes; fi
apt-get update -q
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages
if test "$nginx_was_here" = no && test -d /run/systemd/system; then systemctl disable --now nginx; fi

lacking=$(missing | tr '\n' ' ')
test -z "$lacking" || { echo "Still lacking after the installation: $lacking"; exit 1; }
