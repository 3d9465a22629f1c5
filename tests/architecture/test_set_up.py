"""`./testbench` itself, in a folder with a space, on machines made of stand-ins for uv, Python and the package tools.

What it does with the real ones is what runs this suite.
"""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("sh", "cat", "chmod", "cksum", "dirname", "ln", "mkdir", "readlink", "rm")
PROGRAM = '#!/bin/sh\necho "program in $(pwd) as $$ with:" "$@"\nexit 7\n'
# Makes an environment whose last argument is its folder, as `uv venv` and `python -m venv` do.
MAKE_ENVIRONMENT = """
    for folder; do :; done
    mkdir -p "$folder/bin"
    ln -s "$MACHINE/environment-python" "$folder/bin/python"
    cat "$MACHINE/program" >"$folder/bin/avatar-testbench"
    chmod +x "$folder/bin/avatar-testbench"
"""
UV = f"""#!/bin/sh
echo "uv $*" >>"$MACHINE/log"
[ ! -e "$MACHINE/network-is-down" ] || [ "$1" != pip ] || exit 1
if [ "$1" = venv ]; then {MAKE_ENVIRONMENT} fi
"""
PYTHON = f"""#!/bin/sh
case "$*" in
*version_info*) echo "$PYTHON_VERSION" ;;
*ensurepip*) [ -e "$MACHINE/has-venv" ] ;;
*ctypes*) exit 1 ;;
*"-m venv"*) echo "python $*" >>"$MACHINE/log" {MAKE_ENVIRONMENT} ;;
*) echo "python in $(pwd):" "$@" | cat >>"$MACHINE/log" ;;
esac
"""
LIBRARIES = [
    "libglib-2.0.so.0",
    "libEGL.so.1",
    "libGL.so.1",
    "libxkbcommon.so.0",
    "libdbus-1.so.3",
    "libfontconfig.so.1",
    "libportaudio.so.2",
    "libxcb-cursor.so.0",
    "libxkbcommon-x11.so.0",
    "libxcb-icccm.so.4",
    "libxcb-image.so.0",
    "libxcb-keysyms.so.1",
    "libxcb-randr.so.0",
    "libxcb-render-util.so.0",
    "libxcb-shape.so.0",
    "libxcb-xinerama.so.0",
]


class Machine:
    """A folder of commands that is the whole PATH, and a checkout beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkout = folder / "a check out"
        self.checkout.mkdir()
        for name in ("testbench", "requirements.lock", "pyproject.toml"):
            shutil.copy(ROOT / name, self.checkout)
        self.commands = folder / "bin"
        self.commands.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None
            (self.commands / tool).symlink_to(found)
        self.environment = {"PATH": str(self.commands), "MACHINE": str(folder), "PYTHON_VERSION": "3.11"}
        (folder / "program").write_text(PROGRAM)
        self.command("uname", "#!/bin/sh\necho Linux\n")
        self.user(1000)
        self.libraries(*LIBRARIES)
        self.command("python3", PYTHON)
        (folder / "environment-python").symlink_to(self.commands / "python3")

    def command(self, name: str, script: str) -> None:
        """Puts a command on the PATH."""
        path = self.commands / name
        path.write_text(script)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def user(self, uid: int) -> None:
        """Says who runs the script; 0 is root."""
        self.command("id", f"#!/bin/sh\necho {uid}\n")

    def libraries(self, *names: str) -> None:
        """Says what the loader knows."""
        lines = "".join(f"\t{name} (libc6,x86-64) => /lib/{name}\n" for name in names)
        self.command("ldconfig", f"#!/bin/sh\ncat <<'END'\n{lines}END\n")

    def start(
        self, *arguments: str, script: Path | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs `./testbench` with nothing but this machine's commands."""
        return subprocess.run(
            [script or self.checkout / "testbench", *arguments],
            env=self.environment,
            cwd=cwd or self.checkout,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def log(self) -> list[str]:
        """What uv, Python and the package tools were asked for, in order."""
        path = self.folder / "log"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def uv_machine(machine: Machine) -> Machine:
    machine.command("uv", UV)
    return machine


def test_first_start_installs_from_the_lock_and_the_second_installs_nothing(uv_machine: Machine) -> None:
    first = uv_machine.start("run", "two words")
    assert first.returncode == 7, first.stderr
    assert first.stdout.endswith("with: run two words\n")
    lock = next(line for line in uv_machine.log if "requirements.lock" in line)
    assert "--require-hashes" in lock
    installed = uv_machine.log
    assert uv_machine.start("run").returncode == 7
    assert uv_machine.log == installed


def test_without_uv_the_venv_module_and_pip_do_it(machine: Machine) -> None:
    (machine.folder / "has-venv").touch()
    assert machine.start("run").returncode == 7
    assert "-m venv" in machine.log[0]
    assert "-m pip" in machine.log[1]
    assert "--require-hashes" in machine.log[1]


def test_set_up_prints_nothing_on_standard_output(uv_machine: Machine) -> None:
    first = uv_machine.start("doctor", "--json")
    assert first.stdout.count("\n") == 1
    assert "setting up" in first.stderr


def test_start_through_a_link_from_another_folder_keeps_that_folder(uv_machine: Machine, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    (elsewhere / "link").symlink_to("../a check out/testbench")
    started = uv_machine.start("run", script=elsewhere / "link", cwd=elsewhere)
    assert started.stdout.startswith(f"program in {elsewhere} as"), started.stderr
    assert (uv_machine.checkout / ".venv/testbench-stamp").exists()


def test_the_program_takes_the_place_of_the_script_so_that_signals_reach_it(uv_machine: Machine) -> None:
    started = subprocess.Popen(
        [uv_machine.checkout / "testbench"], env=uv_machine.environment, stdout=subprocess.PIPE, text=True
    )
    output, _ = started.communicate()
    assert f" as {started.pid} with:" in output


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_another_lock_or_project_file_asks_for_a_new_set_up(uv_machine: Machine, changed: str) -> None:
    uv_machine.start()
    installed = uv_machine.log
    with (uv_machine.checkout / changed).open("a") as file:
        file.write("# changed\n")
    assert uv_machine.start().returncode == 7
    assert uv_machine.log == installed * 2


def test_a_moved_checkout_asks_for_a_new_set_up(uv_machine: Machine) -> None:
    uv_machine.start()
    installed = len(uv_machine.log)
    uv_machine.checkout = uv_machine.checkout.rename(uv_machine.folder / "moved")
    assert uv_machine.start().returncode == 7
    assert len(uv_machine.log) == installed * 2


def test_an_interrupted_set_up_is_made_anew(uv_machine: Machine) -> None:
    (uv_machine.folder / "network-is-down").touch()
    broken = uv_machine.start()
    assert broken.returncode not in (0, 7)
    assert "program" not in broken.stdout
    (uv_machine.folder / "network-is-down").unlink()
    assert uv_machine.start().returncode == 7


def test_tests_run_in_the_checkout_with_the_arguments_given(uv_machine: Machine, tmp_path: Path) -> None:
    uv_machine.start("test", "-k", "some name", cwd=tmp_path)
    assert uv_machine.log[-1] == f"python in {uv_machine.checkout}: -P -m pytest -k some name"


def test_a_python_that_is_too_old_is_named(machine: Machine) -> None:
    machine.environment["PYTHON_VERSION"] = "3.9"
    refused = machine.start()
    assert refused.returncode == 3
    assert "Python 3.9 is too old" in refused.stderr


def test_a_newer_python_beside_an_old_one_is_taken(machine: Machine) -> None:
    (machine.folder / "has-venv").touch()
    machine.environment["PYTHON_VERSION"] = "3.9"
    machine.command("python3.12", PYTHON.replace("$PYTHON_VERSION", "3.12"))
    assert machine.start().returncode == 7


def test_a_missing_venv_module_is_named_by_its_package(machine: Machine) -> None:
    machine.command("apt-get", "#!/bin/sh\n")
    refused = machine.start()
    assert refused.returncode == 3
    assert "sudo apt-get install --no-install-recommends python3.11-venv\n" in refused.stderr


@pytest.mark.parametrize(
    ("tool", "command"),
    [
        ("apt-get", "sudo apt-get install --no-install-recommends libegl1 libportaudio2"),
        ("dnf", "sudo dnf install libglvnd-egl portaudio"),
        ("pacman", "sudo pacman -S --needed libglvnd portaudio"),
        ("nothing", "missing on this machine: libEGL.so.1 libportaudio.so.2"),
    ],
)
def test_missing_libraries_end_in_the_command_that_installs_them(uv_machine: Machine, tool: str, command: str) -> None:
    uv_machine.command(tool, "#!/bin/sh\nexit 1\n")
    uv_machine.libraries(*(name for name in LIBRARIES if name not in ("libEGL.so.1", "libportaudio.so.2")))
    refused = uv_machine.start()
    assert refused.returncode == 3
    assert command in refused.stderr
    assert uv_machine.log == []


def test_a_window_needs_more_libraries_than_none(uv_machine: Machine) -> None:
    uv_machine.libraries(*(name for name in LIBRARIES if name != "libxcb-cursor.so.0"))
    assert uv_machine.start().returncode == 7
    uv_machine.environment["DISPLAY"] = ":0"
    refused = uv_machine.start()
    assert refused.returncode == 3
    assert "libxcb-cursor" in refused.stderr


def test_root_with_apt_gets_told_and_everything_at_once(machine: Machine) -> None:
    machine.user(0)
    machine.libraries()
    machine.command("apt-get", '#!/bin/sh\necho "apt-get $1: $*" >>"$MACHINE/log"\n')
    started = machine.start()
    assert started.returncode == 7, started.stderr
    assert "apt will install: python3.11-venv libglib2.0-0 libegl1 " in started.stderr
    assert [line.split(":")[0] for line in machine.log[:2]] == ["apt-get update", "apt-get install"]
    assert machine.log[1].endswith("libportaudio2")


def test_a_mac_brings_no_libraries_of_its_own(uv_machine: Machine) -> None:
    uv_machine.command("uname", "#!/bin/sh\necho Darwin\n")
    uv_machine.libraries()
    assert uv_machine.start().returncode == 7


def test_the_script_is_plain_posix_shell() -> None:
    shells = [shell for shell in ("sh", "dash", "bash") if shutil.which(shell)]
    for shell in shells:
        subprocess.run([shell, "-n", ROOT / "testbench"], check=True)
    assert os.access(ROOT / "testbench", os.X_OK)
