"""The plot of a run: answers per second of server CPU, on a logarithmic scale."""

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.cases import CASES
from benchmarks.figures import metric, spread
from benchmarks.places import PLOT
from benchmarks.results import Run
from benchmarks.rounds import Measured
from benchmarks.servers import BARE, STARLETTE, US

_SHOWN = ("stored", "generated", "valid", "invalid")
_OURS, _THEIRS, _CEILING = "#1b6ca8", "#b8c4cc", "#e9dcc0"
_LEFT, _RIGHT = 10, 300_000  # of all cases, so that the lengths of bars can be compared between them


def draw(run: Run) -> None:
    """Draw a run into `figures.svg`; the same run gives the same file."""
    shown = [name for name in _SHOWN if any(found.rounds for found in run.cases.get(name, {}).values())]
    if not shown:
        raise ValueError(f"none of the cases {', '.join(_SHOWN)} was run: there is nothing to draw")
    with mpl.rc_context(
        {"svg.hashsalt": "mock-server", "svg.fonttype": "none", "font.size": 9, "font.family": "sans-serif"}
    ):
        figure = Figure(figsize=(9, 1.2 + 1.9 * ((len(shown) + 1) // 2)), layout="constrained")
        axes = figure.subplots((len(shown) + 1) // 2, 2 if len(shown) > 1 else 1, squeeze=False).flat
        for ax, name in zip(axes, shown, strict=False):
            _draw_case(ax, CASES[name].title, run.cases[name])
        for ax in list(axes)[len(shown) :]:
            ax.remove()
        figure.suptitle(
            f"Answers per second of server CPU, {run.began[:10]}; light: applications written by hand, which mock nothing"
        )
        figure.savefig(PLOT, metadata={"Date": None})


def _draw_case(ax: Axes, title: str, subjects: dict[str, Measured]) -> None:
    rates = {
        name: spread(metric(found.rounds, "answers per second of server CPU"))
        for name, found in subjects.items()
        if found.rounds
    }
    names = sorted(rates, key=lambda name: rates[name].median)
    medians = [rates[name].median for name in names]
    whiskers = [[rates[n].median - rates[n].low for n in names], [rates[n].high - rates[n].median for n in names]]
    bars = ax.barh(
        [name.replace(" with ", "\nwith ") for name in names],
        medians,
        xerr=whiskers,
        color=[_colour(name) for name in names],
        error_kw={"elinewidth": 0.8, "ecolor": "#555555"},
    )
    ax.bar_label(bars, labels=[f" {median:,.0f}" for median in medians], padding=4)
    ax.set_xscale("log")
    ax.set_xlim(_LEFT, _RIGHT)
    ax.set_title(title, fontsize=9, loc="left")
    ax.spines[["top", "right"]].set_visible(False)


def _colour(name: str) -> str:
    """Ours, a product's, or that of an application written by hand: a ceiling, since it mocks nothing."""
    return _OURS if name.startswith(US) else _CEILING if name.startswith((BARE, STARLETTE)) else _THEIRS
