from avatar_core.bench.settings.vendors import VENDOR_KEY_NAMES, VENDORS


def test_each_key_and_each_plugin_belongs_to_one_vendor() -> None:
    plugins = [vendor.plugin for vendor in VENDORS if vendor.plugin]
    assert len(set(VENDOR_KEY_NAMES)) == len(VENDOR_KEY_NAMES)
    assert len(set(plugins)) == len(plugins)


def test_every_vendor_can_be_recognised_by_a_key() -> None:
    assert all(vendor.keys for vendor in VENDORS)


def test_no_vendor_takes_the_rooms_own_key() -> None:
    assert not {"LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "LIVEKIT_URL"} & set(VENDOR_KEY_NAMES)
