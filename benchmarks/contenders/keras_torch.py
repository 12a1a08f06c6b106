"""Keras 3 on its torch backend: model.fit on float arrays; --dtype bfloat16 sets its own mixed precision policy."""

import argparse
import os

os.environ["KERAS_BACKEND"] = "torch"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
from keras import layers
from lecture_task import BATCH, CLASSES, options, pictures
from turns import Turns


class TakeTurns(keras.callbacks.Callback):
    """Hands each finished training batch to the benchmark."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = Turns()

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002 - Keras' names
        self.turns.step(BATCH)


def lecture() -> keras.Sequential:
    """The lecture's CNN, channels last as Keras has it by default."""

    def block(layer: layers.Layer) -> list[layers.Layer]:
        return [layer, layers.BatchNormalization(), layers.LeakyReLU(negative_slope=0.01)]

    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            *block(layers.Conv2D(32, 3, padding="same")),
            *block(layers.Conv2D(32, 3, padding="same")),
            layers.MaxPooling2D(2),
            *block(layers.Conv2D(64, 3, padding="same")),
            layers.Flatten(),
            *block(layers.Dense(128)),
            layers.Dropout(0.5),
            layers.Dense(CLASSES, dtype="float32"),
        ]
    )


def train(settings: argparse.Namespace) -> None:
    """Fit for ever; whole batches only, so that each step counts the same number of images."""
    keras.utils.set_random_seed(0)
    if settings.dtype == "bfloat16":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    images, labels = pictures(settings.data)
    whole = len(images) // BATCH * BATCH
    net = lecture()
    net.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    scaled = images[:whole, :, :, None].astype("float32") / 255
    net.fit(scaled, labels[:whole], batch_size=BATCH, epochs=10_000, verbose=0, callbacks=[TakeTurns()])


if __name__ == "__main__":
    train(options(__doc__ or ""))
