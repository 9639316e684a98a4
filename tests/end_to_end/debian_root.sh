# A Debian 12 file system from the mirror that this machine's own apt uses. Sourced by the checks that need one; they
# define die().
# shellcheck shell=bash disable=SC2034

debian_sources() {
  # shellcheck disable=SC2016  # apt's placeholders
  apt-get indextargets 'Created-By: Packages' 'Origin: Debian' \
    --format '$(CODENAME)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)' | sed -n 's/^bookworm[a-z-]*|//p' | sort -u
}

# Without what nobody reads in a machine that lives for a minute; Debian's own slim images leave out the same.
slim_options=(--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*'
  --dpkgopt='path-exclude=/usr/share/doc/*')

# make_debian_root TAR PACKAGE,… [OPTION…]: as little as possible and these packages, unless TAR is there already.
make_debian_root() {
  local tar=$1 packages=$2 sources
  shift 2
  [[ ! -e $tar ]] || return 0
  sources=$(debian_sources)
  [[ -n $sources ]] || die "apt names no source of Debian 12 (bookworm); run apt-get update"
  mmdebstrap --quiet --format=tar --variant=minbase ${packages:+"--include=$packages"} \
    --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io "$@" bookworm "$tar.new" - <<<"$sources" ||
    die "mmdebstrap could not make a Debian root"
  mv "$tar.new" "$tar"
}

# in_root ROOT COMMAND…: with this machine's network, and processes and mounts that end with the command.
in_root() (
  local root=$1 name
  local -a environment=(PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive)
  shift
  for name in http_proxy https_proxy no_proxy; do
    [[ -z ${!name:-} ]] || environment+=("$name=${!name}")
  done
  # shellcheck disable=SC2016  # the inner shell expands these
  exec unshare --mount --pid --fork --kill-child=KILL bash -euc '
    root=$1
    shift
    mount --make-rprivate /
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    exec chroot "$root" /usr/bin/env -i "$@"
  ' in_root "$root" "${environment[@]}" "$@" </dev/null
)
