"""Where a model runs."""

import torch

from lstmvis.data.errors import LstmvisError


def choose_device(name: str = "auto") -> torch.device:
    """The device called `name`, such as `cpu` or `cuda:1`; `auto` is a CUDA device where there is one, else the CPU."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise LstmvisError(f"There is no device {name!r}: PyTorch finds no CUDA device here. Use cpu or auto.")
    try:
        return torch.device(name)
    except RuntimeError as error:
        raise LstmvisError(f"There is no device {name!r}. Use auto, cpu or cuda.") from error
