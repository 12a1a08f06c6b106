"""Random numbers that are a pure function of a seed, the same in Python and in the visitor's browser.

`normal(seed, count)` turns a seed into the latent vector z of a picture. Its twin in JavaScript gives the same float32
bits (contracts/golden/seeds.json holds both to it), so a seed names the same picture in CLI, studio and published page:

    Philox4x32-10 (32-bit integers)  ->  u = (word + 1/2) / 2^32  ->  z = inverse normal CDF of u  ->  float32

Every step uses only + - * / and sqrt on IEEE doubles, which all machines round alike, never the platform's log, sin or
cos, which differ in the last bit. A word is 32 bits, so |z| stays below 6.34.
"""

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Doubles = NDArray[np.float64]

SEED_LIMIT = 2**53
"""Seeds are 0 <= seed < SEED_LIMIT: the whole numbers that JSON and JavaScript keep exactly."""

_MASK32 = 0xFFFF_FFFF
_MASK64 = 0xFFFF_FFFF_FFFF_FFFF

# Philox4x32: multipliers and key increments of Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"
_MULTIPLIERS = (0xD251_1F53, 0xCD9E_8D57)
_KEY_STEPS = (0x9E37_79B9, 0xBB67_AE85)
_ROUNDS = 10

# Rational approximations of Wichura 1988 (AS 241, PPND16), highest power first. Its third pair is for probabilities
# under e^-25, which 32 bits do not reach.
_CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_TAIL = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip

_LN2 = 0.6931471805599453
_SQRT_HALF = 0.7071067811865476
_ATANH = tuple(1.0 / k for k in range(21, 0, -2))
"""atanh(s)/s = 1 + s^2/3 + s^4/5 + ...: for |s| <= 0.172 the rest after s^20/21 is below 2e-19."""


def normal(seed: int, count: int, stream: int = 0) -> NDArray[np.float32]:
    """`count` independent standard normal numbers, shape (count,).

    `seed` in [0, 2^53), `stream` in [0, 2^32): each pair is its own sequence, and a longer one begins with the shorter.
    Before the rounding to float32 a value is within 4e-15 (relative) of the exact inverse normal CDF.
    """
    if not 0 <= seed < SEED_LIMIT:
        raise ValueError(f"a seed is a whole number from 0 to 2^53 - 1, not {seed}")
    if not 0 <= stream <= _MASK32:
        raise ValueError(f"a stream is a whole number from 0 to 2^32 - 1, not {stream}")
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    counter = np.zeros((len(blocks), 4), np.uint64)
    counter[:, 0], counter[:, 2] = blocks, stream
    words = philox(counter, (seed & _MASK32, seed >> 32)).reshape(-1)[:count]
    return inverse_normal((words.astype(np.float64) + 0.5) / 2.0**32).astype(np.float32)


def step_seed(seed: int, images_seen: int, stream: int = 0) -> int:
    """A 63-bit seed for one step's torch.Generator: a hash of where training stands, so no state is ever saved.

    `stream` keeps independent uses within one step apart (augmentation, dropout, noise). Each number is stirred in by
    the finaliser of SplitMix64 (Steele et al. 2014), so seeds of neighbouring steps have nothing in common.
    """
    state = 0
    for number in (seed, images_seen, stream):
        state = splitmix64(state ^ (number & _MASK64))
    return state >> 1


def splitmix64(state: int) -> int:
    """One output of SplitMix64 for a 64-bit state: a bijection of the 64-bit numbers."""
    mixed = (state + 0x9E37_79B9_7F4A_7C15) & _MASK64
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58_476D_1CE4_E5B9) & _MASK64
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB) & _MASK64
    return mixed ^ (mixed >> 31)


def philox(counter: Words, key: tuple[int, int]) -> Words:
    """Philox4x32-10: counters (N, 4) and a key, all 32-bit words -> (N, 4) random 32-bit words (held in uint64)."""
    c0, c1, c2, c3 = (counter[:, i] for i in range(4))
    k0, k1 = key
    for _ in range(_ROUNDS):
        product0, product1 = c0 * np.uint64(_MULTIPLIERS[0]), c2 * np.uint64(_MULTIPLIERS[1])
        c0, c1, c2, c3 = (
            (product1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0),
            product1 & np.uint64(_MASK32),
            (product0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1),
            product0 & np.uint64(_MASK32),
        )
        k0, k1 = (k0 + _KEY_STEPS[0]) & _MASK32, (k1 + _KEY_STEPS[1]) & _MASK32
    return np.stack((c0, c1, c2, c3), axis=1)


def inverse_normal(probability: Doubles) -> Doubles:
    """The z with P(Z < z) = probability for a standard normal Z; probabilities in [e^-25, 1 - e^-25], any shape."""
    offset = probability - 0.5
    near = 0.180625 - offset * offset
    centre = offset * _ratio(_CENTRE, near)
    tail = np.sqrt(-_log(np.minimum(probability, 1.0 - probability))) - 1.6
    return np.where(np.abs(offset) <= 0.425, centre, np.copysign(_ratio(_TAIL, tail), offset))


def _log(x: Doubles) -> Doubles:
    """Natural logarithm of positive numbers: x = m 2^e with m in [sqrt(1/2), sqrt(2)), log m = 2 atanh((m-1)/(m+1))."""
    mantissa, exponent = np.frexp(x)
    low = mantissa < _SQRT_HALF
    mantissa = np.where(low, mantissa * 2.0, mantissa)
    power = (exponent - low).astype(np.float64)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    return power * _LN2 + 2.0 * s * _horner(_ATANH, s * s)


def _ratio(polynomials: tuple[tuple[float, ...], tuple[float, ...]], x: Doubles) -> Doubles:
    return _horner(polynomials[0], x) / _horner(polynomials[1], x)


def _horner(coefficients: tuple[float, ...], x: Doubles) -> Doubles:
    total = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total
