"""Which sentences compare with another examination, and what of them one image can support."""

from __future__ import annotations

import pytest

from engine.text.comparison import cue_of, is_comparison
from training.data.remainder import supportable_remainder

COMPARISONS = [
    ("Heart size is stable.", ""),
    ("Stable cardiomediastinal silhouette.", ""),
    ("The cardiomediastinal contours are unchanged.", ""),
    ("No new focal consolidation is seen.", ""),
    ("No significant interval change.", ""),
    ("There is no relevant change.", ""),
    ("The heart and lungs have not changed since ___.", ""),
    ("Moderate left pleural effusion has increased since ___.", ""),
    ("Interval removal of the chest tube.", ""),
    ("The right chest tube has been removed.", ""),
    ("Previously seen right upper lobe opacity has resolved.", ""),
    ("Heart size is now normal.", ""),
    ("The left effusion is slightly smaller.", ""),
    ("Improved aeration of the lung bases.", ""),
    ("Pulmonary edema is worse.", ""),
    ("Decrease in the size of the effusion since yesterday.", ""),
    ("Increased left pleural effusion.", ""),
    ("Heart size is top normal, slightly larger today than on ___.", "Heart size is top normal."),
    ("Known lung nodules are better assessed on CT from ___.", ""),
    ("There are no prior studies available for comparison.", ""),
    ("No comparison chest x-___.", ""),
    ("As compared to the previous radiograph, there is no relevant change.", ""),
    ("Compared to the prior exam, the effusion is larger.", ""),
    ("A left-sided pacemaker is in unchanged position.", ""),
    ("Small left effusion, now resolved.", ""),
    ("Lung volumes are lower compared to the prior study.", ""),
    ("No persistent effusion.", ""),
    ("Cleared opacity on the left with persistent opacity on the right.", ""),
    ("Density noted on recent PA chest radiograph.", ""),
    ("2. Similar-appearing left midlung.", ""),
    ("Normal and stable cardiomediastinal contours.", ""),
    ("An opacity is not present on the prior ___.", ""),
    ("A left effusion remains.", ""),
    ("Residual opacities remain which may be scars.", ""),
    ("Stable or worse.", ""),
    ("T9 is ___ compared to the radiograph from ___.", ""),
    ("There is a small left effusion, unchanged from the prior study.", "There is a small left effusion."),
    ("There is no pneumothorax, unchanged from prior.", "There is no pneumothorax."),
    ("Mild pulmonary vascular congestion, improved since ___.", "Mild pulmonary vascular congestion."),
    ("The heart is enlarged but unchanged.", "The heart is enlarged."),
    ("Aorta is calcified and tortuous (unchanged).", "Aorta is calcified and tortuous."),
    ("A hiatal hernia is present that is unchanged from the prior study.", "A hiatal hernia is present."),
    ("ETT tip is 4 cm above the carina, as before.", "ETT tip is 4 cm above the carina."),
    ("Stable cardiomegaly.", "Cardiomegaly."),
    ("2. Persistent stable right basilar atelectasis.", "Right basilar atelectasis."),
    ("There is a persistent opacity at the left base.", "There is an opacity at the left base."),
    ("There is stable elevation of the right hemidiaphragm.", "There is elevation of the right hemidiaphragm."),
    ("Moderate cardiomegaly stable.", "Moderate cardiomegaly."),
    ("Heart size is enlarged, stable mediastinal and hilar contours.", "Heart size is enlarged."),
    ("There is stable appearing apical scarring.", "There is apical scarring."),
    ("Mild stable cardiomegaly.", "Mild cardiomegaly."),
    ("The patient has stable interstitial opacities.", "The patient has interstitial opacities."),
    ("Stable cardiomegaly and persistent bibasilar atelectasis.", "Cardiomegaly and bibasilar atelectasis."),
    ("Heart size within normal limits, stable mediastinal contours.", "Heart size within normal limits."),
    ("Stable cardiomegaly and stable mediastinal contours.", "Cardiomegaly."),
    ("Similar bronchiectatic changes.", "Bronchiectatic changes."),
    ("Again seen is a large hiatal hernia.", "There is a large hiatal hernia."),
    ("Redemonstrated are bilateral effusions.", "There are bilateral effusions."),
    ("Calcified granuloma is again seen on the right.", "Calcified granuloma is seen on the right."),
    ("The tip again lies at the cavoatrial junction.", "The tip lies at the cavoatrial junction."),
    ("The lungs remain clear.", "The lungs are clear."),
    ("The heart remains enlarged", "The heart is enlarged"),
    ("In comparison with the study of ___, ___, there is a small left effusion.", "There is a small left effusion."),
]

SUPPORTED = [
    "The lungs are clear.",
    "There is no pneumothorax.",
    "Lung volumes are low.",
    "Calcified nodes from prior granulomatous disease.",
    "The patient is status post prior median sternotomy and CABG.",
    "Old healed left rib fractures are noted.",
    "Degenerative changes of the thoracic spine.",
    "No acute changes of the bones.",
    "Chronic emphysematous changes.",
    "Increased interstitial markings throughout both lungs.",
    "Decreased lung volumes.",
    "Bibasilar opacities, worse on the right.",
    "Small effusions, left greater than right.",
    "The right hemidiaphragm is elevated compared to the left.",
    "The patient was transferred from New York.",
    "Patient is hemodynamically stable.",
    "Recommend repeat radiograph to document resolution.",
    "Short interval follow-up is recommended.",
    "CT may be obtained if symptoms persist.",
    "If clinical concern persists, consider rib films.",
    "Findings may represent a persistent left SVC.",
    "Right PICC tip is in the lower SVC.",
    "Opacity may represent pneumonia in the appropriate clinical setting.",
    "Findings were discussed with Dr. ___ at 4 p.m.",
    "The aorta is tortuous and calcified.",
]


@pytest.mark.parametrize(("sentence", "remainder"), COMPARISONS)
def test_a_comparison_is_recognised_and_keeps_what_one_image_shows(sentence: str, remainder: str) -> None:
    assert is_comparison(sentence)
    assert supportable_remainder(sentence) == remainder


@pytest.mark.parametrize("sentence", SUPPORTED)
def test_what_one_image_shows_is_no_comparison(sentence: str) -> None:
    assert cue_of(sentence) == ""


@pytest.mark.parametrize(("sentence", "remainder"), COMPARISONS)
def test_what_is_kept_compares_no_more(sentence: str, remainder: str) -> None:
    assert not is_comparison(remainder)
    assert cue_of(sentence.upper())
