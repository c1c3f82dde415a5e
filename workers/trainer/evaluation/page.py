"""A report as one HTML page that needs nothing else: plots, tables, the worst mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

from workers.trainer.evaluation import plots
from workers.trainer.evaluation.classification import Classification
from workers.trainer.evaluation.mistakes import Miss, Mistake
from workers.trainer.evaluation.report import Report
from workers.trainer.evaluation.retrieval import Retrieval

_STYLE: Final = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
# No script, and nothing from elsewhere: labels and file names of others stand on this page.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_WIDEST: Final = 50  # labels of a matrix that can still be read
_AT_A_GLANCE: Final = 12  # labels of one in which the large numbers are seen at once
_PAIRS: Final = 20
_DECISIONS: Final = (
    "<p>Blue are all decisions together; the two labels of the smallest area have a colour, others are grey. "
    "A dot of the calibration is the larger, the more pictures have such a probability.</p>"
)


def report_page(report: Report) -> str:
    """All text of others is escaped."""
    sections = [_tiles(report), _plots("Learning", plots.learning(report.history))]
    if found := report.classification:
        sections += [
            _summary(found, report.probabilities),
            _plots("Decisions", plots.decisions(found), _DECISIONS),
        ]
        sections += [_labels(found), _curves(found), _confusion(found), _pairs(found)]
    sections.append(_retrieval(report))
    sections.append(_mistakes(report.mistakes))
    sections.append(_misses("Worst first hits by category", report.misses_by_category))
    sections.append(_misses("Worst first hits by product", report.misses_by_product))
    sections.append(_table("Facts", [], [[key, str(value)] for key, value in report.facts.items()], "facts"))
    title = escape(report.title)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{title}</h1>{''.join(sections)}</html>\n"
    )


def _tiles(report: Report) -> str:
    """What one looks for first."""
    told: list[tuple[str, float]] = []
    if found := report.classification:
        told += [("accuracy", found.accuracy), ("macro F1", found.macro.f1), ("ECE", found.calibration.ece)]
    kinds = (("category", report.retrieval_by_category), ("product", report.retrieval_by_product))
    for name, ranked in kinds:
        if ranked:
            told += [(f"R@1 by {name}", ranked.r1), (f"mAP by {name}", ranked.map)]
    tiles = "".join(f"<div><b>{value:.4f}</b>{escape(name)}</div>" for name, value in told)
    return f'<div class="tiles">{tiles}</div>' if tiles else ""


def _summary(found: Classification, probabilities: str) -> str:
    rows = [
        [name, *(f"{value:.4f}" for value in (a.precision, a.recall, a.f1)), _number(roc), _number(pr)]
        for name, a, roc, pr in (
            ("macro", found.macro, found.areas.macro_roc, found.areas.macro_pr),
            ("micro", found.micro, found.areas.micro.roc_area, found.areas.micro.pr_area),
        )
    ]
    silent = (
        f", {found.unanswered} of them without an answer, which counts as wrong" if found.unanswered else ""
    )
    told = f"<p>{found.pictures} pictures{silent}; accuracy <b>{found.accuracy:.4f}</b>.</p>"
    if probabilities:
        told += f"<p>Probabilities are {escape(probabilities)}.</p>"
    head = ["averages", "precision", "recall", "F1", "ROC area", "PR area"]
    return _table("Categories", head, rows, before=told)


def _labels(found: Classification) -> str:
    rows = [
        [
            one.label,
            str(one.support),
            str(one.taken),
            *(_number(v) for v in (one.precision, one.recall, one.f1, one.roc_area, one.pr_area)),
        ]
        for one in found.labels
        if one.support or one.taken
    ]
    head = ["label", "pictures", "taken for it", "precision", "recall", "F1", "ROC area", "PR area"]
    left = len(found.labels) - len(rows)
    after = f"<p>Of {left} other labels there is no picture, and none was taken for one.</p>" if left else ""
    return _table("Labels", head, rows, after=after)


def _curves(found: Classification) -> str:
    drawn = plots.of_labels(found)
    if not drawn:
        return ""
    legend = (
        'Each label against all others, with its areas: <span class="first">ROC</span> (true by false '
        'positive rate) and <span class="second">precision by recall</span>.'
    )
    return f'<h2>Curves of labels</h2><p>{legend}</p><div class="sketches">{"".join(drawn)}</div>'


def _confusion(found: Classification) -> str:
    """Rows are right labels; the darker, the larger a share of its row."""
    shown = [n for n, one in enumerate(found.labels) if one.support or one.taken]
    if len(shown) > _WIDEST:
        return ""
    names = [escape(found.labels[n].label) for n in shown]
    head = "".join(f'<th><span title="{name}">{name}</span></th>' for name in names)
    if found.unanswered:
        head += "<th><span>no answer</span></th>"
    body = ""
    for name, n in zip(names, shown, strict=True):
        row, support = [found.confusion[n][m] for m in shown], found.labels[n].support
        if found.unanswered:
            row.append(support - sum(row))
        body += f"<tr><th>{name}</th>{''.join(_cell(count, support) for count in row)}</tr>"
    table = f'<table class="confusion"><tr><th></th>{head}</tr>{body}</table>'
    return (
        "<h2>Confusion</h2><p>A row for each right label, a column for each that was said.</p>"
        f'<div class="wide">{table}</div>'
    )


def _cell(count: int, row: int) -> str:
    return f'<td style="--share:{count / row if row else 0:.3f}">{count or ""}</td>'


def _pairs(found: Classification) -> str:
    """The most frequent ones: a large matrix hides them."""
    if sum(bool(one.support or one.taken) for one in found.labels) <= _AT_A_GLANCE:
        return ""
    pairs = [
        (count, right.label, found.labels[m].label, right.support)
        for n, right in enumerate(found.labels)
        for m, count in enumerate(found.confusion[n])
        if count and n != m
    ]
    rows = [
        [right, said, str(count), f"{count / support:.0%}"]
        for count, right, said, support in sorted(pairs, key=lambda one: -one[0])[:_PAIRS]
    ]
    head = ["label", "taken for", "pictures", "of the label's"]
    return _table("Most frequent confusions", head, rows, "pairs") if rows else ""


def _retrieval(report: Report) -> str:
    kinds = (("category", report.retrieval_by_category), ("product", report.retrieval_by_product))
    rows = [[name, *_ranked(found)] for name, found in kinds if found]
    head = ["the same", "queries", "R@1", "R@5", "R@10", "mAP", "MRR", "nDCG"]
    told = (
        "<p>Each picture asked for among all others: right is another product of its category, or another "
        "picture of its product.</p>"
    )
    return _table("Retrieval", head, rows, before=told) if rows else ""


def _ranked(found: Retrieval) -> list[str]:
    figures = (found.r1, found.r5, found.r10, found.map, found.mrr, found.ndcg)
    return [str(found.queries), *(_number(value) for value in figures)]


def _mistakes(mistakes: Sequence[Mistake]) -> str:
    figures = "".join(
        f'<figure><img src="{escape(m.thumbnail)}" alt="" title="{escape(m.name)}"><figcaption>'
        f"{escape(m.label)}, taken for <b>{escape(m.taken_for)}</b> at {m.probability:.2f}"
        "</figcaption></figure>"
        for m in mistakes
    )
    return f'<h2>Worst mistakes</h2><div class="mistakes">{figures}</div>' if figures else ""


def _misses(title: str, misses: Sequence[Miss]) -> str:
    """What was asked for beside what was found first."""
    figures = "".join(
        f'<figure class="pair"><img src="{escape(m.thumbnail)}" alt="" title="{escape(m.name)}">'
        f'<img src="{escape(m.found_thumbnail)}" alt="" title="{escape(m.found)}"><figcaption>'
        f"{escape(m.label)}, found <b>{escape(m.found_label)}</b> at {m.score:.2f}<br>"
        f"<small>{escape(m.name)} → {escape(m.found)}</small></figcaption></figure>"
        for m in misses
    )
    return f'<h2>{escape(title)}</h2><div class="mistakes">{figures}</div>' if figures else ""


def _plots(title: str, drawn: Sequence[str], told: str = "") -> str:
    return f'<h2>{title}</h2>{told}<div class="plots">{"".join(drawn)}</div>' if drawn else ""


def _table(
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    kind: str = "",
    *,
    before: str = "",
    after: str = "",
) -> str:
    first = f"<tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr>" if head else ""
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<h2>{escape(title)}</h2>{before}<div class="wide"><table class="{kind}">{first}{body}</table></div>'
        f"{after}"
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
