import sys
from pathlib import Path

import torch

# coremltools must find PyTorch imported, since it cannot be imported twice.
sys.path.insert(0, str(Path(__file__).parent))  # helpers of the tests
torch.set_num_threads(1)
