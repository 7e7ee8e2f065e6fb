"""Thin Dagster definitions, by concept."""
