#!/usr/bin/env bash
# Installs what is missing on a Debian machine; on anything else says what to
# install. Called by the Makefile with what is about to happen: run, bench or test.
set -eu
what=${1:-run}
packages=()

command -v go >/dev/null || { echo "Go 1.26 or later is needed: https://go.dev/dl/" >&2; exit 1; }

have_postgres() { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
have_database() { [ -n "${SOUK_DATABASE_URL:-}" ] || command -v cockroach >/dev/null || have_postgres; }
have_pgbench() { command -v pgbench >/dev/null || ls /usr/lib/postgresql/*/bin/pgbench >/dev/null 2>&1; }
have_chromium() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; }

if [ "$what" = run ]; then
	have_database || packages+=(postgresql)
else
	have_postgres || packages+=(postgresql)
fi
if [ "$what" = bench ]; then
	have_pgbench || packages+=(postgresql-contrib)
fi
if [ "$what" = bench-edge ]; then
	for program in nginx:nginx-light varnishd:varnish wrk:wrk h2load:nghttp2-client; do
		PATH=$PATH:/usr/sbin command -v "${program%%:*}" >/dev/null || packages+=("${program##*:}")
	done
fi
if [ "$what" = test ]; then
	have_chromium || packages+=(chromium)
fi
[ ${#packages[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
	echo "Please install, with your system's package manager: ${packages[*]} (PostgreSQL 15 or later)" >&2
	exit 1
fi
sudo=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || { echo "As root, run: apt-get install ${packages[*]}" >&2; exit 1; }
	sudo=sudo
fi
echo "Installing ${packages[*]} ..."
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
