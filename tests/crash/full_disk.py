"""File systems of 64 KiB to 1 MiB: an application on them runs on, and says once that its metrics are lost."""

import os
import subprocess
import sys
from typing import List

KIBIBYTES = range(64, 1025, 64)
FILE_BYTES = [4096 + 65536, 4096 + 8 * 65536, 8392704]
PROGRAM = """
import logging, sys, mercury
logging.basicConfig(format="%(message)s")
with mercury.Segment(sys.argv[1], int(sys.argv[2])) as segment:
    for _ in range(500):
        segment.counter("c").add(1)
        segment.histogram("h").record(5)
    found = segment.snapshot()
    counted = sum(total for _, total in found.counters()) + sum(one.count for _, one in found.histograms())
    print(counted + found.losses.lost_values)
"""


def run(folder: str) -> List[str]:
    """Prints what was seen; the faults. Mounting wants root."""
    if os.geteuid() != 0:
        print("full disks: not tried, because only root can mount a file system")
        return []
    faults: List[str] = []
    lost = tried = 0
    for size in KIBIBYTES:
        disk = os.path.join(folder, f"disk-{size}")
        os.mkdir(disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k,mode=700", "tmpfs", disk], check=False)
        if mounted.returncode != 0:
            print("full disks: not tried, because this machine does not let root mount a file system")
            return []
        try:
            for number, file_bytes in enumerate(FILE_BYTES):
                tried += 1
                lost += _try(os.path.join(disk, f"{number}.segment"), file_bytes, faults)
        finally:
            subprocess.run(["umount", disk], check=True)
    print(f"full disks: {tried} programs on 64 KiB to 1 MiB, {lost} of them without metrics, {len(faults)} faults")
    return faults


def _try(path: str, file_bytes: int, faults: List[str]) -> int:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, path, str(file_bytes)]
    done = subprocess.run(command, capture_output=True, check=False)
    lines = done.stderr.splitlines()
    is_lost = any(b"lose values" in line for line in lines)
    if done.returncode != 0 or done.stdout != b"1000\n" or len(lines) != is_lost:
        faults.append(f"{path}: exit code {done.returncode}, {done.stdout!r}, {done.stderr!r}")
    return is_lost
