"""Dashboards in Apache Superset, with an environment of their own (docs/dashboards.md)."""
