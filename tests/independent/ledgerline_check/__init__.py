"""A second implementation of docs/format.md, written from that page alone."""
