"""Skeletons to assessments and alerts. Pure cores below, one service shell (`worker`) on top."""
