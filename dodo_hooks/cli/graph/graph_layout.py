"""The layout of a hook's graph: a layered drawing, from left to right.

The usual four steps. A job's *rank*, its column, is the longest way to it; so every edge goes to the right. An edge
that passes a column holds a *slot* there, like a low box, so that it cannot run over one; edges of one kind that leave
the same job share their slots until they part. The *order* within each column is improved by barycentres: what is
placed by the mean of its neighbours crosses little. The *heights* are then the nearest, by least squares, to those of
the neighbours that keep the order and the distances.

Nothing here is random and no set is walked, so the same graph always has the same drawing.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

COLUMN_GAP = 58.0
ROW_GAP = 16.0
SLOT_HEIGHT = 8.0
ORDER_SWEEPS = 8
HEIGHT_SWEEPS = 60
# How much an edge wants to be level: between two boxes, a box and a slot, two slots. A long one most of all.
STRENGTHS = (1.0, 3.0, 24.0)
IDLE_WEIGHT = 0.01
STILL = 0.05  # a move that nobody sees

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge: `after` may start when `before` has ended, with `is_need` only if that succeeded."""

    before: int
    after: int
    is_need: bool
    is_file: bool = False  # `after` reads what `before` makes

    @property
    def word(self) -> str:
        """The verb from `after` to `before`: it `reads` its outputs, `needs` it, or comes `after` it."""
        return ("reads" if self.is_file else "needs") if self.is_need else "after"


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Layout:
    boxes: tuple[Box, ...]  # of each node
    routes: tuple[tuple[Edge, tuple[Point, ...]], ...]  # pairs of points, each the two ends of a curve between columns
    columns: tuple[tuple[float, float], ...]  # left and right of each
    height: float


@dataclass(slots=True)
class _Net:
    """The graph with its slots: vertices below the number of nodes are nodes, the others slots."""

    columns: list[list[int]]
    heights: list[float]
    chains: list[tuple[Edge, list[int]]]  # the vertices of each edge, one for each column that it touches
    left: dict[int, list[int]] = field(default_factory=dict)  # the neighbours of a vertex in the column before
    right: dict[int, list[int]] = field(default_factory=dict)


def lay_out(
    ranks: Sequence[int], edges: Sequence[Edge], widths: Sequence[float], height: float, gaps: Mapping[int, float]
) -> Layout:
    """Place the nodes and the edges, each of which leads to a higher rank.

    A node is as wide as the widest in its column. `gaps`: what is added to the gap before a column.
    """
    net = _net(ranks, edges, height)
    _improve_order(net)
    middles = _heights(net)
    extents = [(middles[v] - its_height / 2, middles[v] + its_height / 2) for v, its_height in enumerate(net.heights)]
    top, bottom = min((low for low, _ in extents), default=0.0), max((high for _, high in extents), default=0.0)
    columns = _columns(net, widths, gaps)
    boxes = {
        vertex: Box(left, extents[vertex][0] - top, right - left, net.heights[vertex])
        for column, (left, right) in zip(net.columns, columns, strict=True)
        for vertex in column
    }
    routes = tuple((edge, _route([boxes[vertex] for vertex in chain])) for edge, chain in net.chains)
    return Layout(tuple(boxes[node] for node in range(len(ranks))), routes, columns, bottom - top)


def _net(ranks: Sequence[int], edges: Sequence[Edge], height: float) -> _Net:
    columns: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    for node, rank in enumerate(ranks):
        columns[rank].append(node)
    net = _Net(columns, [height] * len(ranks), [])
    slots: dict[tuple[int, bool, int], int] = {}
    for edge in edges:
        chain = [edge.before]
        for rank in range(ranks[edge.before] + 1, ranks[edge.after]):
            slot = slots.get((edge.before, edge.is_need, rank))
            if slot is None:
                slot = slots[edge.before, edge.is_need, rank] = len(net.heights)
                net.heights.append(SLOT_HEIGHT)
                columns[rank].append(slot)
            chain.append(slot)
        chain.append(edge.after)
        net.chains.append((edge, chain))
    for before, after in dict.fromkeys(pair for _, chain in net.chains for pair in pairwise(chain)):
        net.left.setdefault(after, []).append(before)
        net.right.setdefault(before, []).append(after)
    return net


# The order within the columns


def _improve_order(net: _Net) -> None:
    """Sweep to and fro, and keep the order with the fewest crossings; the first of them, if there are several."""
    best, fewest = [list(column) for column in net.columns], _crossings(net)
    for sweep in range(ORDER_SWEEPS):
        if not fewest:
            break
        forth = sweep % 2 == 0
        for number in range(1, len(net.columns)) if forth else range(len(net.columns) - 2, -1, -1):
            fixed = net.columns[number - 1 if forth else number + 1]
            _sort_column(net.columns[number], fixed, net.left if forth else net.right)
        crossings = _crossings(net)
        if crossings < fewest:
            best, fewest = [list(column) for column in net.columns], crossings
    net.columns = best


def _sort_column(column: list[int], fixed: Sequence[int], neighbours: Mapping[int, Sequence[int]]) -> None:
    places = {vertex: place for place, vertex in enumerate(fixed)}
    # What has no neighbour there stays about where it is.
    own = {vertex: float(place) for place, vertex in enumerate(column)}
    column.sort(key=lambda vertex: _mean([places[other] for other in neighbours.get(vertex, ())], own[vertex]))


def _crossings(net: _Net) -> int:
    return sum(_crossings_between(net, number) for number in range(1, len(net.columns)))


def _crossings_between(net: _Net, number: int) -> int:
    """Return the number of crossings before a column.

    Two edges cross when their ends are in opposite orders. So the crossings are the inversions of the right ends,
    sorted by the left ends.
    """
    places = {vertex: place for place, vertex in enumerate(net.columns[number])}
    seen: list[int] = []
    count = 0
    for vertex in net.columns[number - 1]:
        ends = sorted(places[other] for other in net.right.get(vertex, ()))
        count += sum(len(seen) - bisect_right(seen, end) for end in ends)
        for end in ends:
            insort(seen, end)
    return count


# The heights


def _heights(net: _Net) -> list[float]:
    """Return the height of the middle of each vertex.

    Column by column, to and fro, each is given its best place between its neighbours as they stand. Every step makes
    the weighted sum of the squares of all differences in height smaller, or leaves it, so nothing drifts away.
    """
    middles = [0.0] * len(net.heights)
    for sweep in range(HEIGHT_SWEEPS):
        before = list(middles)
        for column in net.columns if sweep % 2 == 0 else reversed(net.columns):
            pulls = [_pull(net, vertex, middles) for vertex in column]
            wanted, weights = [height for height, _ in pulls], [weight for _, weight in pulls]
            places = _nearest_apart(wanted, weights, _distances(net, column))
            for vertex, place in zip(column, places, strict=True):
                middles[vertex] = place
        if all(abs(old - new) < STILL for old, new in zip(before, middles, strict=True)):
            break
    return middles


def _pull(net: _Net, vertex: int, middles: Sequence[float]) -> tuple[float, float]:
    """Return the height to which its neighbours pull a vertex, and the weight; one without neighbours has little."""
    total, weight = IDLE_WEIGHT * middles[vertex], IDLE_WEIGHT
    for other in (*net.left.get(vertex, ()), *net.right.get(vertex, ())):
        strength = STRENGTHS[_is_slot(net, vertex) + _is_slot(net, other)]
        total, weight = total + strength * middles[other], weight + strength
    return total / weight, weight


def _is_slot(net: _Net, vertex: int) -> bool:
    return net.heights[vertex] == SLOT_HEIGHT


def _distances(net: _Net, column: Sequence[int]) -> list[float]:
    """Return the least distance of each vertex's middle from that of the vertex above; 0 for the first."""
    below = [(net.heights[upper] + net.heights[lower]) / 2 + ROW_GAP for upper, lower in pairwise(column)]
    return [0.0, *below][: len(column)]


def _nearest_apart(wanted: Sequence[float], weights: Sequence[float], distances: Sequence[float]) -> list[float]:
    """Return the numbers nearest to `wanted`, by weighted least squares, each at its distance from the one before.

    With the distances subtracted this is an isotonic regression: neighbours in the wrong order get their mean.
    """
    offsets: list[float] = []
    for distance in distances:
        offsets.append((offsets[-1] if offsets else 0.0) + distance)
    pools: list[tuple[float, float, int]] = []  # mean, weight, members
    for value, weight, offset in zip(wanted, weights, offsets, strict=True):
        mean, members = value - offset, 1
        while pools and pools[-1][0] > mean:
            other, its_weight, its_members = pools.pop()
            mean = (mean * weight + other * its_weight) / (weight + its_weight)
            weight += its_weight
            members += its_members
        pools.append((mean, weight, members))
    means = [mean for mean, _, members in pools for _ in range(members)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


# Left and right


def _columns(net: _Net, widths: Sequence[float], gaps: Mapping[int, float]) -> tuple[tuple[float, float], ...]:
    columns: list[tuple[float, float]] = []
    for number, column in enumerate(net.columns):
        left = columns[-1][1] + COLUMN_GAP + gaps.get(number, 0.0) if columns else 0.0
        columns.append((left, left + max((widths[v] for v in column if v < len(widths)), default=0.0)))
    return tuple(columns)


def _route(boxes: Sequence[Box]) -> tuple[Point, ...]:
    """Return the points from the right side of the first box, through the slots, to the left side of the last."""
    first, *slots, last = boxes
    points = [(first.right, first.middle)]
    for slot in slots:
        points += [(slot.x, slot.middle), (slot.right, slot.middle)]
    return (*points, (last.x, last.middle))


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise
