#!/usr/bin/env bash
# Builds Debian's packages of a source distribution in a tree of its own, offline, installs them there, proves that the
# library of the package libmercury serves, that one of another release is refused, and that removing leaves nothing.
#
#     tools/debian/build.sh SDIST        as root; needs debootstrap; the tree stays in build/debian
set -euo pipefail
cd "$(dirname "$0")/../.."
sdist=$1
suite=${SUITE:-trixie}
tree=build/debian/tree
build_depends=build-essential,debhelper,dh-python,fakeroot,pybuild-plugin-pyproject,python3-all,python3-setuptools
if [ ! -e "$tree/var/lib/dpkg/status" ] || [ -d "$tree/debootstrap" ]; then
    rm -rf "$tree"
    mkdir -p "${tree%/*}" # debootstrap does not
    debootstrap --variant=minbase "--include=$build_depends,python3-cffi-backend" "$suite" "$tree"
fi

version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' mercury/_version.py)
inside() { unshare --net chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"; }
rm -rf "$tree/work"
mkdir -p "$tree/work/mercury-native-$version"
cp "$sdist" "$tree/work/mercury-native_$version.orig.tar.gz"
tar xzf "$sdist" --strip-components=1 -C "$tree/work/mercury-native-$version"
cp -r tools/debian/debian "$tree/work/mercury-native-$version/"
cat >"$tree/work/mercury-native-$version/debian/changelog" <<END
mercury-native ($version-1) UNRELEASED; urgency=medium

  * Built by tools/debian/build.sh.

 -- The Mercury authors <mercury@example.org>  $(date -R)
END
inside sh -c "cd /work/mercury-native-$version && dpkg-buildpackage --no-sign"
inside sh -c "cd /work && dpkg --install libmercury_*.deb libmercury-dev_*.deb python3-mercury-native_*.deb"

probe() { inside python3 -c 'import mercury; print(mercury.backend + ":", mercury.backend_reason)' 2>&1; }
expect() { # expect TEXT WHAT
    case "$(probe)" in *"$1"*) echo "ok: $2" ;; *) echo "FAILED: $2: $(probe)"; exit 1 ;; esac
}
library=$(inside dpkg -L libmercury | grep 'libmercury\.so$')
inside mercury doctor
expect "native: /usr/lib/python3/dist-packages/mercury/libmercury.so is loaded" "the system's library serves"
echo 'const char *mercury_abi_header_hash(void) { return "another release"; }' |
    inside gcc -shared -fPIC -x c - -o "$library"
expect "is a stale library" "a library of another release is refused"
rm "$tree$library"
expect "cannot be read: No such file or directory" "a missing library is told"
inside dpkg --purge python3-mercury-native libmercury-dev libmercury
if [ -e "$tree/usr/lib/python3/dist-packages/mercury" ] || [ -e "$tree$library" ]; then
    echo "FAILED: purging left files"
    exit 1
fi
echo "ok: purging leaves nothing"
