import pytest

from tumorscope.errors import (
    ArtifactError,
    InputError,
    MissingExtraError,
    RecipeError,
    TumorscopeError,
    suggest,
)


@pytest.mark.parametrize("kind", [InputError, RecipeError, ArtifactError])
def test_input_errors_are_value_errors(kind):
    assert issubclass(kind, (InputError,))
    assert issubclass(kind, ValueError)
    assert issubclass(kind, TumorscopeError)


def test_missing_extra_is_an_import_error_that_says_how_to_install_it():
    error = MissingExtraError("Training", "train")
    assert isinstance(error, ImportError)
    assert str(error) == (
        "Training needs the optional part 'train'; in a copy of the source: pip install '.[train]'"
    )


def test_suggest_says_nothing_when_nothing_is_near():
    assert suggest("zzz", ["epochs", "seed"]) == ""
    assert suggest("sed", iter(["epochs", "seed"])) == " (did you mean 'seed'?)"
