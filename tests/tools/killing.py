"""Run commands of lstmvis in processes that kill themselves at a moment that is chosen.

A moment is just before a file is opened, renamed or removed below the working directory, or a directory made or
removed; and just before and after what else changes a file, or takes long. Each command runs in a fork of a process
that has imported everything, which takes as long as the command itself rather than seconds.
"""

import io
import json
import os
import signal
import subprocess
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path

EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"}


@contextmanager
def killer():
    """Gives `run(directory, arguments, at)`: the exit status of `lstmvis *arguments` that is killed at its moment `at`,
    and how many moments there were. 0: it is not killed."""
    command = [sys.executable, str(Path(__file__))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def run(directory, arguments, at=0):
            process.stdin.write(json.dumps([str(directory), arguments, at]) + "\n")
            process.stdin.flush()
            return tuple(json.loads(process.stdout.readline()))

        yield run
        process.stdin.close()


def serve():
    import h5py
    import torch

    from lstmvis.models import extraction, training  # noqa: F401 - so that a fork need not import them
    from lstmvis.server import index
    from lstmvis.tools.cli import main

    def run(directory, arguments, at):
        os.chdir(directory)
        moments = 0

        def moment():
            nonlocal moments
            moments += 1
            if moments == at:
                os.kill(os.getpid(), signal.SIGKILL)

        def listen(event, values):
            named = event in EVENTS and isinstance(values[0], str | os.PathLike)  # a file may be open already
            if named and os.path.abspath(values[0]).startswith(directory):
                moment()

        def between_moments(function):
            def called(*given, **options):
                moment()
                result = function(*given, **options)
                moment()
                return result

            return called

        def save_in_halves(content, path, save=torch.save):
            save(content, whole := io.BytesIO())
            with open(path, "wb") as file:
                file.write(whole.getvalue()[:1000])
                file.flush()
                moment()
                file.write(whole.getvalue()[1000:])

        torch.save = between_moments(save_in_halves)
        torch.nn.utils.clip_grad_norm_ = between_moments(torch.nn.utils.clip_grad_norm_)
        os.fsync = between_moments(os.fsync)
        h5py.Dataset.__setitem__ = between_moments(h5py.Dataset.__setitem__)
        h5py.File.close = between_moments(h5py.File.close)
        index.BLOCK_BYTES = 300  # so that there are several
        index.kernels.encode = between_moments(index.kernels.encode)
        sys.addaudithook(listen)
        return main(arguments), moments

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for line in sys.stdin:
        directory, arguments, at = json.loads(line)
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            try:
                os.write(writing, json.dumps(run(directory, arguments, at)).encode())
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(99)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        told = os.read(reading, 100)
        os.close(reading)
        answers.write((told.decode() or json.dumps([os.waitstatus_to_exitcode(status), at])) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve()
