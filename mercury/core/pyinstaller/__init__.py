"""What PyInstaller must put into a program that uses Mercury; it asks through the entry point `pyinstaller40`."""

import os
from typing import List


def hook_folders() -> List[str]:
    """The folders with hooks."""
    return [os.path.dirname(os.path.abspath(__file__))]
