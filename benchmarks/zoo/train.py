"""Train one network of the zoo: `python -m benchmarks.zoo.train --data DIR --work DIR NAME`.

Leaves NAME.pt (a state dict) and NAME.json (how it was trained) in the work folder, from which
`benchmarks.zoo.export` makes the file that ships.
"""

import argparse
import json
import logging
import time
from dataclasses import asdict
from pathlib import Path

import torch

from .images import read_split
from .networks import BUILDERS
from .training import PLANS, train


def main() -> None:
    """Train the named network with its plan and one seed, on one thread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(BUILDERS))
    parser.add_argument("--data", type=Path, required=True, help="folder of the idx.gz files")
    parser.add_argument("--work", type=Path, required=True, help="folder for weights and notes")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    arguments.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    net = BUILDERS[arguments.name]()
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    plan = PLANS[arguments.name]
    wall, cpu = time.perf_counter(), time.process_time()

    def keep(epoch: int) -> None:
        """Write weights and costs after every epoch: the last ones stay."""
        torch.save(net.state_dict(), arguments.work / f"{arguments.name}.pt")
        note = {
            "seed": arguments.seed,
            "threads": torch.get_num_threads(),
            "plan": asdict(plan),
            "epochs_done": epoch,
            "wall_seconds": round(time.perf_counter() - wall, 1),
            "cpu_seconds": round(time.process_time() - cpu, 1),
        }
        (arguments.work / f"{arguments.name}.json").write_text(json.dumps(note, indent=2))

    train(net, read_split(arguments.data, "train"), plan, seed=arguments.seed, after_epoch=keep)


if __name__ == "__main__":
    main()
