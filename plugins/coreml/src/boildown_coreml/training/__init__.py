"""Training before anything is stored: coremltools' PyTorch modules on the imported network.

Only here, in `distill.py` and in `control.py` is PyTorch imported, with boildown-torch's importer
and training loop.
"""

from __future__ import annotations
