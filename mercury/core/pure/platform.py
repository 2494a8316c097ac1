"""The memory of this process; the twin of platform.c, and like it the one file that asks the system.

On Windows and macOS only system calls tell, so ctypes makes the same ones that the library makes.
"""

import sys
from typing import Dict, Tuple

from mercury.core.pure.error import UNSUPPORTED, failure
from mercury.core.records import Memory


def memory() -> Memory:
    """Resident and peak bytes of the whole process. Raises UnsupportedError where nothing tells."""
    try:
        if sys.platform == "win32":
            resident, peak = _windows()
        elif sys.platform == "darwin":
            resident, peak = _macos()
        else:
            resident, peak = _linux()
    except (OSError, ImportError, AttributeError, LookupError, ValueError):
        raise failure(UNSUPPORTED) from None
    # The system samples the two figures apart; a peak below the present would be nonsense.
    return Memory(resident, max(peak, resident) if peak >= 0 else -1)


def _linux() -> Tuple[int, int]:
    """From /proc/self/status. getrusage is no substitute: its peak survives exec, so it may be the shell's."""
    figures: Dict[bytes, int] = {}
    with open("/proc/self/status", "rb") as status:
        for line in status.read(8191).splitlines():
            name, _, value = line.partition(b":")
            if name in (b"VmRSS", b"VmHWM"):
                figures[name] = int(value.split()[0]) * 1024
    return figures[b"VmRSS"], figures.get(b"VmHWM", -1)


def _windows() -> Tuple[int, int]:
    import ctypes

    class Counters(ctypes.Structure):  # PROCESS_MEMORY_COUNTERS
        _fields_ = [
            ("size", ctypes.c_uint32),
            ("page_fault_count", ctypes.c_uint32),
            ("peak_resident_bytes", ctypes.c_size_t),
            ("resident_bytes", ctypes.c_size_t),
            ("other", ctypes.c_size_t * 6),
        ]

    counters = Counters()
    counters.size = ctypes.sizeof(counters)
    kernel = getattr(ctypes, "WinDLL")("kernel32")  # noqa: B009 - the name exists on Windows only
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    read = kernel.K32GetProcessMemoryInfo
    read.argtypes = [ctypes.c_void_p, ctypes.POINTER(Counters), ctypes.c_uint32]
    if not read(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.size):
        raise OSError
    return int(counters.resident_bytes), int(counters.peak_resident_bytes)


def _macos() -> Tuple[int, int]:
    import ctypes

    class BasicInfo(ctypes.Structure):  # struct mach_task_basic_info
        _fields_ = [
            ("virtual_bytes", ctypes.c_uint64),
            ("resident_bytes", ctypes.c_uint64),
            ("peak_resident_bytes", ctypes.c_uint64),
            ("other", ctypes.c_uint32 * 6),
        ]

    info = BasicInfo()
    count = ctypes.c_uint32(ctypes.sizeof(info) // 4)
    system = ctypes.CDLL(None)
    system.mach_task_self.restype = ctypes.c_uint32
    system.task_info.argtypes = [
        ctypes.c_uint32,
        ctypes.c_uint32,
        ctypes.POINTER(BasicInfo),
        ctypes.POINTER(ctypes.c_uint32),
    ]
    basic_info = 20  # MACH_TASK_BASIC_INFO
    if system.task_info(system.mach_task_self(), basic_info, ctypes.byref(info), ctypes.byref(count)):
        raise OSError
    return int(info.resident_bytes), int(info.peak_resident_bytes)
