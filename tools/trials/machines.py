"""The machines of Linux on which a wheel is tried: a Debian tree for each, and how its programs are started here."""

from pathlib import Path
from typing import Dict, NamedTuple, Tuple

from tools.trials import environment
from tools.trials.debian_tree import Tree, unpack
from tools.trials.environment import Environment, Start

PACKAGES = ("python3", "python3-cffi-backend", "python3-pytest", "python3-hypothesis", "musl")


class Machine(NamedTuple):
    """A row: the platform's name in tools/wheels, its tree, and qemu's name of it or the tree's loader."""

    platform: str
    tree: Tree
    qemu: str = ""
    loader: str = ""
    libraries: str = ""
    has_cffi_wheel: bool = True
    """Whether cffi has a wheel for this machine and the Python of the tree; otherwise it is Debian's."""
    is_compared: bool = False
    """Whether library and twin are compared there too."""

    def unpack(self) -> Path:
        """The tree's folder. Raises CalledProcessError."""
        return unpack(self.tree)

    def start(self, tree: Path) -> Start:
        """How a program of the tree is started."""
        if self.qemu:
            return environment.emulated(self.qemu, tree)
        return environment.loaded(self.loader, self.libraries, tree)

    def environment(self, folder: Path) -> Environment:
        """A fresh environment of the tree's Python. Raises Failed, CalledProcessError."""
        tree = self.unpack()
        return environment.of_program(folder, tree / "usr" / "bin" / "python3", self.start(tree))


def here(machine: str, name: str, loader: str) -> Machine:
    """A machine that this one is, too."""
    folder = {"amd64": "x86_64-linux-gnu", "i386": "i386-linux-gnu"}[name]
    return Machine(f"manylinux-{machine}", Tree("bookworm", name, PACKAGES), "", loader, f"usr/lib/{folder}")


def elsewhere(machine: str, name: str, qemu: str, suite: str = "bookworm", has_cffi_wheel: bool = True) -> Machine:
    """A machine that qemu makes of this one."""
    return Machine(f"manylinux-{machine}", Tree(suite, name, PACKAGES), qemu, has_cffi_wheel=has_cffi_wheel)


MACHINES: Dict[str, Machine] = {
    machine.platform: machine
    for machine in (
        here("x86_64", "amd64", "lib64/ld-linux-x86-64.so.2"),
        here("i686", "i386", "lib/ld-linux.so.2"),
        elsewhere("aarch64", "arm64", "aarch64"),
        elsewhere("armv7l", "armhf", "arm", has_cffi_wheel=False),
        elsewhere("s390x", "s390x", "s390x")._replace(is_compared=True),
        elsewhere("ppc64le", "ppc64el", "ppc64le"),
        elsewhere("riscv64", "riscv64", "riscv64", suite="trixie", has_cffi_wheel=False),
    )
}


class Musl(NamedTuple):
    """A platform of musl: the machine whose tree has its loader, and the loader's path there."""

    platform: str
    machine: Machine
    loader: str

    def words(self) -> Tuple[str, ...]:
        """What starts a program under musl's loader. Raises CalledProcessError."""
        tree = self.machine.unpack()
        words = self.machine.start(tree).words if self.machine.qemu else ()
        return (*words, str(tree / self.loader))


MUSL: Dict[str, Musl] = {
    f"musllinux-{name}": Musl(f"musllinux-{name}", MACHINES[f"manylinux-{name}"], f"lib/ld-musl-{name}.so.1")
    for name in ("x86_64", "aarch64")
}
