import pytest

from avatar_core.room.routes import Routes


def test_own_handler_of_a_peer_goes_before_the_one_for_all() -> None:
    routes: Routes[str] = Routes(what="method")
    routes.add("say", None, "all")
    routes.add("say", "ada", "ada's")

    assert routes.find("say", "ada") == "ada's"
    assert routes.find("say", "bob") == "all"
    assert routes.find("sing", "ada") is None
    assert routes.names() == {"say"}


def test_taken_place_is_an_error_that_names_it() -> None:
    routes: Routes[str] = Routes(what="method")
    routes.add("say", None, "first")

    with pytest.raises(ValueError, match="method 'say' already has a handler for any participant"):
        routes.add("say", None, "second")


def test_removal_takes_back_its_own_handler_alone() -> None:
    routes: Routes[str] = Routes(what="method")
    remove_first = routes.add("say", "ada", "first")
    remove_first()
    routes.add("say", "ada", "second")

    remove_first()

    assert routes.find("say", "ada") == "second"


def test_cleared_table_is_empty() -> None:
    routes: Routes[str] = Routes(what="method")
    remove = routes.add("say", None, "all")

    routes.clear()
    remove()

    assert routes.find("say", "ada") is None
