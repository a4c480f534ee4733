"""Lists in pages."""

from rest_framework.pagination import LimitOffsetPagination


class Paging(LimitOffsetPagination):
    """`?limit=&offset=`; at most 2,000 rows a page, so that a start list is one request and a mistake is bounded."""

    default_limit = 200
    max_limit = 2000
