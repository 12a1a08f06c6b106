"""How well the dimensions of a run's codes keep apart what the labels of its pictures say."""

import numpy as np
from numpy.typing import NDArray

from nonesuch.errors import DataError
from nonesuch.evaluation.codes import codes
from nonesuch.evaluation.run import Run
from nonesuch.measure import disentanglement
from nonesuch.measure.disentanglement import DisentanglementReport

MOST = 10_000


def disentangled(run: Run) -> DisentanglementReport:
    """The mutual information gap of training pictures' codes with every label column; stored in report.json too.

    Training pictures, as counts of few would look like information. Raises RunError for a run without an encoder,
    DataError for data in which no label column has two values and 100 pictures, or a latent space of one dimension.
    """
    found = codes(run, most=MOST)
    columns: dict[str, NDArray[np.int64]] = {}
    for name, column in found.data.pack.columns.items():
        values = column.codes[found.rows].astype(np.int64)
        # The label is often a copy of another column: it would count twice.
        if not any(np.array_equal(values, other) for other in columns.values()):
            columns[name] = values
    try:
        report = disentanglement.measure(found.mean.numpy(), columns, run.recipe.seed)
    except ValueError as error:
        raise DataError(f"{run.folder.path.name}: no disentanglement can be measured: {error}") from None
    run.folder.write_report({**(run.report() or {}), "disentanglement": report.to_json()})
    return report
