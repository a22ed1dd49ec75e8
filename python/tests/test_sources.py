"""What holds for every file of this folder."""

from __future__ import annotations

import ast
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class SourcesTest(unittest.TestCase):
    def test_every_file_is_python_3_9(self):
        files = sorted(ROOT.rglob("*.py"))
        self.assertGreater(len(files), 60)
        for file in files:
            with self.subTest(file.relative_to(ROOT).as_posix()):
                ast.parse(file.read_text("utf-8"), feature_version=(3, 9))
        # It sees what it looks for.
        with self.assertRaises(SyntaxError):
            ast.parse("match x:\n  case 1: pass", feature_version=(3, 9))

    def test_the_package_needs_the_standard_library_alone(self):
        if sys.version_info < (3, 10):
            self.skipTest("sys.stdlib_module_names came with Python 3.10")
        strangers = set()
        for file in (ROOT / "longhaul").rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.level == 0:
                    names = [node.module or ""]
                strangers |= {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"longhaul"}
        self.assertEqual(strangers, set())

    def test_a_served_file_does_not_load_the_client(self):
        code = "import longhaul, sys; print('longhaul.client' in sys.modules, longhaul.Client.__name__)"
        said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        self.assertEqual(said.stdout, "False Client\n")

    def test_the_wheel_has_every_module_and_the_same_bytes_each_time(self):
        with tempfile.TemporaryDirectory() as folder:
            made = []
            for name in ("one", "two"):
                built = [sys.executable, str(ROOT / "build_wheel.py"), str(Path(folder, name))]
                said = subprocess.run(built, capture_output=True, text=True, check=True)
                made.append(Path(said.stdout.strip()))
            self.assertEqual(made[0].read_bytes(), made[1].read_bytes())
            names = set(zipfile.ZipFile(made[0]).namelist())
        sources = {file.relative_to(ROOT).as_posix() for file in (ROOT / "longhaul").rglob("*.py")}
        self.assertEqual(sources - names, set())
        self.assertIn("longhaul/py.typed", names)
        self.assertEqual([name for name in names if "__pycache__" in name], [])

    def test_what_is_built_from_the_source_archive_is_the_same_wheel(self):
        with tempfile.TemporaryDirectory() as folder:
            code = "import build_wheel, sys; print(build_wheel.build_sdist(sys.argv[1]))"
            made = [sys.executable, "-B", "-c", code, folder]
            said = subprocess.run(made, cwd=ROOT, capture_output=True, text=True, check=True)
            with tarfile.open(Path(folder, said.stdout.strip())) as archive:
                names = archive.getnames()
                archive.extractall(folder)
            [root] = {name.split("/")[0] for name in names}
            wheels = []
            for source in (ROOT, Path(folder, root)):
                built = [sys.executable, str(source / "build_wheel.py"), str(Path(folder, f"wheel-{len(wheels)}"))]
                said = subprocess.run(built, capture_output=True, text=True, check=True)
                wheels.append(Path(said.stdout.strip()).read_bytes())
            self.assertEqual(wheels[0], wheels[1])
