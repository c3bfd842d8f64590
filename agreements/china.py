"""China's holidays and adjusted working days, read from `chinesecalendar` when data is made.

The clock never asks the library: it reads rows. `chinesecalendar` is the source because it lists
the weekend days inside a holiday block too, which `holidays` does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import chinese_calendar
from chinese_calendar.constants import Holiday

SOURCE = "General Office of the State Council, notice on the holidays of {year} (chinesecalendar)"


def china_days(years: Iterable[int]) -> list[dict[str, Any]]:
    """Return the days of `years` that differ from Monday to Friday: date, kind off|work, names.

    Raises NotImplementedError for a year whose notice the library does not have yet.
    """
    return [day for year in years for day in _days_of(year)]


def _days_of(year: int) -> Iterable[dict[str, Any]]:
    for offset in range((date(year + 1, 1, 1) - date(year, 1, 1)).days):
        day = date(year, 1, 1) + timedelta(days=offset)
        is_off, holiday = chinese_calendar.get_holiday_detail(day)
        if holiday is not None:
            yield _row(day, is_off, Holiday(holiday))


def _row(day: date, is_off: bool, holiday: Holiday) -> dict[str, Any]:
    name, name_zh = holiday.value, holiday.chinese
    return {
        "date": day.isoformat(),
        "kind": "off" if is_off else "work",
        "name": name if is_off else f"Working day in exchange for {name}",
        "name_zh": name_zh if is_off else f"{name_zh}调休上班",
        "source": SOURCE.format(year=day.year),
    }
