"""What the named downloads are: their files, official addresses, checksums and class names. Facts only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remote:
    """One file as its publishers describe it."""

    file: str
    addresses: tuple[str, ...]  # http or https, tried in this order
    size: int  # bytes
    checksum: str  # "sha256:..." or "md5:..."


# LeCun's own server no longer hands the files out; these are the mirrors of PyTorch and of the CVDF.
_MNIST = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
# Zalando's bucket speaks http only, so the checksum is what protects; the second address is their repository.
_FASHION = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)


def _idx(places: tuple[str, ...], file: str, size: int, sha256: str) -> Remote:
    return Remote(file, tuple(place + file for place in places), size, f"sha256:{sha256}")


IDX_STEMS = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

MNIST = (
    _idx(_MNIST, f"{IDX_STEMS[0]}.gz", 9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    _idx(_MNIST, f"{IDX_STEMS[1]}.gz", 28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    _idx(_MNIST, f"{IDX_STEMS[2]}.gz", 1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    _idx(_MNIST, f"{IDX_STEMS[3]}.gz", 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
)
FASHION = (
    _idx(_FASHION, f"{IDX_STEMS[0]}.gz", 26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    _idx(_FASHION, f"{IDX_STEMS[1]}.gz", 29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    _idx(_FASHION, f"{IDX_STEMS[2]}.gz", 4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    _idx(_FASHION, f"{IDX_STEMS[3]}.gz", 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
)
CIFAR10 = Remote(
    "cifar-10-binary.tar.gz",
    ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
    170052171,
    "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
)

DIGITS = tuple("0123456789")
GARMENTS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

# How often each class occurs among the 10,000 test pictures: tells the two idx sets apart whatever their order.
MNIST_TEST_COUNTS = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)
FASHION_TEST_COUNTS = (1000,) * 10
