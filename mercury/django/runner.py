"""`TEST_RUNNER = "mercury.django.runner.MercuryRunner"`: `manage.py test` under Mercury, in parallel processes too.

MercuryRunnerMixin goes in front of any other runner that is a DiscoverRunner. docs/testing-suites.md is the manual.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict

from django.test.runner import DiscoverRunner
from django.test.utils import iter_test_cases

from mercury.testing import FORMATS, baseline, conclusion, sizes, unittest_cases, watch, workers
from mercury.testing.conclusion import Wishes
from mercury.testing.places import root_folder

# What the mixin stands in front of.
_Runner: Any = DiscoverRunner if TYPE_CHECKING else object


class MercuryRunnerMixin(_Runner):
    """Watches every test and ends with a verdict.

    Where all tests have passed, and Mercury has found something wanting or could not judge, it exits with code 8 or 9.
    """

    parallel_test_suite: Any = DiscoverRunner.parallel_test_suite

    def __init__(self, *args: Any, **options: Any) -> None:
        self._root = root_folder(Path.cwd())
        self._wishes = self._wished(options)
        self._folder = tempfile.mkdtemp(prefix="mercury-")
        self._leaves_out = False
        super().__init__(*args, **options)
        self.parallel_test_suite = workers.watched(self.parallel_test_suite, self._folder, str(self._root))

    @classmethod
    def add_arguments(cls, parser: Any) -> None:
        super().add_arguments(parser)
        group = parser.add_argument_group("Mercury")
        group.add_argument(
            "--mercury-baseline", metavar="FILE", help="The findings that are accepted (.mercury/baseline.json)."
        )
        group.add_argument("--mercury-update", action="store_true", help="Accept what is found: write the baseline.")
        group.add_argument(
            "--mercury-growth", action="store_true", help="Run cases that have a mercury_size at two sizes."
        )
        for name in FORMATS:
            group.add_argument(f"--mercury-{name}", metavar="FILE", help=f"Write the verdict to FILE, as {name}.")

    def build_suite(self, test_labels: Any = None, *args: Any, **kwargs: Any) -> Any:
        names = ("tags", "exclude_tags", "test_name_patterns")
        self._leaves_out = any(getattr(self, name, None) for name in names)
        self._scope = tuple(sorted(map(str, test_labels or ()))) or (".",)
        return super().build_suite(test_labels, *args, **kwargs)

    def load_tests_for_label(self, label: Any, discover_kwargs: Any) -> Any:
        tests = super().load_tests_for_label(label, discover_kwargs)
        return sizes.with_further(iter_test_cases(tests)) if self._wishes.grows else tests

    def run_suite(self, suite: Any, **kwargs: Any) -> Any:
        watch.start(self._folder, str(self._root))
        unittest_cases.watch_cases()
        try:
            return super().run_suite(suite, **kwargs)
        except BaseException:
            # Nobody will ask for the result: what the tests have told so far is all there is.
            self._leaves_out = True
            self._end(0)
            raise
        finally:
            watch.stop()

    def suite_result(self, suite: Any, result: Any, **kwargs: Any) -> int:
        failures: int = super().suite_result(suite, result, **kwargs)
        self._leaves_out = self._leaves_out or bool(result.shouldStop)
        code = self._end(failures)
        if code and not failures:
            sys.exit(code)
        return failures

    def _end(self, failures: int) -> int:
        try:
            return self._conclude(failures)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _conclude(self, failures: int) -> int:
        merged = conclusion.merged(Path(self._folder))
        merged.is_partial = merged.is_partial or self._leaves_out or failures > 0
        merged.scope = self._scope
        verdict = conclusion.conclude(merged, self._wishes)
        conclusion.write(verdict, self._wishes)
        told = conclusion.told(verdict, self._wishes, sys.stderr)
        sys.stderr.write(f"\n{told}\n")
        return verdict.exit_code

    def _wished(self, options: Dict[str, Any]) -> Wishes:
        named = options.pop("mercury_baseline", None)
        asked = {name: options.pop(f"mercury_{name}", None) for name in FORMATS}
        outputs = {name: Path(path) for name, path in asked.items() if path}
        file = Path(named) if named else self._root / baseline.FILE
        updates, grows = (bool(options.pop(f"mercury_{name}", False)) for name in ("update", "growth"))
        return Wishes("manage.py test", self._root, file, updates, outputs, grows)


class MercuryRunner(MercuryRunnerMixin, DiscoverRunner):
    """Django's runner under Mercury."""
