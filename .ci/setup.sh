# Sourced by ./quickstart and tests/run: what this machine lacks, installed with one line each. Nothing is touched that is there already.

say() { printf '%s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# need_sdk: the .NET SDK of global.json, or the line that says where to get it.
need_sdk() {
  local major
  major=$(sed -n 's/.*"version": *"\([0-9]*\)\..*/\1/p' global.json)
  command -v dotnet >/dev/null 2>&1 ||
    die "the .NET $major SDK is missing (no 'dotnet' on the PATH): install it from https://dotnet.microsoft.com/download/dotnet/$major.0"
  dotnet --version >/dev/null 2>&1 ||
    die "no .NET SDK here fits global.json ($(sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' global.json) or a later patch): install it from https://dotnet.microsoft.com/download/dotnet/$major.0; there are: $(dotnet --list-sdks 2>/dev/null | tr '\n' ' ')"
}

# as_root COMMAND...: sudo only for somebody who is not root.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    die "not root and no sudo: run '$*' as root, then start again"
  fi
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# need_packages "NAME  what for" ...: Debian packages. The index is fetched only if one is missing.
need_packages() {
  local line name missing=()
  if ! command -v dpkg-query >/dev/null 2>&1; then
    die "this is no Debian (no dpkg): install by your own means: $(printf '%s; ' "$@")"
  fi
  for line in "$@"; do
    name=${line%% *}
    if ! installed "$name"; then
      say "installing $name: ${line#"$name"}"
      missing+=("$name")
    fi
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  # A source that does not answer matters only if what is missing cannot be had without it.
  as_root apt-get update -q -o APT::Update::Error-Mode=any >/dev/null ||
    say 'apt-get update failed (is there a network?); trying with the index that is here'
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null ||
    die "could not install; by hand: apt-get install ${missing[*]}"
}
