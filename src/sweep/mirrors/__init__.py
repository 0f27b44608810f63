"""Projections of the journal for people to browse: Optuna's `study.db` and MLflow. The journal stays the truth."""
