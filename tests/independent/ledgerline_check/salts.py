"""Keys and salts: HKDF (RFC 5869), HMAC (RFC 2104), ChaCha20 keystream (RFC 8439)."""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

from .wire import u32, u64


def hmac_sha256(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def hkdf(ikm, info, salt=b"", length=32):
    """RFC 5869; section 1 uses an empty salt and 32 bytes."""
    prk = hmac_sha256(salt or bytes(32), ikm)
    out, block, number = b"", b"", 1
    while len(out) < length:
        block = hmac_sha256(prk, block + info + bytes([number]))
        out += block
        number += 1
    return out[:length]


def chacha20(key, nonce, counter, length):
    """RFC 8439 keystream from the given block on."""
    cipher = Cipher(algorithms.ChaCha20(key, counter.to_bytes(4, "little") + nonce), mode=None)
    return cipher.encryptor().update(bytes(length))


def salts(key, count):
    """The first `count` salts of 16 bytes under a key (section 1)."""
    stream = chacha20(key, bytes(12), 0, 16 * count) if count else b""
    return [stream[at:at + 16] for at in range(0, 16 * count, 16)]


def salt(key, index):
    """Salt number `index`: a quarter of one keystream block."""
    block, quarter = divmod(index, 4)
    return chacha20(key, bytes(12), block, 64)[16 * quarter:16 * quarter + 16]


def segment_key(master, origin, segment):
    """Section 2."""
    return hkdf(master, b"ledgerline/salt/v1" + origin.encode() + u64(segment))


def run_key(master, origin, period_text, revision, hashes):
    """K_run of section 8; `hashes` = log root, registry rows, rules, pools, previous run (or zeros)."""
    info = b"ledgerline/run-salt/v1" + origin.encode() + b"\n" + period_text.encode() + b"\n" + u32(revision)
    return hkdf(master, info + b"".join(hashes))


def registry_key(master, origin, rows_hash):
    """K_reg of section 8; `rows_hash` = SHA-256 of the registry rows."""
    return hkdf(master, b"ledgerline/registry-salt/v1" + origin.encode() + b"\n" + rows_hash)


def table_key(k_run, table):
    """Key of the salts of cells, lines and holders (section 8)."""
    return hkdf(k_run, b"ledgerline/table-salt/v1" + table.encode())


def cell_key(k_run, cell):
    """Key of the salts of one cell's plays (section 8)."""
    return hkdf(k_run, b"ledgerline/plays-salt/v1" + u64(cell))
