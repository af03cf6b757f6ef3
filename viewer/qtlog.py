"""Qt's own messages go to Python's log, so that they are seen and tests can fail on them."""

from __future__ import annotations

import logging

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

LOG = logging.getLogger("qt")

LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}

EXPECTED = (
    # The offscreen platform says so for windows with a smallest size and for menus; nothing is lost.
    "This plugin does not support propagateSizeHints()",
    "This plugin does not support raise()",
    "This plugin does not support grabbing the keyboard",
)


def install() -> None:
    """Route Qt's messages to the logger ``qt``; those that are expected become debug messages."""

    def handle(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        LOG.log(logging.DEBUG if text in EXPECTED else LEVELS[kind], "%s", text)

    qInstallMessageHandler(handle)
