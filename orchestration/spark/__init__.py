"""The same models on Spark: a session, the landing as tables, and a build on a cluster."""
