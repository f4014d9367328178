"""Run commands of lstmvis in processes that kill themselves at a moment that is chosen, or can write so much only.

A moment is just before a file is opened, renamed or removed below the working directory, or a directory made or
removed; and just before and after what else changes a file, or takes long. Each command runs in a fork of a process
that has imported everything, which takes as long as the command itself rather than seconds.
"""

import io
import json
import os
import resource
import signal
import subprocess
import sys
import traceback
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"}


@contextmanager
def killer():
    """Gives `run(directory, arguments, at, most)`: the exit status of `lstmvis *arguments` that is killed at its moment
    `at`, and how many moments there were; 0: it is not killed. `most`: the bytes of the largest file that it can write;
    then what it told is given, and nothing killed."""
    command = [sys.executable, str(Path(__file__))]
    environment = os.environ | {"XDG_CACHE_HOME": os.devnull}  # so that an index lies in its project or nowhere
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:

        def run(directory, arguments, at=0, most=0):
            process.stdin.write(json.dumps([str(directory), arguments, at, most]) + "\n")
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

    def run_killed(directory, arguments, at):
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

        def save_in_halves(content, file, save=torch.save):
            save(content, whole := io.BytesIO())
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

    def run_full(arguments, most):
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
        index.BLOCK_BYTES = 300
        with redirect_stderr(io.StringIO()) as told:
            return main(arguments), told.getvalue()

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for line in sys.stdin:
        directory, arguments, at, most = json.loads(line)
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            try:
                os.chdir(directory)
                result = run_full(arguments, most) if most else run_killed(directory, arguments, at)
                os.write(writing, json.dumps(result).encode())
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(99)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        told = os.read(reading, 1 << 16)
        os.close(reading)
        answers.write((told.decode() or json.dumps([os.waitstatus_to_exitcode(status), at])) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve()
