"""What a file says so that results of it can be found again."""

from __future__ import annotations

from .child_process import ChildTest


class Reuse(ChildTest):
    def test_the_author_says_whether_results_may_stand_for_later_requests(self):
        for said in ("True", "False"):
            child = self.child(f"from longhaul import processor\n@processor(reuse={said})\ndef f(): pass")
            self.assertIs(child.until("describe")[0]["processors"][0]["reuse"], said == "True")
        child = self.child("def f(): pass")
        self.assertNotIn("reuse", child.until("describe")[0]["processors"][0])

    def test_a_processor_may_say_that_it_works_on_bins(self):
        child = self.child("from longhaul import processor\n@processor(bins=True)\ndef f(): pass")
        self.assertIs(child.until("describe")[0]["processors"][0]["bins"], True)

    def test_modules_of_the_folder_are_the_files_code_too(self):
        (self.folder / "lab").mkdir()
        (self.folder / "lab" / "__init__.py").write_text("")
        (self.folder / "lab" / "shapes.py").write_text("SIDES = 4")
        (self.folder / "unused.py").write_text("")
        child = self.child("import json\nfrom lab.shapes import SIDES\ndef f(): pass")
        files = child.until("describe")[0]["files"]
        self.assertEqual(
            [str(self.folder / name) for name in ("algo.py", "lab/__init__.py", "lab/shapes.py")], files
        )
