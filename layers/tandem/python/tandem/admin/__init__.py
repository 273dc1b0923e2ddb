"""The admin API (http.md): configuration, alerts and tickets over HTTP.

`route_table.ROUTES` says everything about each route: who may call it, what it takes, what it answers. Routing, roles,
checks, the OpenAPI document, the docs page and the tests of roles are all made from it. The event handler of Powertools
would route as well, but it knows no 405, no roles, no problem answers and no refusal of unknown parameters, and its
import costs every cold start 140 ms (250 with validation) more.
"""
