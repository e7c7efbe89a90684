#!/usr/bin/env python3
"""A worker for Ahjo in plain Python: runs `run` steps, streams their logs, survives lost connections.

It speaks the protocol of docs/worker-protocol.md in JSON over WebSocket. Unlike Ahjo's own agent it keeps
nothing on disk, so its builds end with it: a worker of this kind that is killed comes back holding
nothing, and its builds are tried again.
"""

import argparse
import base64
import fnmatch
import gzip
import json
import os
import queue
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from datetime import datetime, timezone

from websocket import Closed, WebSocket

VERSION = 1
SILENCE, HEARTBEAT, RESEND = 10.0, 3.0, 5.0
PIECE, WINDOW = 128 * 1024, 8
KILL_AFTER = 10.0
GONE = 1000
KEPT_ENV = "PATH HOME LANG LC_ALL TZ TMPDIR USER LOGNAME SHELL".split()


def now():
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")


def seconds(duration):
    """Of an ISO 8601 duration as the gate writes them: PT20M, PT1H30M, PT0.5S."""
    found = re.fullmatch(r"PT(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?", duration)
    hours, minutes, secs = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + secs


class Unknown(Exception):
    """A ${name} without a value."""


class Scope:
    """What ${…} and conditions see."""

    def __init__(self, build, plan, worker):
        project, rest = build.split("/", 1)
        builder, number = rest.split("#", 1)
        stamps = plan.get("stamps", [])
        first = stamps[0] if stamps else {}
        self.values = {
            "project": project, "builder": builder, "number": number, "build": build, "worker": worker,
            "branch": first.get("branch", ""), "revision": first.get("revision", ""),
        }
        for name, value in plan.get("properties", {}).items():
            self.values["properties." + name] = value["value"]
        for name, value in plan.get("matrix", {}).items():
            self.values["matrix." + name] = value
        for stamp in stamps:
            for field in ("branch", "revision", "url"):
                self.values[f"stamps.{stamp['repository']}.{field}"] = stamp.get(field, "")

    def fill(self, template):
        def value(hole):
            if hole.group(0) == "$${":
                return "${"
            name = hole.group(1).strip()
            if name not in self.values:
                raise Unknown(f"${{{name}}} has no value")
            return self.values[name]

        return re.sub(r"\$\$\{|\$\{([^}]*)\}", value, template)

    def holds(self, condition):
        def operand(of):
            return self.values.get(of["name"], "") if of["type"] == "Name" else of["text"]

        match condition["type"]:
            case "Always":
                return True
            case "Equal":
                return operand(condition["left"]) == operand(condition["right"])
            case "Matches":
                return fnmatch.fnmatchcase(operand(condition["left"]), condition["glob"])
            case "Truthy":
                return operand(condition["operand"]) not in ("", "false", "0")
            case "Not":
                return not self.holds(condition["inner"])
            case "All":
                return all(map(self.holds, condition.get("parts", [])))
            case "Any":
                return any(map(self.holds, condition.get("parts", [])))
        raise Unknown(f"a condition of type {condition['type']}")


class Stream:
    """One log on its way to the gate, kept until the gate has closed it. Guarded by the worker's lock."""

    def __init__(self, worker, build, step, name):
        self.worker = worker
        self.key = {"build": build, "step": step, "kind": "LOG", "name": name}
        self.file = tempfile.TemporaryFile()
        self.size = self.stored = self.sent = 0
        self.ended = self.last_sent = self.closed = False
        self.moved_at = time.monotonic()

    def append(self, data):
        with self.worker.lock:
            self.file.seek(self.size)
            self.file.write(data)
            self.size += len(data)
            self.pump()

    def end(self):
        with self.worker.lock:
            self.ended = True
            self.pump()

    def tail(self, count):
        with self.worker.lock:
            self.file.seek(max(0, self.size - count))
            return self.file.read(count)

    def rewind(self):
        self.sent, self.last_sent = self.stored, False
        self.moved_at = time.monotonic()
        self.pump()

    def pump(self):
        """Sends what the gate does not have, a few pieces ahead of what it has acknowledged."""
        while not self.closed and not self.last_sent and self.sent - self.stored < WINDOW * PIECE:
            length = min(PIECE, self.size - self.sent)
            last = self.ended and self.sent + length == self.size
            if length == 0 and not last:
                return
            self.file.seek(self.sent)
            data = self.file.read(length)
            piece = {
                "stream": self.key, "offset": self.sent, "length": length, "encoding": "GZIP",
                "bytes": base64.b64encode(gzip.compress(data, 1)).decode(), "last": last,
            }
            if not self.worker.say({"type": "AppendPiece", "piece": piece}):
                return
            self.sent, self.last_sent = self.sent + length, last

    def answered(self, offset, closed):
        if closed and not self.closed:
            self.closed = True
            self.file.close()
        elif not self.closed and offset != self.stored:
            fell_back = offset < self.stored  # a store that was killed wants some of it again
            self.stored, self.sent = offset, max(self.sent, offset)
            self.moved_at = time.monotonic()
            if fell_back:
                self.rewind()
            self.pump()

    def remind(self):
        waits = self.sent > self.stored or self.last_sent
        if not self.closed and waits and time.monotonic() - self.moved_at > RESEND:
            self.rewind()


class Build(threading.Thread):
    """One build: walks its plan by itself, whatever becomes of the connection."""

    def __init__(self, worker, order):
        super().__init__(daemon=True, name=order["build"])
        self.worker = worker
        self.key, self.attempt, self.plan = order["build"], order["attempt"], order["plan"]
        self.scope = Scope(self.key, self.plan, worker.options.name)
        self.folder = os.path.join(worker.options.work, *re.split("[/#]", self.key)[:2])
        self.reports, self.taken, self.reported_at = [], 0, 0.0
        self.streams = {}
        self.stopped = None  # why, as it was said first
        self.told = None  # why, as it was said last
        self.running = None  # the step's index
        self.cut = {}  # steps that a stop ended, and its reason
        self.forgotten = False
        self.process = None

    # What is said of it

    def report(self, kind, **fields):
        with self.worker.lock:
            self.reports.append({"type": kind, "at": now(), **fields})
            self.send_reports()

    def send_reports(self):
        if self.taken < len(self.reports) and not self.forgotten:
            self.reported_at = time.monotonic()
            self.worker.say({
                "type": "Reports", "build": self.key, "attempt": self.attempt, "first": self.taken + 1,
                "reports": self.reports[self.taken:],
            })

    def over(self):
        return bool(self.reports) and self.reports[-1]["type"] == "BuildEnded"

    # What is done

    def run(self):
        os.makedirs(self.folder, exist_ok=True)
        self.report("PlanKept")
        halted = False
        for index, step in enumerate(self.plan["steps"]):
            if self.forgotten:
                return
            result = self.walk(index, step, halted)
            stops = step.get("onFailure") == "STOP"
            halted = halted or result in ("EXCEPTION", "CANCELLED") or (result == "FAILURE" and stops)
        with self.worker.lock:
            while not self.forgotten and not all(s.closed for s in self.streams.values()):
                self.worker.changed.wait()
        if not self.forgotten:
            self.report("BuildEnded")

    def walk(self, index, step, halted):
        try:
            with self.worker.lock:
                due = not (halted or self.stopped) or step.get("always")
                if not due or not self.scope.holds(step["when"]):
                    return self.ended(index, "SKIPPED")
                self.running = index
            self.report("StepStarted", step=index)
            kind = step["kind"]
            if kind["type"] != "Run":
                raise Unknown(f"this worker runs commands only, and no {kind['type']}")
            command = [self.scope.fill(word) for word in kind["command"]]
            if kind.get("shell"):
                command = ["/bin/sh", "-e", "-c", command[0]]
            return self.command(index, step, command)
        except (Unknown, OSError) as problem:
            return self.ended(index, "EXCEPTION", problem=str(problem))
        finally:
            with self.worker.lock:
                self.running = None

    def environment(self, index, step):
        env = {name: os.environ[name] for name in KEPT_ENV if name in os.environ}
        for source in (self.plan.get("env", {}), step.get("env", {})):
            env.update({name: self.scope.fill(value) for name, value in source.items()})
        values = self.scope.values
        env.update(AHJO="true", AHJO_BUILD=self.key, AHJO_STEP_INDEX=str(index))
        env.setdefault("CI", "true")
        for name in ("project", "builder", "number", "worker", "branch", "revision"):
            env["AHJO_" + name.upper()] = values[name]
        return env

    def command(self, index, step, command):
        workdir = os.path.realpath(
            os.path.join(self.folder, self.scope.fill(step.get("workdir", "") or ".")))
        if os.path.commonpath([workdir, os.path.realpath(self.folder)]) != os.path.realpath(self.folder):
            raise Unknown("the workdir leads out of the build's folder")
        os.makedirs(workdir, exist_ok=True)
        stream = Stream(self.worker, self.key, index, "stdio")
        with self.worker.lock:
            self.streams[index] = stream
        process = subprocess.Popen(
            command, cwd=workdir, env=self.environment(index, step), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        with self.worker.lock:
            self.process = process
            if index in self.cut or self.forgotten:
                kill(process)
        problem = self.watch(process, stream, step)
        with self.worker.lock:
            self.process = None
        stream.end()
        return self.judged(index, step, process.returncode, stream, problem)

    def watch(self, process, stream, step):
        """Takes the output until the command has ended; answers why it was stopped, if it was."""
        output = queue.Queue(maxsize=16)

        def read():
            while data := process.stdout.read1(65536):
                output.put(data)
            output.put(None)

        threading.Thread(target=read, daemon=True).start()
        silence, longest = seconds(step["timeout"]), seconds(step["maxTime"])
        started = time.monotonic()
        problem = None
        while True:
            left = min(silence, started + longest - time.monotonic())
            try:
                data = output.get(timeout=max(0.01, left)) if problem is None else output.get()
            except queue.Empty:
                too_long = time.monotonic() - started >= longest
                problem = f"Ran longer than {longest:g} s" if too_long else f"Silent for {silence:g} s"
                kill(process)
                continue
            if data is None:
                process.wait()
                return problem
            room = step["maxOutput"] - stream.size
            stream.append(data[:room])
            if len(data) > room and problem is None:
                problem = f"Printed more than {step['maxOutput']} bytes"
                kill(process)

    def judged(self, index, step, code, stream, problem):
        name = None
        if code < 0:
            name = signal.Signals(-code).name.removeprefix("SIG")
            code = 128 - code
            problem = problem or f"Killed by signal {name}"
        if index in self.cut:
            return self.ended(index, "CANCELLED", stream, exitCode=code, problem=self.cut[index])
        if code == 0 and problem is None:
            variable = step["kind"].get("set")
            if variable:
                value = stream.tail(65536).decode("utf-8", "replace").strip()
                self.scope.values["properties." + variable] = value
                self.report("PropertySet", step=index, name=variable, value=value)
            return self.ended(index, "SUCCESS", stream, exitCode=0)
        rule = self.rule(step, code, name, stream)
        return self.ended(
            index, "FAILURE", stream, exitCode=code, signal=name, problem=problem, retryRule=rule)

    def rule(self, step, code, signal_name, stream):
        text = stream.tail(65536).decode("utf-8", "replace")
        for rule in self.plan["retry"].get("rules", []):
            if (
                step["name"] in rule.get("steps", [step["name"]])
                and code in rule.get("exitCodes", [code])
                and signal_name in rule.get("signals", [signal_name])
                and ("output" not in rule or re.search(rule["output"], text))
            ):
                return rule["name"]
        return None

    def ended(self, index, result, stream=None, **fields):
        streams = [{"name": "stdio", "artifact": False, "size": stream.size}] if stream else []
        outcome = {"result": result, "agentFault": False, "warnings": 0, "streams": streams}
        outcome.update({name: value for name, value in fields.items() if value is not None})
        self.report("StepEnded", step=index, outcome=outcome)
        return result

    # What it is told

    def stop(self, reason):
        """Ends the step that runs now; said again it changes nothing, for another reason it does so again."""
        if reason == self.told:
            return
        self.told = reason
        self.stopped = self.stopped or reason
        if self.running is not None:
            self.cut[self.running] = reason
            if self.process:
                kill(self.process)

    def forget(self):
        self.forgotten = True
        self.stopped = self.stopped or "forgotten"
        if self.process:
            kill(self.process)


def kill(process):
    """TERM to the command and all that it has started, KILL to what is left after a while."""

    def send(number):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass

    send(signal.SIGTERM)
    timer = threading.Timer(KILL_AFTER, lambda: send(signal.SIGKILL))
    timer.daemon = True
    timer.start()


class Worker:
    def __init__(self, options):
        self.options = options
        self.instance = str(uuid.uuid4())
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.builds = {}
        self.gone = {}  # builds that are over, the latest last: an order to run them comes too late
        self.socket = None
        self.open = False
        self.said_at = self.heard_at = 0.0

    def say(self, message):
        """False if there is no session, or it has just been lost; then all is said again in the next one."""
        with self.lock:
            if not self.socket or not (self.open or message["type"] == "Hello"):
                return False
            try:
                self.said_at = time.monotonic()
                self.socket.send(json.dumps(message))
                return True
            except OSError:
                self.open = False
                return False

    def hello(self):
        holds = [{"build": b.key, "attempt": b.attempt, "lastReport": len(b.reports)}
                 for b in self.builds.values()]
        return {
            "type": "Hello", "version": VERSION, "worker": self.options.name, "instance": self.instance,
            "token": self.options.token, "slots": self.options.slots, "labels": self.options.label,
            "pool": self.options.pool, "holds": holds,
            "system": {"os": sys.platform, "python": sys.version.split()[0], "pid": str(os.getpid())},
        }

    def serve(self):
        threading.Thread(target=self.tick, daemon=True).start()
        pause = 0.2
        for turn in range(sys.maxsize):
            gate = self.options.join[turn % len(self.options.join)]
            started = time.monotonic()
            try:
                self.session(gate)
            except (OSError, Closed, TimeoutError) as lost:
                print(f"worker: no session with {gate}: {lost}", file=sys.stderr, flush=True)
            if time.monotonic() - started > SILENCE:
                pause = 0.2
            time.sleep(pause / 2 + random.random() * pause / 2)
            pause = min(5.0, pause * 2)

    def session(self, gate):
        socket = WebSocket(gate, self.options.ca)
        try:
            with self.lock:
                self.socket = socket
                self.say(self.hello())
            while True:
                message = json.loads(socket.receive(SILENCE))
                with self.lock:
                    self.hear(message)
        finally:
            with self.lock:
                self.open, self.socket = False, None
            socket.abort()

    def hear(self, message):
        build = self.builds.get(message.get("build") or message.get("stream", {}).get("build"))
        match message["type"]:
            case "Welcome":
                print(f"worker: session {message['session']}", file=sys.stderr, flush=True)
                self.open = True
                for key in message.get("stop", []):
                    self.forget(key)
                for held in self.builds.values():
                    held.send_reports()
                    for stream in held.streams.values():
                        if not stream.closed:
                            stream.rewind()
            case "Rejected":
                if not message["retry"]:
                    print(f"worker: refused: {message['reason']}", file=sys.stderr, flush=True)
                    os._exit(4)
                raise Closed(message["reason"])
            case "RunBuild" if build:
                build.taken = 0
                build.send_reports()
            case "RunBuild" if message["build"] in self.gone:
                pass
            case "RunBuild":
                self.builds[message["build"]] = taken = Build(self, message)
                taken.start()
            case "StopBuild" if build and message["forget"]:
                self.forget(message["build"])
            case "StopBuild" if build:
                build.stop(message["reason"])
            case "ReportsTaken" if build:
                build.taken = max(build.taken, message["last"])
                if build.over() and build.taken >= len(build.reports):
                    self.over(build.key)
            case "ReportsRefused":
                self.forget(message["build"])
            case "Stored" | "StoreBusy" if build:
                stream = build.streams.get(message["stream"]["step"])
                if stream and message["type"] == "Stored":
                    stream.answered(message["offset"], message["closed"])
                    self.changed.notify_all()

    def over(self, key):
        self.gone[key] = True
        while len(self.gone) > GONE:
            del self.gone[next(iter(self.gone))]
        return self.builds.pop(key, None)

    def forget(self, key):
        build = self.over(key)
        if build:
            build.forget()
            self.changed.notify_all()

    def tick(self):
        while True:
            time.sleep(0.5)
            with self.lock:
                if not self.open:
                    continue
                if time.monotonic() - self.said_at > HEARTBEAT:
                    self.say({"type": "Ping"})
                for build in list(self.builds.values()):
                    if time.monotonic() - build.reported_at > RESEND:
                        build.send_reports()
                    for stream in build.streams.values():
                        stream.remind()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--join", action="append", required=True, help="ws://HOST:PORT or wss://…; repeatable")
    parser.add_argument("--name", required=True)
    parser.add_argument("--token", default=os.environ.get("AHJO_WORKER_TOKEN", ""))
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--label", action="append", default=[])
    parser.add_argument("--pool", default="default")
    parser.add_argument("--work", default="python-worker", help="the folder to build in")
    parser.add_argument("--ca", help="PEM file of the authority that signed the gate's certificate")
    options = parser.parse_args()
    options.join = [url if url.count("/") > 2 else url + "/api/v1/worker" for url in options.join]
    Worker(options).serve()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
