"""Deterministic numbers for vectors: SHA-256 over a seed and a counter."""

import hashlib


class Dice:
    def __init__(self, seed):
        self.seed, self.count = seed.encode(), 0

    def u64(self):
        self.count += 1
        return int.from_bytes(hashlib.sha256(self.seed + b"/%d" % self.count).digest()[:8], "big")

    def below(self, limit):
        return self.u64() % limit

    def between(self, low, high):
        """Both included."""
        return low + self.below(high - low + 1)

    def pick(self, items):
        return items[self.below(len(items))]

    def chance(self, percent):
        return self.below(100) < percent

    def shuffle(self, items):
        for at in range(len(items) - 1, 0, -1):
            other = self.below(at + 1)
            items[at], items[other] = items[other], items[at]
        return items

    def bytes(self, count):
        return b"".join(self.u64().to_bytes(8, "big") for _ in range(-(-count // 8)))[:count]
