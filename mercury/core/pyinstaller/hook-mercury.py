"""The C library, the modules that are imported by name, and what is read as a file."""

from PyInstaller.utils.hooks import can_import_module, collect_data_files, collect_dynamic_libs, collect_submodules

binaries = collect_dynamic_libs("mercury")
datas = collect_data_files("mercury", includes=["**/*.json"])
datas += collect_data_files("mercury", include_py_files=True, includes=["commands/doctor/planted.py"])
hiddenimports = collect_submodules("mercury", filter=lambda name: not name.startswith("mercury.core.pyinstaller"))
if can_import_module("_cffi_backend"):
    hiddenimports.append("_cffi_backend")
