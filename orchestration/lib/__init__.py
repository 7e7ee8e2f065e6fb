"""Small functions without side effects at import: frames and rows in, frames and rows out."""
