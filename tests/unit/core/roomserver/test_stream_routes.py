"""Where the packets of a data stream go: where its header went."""

from livekit.protocol import models

from avatar_core.roomserver.stream_routes import StreamRoutes


def header(stream_id: str, *destinations: str) -> models.DataPacket:
    return models.DataPacket(
        stream_header=models.DataStream.Header(stream_id=stream_id), destination_identities=destinations
    )


def chunk(stream_id: str, *destinations: str) -> models.DataPacket:
    return models.DataPacket(
        stream_chunk=models.DataStream.Chunk(stream_id=stream_id), destination_identities=destinations
    )


def trailer(stream_id: str) -> models.DataPacket:
    return models.DataPacket(stream_trailer=models.DataStream.Trailer(stream_id=stream_id))


def test_streams_side_by_side_keep_to_their_own_destinations() -> None:
    routes = StreamRoutes()
    assert [tuple(routes.destinations(packet)) for packet in (header("a", "bob"), header("b", "carol", "dan"))] == [
        ("bob",),
        ("carol", "dan"),
    ]
    assert tuple(routes.destinations(chunk("a"))) == ("bob",)
    assert tuple(routes.destinations(chunk("b"))) == ("carol", "dan")


def test_a_packet_that_names_its_own_goes_there() -> None:
    routes = StreamRoutes()
    routes.destinations(header("a", "bob"))
    assert tuple(routes.destinations(chunk("a", "carol"))) == ("carol",)


def test_what_is_no_stream_of_anybody_goes_to_everybody() -> None:
    routes = StreamRoutes()
    routes.destinations(header("a"))
    for packet in (chunk("a"), chunk("unknown"), trailer("unknown"), models.DataPacket()):
        assert tuple(routes.destinations(packet)) == ()


def test_an_ended_stream_is_forgotten_and_its_name_may_come_again() -> None:
    routes = StreamRoutes()
    routes.destinations(header("a", "bob"))
    assert tuple(routes.destinations(trailer("a"))) == ("bob",)
    assert tuple(routes.destinations(chunk("a"))) == ()
    routes.destinations(header("a", "carol"))
    assert tuple(routes.destinations(chunk("a"))) == ("carol",)


def test_of_streams_that_are_never_ended_the_oldest_are_forgotten() -> None:
    routes = StreamRoutes()
    for number in range(1_000):
        routes.destinations(header(str(number), "bob"))
    assert tuple(routes.destinations(chunk("0"))) == ()
    assert tuple(routes.destinations(chunk("999"))) == ("bob",)
