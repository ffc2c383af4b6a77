from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tumorscope.errors import InputError, RecipeError
from tumorscope.recipe import BUILT_IN, Recipe, load_recipe


@pytest.fixture
def write_recipe(tmp_path):
    def write(text: str | bytes) -> Path:
        path = tmp_path / "my recipe.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def list_differences(first: dict[str, Any], second: dict[str, Any], prefix: str = "") -> set[str]:
    differences = set()
    for key, value in first.items():
        if isinstance(value, dict):
            differences |= list_differences(value, second[key], f"{prefix}{key}.")
        elif value != second[key]:
            differences.add(f"{prefix}{key}")
    return differences


class TestBuiltIn:
    @pytest.mark.parametrize("name", BUILT_IN)
    def test_loads_under_its_own_name(self, name):
        assert load_recipe(name).name == name

    def test_notebook_is_what_the_mission_describes(self):
        recipe = load_recipe("notebook")
        assert recipe.data.model_dump() == {
            "split": "random",
            "validation_fraction": 0.2,
            "drawn_per_group": None,
            "draws": None,
        }
        assert recipe.preprocessing.model_dump() == {
            "side_px": 224,
            "crop_to_head": False,
            "keep_aspect": False,
            "stretch_intensity": False,
        }
        changes = {name: value for name, value in recipe.augmentation.model_dump().items() if value}
        assert changes == {
            "rotation_degrees": 15,
            "zoom": 0.1,
            "horizontal_flip": True,
            "outside": "nearest",
        }
        assert recipe.model.model_dump() == {
            "backbone": "efficientnetb0",
            "weights": "imagenet",
            "rescale_in_front": True,
            "hidden_units": 256,
            "dropout": 0.5,
            "decide_by": "appearance",
            "map_scales": 2,
        }
        training = recipe.training
        assert (training.epochs, training.learning_rate) == (20, 1e-4)
        assert (training.fine_tune_epochs, training.fine_tune_learning_rate) == (20, 1e-5)
        assert (training.unfrozen_layers, training.batch_size) == (50, 32)
        assert (training.schedule, training.weight_decay, training.keep) == ("constant", 0, "best")
        assert training.learn_normalization
        assert training.label_smoothing == 0
        assert not training.balance_classes
        assert training.early_stopping_patience is None

    @pytest.mark.parametrize("name", BUILT_IN)
    def test_verdicts_are_the_notebooks_until_asked_otherwise(self, name):
        assert load_recipe(name).decision.model_dump() == {
            "operating_point": "half",
            "target_sensitivity": 0.95,
            "conformal_error": 0.10,
        }

    def test_default_keeps_copies_together_and_the_heads_form(self):
        notebook, default = (load_recipe(name) for name in BUILT_IN)
        assert default.data.split == "grouped"
        assert default.data.drawn_per_group == 1
        assert not default.model.rescale_in_front
        mended = notebook.model.model_copy(update={"rescale_in_front": False})
        assert default.model == mended

    def test_default_lets_validation_choose_no_epoch(self):
        assert load_recipe("default").training.keep == "last"

    def test_recipe_cannot_be_changed_after_loading(self):
        recipe = load_recipe()
        with pytest.raises(ValidationError, match="frozen"):
            recipe.training.epochs = 3


class TestRoundTrip:
    @pytest.mark.parametrize("name", BUILT_IN)
    def test_written_recipe_is_read_back_equal(self, name, write_recipe):
        recipe = load_recipe(name)
        assert load_recipe(write_recipe(recipe.to_yaml())) == recipe

    @pytest.mark.slow
    @settings(max_examples=60, deadline=None)
    @given(
        rate=st.floats(1e-12, 1),
        dropout=st.floats(0, 1, exclude_max=True),
        seed=st.integers(0, 2**40),
        name=st.text(max_size=12),
        patience=st.none() | st.integers(1, 99),
    )
    def test_any_valid_value_survives(self, tmp_path_factory, rate, dropout, seed, name, patience):
        document = load_recipe().model_dump()
        document.update(seed=seed, name=name)
        document["training"].update(learning_rate=rate, early_stopping_patience=patience)
        document["model"].update(dropout=dropout)
        recipe = Recipe.model_validate(document)
        path = tmp_path_factory.mktemp("recipe") / "r.yaml"
        path.write_text(recipe.to_yaml(), "utf-8")
        assert load_recipe(path) == recipe

    def test_path_may_be_a_string(self, write_recipe):
        path = write_recipe(load_recipe("notebook").to_yaml())
        assert load_recipe(str(path)) == load_recipe("notebook")


class TestOverrides:
    @pytest.mark.parametrize(
        ("override", "value"),
        [
            ("training.epochs=3", 3),
            (" training.epochs =3", 3),
            ("training.learning_rate=1e-3", 1e-3),
            ("training.early_stopping_patience=4", 4),
            ("training.early_stopping_patience=null", None),
            ("training.early_stopping_patience=", None),
            ("model.rescale_in_front=yes", True),
            ("model.backbone=efficientnetlite0", "efficientnetlite0"),
            ("model.weights=/a=b/w.pth", "/a=b/w.pth"),
            ("decision.operating_point=youden", "youden"),
            ("decision.target_sensitivity=0.97", 0.97),
            ("seed=7", 7),
            ("name=Yüz", "Yüz"),
        ],
    )
    def test_changes_one_setting_and_nothing_else(self, override, value):
        recipe = load_recipe("notebook", [override])
        key = override.partition("=")[0].strip()
        setting: object = recipe
        for part in key.split("."):
            setting = getattr(setting, part)
        assert setting == value
        unchanged = list_differences(load_recipe("notebook").model_dump(), recipe.model_dump())
        assert unchanged <= {key}

    def test_the_last_of_two_wins(self):
        assert load_recipe(overrides=["seed=1", "seed=2"]).seed == 2

    @pytest.mark.parametrize(
        ("override", "nearest"),
        [
            ("training.epoch=3", "training.epochs"),
            ("training.lr=3", "training.learning_rate"),
            ("epochs=3", "training.epochs"),
            ("traning.epochs=3", "training.epochs"),
            ("model.drop_out=0.1", "model.dropout"),
            ("seeds=1", "seed"),
            ("training.a.b=1", "training"),
        ],
    )
    def test_unknown_key_names_the_nearest(self, override, nearest):
        key = ".".join(override.partition("=")[0].split(".")[:2])
        with pytest.raises(RecipeError, match=f"^{key} is not a setting; did you mean '{nearest}"):
            load_recipe(overrides=[override])

    @pytest.mark.parametrize(
        ("override", "message"),
        [
            ("", "'': expected SECTION.KEY=VALUE"),
            ("training.epochs", "'training.epochs': expected SECTION.KEY=VALUE"),
            ("training.epochs=[", "the value is not valid YAML"),
            ("training=5", "recipe default: training: .*found 5"),
            ("training=", "recipe default: training: .*found None"),
            ("seed.x=5", "'seed.x=5': seed is a setting, not a section"),
            ("training.epochs.x=5", "epochs is a setting, not a section"),
            ("=5", "did you mean|SECTION.KEY=VALUE"),
            (".=5", "did you mean|SECTION.KEY=VALUE"),
            ("training.=5", "training"),
        ],
    )
    def test_malformed_override_is_refused(self, override, message):
        with pytest.raises(RecipeError, match=message):
            load_recipe(overrides=[override])

    @pytest.mark.parametrize(
        ("override", "found"),
        [
            ("training.epochs=0", "0"),
            ("training.epochs=-3", "-3"),
            ("training.epochs=many", "'many'"),
            ("training.epochs=2.5", "2.5"),
            ("training.epochs=[1]", r"\[1\]"),
            ("training.learning_rate=0", "0"),
            ("training.learning_rate=.nan", "nan"),
            ("training.learning_rate=.inf", "inf"),
            ("training.early_stopping_patience=0", "0"),
            ("data.split=by_hand", "'by_hand'"),
            ("data.validation_fraction=1", "1"),
            ("data.validation_fraction=0", "0"),
            ("preprocessing.side_px=31", "31"),
            ("preprocessing.side_px=1025", "1025"),
            ("augmentation.rotation_degrees=181", "181"),
            ("augmentation.zoom=1", "1"),
            ("augmentation.zoom=.nan", "nan"),
            ("model.dropout=1", "1"),
            ("model.dropout=.nan", "nan"),
            ("model.hidden_units=0", "0"),
            ("model.backbone=5", "5"),
            ("decision.operating_point=best", "'best'"),
            ("decision.target_sensitivity=0", "0"),
            ("decision.target_sensitivity=95", "95"),
            ("decision.conformal_error=0", "0"),
            ("decision.conformal_error=1", "1"),
            ("seed=-1", "-1"),
        ],
    )
    def test_bad_value_is_refused_with_key_and_value(self, override, found):
        key = override.partition("=")[0]
        with pytest.raises(RecipeError, match=f"recipe default: {key}: .*, found {found}$"):
            load_recipe(overrides=[override])

    @pytest.mark.slow
    @settings(max_examples=150, deadline=None)
    @given(override=st.text(alphabet="aeg.=:[]{}-!&*# 1\n\"'", max_size=16))
    def test_any_override_gives_a_recipe_or_a_recipe_error(self, override):
        try:
            recipe = load_recipe("default", [override])
        except RecipeError:
            return
        assert isinstance(recipe, Recipe)


class TestFile:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "a recipe is a YAML mapping, found NoneType"),
            ("- a", "a recipe is a YAML mapping, found list"),
            ("hello", "a recipe is a YAML mapping, found str"),
            ("a: [", "not valid YAML"),
            ("a: b: c", "not valid YAML"),
            ("!!python/object:os.system {}", "not valid YAML"),
            ("name: x", "seed: Field required"),
            (b"name: Y\xfcz", "my recipe.yaml"),
            (b"\x00\x01", "not valid YAML"),
            ("1: 2", "1 is not a setting"),
            ("true: 2", "True is not a setting"),
            ("training: {1: 2}", r"training\.1 is not a setting"),
            ("? [a, b]\n: 2", "my recipe.yaml"),
        ],
    )
    def test_unusable_file_is_refused(self, write_recipe, text, message):
        with pytest.raises(RecipeError, match=message):
            load_recipe(write_recipe(text))

    def test_unknown_key_in_a_file_is_refused(self, write_recipe):
        text = load_recipe().to_yaml() + "bogus: 1\n"
        with pytest.raises(RecipeError, match="bogus is not a setting"):
            load_recipe(write_recipe(text))

    def test_error_is_an_input_error_of_one_line(self, write_recipe):
        with pytest.raises(InputError) as caught:
            load_recipe(write_recipe("a: [\nb: }"))
        assert len(str(caught.value).splitlines()) == 1

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("notebok", r"no recipe 'notebok' \(did you mean 'notebook'\?\); give notebook or"),
            ("/gone.yaml", "no recipe '/gone.yaml'; give notebook or default, or the path"),
            ("", "no recipe ''"),
        ],
    )
    def test_missing_recipe_is_named(self, name, message):
        with pytest.raises(RecipeError, match=message):
            load_recipe(name)

    def test_folder_is_no_recipe(self, tmp_path):
        with pytest.raises(RecipeError, match="no recipe"):
            load_recipe(tmp_path)


def test_shipped_recipes_are_those_named_built_in():
    folder = Path(__file__).parents[2] / "src" / "tumorscope" / "recipes"
    assert {path.stem for path in folder.glob("*.yaml")} == set(BUILT_IN)
    for name in BUILT_IN:
        document = yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8"))
        assert Recipe.model_validate(document, strict=True) == load_recipe(name)
