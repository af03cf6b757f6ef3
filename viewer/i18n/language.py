"""The language of the window: its words, and those of Qt's own dialogs."""

from __future__ import annotations

import tomllib
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from engine.errors import SaeRadError
from engine.resources import resource_path
from viewer.i18n import sentences
from viewer.marking import set_words

SOURCE = "en"
LANGUAGES = (SOURCE, "de")
SYSTEM = "system"


def words_path(language: str) -> Path:
    """Return the folder that holds the words of a language: a file for each folder of viewer."""
    return resource_path("viewer", language)


def read_words(language: str) -> dict[str, str]:
    """Return the words of a language by their English text; empty for English.

    Raises
    ------
    SaeRadError
        ``LANGUAGE_INVALID`` when there is no file, or one cannot be read or holds something else than texts.
    """
    words: dict[str, str] = {}
    if language == SOURCE:
        return words
    files = sorted(words_path(language).glob("*.toml"))
    if not files:
        raise _invalid(words_path(language), "there is no file")
    for path in files:
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _invalid(path, str(error)) from error
        if not all(isinstance(value, str) for value in found.values()):
            raise _invalid(path, "a value is no text")
        words.update(found)
    return words


def of_system() -> str:
    """Return the language of the person's system if there are words for it, else English."""
    name = QLocale.system().name().partition("_")[0]
    return name if name in LANGUAGES else SOURCE


def use(language: str, application: QCoreApplication) -> str:
    """Speak a language from now on; what is already shown stays as it is.

    Parameters
    ----------
    language : str
        "en", "de" or "system".

    Returns
    -------
    str
        The language spoken.

    Raises
    ------
    SaeRadError
        ``LANGUAGE_INVALID`` as for `read_words`; the language stays what it was.
    """
    chosen = of_system() if language == SYSTEM else language
    set_words(read_words(chosen), chosen, sentences.read_problems(chosen))
    sentences.use(chosen)
    # What Qt itself shows of numbers, in spin boxes; grouped thousands would be read as decimals.
    locale = QLocale(QLocale.Language.German if chosen == "de" else QLocale.Language.English)
    locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
    QLocale.setDefault(locale)
    for earlier in application.findChildren(QTranslator, "saerad"):
        application.removeTranslator(earlier)
        earlier.deleteLater()
    # Buttons of Qt's own dialogs: PySide6 brings their words.
    translator = QTranslator(application)
    translator.setObjectName("saerad")
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if chosen != SOURCE and translator.load(f"qtbase_{chosen}", folder):
        application.installTranslator(translator)
    return chosen


def _invalid(path: Path, why: str) -> SaeRadError:
    return SaeRadError(
        "LANGUAGE_INVALID", f"the words in {path} cannot be used: {why}", "restore the file, or choose English"
    )
