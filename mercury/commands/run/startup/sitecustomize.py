"""What each Python of a command under `mercury run` imports at its start, because this folder leads its PYTHONPATH.

It lets the `sitecustomize` that it hides run first, then starts Mercury. The interpreter may be any: this
file keeps to what they all understand, and leaves a note where Mercury cannot be had.
"""

import os
import sys

FOLDER_VARIABLE = "MERCURY_RUN_FOLDER"


def _run_hidden():
    # type: () -> None
    """The sitecustomize that would have run without Mercury; what it raises is the host's to see."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    ours = sys.modules.pop(__name__)
    try:
        __import__("sitecustomize")
    except ImportError:
        if _is_there("sitecustomize"):
            raise
    finally:
        sys.modules.setdefault(__name__, ours)


def _is_there(name):
    # type: (str) -> bool
    return _origin(name) is not None


def _origin(name):
    # type: (str) -> object
    """The file of a module that was not imported yet, or None. Nothing of it is run."""
    if sys.version_info < (3, 4):
        import imp

        try:
            return imp.find_module(name)[1]
        except ImportError:
            return None
    import importlib.util

    spec = importlib.util.find_spec(name)
    return None if spec is None else spec.origin


def _obstacle():
    # type: () -> str
    """Why Mercury cannot watch this interpreter, or an empty string."""
    if sys.version_info < (3, 8):
        return "Mercury needs Python 3.8 or newer"
    origin = _origin("mercury")
    if origin is None:
        return "mercury-native is not installed there"
    if not os.path.exists(os.path.join(os.path.dirname(str(origin)), "commands", "run", "child.py")):
        return "its package mercury is not mercury-native, or an older one"
    return ""


def _start(folder):
    # type: (str) -> None
    """Starts Mercury, or leaves a note for `mercury run`. Never raises."""
    try:
        obstacle = _obstacle()
        if not obstacle:
            from mercury.commands.run import child

            child.start(folder)
            return
    except Exception:
        obstacle = "Mercury failed to start with %s" % type(sys.exc_info()[1]).__name__
    try:
        with open(os.path.join(folder, "%d.missing" % os.getpid()), "w") as note:
            note.write("%s\n%s" % (obstacle, sys.executable))
    except Exception:
        # There is nowhere left to say it; `mercury run` counts the processes that answered.
        pass


try:
    _run_hidden()
finally:
    if os.environ.get(FOLDER_VARIABLE):
        _start(os.environ[FOLDER_VARIABLE])
