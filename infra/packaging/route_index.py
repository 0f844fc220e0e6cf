"""Print the route index of the app in the current folder as JSON: for each path its modules.

With this file the packaged app imports most modules with routes when a request needs them
(`TaskManagerApp` in chalicelib/http/envelope.py). package.py runs this in its folder of sources.
"""

import json

from app import app


def build_route_index() -> dict[str, list[str]]:
    """Return the names of the modules that have routes on a path, by path."""
    return {
        path: sorted(
            {
                route.view_function.__module__
                for method, route in routes.items()
                if method != "OPTIONS"
            }
        )
        for path, routes in app.routes.items()
    }


if __name__ == "__main__":
    print(json.dumps(build_route_index()))
