from datetime import datetime
from zoneinfo import ZoneInfo


def at(text: str) -> datetime:
    """Return the instant of a wall time in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
