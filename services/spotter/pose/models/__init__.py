"""Pose models: `create_model(name)` gives a `PoseModel`; `Detections` is what it finds in an image."""

from spotter.pose.models.api import Detections, PoseModel
from spotter.pose.models.registry import ModelCard, create_model, family_of, model_cards, model_names

__all__ = ["Detections", "ModelCard", "PoseModel", "create_model", "family_of", "model_cards", "model_names"]
