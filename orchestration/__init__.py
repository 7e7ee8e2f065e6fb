"""Plumbline's Python side: landing, gate, generator, percentile cuts, Dagster and command line."""
