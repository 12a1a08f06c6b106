"""Philox4x64-10 in plain Python, from Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"."""

WORD = 1 << 64
MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)


def words(count: int, key: tuple[int, int]) -> list[int]:
    """The first words of the stream whose counter goes 1, 2, 3, ..."""
    found: list[int] = []
    counter = 0
    while len(found) < count:
        counter += 1
        found += _block(counter, key)
    return found[:count]


def _block(counter: int, key: tuple[int, int]) -> tuple[int, int, int, int]:
    a, b, c, d = counter % WORD, counter // WORD % WORD, 0, 0
    first, second = key
    for _ in range(10):
        left, right = MULTIPLIERS[0] * a, MULTIPLIERS[1] * c
        a, b, c, d = (right // WORD) ^ b ^ first, right % WORD, (left // WORD) ^ d ^ second, left % WORD
        first, second = (first + WEYL[0]) % WORD, (second + WEYL[1]) % WORD
    return a, b, c, d
