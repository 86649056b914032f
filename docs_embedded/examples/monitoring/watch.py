# SPDX-License-Identifier: GPL-3.0-or-later
"""Purchases a day, and how long sessions are: is there anything that a person should look at? Each unusual day opens
an alert, the first usual one closes it.
"""
import calendar
import datetime
from collections import Counter

import drift
import wmad
from mlplatform import data, platform, telemetry

PSI_BAND, LEAST_P, SPAN = 0.2, 0.01, 28  # days that are compared with as many, eight weeks before: the same weekdays
incident = platform.param("incident")
n_days = data.days()
dates = [telemetry.FIRST_DAY + datetime.timedelta(days=day) for day in range(n_days)]
holidays = [day for day, date in enumerate(dates) if (date.month, date.day) >= (12, 20)]
rows = data.load("events.json")


def day_of(row):
    return (datetime.date.fromisoformat(row["date"]) - telemetry.FIRST_DAY).days


def ms_of(day):
    return calendar.timegm(dates[day].timetuple()) * 1000


def series():
    bought = Counter(day_of(row) for row in rows if row["event"] == "purchase")
    y = [bought[day] for day in range(n_days)]
    factor = {"outage": 0.2, "reload": 4}.get(incident, 1)  # of one day: its file came in part, or four times
    y[n_days - 10] = round(y[n_days - 10] * factor)
    return y


def minutes(first):
    slower = 2 if incident == "drift" else 1
    return [row["minutes"] * (slower if day >= n_days - SPAN else 1)
            for row in rows if row["event"] == "session" and first <= (day := day_of(row)) < first + SPAN]


def tell_alert(opened, closed, y, judged):
    about = judged[opened]
    print(f"{dates[opened]}: {y[opened]} purchases, expected {about['expected']:.0f} "
          f"({about['low']:.0f} to {about['high']:.0f}), score {about['score']:+.1f}")
    platform.record("alert", monitor="purchases a day", state="closed" if closed else "open", opened_ms=ms_of(opened),
                    value=y[opened], lower=about["low"], upper=about["high"],
                    **({"closed_ms": ms_of(closed)} if closed else {}))


y = series()
judged = wmad.judge(y, holidays)
opened, alerts, levels = None, [], 0
for day, about in enumerate(judged + [{"flag": 0}]):
    levels += abs(about["flag"]) == 2
    if about["flag"] and opened is None:
        opened = day
    elif not about["flag"] and opened is not None:
        tell_alert(opened, day if day < n_days else None, y, judged)
        alerts.append(dates[opened].isoformat())
        opened = None

index, p = drift.psi(*drift.counts(minutes(n_days - 3 * SPAN), minutes(n_days - SPAN)))
has_drifted = index > PSI_BAND and p < LEAST_P
print(f"{len(alerts)} alerts in {n_days} days, {levels} new levels; minutes a session: psi {index:.3f}, p {p:.2g}")
platform.track(alerts=len(alerts), psi_minutes=index)
data.save("outcome.json", {"alerts": alerts, "new_levels": levels, "psi_minutes": round(index, 4),
                           "drifted": has_drifted, "purchases": sum(y)})
platform.check("psi(minutes)", index if has_drifted else min(index, PSI_BAND), upper=PSI_BAND)
platform.require_checks()
