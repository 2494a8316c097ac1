"""An install that something happened to, and interpreters that were started in unusual ways."""

import compileall
import shutil
import struct
from pathlib import Path

from tests.installation.by_pip import MISSING
from tests.installation.situation import NATIVE, PURE, Home, situation
from tests.installation.workshop import LIBRARY, Environment, Place, mounted

GROUP = "run time"


def installed(place: Place) -> Environment:
    return place.environment_with("cffi", "mercury-native")


def library_of(environment: Environment) -> Path:
    return environment.site / "mercury" / LIBRARY


@situation(GROUP, "the library was deleted", PURE, MISSING)
def deleted(place: Place) -> Home:
    environment = installed(place)
    library_of(environment).unlink()
    return environment.home()


@situation(GROUP, "the library was cut short, as by a full disk", PURE, "is cut short", short=True)
def cut_short(place: Place) -> Home:
    environment = installed(place)
    library = library_of(environment)
    library.write_bytes(library.read_bytes()[: library.stat().st_size // 2])
    return environment.home()


@situation(GROUP, "the library of another machine", PURE, "the system cannot load the library")
def another_machine(place: Place) -> Home:
    environment = installed(place)
    data = bytearray(library_of(environment).read_bytes())
    struct.pack_into("<H", data, 18, 22)
    library_of(environment).write_bytes(data)
    return environment.home()


@situation(GROUP, "another library under the same name", PURE, "is a foreign library", short=True)
def foreign(place: Place) -> Home:
    environment = installed(place)
    place.run("cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library_of(environment), text="int other;\n")
    return environment.home()


@situation(GROUP, "cffi's extension module is damaged", PURE, "the installed cffi cannot be imported")
def damaged_cffi(place: Place) -> Home:
    environment = installed(place)
    (module,) = environment.site.glob("_cffi_backend*.so")
    module.write_bytes(b"damaged")
    return environment.home()


@situation(GROUP, "cffi was uninstalled", PURE, "-m pip install cffi")
def uninstalled_cffi(place: Place) -> Home:
    environment = installed(place)
    environment.pip("uninstall", "-y", "cffi")
    return environment.home()


@situation(GROUP, "DJANGO_MERCURY_PURE_PYTHON=1", PURE, "DJANGO_MERCURY_PURE_PYTHON is set")
def asked_for(place: Place) -> Home:
    return installed(place).home(DJANGO_MERCURY_PURE_PYTHON="1")


@situation(GROUP, "python -I", NATIVE)
def isolated(place: Place) -> Home:
    return installed(place).home("-I")


@situation(GROUP, "python -I -S, the path set by the program", NATIVE, short=True)
def isolated_without_site(place: Place) -> Home:
    environment = installed(place)
    launcher = place.folder / "launcher.py"
    launcher.write_text(
        f"import runpy, sys\nsys.path.insert(0, {str(environment.site)!r})\n"
        "runpy.run_path(sys.argv[1], run_name='__main__')\n"
    )
    return environment.home("-I", "-S", str(launcher))


@situation(GROUP, "python -OO -B", NATIVE)
def optimized(place: Place) -> Home:
    return installed(place).home("-OO", "-B")


@situation(GROUP, "python -X dev -W error::ResourceWarning", NATIVE)
def development_mode(place: Place) -> Home:
    return installed(place).home("-X", "dev", "-W", "error::ResourceWarning")


@situation(GROUP, "compiled modules without sources", NATIVE)
def without_sources(place: Place) -> Home:
    environment = installed(place)
    compileall.compile_dir(str(environment.site / "mercury"), quiet=1, legacy=True)
    for source in (environment.site / "mercury").rglob("*.py"):
        source.unlink()
    return environment.home()


@situation(GROUP, "the environment was moved", NATIVE)
def moved(place: Place) -> Home:
    environment = installed(place)
    target = shutil.move(str(environment.folder), str(place.folder / "with space and ü"))
    return Environment(place, Path(target), False).home()


@situation(GROUP, "a whole file system that is read-only, as containers may have", NATIVE, short=True)
def read_only_container(place: Place) -> Home:
    environment = installed(place)
    return Home([*read_only_root(), str(environment.python)], {})


def read_only_root() -> "list[str]":
    """What stands before a command that can write nowhere."""
    rest = "mount --bind /dev /mnt/dev && mount --bind /proc /mnt/proc"
    return mounted(f'mount --bind / /mnt && {rest} && mount -o remount,ro,bind /mnt && exec chroot /mnt "$0" "$@"')


ISOLATED_INTERPRETER = """
import _interpreters, sys
code = f"import sys; sys.path[:] = {sys.path}; __name__ = '__main__'" + chr(10) + open(sys.argv[1]).read()
failed = _interpreters.exec(_interpreters.create("isolated"), code)
sys.exit(failed and str(failed))
"""


@situation(GROUP, "an isolated subinterpreter of CPython 3.13", PURE, "cffi does not run in isolated subinterpreters")
def subinterpreter(place: Place) -> Home:
    launcher = place.folder / "launcher.py"
    launcher.write_text(ISOLATED_INTERPRETER)
    environment = place.environment("3.13")
    environment.install(place.workshop.native)
    return environment.home(str(launcher))


@situation(
    GROUP,
    "Django's checks tell the reason and the command",
    PURE,
    MISSING,
    ["mercury.W004", "HINT: It needs a C compiler"],
    short=True,
)
def system_check(place: Place) -> Home:
    environment = place.environment()
    environment.install(place.workshop.pure, "django")
    settings = place.folder / "shop_settings.py"
    settings.write_text(
        'SECRET_KEY = "for tests only"\nINSTALLED_APPS = ["mercury.django"]\n'
        'MIDDLEWARE = ["mercury.django.middleware.MercuryMiddleware"]\n'
    )
    environment("-W", "ignore", "-m", "django", "check", "--settings", "shop_settings", PYTHONPATH=str(place.folder))
    return environment.home()
