"""Groups, splits, thinning, mixtures and the plan: hand-computed counts, and the faults of the
published code.
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from core.contracts.study import StudySpec
from core.errors import InputError
from core.finetune import bias, groups, mixtures, plan
from core.finetune.groups import TEST, TRAIN, VALID, StudyLabels
from core.finetune.plan import StudyPlan
from core.finetune.study_images import read_images
from core.finetune.thinning import thin_table

BIASED = {("dog", "in"): 97, ("dog", "out"): 3, ("cat", "in"): 5, ("cat", "out"): 95}


def images(
    real: dict, synthetic: dict, split: str | None = "train", extra: int = 4, fake_bias: bool = True
) -> pa.Table:
    """A table with the given training counts by (class, bias), and ``extra`` valid and test images
    in every group.
    """
    rows = []

    def add(domain: str, y: str, b: str | None, n: int, part: str | None) -> None:
        for number in range(n):
            path = f"{y}/{b}/{part}-{number:04d}.png"
            rows.append(
                {
                    "row": len(rows),
                    "dataset_id": 1 if domain == "real" else 2,
                    "domain": domain,
                    "version": None,
                    "path": path,
                    "file": path,
                    "content_id": f"{domain}{path}",
                    "class": y,
                    "bias": b,
                    "split": part,
                }
            )

    for (y, b), n in real.items():
        add("real", y, b, n, split)
        if split:
            add("real", y, b, extra, "valid")
            add("real", y, b, extra, "test")
    for (y, b), n in synthetic.items():
        add("synthetic", y, b if fake_bias else None, n, "train")
        add("synthetic", y, b if fake_bias else None, extra, "test")
    return pa.Table.from_pylist(rows)


def encode(table: pa.Table) -> StudyLabels:
    return groups.encode(read_images(table))


def check(table: pa.Table, spec: StudySpec) -> StudyPlan:
    return plan.check(read_images(table), spec)


def many(n: int) -> dict:
    return dict.fromkeys(BIASED, n)


def test_usb_fills_every_group_to_the_largest():
    labels = encode(images(BIASED, many(200)))
    # cells in order: cat in, cat out, dog in, dog out
    assert mixtures.usb_need(labels) == (97 - 5) + (97 - 95) + 0 + (97 - 3)
    counts, wanted = mixtures.draw_counts(labels, "usb", 0)
    assert counts.tolist() == [92, 2, 0, 94] and wanted == 188


@pytest.mark.parametrize("name", ["asb", "ffr", "synthetic", "reversed"])
def test_balanced_mixtures_spend_the_same_budget_evenly(name):
    labels = encode(images(BIASED, many(200)))
    counts, wanted = mixtures.draw_counts(labels, name, 0)
    assert counts.tolist() == [47] * 4 and wanted == 188


def test_a_biased_synthetic_set_follows_the_real_shares():
    labels = encode(images(BIASED, many(200)))
    counts, _ = mixtures.draw_counts(labels, "ffr_biased", 0)
    # 94 images a class: cats 5 % in, 95 % out; dogs 97 % in, 3 % out; rounded down
    assert counts.tolist() == [4, 89, 91, 2]


def test_stages_and_the_groups_of_the_objective():
    labels = encode(images(BIASED, many(200)))
    by_name = {
        name: mixtures.build(labels, name, 0, seed=0)
        for name in ("none", "usb", "asb", "ffr", "reversed")
    }
    assert [stage.name for stage in by_name["ffr"].stages] == ["synthetic", "real"]
    assert [stage.name for stage in by_name["reversed"].stages] == ["real", "synthetic"]
    assert by_name["ffr"].stages[0].plain and not by_name["ffr"].stages[1].plain
    groups_of = {
        name: mixtures.objective_groups(labels, built.stages[-1]) for name, built in by_name.items()
    }
    assert groups_of["none"].max() + 1 == 4  # (Y, B)
    assert groups_of["usb"].max() + 1 == 7  # (Y, B, G): dogs indoors need no synthetic image
    assert groups_of["asb"].max() + 1 == 8
    assert np.bincount(groups_of["usb"]).tolist() == [5, 92, 95, 2, 97, 3, 94]


def test_a_shortfall_is_reported_and_a_balanced_set_stays_balanced():
    """Published code: too few synthetic images are sliced silently, which unbalances the set."""
    short = {("dog", "in"): 40, ("dog", "out"): 30, ("cat", "in"): 200, ("cat", "out"): 200}
    labels = encode(images(BIASED, short))
    ffr = mixtures.build(labels, "ffr", 0, seed=0)
    assert mixtures.draw_counts(labels, "ffr", 0)[0].tolist() == [30] * 4
    assert (ffr.n_synthetic, ffr.shortfall) == (120, 188 - 120)
    usb = mixtures.build(labels, "usb", 0, seed=0)
    assert (usb.n_synthetic, usb.shortfall) == (92 + 2 + 30, 64)
    found = check(images(BIASED, short), StudySpec())
    assert any("limited by dog · out with 30" in problem.what for problem in found.problems)


def test_the_draw_depends_on_the_seed_and_not_on_the_order_of_files():
    """Published code: the order of ``os.listdir`` decides which synthetic images are used."""
    table = images(BIASED, many(200))
    shuffled = table.take(np.random.default_rng(3).permutation(table.num_rows))
    drawn = []
    for each in (table, shuffled):
        labels = encode(each)
        rows = mixtures.build(labels, "ffr", 0, seed=7).stages[0].rows
        drawn.append([each["content_id"][int(row)].as_py() for row in rows])
    assert drawn[0] == drawn[1]
    other = mixtures.build(encode(table), "ffr", 0, seed=8).stages[0].rows
    assert [table["content_id"][int(row)].as_py() for row in other] != drawn[0]


def test_a_smaller_budget_raises_the_shortest_groups_first():
    labels = encode(images(BIASED, many(200)))
    counts, wanted = mixtures.draw_counts(labels, "usb", 0, budget=102)
    # dog out 3 and cat in 5 both rise to 55: 52 + 50
    assert counts.tolist() == [50, 0, 0, 52] and wanted == 102


def test_unequal_crosses_are_no_groups():
    real = {("dog", "in"): 50, ("dog", "out"): 5, ("bird", "land"): 50, ("bird", "water"): 5}
    labels = encode(images(real, dict.fromkeys(real, 60)))
    assert labels.n_groups == 8 and len(mixtures.crosses(labels)) == 4
    assert mixtures.usb_need(labels) == 90
    assert mixtures.draw_counts(labels, "ffr", 0)[0].sum() == 4 * 22


def test_splits_are_drawn_within_groups_and_keep_equal_bytes_together():
    table = images(
        {("dog", "in"): 100, ("cat", "in"): 50}, {("dog", "in"): 10, ("cat", "in"): 10}, split=None
    )
    twins = [
        f"same-{row}" if row % 10 < 2 else name
        for row, name in enumerate(table["content_id"].to_pylist())
    ]
    twins = [
        name if not name.startswith("same") else f"same-{int(name[5:]) // 2}" for name in twins
    ]
    table = table.set_column(table.column_names.index("content_id"), "content_id", pa.array(twins))
    labels = encode(table)
    for part, share in ((TRAIN, 0.6), (VALID, 0.2), (TEST, 0.2)):
        assert labels.counts(synthetic=False, split=part).tolist() == pytest.approx(
            [50 * share, 100 * share], abs=3
        )
    for name in set(twins):
        rows = [row for row, twin in enumerate(twins) if twin == name and not labels.synthetic[row]]
        assert len({int(labels.split[row]) for row in rows}) <= 1


@pytest.mark.parametrize(("ratio", "kept"), [(0.9, 22), (0.95, 11), (0.99, 2)])
def test_thinning_reaches_the_ratio_and_keeps_ten_validation_images(ratio, kept):
    even = dict.fromkeys(BIASED, 200)
    table = thin_table(images(even, many(20), extra=40), ratio, seed=0)
    labels = encode(table)
    train = labels.counts(synthetic=False, split=TRAIN)
    assert sorted(train.tolist()) == [kept, kept, 200, 200]
    assert groups.bias_ratio(labels) == pytest.approx(ratio, abs=0.005)
    assert min(labels.counts(synthetic=False, split=VALID)) == 10
    assert labels.counts(synthetic=False, split=TEST).tolist() == [40] * 4
    assert thin_table(images(even, many(20), extra=40), ratio, seed=0).equals(table)


def test_mutual_information_of_known_tables():
    assert bias.mutual_information(np.array([[50, 0], [0, 50]])) == pytest.approx(1.0)
    assert bias.mutual_information(np.array([[25, 25], [25, 25]])) == 0
    # P(Y|B) = (3/4, 1/4): 1 - H(1/4) bits
    assert bias.mutual_information(np.array([[3, 1], [1, 3]])) == pytest.approx(
        1 - 0.8112781, abs=1e-6
    )
    assert bias.entropy(np.array([1, 1, 2])) == pytest.approx(1.5)


def test_usb_trades_bias_to_b_for_bias_to_b_and_g():
    """The paper's theorem on numbers: USB removes I(Y; B) and leaves I(Y; (B, G)); FFR's stages mix
    no domains.
    """
    table = images(
        {("a", "r"): 99, ("a", "g"): 1, ("b", "r"): 1, ("b", "g"): 99},
        dict.fromkeys([(y, b) for y in "ab" for b in "rg"], 200),
    )
    found = {(row.mixture, row.stage): vars(row) for row in check(table, StudySpec()).bias}
    assert found["none", "real"]["by_bias"] == pytest.approx(0.919, abs=1e-3)
    usb = found["usb", "mixed"]
    assert usb["by_bias"] == pytest.approx(0, abs=1e-12) and usb["by_bias_domain"] > 0.9
    assert "together with real-or-synthetic" in usb["sentence"]
    asb = found["asb", "mixed"]
    assert (
        0 < asb["by_bias"] < found["none", "real"]["by_bias"]
        and asb["by_bias_domain"] > asb["by_bias"]
    )
    assert found["ffr", "synthetic"]["by_bias_domain"] == 0


def test_the_plan_counts_trials_and_lists_uses():
    found = check(images(BIASED, many(200)), StudySpec())
    assert (
        found.trials == 4 * 4 * 3
        and found.budget == 188
        and not any(p.fatal for p in found.problems)
    )
    uses = {(row.mixture, row.class_, row.bias): row.synthetic for row in found.uses}
    assert uses["usb", "dog", "out"] == 94 and uses["ffr", "dog", "in"] == 47
    assert found.bias_ratio == pytest.approx((97 + 95) / 200)
    names = [
        key.name for key in plan.trial_keys(found.labels, StudySpec(mixtures=("none", "synthetic")))
    ]
    assert names.count("real-none-dfr-0") == 1 and not any(
        "synthetic-dfr" in name for name in names
    )


def fatal(table: pa.Table, **chosen) -> str:
    problems = [p.what for p in check(table, StudySpec(**chosen)).problems if p.fatal]
    assert len(problems) == 1
    return problems[0]


def test_bad_input_is_told_before_the_job_starts():
    good = images(BIASED, many(60))
    none = pa.array([None] * good.num_rows, pa.string())
    place = good.column_names.index("class")
    with pytest.raises(InputError, match="No image has a class label"):
        check(good.set_column(place, "class", none), StudySpec())
    one_side = pa.array(
        [
            y if d == "real" else None
            for y, d in zip(good["class"].to_pylist(), good["domain"].to_pylist(), strict=True)
        ]
    )
    with pytest.raises(InputError, match="Only the real images have class labels"):
        check(good.set_column(place, "class", one_side), StudySpec())
    only_dogs = {key: n for key, n in BIASED.items() if key[0] == "dog"}
    assert "only one class" in fatal(images(only_dogs, dict.fromkeys(only_dogs, 9)))
    assert "no synthetic training image of cat" in fatal(
        images(BIASED, dict.fromkeys(only_dogs, 60))
    )
    no_valid = good.filter(pa.array([split != "test" for split in good["split"].to_pylist()]))
    assert "no real test images" in fatal(no_valid)


def test_an_absent_group_is_named_and_one_bias_value_is_explained():
    table = images(BIASED, many(60))
    gone = pa.array(
        [
            not (d == "real" and y == "dog" and b == "out" and s == "test")
            for d, y, b, s in zip(
                *(table[name].to_pylist() for name in ("domain", "class", "bias", "split")),
                strict=True,
            )
        ]
    )
    found = check(table.filter(gone), StudySpec())
    assert found.excluded == ("dog · out",)
    assert any("No real test image of dog · out" in p.what for p in found.problems)
    single = images({("dog", "in"): 20, ("cat", "in"): 9}, {("dog", "in"): 20, ("cat", "in"): 20})
    said = [p.what for p in check(single, StudySpec()).problems]
    assert any("worst-group accuracy is per class" in what for what in said)


def test_synthetic_images_without_bias_labels_serve_ffr_only():
    table = images(BIASED, many(100), fake_bias=False)
    found = check(table, StudySpec(mixtures=("none", "ffr")))
    assert not any(p.fatal for p in found.problems)
    assert any("balance cannot be checked" in p.what for p in found.problems)
    built = mixtures.build(found.labels, "ffr", 0, seed=0)
    assert np.bincount(found.labels.y[built.stages[0].rows]).tolist() == [94, 94]
    assert "USB and ASB need" in fatal(table)


def test_the_plan_loads_neither_torch_nor_scikit_learn():
    """A page calls it in the server process."""
    code = (
        "import sys; import core.finetune.plan, core.finetune.thinning; "
        "print([name for name in ('torch', 'sklearn', 'scipy') if name in sys.modules])"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )
