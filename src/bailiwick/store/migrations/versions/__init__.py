"""One migration a file, in order. A released one is never edited."""
