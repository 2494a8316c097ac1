"""The software bill of materials of a wheel: CycloneDX 1.6 in .dist-info/sboms/ (PEP 770).

xxHash is compiled into the library, so that a wheel with a library names it, with the
version that the vendored header states. A pure wheel holds nothing of others.
"""

import hashlib
import json
import re
import uuid
from pathlib import Path
from typing import Any, Dict, List

ROOT = Path(__file__).resolve().parent
XXHASH = ROOT / "mercury_native" / "vendor" / "xxhash.h"
FILE_NAME = "mercury-native.cdx.json"
SPECIFICATION = "http://cyclonedx.org/schema/bom-1.6.schema.json"


def xxhash_version(header: str) -> str:
    """The version that xxHash's header states, such as "0.8.3"."""
    parts = re.findall(r"^#define XXH_VERSION_(?:MAJOR|MINOR|RELEASE) +(\d+)$", header, re.MULTILINE)
    assert len(parts) == 3
    return ".".join(parts)


def xxhash() -> Dict[str, Any]:
    """The component that stands for the vendored header."""
    content = XXHASH.read_bytes()
    version = xxhash_version(content.decode("utf-8"))
    url = f"pkg:github/Cyan4973/xxHash@v{version}"
    return {
        "type": "library",
        "bom-ref": url,
        "name": "xxHash",
        "version": version,
        "description": "One header, compiled into the library",
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}],
        "licenses": [{"license": {"id": "BSD-2-Clause"}}],
        "copyright": "Copyright (C) 2012-2023 Yann Collet",
        "purl": url,
        "externalReferences": [{"type": "vcs", "url": "https://github.com/Cyan4973/xxHash"}],
    }


def mercury(version: str) -> Dict[str, Any]:
    """The component that the wheel is."""
    url = f"pkg:pypi/mercury-native@{version}"
    return {
        "type": "library",
        "bom-ref": url,
        "name": "mercury-native",
        "version": version,
        "licenses": [{"license": {"id": "MIT"}}],
        "purl": url,
    }


def document(version: str, *, is_native: bool) -> Dict[str, Any]:
    """The bill of Mercury's wheel of that version, with a library in it or without one.

    Its serial number follows from its content, so that the same wheel is built twice.
    """
    wheel = mercury(version)
    parts: List[Dict[str, Any]] = [xxhash()] if is_native else []
    dependencies = [{"ref": wheel["bom-ref"], "dependsOn": [part["bom-ref"] for part in parts]}]
    dependencies += [{"ref": part["bom-ref"], "dependsOn": []} for part in parts]
    content = {"metadata": {"component": wheel}, "components": parts, "dependencies": dependencies}
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    head = {"$schema": SPECIFICATION, "bomFormat": "CycloneDX", "specVersion": "1.6"}
    return {**head, "serialNumber": f"urn:uuid:{serial}", "version": 1, **content}


def text(version: str, *, is_native: bool) -> str:
    """The same as JSON, in ASCII."""
    return json.dumps(document(version, is_native=is_native), indent=2) + "\n"
