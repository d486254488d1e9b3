"""Makers of the vector files, one module for each file."""


def h64(number):
    """An id as 16 hex digits."""
    return f"{number:016x}"


def refused(action):
    """Whether an action refuses its input."""
    from ledgerline_check.wire import Malformed

    try:
        action()
    except Malformed:
        return True
    return False
