#!/usr/bin/env python3
"""What a gate may say twice, to the worker in plain Python: python3 worker_test.py"""

import argparse
import os
import queue
import tempfile
import threading
import time
import unittest

import worker

PATIENCE = 60.0


def step(name, script, always=False):
    return {
        "name": name, "kind": {"type": "Run", "command": [script], "shell": True},
        "when": {"type": "Always"}, "always": always, "onFailure": "STOP",
        "timeout": "PT1M", "maxTime": "PT1M", "maxOutput": 1000000,
    }


class Gate:
    """Takes what the worker says, and answers as a gate does."""

    def __init__(self, folder):
        self.worker = worker.Worker(argparse.Namespace(
            name="py-1", token="", slots=1, label=[], pool="default", work=folder, join=[], ca=None))
        self.worker.say = self.said
        self.inbox = queue.Queue()
        self.reports = {}
        self.acknowledges = True
        threading.Thread(target=self.answer, daemon=True).start()

    def said(self, message):
        self.inbox.put(message)
        return True

    def says(self, kind, build, **fields):
        with self.worker.lock:
            self.worker.hear({"type": kind, "build": build, **fields})

    def answer(self):
        while True:
            message = self.inbox.get()
            if message["type"] == "AppendPiece":
                piece = message["piece"]
                self.says("Stored", None, stream=piece["stream"], closed=piece["last"],
                          offset=piece["offset"] + piece["length"])
            elif message["type"] == "Reports":
                known = self.reports.setdefault(message["build"], [])
                known[message["first"] - 1:] = message["reports"]
                if self.acknowledges:
                    self.says("ReportsTaken", message["build"], last=len(known))

    def runs(self, build, *steps):
        plan = {"steps": list(steps), "retry": {"rules": []}}
        self.says("RunBuild", build, attempt="r~1", plan=plan)

    def outcomes(self, build):
        return [(r["outcome"]["result"], r["outcome"].get("problem"))
                for r in list(self.reports.get(build, [])) if r["type"] == "StepEnded"]

    def is_over(self, build):
        reports = self.reports.get(build, [])
        return bool(reports) and reports[-1]["type"] == "BuildEnded" and build not in self.worker.builds


class WorkerTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.gate = Gate(os.path.join(self.folder, "work"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def await_(self, what, holds):
        deadline = time.monotonic() + PATIENCE
        while not holds():
            self.assertLess(time.monotonic(), deadline, "waiting for " + what)
            time.sleep(0.01)

    def stopped_while_it_tidies(self, build):
        self.gate.runs(
            build,
            step("long", f"touch {self.path('long')}; sleep 50"),
            step("tidy", f"touch {self.path('tidy')}; until [ -e {self.path('go')} ]; do sleep 0.02; done", True))
        self.await_("the first step", lambda: os.path.exists(self.path("long")))
        self.gate.says("StopBuild", build, reason="cancelled by mia", forget=False)
        self.await_("the step that always runs", lambda: os.path.exists(self.path("tidy")))

    def test_a_stop_said_again_changes_nothing(self):
        self.stopped_while_it_tidies("p/b#1")
        for _ in range(3):
            self.gate.says("StopBuild", "p/b#1", reason="cancelled by mia", forget=False)
        open(self.path("go"), "w").close()
        self.await_("the end", lambda: self.gate.is_over("p/b#1"))
        self.assertEqual(
            self.gate.outcomes("p/b#1"), [("CANCELLED", "cancelled by mia"), ("SUCCESS", None)])

    def test_another_stop_ends_also_the_step_that_always_runs(self):
        self.stopped_while_it_tidies("p/b#1")
        self.gate.says("StopBuild", "p/b#1", reason="again, by mia", forget=False)
        self.await_("the end", lambda: self.gate.is_over("p/b#1"))
        self.assertEqual(
            self.gate.outcomes("p/b#1"), [("CANCELLED", "cancelled by mia"), ("CANCELLED", "again, by mia")])

    def test_a_late_order_to_run_what_is_over_runs_nothing(self):
        count = step("count", f"echo once >> {self.path('count')}")
        self.gate.runs("p/b#1", count)
        self.gate.runs("p/b#1", count)
        self.await_("the end", lambda: self.gate.is_over("p/b#1"))
        self.gate.runs("p/b#1", count)
        self.assertNotIn("p/b#1", self.gate.worker.builds)
        self.gate.runs("p/b#2", count)
        self.await_("the next", lambda: self.gate.is_over("p/b#2"))
        with open(self.path("count")) as lines:
            self.assertEqual(lines.read().count("once"), 2)

    def test_of_builds_that_are_over_only_the_latest_are_remembered(self):
        for number in range(worker.GONE + 10):
            self.gate.worker.forget(f"p/b#{number}")
        self.assertEqual(len(self.gate.worker.gone), worker.GONE)
        self.assertNotIn("p/b#9", self.gate.worker.gone)


if __name__ == "__main__":
    unittest.main()
