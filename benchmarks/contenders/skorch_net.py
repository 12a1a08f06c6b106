"""skorch's NeuralNetClassifier with its defaults, on float arrays in memory."""

import torch
from lecture_task import BATCH, LectureNet, options, pictures, seeded
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from turns import Turns


class TakeTurns(Callback):
    """Hands each finished training batch to the benchmark."""

    def __init__(self) -> None:
        self.turns = Turns()

    def on_batch_end(self, net, batch=None, training=False, **_: object) -> None:  # noqa: ARG002 - skorch's names
        if training:
            self.turns.step(len(batch[0]))


def main() -> None:
    settings = options(__doc__ or "")
    seeded()
    images, labels = pictures(settings.data)
    classifier = NeuralNetClassifier(
        LectureNet,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=1e-3,
        batch_size=BATCH,
        max_epochs=10_000,
        iterator_train__shuffle=True,
        train_split=None,
        callbacks=[TakeTurns()],
        verbose=0,
    )
    classifier.fit(images[:, None].astype("float32") / 255, labels)


if __name__ == "__main__":
    main()
