"""A report as one HTML page that needs nothing else: plots, tables, the worst mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

from workers.trainer.evaluation import plots
from workers.trainer.evaluation.classification import Classification
from workers.trainer.evaluation.mistakes import Mistake
from workers.trainer.evaluation.report import Report
from workers.trainer.evaluation.retrieval import Retrieval

_STYLE: Final = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
# No script, and nothing from elsewhere: labels and file names of others stand on this page.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def report_page(report: Report) -> str:
    """All text of others is escaped."""
    sections = [_plots("Learning", plots.learning(report.history))]
    if found := report.classification:
        sections += [_summary(found), _plots("Decisions", plots.decisions(found)), _labels(found)]
        sections.append(_confusion(found))
    sections.append(_retrieval(report))
    sections.append(_mistakes(report.mistakes))
    sections.append(_table("Facts", ["", ""], [[key, str(value)] for key, value in report.facts.items()]))
    title = escape(report.title)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{title}</h1>{''.join(sections)}</html>\n"
    )


def _summary(found: Classification) -> str:
    rows = [
        [name, *(f"{value:.4f}" for value in (a.precision, a.recall, a.f1))]
        for name, a in (("macro", found.macro), ("micro", found.micro))
    ]
    told = f"<p>{found.pictures} pictures, accuracy <b>{found.accuracy:.4f}</b></p>"
    return told + _table("Averages", ["", "precision", "recall", "F1"], rows)


def _labels(found: Classification) -> str:
    rows = [
        [
            one.label,
            str(one.support),
            *(_number(v) for v in (one.precision, one.recall, one.f1, one.roc_area, one.pr_area)),
        ]
        for one in found.labels
    ]
    head = ["label", "pictures", "precision", "recall", "F1", "ROC area", "PR area"]
    return _table("Labels", head, rows)


def _confusion(found: Classification) -> str:
    """Rows are right labels; the darker, the larger a share of its row."""
    head = "".join(f"<th>{escape(one.label)}</th>" for one in found.labels)
    body = "".join(
        f"<tr><th>{escape(one.label)}</th>{''.join(_cell(count, sum(row)) for count in row)}</tr>"
        for one, row in zip(found.labels, found.confusion, strict=True)
    )
    table = f'<table class="confusion"><tr><th></th>{head}</tr>{body}</table>'
    return f'<h2>Confusion</h2><div class="wide">{table}</div>'


def _cell(count: int, row: int) -> str:
    return f'<td style="--share:{count / row if row else 0:.3f}">{count or ""}</td>'


def _retrieval(report: Report) -> str:
    kinds = (("category", report.retrieval_by_category), ("product", report.retrieval_by_product))
    rows = [[name, *_ranked(found)] for name, found in kinds if found]
    head = ["the same", "queries", "R@1", "R@5", "R@10", "mAP", "MRR", "nDCG"]
    return _table("Retrieval", head, rows) if rows else ""


def _ranked(found: Retrieval) -> list[str]:
    figures = (found.r1, found.r5, found.r10, found.map, found.mrr, found.ndcg)
    return [str(found.queries), *(_number(value) for value in figures)]


def _mistakes(mistakes: Sequence[Mistake]) -> str:
    if not mistakes:
        return ""
    figures = "".join(
        f'<figure><img src="{escape(m.thumbnail)}" alt="" title="{escape(m.name)}"><figcaption>'
        f"{escape(m.label)}, taken for <b>{escape(m.taken_for)}</b> at {m.probability:.2f}"
        "</figcaption></figure>"
        for m in mistakes
    )
    return f'<h2>Worst mistakes</h2><div class="mistakes">{figures}</div>'


def _plots(title: str, drawn: Sequence[str]) -> str:
    return f'<h2>{title}</h2><div class="plots">{"".join(drawn)}</div>' if drawn else ""


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    first = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<h2>{escape(title)}</h2><div class="wide"><table><tr>{first}</tr>{body}</table></div>'


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
