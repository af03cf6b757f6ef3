"""Connects the parts of the window with each other, with the session and with the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.actions.build import give_keys
from viewer.actions.keys import current_keys
from viewer.state.images import Problem

if TYPE_CHECKING:
    from viewer.hanging.pane_window import PaneWindow
    from viewer.window import MainWindow


def connect(window: MainWindow) -> None:
    """Connect everything that the window is put together from."""
    for concern in (_session, _work, _preferences, _lists, _panes, _features, _draft):
        concern(window)


def _session(window: MainWindow) -> None:
    session, following = window.session, window.following
    session.images_added.connect(following.on_added)
    session.image_changed.connect(following.on_image)
    session.current_changed.connect(following.on_current)
    session.overlay_changed.connect(following.on_overlay)
    session.selection_changed.connect(following.mark)
    session.draft_changed.connect(following.on_draft)
    session.leaving.connect(lambda _key: window.report.commit())
    session.noticed.connect(window.show_problem)
    session.steps_changed.connect(lambda _none: following.enable())


def _work(window: MainWindow) -> None:
    controller, following, work = window.controller, window.following, window.work
    controller.thumbnail_ready.connect(following.on_thumbnail)
    controller.maps_ready.connect(following.on_maps)
    controller.progressed.connect(work.tell)
    controller.idle.connect(work.hide)
    work.cancel.clicked.connect(controller.cancel)
    controller.failed.connect(lambda error: window.show_problem(Problem.of(error)))
    controller.prepared.connect(window.statusBar().showMessage)
    controller.exported.connect(window.commands.report_export)


def _preferences(window: MainWindow) -> None:
    preferences, chosen = window.preferences, window.chosen
    preferences.keys_changed.connect(lambda: give_keys(window.actions_by_id, current_keys(preferences)))
    preferences.changed.connect(lambda _id: chosen.apply())
    preferences.noticed.connect(window.show_problem)
    chosen.apply()


def _lists(window: MainWindow) -> None:
    controller, studies = window.controller, window.studies
    window.browser.image_chosen.connect(window.session.show)
    studies.images_chosen.connect(controller.open_images)
    studies.thumbnails_wanted.connect(controller.previews.want)
    controller.preview_ready.connect(studies.set_thumbnail)
    controller.looked.connect(studies.refresh)
    controller.opened.connect(studies.refresh_recent)


def _panes(window: MainWindow) -> None:
    hanging, measures, following = window.hanging, window.measures, window.following
    measures.tool_changed.connect(following.on_tool)
    measures.told.connect(window.statusBar().showMessage)
    measures.changed.connect(following.enable)
    for pane in window.panes.each:
        window.add_pane(pane)
    window.panes.made.connect(window.add_pane)
    hanging.turned.connect(lambda: measures.work_on(window.canvas))
    hanging.changed.connect(following.on_hanging)
    hanging.links.told.connect(window.statusBar().showMessage)
    hanging.links.changed.connect(following.on_links)
    window.windows.changed.connect(following.enable)
    window.windows.changed.connect(hanging.say)
    window.windows.opened.connect(lambda opened: _window(window, opened))
    window.held.watch(window)
    window.priors.changed.connect(following.on_priors)
    window.priors.told.connect(window.statusBar().showMessage)


def _window(window: MainWindow, opened: PaneWindow) -> None:
    """A pane has a window of its own: keys that are held end there, too, and files can be dropped on it."""
    window.held.watch(opened)
    opened.files_dropped.connect(window.controller.open)


def _features(window: MainWindow) -> None:
    features, commands = window.features, window.commands
    features.features_chosen.connect(commands.choose_features)
    features.switched.connect(commands.switch_maps)
    features.recoloured.connect(commands.recolour)
    features.sliders.opacity_changed.connect(commands.set_opacity)
    features.sliders.threshold_changed.connect(commands.set_threshold)


def _draft(window: MainWindow) -> None:
    report, commands, session = window.report, window.commands, window.session
    report.sentence_chosen.connect(commands.choose_sentence)
    report.sentence_confirmed.connect(commands.confirm)
    report.sentence_edited.connect(commands.edit)
    report.sentence_removed.connect(commands.remove)
    report.sentence_added.connect(commands.add)
    report.typed.connect(session.keep_typed)
    report.typed.connect(lambda _draft: window.following.enable())
    report.indication_typed.connect(window.controller.set_indication)
    report.review_wanted.connect(commands.review)
    report.export_wanted.connect(commands.export)
