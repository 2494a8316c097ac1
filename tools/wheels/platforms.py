"""The platforms that Mercury has wheels for, as data.

`targets` are what zig's C compiler is told, one for each slice of the library. The C library
that a wheel is for is its tag's: glibc 2.17 is manylinux2014. A machine is the oldest that the
tag's distributions run on, which is not always zig's: Debian's armhf has no NEON and its s390x
no vector registers. And before glibc 2.32 a long double of ppc64le is IBM's, whose printf is
another than the one that zig's headers choose.
"""

from typing import Dict, NamedTuple, Tuple


class Platform(NamedTuple):
    """One platform: `tag` is the platform of its wheel, `machine` its row in cffi_wheels.py."""

    name: str
    tag: str
    system: str
    machine: str
    targets: Tuple[str, ...]
    needed: str = ""
    """The C library's file name where it is not that which zig writes."""

    @property
    def library(self) -> str:
        """The file name of the library."""
        return LIBRARIES[self.system]


LIBRARIES = {"Linux": "libmercury.so", "Darwin": "libmercury.dylib", "Windows": "libmercury.dll"}


def glibc(machine: str, target: str) -> Platform:
    """A manylinux2014 platform, under its old and its new tag."""
    tag = f"manylinux2014_{machine}.manylinux_2_17_{machine}"
    return Platform(f"manylinux-{machine}", tag, "Linux", f"linux-glibc-{machine}", (target,))


def musl(machine: str) -> Platform:
    """A musllinux_1_2 platform. zig calls the C library libc.so; Alpine and its like do not."""
    name, tag = f"musllinux-{machine}", f"musllinux_1_2_{machine}"
    needed = f"libc.musl-{machine}.so.1"
    return Platform(name, tag, "Linux", f"linux-musl-{machine}", (f"{machine}-linux-musl",), needed)


def macos(machine: str, *targets: str) -> Platform:
    """A macosx_11_0 platform."""
    return Platform(f"macos-{machine}", f"macosx_11_0_{machine}", "Darwin", f"darwin-{machine}", targets)


def windows(tag: str, machine: str, target: str) -> Platform:
    """A Windows platform."""
    return Platform(f"windows-{machine}", tag, "Windows", f"win32-{machine}", (target,))


PLATFORMS: Dict[str, Platform] = {
    platform.name: platform
    for platform in (
        glibc("x86_64", "x86_64-linux-gnu.2.17"),
        glibc("i686", "x86-linux-gnu.2.17"),
        glibc("aarch64", "aarch64-linux-gnu.2.17"),
        glibc("armv7l", "arm-linux-gnueabihf.2.17 -mcpu=baseline-neon-vfp3-d32"),
        glibc("s390x", "s390x-linux-gnu.2.17 -mcpu=z10"),
        Platform(
            "manylinux-ppc64le",
            "manylinux_2_19_ppc64le",
            "Linux",
            "linux-glibc-ppc64le",
            ("powerpc64le-linux-gnu.2.19 -mabi=ibmlongdouble",),
        ),
        Platform(
            "manylinux-riscv64",
            "manylinux_2_31_riscv64",
            "Linux",
            "linux-glibc-riscv64",
            ("riscv64-linux-gnu.2.31",),
        ),
        musl("x86_64"),
        musl("aarch64"),
        macos("x86_64", "x86_64-macos.11.0"),
        macos("arm64", "aarch64-macos.11.0"),
        macos("universal2", "x86_64-macos.11.0", "aarch64-macos.11.0"),
        windows("win_amd64", "AMD64", "x86_64-windows-gnu"),
        windows("win_arm64", "ARM64", "aarch64-windows-gnu"),
        windows("win32", "x86", "x86-windows-gnu"),
    )
}
