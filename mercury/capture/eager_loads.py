"""What `select_related` and `prefetch_related` loaded along with rows, and whether anybody read it.

Nothing is done to each row. Django reads one related object through one method of the relation's field, and many
through a manager, of which it makes one at each access. So a reader stands in front of that method, or of the
managers' class, from the load until the first read, and then goes away. A manager's instance must be one of those that
the prefetch was for. Who looks for prefetched rows without a manager looks into a dict of the instance: the
first and the last one get a dict that notes its reads.

Whatever reads in a way that shows none of this, such as pickling, counts as a read. Prefetches with `to_attr` are
plain attributes that nobody can watch, so nothing is said of them.
"""

import functools
import gc
import sys
import weakref
from threading import get_ident
from types import CodeType, FrameType
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from mercury.capture import rows
from mercury.capture.local_variables import locals_of
from mercury.trace import BLOCK_INTEGERS, EVENT_INTEGERS, Trace, current, tell_fault

MAX_LOADS = 256
"""Eager loads that one unit keeps; of later ones nothing is said."""

LEAST_ROWS = 2
"""Instances that a relation must have been loaded for: with one, loading it early costs what loading it late does."""

MAX_INSTANCES = 4096
"""Instances of one prefetch that are told from others; beyond, the read of any other counts as well."""

_CACHE = "_prefetched_objects_cache"
_READ = "get_cached_value"
_MANAGERS = "related_manager_cls"
_FAULT = "Mercury could not follow an eager load."


class EagerLoad:
    """One relation that one call of the ORM loads along with its rows.

    `method` is the queryset's, `lookup` what it was given, `model` and `field` the relation. `path` and
    `fingerprint` name the query that loaded it. `row_count` stops at LEAST_ROWS. `instances` has the addresses of
    those that many rows were prefetched for. `is_outlived`: whoever has a row may read it after the unit.
    """

    __slots__ = (
        "__weakref__",
        "_holders",
        "field",
        "fingerprint",
        "instances",
        "is_outlived",
        "is_read",
        "kin",
        "lookup",
        "method",
        "model",
        "path",
        "reader",
        "row_count",
    )

    def __init__(self, asked: "Asked", fingerprint: int, path: int, is_outlived: bool) -> None:
        self.method, self.lookup, self.model, self.field = asked
        self.is_outlived = is_outlived
        self.fingerprint = fingerprint
        self.path = path
        self.row_count = 0
        self.is_read = False
        self.reader: Optional[_Stand] = None
        self.instances: Set[int] = set()
        self.kin: List[EagerLoad] = []
        self._holders: List[Any] = []

    def settle_for_all(self) -> None:
        """Takes the load for read in each unit that noted it: the innermost one could not show what it is for."""
        for load in self.kin:
            load.is_read = True
        self.kin = []

    def hold(self, holder: Any) -> None:
        """Something that lives as long as rows do."""
        self._holders.append(weakref.ref(holder))

    @property
    def is_alive(self) -> bool:
        """May rows be read yet, because somebody still has them?"""
        return any(holder() is not None for holder in self._holders)


class Asked(NamedTuple):
    """What a queryset was asked to load along."""

    method: str
    lookup: str
    model: str
    field: str


class _Stand:
    """Stands in an attribute of a relation, in front of what Django reads it through, until all loads are read.

    Goes without a lock: a load that comes while another thread reads is either kept or taken for read.
    """

    __slots__ = ("_held", "loads", "relation", "replaced")

    attribute = ""

    def __init__(self, relation: Any) -> None:
        self.relation = relation
        self._held = rows.own_dict(relation)
        self.replaced: Any = self._held.get(self.attribute)
        self.loads: List[EagerLoad] = []

    def watch(self, load: EagerLoad) -> None:
        self.loads.append(load)
        self._stand()

    def forget(self, load: EagerLoad) -> None:
        if load not in self.loads:
            return
        self.loads.remove(load)
        if not self.loads:
            self._leave()
            if self.loads:
                self._stand()

    def note_read(self, instance: Any) -> None:
        """Takes for read what this instance may have been read for."""
        raise NotImplementedError

    def _stand(self) -> None:
        _standing[id(self.relation)] = self
        self._held[self.attribute] = self

    def _leave(self) -> None:
        _standing.pop(id(self.relation), None)
        if self.replaced is None:
            self._held.pop(self.attribute, None)
        else:
            self._held[self.attribute] = self.replaced


class Reader(_Stand):
    """Stands in front of a field's method that reads its cached value, until the first read."""

    __slots__ = ()

    attribute = _READ

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            caller = sys._getframe(1).f_back
            if caller is None or not _is_driver(caller.f_code):
                self.note_read(None)
        except Exception:
            tell_fault(_FAULT)
        return getattr(type(self.relation), _READ)(self.relation, *args, **kwargs)

    def __reduce__(self) -> Any:
        # The method that it stands for. Queries refer to relations, and are pickled.
        return getattr, (self.relation, _READ)

    def note_read(self, instance: Any) -> None:
        self._leave()
        for load in list(self.loads):
            load.is_read = True


class ManagerReader(_Stand):
    """Stands in front of the class of a relation's managers, in the descriptor that keeps it."""

    __slots__ = ()

    attribute = _MANAGERS

    def __call__(self, instance: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            caller = sys._getframe(1).f_back
            if caller is None or not _is_driver(caller.f_code):
                self.note_read(instance)
        except Exception:
            tell_fault(_FAULT)
        return self.replaced(instance, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.replaced, name)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self.replaced)

    def note_read(self, instance: Any) -> None:
        # Another row may have got the address of one that has gone, and is then mostly one without a prefetch.
        is_prefetched = _attribute(instance, _CACHE, None)
        for load in list(self.loads) if is_prefetched else ():
            if id(instance) in load.instances or len(load.instances) >= MAX_INSTANCES:
                load.is_read = True
                self.forget(load)


_standing: Dict[int, _Stand] = {}
"""Those that stand now, by address of their relation."""


def _reader_of(relation: Any, kind: Callable[[Any], _Stand]) -> _Stand:
    known = _standing.get(id(relation))
    return kind(relation) if known is None else known


class _Loads(Dict[str, List[EagerLoad]]):
    """What one prefetch brought to several instances, by the name in their caches, until it is read."""

    __slots__ = ()

    def note_read(self, name: str) -> None:
        for load in self.pop(name, ()):
            load.is_read = True


def _note_read(loads: _Loads, name: str, frame: FrameType) -> None:
    """The reader is in this frame. Never raises."""
    try:
        if not _is_driver(frame.f_code):
            loads.note_read(name)
    except Exception:
        tell_fault(_FAULT)


def _note_all(loads: _Loads) -> None:
    """Whoever takes all names takes what they hold. Never raises."""
    try:
        for name in list(loads):
            loads.note_read(name)
    except Exception:
        tell_fault(_FAULT)


_item = dict.__getitem__


class PrefetchedCache(Dict[str, Any]):
    """An instance's dict of prefetched rows; pickled and copied as the plain dict that it stands for."""

    __slots__ = ("loads",)

    loads: _Loads

    def __getitem__(self, name: str) -> Any:
        found = _item(self, name)
        if name in self.loads:
            _note_read(self.loads, name, sys._getframe(1))
        return found

    def get(self, name: str, default: Any = None) -> Any:
        if name in self.loads:
            _note_read(self.loads, name, sys._getframe(1))
        return super().get(name, default)

    def __iter__(self) -> Iterator[str]:
        _note_all(self.loads)
        return super().__iter__()

    def items(self) -> Any:
        _note_all(self.loads)
        return super().items()

    def values(self) -> Any:
        _note_all(self.loads)
        return super().values()

    def copy(self) -> Dict[str, Any]:
        _note_all(self.loads)
        return dict(super().items())

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (self.copy(),)


_DRIVERS = ("prefetch_related_objects", "prefetch_one_level", "get_prefetcher")
_drivers: Dict[int, CodeType] = {}
"""Django's own code, by address, that follows a prefetch from one level to the next, which is no use of it."""


def _is_driver(code: CodeType) -> bool:
    return id(code) in _drivers


def install() -> None:
    """Watches Django's eager loads from now on; where its functions are others than known, it does not."""
    from django.db.models import Model, query

    known: List[Any] = [getattr(query, name, None) for name in _DRIVERS]
    populators: Any = getattr(query, "get_related_populators", None)
    if _drivers or not all(hasattr(function, "__code__") for function in (*known, populators)):
        return
    _drivers.update((id(function.__code__), function.__code__) for function in known)
    query.prefetch_one_level = _watched_prefetch(query.prefetch_one_level)
    query.get_related_populators = _watched_populators(populators)
    Model.__reduce__ = _watched_reduce(Model.__reduce__)


def unused(trace: Any, is_cut_short: bool) -> List[EagerLoad]:
    """The loads of a closed unit that nobody has read. Ends the watch over all.

    What was cut short may have been about to read.
    """
    loads = list(trace.eager_loads.values())
    trace.eager_loads.clear()
    for load in loads:
        if load.reader is not None:
            load.reader.forget(load)
        if not is_cut_short:
            load.kin = []
    if is_cut_short:
        for load in loads:
            load.settle_for_all()
        return []
    used = [load for load in loads if load.is_read]
    found = [load for load in loads if not load.is_read and _is_unused(load, used)]
    return _gone(found) if trace.is_outlived else found


def _gone(loads: List[EagerLoad]) -> List[EagerLoad]:
    """Those whose rows nobody has any more."""
    if any(load.is_alive for load in loads) and _IS_COUNTING and gc.isenabled():
        # A prefetched row and its queryset hold each other. What is older than a unit may well be held by others.
        gc.collect(1)
    return [load for load in loads if not load.is_alive]


_IS_COUNTING = sys.implementation.name == "cpython"


def _is_unused(load: EagerLoad, used: List[EagerLoad]) -> bool:
    """What leads to a relation that was read has served, even where nobody was seen to read it."""
    within = load.lookup + "__"
    served = any(each.path == load.path and each.lookup.startswith(within) for each in used)
    return not served and load.row_count >= LEAST_ROWS


def _is_traced() -> bool:
    """May there be an open trace? A unit under light capture, or one that is left out, is none."""
    trace = current.get()
    return trace is not None and not (trace.closed and trace.parent is None)


def _open_traces() -> List[Trace]:
    found = []
    trace = current.get()
    while trace is not None:
        if not trace.closed:
            found.append(trace)
        trace = trace.parent
    return found


def _count_of(trace: Trace) -> int:
    """How many integers of events this thread holds back in the unit."""
    lane = trace.lanes.get(get_ident())
    return 0 if lane is None else len(lane.events)


def _load(trace: Trace, first: int, asked: Asked) -> Optional[EagerLoad]:
    """The entry for what the queries from `first` on in this thread's block load; None: nothing is to be noted."""
    lane = trace.lanes.get(get_ident())
    values = [] if lane is None else lane.events[first:]
    if not values:
        return None
    # What a handler of signals sends meanwhile comes by another path; a generic key's content types come first.
    path = values[1]
    sent = zip(values[::EVENT_INTEGERS], values[1::EVENT_INTEGERS])
    fingerprint = [fingerprint for fingerprint, taken in sent if taken == path][-1]
    key = (fingerprint, path, asked.method, asked.lookup)
    load: Optional[EagerLoad] = trace.eager_loads.get(key)
    if load is None:
        if path < 0 or len(trace.eager_loads) >= MAX_LOADS:
            return None
        load = trace.eager_loads[key] = EagerLoad(asked, fingerprint, path, trace.is_outlived)
    return None if load.is_read else load


def _watched_prefetch(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def watched(instances: Any, prefetcher: Any, lookup: Any, level: int) -> Any:
        begun = _begin(instances)
        found = original(instances, prefetcher, lookup, level)
        if begun is not None:
            _end(begun, found, instances, prefetcher, lookup, level)
        return found

    return watched


class _Begun(NamedTuple):
    """The open units, with how many queries they held back, and the names that the first instance's cache held."""

    traces: List[Tuple[Trace, int]]
    names: Tuple[str, ...]


def _begin(instances: Any) -> Optional[_Begun]:
    """What is to be remembered while a prefetch runs; None where it is nobody's. Never raises."""
    try:
        if not _is_traced() or len(instances) < LEAST_ROWS:
            return None
        return _Begun([(trace, _count_of(trace)) for trace in _open_traces()], _names(instances[0]))
    except Exception:
        tell_fault(_FAULT)
        return None


def _end(begun: _Begun, found: Any, instances: Any, prefetcher: Any, lookup: Any, level: int) -> None:
    """Notes what a prefetch has found. Never raises."""
    try:
        if found[0] and not lookup.get_current_to_attr(level)[1]:
            attribute = lookup.prefetch_through.split("__")[level]
            _note_prefetch(begun, instances, prefetcher, attribute, lookup.get_current_prefetch_to(level))
    except Exception:
        tell_fault(_FAULT)


def _names(instance: Any) -> Tuple[str, ...]:
    return tuple(dict.keys(rows.own_dict(instance).get(_CACHE, {})))


def _note_prefetch(begun: _Begun, instances: List[Any], prefetcher: Any, attribute: str, lookup: str) -> None:
    asked = Asked("prefetch_related", lookup, rows.model_name(type(instances[0])), lookup.rpartition("__")[2])
    # A block that was full has been sent before the first query of the prefetch.
    found = [_load(trace, 0 if count >= BLOCK_INTEGERS else count, asked) for trace, count in begun.traces]
    loads = [load for load in found if load is not None]
    added = [name for name in _names(instances[0]) if name not in begun.names]
    relation = None if added else _relation_of(prefetcher)
    descriptor = _descriptor_of(instances, attribute) if len(added) == 1 else None
    for load in loads:
        load.kin = loads
        load.row_count = LEAST_ROWS
    if descriptor is not None:
        _note_many(loads, added[0], instances, descriptor)
    elif relation is not None and relation.is_cached(instances[0]):
        for load in loads:
            _watch(load, relation, Reader)
            load.hold(instances[0])
            load.hold(instances[-1])
    else:
        for load in loads:
            load.is_read = True


def _attribute(instance: Any, name: str, default: Any) -> Any:
    try:
        return object.__getattribute__(instance, name)
    except AttributeError:
        return default


_set_attribute = object.__setattr__


def _descriptor_of(instances: List[Any], attribute: str) -> Any:
    """What makes the managers of a relation for all of these instances; None where nobody can stand in front of it."""
    kinds = set(map(id, map(type, instances)))
    descriptor = rows.class_attribute(type(instances[0]), attribute)
    return descriptor if len(kinds) == 1 and _MANAGERS in rows.own_dict(descriptor) else None


def _note_many(loads: List[EagerLoad], name: str, instances: List[Any], descriptor: Any) -> None:
    addresses = set(map(id, instances[:MAX_INSTANCES]))
    for load in loads:
        if len(load.instances) < MAX_INSTANCES:
            load.instances |= addresses
        for instance in instances if load.is_outlived else ():
            load.hold(instance)
        _watch(load, descriptor, ManagerReader)
    shared = _Loads({name: loads})
    for instance in (instances[0], instances[-1]):
        # Asked for its __dict__, an instance would have to make one, and would be slower from then on.
        cache = _attribute(instance, _CACHE, None)
        if type(cache) is dict:
            noted = PrefetchedCache(cache)
            noted.loads = shared
            _set_attribute(instance, _CACHE, noted)
        elif type(cache) is PrefetchedCache:
            cache.loads[name] = loads
        else:
            shared.note_read(name)


def _relation_of(prefetcher: Any) -> Any:
    """The field behind an attribute that holds one related object."""
    candidates = (getattr(prefetcher, "field", None), getattr(prefetcher, "related", None), prefetcher)
    return next((each for each in candidates if hasattr(each, _READ)), None)


def _watch(load: EagerLoad, relation: Any, kind: Callable[[Any], _Stand]) -> None:
    if load.reader is None:
        load.reader = _reader_of(relation, kind)
        load.reader.watch(load)


def _watched_populators(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def watched(klass_info: Any, *args: Any, **kwargs: Any) -> Any:
        populators = original(klass_info, *args, **kwargs)
        # Those further in than the first relation are asked for by its own populator.
        if populators and "field" not in klass_info and current.get() is not None:
            _await_rows(klass_info, populators, sys._getframe(1))
        return populators

    return watched


def _await_rows(klass_info: Any, populators: Any, frame: FrameType) -> None:
    """Has the first rows of a queryset noted, which runs in this frame. Never raises."""
    try:
        if not _is_traced():
            return
        (queryset,) = locals_of(frame, ("queryset",))
        # Without names it follows each key that cannot be null: nobody asked for any of them.
        if type(rows.own_dict(rows.own_dict(queryset).get("_query")).get("select_related")) is dict:
            _await_relations(_open_traces(), klass_info, populators, "")
    except Exception:
        tell_fault(_FAULT)


def _await_relations(traces: List[Trace], klass_info: Any, populators: Any, prefix: str) -> None:
    for info, populator in zip(klass_info["related_klass_infos"], populators):
        relation = getattr(info["local_setter"], "__self__", None)
        if relation is None or not hasattr(relation, _READ):
            # A FilteredRelation, which becomes a plain attribute.
            continue
        name = info["field"].related_query_name() if info["reverse"] else info["field"].name
        field = relation.get_accessor_name() if info["reverse"] else name
        asked = Asked("select_related", prefix + name, rows.model_name(klass_info["model"]), field)
        loads = [load for load in (_load(trace, -EVENT_INTEGERS, asked) for trace in traces) if load is not None]
        if loads:
            for load in loads:
                load.kin = loads
            populator.remote_setter = _FirstRows(populator, loads, relation)
        _await_relations(traces, info, populator.related_populators, f"{prefix}{name}__")


class _FirstRows:
    """Takes the place of the call that follows each related row, for the first rows."""

    __slots__ = ("_loads", "_original", "_populator", "_relation", "_row_count")

    def __init__(self, populator: Any, loads: List[EagerLoad], relation: Any) -> None:
        self._populator = weakref.ref(populator)
        self._loads = loads
        self._relation = relation
        self._original = populator.remote_setter
        self._row_count = 0

    def __call__(self, related: Any, instance: Any) -> None:
        self._row_count += 1
        try:
            self._note(instance)
        except Exception:
            tell_fault(_FAULT)
        self._original(related, instance)

    def _note(self, instance: Any) -> None:
        populator = self._populator()
        if self._row_count >= LEAST_ROWS and populator is not None:
            populator.remote_setter = self._original
        for load in self._loads:
            load.row_count = max(load.row_count, self._row_count)
            _watch(load, self._relation, Reader)
            load.hold(instance)


def _watched_reduce(original: Callable[..., Any]) -> Callable[..., Any]:
    """Whoever pickles or copies an instance takes along what was loaded with it."""

    @functools.wraps(original)
    def reduced(self: Any) -> Any:
        if _standing:
            _note_all_readers(self)
        return original(self)

    return reduced


def _note_all_readers(instance: Any) -> None:
    """Never raises."""
    try:
        for reader in list(_standing.values()):
            reader.note_read(instance)
    except Exception:
        tell_fault(_FAULT)
