"""The documents by the names of their options. Each is loaded when somebody wants it."""

from pathlib import Path

from mercury.testing.verdict import SuiteVerdict


def form(name: str, verdict: SuiteVerdict, root: Path, command: str) -> str:
    """The verdict in one of `mercury.testing.FORMATS`. `root` is the project's root, `command` what ran the tests."""
    if name == "html":
        from mercury.testing.outputs.html import html

        return html(verdict, command)
    if name == "sarif":
        from mercury.testing.outputs.sarif import sarif

        return sarif(verdict, root)
    if name == "junit":
        from mercury.testing.outputs.junit import junit

        return junit(verdict)
    if name == "markdown":
        from mercury.testing.outputs.markdown import markdown

        return markdown(verdict, command=command)
    from mercury.testing.outputs.document import dumps

    return dumps(verdict)
