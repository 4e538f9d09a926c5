"""Run a command in a network namespace of its own, with relays to chosen ports.

`python -m lab.ai_gateway_real.namespace [--in PORT] [--out PORT:INNER] -- COMMAND...`: `--in` lets
the command reach 127.0.0.1:PORT of this machine under the same address, `--out` lets this machine
reach port INNER of the command at 127.0.0.1:PORT. Works as root, and as an ordinary user where
user namespaces are allowed.

A socket belongs to the namespace of the thread that made it. So one thread lives in the new
namespace and only makes sockets and the child; all bytes are moved by the event loop outside.
"""

import argparse
import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
LOOPBACK = "127.0.0.1"
LAUNCHER = Path(__file__).resolve().parent.parent / "launcher.py"
CHUNK = 65536


def _unshare(flags: int) -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
        number = ctypes.get_errno()
        raise OSError(
            number,
            f"no network namespace can be made: {os.strerror(number)}. The AI Gateway's controller "
            "has fixed ports. Run the lab as root, or allow user namespaces (sysctl "
            "user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns).",
        )


def _enter() -> None:
    """Move this thread into a new network namespace whose loopback is up."""
    _unshare(CLONE_NEWNET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        name = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, name))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def _listening(port: int) -> socket.socket:
    made = socket.create_server((LOOPBACK, port))
    made.settimeout(0)
    return made


def _spawn(command: Sequence[str]) -> subprocess.Popen[bytes]:
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid())]
    return subprocess.Popen([*launcher, *command])


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(ConnectionError, RuntimeError):
        writer.close()


async def _join(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: socket.socket, port: int
) -> None:
    """Connect the socket, and move bytes both ways until either side ends."""
    target.settimeout(0)
    try:
        await asyncio.get_running_loop().sock_connect(target, (LOOPBACK, port))
        other_reader, other_writer = await asyncio.open_connection(sock=target)
    except ConnectionError:
        target.close()
        writer.close()
        return
    with contextlib.suppress(asyncio.CancelledError):  # the command has ended
        await asyncio.gather(_copy(reader, other_writer), _copy(other_reader, writer))


async def _relay(inner: ThreadPoolExecutor, ins: Sequence[int], outs: Sequence[str]) -> None:
    loop = asyncio.get_running_loop()
    for port in ins:

        async def to_machine(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int = port
        ) -> None:
            await _join(reader, writer, socket.socket(), port)

        listening = await loop.run_in_executor(inner, _listening, port)
        await asyncio.start_server(to_machine, sock=listening)
    for pair in outs:
        outer, inner_port = (int(number) for number in pair.split(":"))

        async def to_command(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int = inner_port
        ) -> None:
            await _join(reader, writer, await loop.run_in_executor(inner, socket.socket), port)

        await asyncio.start_server(to_command, LOOPBACK, outer)


async def _run(ins: Sequence[int], outs: Sequence[str], command: Sequence[str]) -> int:
    loop = asyncio.get_running_loop()
    inner = ThreadPoolExecutor(max_workers=1)
    await loop.run_in_executor(inner, _enter)
    await _relay(inner, ins, outs)
    child = await loop.run_in_executor(inner, _spawn, command)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, child.terminate)
    return await loop.run_in_executor(None, child.wait)


def main() -> None:
    """Run the command and end with its code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--in", dest="ins", type=int, action="append", default=[])
    parser.add_argument("--out", dest="outs", action="append", default=[])
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    command = [word for word in given.command if word != "--"]
    if os.geteuid() != 0:
        _unshare(CLONE_NEWUSER)  # must come before the first thread
    sys.exit(asyncio.run(_run(given.ins, given.outs, command)))


if __name__ == "__main__":
    main()
