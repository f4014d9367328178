"""A GRU that predicts the next value of a chaotic series, and what its cells do along it: a project without words.

    python examples/series.py
    lstmvis serve projects

The series is that of Mackey and Glass (Oscillation and chaos in physiological control systems, Science 1977),

    dx/dt = 0.2 x(t - tau) / (1 + x(t - tau)^10) - 0.1 x(t),  tau = 17,

an old test of recurrent networks. The value, the prediction for it and the error are annotations of every step.
"""

import argparse
from pathlib import Path

import torch
from torch import nn

from lstmvis.models.recorder import record


def mackey_glass(steps, tau=17, fine=10):
    """The series at the times 0, 1, ... (steps,), about its mean, by Euler's method with `fine` steps for each."""
    x = [1.2] * (tau * fine + 1)
    for _ in range((steps + 100) * fine):
        late = x[-1 - tau * fine]
        x.append(x[-1] + (0.2 * late / (1 + late**10) - 0.1 * x[-1]) / fine)
    series = torch.tensor(x[::-fine][:steps][::-1])
    return (series - series.mean()) / series.std()


class Predictor(nn.Module):
    def __init__(self, cells):
        super().__init__()
        self.gru = nn.GRU(1, cells, batch_first=True)
        self.readout = nn.Linear(cells, 1)

    def forward(self, values):  # (series, steps), and so is what it gives: the value after each
        states, _ = self.gru(values.unsqueeze(2))
        return values + self.readout(states).squeeze(2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("projects/series"))
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--cells", type=int, default=32)
    parser.add_argument("--updates", type=int, default=400)
    options = parser.parse_args()

    torch.manual_seed(1)
    series = mackey_glass(2 * options.steps)
    training, unseen = series[: options.steps], series[options.steps :]
    model = Predictor(options.cells)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    windows = training.unfold(0, 101, 20)  # (windows, steps)
    for update in range(options.updates):
        batch = windows[torch.randint(len(windows), (32,))]
        loss = (model(batch[:, :-1]) - batch[:, 1:]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if (update + 1) % 100 == 0:
            print(f"update {update + 1}, mean square error {loss.item():.6f}", flush=True)

    said = {"name": "A chaotic series", "description": "A GRU that predicts its next value"}
    with torch.no_grad(), record(model, options.out, **said, replace=True) as recorder:
        after = model(unseen[None])  # the prediction for the value at each step is made at the one before
        prediction = torch.cat([unseen[:1], after[0, :-1]])
        error = (prediction - unseen).abs()
        recorder.tokens(value=unseen[None], prediction=prediction[None], error=error[None])
    usual = unseen.diff().abs().mean()
    print(f"mean error {error.mean():.4f}, of the value before {usual:.4f}. To see it: lstmvis serve {options.out}")


if __name__ == "__main__":
    main()
