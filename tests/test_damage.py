"""Projects damaged at random: each opens, or is broken in words; the server, and what else it serves, goes on.

`LSTMVIS_DAMAGES=2000` damages as many: `make faults`.
"""

import json
import os
import subprocess
import sys
import threading

DAMAGES = int(os.environ.get("LSTMVIS_DAMAGES", "60"))
PATIENCE = 60  # seconds for one of them


def test_a_damaged_project_opens_or_says_what_is_wrong_and_stops_no_other(tmp_path):
    command = [sys.executable, "-m", "tests.damage", str(tmp_path), "0", str(DAMAGES)]
    said = {}
    with (
        (tmp_path / "errors").open("w+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        number = "none yet"
        while True:
            waited = threading.Timer(PATIENCE, process.kill)  # a hang becomes an end
            waited.start()
            line = process.stdout.readline()
            waited.cancel()
            if not line:
                break
            if line.startswith('"'):
                said[number] = json.loads(line)
            else:
                number = int(line)
        process.wait()
        errors.seek(0)
        assert process.returncode == 0, f"damage {number}: ended with {process.returncode}\n{errors.read()[-3000:]}"
    assert list(said) == list(range(DAMAGES))
    noticed = sum(map(bool, said.values()))
    print(f"{DAMAGES} damaged projects: {noticed} said what is wrong, {DAMAGES - noticed} opened as if nothing were.")
    assert 0.3 < noticed / DAMAGES < 1
