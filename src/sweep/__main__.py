"""`python -m sweep`: picks the command, and prints an error of the user's as one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version

from sweep.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_USER_INPUT, ConfigError, SweepError, explain, nearest, printable

COMMANDS = ("run", "train", "top", "status", "reproduce", "ui", "sync", "clean")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command that `arguments` (default: the process's) begin with, `run` without one; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        print(f"sweep {version('sweep')}")
        return EXIT_DONE
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    try:
        command: Callable[[list[str]], int] = import_module(f"sweep.commands.{take_command(words)}").main
        return command(words)
    except SweepError as error:
        print(f"error: {error.line}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped; the same command goes on", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # whoever read our output, `head` say, has gone
        sys.stderr.close()
        return EXIT_DONE
    except OSError as error:  # a full disk, a folder that is not ours: the system's words say what is to be done
        said = f"{explain(error)} — see to it; what is on record stays, and the same command continues"
        print(f"error: {printable(said)}", file=sys.stderr)
        return EXIT_USER_INPUT


def take_command(words: list[str]) -> str:
    """Takes the command off the front of `words`; `run` where they begin with a setting or a flag instead."""
    if not words or "=" in words[0] or words[0].startswith(("-", "+", "~")):
        return "run"
    if words[0] not in COMMANDS:
        raise ConfigError(f"there is no command {words[0]!r}", nearest(words[0], COMMANDS))
    return words.pop(0)


if __name__ == "__main__":
    sys.exit(main())
