"""The one door to TensorFlow: `from .keras import tf, tf_keras`, before anything else loads it.

TF Model Optimization works with legacy Keras only, which an environment variable must ask for
before TensorFlow is imported. One thread, so that CPU times can be compared and runs repeated.
"""

from __future__ import annotations

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from .quiet import quietly

with quietly():  # the dynamic linker's and oneDNN's lines come while it is imported
    import tensorflow as tf
    import tf_keras

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

__all__ = ["tf", "tf_keras"]
