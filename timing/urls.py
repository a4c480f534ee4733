"""Pages of the line desk."""

from race.staff_links import staff
from timing.views import line

urlpatterns = [
    *staff("line", "", line.page, "line"),
    *staff("line", "now/", line.now, "line_now"),
    *staff("line", "alarms/", line.alarm_banners, "line_alarms"),
]
