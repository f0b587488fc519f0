"""CORS: browsers of listed origins may call; nobody else learns anything from the headers.

Source: Fetch standard, CDS Hooks 2.0 "Cross-Origin Resource Sharing". No cookies are used, so no
credentials are allowed, and an origin is echoed only when it is listed exactly.
"""

from __future__ import annotations

from flask import Flask, Response, request

PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "600",
}


def register_cross_origin(app: Flask, origins: tuple[str, ...]) -> None:
    """Answer preflights and mark answers for these origins; without origins nothing is registered."""
    if not origins:
        return
    allowed = frozenset(origins)

    def mark(response: Response) -> Response:
        response.headers.add("Vary", "Origin")
        origin = request.headers.get("Origin")
        if origin in allowed:
            response.headers["Access-Control-Allow-Origin"] = origin
            if request.method == "OPTIONS":
                response.headers.update(PREFLIGHT)
        return response

    app.after_request(mark)
