"""Measures the time from a keystroke to its diagnostics in `dechaff server`.

    cargo build --release
    python3 benches/keystroke.py [FILE] [--bytes 100000] [--keys 200] [--server target/release/dechaff]

Without FILE, the texts of the seed articles are repeated up to --bytes. One character at a time is typed into the
middle of the document, and each keystroke waits for the diagnostics of its version. Standard library only.
"""

import argparse
import json
import os
import statistics
import subprocess
import time
from pathlib import Path


class Server:
    def __init__(self, program):
        self.process = subprocess.Popen([program, "server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, method, params, number=None):
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        if number is not None:
            message["id"] = number
        body = json.dumps(message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while (line := self.process.stdout.readline().strip()):
            if line.startswith(b"Content-Length: "):
                length = int(line.split()[1])
        return json.loads(self.process.stdout.read(length))

    def wait(self, is_wanted):
        while not is_wanted(message := self.receive()):
            pass
        return message

    def processor_seconds(self):
        """Returns the processor time of the server so far, on Linux."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return float("nan")
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def diagnostics(self, version):
        message = self.wait(lambda message: message.get("params", {}).get("version") == version)
        return message["params"]["diagnostics"]


def text(arguments):
    if arguments.file:
        return Path(arguments.file).read_text(encoding="utf-8")
    seeds = sorted((Path(__file__).parent.parent / "seeds").glob("*.txt"))
    whole = "\n\n".join(path.read_text(encoding="utf-8") for path in seeds)
    while len(whole.encode()) < arguments.bytes:
        whole += "\n\n" + whole
    return whole.encode()[: arguments.bytes].decode(errors="ignore")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?")
    parser.add_argument("--bytes", type=int, default=100_000)
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--server", default="target/release/dechaff")
    arguments = parser.parse_args()
    document = text(arguments)
    server = Server(arguments.server)
    server.send("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, 1)
    server.wait(lambda message: message.get("id") == 1)
    server.send("initialized", {})
    uri = "untitled:keystroke.txt"
    item = {"uri": uri, "languageId": "plaintext", "version": 0, "text": document}
    start = time.perf_counter()
    server.send("textDocument/didOpen", {"textDocument": item})
    found = server.diagnostics(0)
    opened = time.perf_counter() - start
    line = document[: len(document) // 2].count("\n")
    times = []
    processor = server.processor_seconds()
    for version in range(1, arguments.keys + 1):
        at = {"line": line, "character": version - 1}
        change = {"range": {"start": at, "end": at}, "text": "typed words go here "[version % 20]}
        start = time.perf_counter()
        params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]}
        server.send("textDocument/didChange", params)
        server.diagnostics(version)
        times.append(1000 * (time.perf_counter() - start))
    processor = 1000 * (server.processor_seconds() - processor) / arguments.keys
    server.send("shutdown", None, 2)
    server.wait(lambda message: message.get("id") == 2)
    server.send("exit", None)
    code = server.process.wait()
    times.sort()
    print(f"{len(document.encode()):,} bytes, {len(found)} findings, opened in {1000 * opened:.0f} ms, exit code {code}")
    print(
        f"{len(times)} keystrokes: median {statistics.median(times):.1f} ms, "
        f"95 % within {times[int(0.95 * len(times))]:.1f} ms, longest {times[-1]:.1f} ms, "
        f"processor time {processor:.1f} ms each"
    )


if __name__ == "__main__":
    main()
