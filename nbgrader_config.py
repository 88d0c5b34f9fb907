"""nbgrader: solutions/ -> exercises/; everything that is made while grading lies in grading/.

Run `make exercises` rather than `nbgrader generate_assignment`, which deletes a release when it
cannot make the new one.
"""

from pathlib import Path

root = Path(__file__).parent
grading = root / "grading"  # neither committed nor touched by `make clean`
grading.mkdir(parents=True, exist_ok=True)

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "foundations-of-deep-learning"
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.CourseDirectory.solution_directory = "grading/solution"
c.CourseDirectory.source_with_tests_directory = "grading/source_with_tests"
c.CourseDirectory.db_url = f"sqlite:///{grading / 'gradebook.db'}"

# zip_collect: put the learning platform's zip into grading/downloaded/<assignment>/archive.
# File names are those of Canvas: <student>_<number>_<number>_<notebook>.ipynb, with "_LATE" after
# the student if it was late and "-1", "-2" ... after the notebook if it was handed in again.
c.ZipCollectApp.downloaded_directory = "grading/downloaded"
c.FileNameCollectorPlugin.named_regexp = (
    r".*[/\\](?P<student_id>[^/\\_]+)(_LATE)?_\d+_\d+_(?P<file_id>[^/\\]+?)(-\d+)?\.ipynb$"
)

# What a right answer writes to stderr, a warning for example, costs no points.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = r"(?s)."

# A test cell that a student deleted is put back.
c.OverwriteCells.add_missing_cells = True

c.Execute.timeout = 60
c.Execute.iopub_timeout = 60  # by default 4 seconds, too few for a busy machine

# Without it each kernel warns in the terminal that it listens on local ports.
c.Execute.extra_arguments = ["--HistoryManager.hist_file=:memory:", "--log-level=ERROR"]
