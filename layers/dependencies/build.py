"""Builds the third-party layer without Docker: wheels for the functions' interpreter, unpacked by uv into `python/`.

A build is kept under `.local/layers/` by what went into it, so the second is free.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
REQUIREMENTS = Path(__file__).resolve().parent / "requirements.txt"
UV = ROOT / ".local" / "uv" / "bin" / "uv"
CACHE = ROOT / ".local" / "layers"

# Python 3.12 and newer run on Amazon Linux 2023 (glibc 2.34); google-re2's wheels need 2.28, so the usual
# manylinux2014 has none.
_PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}

# Changes of this recipe make new builds.
_RECIPE = "2"


class LayerBuildError(Exception):
    """The layer cannot be built; the message says why."""


@dataclass(frozen=True)
class Lambda:
    """AWS Lambda's interpreter: `python` as "3.13", `architecture` as "arm64" or "x86_64"."""

    python: str
    architecture: str

    @property
    def key(self) -> str:
        """What tells builds for different interpreters apart."""
        return f"lambda-{self.python}-{self.architecture}"

    @property
    def install_options(self) -> list[str]:
        """What tells uv to take wheels for that interpreter and nothing that would have to be compiled."""
        return ["--python-platform", _PLATFORMS[self.architecture], "--python-version", self.python]

    @property
    def compiler(self) -> Path | None:
        """An interpreter of the same version, to compile for; this one, if it happens to be."""
        return Path(sys.executable) if f"{sys.version_info[0]}.{sys.version_info[1]}" == self.python else None


@dataclass(frozen=True)
class Interpreter:
    """An interpreter of this machine, at `path`: the one that an emulator runs functions with."""

    path: Path

    @property
    def key(self) -> str:
        """What tells builds for different interpreters apart."""
        shown = subprocess.run(
            [
                str(self.path),
                "-c",
                "import sys, sysconfig; print(sys.implementation.cache_tag, sysconfig.get_platform())",
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return "local-" + "-".join(shown.split())

    @property
    def install_options(self) -> list[str]:
        """What tells uv to take wheels for that interpreter."""
        return ["--python", str(self.path)]

    @property
    def compiler(self) -> Path | None:
        """The interpreter to compile with."""
        return self.path


Target = Lambda | Interpreter


def build(target: Target) -> Path:
    """Gives a folder that holds `python/` with everything of requirements.txt for `target`; builds it at first.

    Raises LayerBuildError, with what uv said, when it cannot.
    """
    folder = CACHE / build_key(target)
    if folder.exists():
        return folder
    if not UV.exists():
        raise LayerBuildError("uv is not installed: run `make install`")
    CACHE.mkdir(parents=True, exist_ok=True)
    sys.stderr.write(f"Building the dependencies layer for {target.key} ...\n")
    with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
        packages = Path(temporary) / "layer" / "python"
        _install(target, packages)
        if target.compiler:
            _compile(target.compiler, packages)
        shutil.rmtree(packages / "bin", ignore_errors=True)  # commands, of no use to a function
        (packages / ".lock").unlink(missing_ok=True)
        if not folder.exists():
            packages.parent.rename(folder)
    return folder


def build_key(target: Target) -> str:
    """Names a build by all that went into it: the target, the pinned requirements and this recipe."""
    pinned = hashlib.sha256(_RECIPE.encode() + REQUIREMENTS.read_bytes()).hexdigest()[:16]
    return f"{target.key}-{pinned}".replace(".", "_")  # a dot would begin a file extension


def _install(target: Target, packages: Path) -> None:
    command = [str(UV), "pip", "install", "--quiet", "--target", str(packages), *target.install_options]
    command += ["--only-binary", ":all:", "--require-hashes", "--link-mode", "copy", "-r", str(REQUIREMENTS)]
    # Standard output may be a template that someone reads: whatever uv says goes to standard error.
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise LayerBuildError(f"the dependencies layer for {target.key} cannot be built:\n{done.stdout.strip()}")


def _compile(interpreter: Path, packages: Path) -> None:
    # Layers are read-only on Lambda, so what is not compiled here is compiled anew by each cold start. Unpacking
    # changes the files' times: the byte code must not be checked against them.
    command = [str(interpreter), "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(packages)]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
