# What scripts share that install packages, or make root file systems of them, on Debian and its relatives. For
# `source`. Whoever sources it defines `say` (a message to stderr) and `die` (a message, and the end).

# Sets `as_root`, the prefix of a command that needs root. Without root and without sudo it stays empty.
find_root() {
    local name
    as_root=()
    if ((EUID != 0)) && sudo -n true 2>/dev/null; then
        # sudo drops the environment, and with it the way out of a network with a proxy.
        as_root=(sudo -n env)
        for name in http_proxy https_proxy ftp_proxy all_proxy no_proxy; do
            [[ -z ${!name:-} ]] || as_root+=("$name=${!name}")
        done
    fi
}

# Installs packages; find_root comes first. WHY is put into the message where that cannot be done.
apt_install() {
    local why=$1 log
    shift
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
    type -P apt-get >/dev/null || die "$why, and here is no apt-get: install $*"
    ((EUID == 0 || ${#as_root[@]} > 0)) || die "$why: run 'apt-get install $*' as root"
    say "installing $*"
    # The lists of packages may be missing or old, so a first failure only means that they have to be fetched.
    log=$("${as_root[@]}" "${apt[@]}" install -y --no-install-recommends "$@" 2>&1 </dev/null) ||
        log=$({ "${as_root[@]}" "${apt[@]}" update && "${as_root[@]}" "${apt[@]}" install -y --no-install-recommends \
            "$@"; } 2>&1 </dev/null) ||
        die "apt-get cannot install $*: $(tail -n 3 <<<"$log")"
}

# The key that Debian's releases are signed with, beside the system's own.
debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Sees to it that mmdebstrap is there. WHY it is needed is put into the message where it cannot be had.
install_mmdebstrap() {
    if ! type -P mmdebstrap >/dev/null || [[ ! -e $debian_keyring ]]; then
        apt_install "$1" mmdebstrap debian-archive-keyring
    fi
}

# Prints the mirror that this machine's apt uses for an archive ("Debian" or "Debian-Security"), or nothing. The
# archive is known by the label in its signed release file, because a mirror can have any address.
debian_mirror() {
    # shellcheck disable=SC2016 # apt replaces these, not the shell
    apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk -F '|' -v label="$1" '$1 == label && $2 ~ /^https?:/ && !found++ { print $2 }'
}

# Sets `sources`, the lines of a sources.list for SUITE. It stays empty on a machine that is not Debian or that has
# no lists of packages; mmdebstrap then goes to Debian's own servers.
find_sources() {
    local suite=$1 main security
    sources=()
    main=$(debian_mirror Debian)
    security=$(debian_mirror Debian-Security)
    [[ -n $main ]] || return 0
    sources+=("deb [signed-by=$debian_keyring] $main $suite main")
    # A testing release gets its security fixes through the main archive.
    if [[ -n $security && $suite != forky ]]; then
        sources+=("deb [signed-by=$debian_keyring] $security $suite-security main")
    fi
}

# Writes how this machine's apt reaches its mirrors. mmdebstrap reads nothing of that by itself. It goes into the new
# root only for as long as packages are fetched, because a proxy's address can hold a password.
write_apt_settings() {
    apt-config dump | grep -E '^Acquire::(https?::|Retries|Check-Date|ForceIPv[46])' || true
    # The release file of a testing release, or of a mirror that lags, is often past its date.
    echo 'Acquire::Check-Valid-Until "false";'
}
