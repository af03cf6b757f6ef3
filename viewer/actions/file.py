"""Actions on files: opening, stepping through what is open, writing out."""

from __future__ import annotations

from viewer.actions.spec import FILE, ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open_files", "&Open files…", ("Ctrl+O",), "Open DICOM, PNG or JPEG files", FILE, toolbar=True),
    ActionSpec("open_folder", "Open &folder…", ("Ctrl+Shift+O",), "Open every image below a folder", FILE),
    ActionSpec(
        "query_archives",
        "Query &archives…",
        ("Ctrl+Shift+F",),
        "Look for studies in an archive (PACS), and fetch them",
        FILE,
    ),
    ActionSpec(
        "previous",
        "&Previous image",
        ("PgUp", "Ctrl+Left"),
        "Show the previous image",
        FILE,
        toolbar=True,
        needs="images",
    ),
    ActionSpec(
        "next", "&Next image", ("PgDown", "Ctrl+Right"), "Show the next image", FILE, toolbar=True, needs="images"
    ),
    ActionSpec(
        "export",
        "&Export…",
        ("Ctrl+E",),
        "Write the report and its objects to a folder",
        FILE,
        toolbar=True,
        needs="draft",
    ),
    ActionSpec("quit", "&Quit", ("Ctrl+Q",), "Close the window; changed drafts are already saved", FILE),
)
