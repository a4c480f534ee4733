"""Pages of the line desk."""

from django.urls import path

from race.staff_links import staff
from timing.views import bridge, chips, corrections, guns, line, pad, points, sources, uploads

urlpatterns = [
    *staff("line", "", line.page, "line"),
    *staff("line", "now/", line.now, "line_now"),
    *staff("line", "alarms/", line.alarm_banners, "line_alarms"),
    *staff("line", "sources/", sources.page, "line_sources"),
    *staff("line", "sources/<int:pk>/", sources.one, "line_source"),
    *staff("line", "sources/<int:pk>/place/", sources.place, "line_source_place"),
    *staff("line", "sources/<int:pk>/apply/", sources.apply, "line_source_apply"),
    *staff("line", "sources/<int:pk>/offset/", sources.set_offset, "line_source_offset"),
    *staff("line", "points/", points.page, "line_points"),
    *staff("line", "points/<int:pk>/", points.change, "line_point"),
    *staff("line", "points/races/<slug:race>/", points.rule, "line_point_rule"),
    *staff("line", "channels/", sources.add_channel, "line_channel_add"),
    *staff("line", "channels/<int:pk>/", sources.switch_channel, "line_channel_switch"),
    *staff("line", "keys/", sources.give_key, "line_key_give"),
    *staff("line", "bridge/", bridge.page, "line_bridge"),
    *staff("line", "bridge/daguguan-bridge.pyz", bridge.download, "line_bridge_file"),
    *staff("line", "pad/", pad.page, "line_pad"),
    *staff("line", "pad/open/", pad.open_pad, "line_pad_open"),
    *staff("line", "pad/withdraw/", pad.withdraw, "line_pad_withdraw"),
    *staff("line", "uploads/", uploads.page, "line_uploads"),
    *staff("line", "uploads/recent/", uploads.recent, "line_uploads_recent"),
    *staff("line", "uploads/look/", uploads.look, "line_uploads_look"),
    *staff("line", "uploads/<int:pk>/rejects/", uploads.rejects, "line_uploads_rejects"),
    *staff("line", "uploads/<int:pk>/park/", uploads.park, "line_uploads_park"),
    *staff("line", "uploads/<int:pk>/undo/", uploads.undo, "line_uploads_undo"),
    *staff("line", "chips/", chips.page, "line_chips"),
    *staff("line", "chips/unknown/", chips.unknown, "line_unknown_chips"),
    *staff("line", "chips/assign/", chips.assign, "line_chip_assign"),
    *staff("line", "chips/aside/", chips.aside, "line_chip_aside"),
    *staff("line", "chips/<int:pk>/undo/", chips.undo, "line_chip_undo"),
    *staff("line", "corrections/", corrections.page, "line_corrections"),
    *staff("line", "corrections/add/", corrections.add, "line_correction_add"),
    *staff("line", "corrections/<int:pk>/undo/", corrections.undo, "line_correction_undo"),
    *staff("line", "corrections/reads/<int:pk>/ignore/", corrections.ignore, "line_correction_ignore"),
    *staff("line", "corrections/reads/<int:pk>/move/", corrections.move, "line_correction_move"),
    *staff("line", "guns/", guns.page, "line_guns"),
    *staff("line", "guns/<int:pk>/", guns.fire, "line_gun"),
    # One address for all editions, so that one service worker looks after it.
    path("line/pad/keys/", pad.keys, name="line_pad_keys"),
    path("line/pad/sw.js", pad.worker, name="line_pad_worker"),
]
